import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Ticker, TickerProps } from '../../lib/constructs/ticker';

function synthesize(props: (stack: Stack) => Partial<TickerProps> = () => ({})): Template {
  const stack = new Stack(new App(), 'Test');
  const code = lambda.Code.fromInline('exports.handler = async () => {};');
  new Ticker(stack, 'Ticker', { code, everySeconds: 5, scheduled: true, ...props(stack) });
  return Template.fromStack(stack);
}

const scheduled = synthesize();
const unscheduled = synthesize(() => ({ scheduled: false }));

test('starts a run every minute, and none of them again', () => {
  scheduled.hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'rate(1 minute)',
    State: 'ENABLED',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: Match.objectLike({
      Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TickerFunction'), 'Arn'] },
      RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
    }),
  });
  scheduled.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 60,
  });
});

test('lets the schedule of this account invoke the function, and nothing else', () => {
  scheduled.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: Match.objectLike({
      Statement: [
        {
          Action: 'sts:AssumeRole',
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    }),
    Policies: [
      Match.objectLike({
        PolicyDocument: Match.objectLike({
          Statement: [
            {
              Action: 'lambda:InvokeFunction',
              Effect: 'Allow',
              Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TickerFunction'), 'Arn'] },
            },
          ],
        }),
      }),
    ],
  });
  scheduled.resourceCountIs('AWS::Lambda::Permission', 0);
  expect(JSON.stringify(scheduled.toJSON())).not.toContain(':*');
});

test('without a schedule has none, nor its role', () => {
  unscheduled.resourceCountIs('AWS::Scheduler::Schedule', 0);
  unscheduled.resourceCountIs('AWS::IAM::Role', 1);
});

test('has a function outside of VPCs that outlives its run of a minute', () => {
  scheduled.hasResourceProperties('AWS::Lambda::Function', {
    VpcConfig: Match.absent(),
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: 512,
    Timeout: 90,
    TracingConfig: { Mode: 'Active' },
    Environment: { Variables: { EVERY_SECONDS: '5', RUN_SECONDS: '60' } },
  });
});

test('logs at level INFO to a group of its own, because metrics are lines of that level', () => {
  scheduled.hasResourceProperties('AWS::Lambda::Function', {
    LoggingConfig: {
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
      LogGroup: { Ref: Match.stringLikeRegexp('^TickerLogs') },
    },
  });
});

test('takes the rest of its environment, memory, runtime and log group', () => {
  const template = synthesize((stack) => ({
    environment: { TABLE_NAME: 'table' },
    memorySize: 1024,
    runtime: lambda.Runtime.NODEJS_22_X,
    logGroup: logs.LogGroup.fromLogGroupName(stack, 'Shared', 'shared'),
  }));
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { TABLE_NAME: 'table', EVERY_SECONDS: '5', RUN_SECONDS: '60' } },
    MemorySize: 1024,
    Runtime: 'nodejs22.x',
    LoggingConfig: Match.objectLike({ LogGroup: 'shared' }),
  });
  template.resourceCountIs('AWS::Logs::LogGroup', 0);
});

test.each([1, 60])('takes a tick every %p seconds', (everySeconds) => {
  expect(() => synthesize(() => ({ everySeconds }))).not.toThrow();
});

test.each([0, 7, 1.5, 61, Number.NaN])('refuses a tick every %p seconds', (everySeconds) => {
  expect(() => synthesize(() => ({ everySeconds }))).toThrow(
    `everySeconds: must be a whole number that 60 can be divided by, got ${everySeconds}.`,
  );
});

test('refuses memory that Lambda has not got', () => {
  expect(() => synthesize(() => ({ memorySize: 64 }))).toThrow('memorySize: must be a whole number from 128 to 10240');
});
