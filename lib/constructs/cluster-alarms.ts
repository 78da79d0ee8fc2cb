// Kumiki 0.2.0, cluster-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface ClusterAlarmsProps {
  /** Name of the EKS cluster, of Kubernetes 1.28 or newer. */
  readonly clusterName: string;

  /**
   * What the CloudWatch Observability add-on gives, with enhanced Container Insights: the log group of the containers, and the
   * metrics of nodes and Deployments.
   *
   * @default none: only the alarm on pending pods, because EKS publishes the others' metrics through that add-on only
   */
  readonly observability?: {
    /** Log group `/aws/containerinsights/<cluster>/application`, in which Fluent Bit writes. */
    readonly applicationLogGroup: logs.ILogGroup;
    /** Namespace for the number of errors of Cluster Autoscaler, of this cluster alone: `Shop/Kubernetes/shop`. */
    readonly metricNamespace: string;
    /** Name of the container of Cluster Autoscaler: `nameOverride` of its Helm chart, by default `aws-cluster-autoscaler`. */
    readonly autoscalerContainer: string;
  };

  /** Deployment that a Horizontal Pod Autoscaler scales. Without `observability`, it has no alarm. @default none */
  readonly autoscaled?: {
    readonly name: string;
    readonly namespace: string;
    /** Lower bound of the autoscaler. A Deployment with equal bounds has no alarm. */
    readonly minPods: number;
    /** Upper bound of the autoscaler. */
    readonly maxPods: number;
  };
}

/**
 * Alarms on an EKS cluster: pods that stay pending, nodes that are not ready, a Horizontal Pod Autoscaler at its maximum, and
 * errors of Cluster Autoscaler.
 *
 * - `PodsPending`: pods found no node for a quarter of an hour, several times what a new node takes. EKS publishes the metric
 *   for each cluster, without an agent and without charge.
 * - `NodesNotReady`, with `observability`: a node is not ready, by its own agent (`node_status_condition_ready`), or is under
 *   pressure or no longer reports, by the agent on another node (`cluster_failed_node_count`, which leaves out the condition
 *   Ready). With no node left, the alarm on targets without a healthy one goes off.
 * - `PodsAtMaximum`, with `observability`: the autoscaler wants its maximum for a quarter of an hour (`replicas_desired`),
 *   so more load makes requests slower instead of adding pods.
 * - `AutoscalerErrors`, with `observability`: Cluster Autoscaler logged errors in three of four periods of five minutes. Its
 *   metrics are for Prometheus only, so a metric filter counts lines of klog's level E in its log. A short loss of the API
 *   server, which it survives, does not count.
 *
 * Missing data is not breaching in any of them. `PodsPending` is the partner of `AutoscalerErrors`: an autoscaler that is gone
 * logs nothing, and pods then stay pending. The filter reports a value only when a line matches, so it is billed (as a custom
 * metric) only in hours with errors.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/cloudwatch.html (AWS/EKS)
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html
 * @see https://github.com/aws/amazon-cloudwatch-agent/blob/main/translator/translate/otel/exporter/awsemf/kubernetes.go (dimensions)
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/internal/aws/k8s/k8sclient/node.go (failed nodes)
 *
 * @example
 * ```ts
 * const logGroupName = '/aws/containerinsights/shop/application';
 * const applicationLogGroup = new logs.LogGroup(this, 'Application', { logGroupName });
 * new ClusterAlarms(this, 'Alarms', {
 *   clusterName: 'shop',
 *   observability: {
 *     applicationLogGroup,
 *     metricNamespace: 'Shop/Kubernetes/shop',
 *     autoscalerContainer: 'aws-cluster-autoscaler',
 *   },
 *   autoscaled: { name: 'web', namespace: 'web', minPods: 2, maxPods: 20 },
 * });
 * ```
 */
export class ClusterAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: ClusterAlarmsProps) {
    super(scope, id);
    const { clusterName, observability, autoscaled } = props;
    this.alarms = [
      podsPending(this, clusterName),
      ...(observability
        ? [
            nodesNotReady(this, clusterName),
            autoscalerErrors(this, observability),
            ...(autoscaled && autoscaled.minPods < autoscaled.maxPods
              ? [podsAtMaximum(this, clusterName, autoscaled)]
              : []),
          ]
        : []),
    ];
  }
}

const MINUTE = Duration.minutes(1);
const NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING;
/** Minutes that pods may wait and that the autoscaler of pods may want its maximum. */
const WAIT_MINUTES = 15;
/** Minutes that a node may be not ready. EKS replaces it after 30. */
const NODE_MINUTES = 5;
/** One more than `ERROR_PERIODS`, because the events of the newest period may be late. */
const PERIODS = 4;
const ERROR_PERIODS = 3;

function podsPending(scope: Construct, clusterName: string): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, 'PodsPending', {
    metric: new cloudwatch.Metric({
      namespace: 'AWS/EKS',
      // The pods of all queues of the scheduler: a pod that finds no node moves between two of them.
      metricName: 'scheduler_pending_pods',
      dimensionsMap: { ClusterName: clusterName },
      statistic: cloudwatch.Stats.SUM,
      period: MINUTE,
    }),
    threshold: 1,
    evaluationPeriods: WAIT_MINUTES,
    datapointsToAlarm: WAIT_MINUTES,
    treatMissingData: NOT_BREACHING,
    alarmDescription:
      `Pods waited for a node in each of ${WAIT_MINUTES} minutes. ` +
      'First look: kubectl describe pod for the reason, then whether the node group is at its maximum or EC2 lacks capacity.',
  });
}

function insights(metricName: string, statistic: string, dimensionsMap: Record<string, string>): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'ContainerInsights',
    metricName,
    dimensionsMap,
    statistic,
    period: MINUTE,
  });
}

function nodesNotReady(scope: Construct, clusterName: string): cloudwatch.Alarm {
  const dimensions = { ClusterName: clusterName };
  return new cloudwatch.Alarm(scope, 'NodesNotReady', {
    metric: new cloudwatch.MathExpression({
      // A node that the agent on another node calls failed, or that calls itself not ready.
      expression: 'IF(failed > 0 OR ready < 1, 1, 0)',
      usingMetrics: {
        failed: insights('cluster_failed_node_count', cloudwatch.Stats.MAXIMUM, dimensions),
        ready: insights('node_status_condition_ready', cloudwatch.Stats.MINIMUM, dimensions),
      },
      period: MINUTE,
      label: 'A node is not ready',
    }),
    threshold: 1,
    evaluationPeriods: NODE_MINUTES,
    datapointsToAlarm: NODE_MINUTES,
    treatMissingData: NOT_BREACHING,
    alarmDescription:
      `A node was not ready, or under pressure, for ${NODE_MINUTES} minutes. ` +
      'First look: kubectl describe nodes for the conditions, then the health issues of the node group in EKS.',
  });
}

function podsAtMaximum(
  scope: Construct,
  clusterName: string,
  { name, namespace, maxPods }: NonNullable<ClusterAlarmsProps['autoscaled']>,
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, 'PodsAtMaximum', {
    // The agent gives the name of the Deployment as PodName.
    metric: insights('replicas_desired', cloudwatch.Stats.MINIMUM, {
      ClusterName: clusterName,
      Namespace: namespace,
      PodName: name,
    }),
    threshold: maxPods,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: WAIT_MINUTES,
    datapointsToAlarm: WAIT_MINUTES,
    treatMissingData: NOT_BREACHING,
    alarmDescription:
      `The Horizontal Pod Autoscaler of ${name} wanted its maximum of ${maxPods} pods for ${WAIT_MINUTES} minutes. ` +
      'First look: kubectl describe hpa for the load, then the latency of the target group; then raise the maximum.',
  });
}

function autoscalerErrors(
  scope: Construct,
  { applicationLogGroup, metricNamespace, autoscalerContainer }: NonNullable<ClusterAlarmsProps['observability']>,
): cloudwatch.Alarm {
  const filter = new logs.MetricFilter(scope, 'AutoscalerErrorLines', {
    logGroup: applicationLogGroup,
    // klog begins a line with the first letter of its level.
    filterPattern: logs.FilterPattern.all(
      logs.FilterPattern.stringValue('$.kubernetes.container_name', '=', autoscalerContainer),
      logs.FilterPattern.stringValue('$.log', '=', 'E*'),
    ),
    metricNamespace,
    metricName: 'ClusterAutoscalerErrors',
    metricValue: '1',
    unit: cloudwatch.Unit.COUNT,
  });
  return new cloudwatch.Alarm(scope, 'AutoscalerErrors', {
    metric: new cloudwatch.MathExpression({
      // A period without errors has no value, and CloudWatch would look at an older period in its place.
      expression: 'FILL(errors, 0)',
      usingMetrics: { errors: filter.metric({ statistic: cloudwatch.Stats.SUM }) },
      period: Duration.minutes(5),
      label: 'Lines of errors',
    }),
    threshold: 1,
    evaluationPeriods: PERIODS,
    datapointsToAlarm: ERROR_PERIODS,
    treatMissingData: NOT_BREACHING,
    alarmDescription:
      `Cluster Autoscaler logged errors in ${ERROR_PERIODS} of ${PERIODS} periods of 5 minutes, so it may add or remove no nodes. ` +
      'First look: its lines of level E in the log group of the containers, then its rights and its version.',
  });
}
