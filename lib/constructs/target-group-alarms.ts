// Kumiki 0.1.0, target-group-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';

export interface TargetGroupAlarmsProps {
  /** Target group that should always have a healthy target. */
  readonly targetGroup: elbv2.ApplicationTargetGroup;

  /** Load balancer that forwards to the target group, in this or another stack. */
  readonly loadBalancer: Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;

  /** First thing to look at if no target is healthy, as text for the description of the alarm. */
  readonly firstLook: string;
}

/**
 * An alarm on a target group of an Application Load Balancer without a healthy target, which means a 502, 503 or 504 for
 * callers. The alarm works without requests, too.
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
 * Healthy targets give data with or without requests, so the alarm does not go off in an idle environment. Create the alarm
 * after the construct that registers the targets, so that the alarm of a first deployment lasts for some minutes at most: the
 * metrics start later than the targets, and the targets of an attached Auto Scaling group may not be registered yet. None of
 * this was tried on AWS.
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
 * new TargetGroupAlarms(this, 'Alarms', { targetGroup, loadBalancer: balancer, firstLook });
 * ```
 */
export class TargetGroupAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: TargetGroupAlarmsProps) {
    super(scope, id);
    const { targetGroup, loadBalancer } = props;
    // Not `targetGroup.metrics`, because it takes the name of the load balancer from the ARN of a listener by Fn::Split, and AWS
    // does not document that CloudFormation can split an ARN from another stack.
    const healthy = new cloudwatch.Metric({
      namespace: 'AWS/ApplicationELB',
      metricName: 'HealthyHostCount',
      dimensionsMap: {
        TargetGroup: targetGroup.targetGroupFullName,
        LoadBalancer: loadBalancer.loadBalancerFullName,
      },
      statistic: cloudwatch.Stats.MAXIMUM,
    });
    this.alarms = [
      new cloudwatch.Alarm(this, 'NoHealthyTarget', {
        metric: new cloudwatch.MathExpression({
          expression: 'FILL(healthy, 0)',
          usingMetrics: { healthy },
          period: Duration.minutes(1),
          label: 'Healthy targets',
        }),
        threshold: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: MINUTES,
        datapointsToAlarm: MINUTES,
        // FILL needs at least one value, and a group that never had a target has no value.
        treatMissingData: cloudwatch.TreatMissingData.BREACHING,
        alarmDescription: `No target was healthy for ${MINUTES} minutes, so nobody is served. First look: ${props.firstLook}`,
      }),
    ];
  }
}

const MINUTES = 5;
