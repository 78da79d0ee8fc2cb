import { App, Aspects, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { AlarmActions } from '../lib/alarm-actions';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const OTHER = 'arn:aws:sns:us-east-1:123456789012:other';

/** The actions of all alarms of a resource type in a stack with a topic. */
function actions(type: string, create: (stack: Stack) => void): object[] {
  const stack = new Stack(new App(), 'Stack');
  create(stack);
  Aspects.of(stack).add(new AlarmActions(TOPIC, 'us-east-1'));
  return Object.values(Template.fromStack(stack).findResources(type)).map(({ Properties }) => ({
    alarm: Properties.AlarmActions,
    ok: Properties.OKActions,
  }));
}

function alarmOf(stack: Stack): cloudwatch.Alarm {
  return new cloudwatch.Metric({ namespace: 'Test', metricName: 'Failed' }).createAlarm(stack, 'Alarm', {
    threshold: 1,
    evaluationPeriods: 1,
  });
}

const PLAIN = { comparisonOperator: 'LessThanThreshold', evaluationPeriods: 1 };

test.each<[string, string, (stack: Stack) => void]>([
  ['an alarm', 'AWS::CloudWatch::Alarm', alarmOf],
  [
    'a composite alarm',
    'AWS::CloudWatch::CompositeAlarm',
    (stack) =>
      new cloudwatch.CompositeAlarm(stack, 'Composite', {
        alarmRule: cloudwatch.AlarmRule.fromAlarm(alarmOf(stack), cloudwatch.AlarmState.ALARM),
      }),
  ],
  ['the resource of an alarm', 'AWS::CloudWatch::Alarm', (stack) => new cloudwatch.CfnAlarm(stack, 'Plain', PLAIN)],
  [
    'the resource of a composite alarm',
    'AWS::CloudWatch::CompositeAlarm',
    (stack) => new cloudwatch.CfnCompositeAlarm(stack, 'Plain', { alarmRule: 'TRUE' }),
  ],
])('%s sends a message when it goes off and when it returns to OK', (_, type, create) => {
  expect(actions(type, create)).toEqual([{ alarm: [TOPIC], ok: [TOPIC] }]);
});

test.each<[string, (stack: Stack) => void]>([
  ['an alarm', (stack) => alarmOf(stack).addAlarmAction({ bind: () => ({ alarmActionArn: OTHER }) })],
  ['the resource of an alarm', (stack) => new cloudwatch.CfnAlarm(stack, 'Plain', { ...PLAIN, alarmActions: [OTHER] })],
])('%s keeps its other actions', (_, create) => {
  expect(actions('AWS::CloudWatch::Alarm', create)).toEqual([{ alarm: [OTHER, TOPIC], ok: [TOPIC] }]);
});

test.each(['alarms', 'arn:aws:sns:eu-west-1:123456789012:alarms', 'arn:aws:sns:us-east-1:123456789012:alarms.fifo'])(
  'fails for %s, because CloudWatch in us-east-1 cannot send to that topic',
  (topicArn) => {
    expect(() => new AlarmActions(topicArn, 'us-east-1')).toThrow(
      `alarmTopicArn: must be the ARN of a standard SNS topic of us-east-1, got "${topicArn}". Give an ARN such as`,
    );
  },
);
