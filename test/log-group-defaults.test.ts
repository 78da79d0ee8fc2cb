import { App, PropertyInjectors, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { LogGroupDefaults } from '../lib/log-group-defaults';

const FLAGS = { '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true };

/**
 * Retention in days and deletion policy of the only log group of a stack with the defaults 90 days and
 * RetainExceptOnCreate.
 */
function synthesize(create: (stack: Stack) => void): object {
  const stack = new Stack(new App({ context: FLAGS }), 'Stack');
  PropertyInjectors.of(stack).add(new LogGroupDefaults(90, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE));
  create(stack);
  const groups = Object.values(Template.fromStack(stack).findResources('AWS::Logs::LogGroup'));
  expect(groups).toHaveLength(1);
  return { days: groups[0]?.['Properties'].RetentionInDays, policy: groups[0]?.['DeletionPolicy'] };
}

test.each<[string, logs.LogGroupProps | undefined, object]>([
  ['without own properties gets both defaults', undefined, { days: 90, policy: 'RetainExceptOnCreate' }],
  [
    'keeps its own retention and removal policy',
    { retention: logs.RetentionDays.ONE_DAY, removalPolicy: RemovalPolicy.DESTROY },
    { days: 1, policy: 'Delete' },
  ],
  [
    'keeps its own retention and gets the default removal policy',
    { retention: logs.RetentionDays.ONE_DAY },
    { days: 1, policy: 'RetainExceptOnCreate' },
  ],
  [
    'keeps its own removal policy and gets the default retention',
    { removalPolicy: RemovalPolicy.DESTROY },
    { days: 90, policy: 'Delete' },
  ],
])('a log group %s', (_, props, expected) => {
  expect(synthesize((stack) => new logs.LogGroup(stack, 'Logs', props))).toEqual(expected);
});

test('the log group that the CDK creates for a function gets both defaults', () => {
  const create = (stack: Stack) =>
    new lambda.Function(stack, 'Function', {
      code: lambda.Code.fromInline('exports.handler = async () => {};'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
    });
  expect(synthesize(create)).toEqual({ days: 90, policy: 'RetainExceptOnCreate' });
});
