import { Point, Series } from './metric-math';

/** Points by metric: namespace, name, statistic and names of the dimensions. A metric that is left out sends nothing. */
export type Sent = Readonly<Record<string, Series>>;

/** What an alarm must do. */
export interface AlarmSeries {
  /** Seconds of a period, so that the series below mean what they say. */
  readonly every: 60 | 300 | 3600;
  /** What must lead to ALARM, as the last state. */
  readonly rings: readonly Sent[];
  /** What comes near and must not ring. */
  readonly near: Sent;
  /** What an idle, healthy environment sends in every period. */
  readonly idle: Readonly<Record<string, number>>;
  /**
   * What happens when all metrics stop: this alarm rings itself; another alarm rings, which is named; or silence is healthy,
   * with the reason. `otherwise` is the reason in an environment without the partner.
   */
  readonly silence: 'rings' | { readonly partner: string; readonly otherwise?: string } | { readonly healthy: string };
}

export const times = (count: number, ...points: readonly Point[]): Point[] => Array(count).fill(points).flat();
/** A pause that is longer than any evaluation range, so that the points before it no longer count. */
const PAUSE = times(30, undefined);
const NOTHING = {};

const byAlias = (name: string, statistic = 'Sum') => `AWS/Lambda ${name} ${statistic} by FunctionName, Resource`;
const byVersion = (name: string) => `AWS/Lambda ${name} Sum by ExecutedVersion, FunctionName, Resource`;
const byFunction = (name: string) => `AWS/Lambda ${name} Sum by FunctionName`;
const byTable = (name: string) => `AWS/DynamoDB ${name} Sum by TableName`;
const byGateway = (name: string) => `AWS/NATGateway ${name} Sum by NatGatewayId`;
const byStage = (name: string) => `AWS/ApiGateway ${name} Sum by ApiId, Stage`;
const ofTargets = (name: string, statistic: string) =>
  `AWS/ApplicationELB ${name} ${statistic} by LoadBalancer, TargetGroup`;
const ofService = (name: string, namespace = 'AWS/ECS') => `${namespace} ${name} Average by ClusterName, ServiceName`;

const HEALTHY = ofTargets('HealthyHostCount', 'Maximum');
const TARGET_REQUESTS = ofTargets('RequestCount', 'Sum');
const CONTAINER_INSIGHTS = 'ECS/ContainerInsights';
const [DESIRED, RUNNING] = [
  ofService('DesiredTaskCount', CONTAINER_INSIGHTS),
  ofService('RunningTaskCount', CONTAINER_INSIGHTS),
];
const [CPU, MEMORY] = [ofService('CPUUtilization'), ofService('MemoryUtilization')];
const RESERVATION = 'AWS/ECS/ManagedScaling CapacityProviderReservation Average by CapacityProviderName, ClusterName';
const ELB_ERRORS = 'AWS/ApplicationELB HTTPCode_ELB_5XX_Count Sum by LoadBalancer';
const FAILED_BUILDS = 'AWS/CodeBuild FailedBuilds Sum by ProjectName';
const EVENTS = 'AWS/Events TriggeredRules Sum by RuleName';
const UNDELIVERED = 'AWS/SNS NumberOfNotificationsFailed Sum by TopicName';
const ofRuns = (name: string) => `AWS/States ${name} Sum by StateMachineArn`;
const NAT_INSTANCE = 'AWS/EC2 StatusCheckFailed Sum by InstanceId';
const PENDING = 'AWS/EKS scheduler_pending_pods Sum by ClusterName';
const FAILED_NODES = 'ContainerInsights cluster_failed_node_count Maximum by ClusterName';
const READY = 'ContainerInsights node_status_condition_ready Minimum by ClusterName';
const REPLICAS = 'ContainerInsights replicas_desired Minimum by ClusterName, Namespace, PodName';
const AUTOSCALER = 'Kumiki/Kubernetes/… ClusterAutoscalerErrors Sum by ';
const SYSTEM_ERRORS = 'AWS/DynamoDB SystemErrors Sum by Operation, TableName';

const REST = {
  errors: 'AWS/ApiGateway 5XXError Sum by ApiName, Stage',
  count: 'AWS/ApiGateway Count SampleCount by ApiName, Stage',
  latency: 'AWS/ApiGateway Latency p99 by ApiName, Stage',
};
const HTTP = {
  errors: 'AWS/ApiGateway 5xx Sum by ApiId, Stage',
  count: 'AWS/ApiGateway Count SampleCount by ApiId, Stage',
  latency: 'AWS/ApiGateway Latency p99 by ApiId, Stage',
};
const ofCache = (name: string) => `AWS/ApiGateway ${name} Sum by ApiName, Stage`;
const [HITS, MISSES] = [ofCache('CacheHitCount'), ofCache('CacheMissCount')];

const NO_TARGET = 'Containers TargetGroupAlarms/NoHealthyTarget';
const NO_NODE = 'Kubernetes TargetGroupAlarms/NoHealthyTarget';
const BELOW_DESIRED = 'Containers ServiceAlarms/BelowDesired';
const TICKER_SILENT = 'WebSocketApi TickerAlarms/Silent';

const WITHOUT_CALLS = { healthy: 'AWS reports the metric with calls only, and without a call nothing can fail.' };
const WITHOUT_EVENTS = { healthy: 'AWS reports the metric only when the event happens, and the event is the fault.' };
const STARTED_BY_SCHEDULE = { partner: TICKER_SILENT, otherwise: 'Nothing starts the ticker but a person.' };

const noHealthyTarget: AlarmSeries = {
  every: 60,
  rings: [
    // The last target is deregistered, so the metric ends.
    { [HEALTHY]: [...times(10, 2), ...times(5, undefined)] },
    { [HEALTHY]: times(5, 0) },
  ],
  near: { [HEALTHY]: [...times(4, 0), 1, ...times(4, undefined), 1, 1] },
  idle: { [HEALTHY]: 1 },
  silence: 'rings',
};

const serverErrors = ({ errors, count }: typeof REST): AlarmSeries => ({
  every: 300,
  rings: [{ [errors]: [0, 0, 6], [count]: [100, 100, 100] }],
  // Four errors of four requests are too few, and five of a hundred are not more than 5 %.
  near: { [errors]: [4, 0, 5, 0], [count]: [4, 100, 100, 1000] },
  idle: NOTHING,
  silence: { partner: NO_TARGET },
});

const apiLatency = ({ latency, count }: typeof REST): AlarmSeries => ({
  every: 300,
  rings: [{ [latency]: [5100, 200, 5100], [count]: [100, 500, 100] }],
  near: {
    [latency]: [29_000, 29_000, 29_000, ...times(9, 3000), 9000, 200, 200],
    [count]: [...times(3, 99), ...times(12, 100)],
  },
  idle: NOTHING,
  silence: WITHOUT_CALLS,
});

const apiSilent = ({ count }: typeof REST): AlarmSeries => ({
  every: 60,
  rings: [{ [count]: [...times(20, 3), ...times(15, undefined)] }],
  near: { [count]: times(2, 1, ...times(14, undefined), 1) },
  // The environment that asks for this alarm is never idle.
  idle: { [count]: 1 },
  silence: 'rings',
});

const targetErrors = (partner: string): AlarmSeries => ({
  every: 300,
  rings: [{ [ofTargets('HTTPCode_Target_5XX_Count', 'Sum')]: [undefined, 6], [TARGET_REQUESTS]: [100, 100] }],
  near: {
    [ofTargets('HTTPCode_Target_5XX_Count', 'Sum')]: [4, undefined, 5, undefined],
    [TARGET_REQUESTS]: [4, 100, 100, undefined],
  },
  idle: NOTHING,
  silence: { partner },
});

const targetLatency = (partner: string): AlarmSeries => ({
  every: 300,
  rings: [{ [ofTargets('TargetResponseTime', 'p99')]: [3, 3], [TARGET_REQUESTS]: [100, 100] }],
  near: {
    [ofTargets('TargetResponseTime', 'p99')]: [9, 9, 2, 2, 3, 1, 3, 1],
    [TARGET_REQUESTS]: [99, 99, ...times(6, 100)],
  },
  idle: NOTHING,
  silence: { partner },
});

const UNHEALTHY = ofTargets('UnHealthyHostCount', 'Minimum');
const unhealthyTargets = (partner: string, rings: Series, near: Series): AlarmSeries => ({
  every: 60,
  rings: [{ [UNHEALTHY]: rings }],
  near: { [UNHEALTHY]: near },
  idle: { [UNHEALTHY]: 0 },
  silence: { partner },
});

/** An alarm on a count that AWS sends only when the count is not 0: three of five minutes. */
const threeOfFive = (metric: string, silence: AlarmSeries['silence'], bound = 1): AlarmSeries => ({
  every: 60,
  rings: [{ [metric]: [bound, undefined, bound, undefined, bound] }, { [metric]: [bound, 0, bound, 0, bound] }],
  near: { [metric]: [9, 9, ...PAUSE, 9, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0, ...times(bound > 1 ? 5 : 0, bound - 1)] },
  idle: NOTHING,
  silence,
});

/** An alarm on a count in which one is enough. */
const one = (metric: string, every: 60 | 300, silence: AlarmSeries['silence'] = WITHOUT_EVENTS): AlarmSeries => ({
  every,
  rings: [{ [metric]: [undefined, 1] }],
  near: { [metric]: [0, undefined, 0] },
  idle: NOTHING,
  silence,
});

/** Each alarm by the stack, the class of its construct and its id. */
export const ALARM_SERIES: Readonly<Record<string, AlarmSeries>> = {
  [NO_TARGET]: noHealthyTarget,
  [NO_NODE]: noHealthyTarget,
  'Containers TargetGroupAlarms/TargetErrors': targetErrors(NO_TARGET),
  'Kubernetes TargetGroupAlarms/TargetErrors': targetErrors(NO_NODE),
  'Containers TargetGroupAlarms/Latency': targetLatency(NO_TARGET),
  'Kubernetes TargetGroupAlarms/Latency': targetLatency(NO_NODE),
  // A task that is replaced again and again is healthy in between.
  'Containers TargetGroupAlarms/UnhealthyTargets': unhealthyTargets(
    NO_TARGET,
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [1, 1, ...times(20, 0), 2, ...times(9, 0)],
  ),
  // Cluster Autoscaler removes a node in less than a quarter of an hour.
  'Kubernetes TargetGroupAlarms/UnhealthyTargets': unhealthyTargets(NO_NODE, times(15, 1), [...times(14, 1), 0, 0]),
  'Containers LoadBalancerAlarms/ServerErrors': {
    every: 60,
    rings: [{ [ELB_ERRORS]: [5, undefined, 5, undefined, 5] }],
    near: { [ELB_ERRORS]: [900, 900, ...PAUSE, ...times(10, 4)] },
    idle: NOTHING,
    silence: { partner: NO_TARGET },
  },
  'Containers ServiceAlarms/AtMaximum': {
    every: 60,
    rings: [
      { [DESIRED]: times(10, 20), [CPU]: times(10, 86), [MEMORY]: times(10, 30) },
      { [DESIRED]: times(10, 20), [CPU]: times(10, 30), [MEMORY]: times(10, 86) },
    ],
    // Busy below the maximum, at the maximum without being busy, and both for nine minutes.
    near: {
      [DESIRED]: [...times(15, 1), ...times(15, 20), ...times(9, 20), 20],
      [CPU]: [...times(15, 99), ...times(15, 85), ...times(9, 99), 85],
      [MEMORY]: times(40, 85),
    },
    idle: { [DESIRED]: 1, [CPU]: 1, [MEMORY]: 40 },
    silence: { partner: NO_TARGET },
  },
  // Without Container Insights, the alarm cannot tell the maximum.
  'Containers ServiceAlarms/CpuAtBound': {
    every: 60,
    rings: [{ [CPU]: times(10, 86) }],
    near: { [CPU]: [...times(15, 85), ...times(9, 99), 85, ...times(9, 99), 85] },
    idle: { [CPU]: 1 },
    silence: { partner: NO_TARGET },
  },
  [BELOW_DESIRED]: {
    every: 60,
    rings: [
      { [DESIRED]: times(15, 2), [RUNNING]: times(15, 1) },
      // AWS does not say whether a service without a running task reports 0 or nothing.
      { [DESIRED]: times(15, 2), [RUNNING]: times(15, undefined) },
    ],
    near: { [DESIRED]: times(40, 2), [RUNNING]: [...times(14, 1), 2, ...times(14, undefined), 2, ...times(10, 3)] },
    idle: { [DESIRED]: 1, [RUNNING]: 1 },
    silence: 'rings',
  },
  'Containers CapacityAlarms/TasksWaiting': {
    every: 60,
    rings: [{ [RESERVATION]: times(15, 200) }],
    near: { [RESERVATION]: [...times(14, 200), 100, ...times(14, 150), 75] },
    idle: { [RESERVATION]: 100 },
    silence: { partner: NO_TARGET },
  },
  'Containers BuildAlarms/BuildFailed': one(FAILED_BUILDS, 300),
  'Containers ServiceEventAlarms/DeploymentFailed': one(EVENTS, 300),
  'Containers ServiceEventAlarms/TaskOutOfMemory': one(EVENTS, 300),
  'Kubernetes ClusterAlarms/PodsPending': {
    every: 60,
    rings: [{ [PENDING]: times(15, 1) }],
    near: { [PENDING]: [...times(14, 9), 0, ...times(14, 9), 0] },
    idle: { [PENDING]: 0 },
    silence: { partner: NO_NODE },
  },
  'Kubernetes ClusterAlarms/NodesNotReady': {
    every: 60,
    rings: [
      { [FAILED_NODES]: times(5, 1), [READY]: times(5, 1) },
      { [FAILED_NODES]: times(5, undefined), [READY]: times(5, 0) },
    ],
    near: { [FAILED_NODES]: [...times(4, 1), 0, 0, 0, 0, 0], [READY]: [1, 1, 1, 1, 1, ...times(4, 0)] },
    idle: { [FAILED_NODES]: 0, [READY]: 1 },
    silence: { partner: NO_NODE },
  },
  'Kubernetes ClusterAlarms/PodsAtMaximum': {
    every: 60,
    rings: [{ [REPLICAS]: times(15, 60) }],
    near: { [REPLICAS]: [...times(14, 60), 19, ...times(14, 60), 5] },
    idle: { [REPLICAS]: 3 },
    silence: { partner: NO_NODE },
  },
  'Kubernetes ClusterAlarms/AutoscalerErrors': {
    every: 300,
    rings: [{ [AUTOSCALER]: [1, 1, 1] }],
    near: { [AUTOSCALER]: [50, 50, ...PAUSE, 50] },
    idle: NOTHING,
    silence: {
      healthy:
        'The filter sends a count only for a line with an error; an autoscaler that is gone leaves pods pending.',
    },
  },
  'Network NatAlarms/PortAllocation': {
    every: 60,
    rings: [{ [byGateway('ErrorPortAllocation')]: [1, 0, 1, 0, 1, 0, 1, 0, 1] }],
    near: { [byGateway('ErrorPortAllocation')]: [...times(4, 99), ...times(26, 0), ...times(4, 99), 0] },
    idle: { [byGateway('ErrorPortAllocation')]: 0 },
    silence: {
      healthy: 'A NAT gateway without connections needs no ports, and AWS does not say that it reports zeros.',
    },
  },
  'Network NatAlarms/PacketsDropped': {
    every: 60,
    rings: [
      {
        [byGateway('PacketsDropCount')]: times(5, 3),
        [byGateway('PacketsInFromSource')]: times(5, 10_000),
        [byGateway('PacketsInFromDestination')]: times(5, 10_000),
      },
    ],
    near: {
      [byGateway('PacketsDropCount')]: [...times(9, 2), ...times(4, 1), 0],
      [byGateway('PacketsInFromSource')]: [...times(9, 10_000), ...times(4, 1), 0],
      [byGateway('PacketsInFromDestination')]: [...times(9, 10_000), ...times(4, 1), 0],
    },
    idle: {
      [byGateway('PacketsDropCount')]: 0,
      [byGateway('PacketsInFromSource')]: 0,
      [byGateway('PacketsInFromDestination')]: 0,
    },
    silence: { healthy: 'A NAT gateway without packets drops none, and AWS does not say that it reports zeros.' },
  },
  'Network NatAlarms/InstanceFailed': {
    every: 60,
    rings: [{ [NAT_INSTANCE]: times(5, 1) }],
    near: { [NAT_INSTANCE]: [...times(4, 1), 0, undefined, undefined, 0, 0] },
    idle: { [NAT_INSTANCE]: 0 },
    silence: 'rings',
  },
  'Notifications AlarmTopic/Undelivered': one(UNDELIVERED, 300),
  'Sleep Sleep/Failed': {
    every: 300,
    rings: [
      { [ofRuns('ExecutionsFailed')]: [undefined, 1], [ofRuns('ExecutionsTimedOut')]: [undefined, undefined] },
      { [ofRuns('ExecutionsFailed')]: [undefined, 0], [ofRuns('ExecutionsTimedOut')]: [undefined, 1] },
    ],
    near: { [ofRuns('ExecutionsFailed')]: [0, undefined, 0], [ofRuns('ExecutionsTimedOut')]: [0, undefined, 0] },
    idle: NOTHING,
    silence: WITHOUT_EVENTS,
  },
  'RestApi ApiAlarms/ServerErrors': serverErrors(REST),
  'HttpApi ApiAlarms/ServerErrors': serverErrors(HTTP),
  'RestApi ApiAlarms/Latency': apiLatency(REST),
  'HttpApi ApiAlarms/Latency': apiLatency(HTTP),
  'RestApi ApiAlarms/Silent': apiSilent(REST),
  'HttpApi ApiAlarms/Silent': apiSilent(HTTP),
  'RestApi ApiAlarms/CacheHits': {
    every: 3600,
    rings: [
      { [HITS]: times(3, 399), [MISSES]: times(3, 3601) },
      { [HITS]: times(3, undefined), [MISSES]: times(3, 3600) },
    ],
    // Too few requests, enough hits, and two hours after a flush.
    near: { [HITS]: [...times(9, 0), ...times(9, 400), 0, 0, 400], [MISSES]: [...times(9, 3599), ...times(12, 3600)] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'Function FunctionAlarms/Errors': {
    every: 300,
    rings: [{ [byAlias('Errors')]: [0, 6], [byAlias('Invocations')]: [100, 100] }],
    near: { [byAlias('Errors')]: [0, 5, 0], [byAlias('Invocations')]: [100, 100, 0] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'Function GradualRelease/NewVersionErrors': {
    every: 60,
    // Two bad minutes at the beginning of a canary that has a tenth of the requests.
    rings: [{ [byVersion('Errors')]: [0, 1, 0, 1], [byVersion('Invocations')]: [10, 10, 10, 10] }],
    near: {
      [byVersion('Errors')]: [...times(4, 5), ...times(4, 0), 10, ...times(5, 0), 10, 0],
      [byVersion('Invocations')]: [...times(4, 100), ...times(10, 10), 10, 0],
    },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'Function FunctionAlarms/Throttles': one(byAlias('Throttles'), 60, WITHOUT_CALLS),
  'Function FunctionAlarms/Duration': {
    every: 60,
    rings: [{ [byAlias('Duration', 'p99')]: [200, 4000, 300, 4100, 4200] }],
    near: { [byAlias('Duration', 'p99')]: [200, 5000, 3999, 200, 5000, 200, 3999, 200] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'Function FunctionAlarms/Spillover': {
    every: 60,
    rings: [{ [byAlias('ProvisionedConcurrencySpilloverInvocations')]: [...times(5, 0), ...times(5, 1)] }],
    near: {
      [byAlias('ProvisionedConcurrencySpilloverInvocations')]: [...times(8, 0), ...times(4, 50), ...times(8, 0)],
    },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'Function FunctionAlarms/Utilization': {
    every: 60,
    rings: [{ [byAlias('ProvisionedConcurrencyUtilization', 'Average')]: [...times(5, 0.2), ...times(15, 0.95)] }],
    near: { [byAlias('ProvisionedConcurrencyUtilization', 'Average')]: [...times(14, 1), 0.9, ...times(14, 1), 0.5] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'WebSocketApi WebSocketAlarms/Errors': {
    every: 60,
    rings: [{ [byFunction('Errors')]: [0, 1, 0, 0, 1] }],
    near: { [byFunction('Errors')]: [0, 9, 0, 0, 0, 0, 9, 0] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'WebSocketApi WebSocketAlarms/Throttles': {
    every: 60,
    rings: [{ [byFunction('Throttles')]: [0, 1, 0, 0, 1] }],
    near: { [byFunction('Throttles')]: [0, 9, 0, 0, 0, 0, 9, 0] },
    idle: NOTHING,
    silence: WITHOUT_CALLS,
  },
  'WebSocketApi WebSocketAlarms/Failed': {
    every: 60,
    rings: [{ 'Kumiki/Sessions Failed Sum by FunctionName': [1, undefined, undefined, 1] }],
    near: { 'Kumiki/Sessions Failed Sum by FunctionName': [9, ...PAUSE, 9, undefined] },
    idle: NOTHING,
    silence: { healthy: 'The handler writes the metric only when a message failed.' },
  },
  'WebSocketApi WebSocketAlarms/ConnectErrors': threeOfFive(byStage('ExecutionError'), WITHOUT_CALLS, 5),
  'WebSocketApi WebSocketAlarms/IntegrationErrors': threeOfFive(byStage('IntegrationError'), WITHOUT_CALLS, 5),
  'WebSocketApi TableAlarms/ReadThrottles': threeOfFive(byTable('ReadThrottleEvents'), WITHOUT_EVENTS),
  'WebSocketApi TableAlarms/WriteThrottles': threeOfFive(byTable('WriteThrottleEvents'), WITHOUT_EVENTS),
  'WebSocketApi TableAlarms/SystemErrors': threeOfFive(SYSTEM_ERRORS, WITHOUT_EVENTS),
  'WebSocketApi TickerAlarms/Errors': {
    every: 60,
    rings: [{ [byFunction('Errors')]: [0, 0, 1, 1, 1] }],
    near: { [byFunction('Errors')]: [0, 1, 0, 0, 1, 0, 0, 1, 0, 0] },
    idle: { [byFunction('Errors')]: 0 },
    silence: STARTED_BY_SCHEDULE,
  },
  'WebSocketApi TickerAlarms/Failed': {
    every: 60,
    rings: [{ 'Kumiki/Ticker Failed Sum by FunctionName': [0, 0, 2, 2, 2] }],
    near: { 'Kumiki/Ticker Failed Sum by FunctionName': [0, 9, 9, 0, 0, 0, 0] },
    idle: { 'Kumiki/Ticker Failed Sum by FunctionName': 0 },
    silence: STARTED_BY_SCHEDULE,
  },
  'WebSocketApi TickerAlarms/Throttles': threeOfFive(byFunction('Throttles'), { partner: TICKER_SILENT }),
  [TICKER_SILENT]: {
    every: 60,
    rings: [{ [byFunction('Invocations')]: [...times(8, 1), ...times(12, undefined)] }],
    // The schedule starts a run for each minute, but not always within that minute.
    near: { [byFunction('Invocations')]: times(5, 1, undefined, 2, undefined, undefined, 3) },
    idle: { [byFunction('Invocations')]: 1 },
    silence: 'rings',
  },
};
