// Kumiki 0.2.0, target-group-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';

export interface TargetGroupAlarmsProps {
  /** Target group that should always have a healthy target. */
  readonly targetGroup: elbv2.ApplicationTargetGroup;

  /**
   * Second target group, with which an ECS service alternates when it releases by blue/green, canary or linear deployments. One of
   * the two groups is empty between deployments. `NoHealthyTarget` means that neither group has a healthy target, and the other
   * alarms go off if either group is in this state, so that 10 % of the requests in the second group are not diluted by the others.
   * The number of metrics doubles.
   *
   * @default none
   */
  readonly alternateTargetGroup?: elbv2.ApplicationTargetGroup;

  /** Load balancer that forwards to the target group, in this or another stack. */
  readonly loadBalancer: Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;

  /** First thing to look at if targets are not healthy, as text for the descriptions of the alarms. */
  readonly firstLook: string;

  /**
   * Alarm `TargetErrors`: more than 5 % of the responses of the targets, and at least `minErrors`, had a status of 5XX within 5
   * minutes. Two metrics: 0.20 USD per month. False for no such alarm.
   *
   * @default { minErrors: 5 }
   * @throws unless `minErrors` is a whole number of at least 1
   */
  readonly targetErrors?: { readonly minErrors?: number } | false;

  /**
   * Alarm `UnhealthyTargets`: a target was unhealthy in `minutes` of `outOf` minutes. One metric: 0.10 USD per month. False for
   * no such alarm.
   *
   * ECS replaces an unhealthy task, and the replacement may become unhealthy as well, with healthy minutes between. Therefore
   * the minutes do not have to be in a row.
   *
   * @default { minutes: 3, outOf: 10 }
   * @throws unless both are whole numbers with 1 <= minutes <= outOf <= 60
   */
  readonly unhealthyTargets?: { readonly minutes?: number; readonly outOf?: number } | false;

  /**
   * Alarm `Latency`: 99 of 100 responses of the targets took up to more than `seconds`, in 5 minutes with at least
   * `minRequests` requests (100 by default, because fewer requests have no slowest 1 %). The alarm needs two such times in a
   * row. Two metrics: 0.20 USD per month.
   *
   * @default no such alarm, because only the owner of a service knows its bound
   * @throws unless `seconds` is positive and `minRequests` is a whole number of at least 1
   */
  readonly latency?: { readonly seconds: number; readonly minRequests?: number };
}

/**
 * Alarms on a target group of an Application Load Balancer: no healthy target, unhealthy targets, errors of the targets, and
 * slow targets. With the defaults, the alarms cost 0.40 USD per month, and 0.60 USD with `latency`, because CloudWatch bills
 * 0.10 USD for each metric of an alarm.
 *
 * `NoHealthyTarget` means a 502, 503 or 504 for callers. The alarm works without requests, too.
 *
 * - AWS reports `HealthyHostCount` "if there are registered targets": after the last target was removed, data is missing
 *   instead of 0. The alarm fills missing data with 0. Treating missing data as breaching would not suffice, because CloudWatch
 *   ignores this setting as long as it finds enough older data, from before the outage.
 * - Each node of the load balancer reports the targets that are healthy for this node, and the alarm takes the maximum. AWS
 *   recommends the minimum for UnHealthyHostCount, "unhealthy by every node and Availability Zone", which is the equivalent.
 *   The minimum of HealthyHostCount would be 0 as long as one node is new.
 * - The alarm needs five minutes in a row, because a late metric looks like a missing metric, and a deployment may replace the
 *   only task of a small service.
 *
 * Healthy targets give data with or without requests, so the alarm does not go off in an idle environment. Create
 * `noHealthyTarget` after the construct that registers the targets, so that the alarm of a first deployment lasts for some
 * minutes at most: the metrics start later than the targets, and the targets of an attached Auto Scaling group may not be
 * registered yet. None of this was tried on AWS.
 *
 * The other alarms treat missing data as not breaching: without requests there are no errors and no slow responses, and
 * without targets there is no unhealthy target, which is the case of `NoHealthyTarget`. These alarms do not depend on what
 * registers the targets. Therefore an ECS service can depend on them as its deployment alarms (`forRollback`).
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html (FILL)
 *
 * @example
 * ```ts
 * const balancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', { vpc });
 * const targetType = elbv2.TargetType.IP;
 * const targetGroup = new elbv2.ApplicationTargetGroup(this, 'Targets', { vpc, port: 80, targetType });
 * balancer.addListener('Http', { port: 80, defaultTargetGroups: [targetGroup] });
 * const firstLook = 'the events of the ECS service.';
 * new TargetGroupAlarms(this, 'Alarms', { targetGroup, loadBalancer: balancer, firstLook, latency: { seconds: 2 } });
 * ```
 */
export class TargetGroupAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Nobody is served. */
  readonly noHealthyTarget: cloudwatch.Alarm;
  /** Alarms on which a deployment of the targets can roll back: all except `noHealthyTarget`. */
  readonly forRollback: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: TargetGroupAlarmsProps) {
    super(scope, id);
    const { targetGroup, alternateTargetGroup, loadBalancer, firstLook, latency } = props;
    // Not `targetGroup.metrics`, because it takes the name of the load balancer from the ARN of a listener by Fn::Split, and AWS
    // does not document that CloudFormation can split an ARN from another stack.
    const metricOf = (group: elbv2.ApplicationTargetGroup, metricName: string, statistic: string, period?: Duration) =>
      new cloudwatch.Metric({
        namespace: 'AWS/ApplicationELB',
        metricName,
        dimensionsMap: {
          TargetGroup: group.targetGroupFullName,
          LoadBalancer: loadBalancer.loadBalancerFullName,
        },
        statistic,
        period,
      });
    const groups = [targetGroup, ...(alternateTargetGroup ? [alternateTargetGroup] : [])];
    /** The expression for one group, or the maximum over two groups. A group without data adds nothing to the maximum. */
    const worst = (ofGroup: OfGroup, period: Duration, label: string) => {
      const parts = groups.map((group, index) =>
        ofGroup((name, statistic) => metricOf(group, name, statistic), groups.length > 1 ? `${index + 1}` : ''),
      );
      const expressions = parts.map(({ expression }) => expression);
      return new cloudwatch.MathExpression({
        expression: expressions.length > 1 ? `MAX([${expressions.join(', ')}])` : expressions.join(),
        usingMetrics: Object.assign({}, ...parts.map(({ usingMetrics }) => usingMetrics)),
        period,
        label,
      });
    };
    const rare = (id: string, options: cloudwatch.AlarmProps) =>
      new cloudwatch.Alarm(this, id, {
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        ...options,
      });

    this.noHealthyTarget = new cloudwatch.Alarm(this, 'NoHealthyTarget', {
      metric: worst(
        (metric, n) => ({
          expression: `FILL(healthy${n}, 0)`,
          usingMetrics: { [`healthy${n}`]: metric('HealthyHostCount', cloudwatch.Stats.MAXIMUM) },
        }),
        Duration.minutes(1),
        'Healthy targets',
      ),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: MINUTES,
      datapointsToAlarm: MINUTES,
      // FILL needs at least one value, and a group that never had a target has no value.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      alarmDescription: `No target was healthy for ${MINUTES} minutes, so nobody is served. First look: ${firstLook}`,
    });

    const forRollback: cloudwatch.Alarm[] = [];
    if (props.targetErrors !== false) {
      const { minErrors = 5 } = props.targetErrors ?? {};
      checkWhole('targetErrors.minErrors', minErrors, 1, 'Give 5, or 1 for an alarm on each stray error.');
      forRollback.push(
        rare('TargetErrors', {
          metric: worst(
            (metric, n) => ({
              expression: `IF(errors${n} >= ${minErrors}, 100 * errors${n} / requests${n}, 0)`,
              usingMetrics: {
                [`errors${n}`]: metric('HTTPCode_Target_5XX_Count', cloudwatch.Stats.SUM),
                [`requests${n}`]: metric('RequestCount', cloudwatch.Stats.SUM),
              },
            }),
            Duration.minutes(5),
            'Responses of targets with status 5XX in percent',
          ),
          threshold: ERROR_PERCENT,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
          evaluationPeriods: 1,
          alarmDescription:
            `More than ${ERROR_PERCENT} % of the responses of the targets, and at least ${minErrors}, had a status of 5XX within ` +
            "5 minutes. First look: level ERROR in the targets' log group, and whether a deployment has just replaced the targets.",
        }),
      );
    }
    if (props.unhealthyTargets !== false) {
      const { minutes = 3, outOf = 10 } = props.unhealthyTargets ?? {};
      checkMinutes(minutes, outOf);
      forRollback.push(
        rare('UnhealthyTargets', {
          metric: alternateTargetGroup
            ? worst(
                (metric, n) => ({
                  expression: `unhealthy${n}`,
                  usingMetrics: { [`unhealthy${n}`]: metric('UnHealthyHostCount', cloudwatch.Stats.MINIMUM) },
                }),
                Duration.minutes(1),
                'Unhealthy targets',
              )
            : metricOf(targetGroup, 'UnHealthyHostCount', cloudwatch.Stats.MINIMUM, Duration.minutes(1)),
          threshold: 1,
          evaluationPeriods: outOf,
          datapointsToAlarm: minutes,
          alarmDescription:
            `A target was unhealthy in ${minutes} of ${outOf} minutes, by every node of the load balancer. ` +
            `First look: the reasons in the health of the targets, then ${firstLook}`,
        }),
      );
    }
    if (latency !== undefined) {
      const { seconds, minRequests = 100 } = latency;
      checkWhole('latency.minRequests', minRequests, 1, 'Give 100 or more, so that there is a slowest 1 %.');
      if (!(Number.isFinite(seconds) && seconds > 0)) {
        throw new Error(
          `latency.seconds: must be more than 0, got ${seconds}. Give the time that callers wait at most.`,
        );
      }
      forRollback.push(
        rare('Latency', {
          metric: worst(
            (metric, n) => ({
              expression: `IF(requests${n} >= ${minRequests}, time${n}, 0)`,
              usingMetrics: {
                [`requests${n}`]: metric('RequestCount', cloudwatch.Stats.SUM),
                [`time${n}`]: metric('TargetResponseTime', cloudwatch.Stats.percentile(99)),
              },
            }),
            Duration.minutes(5),
            'Response time of targets, p99 in seconds',
          ),
          threshold: seconds,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
          evaluationPeriods: 2,
          datapointsToAlarm: 2,
          alarmDescription:
            `The slowest 1 % of the responses of the targets took more than ${seconds} seconds for 10 minutes, with at least ` +
            `${minRequests} requests in 5 minutes. First look: CPU of the targets, their number against its maximum, and what they wait for.`,
        }),
      );
    }
    this.forRollback = forRollback;
    this.alarms = [this.noHealthyTarget, ...forRollback];
  }
}

/** Returns an expression on metrics of one target group. The ids of its metrics end with `n`. */
type OfGroup = (
  metric: (metricName: string, statistic: string) => cloudwatch.Metric,
  n: string,
) => { readonly expression: string; readonly usingMetrics: Record<string, cloudwatch.IMetric> };

const MINUTES = 5;

/** Share of errors, in percent, that a service with working redundancy does not exceed. */
const ERROR_PERCENT = 5;

function checkWhole(property: string, value: number, min: number, advice: string): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new Error(`${property}: must be a whole number of at least ${min}, got ${value}. ${advice}`);
}

function checkMinutes(minutes: number, outOf: number): void {
  if (Number.isInteger(minutes) && Number.isInteger(outOf) && minutes >= 1 && minutes <= outOf && outOf <= 60) return;
  throw new Error(
    `unhealthyTargets: must be whole numbers with 1 <= minutes <= outOf <= 60, got ${minutes} of ${outOf}. ` +
      'Give { minutes: 3, outOf: 10 }, or leave it out.',
  );
}
