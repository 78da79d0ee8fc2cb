import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { WebSocketAlarms } from '../../lib/constructs/websocket-alarms';

const stack = new Stack(new App(), 'Test');
const handler = new lambda.Function(stack, 'Handler', {
  code: lambda.Code.fromInline('exports.handler = async () => {};'),
  handler: 'index.handler',
  runtime: lambda.Runtime.NODEJS_24_X,
});
const { alarms } = new WebSocketAlarms(stack, 'Alarms', { handler, metricNamespace: 'Test/Sessions' });
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

test('lists all alarms, each with the first thing to look at in its description', () => {
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('First look: '),
  });
});
