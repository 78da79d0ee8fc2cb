import { AspectPriority, Aspects } from 'aws-cdk-lib';
import { buildStage, runApp } from '../../lib/app';
import { environmentOf } from '../../lib/context';
import { neededEndpoint } from '../kit/endpoint';
import { localEnvironments } from '../kit/local-environment';
import { useEndpoint } from './endpoint-addresses';
import { StandIns } from './stand-ins';

// The product's app as the endpoint takes it: the environment local, with stand-ins and the endpoint's addresses.
runApp((app) => {
  const endpoint = neededEndpoint();
  const stage = buildStage(app, environmentOf(app.node.getAllContext(), localEnvironments));
  useEndpoint(stage, endpoint);
  Aspects.of(stage).add(new StandIns(), { priority: AspectPriority.READONLY });
});
