import { App, Aspects, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { AlarmTopic } from '../lib/constructs/alarm-topic';
import { UsersAffected } from '../lib/constructs/users-affected';
import { RunbookLinks } from '../lib/runbook-links';

function descriptions(links: RunbookLinks, create: (stack: Stack) => void): unknown[] {
  const stack = new Stack(new App(), 'Stack');
  create(stack);
  Aspects.of(stack).add(links);
  return Object.values<{ Type: string; Properties?: Record<string, unknown> }>(
    Template.fromStack(stack).toJSON()['Resources'],
  )
    .filter(({ Type }) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(Type))
    .map(({ Properties }) => Properties?.['AlarmDescription']);
}

function alarmOf(scope: Construct, alarmDescription?: string): cloudwatch.Alarm {
  const metric = new cloudwatch.Metric({ namespace: 'Test', metricName: 'Failed', period: Duration.minutes(1) });
  return new cloudwatch.Alarm(scope, 'NoHealthyTarget', {
    metric,
    threshold: 1,
    evaluationPeriods: 1,
    alarmDescription,
  });
}

const topic = (stack: Stack) => new AlarmTopic(stack, 'Topic', { emails: ['on-call@example.com'] });

test('an alarm leads to the page of its construct and to the heading of its id', () => {
  expect(descriptions(new RunbookLinks(), topic)).toEqual([
    expect.stringMatching(/^SNS could not .* exists\. Runbook: docs\/runbooks\/notifications\.md#undelivered$/),
  ]);
});

test('the id of an alarm becomes a heading in words', () => {
  const create = (stack: Stack) => alarmOf(topic(stack));
  expect(descriptions(new RunbookLinks(), create)).toContain(
    'Runbook: docs/runbooks/notifications.md#no-healthy-target',
  );
});

test('composite alarms lead to their runbook, too', () => {
  const create = (stack: Stack) => new UsersAffected(stack, 'Users', { alarms: [alarmOf(stack, 'Child.')] });
  expect(descriptions(new RunbookLinks(), create)).toEqual([
    'Child.',
    expect.stringMatching(/^Users are affected now.* Runbook: docs\/runbooks\/users-affected\.md#users-affected$/),
  ]);
});

test('the runbooks may be in a wiki, with or without a slash at the end of the URL', () => {
  for (const base of ['https://wiki.example.com/kumiki', 'https://wiki.example.com/kumiki/']) {
    expect(descriptions(new RunbookLinks(base), topic)).toEqual([
      expect.stringContaining(' Runbook: https://wiki.example.com/kumiki/notifications.md#undelivered'),
    ]);
  }
});

test('fails for a description that CloudWatch would refuse, because the URL is too long', () => {
  const links = new RunbookLinks(`https://wiki.example.com/${'x'.repeat(900)}`);
  expect(() => descriptions(links, topic)).toThrow(
    'runbookUrl: must be short enough for a description of 1024 characters, got 1',
  );
});

test('an alarm without a runbook keeps its description', () => {
  expect(descriptions(new RunbookLinks(), (stack) => alarmOf(stack, 'Child.'))).toEqual(['Child.']);
});
