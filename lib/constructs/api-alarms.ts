// Kumiki 0.1.0, api-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

/** A stage with metrics: `Stage` of a REST API (aws-apigateway) or `HttpStage` of an HTTP API (aws-apigatewayv2). */
export interface IApiStage {
  metricServerError(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricCount(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

export interface ApiAlarmsProps {
  /** Stage of the API. */
  readonly stage: IApiStage;

  /**
   * Number of 5XX answers in five minutes below which the alarm never goes off, however large their share is.
   *
   * @default 5
   * @throws unless it is a whole number of at least 1
   */
  readonly minErrors?: number;
}

/**
 * An alarm on answers of status 5XX of a REST or HTTP API, from API Gateway, a function or a backend behind a VPC link. Lambda
 * counts a 5XX that the code returns as a success, so an alarm on the function does not notice these answers.
 *
 * The alarm needs both a number and a share of errors, because one stray error in a quiet hour is 100 % of the requests, and
 * five errors in a busy hour are few. API Gateway reports nothing without requests, so missing data is not breaching. An outage
 * of the backend without requests needs an alarm on the backend.
 *
 * The metrics are those of the stage, free of charge: `AWS/ApiGateway` with `ApiName` and `Stage` (5XXError, Count) for a
 * REST API, whose name therefore has to be unique in account and region, and with `ApiId` and `Stage` (5xx, Count) for an
 * HTTP API. The number of requests is the number of samples of Count.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 *
 * @example
 * ```ts
 * new ApiAlarms(this, 'Alarms', { stage, minErrors: 10 });
 * ```
 */
export class ApiAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: ApiAlarmsProps) {
    super(scope, id);
    const { stage, minErrors = 5 } = props;
    if (!(Number.isInteger(minErrors) && minErrors >= 1)) {
      throw new Error(
        `minErrors: must be a whole number of at least 1, got ${minErrors}. Give 5, or 1 for an alarm on each stray error.`,
      );
    }
    this.alarms = [
      new cloudwatch.Alarm(this, 'ServerErrors', {
        metric: new cloudwatch.MathExpression({
          expression: `IF(errors >= ${minErrors}, 100 * errors / requests, 0)`,
          usingMetrics: {
            errors: stage.metricServerError({ statistic: cloudwatch.Stats.SUM }),
            requests: stage.metricCount({ statistic: cloudwatch.Stats.SAMPLE_COUNT }),
          },
          period: Duration.minutes(5),
          label: 'Answers of status 5XX in percent',
        }),
        threshold: ERROR_PERCENT,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription:
          `More than ${ERROR_PERCENT} % of the answers, and at least ${minErrors}, were of status 5XX within 5 minutes. ` +
          "First look: the API's access log for status, integration status and error; then the alarms of what is behind it.",
      }),
    ];
  }
}

/** Share of errors, in percent, that a service with working redundancy does not exceed. */
const ERROR_PERCENT = 5;
