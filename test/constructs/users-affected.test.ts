import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { UsersAffected, UsersAffectedProps } from '../../lib/constructs/users-affected';

/** A stack with alarms, and another stack with their composite alarm. */
function synthesize(count: number, props: Partial<UsersAffectedProps> = {}) {
  const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'weak' } });
  const parts = new Stack(app, 'Parts');
  const metric = new cloudwatch.Metric({ namespace: 'Test', metricName: 'Failed' });
  const alarms = Array.from({ length: count }, (_, index) =>
    metric.createAlarm(parts, `Alarm${index}`, { threshold: 1, evaluationPeriods: 1 }),
  );
  const stack = new Stack(app, 'Test');
  new UsersAffected(stack, 'Shop', { alarms, alarmName: 'Shop', ...props });
  const template = Template.fromStack(stack);
  const composites = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm')).map(
    ({ Properties }) => Properties,
  );
  return { composites, stack, parts };
}

/** The parts of a rule that are joined: texts, and references to alarms. */
function partsOf(rule: { readonly 'Fn::Join': readonly [string, readonly unknown[]] }): readonly unknown[] {
  return rule['Fn::Join'][1];
}

test('goes off when at least one of its alarms is in ALARM', () => {
  const { composites } = synthesize(2);
  expect(composites).toHaveLength(1);
  const alarm = { 'Fn::GetStackOutput': expect.objectContaining({ StackName: 'Parts' }) };
  expect(partsOf(composites[0].AlarmRule)).toEqual(['(ALARM("', alarm, '") OR ALARM("', alarm, '"))']);
});

test('is deployed after the stacks of its alarms, and destroyed before them', () => {
  const { stack, parts } = synthesize(2);
  expect(stack.dependencies).toEqual([parts]);
});

test('says in words what has happened, and what to look at first', () => {
  const [composite] = synthesize(1).composites;
  expect(composite).toMatchObject({
    AlarmName: 'Shop',
    AlarmDescription: expect.stringMatching(
      /^Users are affected now: .* First look: which child alarms are in ALARM, and their runbooks\.$/,
    ),
  });
});

test('takes another description', () => {
  const [composite] = synthesize(1, { alarmDescription: 'Nobody can buy.' }).composites;
  expect(composite.AlarmDescription).toBe('Nobody can buy.');
});

test.each([
  [38, 1],
  [39, 3],
  [100, 4],
])('the rules of %i alarms fit the limits of CloudWatch, with %i composite alarms', (count, expected) => {
  const { composites } = synthesize(count);
  expect(composites).toHaveLength(expected);
  for (const { AlarmRule } of composites) {
    const parts = partsOf(AlarmRule);
    const references = parts.filter((part) => typeof part !== 'string').length;
    expect(references).toBeLessThanOrEqual(100);
    // A name of an alarm has at most 255 characters.
    expect(parts.join('').length + 255 * references).toBeLessThanOrEqual(
      10_240 + '[object Object]'.length * references,
    );
  }
  expect(new Set(composites.map(({ AlarmName }) => AlarmName)).size).toBe(expected);
});

test.each([0, 1_445])('fails for %i alarms', (count) => {
  expect(() => synthesize(count)).toThrow(`alarms: must be 1 to 1444 alarms, got ${count}. Give the alarms that`);
});
