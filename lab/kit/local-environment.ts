import { HISTORY_SERVICE } from '../../domain/routes';
import { EnvironmentDefinition } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { LOCAL_ACCOUNT } from './endpoint';

/** The sandbox as `npm start` deploys it, without the parts of it that exist in an account of AWS only. */
export function localOf(sandbox: EnvironmentDefinition): EnvironmentDefinition {
  return {
    ...sandbox,
    account: LOCAL_ACCOUNT,
    // The endpoint finds load balancers and functions of this region only, because experiments ask it without a signature.
    region: 'us-east-1',
    availabilityZones: undefined,
    notifications: undefined,
    budget: undefined,
    // The endpoint runs no schedules, and its Step Functions call neither load balancers nor EKS.
    sleep: undefined,
    logRetentionDays: 1,
    network: { create: { cidr: '10.32.0.0/16', egress: { mode: 'nat', gateways: 1 } } },
    // The endpoint pulls no image: `npm start` runs the history service as a process, and no other service.
    services: sandbox.services
      .filter(({ name }) => name === HISTORY_SERVICE)
      .map((service) => ({ ...service, image: { from: 'digest', digest: `sha256:${'0'.repeat(64)}` } })),
    loadBalancer: { ...sandbox.loadBalancer, https: undefined },
    restApi: { ...sandbox.restApi, webAclArn: undefined, ownsApiAccount: true },
    kubernetes: sandbox.kubernetes && { ...sandbox.kubernetes, enabled: true },
    // The endpoint runs no schedules: the experiments invoke the function.
    webSocketApi: {
      maxSymbols: 20,
      messagesPerSecond: 10,
      throttle: { rate: 500, burst: 1000 },
      ticker: { everySeconds: 1, scheduled: false },
    },
  };
}

/** The environment that `npm start` deploys, by its name. */
export const localEnvironments = { local: localOf(environments.sandbox) };
