import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { GradualRelease, GradualReleaseProps, ReleaseSteps } from '../../lib/constructs/gradual-release';

const CANARY: ReleaseSteps = { kind: 'canary', minutes: 10 };

function synthesize(props: Partial<Omit<GradualReleaseProps, 'alias'>> = {}) {
  const stack = new Stack(new App(), 'Test');
  const fn = new lambda.Function(stack, 'Fn', {
    code: lambda.Code.fromInline('exports.handler = async () => 1;'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  const alias = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: fn.currentVersion });
  const release = new GradualRelease(stack, 'Release', { alias, steps: CANARY, ...props });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', release.alarms.length);
  return { template, commandOf: () => stack.resolve(release.stopCommand) };
}

const { template, commandOf } = synthesize();
const onlyId = (type: string, of: Template = template) => Object.keys(of.findResources(type))[0];
const group = onlyId('AWS::CodeDeploy::DeploymentGroup');
const application = onlyId('AWS::CodeDeploy::Application');

test.each<[ReleaseSteps, string]>([
  [{ kind: 'canary', minutes: 5 }, 'LambdaCanary10Percent5Minutes'],
  [{ kind: 'canary', minutes: 10 }, 'LambdaCanary10Percent10Minutes'],
  [{ kind: 'canary', minutes: 15 }, 'LambdaCanary10Percent15Minutes'],
  [{ kind: 'canary', minutes: 30 }, 'LambdaCanary10Percent30Minutes'],
  [{ kind: 'linear', minutes: 1 }, 'LambdaLinear10PercentEvery1Minute'],
  [{ kind: 'linear', minutes: 2 }, 'LambdaLinear10PercentEvery2Minutes'],
  [{ kind: 'linear', minutes: 3 }, 'LambdaLinear10PercentEvery3Minutes'],
  [{ kind: 'linear', minutes: 10 }, 'LambdaLinear10PercentEvery10Minutes'],
])('moves the requests by %p as CodeDeploy predefines it', (steps, name) => {
  const { template: other } = synthesize({ steps });
  other.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
    DeploymentConfigName: `CodeDeployDefault.${name}`,
  });
  other.resourceCountIs('AWS::CodeDeploy::DeploymentConfig', 0);
});

test('CodeDeploy moves the alias, and the alias waits for the deployment group', () => {
  template.hasResource('AWS::Lambda::Alias', {
    UpdatePolicy: {
      CodeDeployLambdaAliasUpdate: { ApplicationName: { Ref: application }, DeploymentGroupName: { Ref: group } },
    },
    DependsOn: Match.arrayWith([group]),
  });
});

test('goes back on an alarm, on a failure and on a stop', () => {
  template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
    AutoRollbackConfiguration: {
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
    },
    AlarmConfiguration: { Enabled: true, Alarms: [{ Name: { Ref: onlyId('AWS::CloudWatch::Alarm') } }] },
  });
});

test('watches failed invocations of the new version alone, and not of the alias', () => {
  const metric = (name: string) =>
    Match.objectLike({
      MetricStat: {
        Metric: {
          Namespace: 'AWS/Lambda',
          MetricName: name,
          Dimensions: [
            { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': [onlyId('AWS::Lambda::Version'), 'Version'] } },
            { Name: 'FunctionName', Value: { Ref: onlyId('AWS::Lambda::Function') } },
            { Name: 'Resource', Value: { 'Fn::Join': ['', [{ Ref: onlyId('AWS::Lambda::Function') }, ':live']] } },
          ],
        },
        Period: 60,
        Stat: 'Sum',
      },
    });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: [
      Match.objectLike({ Expression: 'IF(invocations > 0, 100 * errors / invocations, 0)' }),
      metric('Errors'),
      metric('Invocations'),
    ],
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 5,
    DatapointsToAlarm: 2,
    TreatMissingData: 'notBreaching',
    AlarmDescription: Match.stringLikeRegexp('^[A-Z].+\\. First look: .+\\.$'),
  });
});

test('goes back on the given alarms, too', () => {
  const stack = new Stack(new App(), 'Other');
  const slow = cloudwatch.Alarm.fromAlarmName(stack, 'Slow', 'slow');
  synthesize({ alarms: [slow] }).template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
    AlarmConfiguration: { Alarms: [Match.anyValue(), { Name: 'slow' }] },
  });
});

test('the command stops the release that is under way and goes back', () => {
  const command = commandOf()['Fn::Join'][1];
  expect(command).toEqual([
    expect.stringMatching(
      /^aws deploy stop-deployment --auto-rollback-enabled --deployment-id "\$\(aws deploy list-deployments /,
    ),
    { Ref: application },
    ' --deployment-group-name ',
    { Ref: group },
    ` --include-only-statuses InProgress --query 'deployments[0]' --output text)"`,
  ]);
});

test.each(['canary', 'linear'])('refuses steps that CodeDeploy does not predefine: %s', (kind) => {
  const steps = JSON.parse(JSON.stringify({ kind, minutes: 7 }));
  expect(() => synthesize({ steps })).toThrow(
    `steps: must be canary with 5, 10, 15, 30 or linear with 1, 2, 3, 10 minutes, got ${kind} with 7. Give the steps`,
  );
});
