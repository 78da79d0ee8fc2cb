import { EnvironmentDefinition } from './environment-config';

/** Low cost, for experiments. Destroying the stacks deletes all data. */
const sandbox: EnvironmentDefinition = {
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
    // Off, because the cluster costs more than all other parts of the sandbox together (docs/costs.md).
    enabled: false,
    // The smallest type that runs the add-ons, Cluster Autoscaler and a few pods.
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

/** Retains its data, survives the loss of a zone, and runs an image that ran in another environment before. */
const production: EnvironmentDefinition = {
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
    {
      name: 'history',
      // npm run promote writes the digest into this line. Until then, each command needs -c imageDigest=sha256:…
      image: { from: 'digest' },
      priority: 100,
      minTasks: 2,
      maxTasks: 20,
      cpu: 512,
      memoryMiB: 1024,
    },
  ],
  loadBalancer: { accessLogDays: 90 },
  function: {
    memoryMiB: 1024,
    logLevel: 'WARN',
    provisionedConcurrency: {
      min: 2,
      max: 20,
      // Opening hours of the exchanges, with a quarter of an hour before and after, in UTC: Tokyo 00:00 to 06:30, New York
      // 13:30 to 20:00 in summer and 14:30 to 21:00 in winter. The schedules span both hours of New York, because UTC has no
      // daylight saving time.
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

/** Environments by the names that `-c environment=` takes. The first environment is the default. */
export const environments = { sandbox, production };
