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
  Aspects.of(stack).add(new AlarmActions({ topicArn: TOPIC, others: new Map() }));
  return actionsOf(stack, type);
}

function actionsOf(stack: Stack, type: string): object[] {
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

test.each<[string, string | undefined, object]>([
  ['with another topic sends to that topic only', OTHER, { alarm: [OTHER], ok: [OTHER] }],
  ['without a topic sends nothing', undefined, { alarm: undefined, ok: undefined }],
])('an alarm %s', (_, other, expected) => {
  const stack = new Stack(new App(), 'Stack');
  const others = new Map([[alarmOf(stack), other]]);
  Aspects.of(stack).add(new AlarmActions({ topicArn: TOPIC, others }));
  expect(actionsOf(stack, 'AWS::CloudWatch::Alarm')).toEqual([expected]);
});

test('alarms send nothing where nobody receives messages', () => {
  const stack = new Stack(new App(), 'Stack');
  alarmOf(stack);
  Aspects.of(stack).add(new AlarmActions({ others: new Map() }));
  expect(actionsOf(stack, 'AWS::CloudWatch::Alarm')).toEqual([{ alarm: undefined, ok: undefined }]);
});
