import { App, Duration, Stack, Tags } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as fc from 'fast-check';
import { PrivateFunction, PrivateFunctionProps } from '../../lib/constructs/private-function';

type Change = (fn: PrivateFunction, vpc: ec2.IVpc) => void;

type Props = Partial<PrivateFunctionProps>;

function synthesize(props: Props | ((vpc: ec2.Vpc) => Props) = {}, change: Change = () => {}): Template {
  const stack = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    ],
  });
  const code = lambda.Code.fromInline('exports.handler = async () => 1;');
  const fn = new PrivateFunction(stack, 'Quotes', {
    vpc,
    code,
    memorySize: 512,
    timeout: Duration.seconds(10),
    ...(typeof props === 'function' ? props(vpc) : props),
  });
  change(fn, vpc);
  return Template.fromStack(stack);
}

const basic = synthesize();

function versionOf(template: Template): string {
  return Object.keys(template.findResources('AWS::Lambda::Version')).join();
}

const aliasReference = Match.objectLike({ Ref: Match.stringLikeRegexp('^QuotesLive') });

describe('network', () => {
  test('puts the interfaces into private subnets and a new security group [N2]', () => {
    basic.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SubnetIds: [
          { Ref: Match.stringLikeRegexp('PrivateSubnet1') },
          { Ref: Match.stringLikeRegexp('PrivateSubnet2') },
        ],
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('QuotesSecurityGroup'), 'GroupId'] }],
      },
    });
  });

  test('fails for public subnets, whether selected or the only ones [N2]', () => {
    expect(() => synthesize({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow(
      /^vpcSubnets: must be private or isolated subnets, got a selection with public ones\. Select/,
    );
    const vpc = new ec2.Vpc(new Stack(new App(), 'Open'), 'Vpc', {
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    });
    expect(() => synthesize({ vpc })).toThrow(/got a VPC with public ones only/);
  });

  test('opens no connection by default', () => {
    const template = basic;
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32', Description: 'Disallow all traffic' })],
      SecurityGroupIngress: Match.absent(),
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    expect(JSON.stringify(template.findResources('AWS::EC2::SecurityGroup'))).not.toMatch(/"(0\.0\.0\.0|::)\/0"/);
  });

  test('opens one port to one peer when the stack allows that', () => {
    const template = synthesize({}, (fn, vpc) => {
      const peer = new ec2.SecurityGroup(vpc, 'Peer', { vpc, allowAllOutbound: false });
      fn.connections.allowTo(peer, ec2.Port.tcp(80), 'reads the service');
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('QuotesSecurityGroup'), 'GroupId'] },
      DestinationSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('Peer'), 'GroupId'] },
      FromPort: 80,
      ToPort: 80,
    });
  });

  test('uses the security groups that it is given, and adds no rule to them', () => {
    const template = synthesize((vpc) => ({
      securityGroups: [new ec2.SecurityGroup(vpc, 'Own', { vpc, allowAllOutbound: false })],
    }));
    template.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('Own'), 'GroupId'] }] },
    });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
      SecurityGroupIngress: Match.absent(),
    });
  });

  test('uses the role that it is given, and adds only the right to send traces', () => {
    const arn = 'arn:aws:iam::111122223333:role/Quotes';
    const template = synthesize((vpc) => ({ role: iam.Role.fromRoleArn(vpc, 'Own', arn) }));
    template.hasResourceProperties('AWS::Lambda::Function', { Role: arn });
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: ['Quotes'],
      PolicyDocument: {
        Statement: [Match.objectLike({ Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'] })],
      },
    });
  });

  test('keeps the rights by which Lambda releases the interfaces until the function is deleted [N1]', () => {
    const template = basic;
    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: Match.absent(),
      ManagedPolicyArns: Match.arrayWith([
        { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('AWSLambdaVPCAccessExecutionRole')])] },
      ]),
    });
    template.hasResource('AWS::Lambda::Function', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('ServiceRole[0-9A-F]{8}$')]),
    });
  });
});

describe('function', () => {
  test('is traced only with a request that is traced already, if it passes traces through', () => {
    synthesize({ tracing: lambda.Tracing.PASS_THROUGH }).hasResourceProperties('AWS::Lambda::Function', {
      TracingConfig: { Mode: 'PassThrough' },
    });
  });

  test('reserves no concurrency of the account [L3]', () => {
    basic.hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: Match.absent() });
  });

  test('does not use SnapStart, which does not support Node.js [L6]', () => {
    basic.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      SnapStart: Match.absent(),
    });
  });

  test('sends traces, and logs JSON at the given level', () => {
    synthesize({ logLevel: 'WARN' }).hasResourceProperties('AWS::Lambda::Function', {
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: {
        LogFormat: 'JSON',
        ApplicationLogLevel: 'WARN',
        SystemLogLevel: 'INFO',
        LogGroup: { Ref: Match.stringLikeRegexp('QuotesLogs') },
      },
    });
  });

  test.each(['"info"', '5', 'null'])('refuses the level %s, which the template would leave out', (level) => {
    expect(() => synthesize({ logLevel: JSON.parse(level) })).toThrow(
      `logLevel: must be one of INFO, DEBUG, WARN, TRACE, ERROR, FATAL, got ${level}. Give INFO.`,
    );
  });

  test('uses the log group that it is given, and creates none', () => {
    const shared = new Stack(new App(), 'Shared');
    const template = synthesize({ logGroup: logs.LogGroup.fromLogGroupName(shared, 'Logs', 'shared') });
    template.hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: Match.objectLike({ LogGroup: 'shared' }),
    });
    template.resourceCountIs('AWS::Logs::LogGroup', 0);
  });

  test('uses the given handler, runtime, architecture and environment', () => {
    synthesize({
      handler: 'main.run',
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture: lambda.Architecture.X86_64,
      environment: { SERVED_BY: 'here' },
    }).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'main.run',
      Runtime: 'nodejs22.x',
      Architectures: ['x86_64'],
      Environment: { Variables: { SERVED_BY: 'here' } },
    });
  });
});

describe('versions', () => {
  test('are published for a change of environment or memory [L2]', () => {
    const version = versionOf(basic);
    expect(versionOf(synthesize({ environment: { A: '1' } }))).not.toBe(version);
    expect(versionOf(synthesize({ memorySize: 1024 }))).not.toBe(version);
  });

  test('are not published for the same code, for tags or for rights [L2]', () => {
    const version = versionOf(basic);
    expect(versionOf(synthesize())).toBe(version);
    expect(versionOf(synthesize({}, (fn) => Tags.of(fn).add('team', 'quotes')))).toBe(version);
    const statement = new iam.PolicyStatement({ actions: ['sts:GetCallerIdentity'], resources: ['*'] });
    expect(versionOf(synthesize({}, (fn) => fn.function.addToRolePolicy(statement)))).toBe(version);
  });

  test('are deleted when they are replaced, and release subnets and security group', () => {
    basic.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Delete' });
  });

  test('are kept on request, except those of a failed deployment', () => {
    const template = synthesize({ keepVersions: true });
    template.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'RetainExceptOnCreate' });
    expect(versionOf(template)).toBe(versionOf(basic));
  });

  test('are reached by two aliases, one of which never has provisioned concurrency', () => {
    const template = synthesize({ provisionedConcurrency: { min: 2, max: 4 } });
    const version = { 'Fn::GetAtt': [versionOf(template), 'Version'] };
    template.hasResourceProperties('AWS::Lambda::Alias', {
      Name: 'live',
      FunctionVersion: version,
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
    template.hasResourceProperties('AWS::Lambda::Alias', {
      Name: 'on-demand',
      FunctionVersion: version,
      ProvisionedConcurrencyConfig: Match.absent(),
    });
  });
});

describe('provisioned concurrency', () => {
  test('adds nothing to the template when it is off [L3]', () => {
    const template = basic;
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalingPolicy', 0);
    expect(JSON.stringify(template.toJSON())).not.toContain('ProvisionedConcurrency');
  });

  test('scales the alias, not a version, and starts the alias at the lower bound [L4]', () => {
    const template = synthesize({ provisionedConcurrency: { min: 2, max: 8 } });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      ResourceId: {
        'Fn::Join': ['', ['function:', { 'Fn::Select': [6, { 'Fn::Split': [':', aliasReference] }] }, ':live']],
      },
      ScalableDimension: 'lambda:function:ProvisionedConcurrency',
      ServiceNamespace: 'lambda',
      MinCapacity: 2,
      MaxCapacity: 8,
    });
    template.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
    template.hasResourceProperties('AWS::Lambda::Version', { ProvisionedConcurrencyConfig: Match.absent() });
  });

  test('that sleeps has an alias that CloudFormation can update while its provisioned concurrency is gone', () => {
    const template = synthesize({ provisionedConcurrency: { min: 2, max: 8 }, sleeps: true });
    template.allResourcesProperties('AWS::Lambda::Alias', { ProvisionedConcurrencyConfig: Match.absent() });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
  });

  test.each([
    [undefined, 0.7],
    [0.1, 0.1],
    [0.9, 0.9],
  ])('with a target of %p holds a utilisation of %p', (targetUtilization, expected) => {
    const template = synthesize({ provisionedConcurrency: { min: 1, max: 4, targetUtilization } });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' },
        TargetValue: expected,
      },
    });
  });

  test('moves the bounds by schedule', () => {
    const schedules = [{ id: 'Opening', cron: 'cron(15 13 ? * MON-FRI *)', min: 3, max: 4 }];
    synthesize({ provisionedConcurrency: { min: 1, max: 4, schedules } }).hasResourceProperties(
      'AWS::ApplicationAutoScaling::ScalableTarget',
      {
        ScheduledActions: [
          {
            ScheduledActionName: 'Opening',
            Schedule: 'cron(15 13 ? * MON-FRI *)',
            ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 4 },
          },
        ],
      },
    );
  });

  test('accepts only whole bounds from 1 up, in order', () => {
    const stack = new Stack(new App(), 'Test');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const code = lambda.Code.fromInline('exports.handler = async () => 1;');
    let count = 0;
    const bound = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.double({ min: 0, max: 5 }));
    fc.assert(
      fc.property(bound, bound, (min, max) => {
        const props = {
          vpc,
          code,
          memorySize: 128,
          timeout: Duration.seconds(1),
          provisionedConcurrency: { min, max },
        };
        const attempt = expect(() => new PrivateFunction(stack, `Quotes${count++}`, props));
        if (Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max >= min) attempt.not.toThrow();
        else attempt.toThrow(/^provisionedConcurrency\.(min|max): must be a whole number of at least \d+ /);
      }),
    );
  });
});

describe('fails with the property, the rule and the value', () => {
  const schedule = { id: 'Opening', cron: 'cron(15 13 ? * MON-FRI *)', min: 2, max: 3 };
  const provisioned = (change: object) => ({ provisionedConcurrency: { min: 2, max: 4, ...change } });

  test.each<[string, Partial<PrivateFunctionProps>, string]>([
    ['memory too small', { memorySize: 127 }, 'memorySize: must be a whole number from 128 to 10240 (MiB), got 127.'],
    ['memory too large', { memorySize: 10_241 }, 'memorySize: must be'],
    [
      'a timeout of 0',
      { timeout: Duration.seconds(0) },
      'timeout: must be a whole number from 1 to 900 (seconds), got 0.',
    ],
    ['a timeout of 16 minutes', { timeout: Duration.minutes(16) }, 'timeout: must be'],
    ['no security group', { securityGroups: [] }, 'securityGroups: must have at least one group, got none. Give a'],
    ['a fraction of a second', { timeout: Duration.millis(1_500) }, 'timeout: must be'],
    [
      'maximum under minimum',
      provisioned({ max: 1 }),
      'provisionedConcurrency.max: must be a whole number of at least 2 (environments), got 1.',
    ],
    [
      'target too low',
      provisioned({ targetUtilization: 0.09 }),
      'provisionedConcurrency.targetUtilization: must be from 0.1 to 0.9, got 0.09.',
    ],
    ['target too high', provisioned({ targetUtilization: 70 }), 'provisionedConcurrency.targetUtilization: must be'],
    ['no target', provisioned({ targetUtilization: Number.NaN }), 'provisionedConcurrency.targetUtilization: must be'],
    [
      'schedule over the maximum',
      provisioned({ schedules: [schedule, { ...schedule, max: 5 }] }),
      'provisionedConcurrency.schedules[1].max: must be a whole number from 2 to 4 (environments), got 5.',
    ],
    [
      'schedule under the minimum',
      provisioned({ schedules: [{ ...schedule, min: 1 }] }),
      'provisionedConcurrency.schedules[0].min: must be a whole number from 2 to 4 (environments), got 1.',
    ],
    [
      'schedule that is no cron expression',
      provisioned({ schedules: [{ ...schedule, cron: 'cron(0 8 * * *)' }] }),
      'provisionedConcurrency.schedules[0].cron: must be cron() with six fields, got "cron(0 8 * * *)".',
    ],
  ])('for %s', (_, props, message) => {
    expect(() => synthesize(props)).toThrow(message);
  });
});
