// Kumiki 0.1.0, websocket-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface WebSocketAlarmsProps {
  /** Function that serves the routes of the WebSocket API. Its metrics are those of the whole function, not of an alias. */
  readonly handler: lambda.IFunction;
  /**
   * Namespace in which the handler counts the messages that failed, as the metric `Failed` of the dimension `FunctionName`.
   */
  readonly metricNamespace: string;
}

/**
 * Alarms on the handler of a WebSocket API: errors, throttles, and messages that failed. Lambda counts a failed message as a
 * success, because the handler answers it.
 *
 * Two of five minutes have to breach, because one connection that breaks at the wrong time is no reason for an alarm. Lambda
 * reports nothing without invocations, so missing data is not breaching.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @example
 * ```ts
 * const throttle = { rate: 50, burst: 100 };
 * const actions = ['subscribe', 'unsubscribe'];
 * const sessions = new WebSocketSessions(this, 'Sessions', { code, stageName: 'v1', actions, throttle });
 * new WebSocketAlarms(this, 'Alarms', { handler: sessions.handler, metricNamespace: 'Shop/Sessions' });
 * ```
 */
export class WebSocketAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: WebSocketAlarmsProps) {
    super(scope, id);
    const { handler, metricNamespace } = props;
    const alarm = (id: string, metric: cloudwatch.Metric, alarmDescription: string) =>
      new cloudwatch.Alarm(this, id, {
        metric,
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 2,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription,
      });
    const perMinute = { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) };

    this.alarms = [
      alarm(
        'Errors',
        handler.metricErrors(perMinute),
        "Connections were refused or not taken down properly in 2 of 5 minutes. First look: level ERROR in the function's log group.",
      ),
      alarm(
        'Throttles',
        handler.metricThrottles(perMinute),
        "Lambda refused invocations in 2 of 5 minutes: no concurrency was left. First look: ConcurrentExecutions against the account's quota.",
      ),
      alarm(
        'Failed',
        new cloudwatch.Metric({
          ...perMinute,
          namespace: metricNamespace,
          metricName: 'Failed',
          dimensionsMap: { FunctionName: handler.functionName },
        }),
        "Messages were answered by `failed` in 2 of 5 minutes. First look: level ERROR in the function's log group, then throttles of the table.",
      ),
    ];
  }
}
