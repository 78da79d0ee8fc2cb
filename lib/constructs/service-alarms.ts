// Kumiki 0.2.0, service-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';

export interface ServiceAlarmsProps {
  /** ECS service, on Fargate or on instances. */
  readonly service: ecs.BaseService;

  /** Upper bound of the number of tasks in autoscaling. @throws unless it is a whole number of at least 1 */
  readonly maxTasks: number;

  /**
   * The cluster of the service has Container Insights, with or without enhanced observability. Only Container Insights reports
   * numbers of tasks. If false, the only alarm is `CpuAtBound`: target tracking adds tasks before the CPU is at its bound,
   * except at the maximum.
   *
   * @default true
   */
  readonly containerInsights?: boolean;

  /**
   * Minutes in which fewer tasks run than the service wants, until the alarm goes off. Tasks that wait for a new instance need
   * some minutes.
   *
   * @default 15
   * @throws unless it is a whole number from 1 to 60
   */
  readonly belowDesiredMinutes?: number;

  /**
   * Percent of CPU or memory, average of the tasks, at which tasks are at their bound.
   *
   * @default 85
   * @throws unless it is more than 0 and at most 100
   */
  readonly boundPercent?: number;
}

/**
 * Alarms on an ECS service: it runs fewer tasks than it wants, or all tasks that it may have are busy. With Container Insights,
 * the alarms cost 0.50 USD per month (five metrics at 0.10 USD), and without it 0.10 USD.
 *
 * - `BelowDesired`: AWS does not say whether Container Insights reports 0 or nothing for a service without a running task.
 *   Therefore the alarm counts a missing `RunningTaskCount` as 0 and a missing `DesiredTaskCount` as 1, so that silence is
 *   breaching, too. A deployment does not set off the alarm, because the service keeps its desired number of tasks.
 * - `AtMaximum`: CPU or memory is at its bound while the service wants the maximum number of tasks. The service reports CPU and
 *   memory only while a task runs, so missing data is not breaching. A service without tasks is `BelowDesired`.
 * - `CpuAtBound` takes the place of both without Container Insights. A service without tasks then has no alarm here: an alarm on
 *   the healthy targets of its target group notices it.
 *
 * The alarms depend on the service, so they cannot be its deployment alarms.
 *
 * The metrics of Container Insights are not in the CDK: namespace `ECS/ContainerInsights`, dimensions `ClusterName` and
 * `ServiceName`, unit Count.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html (no data without a running task)
 *
 * @example
 * ```ts
 * const taskDefinition = new ecs.FargateTaskDefinition(this, 'Task');
 * taskDefinition.addContainer('Worker', { image: ecs.ContainerImage.fromEcrRepository(repository, '1.4.2') });
 * const service = new ecs.FargateService(this, 'Worker', { cluster: ecsCluster, taskDefinition });
 * service.autoScaleTaskCount({ maxCapacity: 10 }).scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60 });
 * new ServiceAlarms(this, 'Alarms', { service, maxTasks: 10 });
 * ```
 */
export class ServiceAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** CPU or memory is at its bound, and no more tasks may be added; undefined without Container Insights. */
  readonly atMaximum?: cloudwatch.Alarm;
  /** Fewer tasks run than the service wants; undefined without Container Insights. */
  readonly belowDesired?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    const { service, maxTasks, containerInsights = true, belowDesiredMinutes = 15, boundPercent = 85 } = props;
    if (!(Number.isInteger(maxTasks) && maxTasks >= 1)) {
      throw new Error(
        `maxTasks: must be a whole number of at least 1, got ${maxTasks}. Give the upper bound of autoscaling.`,
      );
    }
    if (!(Number.isInteger(belowDesiredMinutes) && belowDesiredMinutes >= 1 && belowDesiredMinutes <= 60)) {
      throw new Error(
        `belowDesiredMinutes: must be a whole number from 1 to 60, got ${belowDesiredMinutes}. Give 15, or leave it out.`,
      );
    }
    if (!(boundPercent > 0 && boundPercent <= 100)) {
      throw new Error(
        `boundPercent: must be more than 0 and at most 100, got ${boundPercent}. Give more than the target of autoscaling, such as 85.`,
      );
    }
    const period = Duration.minutes(1);
    const metric = (namespace: string, metricName: string) =>
      new cloudwatch.Metric({
        namespace,
        metricName,
        dimensionsMap: { ClusterName: service.cluster.clusterName, ServiceName: service.serviceName },
        statistic: cloudwatch.Stats.AVERAGE,
        period,
      });
    const cpu = metric('AWS/ECS', 'CPUUtilization');
    const busy = {
      evaluationPeriods: BUSY_MINUTES,
      datapointsToAlarm: BUSY_MINUTES,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    };
    if (!containerInsights) {
      this.alarms = [
        new cloudwatch.Alarm(this, 'CpuAtBound', {
          ...busy,
          metric: cpu,
          threshold: boundPercent,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
          alarmDescription:
            `More than ${boundPercent} % of the CPU was in use for ${BUSY_MINUTES} minutes: autoscaling does not follow, or the ` +
            `service has its maximum of ${maxTasks} tasks. First look: the number of tasks and the scaling activities.`,
        }),
      ];
      return;
    }
    const desired = metric('ECS/ContainerInsights', 'DesiredTaskCount');
    this.belowDesired = new cloudwatch.Alarm(this, 'BelowDesired', {
      metric: new cloudwatch.MathExpression({
        expression: 'FILL(desired, 1) - FILL(running, 0)',
        usingMetrics: { desired, running: metric('ECS/ContainerInsights', 'RunningTaskCount') },
        period,
        label: 'Tasks that should run and do not',
      }),
      threshold: 1,
      evaluationPeriods: belowDesiredMinutes,
      datapointsToAlarm: belowDesiredMinutes,
      // AWS does not say whether FILL fills a metric that has no value at all.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      alarmDescription:
        `Fewer tasks than desired ran for ${belowDesiredMinutes} minutes. ` +
        'First look: the events of the ECS service, and the reasons of its stopped tasks (image, memory, no capacity).',
    });
    this.atMaximum = new cloudwatch.Alarm(this, 'AtMaximum', {
      ...busy,
      metric: new cloudwatch.MathExpression({
        expression: `IF(desired >= ${maxTasks} AND (cpu > ${boundPercent} OR memory > ${boundPercent}), 1, 0)`,
        usingMetrics: { desired, cpu, memory: metric('AWS/ECS', 'MemoryUtilization') },
        period,
        label: 'All tasks busy, and no more allowed',
      }),
      threshold: 1,
      alarmDescription:
        `More than ${boundPercent} % of CPU or memory was in use for ${BUSY_MINUTES} minutes, with ${maxTasks} tasks, the maximum. ` +
        'First look: requests per target, then raise maxTasks or give the tasks more CPU.',
    });
    this.alarms = [this.belowDesired, this.atMaximum];
  }
}

/** Longer than autoscaling needs to add a task and to see its effect. */
const BUSY_MINUTES = 10;
