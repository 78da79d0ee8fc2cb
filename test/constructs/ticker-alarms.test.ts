import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { TickerAlarms } from '../../lib/constructs/ticker-alarms';

function synthesize(scheduled: boolean): Template {
  const stack = new Stack(new App(), 'Test');
  const fn = new lambda.Function(stack, 'Function', {
    code: lambda.Code.fromInline('exports.handler = async () => {};'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  const { alarms, silent } = new TickerAlarms(stack, 'Alarms', {
    function: fn,
    scheduled,
    metricNamespace: 'Test/Ticker',
  });
  expect(silent?.node.id).toBe(scheduled ? 'Silent' : undefined);
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const scheduled = synthesize(true);

test.each([
  ['runs that fail', { Namespace: 'AWS/Lambda', MetricName: 'Errors' }],
  ['messages that are given up', { Namespace: 'Test/Ticker', MetricName: 'Failed' }],
])('goes off for %s in 3 of 5 minutes, and not without runs', (_, metric) => {
  scheduled.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...metric,
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Function') } }],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('goes off after 5 minutes without a run if there is a schedule, and treats missing data as no run', () => {
  scheduled.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/Lambda',
    MetricName: 'Invocations',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Function') } }],
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    DatapointsToAlarm: 5,
    EvaluationPeriods: 5,
    TreatMissingData: 'breaching',
  });
});

test('goes off for runs that Lambda has no concurrency for, in 3 of 5 minutes', () => {
  scheduled.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/Lambda',
    MetricName: 'Throttles',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Function') } }],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('has no alarm on silence or throttles without a schedule', () => {
  const metrics = Object.values(synthesize(false).findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties.MetricName,
  );
  expect(metrics).toEqual(['Errors', 'Failed']);
});

test('describes the first thing to look at in each alarm', () => {
  scheduled.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('First look: '),
  });
});
