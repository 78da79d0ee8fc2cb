import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { WebSocketSessions, WebSocketSessionsProps } from '../../lib/constructs/websocket-sessions';

const code = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });');

function synthesize(
  props: (stack: Stack) => Partial<WebSocketSessionsProps> = () => ({}),
  use?: (sessions: WebSocketSessions, stack: Stack) => void,
): Template {
  const stack = new Stack(new App(), 'Test');
  const sessions = new WebSocketSessions(stack, 'Sessions', {
    stageName: 'v1',
    code,
    actions: ['subscribe', 'unsubscribe'],
    throttle: { rate: 50, burst: 100 },
    ...props(stack),
  });
  use?.(sessions, stack);
  return Template.fromStack(stack);
}

const basic = synthesize();

/** Properties of the routes by their keys. */
function routes(template: Template): Record<string, Record<string, unknown>> {
  const all = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));
  return Object.fromEntries(all.map(({ Properties }) => [Properties.RouteKey, Properties]));
}

test('has a route for each action, chosen by the message, and one for other messages', () => {
  basic.hasResourceProperties('AWS::ApiGatewayV2::Api', {
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.action',
  });
  expect(Object.keys(routes(basic)).sort()).toEqual([
    '$connect',
    '$default',
    '$disconnect',
    'subscribe',
    'unsubscribe',
  ]);
});

test('returns the answer of the handler to a message, which a WebSocket API does not do by default', () => {
  const answering = Object.values(routes(basic)).filter((route) => route['RouteResponseSelectionExpression']);
  expect(answering.map((route) => route['RouteKey']).sort()).toEqual(['$default', 'subscribe', 'unsubscribe']);
  basic.resourceCountIs('AWS::ApiGatewayV2::RouteResponse', 3);
});

test('requires a signature at $connect', () => {
  expect(routes(basic)['$connect']).toMatchObject({ AuthorizationType: 'AWS_IAM' });
});

test('accepts a ticket instead, which a function checks', () => {
  const template = synthesize((stack) => ({
    authorizer: new WebSocketLambdaAuthorizer(
      'Tickets',
      new lambda.Function(stack, 'Judge', { code, handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X }),
      { identitySource: ['route.request.querystring.ticket'] },
    ),
  }));
  expect(routes(template)['$connect']).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: expect.anything() });
  template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    AuthorizerType: 'REQUEST',
    IdentitySource: ['route.request.querystring.ticket'],
  });
});

test('measures only the stage and passes traces through, if asked to', () => {
  const template = synthesize(() => ({ detailedMetrics: false, tracing: lambda.Tracing.PASS_THROUGH }));
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    DefaultRouteSettings: Match.objectLike({ DetailedMetricsEnabled: false }),
  });
  template.hasResourceProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'PassThrough' } });
});

test('throttles every route and logs every event, without a wildcard in the ARN [A6, P13]', () => {
  basic.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: 'v1',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100, DetailedMetricsEnabled: true },
    AccessLogSettings: {
      DestinationArn: {
        'Fn::Join': ['', Match.arrayWith([':log-group:', { Ref: Match.stringLikeRegexp('AccessLog') }])],
      },
      Format: Match.stringLikeRegexp('"requestId":"\\$context.requestId".*"connectionId":"\\$context.connectionId"'),
    },
  });
});

test('creates the stage after every route, so that the first deployment has all routes', () => {
  const [stage] = Object.values(basic.findResources('AWS::ApiGatewayV2::Stage'));
  const ids = Object.keys(basic.findResources('AWS::ApiGatewayV2::Route'));
  expect(ids).toHaveLength(5);
  expect(stage?.['DependsOn']).toEqual(expect.arrayContaining(ids));
});

test('has a unique name', () => {
  basic.hasResourceProperties('AWS::ApiGatewayV2::Api', { Name: Match.stringLikeRegexp('^Test-Sessions-') });
});

test('has a handler outside of VPCs that logs JSON to a new log group and sends traces', () => {
  basic.hasResourceProperties('AWS::Lambda::Function', {
    VpcConfig: Match.absent(),
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: 256,
    Timeout: 10,
    TracingConfig: { Mode: 'Active' },
    LoggingConfig: {
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
      LogGroup: { Ref: Match.stringLikeRegexp('^SessionsLogs') },
    },
  });
  basic.resourceCountIs('AWS::Logs::LogGroup', 2);
});

test('uses the given memory, timeout, environment, runtime and log groups', () => {
  const template = synthesize((stack) => ({
    memorySize: 512,
    timeout: Duration.seconds(5),
    environment: { TABLE_NAME: 'table' },
    logLevel: 'WARN',
    runtime: lambda.Runtime.NODEJS_22_X,
    logGroup: logs.LogGroup.fromLogGroupName(stack, 'Shared', 'shared'),
    accessLogGroup: logs.LogGroup.fromLogGroupName(stack, 'Access', 'access'),
  }));
  template.hasResourceProperties('AWS::Lambda::Function', {
    MemorySize: 512,
    Timeout: 5,
    Runtime: 'nodejs22.x',
    Environment: { Variables: { TABLE_NAME: 'table' } },
    LoggingConfig: Match.objectLike({ ApplicationLogLevel: 'WARN', LogGroup: 'shared' }),
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    AccessLogSettings: Match.objectLike({
      DestinationArn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':log-group:access$')])] },
    }),
  });
  template.resourceCountIs('AWS::Logs::LogGroup', 0);
});

test('uses the role that it is given, and adds only the right to send traces', () => {
  const arn = 'arn:aws:iam::111122223333:role/Sessions';
  const template = synthesize((stack) => ({ role: iam.Role.fromRoleArn(stack, 'Own', arn) }));
  template.hasResourceProperties('AWS::Lambda::Function', { Role: arn });
  template.resourceCountIs('AWS::IAM::Role', 0);
  template.resourceCountIs('AWS::IAM::Policy', 1);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [Match.objectLike({ Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'] })],
    },
  });
});

test('grants to send to the connections of this stage, but neither to end them nor to send to those of another', () => {
  const template = synthesize(
    () => ({}),
    (sessions, stack) => {
      const assumedBy = new iam.ServicePrincipal('lambda.amazonaws.com');
      sessions.grantPost(new iam.Role(stack, 'Sender', { assumedBy }));
    },
  );
  const [policy] = Object.values(
    template.findResources('AWS::IAM::Policy', {
      Properties: { PolicyName: Match.stringLikeRegexp('^Sender') },
    }),
  );
  const [statement] = policy?.Properties.PolicyDocument.Statement ?? [];
  expect(statement.Action).toBe('execute-api:ManageConnections');
  expect(JSON.stringify(statement.Resource)).toMatch(/{"Ref":"SessionsApi\w+"},"\/v1\/POST\/@connections\/\*"/);
});

describe('fails with the property, the rule and the value', () => {
  test.each<[string, Partial<WebSocketSessionsProps>, string]>([
    ['no rate', { throttle: { rate: 0, burst: 1 } }, 'throttle.rate: must be at least 1, got 0.'],
    ['no burst', { throttle: { rate: 1, burst: Number.NaN } }, 'throttle.burst: must be at least 1, got NaN.'],
    [
      'a route of API Gateway',
      { actions: ['a', '$connect'] },
      'actions[1]: must be a word that occurs once, got "$connect".',
    ],
    ['an action twice', { actions: ['a', 'a'] }, 'actions[1]: must be a word that occurs once, got "a".'],
    ['too little memory', { memorySize: 64 }, 'memorySize: must be a whole number from 128 to 10240 (MiB), got 64.'],
    [
      'more time than the API waits',
      { timeout: Duration.seconds(30) },
      'timeout: must be a whole number from 1 to 29 (seconds), got 30.',
    ],
  ])('for %s', (_, props, message) => {
    expect(() => synthesize(() => props)).toThrow(message);
  });
});
