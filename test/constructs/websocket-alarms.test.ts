import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { WebSocketAlarms } from '../../lib/constructs/websocket-alarms';

const stack = new Stack(new App(), 'Test');
const handler = new lambda.Function(stack, 'Handler', {
  code: lambda.Code.fromInline('exports.handler = async () => {};'),
  handler: 'index.handler',
  runtime: lambda.Runtime.NODEJS_24_X,
});
const webSocketApi = new apigatewayv2.WebSocketApi(stack, 'Api');
const stage = new apigatewayv2.WebSocketStage(stack, 'Stage', { webSocketApi, stageName: 'v1' });
const metricNamespace = 'Test/Sessions';
const { alarms, connectErrors, integrationErrors } = new WebSocketAlarms(stack, 'Alarms', {
  handler,
  stage,
  metricNamespace,
});
const template = Template.fromStack(stack);

test.each([
  ['errors of the handler', 'Errors', 'AWS/Lambda'],
  ['throttles of the handler', 'Throttles', 'AWS/Lambda'],
  ['failed messages, which Lambda does not count as errors', 'Failed', 'Test/Sessions'],
])('goes off for %s in 2 of 5 minutes, and not while nobody is connected', (_, MetricName, Namespace) => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName,
    Namespace,
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Handler') } }],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 2,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
});

/** Names and dimensions from the page on metrics of WebSocket APIs in the developer guide. */
test.each([
  ['requests for which API Gateway could not invoke the handler', 'ExecutionError'],
  ['requests that the handler answered by an error', 'IntegrationError'],
])('goes off for %s, 5 a minute in 3 of 5 minutes, and not while nobody is connected', (_, MetricName) => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName,
    Namespace: 'AWS/ApiGateway',
    Dimensions: [
      { Name: 'ApiId', Value: { Ref: Match.stringLikeRegexp('^Api') } },
      { Name: 'Stage', Value: 'v1' },
    ],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('takes another number of errors a minute, also in the descriptions', () => {
  const other = new Stack(new App(), 'Other');
  new WebSocketAlarms(other, 'Alarms', {
    handler: lambda.Function.fromFunctionName(other, 'Imported', 'sessions'),
    stage: apigatewayv2.WebSocketStage.fromWebSocketStageAttributes(other, 'Stage', {
      stageName: 'v1',
      api: apigatewayv2.WebSocketApi.fromWebSocketApiAttributes(other, 'Api', { webSocketId: 'a1' }),
    }),
    metricNamespace,
    errorsPerMinute: 20,
  });
  const alarms = Object.values(Template.fromStack(other).findResources('AWS::CloudWatch::Alarm'));
  const ofStage = alarms.filter(({ Properties }) => Properties.Threshold === 20);
  expect(ofStage).toHaveLength(2);
  for (const { Properties } of ofStage) expect(Properties.AlarmDescription).toContain('20 ');
});

test.each([0, 1.5])('fails for %p errors a minute', (errorsPerMinute) => {
  expect(
    () => new WebSocketAlarms(new Stack(), 'Alarms', { handler, stage, metricNamespace, errorsPerMinute }),
  ).toThrow(`errorsPerMinute: must be a whole number of at least 1, got ${errorsPerMinute}. Give 5`);
});

test('does not watch what clients do: requests without a signature, and more than the throttle allows', () => {
  const metrics = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties.MetricName,
  );
  expect(metrics).not.toContain('ClientError');
});

test('names the alarms that say that users are affected', () => {
  expect([connectErrors, integrationErrors].map((alarm) => alarm?.node.id)).toEqual([
    'ConnectErrors',
    'IntegrationErrors',
  ]);
  expect(alarms).toEqual(expect.arrayContaining([connectErrors, integrationErrors]));
});

test('watches the handler alone if no stage is given', () => {
  const alone = new WebSocketAlarms(new Stack(new App(), 'Other'), 'Alarms', {
    handler: lambda.Function.fromFunctionName(stack, 'Imported', 'sessions'),
    metricNamespace,
  });
  expect(alone.alarms.map(({ node }) => node.id)).toEqual(['Errors', 'Throttles', 'Failed']);
  expect([alone.connectErrors, alone.integrationErrors]).toEqual([undefined, undefined]);
});

test('lists all alarms, each with the first thing to look at in its description', () => {
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('First look: '),
  });
});
