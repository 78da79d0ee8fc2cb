import { ArnFormat, Duration, Names, Stack } from 'aws-cdk-lib';
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
   * Code of the handler of all routes, bundled. The handler answers a message by what it returns as `body`. A message that
   * failed has an answer, too, so it is a success to Lambda: the handler should count failed messages as a metric.
   */
  readonly code: lambda.Code;
  /** Values of `action` in a message (JSON) that have a route, a throttle and log lines of their own. */
  readonly actions: readonly string[];
  /** New connections and messages a second, and the burst, over all clients of a route. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /**
   * Who may connect. A browser cannot sign headers: sign the query (SigV4) where it has credentials, or give a
   * `WebSocketLambdaAuthorizer` that reads a JWT or a ticket for one use from the query,
   * `identitySource: ['route.request.querystring.ticket']`. A WebSocket API knows no JWT authorizer of its own.
   *
   * @default IAM: `execute-api:Invoke` on `<api id>/<stage>/$connect`
   */
  readonly authorizer?: apigatewayv2.IWebSocketRouteAuthorizer;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /** MiB of the handler, 128 to 10240. @default 256 */
  readonly memorySize?: number;
  /** After which the handler is ended: 1 to 29 seconds, which is as long as the API waits. @default 10 seconds */
  readonly timeout?: Duration;
  /** Environment variables of the handler. @default none */
  readonly environment?: Record<string, string>;
  /** Least severe level of the handler's own lines that is logged. @default INFO */
  readonly logLevel?: keyof typeof lambda.ApplicationLogLevel;
  /** Where the handler logs to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
  /** Where the stage logs each event to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;
}

/**
 * A WebSocket API whose routes ($connect, $disconnect, one for each action, $default) are served by one function.
 *
 * - Authorisation is decided once, at $connect; API Gateway takes none for messages of a connection that is there.
 * - Stages of WebSocket APIs have neither logs nor throttles by default; this one has both. Execution logs stay off: they
 *   go to a log group that no stack owns, and what failed is in the access log. That one, too, needs the role through
 *   which API Gateway logs for the whole account (`AWS::ApiGateway::Account`) to be there before.
 * - The function is in no VPC: it calls DynamoDB, an AWS service, and reads nothing private. A VPC would add an
 *   interface to start with and a NAT gateway or endpoints to pay for, and take nothing away from what it may call.
 * - $disconnect is best effort, and no message comes of a connection that breaks: give what you store an expiry.
 *   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 * - A connection ends after 10 minutes without a message, and after 2 hours in any case; frames are up to 32 KiB.
 *   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export class WebSocketSessions extends Construct {
  readonly api: apigatewayv2.WebSocketApi;
  readonly stage: apigatewayv2.WebSocketStage;
  readonly handler: lambda.Function;

  /** @throws if a bound is out of its range, an action is named twice, or one begins with `$` */
  constructor(scope: Construct, id: string, props: WebSocketSessionsProps) {
    super(scope, id);
    const timeout = props.timeout ?? Duration.seconds(10);
    const memorySize = props.memorySize ?? 256;
    checkWhole('memorySize', memorySize, 128, 10_240, 'MiB');
    checkWhole('timeout', timeout.toSeconds({ integral: false }), 1, 29, 'seconds');
    for (const [name, value] of Object.entries(props.throttle)) {
      if (!(value >= 1)) {
        throw new Error(`throttle.${name}: must be at least 1, got ${value}. To refuse everybody, give an authorizer.`);
      }
    }
    for (const [index, action] of props.actions.entries()) {
      if (!/^\w+$/.test(action) || props.actions.indexOf(action) !== index) {
        throw new Error(
          `actions[${index}]: must be a word that is there once, got "${action}". Routes of API Gateway itself ($connect) are there anyway.`,
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
      environment: props.environment,
      tracing: lambda.Tracing.ACTIVE,
      logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel[props.logLevel ?? 'INFO'],
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
    });
    const integration = new WebSocketLambdaIntegration('Handler', this.handler);
    this.api = new apigatewayv2.WebSocketApi(this, 'Api', {
      // Has to tell APIs apart in the console.
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      connectRouteOptions: { integration, authorizer: props.authorizer ?? new WebSocketIamAuthorizer() },
      disconnectRouteOptions: { integration },
      defaultRouteOptions: { integration, returnResponse: true },
    });
    for (const action of props.actions) this.api.addRoute(action, { integration, returnResponse: true });

    const accessLog = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLog');
    this.stage = new apigatewayv2.WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: props.stageName,
      autoDeploy: true,
      throttle: { rateLimit: props.throttle.rate, burstLimit: props.throttle.burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        // The attribute Arn of a log group ends with `:*`, API Gateway returns it without: a drift for ever.
        destination: { bind: () => ({ destinationArn: arnOf(accessLog) }) },
        format: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // Routes are below the API: the first deployment has all of them, and no connection meets a stage that lacks one.
    this.stage.node.addDependency(this.api);
  }

  /** Lets somebody send messages to the connections of this stage, and do nothing else to them. */
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
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(
    `${property}: must be a whole number from ${min} to ${max} (${unit}), got ${value}. Change it to one in that range.`,
  );
}
