// Kumiki 0.2.0, function-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface FunctionAlarmsProps {
  /** Alias that callers invoke. Only invocations through the alias count. */
  readonly alias: lambda.IAlias;
  /** Timeout of the function. */
  readonly timeout: Duration;
  /**
   * True if the alias has provisioned concurrency. Otherwise the two metrics of provisioned concurrency do not exist, so no
   * alarms on them are created.
   */
  readonly provisioned: boolean;
}

/**
 * Alarms on an alias: errors, throttles, duration near the timeout, and load beyond the provisioned concurrency.
 *
 * All alarms use the dimensions `FunctionName` and `Resource` (`<function>:<alias>`), under which Lambda reports invocations
 * through an alias. Lambda reports nothing in a minute without invocations, so missing data is not breaching.
 *
 * Lambda counts as errors: an exception, a timeout, out of memory, a failed start. A response of status 500 that the code
 * returns is a success to Lambda; the API counts it as 5XX.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @example
 * ```ts
 * new FunctionAlarms(this, 'Alarms', { alias: live, timeout: Duration.seconds(5), provisioned: false });
 * ```
 */
export class FunctionAlarms extends Construct {
  /** Every alarm that this construct made, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Alarm on the slowest requests. A release of a new version can go back on it. */
  readonly duration: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);
    const { alias, timeout, provisioned } = props;
    const dimensions = dimensionsOf(alias);
    const minute = Duration.minutes(1);
    const nearTimeout = Math.round(0.8 * timeout.toMilliseconds());

    const alarm = (id: string, options: cloudwatch.AlarmProps): cloudwatch.Alarm =>
      new cloudwatch.Alarm(this, id, { treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, ...options });

    const errors = alarm('Errors', {
      metric: errorRate(alias),
      threshold: ERROR_PERCENT,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      alarmDescription:
        `More than ${ERROR_PERCENT} % of the invocations failed within 5 minutes. ` +
        "First look: level ERROR in the function's log group, then platform.report lines with status timeout or error.",
    });
    const throttles = alarm('Throttles', {
      metric: alias.metricThrottles({ ...dimensions, statistic: cloudwatch.Stats.SUM, period: minute }),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription:
        'Lambda refused invocations: no concurrency was left. ' +
        "First look: ConcurrentExecutions against the account's quota, and what else in the account uses it.",
    });
    this.duration = alarm('Duration', {
      metric: alias.metricDuration({ ...dimensions, statistic: cloudwatch.Stats.percentile(99), period: minute }),
      threshold: nearTimeout,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      alarmDescription:
        `The slowest 1 % took ${nearTimeout} ms or more in 3 of 5 minutes, with a timeout of ${timeout.toMilliseconds()} ms. ` +
        'First look: the X-Ray trace map, for what the function waits for.',
    });
    this.alarms = [
      errors,
      throttles,
      this.duration,
      ...(provisioned
        ? [
            // One burst that ends before target tracking reacts (3 minutes) is no reason for an alarm.
            alarm('Spillover', {
              metric: alias.metric('ProvisionedConcurrencySpilloverInvocations', {
                ...dimensions,
                statistic: cloudwatch.Stats.SUM,
                period: minute,
              }),
              threshold: 1,
              evaluationPeriods: 10,
              datapointsToAlarm: 5,
              alarmDescription:
                'Invocations started cold in 5 of 10 minutes, because all provisioned concurrency was in use. ' +
                'First look: whether the allocation is at its maximum; then raise provisionedConcurrency.max or schedule the load.',
            }),
            // The average over invocations, as target tracking uses it. A single environment reports 100 % whenever it works,
            // but after 15 minutes target tracking has had the time to add another (unless the maximum is 1).
            alarm('Utilization', {
              metric: alias.metric('ProvisionedConcurrencyUtilization', {
                ...dimensions,
                statistic: cloudwatch.Stats.AVERAGE,
                period: minute,
              }),
              threshold: UTILIZATION,
              comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
              evaluationPeriods: 15,
              datapointsToAlarm: 15,
              alarmDescription:
                `More than ${UTILIZATION * 100} % of the provisioned concurrency was in use for 15 minutes: autoscaling does not follow. ` +
                'First look: the scaling activities of the alias, and whether the allocation is at its maximum.',
            }),
          ]
        : []),
    ];
  }
}

const ERROR_PERCENT = 5;
/** Share in use. Target tracking accepts no higher target either. */
const UTILIZATION = 0.9;

/** The dimensions of an alias. An imported alias would report under `FunctionName` alone, which has no data. */
function dimensionsOf(alias: lambda.IAlias): cloudwatch.MetricOptions {
  const { functionName } = alias.version.lambda;
  return { dimensionsMap: { FunctionName: functionName, Resource: `${functionName}:${alias.aliasName}` } };
}

/** Errors per 100 invocations in 5 minutes; 0 without invocations, so that it never divides by zero. */
function errorRate(alias: lambda.IAlias): cloudwatch.MathExpression {
  const period = Duration.minutes(5);
  return new cloudwatch.MathExpression({
    expression: 'IF(invocations > 0, 100 * errors / invocations, 0)',
    usingMetrics: {
      errors: alias.metricErrors({ ...dimensionsOf(alias), statistic: cloudwatch.Stats.SUM }),
      invocations: alias.metricInvocations({ ...dimensionsOf(alias), statistic: cloudwatch.Stats.SUM }),
    },
    period,
    label: 'Errors in percent',
  });
}
