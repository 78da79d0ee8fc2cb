// Kumiki 0.2.0, table-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

export interface TableAlarmsProps {
  /** Table on demand or with provisioned capacity. Its indexes are not watched, because they have metrics of their own. */
  readonly table: dynamodb.ITable;
  /** Operation whose system errors are watched: the operation that callers use all the time. */
  readonly operation: dynamodb.Operation;
}

/**
 * Alarms on a DynamoDB table: throttled reads, throttled writes, and errors of DynamoDB itself.
 *
 * - A table on demand throttles, too: at the throughput of a partition, beyond double the previous peak within 30 minutes, and
 *   at the quota of a table. ReadThrottleEvents and WriteThrottleEvents have the dimension `TableName` alone. ThrottledRequests
 *   has `Operation` as well, so it would take an alarm for each operation.
 * - SystemErrors (HTTP 500) has the dimensions `TableName` and `Operation`. One operation stands for all: the cause is DynamoDB.
 * - Three of five minutes have to breach, because the SDK of AWS tries throttled and failed requests again.
 * - DynamoDB reports these metrics only when there are such events, so missing data is not breaching. AWS's user guide says that
 *   this setting replaces the default for DynamoDB, and AWS's API reference that CloudWatch always ignores missing data of
 *   DynamoDB: an alarm would stay in ALARM after its last event. Therefore each alarm fills missing data with 0. If the API
 *   reference is right, a new alarm stays in INSUFFICIENT_DATA until the first event.
 * - No alarm adds metrics up. One alarm for each metric has the same price, because AWS bills every metric of an alarm.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottlingOnDemand.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html (user guide)
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (TreatMissingData)
 *
 * @example
 * ```ts
 * const { table } = new SessionTable(this, 'Sessions');
 * new TableAlarms(this, 'Alarms', { table, operation: dynamodb.Operation.UPDATE_ITEM });
 * ```
 */
export class TableAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: TableAlarmsProps) {
    super(scope, id);
    const { table, operation } = props;
    const alarm = (id: string, metric: cloudwatch.Metric, alarmDescription: string) =>
      new cloudwatch.Alarm(this, id, {
        metric: new cloudwatch.MathExpression({
          expression: 'FILL(events, 0)',
          usingMetrics: { events: metric },
          period: Duration.minutes(1),
          label: metric.metricName,
        }),
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription,
      });
    const perMinute = { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) };
    const firstLook = (kind: 'Read' | 'Write') =>
      `First look: the metrics that name the cause, ${kind}KeyRangeThroughputThrottleEvents (a key that many requests share), ` +
      `${kind}AccountLimitThrottleEvents and ${kind}MaxOnDemandThroughputThrottleEvents.`;

    this.alarms = [
      alarm(
        'ReadThrottles',
        table.metric('ReadThrottleEvents', perMinute),
        `DynamoDB refused reads of the table in 3 of 5 minutes. ${firstLook('Read')}`,
      ),
      alarm(
        'WriteThrottles',
        table.metric('WriteThrottleEvents', perMinute),
        `DynamoDB refused writes to the table in 3 of 5 minutes. ${firstLook('Write')}`,
      ),
      alarm(
        'SystemErrors',
        table.metric('SystemErrors', {
          ...perMinute,
          dimensionsMap: { TableName: table.tableName, Operation: operation },
        }),
        `DynamoDB answered ${operation} with HTTP 500 in 3 of 5 minutes. First look: the AWS Health Dashboard for DynamoDB in the region.`,
      ),
    ];
  }
}
