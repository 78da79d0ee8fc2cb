// Kumiki 0.2.0, nat-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface NatAlarmsProps {
  /** NAT gateway or NAT instance to watch. */
  readonly target: { readonly natGatewayId: string } | { readonly instanceId: string };
}

/**
 * Alarms on the way to the internet: for a NAT gateway, connections without a source port, and dropped packets; for a NAT
 * instance, a failed status check.
 *
 * - `PortAllocation`: the gateway had no source port for a connection, because too many connections were open at the same time.
 * - `PacketsDropped`: the share of dropped packets exceeds 0.01 percent, the bound above which AWS sees an issue of Amazon VPC.
 *   With little traffic, one lost packet exceeds the bound, too, so the alarm needs five minutes in a row. AWS bills it as three
 *   metrics.
 * - `InstanceFailed`: the status checks of EC2 fail, or the instance reports none. A stopped instance reports nothing, so
 *   missing data is breaching. A new instance reports after some minutes, so the alarm may go off for that time.
 *
 * A NAT gateway without connections is healthy, and AWS does not document that an idle gateway reports zeros, so its missing
 * data is not breaching. A gateway has no metric that says that it is available.
 *
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html (status checks)
 *
 * @example
 * ```ts
 * const nat = ec2.NatProvider.gateway();
 * new ec2.Vpc(this, 'Network', { natGatewayProvider: nat });
 * for (const [index, { gatewayId }] of nat.configuredGateways.entries()) {
 *   new NatAlarms(this, `NatAlarms${index}`, { target: { natGatewayId: gatewayId } });
 * }
 * ```
 */
export class NatAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: NatAlarmsProps) {
    super(scope, id);
    const { target } = props;
    this.alarms = 'instanceId' in target ? [instanceFailed(this, target)] : gatewayAlarms(this, target);
  }
}

const MINUTE = Duration.minutes(1);
/** Percent of the packets. AWS names this bound. */
const DROPPED_PERCENT = 0.01;

function gatewayAlarms(scope: Construct, { natGatewayId }: { readonly natGatewayId: string }): cloudwatch.Alarm[] {
  const sum = (metricName: string) =>
    new cloudwatch.Metric({
      namespace: 'AWS/NATGateway',
      metricName,
      dimensionsMap: { NatGatewayId: natGatewayId },
      statistic: cloudwatch.Stats.SUM,
      period: MINUTE,
    });
  return [
    new cloudwatch.Alarm(scope, 'PortAllocation', {
      metric: sum('ErrorPortAllocation'),
      threshold: 1,
      evaluationPeriods: 15,
      datapointsToAlarm: 5,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        'The NAT gateway had no source port for a connection in 5 of 15 minutes, so connections to the internet failed. ' +
        'First look: ActiveConnectionCount of the gateway, and which client opens so many connections to one destination.',
    }),
    new cloudwatch.Alarm(scope, 'PacketsDropped', {
      metric: new cloudwatch.MathExpression({
        expression: 'IF(fromSource + fromDestination > 0, 100 * dropped / (fromSource + fromDestination), 0)',
        usingMetrics: {
          dropped: sum('PacketsDropCount'),
          fromSource: sum('PacketsInFromSource'),
          fromDestination: sum('PacketsInFromDestination'),
        },
        period: MINUTE,
        label: 'Dropped packets in percent',
      }),
      threshold: DROPPED_PERCENT,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: 5,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `The NAT gateway dropped more than ${DROPPED_PERCENT} % of the packets in each of 5 minutes. ` +
        'First look: the AWS Health Dashboard, then the bytes and packets of the gateway against its limits.',
    }),
  ];
}

function instanceFailed(scope: Construct, { instanceId }: { readonly instanceId: string }): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, 'InstanceFailed', {
    metric: new cloudwatch.Metric({
      namespace: 'AWS/EC2',
      metricName: 'StatusCheckFailed',
      dimensionsMap: { InstanceId: instanceId },
      statistic: cloudwatch.Stats.SUM,
      period: MINUTE,
    }),
    threshold: 1,
    evaluationPeriods: 5,
    datapointsToAlarm: 5,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    alarmDescription:
      'The NAT instance failed its status checks, or reported none, for 5 minutes, so the private subnets have no internet. ' +
      'First look: the state of the instance in EC2, and whether a deployment is replacing it.',
  });
}
