// Kumiki 0.2.0, ticker-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface TickerAlarmsProps {
  /** Function that ticks. Its metrics are those of the whole function, not of an alias. */
  readonly function: lambda.IFunction;
  /** True if a schedule starts the function every minute. Otherwise a minute without runs is no reason for an alarm. */
  readonly scheduled: boolean;
  /**
   * Namespace in which the function counts the messages that it gave up, as the metric `Failed` of the dimension
   * `FunctionName`.
   */
  readonly metricNamespace: string;
}

/**
 * Alarms on a function that ticks: runs that fail, messages that are given up and, with a schedule, runs that Lambda refuses
 * and silence.
 *
 * - `Silent` is the alarm on the schedule: if EventBridge Scheduler cannot invoke the function, or somebody disables the
 *   schedule, Lambda counts no invocation. The metrics of EventBridge Scheduler (`AWS/Scheduler`) would not notice a disabled
 *   schedule, and have the dimension `ScheduleGroup` only: a schedule in the default group shares them with all others there.
 * - `Throttles`: the schedule invokes the function asynchronously. Lambda accepts the event and drops it after its maximum age
 *   if no concurrency is free until then. AsyncEventsDropped would count the drops, but also every failed run of a function
 *   without retries, which `Errors` counts already.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
 *
 * @example
 * ```ts
 * const ticker = new Ticker(this, 'Ticker', { code, interval: Duration.seconds(5), scheduled: true });
 * new TickerAlarms(this, 'Alarms', { function: ticker.function, scheduled: true, metricNamespace: 'Shop/Ticker' });
 * ```
 */
export class TickerAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Undefined unless `scheduled`. */
  readonly silent?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: TickerAlarmsProps) {
    super(scope, id);
    const { function: fn, scheduled, metricNamespace } = props;
    const perMinute = { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) };
    const failed = new cloudwatch.Metric({
      ...perMinute,
      namespace: metricNamespace,
      metricName: 'Failed',
      dimensionsMap: { FunctionName: fn.functionName },
    });
    const alarm = (id: string, metric: cloudwatch.Metric, options: Partial<cloudwatch.AlarmProps>) =>
      new cloudwatch.Alarm(this, id, {
        metric,
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        ...options,
      });

    const always = [
      alarm('Errors', fn.metricErrors(perMinute), {
        alarmDescription:
          "Runs failed or left out a period in 3 of 5 minutes. First look: level ERROR in the function's log group (where a period took too long, its memory), then platform.report lines with status timeout or error.",
      }),
      alarm('Failed', failed, {
        alarmDescription:
          'Messages to connections that are there were given up in 3 of 5 minutes. First look: the reasons in lines of level WARN. No time left means more connections than its memory serves; LimitExceeded a throttle, or a client that does not read.',
      }),
    ];
    if (!scheduled) {
      this.alarms = always;
      return;
    }
    this.silent = alarm('Silent', fn.metricInvocations(perMinute), {
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      // The schedule starts a run for each minute, but not always within that minute.
      datapointsToAlarm: 5,
      // Breaching, because Lambda reports nothing without invocations. A new alarm therefore goes off until the first
      // run, a minute later.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      alarmDescription:
        'No run was started for 5 minutes, or the schedule is new and its first run is to come. ' +
        'First look: the state of the schedule, its role, and Throttles of the function.',
    });
    const throttles = alarm('Throttles', fn.metricThrottles(perMinute), {
      alarmDescription:
        'Lambda had no concurrency left for a run in 3 of 5 minutes, and drops a run that waits for too long. ' +
        "First look: ConcurrentExecutions against the account's quota, and the reserved concurrency of the function.",
    });
    this.alarms = [...always, this.silent, throttles];
  }
}
