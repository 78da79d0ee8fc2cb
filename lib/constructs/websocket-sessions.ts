// Kumiki 0.2.0, websocket-sessions.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Duration, Names, Stack, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface WebSocketSessionsProps {
  /** First segment of the URL. */
  readonly stageName: string;
  /**
   * Bundled code of the handler of all routes. The handler returns the answer to a message as `body`. Lambda counts a failed
   * message as a success, because it has an answer, too: the handler should count failed messages as a metric.
   */
  readonly code: lambda.Code;
  /** Values of `action` in a message (JSON). Each has a route, and so its own throttle and log lines. */
  readonly actions: readonly string[];
  /** Limit of new connections and messages per second, and the burst, over all clients of a route. Both at least 1. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /**
   * Authorizer of $connect. Browsers cannot sign headers: sign the query (SigV4) if the browser has credentials, or give a
   * `WebSocketLambdaAuthorizer` that reads a JWT or a one-time ticket from the query,
   * `identitySource: ['route.request.querystring.ticket']`. WebSocket APIs have no JWT authorizer.
   *
   * @default IAM: `execute-api:Invoke` on `<api id>/<stage>/$connect`
   */
  readonly authorizer?: apigatewayv2.IWebSocketRouteAuthorizer;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /** Memory of the handler in MiB, 128 to 10240. @default 256 */
  readonly memorySize?: number;
  /** Time after which Lambda ends the handler: 1 to 29 seconds, because the API waits no longer. @default Duration.seconds(10) */
  readonly timeout?: Duration;
  /**
   * Role of the handler. If the role is mutable, the right to send traces to X-Ray is added.
   *
   * @default a new role that may write logs and send traces
   */
  readonly role?: iam.IRole;
  /** Environment variables of the handler. @default none */
  readonly environment?: Record<string, string>;
  /** Minimum level of the handler's own log lines. @default INFO */
  readonly logLevel?: keyof typeof lambda.ApplicationLogLevel;
  /** Log group of the handler. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
  /**
   * Metrics of each route beside those of the stage. They are billed as custom metrics, for each hour in which a route is used.
   *
   * @default true
   */
  readonly detailedMetrics?: boolean;
  /**
   * `ACTIVE` lets Lambda choose which invocations X-Ray traces. With `PASS_THROUGH`, only a request that is traced already leads
   * to a trace. Traces are billed.
   *
   * @default Tracing.ACTIVE
   */
  readonly tracing?: lambda.Tracing;
  /** Log group with a line for each event of the stage. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;
}

/**
 * A WebSocket API whose routes ($connect, $disconnect, one for each action, $default) are served by one function.
 *
 * - Authorisation is decided once, at $connect. API Gateway does not authorise the messages of an open connection.
 * - Stages of WebSocket APIs have neither logs nor throttles by default; this stage has both. Execution logs stay off because
 *   their log group belongs to no stack, and the access log has the errors. The access log needs the role through which API
 *   Gateway logs for the whole account (`AWS::ApiGateway::Account`), which has to exist before the stage.
 * - The function is in no VPC: it calls DynamoDB, an AWS service, and reads nothing private. A VPC would add network interfaces,
 *   and the price of a NAT gateway or endpoints, without limiting the AWS services that the function can call.
 * - $disconnect is best effort, and a broken connection sends no message: give stored items an expiry.
 *   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 * - A connection ends after 10 minutes without a message, and after 2 hours in any case. A frame has at most 32 KiB.
 *   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 *
 * @example
 * ```ts
 * const sessions = new WebSocketSessions(this, 'Sessions', {
 *   stageName: 'v1',
 *   code,
 *   actions: ['subscribe', 'unsubscribe'],
 *   throttle: { rate: 50, burst: 100 },
 * });
 * sessions.grantPost(live);
 * new CfnOutput(this, 'Url', { value: sessions.stage.url });
 * ```
 */
export class WebSocketSessions extends Construct {
  readonly api: apigatewayv2.WebSocketApi;
  readonly stage: apigatewayv2.WebSocketStage;
  readonly handler: lambda.Function;
  readonly accessLogGroup: logs.ILogGroup;

  /** @throws if a value is out of range, an action is named twice, or an action is not a word */
  constructor(scope: Construct, id: string, props: WebSocketSessionsProps) {
    super(scope, id);
    const timeout = props.timeout ?? Duration.seconds(10);
    const memorySize = props.memorySize ?? 256;
    checkWhole('memorySize', memorySize, 128, 10_240, 'MiB');
    if (!timeout.isUnresolved()) checkWhole('timeout', timeout.toSeconds({ integral: false }), 1, 29, 'seconds');
    for (const [name, value] of Object.entries(props.throttle)) {
      if (!(value >= 1)) {
        throw new Error(
          `throttle.${name}: must be at least 1, got ${value}. To refuse all clients, give an authorizer.`,
        );
      }
    }
    for (const [index, action] of props.actions.entries()) {
      if (!/^\w+$/.test(action) || props.actions.indexOf(action) !== index) {
        throw new Error(
          `actions[${index}]: must be a word that occurs once, got "${action}". ` +
            'Leave out repeated words, and routes of API Gateway itself, such as $connect, which always exist.',
        );
      }
    }

    this.handler = new lambda.Function(this, 'Handler', {
      code: props.code,
      handler: 'index.handler',
      runtime: props.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize,
      timeout,
      role: props.role,
      environment: props.environment,
      tracing: props.tracing ?? lambda.Tracing.ACTIVE,
      logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel[props.logLevel ?? 'INFO'],
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
    });
    const integration = new WebSocketLambdaIntegration('Handler', this.handler);
    this.api = new apigatewayv2.WebSocketApi(this, 'Api', {
      // Distinguishes APIs in the console.
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      connectRouteOptions: { integration, authorizer: props.authorizer ?? new WebSocketIamAuthorizer() },
      disconnectRouteOptions: { integration },
      defaultRouteOptions: { integration, returnResponse: true },
    });
    for (const action of props.actions) this.api.addRoute(action, { integration, returnResponse: true });

    this.accessLogGroup = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLog');
    this.stage = new apigatewayv2.WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: props.stageName,
      autoDeploy: true,
      throttle: { rateLimit: props.throttle.rate, burstLimit: props.throttle.burst },
      detailedMetricsEnabled: props.detailedMetrics ?? true,
      accessLogSettings: {
        // The attribute Arn of a log group ends with `:*`. API Gateway returns the ARN without it, which is permanent drift.
        destination: { bind: () => ({ destinationArn: arnOf(this.accessLogGroup) }) },
        format: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // The routes are children of the API, so the first deployment contains all of them and no connection misses a route.
    this.stage.node.addDependency(this.api);
  }

  /** Grants to send messages to the connections of this stage, and nothing else. */
  grantPost(grantee: iam.IGrantable): iam.Grant {
    const connections = Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.api.apiId,
      resourceName: `${this.stage.stageName}/POST/@connections/*`,
    });
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:ManageConnections'],
      resourceArns: [connections],
    });
  }
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  connectionId: '$context.connectionId',
  event: '$context.eventType',
  route: '$context.routeKey',
  messageId: '$context.messageId',
  status: '$context.status',
  integrationStatus: '$context.integrationStatus',
  integrationLatencyMs: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
  authorizerError: '$context.authorizer.error',
};

function arnOf(logGroup: logs.ILogGroup): string {
  return Stack.of(logGroup).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroup.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

function checkWhole(property: string, value: number, min: number, max: number, unit: string): void {
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new Error(
    `${property}: must be a whole number from ${min} to ${max} (${unit}), got ${value}. Give one in that range.`,
  );
}
