import { App, Aspects, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as logs from 'aws-cdk-lib/aws-logs';
import { LogGroupPolicy } from '../lib/log-group-policy';

function synthesize(props: logs.LogGroupProps, removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE): object {
  const stack = new Stack(new App(), 'Stack');
  new logs.LogGroup(stack, 'Logs', props);
  Aspects.of(stack).add(new LogGroupPolicy(90, removalPolicy));
  const [group] = Object.values(Template.fromStack(stack).findResources('AWS::Logs::LogGroup'));
  return { days: group?.['Properties'].RetentionInDays, policy: group?.['DeletionPolicy'] };
}

test.each<[string, logs.LogGroupProps, object]>([
  ['that the CDK keeps for two years', {}, { days: 90, policy: 'RetainExceptOnCreate' }],
  [
    'whose events never expire',
    { retention: logs.RetentionDays.INFINITE },
    { days: 90, policy: 'RetainExceptOnCreate' },
  ],
  [
    'that its construct keeps for a day and deletes',
    { retention: logs.RetentionDays.ONE_DAY, removalPolicy: RemovalPolicy.DESTROY },
    { days: 1, policy: 'Delete' },
  ],
  [
    'that the CDK keeps for two years and deletes',
    { retention: logs.RetentionDays.TWO_YEARS, removalPolicy: RemovalPolicy.DESTROY },
    { days: 90, policy: 'RetainExceptOnCreate' },
  ],
  [
    'that its construct keeps for a day and retains',
    { retention: logs.RetentionDays.ONE_DAY },
    { days: 1, policy: 'RetainExceptOnCreate' },
  ],
])('where logs are retained, a log group %s', (_, props, expected) => {
  expect(synthesize(props)).toEqual(expected);
});

test('where nothing is retained, no log group is', () => {
  expect(synthesize({ removalPolicy: RemovalPolicy.RETAIN }, RemovalPolicy.DESTROY)).toEqual({
    days: 90,
    policy: 'Delete',
  });
});
