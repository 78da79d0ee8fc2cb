import { App, AspectPriority, Aspects } from 'aws-cdk-lib';
import { StandIns } from '../lab/local/stand-ins';
import { checkAccount, checkContext, environment } from '../lib/environments';
import { ReferenceStage } from '../lib/reference-stage';
import { containerContext, FunctionBundles } from '../lib/sources';

try {
  // The same rules run in the tests, over every environment; here they would add seconds to each synth.
  const app = new App({ builtinCloudFormationValidation: false });
  const said = (key: string) => app.node.tryGetContext(key);
  const config = environment(said('environment') ?? 'sandbox', {
    region: said('region'),
    zones: said('zones'),
    imageDigest: said('imageDigest'),
    capacity: said('capacity'),
    kubernetes: said('kubernetes'),
    kubernetesAdmin: said('kubernetesAdmin'),
    kubernetesCidrs: said('kubernetesCidrs'),
    endpointUrl: process.env.AWS_ENDPOINT_URL,
  });
  checkContext(app.node.getAllContext(), config);
  // Set by the CDK CLI when there are credentials; a synth without any is welcome.
  checkAccount(config, process.env.CDK_DEFAULT_ACCOUNT);
  const bundles = new FunctionBundles();
  const stage = new ReferenceStage(app, config.id, {
    config,
    quotesCode: bundles.code('lambda/quotes/index.ts'),
    sessionsCode: bundles.code('lambda/sessions/index.ts'),
    tickerCode: bundles.code('lambda/ticker/index.ts'),
    containerDirectory: containerContext(),
  });
  if (config.endpoint) Aspects.of(stage).add(new StandIns(), { priority: AspectPriority.READONLY });
  // Here and not when the process ends, so that what only synthesis finds is reported as briefly.
  app.synth();
} catch (error) {
  console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
  process.exitCode = 1;
}
