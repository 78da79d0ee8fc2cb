// Kumiki 0.2.0, load-balancer-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';

export interface LoadBalancerAlarmsProps {
  /** Load balancer, in this or another stack. */
  readonly loadBalancer: Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;

  /**
   * Responses with a status of 5XX that the load balancer gave itself, in one minute.
   *
   * @default 5
   * @throws unless it is a whole number of at least 1
   */
  readonly errorsPerMinute?: number;

  /**
   * Alarms that say that a target group of the load balancer has no healthy target, one for each target group. The construct
   * joins them in one composite alarm, `NoHealthyTargets`, at 0.50 USD per month. A single alarm stays as it is.
   *
   * @default none
   * @throws if there are more than 100, the maximum of a composite alarm, or if their ARNs take more than 10,240 characters
   */
  readonly noHealthyTarget?: readonly cloudwatch.IAlarm[];
}

/**
 * An alarm on the errors that an Application Load Balancer answers itself: 502 for a target that closes the connection or
 * gives a malformed response, 503 without a registered target, 504 for a target that does not answer in time. One metric:
 * 0.10 USD per month.
 *
 * The alarm counts errors and does not compare them with `RequestCount`, because AWS counts a request there only if the load
 * balancer "was able to choose a target". Without targets, every request fails, and `RequestCount` has no data. Instead, the
 * errors have to last: a deployment that closes some connections has errors in one minute, an outage in 3 of 5 minutes.
 *
 * AWS reports the metric only in a minute with an error, so missing data is not breaching. Without requests, the alarm stays
 * quiet, also if no target is healthy. An alarm on `HealthyHostCount` works without requests.
 *
 * With many services behind the load balancer, `noHealthyTarget` makes one composite alarm of their alarms. A composite alarm
 * that is above all load balancers then has few children.
 *
 * There is no alarm on `RejectedConnectionCount`: the load balancer grows with the load, and callers that it rejects have their
 * own alarms on errors.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 *
 * @example
 * ```ts
 * const balancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', { vpc });
 * new LoadBalancerAlarms(this, 'Alarms', { loadBalancer: balancer });
 * ```
 */
export class LoadBalancerAlarms extends Construct {
  /** All alarms of this construct on a metric, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** The load balancer itself answers with a status of 5XX. */
  readonly serverErrors: cloudwatch.Alarm;
  /** A target group has no healthy target: the only alarm of `noHealthyTarget`, or the composite alarm of several. */
  readonly noHealthyTargets?: cloudwatch.IAlarm;

  constructor(scope: Construct, id: string, props: LoadBalancerAlarmsProps) {
    super(scope, id);
    const { loadBalancer, errorsPerMinute = 5, noHealthyTarget = [] } = props;
    if (!(Number.isInteger(errorsPerMinute) && errorsPerMinute >= 1)) {
      throw new Error(
        `errorsPerMinute: must be a whole number of at least 1, got ${errorsPerMinute}. Give 5, or more for a busy load balancer.`,
      );
    }
    if (noHealthyTarget.length > CHILDREN) {
      throw new Error(
        `noHealthyTarget: must have at most ${CHILDREN} alarms, got ${noHealthyTarget.length}. Give a load balancer fewer target groups.`,
      );
    }
    this.serverErrors = new cloudwatch.Alarm(this, 'ServerErrors', {
      metric: new cloudwatch.Metric({
        namespace: 'AWS/ApplicationELB',
        metricName: 'HTTPCode_ELB_5XX_Count',
        dimensionsMap: { LoadBalancer: loadBalancer.loadBalancerFullName },
        statistic: cloudwatch.Stats.SUM,
        period: Duration.minutes(1),
      }),
      threshold: errorsPerMinute,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `The load balancer itself answered ${errorsPerMinute} or more requests a minute with a status of 5XX in 3 of 5 minutes. ` +
        'First look: the health of the targets of each target group; then the metrics HTTPCode_ELB_502_Count, 503 and 504.',
    });
    this.alarms = [this.serverErrors];
    this.noHealthyTargets =
      noHealthyTarget.length > 1
        ? new cloudwatch.CompositeAlarm(this, 'NoHealthyTargets', {
            // CloudFormation begins the names of other alarms with that of the stack, but names no composite alarm.
            compositeAlarmName: `${Stack.of(this).stackName}-NoHealthyTargets-${this.node.addr.slice(-8)}`,
            alarmRule: cloudwatch.AlarmRule.anyOf(...noHealthyTarget),
            alarmDescription:
              'A target group of the load balancer has no healthy target, so a service answers nobody. ' +
              'First look: which of the alarms below this alarm is in the ALARM state.',
          })
        : noHealthyTarget[0];
  }
}

/** Alarms that a composite alarm may have. */
const CHILDREN = 100;
