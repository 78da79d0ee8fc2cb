// Kumiki 0.2.0, websocket-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** A stage with metrics, such as `WebSocketStage` (aws-apigatewayv2). */
export interface IWebSocketStage {
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

export interface WebSocketAlarmsProps {
  /** Function that serves the routes of the WebSocket API. Its metrics are those of the whole function, not of an alias. */
  readonly handler: lambda.IFunction;
  /**
   * Namespace in which the handler counts the messages that failed, as the metric `Failed` of the dimension `FunctionName`.
   */
  readonly metricNamespace: string;
  /** Stage of the WebSocket API, whose own errors are watched, too. @default only the handler is watched */
  readonly stage?: IWebSocketStage;
  /**
   * Requests that API Gateway could not get served in one minute, for the alarms on the stage. With 1, a single connection that
   * sends wrong messages would set off an alarm that says that users are affected.
   *
   * @default 5
   * @throws unless it is a whole number of at least 1
   */
  readonly errorsPerMinute?: number;
}

/**
 * Alarms on a WebSocket API and its handler: errors, throttles, messages that failed, and with a stage also requests that API
 * Gateway could not get served. Lambda counts a failed message as a success, because the handler answers it.
 *
 * - `ConnectErrors` watches ExecutionError, "errors that occurred when calling the integration": API Gateway could not invoke
 *   the handler, for connections as for messages. Such a request may never reach Lambda, so the alarms on the handler miss it.
 * - `IntegrationErrors` watches IntegrationError, "requests that return a 4XX/5XX response from the integration". A handler
 *   that answers a client's mistake by 4XX sets this alarm off. Answer by 200 with an error in the body, as for messages.
 * - AWS's page does not say which of the two metrics counts an exception of the handler, so both are watched. A reader of the
 *   page saw an answer of status 400 counted as ClientError instead. Failures inside API Gateway may have no metric at all.
 *   https://github.com/awsdocs/amazon-api-gateway-developer-guide/issues/136
 * - No alarm watches ClientError, because it counts what clients do: 403 without a signature, 429 beyond the throttle.
 * - Metrics of the stage have the dimensions `ApiId` and `Stage`. Metrics of one route such as $connect are not used: AWS's
 *   page and AWS's list of metrics differ about their dimensions, so the alarm might never have data.
 *
 * Two of five minutes have to breach for the handler, because one connection that breaks at the wrong time is no reason for an
 * alarm. For the stage, three minutes with `errorsPerMinute` errors each have to breach, because these alarms say that users are
 * affected: fewer errors are noticed by `Errors` and `Failed`, if they reach the handler. Lambda and API Gateway report nothing
 * without connections, so missing data is not breaching.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-monitor.html (failures without a metric)
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @example
 * ```ts
 * const throttle = { rate: 50, burst: 100 };
 * const actions = ['subscribe', 'unsubscribe'];
 * const sessions = new WebSocketSessions(this, 'Sessions', { code, stageName: 'v1', actions, throttle });
 * const { handler, stage } = sessions;
 * new WebSocketAlarms(this, 'Alarms', { handler, stage, metricNamespace: 'Shop/Sessions' });
 * ```
 */
export class WebSocketAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Undefined without `stage`. */
  readonly connectErrors?: cloudwatch.Alarm;
  /** Undefined without `stage`. */
  readonly integrationErrors?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: WebSocketAlarmsProps) {
    super(scope, id);
    const { handler, metricNamespace, stage, errorsPerMinute = 5 } = props;
    if (!(Number.isInteger(errorsPerMinute) && errorsPerMinute >= 1)) {
      throw new Error(
        `errorsPerMinute: must be a whole number of at least 1, got ${errorsPerMinute}. Give 5, or more for a busy API.`,
      );
    }
    const alarm = (id: string, metric: cloudwatch.Metric, alarmDescription: string, rule = OFTEN) =>
      new cloudwatch.Alarm(this, id, {
        metric,
        ...rule,
        evaluationPeriods: 5,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription,
      });
    const perMinute = { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) };

    if (stage) {
      const lasting = { threshold: errorsPerMinute, datapointsToAlarm: 3 };
      this.connectErrors = alarm(
        'ConnectErrors',
        stage.metric('ExecutionError', perMinute),
        `API Gateway could not invoke the handler for ${errorsPerMinute} or more requests a minute in 3 of 5 minutes, so clients ` +
          'cannot connect and messages have no answer. ' +
          "First look: integration error in the API's access log; then Throttles and the permissions of the function.",
        lasting,
      );
      this.integrationErrors = alarm(
        'IntegrationErrors',
        stage.metric('IntegrationError', perMinute),
        `The handler answered API Gateway by 4XX or 5XX, or failed, for ${errorsPerMinute} or more requests a minute in 3 of 5 minutes. ` +
          "First look: route and integration status in the API's access log; then level ERROR in the function's log group.",
        lasting,
      );
    }
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
      ...[this.connectErrors, this.integrationErrors].filter((each) => each !== undefined),
    ];
  }
}

/** An error in each of two of five minutes. */
const OFTEN = { threshold: 1, datapointsToAlarm: 2 };
