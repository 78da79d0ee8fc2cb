import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

/** What a stage says about itself: `Stage` of a REST API (aws-apigateway) or `HttpStage` of an HTTP API (aws-apigatewayv2). */
export interface ApiStage {
  metricServerError(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricCount(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

export interface ApiAlarmsProps {
  /** Stage of the API whose callers should get answers. */
  readonly stage: ApiStage;

  /**
   * Answers of status 5XX in five minutes below which nobody is called, however few requests there were.
   *
   * @default 5
   * @throws unless it is a whole number of at least 1
   */
  readonly minErrors?: number;
}

/**
 * An alarm on what callers of a REST or HTTP API get: answers of status 5XX, whoever gave them, API Gateway, a function or
 * what is behind a VPC link. Lambda counts a 5XX that the code returns as a success, so no alarm on the function sees it.
 *
 * Both a number and a share of the requests are needed: the first stray error of a quiet hour is 100 % of its requests,
 * and in a busy one five errors are nothing. Where nobody asks API Gateway reports nothing, which is good news here; that
 * a backend is down while nobody asks, its own alarms have to say.
 *
 * The metrics are those of the stage, free of charge: `AWS/ApiGateway` with `ApiName` and `Stage` (5XXError, Count) for a
 * REST API, whose name therefore has to be its own in account and region, with `ApiId` and `Stage` (5xx, Count) for an HTTP
 * API. Requests are the number of samples of Count.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 */
export class ApiAlarms extends Construct {
  /** Every alarm that this construct made, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: ApiAlarmsProps) {
    super(scope, id);
    const { stage, minErrors = 5 } = props;
    if (!(Number.isInteger(minErrors) && minErrors >= 1)) {
      throw new Error(
        `minErrors: must be a whole number of at least 1, got ${minErrors}. With 1, each stray error calls somebody.`,
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

/** The share that a service loses whose redundancy works, and no more. */
const ERROR_PERCENT = 5;
