// Kumiki 0.2.0, environment-dashboard.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** A stage with metrics: `Stage` of a REST API (aws-apigateway) or `HttpStage` of an HTTP API (aws-apigatewayv2). */
export interface IDashboardStage {
  metricCount(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricClientError(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricServerError(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Only REST APIs have a cache. */
  metricCacheHitCount?(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Only REST APIs have a cache. */
  metricCacheMissCount?(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** A REST or HTTP API on the dashboard. */
export interface DashboardApi {
  /** Name in the legends, such as `REST`. */
  readonly label: string;
  readonly stage: IDashboardStage;
  /** The stage has a cache, which is paid by the hour. @default false */
  readonly cached?: boolean;
}

/** A function on the dashboard. */
export interface DashboardFunction {
  /** Function or alias that the requests invoke. */
  readonly handler: lambda.IFunction;
  /** Bounds of the provisioned concurrency of the alias. @default none: every environment starts on demand */
  readonly provisioned?: { readonly min: number; readonly max: number };
}

/** Load balancer on the dashboard: `ApplicationLoadBalancer` of this or of another stack. */
export type DashboardLoadBalancer = Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName' | 'metrics'>;

/** Targets of a load balancer on the dashboard. */
export interface DashboardTargets {
  /** Name in the legends, such as `history`. */
  readonly label: string;
  readonly targetGroup: Pick<elbv2.ApplicationTargetGroup, 'targetGroupFullName'>;
  /** Second target group, with which the service alternates. It has a line of its own. @default none */
  readonly alternateTargetGroup?: Pick<elbv2.ApplicationTargetGroup, 'targetGroupFullName'>;
  readonly loadBalancer: Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;
}

/** ECS service on the dashboard. */
export interface DashboardService extends DashboardTargets {
  readonly service: Pick<ecs.BaseService, 'serviceName' | 'metricCpuUtilization' | 'metricMemoryUtilization'>;
  readonly cluster: Pick<ecs.ICluster, 'clusterName'>;
  /** The cluster has Container Insights, which count running and desired tasks. @default only healthy targets are counted */
  readonly insights?: boolean;
  readonly minTasks: number;
  readonly maxTasks: number;
}

/** Pods of an EKS cluster behind a node port of the load balancer, on the dashboard. */
export interface DashboardPods extends DashboardTargets {
  readonly clusterName: string;
  readonly minNodes: number;
  readonly maxNodes: number;
  /** A Deployment that CloudWatch's agent watches (Container Insights). @default no agent: only pods that wait are counted */
  readonly watched?: {
    readonly namespace: string;
    readonly deployment: string;
    readonly minPods: number;
    readonly maxPods: number;
  };
}

/** Sessions over a WebSocket API on the dashboard. */
export interface DashboardSessions {
  /** `WebSocketStage` of aws-apigatewayv2. */
  readonly stage: { metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric };
  readonly handler: lambda.IFunction;
  readonly table: dynamodb.ITable;
  /** Function that sends to the sessions. */
  readonly ticker: lambda.IFunction;
}

/** Every part is optional. What is left out is not on the dashboard. */
export interface EnvironmentDashboardProps {
  /** Name of the dashboard in the console. @default a generated name */
  readonly dashboardName?: string;
  /** Markdown at the top: what to read first, with links. @default none */
  readonly introduction?: string;
  /** Alarms that mean that users are affected, in every state, up to `MAX_ALARMS`. @default none */
  readonly affecting?: readonly cloudwatch.IAlarm[];
  /** Other alarms, of which those in the ALARM state are shown. Beyond `MAX_ALARMS`, none is shown. @default none */
  readonly alarms?: readonly cloudwatch.IAlarm[];
  /** REST and HTTP APIs. @default none */
  readonly apis?: readonly DashboardApi[];
  /** @default none */
  readonly function?: DashboardFunction;
  /** @default none */
  readonly loadBalancers?: readonly DashboardLoadBalancer[];
  /**
   * Up to `linesPerGraph` services have a line each. Of more services, the graphs show those with the highest values.
   *
   * @default none
   */
  readonly services?: readonly DashboardService[];
  /** Clusters with Container Insights whose tasks run on EC2 instances, with the upper bound of the instances. @default none */
  readonly instances?: readonly { readonly cluster: Pick<ecs.ICluster, 'clusterName'>; readonly max: number }[];
  /** @default none */
  readonly pods?: DashboardPods;
  /** @default none */
  readonly sessions?: DashboardSessions;
  /** @default none */
  readonly natGatewayIds?: readonly string[];
  /**
   * Term of a CloudWatch search that matches the log groups, such as `LogGroupName=Shop`. The graph shows the ten log groups
   * that receive most.
   *
   * @default no graph of log groups
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
   */
  readonly logGroups?: string;
  /** Lines that a graph shows for services, so that its legend can be read. @default 6 */
  readonly linesPerGraph?: number;
}

/**
 * One dashboard for an environment. From top to bottom: alarms, the golden signals of requests, those of sessions, capacity
 * against demand with its bounds, and what drives the cost. From left to right: the way of a request.
 *
 * A row has up to four graphs and fills the 24 columns of the grid, so that nothing needs scrolling sideways. Four graphs are 6
 * columns each.
 *
 * CloudWatch finds a metric by a search only if the metric has had data in the last two weeks.
 *
 * AWS's limits: 500 widgets, 500 metrics of a widget, 2500 metrics of a dashboard, 100 alarms of a widget, 1024 characters of a
 * search.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html (the two weeks)
 *
 * @example
 * ```ts
 * new EnvironmentDashboard(this, 'Dashboard', {
 *   dashboardName: 'Shop',
 *   introduction: '# Shop',
 *   apis: [{ label: 'HTTP', stage }],
 *   function: { handler: live, provisioned: { min: 1, max: 10 } },
 * });
 * ```
 */
export class EnvironmentDashboard extends Construct {
  /** Alarms that a widget may hold. */
  static readonly MAX_ALARMS = 100;

  /** Widgets of a dashboard, row by row, for a dashboard that has others, too. */
  static widgets(props: EnvironmentDashboardProps): cloudwatch.IWidget[][] {
    const parts = new Parts(props);
    const sections: readonly (readonly [title: string, rows: readonly (readonly Graph[])[]])[] = [
      ['Requests, from left to right', parts.requests()],
      ['Sessions, from left to right', parts.sessions()],
      ['Capacity against demand', parts.capacity()],
      ['What drives the cost', parts.costs()],
    ];
    const introduction = props.introduction === undefined ? [] : [[text(props.introduction, 3)]];
    const alarms = [
      statusOf('Users are affected', props.affecting, {}),
      statusOf('Other alarms in ALARM; empty is good', props.alarms, { states: [cloudwatch.AlarmState.ALARM] }),
    ].flatMap((widget) => (widget ? [[widget]] : []));
    const graphs = sections.flatMap(([title, rows]) => {
      const filled = rows.map((row) => row.filter(({ left }) => left.length > 0)).filter(({ length }) => length > 0);
      return filled.length === 0 ? [] : [[text(`## ${title}`, 1)], ...filled.map(widgetsOf)];
    });
    return [...introduction, ...alarms, ...graphs];
  }

  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: EnvironmentDashboardProps = {}) {
    super(scope, id);
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: props.dashboardName,
      defaultInterval: Duration.hours(3),
      // Otherwise the console chooses longer periods, and sums no longer are those of a minute.
      periodOverride: cloudwatch.PeriodOverride.INHERIT,
      widgets: EnvironmentDashboard.widgets(props),
    });
  }
}

/** A graph before it has a place. A graph without metrics is left out. */
interface Graph {
  readonly title: string;
  readonly left: readonly cloudwatch.IMetric[];
  readonly bounds?: readonly (readonly [label: string, value: number])[];
}

/** The golden signals of a part, without saturation, which is capacity against demand. */
interface Signals {
  readonly title: string;
  readonly traffic: readonly cloudwatch.IMetric[];
  readonly errors: readonly cloudwatch.IMetric[];
  /** Unit of the metrics of the latency. */
  readonly unit: 'ms' | 's';
  readonly latency: readonly cloudwatch.IMetric[];
}

const COLUMNS = 24;
const HEIGHT = 6;
const GRAPHS_PER_ROW = 4;
const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const { SUM, AVERAGE, MAXIMUM, SAMPLE_COUNT } = cloudwatch.Stats;
const P50 = cloudwatch.Stats.p(50);
const P99 = cloudwatch.Stats.p(99);
const sum = (label: string): cloudwatch.MetricOptions => ({ label, statistic: SUM, period: MINUTE });
const most = (label: string): cloudwatch.MetricOptions => ({ label, statistic: MAXIMUM, period: MINUTE });

/** The graphs of each section, as tables of metrics. */
class Parts {
  private readonly targets: readonly DashboardTargets[];
  private readonly isCrowded: boolean;

  constructor(private readonly props: EnvironmentDashboardProps) {
    const { services = [], pods, linesPerGraph = 6 } = props;
    this.targets = [...services, ...(pods ? [pods] : [])].flatMap(withAlternate);
    this.isCrowded = this.targets.length > linesPerGraph;
  }

  requests(): Graph[][] {
    const { apis = [], function: fn, loadBalancers = [] } = this.props;
    const one = apis.length === 1;
    return signalRows([
      {
        title: one ? `${apis[0]?.label} API` : 'APIs',
        traffic: apis.map(({ label, stage }) => stage.metricCount({ ...sum(label), statistic: SAMPLE_COUNT })),
        errors: apis.flatMap(({ label, stage }) => [
          stage.metricServerError(sum(`${label} 5XX`)),
          stage.metricClientError(sum(`${label} 4XX`)),
        ]),
        unit: 'ms',
        latency: apis.flatMap(({ label, stage }) => percentiles(label, (options) => stage.metricLatency(options))),
      },
      functionSignals('Function', fn?.handler),
      {
        title: 'Load balancer',
        traffic: numbered(loadBalancers, 'requests', (each, label) => each.metrics.requestCount(sum(label))),
        errors: [
          ...numbered(loadBalancers, '5XX of its own', (each, label) =>
            each.metrics.httpCodeElb(elbv2.HttpCodeElb.ELB_5XX_COUNT, sum(label)),
          ),
          ...numbered(loadBalancers, 'no connection', (each, label) =>
            each.metrics.targetConnectionErrorCount(sum(label)),
          ),
        ],
        unit: 's',
        latency:
          loadBalancers.length > 1
            ? numbered(loadBalancers, P99, (each, label) =>
                each.metrics.targetResponseTime({ label, statistic: P99, period: MINUTE }),
              )
            : loadBalancers.flatMap((each) => percentiles('', (options) => each.metrics.targetResponseTime(options))),
      },
      {
        title: this.props.pods ? 'Services and pods' : 'Services',
        traffic: this.perTarget('RequestCount', SUM),
        errors: this.perTarget('HTTPCode_Target_5XX_Count', SUM),
        unit: 's',
        latency: this.perTarget('TargetResponseTime', P99),
      },
    ]);
  }

  sessions(): Graph[][] {
    if (this.props.sessions === undefined) return [];
    const { stage, handler, table, ticker } = this.props.sessions;
    const tableMetric = (metricName: string, label: string) => table.metric(metricName, sum(label));
    const operations = [
      ['UpdateItem', dynamodb.Operation.UPDATE_ITEM],
      ['Query', dynamodb.Operation.QUERY],
    ] as const;
    return signalRows([
      {
        title: 'WebSocket API',
        traffic: [stage.metric('ConnectCount', sum('connects')), stage.metric('MessageCount', sum('messages'))],
        errors: [
          stage.metric('IntegrationError', sum('integration')),
          stage.metric('ExecutionError', sum('execution')),
          stage.metric('ClientError', sum('client')),
        ],
        unit: 'ms',
        latency: percentiles('', (options) => stage.metric('IntegrationLatency', options)),
      },
      functionSignals('Sessions function', handler),
      {
        title: 'Table',
        traffic: [
          tableMetric('ConsumedReadCapacityUnits', 'read units'),
          tableMetric('ConsumedWriteCapacityUnits', 'write units'),
        ],
        errors: [
          tableMetric('ReadThrottleEvents', 'read throttles'),
          tableMetric('WriteThrottleEvents', 'write throttles'),
        ],
        unit: 'ms',
        latency: operations.map(([label, operation]) =>
          table.metric('SuccessfulRequestLatency', {
            label,
            statistic: AVERAGE,
            period: MINUTE,
            dimensionsMap: { TableName: table.tableName, Operation: operation },
          }),
        ),
      },
      functionSignals('Ticker', ticker),
    ]);
  }

  capacity(): Graph[][] {
    const { function: fn, services = [], instances = [], pods } = this.props;
    const provisioned = fn?.provisioned;
    const few = services.length > 0 && !this.isCrowded;
    const counted = services.some(({ insights }) => insights);
    const names = services.map(({ cluster }) => cluster.clusterName);
    const inService = (namespace: string, metricName: string, statistic: string) =>
      highest(`{${namespace},ClusterName,ServiceName}`, metricName, 'ClusterName', names, statistic);
    const running = () => inService('ECS/ContainerInsights', 'RunningTaskCount', AVERAGE);
    const healthy = () => (services.length === 0 ? [] : this.perTarget('HealthyHostCount', MAXIMUM));
    const ofMany = counted ? running() : healthy();
    const graphs: Graph[] = [
      {
        title: 'Function: concurrent executions',
        left: fn
          ? [
              fn.handler.metric('ConcurrentExecutions', most('concurrent')),
              ...(provisioned
                ? [
                    fn.handler.metric('ProvisionedConcurrentExecutions', most('on provisioned')),
                    fn.handler.metric('ProvisionedConcurrencySpilloverInvocations', sum('spillover')),
                  ]
                : []),
            ]
          : [],
        bounds: provisioned && boundsOf('provisioned', provisioned.min, provisioned.max),
      },
      {
        title: counted ? `Tasks: running${few ? ' and desired' : ''}` : 'Tasks: healthy',
        left: few ? services.flatMap(taskCounts) : ofMany,
        bounds: few ? boundsOfTasks(services) : undefined,
      },
      {
        title: 'Tasks: CPU, % of what is reserved',
        left: few
          ? services.map(({ label, service }) => service.metricCpuUtilization({ label, period: MINUTE }))
          : inService('AWS/ECS', 'CPUUtilization', AVERAGE),
        bounds: [['reserved', 100]],
      },
      {
        title: 'Tasks: memory, % of what is reserved',
        left: few
          ? services.map(({ label, service }) => service.metricMemoryUtilization({ label, period: MINUTE }))
          : inService('AWS/ECS', 'MemoryUtilization', AVERAGE),
        bounds: [['reserved', 100]],
      },
      {
        title: 'EC2 instances of tasks',
        left: instances.map(
          ({ cluster }, index) =>
            new cloudwatch.Metric({
              namespace: 'ECS/ContainerInsights',
              metricName: 'ContainerInstanceCount',
              dimensionsMap: { ClusterName: cluster.clusterName },
              statistic: AVERAGE,
              period: MINUTE,
              label: instances.length > 1 ? `instances ${index + 1}` : 'instances',
            }),
        ),
        bounds: instances.length === 0 ? undefined : [['max', Math.max(...instances.map(({ max }) => max))]],
      },
      ...(pods ? podGraphs(pods) : []),
    ];
    return rowsOf(graphs);
  }

  costs(): Graph[][] {
    const { apis = [], loadBalancers = [], natGatewayIds = [], logGroups } = this.props;
    const nat = (metricName: string, label: string) =>
      natGatewayIds.map(
        (natGatewayId, index) =>
          new cloudwatch.Metric({
            namespace: 'AWS/NATGateway',
            metricName,
            dimensionsMap: { NatGatewayId: natGatewayId },
            statistic: SUM,
            period: FIVE_MINUTES,
            label: natGatewayIds.length > 1 ? `${label} ${index + 1}` : label,
          }),
      );
    return rowsOf([
      {
        title: 'NAT gateway: bytes in 5 min',
        left: [
          ...nat('BytesOutToDestination', 'to the internet'),
          ...nat('BytesInFromDestination', 'from the internet'),
        ],
      },
      {
        title: 'Logs: bytes in 5 min, top 10',
        left:
          logGroups === undefined
            ? []
            : [search('{AWS/Logs,LogGroupName}', 'IncomingBytes', logGroups, SUM, FIVE_MINUTES)],
      },
      {
        title: 'Cache: hits and misses',
        left: apis
          .filter(({ cached }) => cached)
          .flatMap(({ stage }) => [
            stage.metricCacheHitCount?.(sum('hits')),
            stage.metricCacheMissCount?.(sum('misses')),
          ])
          .filter((metric) => metric !== undefined),
      },
      {
        title: 'Load balancer: LCUs',
        left: numbered(loadBalancers, 'consumed LCUs', (each, label) =>
          each.metrics.consumedLCUs({ label, statistic: AVERAGE, period: FIVE_MINUTES }),
        ),
      },
    ]);
  }

  /** Lines of a metric for each target group; of many target groups, those with the highest values. */
  private perTarget(metricName: string, statistic: string): cloudwatch.IMetric[] {
    if (this.isCrowded) {
      const names = this.targets.map(({ loadBalancer }) => loadBalancer.loadBalancerFullName);
      return highest('{AWS/ApplicationELB,LoadBalancer,TargetGroup}', metricName, 'LoadBalancer', names, statistic);
    }
    return this.targets.map((each) => targetMetric(each, metricName, { label: each.label, statistic, period: MINUTE }));
  }
}

function signalRows(columns: readonly (Signals | undefined)[]): Graph[][] {
  const parts = columns.filter((part) => part !== undefined);
  return [
    parts.map(({ title, traffic }) => ({ title: `${title}: traffic per minute`, left: traffic })),
    parts.map(({ title, errors }) => ({ title: `${title}: errors per minute`, left: errors })),
    parts.map(({ title, latency, unit }) => ({ title: `${title}: latency, ${unit}`, left: latency })),
  ];
}

function functionSignals(title: string, handler: lambda.IFunction | undefined): Signals | undefined {
  return (
    handler && {
      title,
      traffic: [handler.metricInvocations(sum('invocations'))],
      errors: [handler.metricErrors(sum('errors')), handler.metricThrottles(sum('throttles'))],
      unit: 'ms',
      latency: percentiles('', (options) => handler.metricDuration(options)),
    }
  );
}

function podGraphs(pods: DashboardPods): Graph[] {
  const { clusterName, minNodes, maxNodes, watched } = pods;
  const ofPods = (metricName: string, label: string, { namespace, deployment }: NonNullable<typeof watched>) =>
    new cloudwatch.Metric({
      namespace: 'ContainerInsights',
      metricName,
      // The agent gives the name of the Deployment as PodName.
      dimensionsMap: { ClusterName: clusterName, Namespace: namespace, PodName: deployment },
      statistic: AVERAGE,
      period: MINUTE,
      label,
    });
  return [
    {
      title: 'Nodes behind the load balancer',
      left: [
        targetMetric(pods, 'HealthyHostCount', most('healthy')),
        targetMetric(pods, 'UnHealthyHostCount', { ...most('unhealthy'), statistic: cloudwatch.Stats.MINIMUM }),
      ],
      bounds: boundsOf('', minNodes, maxNodes),
    },
    {
      title: watched ? 'Pods: ready, desired and waiting' : 'Pods that wait for a node',
      left: [
        ...(watched
          ? [ofPods('replicas_ready', 'ready', watched), ofPods('replicas_desired', 'desired', watched)]
          : []),
        new cloudwatch.Metric({
          namespace: 'AWS/EKS',
          metricName: 'scheduler_pending_pods',
          dimensionsMap: { ClusterName: clusterName },
          ...sum('waiting'),
        }),
      ],
      bounds: watched && boundsOf('', watched.minPods, watched.maxPods),
    },
  ];
}

function targetMetric(
  { targetGroup, loadBalancer }: DashboardTargets,
  metricName: string,
  options: cloudwatch.MetricOptions,
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/ApplicationELB',
    metricName,
    dimensionsMap: {
      TargetGroup: targetGroup.targetGroupFullName,
      LoadBalancer: loadBalancer.loadBalancerFullName,
    },
    ...options,
  });
}

/** A target group, and the second group with which it alternates. */
function withAlternate(targets: DashboardTargets): DashboardTargets[] {
  const { alternateTargetGroup: targetGroup, label } = targets;
  return targetGroup ? [targets, { ...targets, targetGroup, label: `${label} 2` }] : [targets];
}

function taskCounts(service: DashboardService): cloudwatch.Metric[] {
  const { label, insights } = service;
  if (!insights) {
    return withAlternate(service).map((each) => targetMetric(each, 'HealthyHostCount', most(`${each.label} healthy`)));
  }
  return ['Running', 'Desired'].map(
    (kind) =>
      new cloudwatch.Metric({
        namespace: 'ECS/ContainerInsights',
        metricName: `${kind}TaskCount`,
        dimensionsMap: { ClusterName: service.cluster.clusterName, ServiceName: service.service.serviceName },
        statistic: AVERAGE,
        period: MINUTE,
        label: `${label} ${kind.toLowerCase()}`,
      }),
  );
}

const boundsOf = (name: string, min: number, max: number): (readonly [string, number])[] => [
  [`${name} max`.trim(), max],
  [`${name} min`.trim(), min],
];

/** Bounds of the tasks of services: once if all have the same. More than two pairs cannot be read. */
function boundsOfTasks(services: readonly DashboardService[]): Graph['bounds'] {
  const [first] = services;
  if (first && services.every(({ minTasks, maxTasks }) => minTasks === first.minTasks && maxTasks === first.maxTasks))
    return boundsOf('', first.minTasks, first.maxTasks);
  if (services.length > 2) return undefined;
  return services.flatMap(({ label, minTasks, maxTasks }) => boundsOf(label, minTasks, maxTasks));
}

/** Median and 99th percentile of a metric. */
function percentiles(
  label: string,
  metric: (options: cloudwatch.MetricOptions) => cloudwatch.IMetric,
): cloudwatch.IMetric[] {
  return [P99, P50].map((statistic) => metric({ statistic, period: MINUTE, label: `${label} ${statistic}`.trim() }));
}

/** A metric of each of several equal parts, with a number behind the label if there are several. */
function numbered<Part>(
  parts: readonly Part[],
  label: string,
  metric: (part: Part, label: string) => cloudwatch.IMetric,
): cloudwatch.IMetric[] {
  return parts.map((part, index) => metric(part, parts.length > 1 ? `${label} ${index + 1}` : label));
}

/** The series with the highest values among those whose dimension has one of the names, at most ten for each search. */
function highest(
  schema: string,
  metricName: string,
  dimension: string,
  names: readonly string[],
  statistic: string,
): cloudwatch.IMetric[] {
  const distinct = [...new Set(names)];
  // A search has at most 1024 characters, and a name up to 150.
  return Array.from({ length: Math.ceil(distinct.length / 5) }, (_, index) => {
    const terms = distinct.slice(5 * index, 5 * index + 5).map((name) => `${dimension}="${name}"`);
    return search(schema, metricName, terms.join(' OR '), statistic, MINUTE);
  });
}

/** The ten highest series of a search. */
function search(schema: string, metricName: string, terms: string, statistic: string, period: Duration) {
  return new cloudwatch.SearchExpression({
    expression: `SORT(SEARCH('${schema} MetricName="${metricName}" (${terms})', '${statistic}'), MAX, DESC, 10)`,
    // Otherwise the expression would be the beginning of the name of each series.
    label: '',
    period,
  });
}

/** Divides graphs into rows of equal length, of up to four graphs. */
function rowsOf(graphs: readonly Graph[]): Graph[][] {
  const filled = graphs.filter(({ left }) => left.length > 0);
  const rows = Math.ceil(filled.length / GRAPHS_PER_ROW);
  const length = Math.ceil(filled.length / Math.max(1, rows));
  return Array.from({ length: rows }, (_, index) => filled.slice(index * length, (index + 1) * length));
}

function widgetsOf(row: readonly Graph[]): cloudwatch.IWidget[] {
  return row.map(
    ({ title, left, bounds = [] }) =>
      new cloudwatch.GraphWidget({
        title,
        left: [...left],
        leftAnnotations: bounds.map(([label, value]) => ({ label, value, color: cloudwatch.Color.RED })),
        leftYAxis: { min: 0, showUnits: false },
        width: Math.floor(COLUMNS / row.length),
        height: HEIGHT,
      }),
  );
}

function text(markdown: string, height: number): cloudwatch.TextWidget {
  return new cloudwatch.TextWidget({
    markdown,
    width: COLUMNS,
    height,
    background: cloudwatch.TextWidgetBackground.TRANSPARENT,
  });
}

function statusOf(
  title: string,
  alarms: readonly cloudwatch.IAlarm[] = [],
  options: Pick<cloudwatch.AlarmStatusWidgetProps, 'states'>,
): cloudwatch.AlarmStatusWidget | undefined {
  if (alarms.length === 0 || alarms.length > EnvironmentDashboard.MAX_ALARMS) return undefined;
  // A row of the widget has about six alarms. Few alarms are in ALARM at a time.
  const rows = options.states ? 1 : Math.ceil(alarms.length / 6);
  return new cloudwatch.AlarmStatusWidget({
    ...options,
    title,
    alarms: [...alarms],
    sortBy: cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
    width: COLUMNS,
    height: 1 + Math.ceil(1.5 * rows),
  });
}
