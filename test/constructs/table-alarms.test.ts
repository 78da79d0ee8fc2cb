import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { TableAlarms } from '../../lib/constructs/table-alarms';

const stack = new Stack(new App(), 'Test');
const table = new dynamodb.Table(stack, 'Table', {
  partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
});
const { alarms } = new TableAlarms(stack, 'Alarms', { table, operation: dynamodb.Operation.UPDATE_ITEM });
const template = Template.fromStack(stack);
const tableName = { Name: 'TableName', Value: { Ref: Match.stringLikeRegexp('^Table') } };

/** Names and dimensions from the page on metrics in the developer guide of DynamoDB. */
test.each([
  ['throttled reads of the table', 'ReadThrottleEvents', [tableName]],
  ['throttled writes to the table', 'WriteThrottleEvents', [tableName]],
  ['system errors of one operation', 'SystemErrors', [{ Name: 'Operation', Value: 'UpdateItem' }, tableName]],
])('goes off for %s in 3 of 5 minutes, and is over when there are none', (_, MetricName, Dimensions) => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: [
      Match.objectLike({ Expression: 'FILL(events, 0)' }),
      Match.objectLike({
        Id: 'events',
        MetricStat: { Metric: { Namespace: 'AWS/DynamoDB', MetricName, Dimensions }, Period: 60, Stat: 'Sum' },
      }),
    ],
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    DatapointsToAlarm: 3,
    EvaluationPeriods: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('lists all alarms, each on one metric and with the first thing to look at in its description', () => {
  expect(alarms.map(({ node }) => node.id)).toEqual(['ReadThrottles', 'WriteThrottles', 'SystemErrors']);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    Metrics: [Match.anyValue(), Match.objectLike({ Id: 'events' })],
    AlarmDescription: Match.stringLikeRegexp('First look: '),
  });
});
