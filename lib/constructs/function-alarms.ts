import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface FunctionAlarmsProps {
  /** Alias that callers use. Only what is invoked through it counts. */
  readonly alias: lambda.Alias;
  /** Timeout of the function. */
  readonly timeout: Duration;
  /** Whether the alias has provisioned concurrency. Without it, its two metrics do not exist, and no alarm on them does. */
  readonly provisioned: boolean;
}

/**
 * Alarms on an alias: errors, throttles, duration near the timeout, and what outgrows provisioned concurrency.
 *
 * All use the dimensions `FunctionName` and `Resource` (`<function>:<alias>`), under which Lambda reports invocations by
 * alias. Lambda reports nothing in a minute without invocations, so missing data is good news.
 *
 * Errors are what Lambda counts: an exception, a timeout, out of memory, a failed start. A response of status 500 that
 * the code returns is a success to Lambda: the API counts it as 5XX.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export class FunctionAlarms extends Construct {
  /** Every alarm that this construct made, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);
    const { alias, timeout, provisioned } = props;
    const minute = Duration.minutes(1);
    const nearTimeout = Math.round(0.8 * timeout.toMilliseconds());

    const alarm = (id: string, options: cloudwatch.AlarmProps): cloudwatch.Alarm =>
      new cloudwatch.Alarm(this, id, { treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, ...options });

    this.alarms = [
      alarm('Errors', {
        metric: errorRate(alias),
        threshold: ERROR_PERCENT,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        alarmDescription:
          `More than ${ERROR_PERCENT} % of the invocations failed within 5 minutes. ` +
          "First look: level ERROR in the function's log group, then platform.report lines with status timeout or error.",
      }),
      alarm('Throttles', {
        metric: alias.metricThrottles({ statistic: cloudwatch.Stats.SUM, period: minute }),
        threshold: 1,
        evaluationPeriods: 1,
        alarmDescription:
          'Lambda refused invocations: no concurrency was left. ' +
          "First look: ConcurrentExecutions against the account's quota, and what else in the account uses it.",
      }),
      alarm('Duration', {
        metric: alias.metricDuration({ statistic: cloudwatch.Stats.percentile(99), period: minute }),
        threshold: nearTimeout,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        alarmDescription:
          `The slowest 1 % took ${nearTimeout} ms or more in 3 of 5 minutes, with a timeout of ${timeout.toMilliseconds()} ms. ` +
          'First look: the X-Ray trace map, for what the function waits for.',
      }),
      ...(provisioned
        ? [
            // One burst that is over before target tracking has reacted (3 minutes) is no reason to call anybody.
            alarm('Spillover', {
              metric: alias.metric('ProvisionedConcurrencySpilloverInvocations', {
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
            // The average of what each invocation found, as target tracking uses it: a single environment reads 100 %
            // whenever it works, and tracking has had the time to add one. (At a maximum of 1 it has none to add.)
            alarm('Utilization', {
              metric: alias.metric('ProvisionedConcurrencyUtilization', {
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
/** Share in use; the highest target of target tracking is 0.9 too. */
const UTILIZATION = 0.9;

/** Errors per 100 invocations in 5 minutes; 0 when there was none, so that it never divides by zero. */
function errorRate(alias: lambda.Alias): cloudwatch.MathExpression {
  const period = Duration.minutes(5);
  return new cloudwatch.MathExpression({
    expression: 'IF(invocations > 0, 100 * errors / invocations, 0)',
    usingMetrics: {
      errors: alias.metricErrors({ statistic: cloudwatch.Stats.SUM }),
      invocations: alias.metricInvocations({ statistic: cloudwatch.Stats.SUM }),
    },
    period,
    label: 'Errors in percent',
  });
}
