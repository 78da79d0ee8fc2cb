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
])('goes off for %s in 3 of 5 minutes, and not while nobody is connected', (_, MetricName) => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName,
    Namespace: 'AWS/ApiGateway',
    Dimensions: [
      { Name: 'ApiId', Value: { Ref: Match.stringLikeRegexp('^Api') } },
      { Name: 'Stage', Value: 'v1' },
    ],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
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
