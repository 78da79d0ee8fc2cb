import { NetworkEgress } from '../../lib/constructs/network';
import { Context, environmentOf } from '../../lib/context';
import { EnvironmentConfig, EnvironmentDefinition, NetworkConfig, ServiceConfig } from '../../lib/environment-config';
import { SERVICES_PER_LOAD_BALANCER } from '../../lib/limits';

/** A small environment whose data is destroyed with its stacks and whose image is built from source. */
const trial: EnvironmentDefinition = {
  region: 'us-east-1',
  disposable: true,
  logRetentionDays: 7,
  terminationProtection: false,
  network: { create: { cidr: '10.0.0.0/16', egress: { mode: 'nat', gateways: 1 } } },
  capacity: {
    use: 'fargate',
    fargate: { spot: { spotWeight: 3, onDemandWeight: 1 } },
    ec2: { instanceTypes: ['t4g.small'], maxInstances: 6 },
  },
  services: [
    { name: 'history', image: { from: 'source' }, priority: 100, minTasks: 1, maxTasks: 4, cpu: 256, memoryMiB: 512 },
  ],
  loadBalancer: {},
  function: { memoryMiB: 512, logLevel: 'INFO', provisionedConcurrency: { min: 1, max: 4 } },
  restApi: {
    cache: { quoteTtlSeconds: 5, historyTtlSeconds: 60 },
    throttle: { rate: 50, burst: 100 },
    historyThrottle: { rate: 20, burst: 40 },
    ownsApiAccount: true,
  },
  httpApi: { throttle: { rate: 50, burst: 100 }, historyThrottle: { rate: 20, burst: 40 } },
  kubernetes: {
    enabled: false,
    nodes: { instanceTypes: ['t4g.medium'], minNodes: 2, maxNodes: 4 },
    service: { minPods: 2, maxPods: 20, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
  },
  webSocketApi: {
    maxSymbols: 20,
    messagesPerSecond: 10,
    throttle: { rate: 50, burst: 100 },
    ticker: { everySeconds: 5, scheduled: false },
  },
};

/** A large environment with every part, whose data outlives its stacks and whose image is given by digest. */
const lasting: EnvironmentDefinition = {
  region: 'us-east-1',
  disposable: false,
  logRetentionDays: 90,
  terminationProtection: true,
  network: { create: { cidr: '10.16.0.0/16', egress: { mode: 'nat', gateways: 'one-per-zone' } } },
  capacity: {
    use: 'fargate',
    fargate: {},
    ec2: { instanceTypes: ['m7g.large', 'c7g.large'], maxInstances: 24 },
  },
  services: [
    { name: 'history', image: { from: 'digest' }, priority: 100, minTasks: 2, maxTasks: 20, cpu: 512, memoryMiB: 1024 },
  ],
  loadBalancer: { accessLogDays: 90 },
  function: {
    memoryMiB: 1024,
    logLevel: 'WARN',
    provisionedConcurrency: {
      min: 2,
      max: 20,
      schedules: [
        { id: 'BeforeTokyo', cron: 'cron(45 23 ? * SUN-THU *)', min: 5, max: 20 },
        { id: 'AfterTokyo', cron: 'cron(45 6 ? * MON-FRI *)', min: 2, max: 20 },
        { id: 'BeforeNewYork', cron: 'cron(15 13 ? * MON-FRI *)', min: 5, max: 20 },
        { id: 'AfterNewYork', cron: 'cron(15 21 ? * MON-FRI *)', min: 2, max: 20 },
      ],
    },
  },
  restApi: {
    cache: { quoteTtlSeconds: 5, historyTtlSeconds: 60 },
    throttle: { rate: 500, burst: 1000 },
    historyThrottle: { rate: 100, burst: 200 },
    ownsApiAccount: false,
  },
  httpApi: { throttle: { rate: 500, burst: 1000 }, historyThrottle: { rate: 100, burst: 200 } },
  kubernetes: {
    enabled: true,
    observability: true,
    nodes: { instanceTypes: ['m7g.large'], minNodes: 3, maxNodes: 14 },
    service: { minPods: 3, maxPods: 60, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
  },
  webSocketApi: {
    maxSymbols: 20,
    messagesPerSecond: 10,
    throttle: { rate: 500, burst: 1000 },
    ticker: { everySeconds: 5, scheduled: true, memoryMiB: 1769 },
  },
};

export const fixtures = { trial, lasting };

/** Digest of an image that another environment has built. */
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/**
 * An environment that nobody deploys. Tests vary this environment, so that they pass after an edit of lib/environments.ts.
 *
 * @param context values as the CDK CLI takes them with `-c`
 */
export function fixtureOf(name: keyof typeof fixtures, context: Context = {}): EnvironmentConfig {
  const needsDigest = fixtures[name].services.some(({ image }) => image.from === 'digest');
  return environmentOf({ environment: name, ...(needsDigest && { imageDigest: DIGEST }), ...context }, fixtures);
}

/** The network of the fixture `trial` with another egress. */
export function withEgress(egress: NetworkEgress): NetworkConfig {
  return { create: { cidr: '10.0.0.0/16', egress } };
}

/** A copy of an environment in which every service has other properties. */
export function withServices<Environment extends Pick<EnvironmentConfig, 'services'>>(
  environment: Environment,
  change: Partial<ServiceConfig>,
): Environment {
  return { ...environment, services: environment.services.map((service) => ({ ...service, ...change })) };
}

/** A service beside the history service, with a route on both APIs. */
export function service(name: string, priority: number, change: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    name,
    priority,
    image: { from: 'source', directory: 'container' },
    routes: [{ path: `/${name}/{id}`, query: ['page'], cache: 'history' }],
    minTasks: 1,
    maxTasks: 2,
    cpu: 256,
    memoryMiB: 512,
    ...change,
  };
}

/** A copy of an environment with further services: the given ones, or a number of generated ones. */
export function withFurther(
  environment: EnvironmentConfig,
  further: number | readonly ServiceConfig[],
): EnvironmentConfig {
  const services =
    typeof further === 'number'
      ? Array.from({ length: further }, (_, index) =>
          service(`service-${index}`, 1_000 * Math.floor((index + 1) / SERVICES_PER_LOAD_BALANCER) + 300 + index),
        )
      : further;
  return { ...environment, services: [...environment.services, ...services] };
}
