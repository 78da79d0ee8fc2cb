import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Ticker, TickerProps } from '../../lib/constructs/ticker';

function synthesize(props: (stack: Stack) => Partial<TickerProps> = () => ({})): Template {
  const stack = new Stack(new App(), 'Test');
  const code = lambda.Code.fromInline('exports.handler = async () => {};');
  new Ticker(stack, 'Ticker', { code, interval: Duration.seconds(5), scheduled: true, ...props(stack) });
  return Template.fromStack(stack);
}

const scheduled = synthesize();
const unscheduled = synthesize(() => ({ scheduled: false }));

test('starts a run every minute, and retries none', () => {
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

test('creates neither schedule nor its role if it is not scheduled', () => {
  unscheduled.resourceCountIs('AWS::Scheduler::Schedule', 0);
  unscheduled.resourceCountIs('AWS::IAM::Role', 1);
});

test('has a function outside of VPCs whose timeout exceeds its run of a minute', () => {
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

test('logs at level INFO to a new log group, because metrics are lines of that level', () => {
  scheduled.hasResourceProperties('AWS::Lambda::Function', {
    LoggingConfig: {
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
      LogGroup: { Ref: Match.stringLikeRegexp('^TickerLogs') },
    },
  });
});

test('uses the given environment, memory, runtime and log group', () => {
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

test('uses the role that it is given, and adds only the right to send traces', () => {
  const arn = 'arn:aws:iam::111122223333:role/Ticker';
  const template = synthesize((stack) => ({ scheduled: false, role: iam.Role.fromRoleArn(stack, 'Own', arn) }));
  template.hasResourceProperties('AWS::Lambda::Function', { Role: arn });
  template.resourceCountIs('AWS::IAM::Policy', 1);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [Match.objectLike({ Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'] })],
    },
  });
});

test.each([
  ['1', Duration.seconds(1)],
  ['60', Duration.minutes(1)],
])('passes an interval of %s seconds to the function', (EVERY_SECONDS, interval) => {
  synthesize(() => ({ interval })).hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { EVERY_SECONDS, RUN_SECONDS: '60' } },
  });
});

test.each([
  [0, Duration.seconds(0)],
  [7, Duration.seconds(7)],
  [1.5, Duration.millis(1_500)],
  [120, Duration.minutes(2)],
])('fails for an interval of %p seconds', (seconds, interval) => {
  expect(() => synthesize(() => ({ interval }))).toThrow(
    `interval: must be whole seconds by which 60 can be divided, got ${seconds}. Give one such as Duration.seconds(5).`,
  );
});

test('fails for memory that Lambda does not offer', () => {
  expect(() => synthesize(() => ({ memorySize: 64 }))).toThrow('memorySize: must be a whole number from 128 to 10240');
});

test('is traced only with a request that is traced already, if it passes traces through', () => {
  synthesize(() => ({ tracing: lambda.Tracing.PASS_THROUGH })).hasResourceProperties('AWS::Lambda::Function', {
    TracingConfig: { Mode: 'PassThrough' },
  });
});
