import { App, CfnResource, Duration, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import {
  ContainerService,
  ContainerServiceProps,
  ServiceCapacity,
  TargetGroups,
} from '../../lib/constructs/container-service';

const SUBNETS = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const FLAGS = {
  '@aws-cdk/core:defaultCrossStackReferences': 'weak',
  '@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker': true,
  '@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions': true,
  '@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
};

interface Options extends Partial<ContainerServiceProps> {
  /** Creates the service in a separate stack that depends on the stack of the listener. */
  readonly apart?: boolean;
  /** Returns the capacity from constructs of the stack. */
  readonly capacityIn?: (stack: Stack, vpc: ec2.IVpc) => ServiceCapacity;
}

function create({ apart = false, capacityIn, ...props }: Options = {}) {
  const app = new App({ context: FLAGS });
  const front = new Stack(app, 'Front');
  const vpc = new ec2.Vpc(front, 'Vpc', {
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    subnetConfiguration: [{ name: 'Private', ...SUBNETS }],
  });
  const securityGroup = new ec2.SecurityGroup(front, 'Balancer', { vpc, allowAllOutbound: false });
  const listener = new elbv2.ApplicationLoadBalancer(front, 'LoadBalancer', {
    vpc,
    vpcSubnets: SUBNETS,
    securityGroup,
  }).addListener('Listener', { port: 80, open: false, defaultAction: elbv2.ListenerAction.fixedResponse(404) });
  const stack = apart ? new Stack(app, 'Service') : front;
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const service = new ContainerService(stack, 'Service', {
    cluster,
    vpc,
    vpcSubnets: SUBNETS,
    image: ecs.ContainerImage.fromEcrRepository(new ecr.Repository(front, 'Images'), '1'),
    architecture: ecs.CpuArchitecture.ARM64,
    cpu: 256,
    memoryMiB: 512,
    minTasks: 2,
    maxTasks: 6,
    listener,
    paths: ['/history/*'],
    priority: 100,
    capacity: capacityIn?.(stack, vpc),
    ...props,
  });
  /** Another service in the same cluster and behind the same listener. */
  const another = (id: string, priority: number) =>
    new ContainerService(stack, id, {
      cluster,
      vpc,
      vpcSubnets: SUBNETS,
      image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/nginx:1'),
      architecture: ecs.CpuArchitecture.ARM64,
      cpu: 256,
      memoryMiB: 512,
      minTasks: 1,
      maxTasks: 1,
      listener,
      paths: ['/other/*'],
      priority,
    });
  return { front, stack, service, another };
}

function synthesize(options: Options): Template {
  return Template.fromStack(create(options).stack);
}

/** Template for most tests, synthesized once. */
const byDefault = synthesize({});

/** Expects properties of the only container of the task definition. */
function hasContainer(template: Template, properties: object): void {
  template.hasResourceProperties('AWS::ECS::TaskDefinition', {
    ContainerDefinitions: [Match.objectLike(properties)],
  });
}

describe('deployments', () => {
  test('roll back when tasks do not become healthy within a minute of grace [F2]', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
      HealthCheckGracePeriodSeconds: 60,
    });
  });

  test('watch no alarm by default, and say so, because an update that leaves the alarms out may keep them [F2]', () => {
    const watched = synthesize({ capacityIn: (scope, vpc) => ({ fargate: {}, ec2: instancesIn(scope, vpc) }) });
    const services = [byDefault, watched].flatMap((each) => Object.values(each.findResources('AWS::ECS::Service')));
    expect(services.length).toBe(3);
    for (const { Properties } of services) {
      expect(Properties.DeploymentConfiguration.Alarms).toEqual({ AlarmNames: [], Enable: false, Rollback: false });
    }
    const none = synthesize({ rollbackAlarms: () => [] });
    expect(none.toJSON()).toEqual(byDefault.toJSON());
  });

  test('roll back on the alarms of the target group, which exist before the service', () => {
    const { stack } = create({
      capacityIn: (scope, vpc) => ({ fargate: {}, ec2: instancesIn(scope, vpc) }),
      rollbackAlarms({ capacity, targetGroup }) {
        const dimensionsMap = { TargetGroup: targetGroup.targetGroupFullName };
        const metric = new cloudwatch.Metric({ namespace: 'Test', metricName: 'Errors', dimensionsMap });
        const alarm = { metric, threshold: 1, evaluationPeriods: 1 };
        return [1, 2].map((number) => new cloudwatch.Alarm(Stack.of(targetGroup), `${capacity}Alarm${number}`, alarm));
      },
    });
    // Fails for a circle of dependencies.
    const template = Template.fromStack(stack);
    const services = Object.values(template.findResources('AWS::ECS::Service'));
    expect(services).toHaveLength(2);
    for (const [index, kind] of ['Fargate', 'Ec2'].entries()) {
      const names = [1, 2].map((number) => ({ Ref: expect.stringMatching(`^${kind}Alarm${number}`) }));
      expect(services[index]?.['Properties'].DeploymentConfiguration).toMatchObject({
        Alarms: { AlarmNames: names, Enable: true, Rollback: true },
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      });
    }
    expect(Annotations.fromStack(stack).findInfo('*', Match.stringLikeRegexp('Deployment alarm'))).toEqual([]);
  });

  test('run at most as many tasks as plans of addresses and instances assume', () => {
    const [service] = Object.values(byDefault.findResources('AWS::ECS::Service'));
    const percent = service?.Properties.DeploymentConfiguration.MaximumPercent;
    expect(ContainerService.tasksDuringDeployment(7)).toBe((7 * percent) / 100);
  });

  test('never run fewer tasks than before, and rebalance over the zones [F5]', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 200 },
      AvailabilityZoneRebalancing: 'ENABLED',
    });
  });

  test('leave the number of tasks to autoscaling [F6]', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', { DesiredCount: Match.absent() });
  });

  test.each([false, true])('create the service after the rule of its listener, in a separate stack: %p', (apart) => {
    const template = synthesize({ apart });
    const [service] = Object.values(template.findResources('AWS::ECS::Service'));
    expect(service?.DependsOn).toEqual(
      expect.arrayContaining(Object.keys(template.findResources('AWS::ElasticLoadBalancingV2::ListenerRule'))),
    );
  });

  test('create the service after the policy that lets it pull the image [F3]', () => {
    byDefault.hasResource('AWS::ECS::Service', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('ExecutionRoleDefaultPolicy')]),
    });
  });
});

describe('tasks', () => {
  test('run in the given subnets, without a public address', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: 'DISABLED',
          Subnets: [
            { Ref: Match.stringLikeRegexp('PrivateSubnet1') },
            { Ref: Match.stringLikeRegexp('PrivateSubnet2') },
          ],
        },
      },
    });
  });

  test.each([
    ['ARM64', ecs.CpuArchitecture.ARM64],
    ['X86_64', ecs.CpuArchitecture.X86_64],
  ])('have the given architecture, %s [F4]', (CpuArchitecture, architecture) => {
    synthesize({ architecture }).hasResourceProperties('AWS::ECS::TaskDefinition', {
      RuntimePlatform: { CpuArchitecture, OperatingSystemFamily: 'LINUX' },
    });
  });

  test('run as a user other than root, on a read-only file system', () => {
    hasContainer(byDefault, { User: '1000', ReadonlyRootFilesystem: true, Privileged: Match.absent() });
  });

  test('have an init process that passes SIGTERM on, and a minute to end [F7]', () => {
    hasContainer(byDefault, { LinuxParameters: { InitProcessEnabled: true }, StopTimeout: 60 });
  });

  test('get their port and their time to end as variables, which `environment` cannot override [F7]', () => {
    const environment = { PORT: '1', STOP_TIMEOUT_MS: '1', SERVED_BY: 'test' };
    hasContainer(synthesize({ environment, port: 3000, stopTimeout: Duration.seconds(90) }), {
      PortMappings: [{ ContainerPort: 3000, Protocol: 'tcp' }],
      Environment: [
        { Name: 'PORT', Value: '3000' },
        { Name: 'STOP_TIMEOUT_MS', Value: '88000' },
        { Name: 'SERVED_BY', Value: 'test' },
      ],
    });
  });

  test('may only pull from their repository and write to their log group [F3]', () => {
    const template = byDefault;
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('ExecutionRole') }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Images'), 'Arn'] },
          },
          { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('Logs'), 'Arn'] },
          },
        ],
      },
    });
  });

  test('keep answering while logs cannot be delivered', () => {
    hasContainer(byDefault, {
      LogConfiguration: {
        LogDriver: 'awslogs',
        Options: Match.objectLike({ mode: 'non-blocking', 'max-buffer-size': `${25 * 1024 * 1024}b` }),
      },
    });
  });

  test('carry the tags of the service', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', { EnableECSManagedTags: true, PropagateTags: 'SERVICE' });
  });
});

describe('network', () => {
  test.each([false, true])('lets only the load balancer reach the port, from a separate stack: %p', (apart) => {
    const { front, stack, service } = create({ apart });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: stack.resolve(service.connections.securityGroups[0]?.securityGroupId),
      FromPort: 8080,
      ToPort: 8080,
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', { FromPort: 8080, ToPort: 8080 });
    expect(front.dependencies).toEqual([]);
  });

  test('gives tasks the given security groups, and creates none', () => {
    const { stack } = create({
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(new Stack(), 'Theirs', 'sg-12345678')],
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: { AwsvpcConfiguration: { SecurityGroups: ['sg-12345678'] } },
    });
    // The security group of the load balancer.
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
  });

  test('fails for an empty list of security groups, for which the CDK would create one that lets everything out', () => {
    expect(() => create({ securityGroups: [] })).toThrow(
      /^securityGroups: must have at least one group, got none\. Give/,
    );
  });

  test('lets tasks open connections to port 443 only', () => {
    byDefault.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Tasks of the container service',
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
    });
  });
});

describe('target group', () => {
  test('checks /readyz every ten seconds, and lets requests in flight finish before SIGTERM [F7]', () => {
    byDefault.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'ip',
      Protocol: 'HTTP',
      Port: 8080,
      HealthCheckPath: '/readyz',
      HealthCheckIntervalSeconds: 10,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 3,
      Matcher: { HttpCode: '200' },
      TargetGroupAttributes: Match.arrayWith([
        { Key: 'deregistration_delay.timeout_seconds', Value: '30' },
        { Key: 'load_balancing.algorithm.type', Value: 'least_outstanding_requests' },
      ]),
    });
  });

  test.each([0, 6])('fails for %p path patterns, because a rule has 1 to 5', (length) => {
    expect(() => create({ paths: Array.from({ length }, (_, index) => `/${index}/*`) })).toThrow(
      `paths: must be 1 to 5 path patterns, got ${length}. Give the paths that the service answers, such as /history/*`,
    );
  });

  test('gets the requests of its paths', () => {
    synthesize({ paths: ['/a/*', '/b/*'], priority: 7 }).hasResourceProperties(
      'AWS::ElasticLoadBalancingV2::ListenerRule',
      {
        Priority: 7,
        Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/a/*', '/b/*'] } }],
      },
    );
  });
});

describe('two services', () => {
  test('share a cluster and a listener, each with its own rule', () => {
    const { stack, another } = create();
    another('Other', 101);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::ECS::Cluster', 1);
    const [cluster] = Object.keys(template.findResources('AWS::ECS::Cluster'));
    const services = Object.values(template.findResources('AWS::ECS::Service'));
    expect(services.map(({ Properties }) => Properties.Cluster)).toEqual([{ Ref: cluster }, { Ref: cluster }]);
    const rules = Object.values(template.findResources('AWS::ElasticLoadBalancingV2::ListenerRule'));
    expect(rules.map(({ Properties }) => Properties.Priority)).toEqual([100, 101]);
  });

  test.each([false, true])(
    'fail with both names for the same priority on a listener, in a separate stack: %p',
    (apart) => {
      const { another, stack } = create({ apart });
      expect(() => another('Other', 100)).toThrow(
        `priority: 100 of ${stack.node.id}/Other is the priority of ${stack.node.id}/Service, too, on the same listener. ` +
          'Give each rule of a listener a priority of its own',
      );
    },
  );

  test.each([0, 1.5, 50_001])('fail for the priority %p', (priority) => {
    expect(() => create({ priority })).toThrow(
      `priority: must be a whole number from 1 to 50000, got ${priority}. Give a priority that no other rule of the listener has`,
    );
  });
});

describe('autoscaling', () => {
  test('follows CPU and requests per target between the bounds', () => {
    const template = synthesize({ cpuTargetPercent: 50, requestsPerTargetPerMinute: 100 });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 6 });
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalingPolicy', 2);
    for (const [metric, target] of [
      ['ECSServiceAverageCPUUtilization', 50],
      ['ALBRequestCountPerTarget', 100],
    ]) {
      template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
        TargetTrackingScalingPolicyConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: metric },
          TargetValue: target,
        },
      });
    }
  });

  test.each([0, -1, 1.5])('fails for a minimum of %p tasks', (minTasks) => {
    expect(() => synthesize({ minTasks })).toThrow(
      `minTasks: must be a whole number of at least 1, got ${minTasks}. Give 2 or more to survive the loss of a zone`,
    );
  });

  test.each([1, 2.5, Number.NaN])('fails for a maximum of %p tasks with a minimum of 2', (maxTasks) => {
    expect(() => synthesize({ maxTasks })).toThrow(
      `maxTasks: must be a whole number of at least minTasks (2), got ${maxTasks}. Raise maxTasks or lower minTasks`,
    );
  });
});

describe('a release', () => {
  const released = synthesize({ release: { kind: 'canary', minutes: 10 } });
  const groups = ['ServiceTargetGroup', 'ServiceAlternateTargetGroup'].map((id) => ({
    Ref: Match.stringLikeRegexp(`^${id}`),
  }));

  test.each([
    [{ kind: 'rolling' }, { Strategy: 'ROLLING', BakeTimeInMinutes: Match.absent() }],
    [{ kind: 'blueGreen' }, { Strategy: 'BLUE_GREEN', BakeTimeInMinutes: 15 }],
    [
      { kind: 'canary', minutes: 15, bakeMinutes: 5 },
      {
        Strategy: 'CANARY',
        BakeTimeInMinutes: 5,
        CanaryConfiguration: { CanaryPercent: 10, CanaryBakeTimeInMinutes: 15 },
      },
    ],
    [
      { kind: 'linear', minutes: 3 },
      { Strategy: 'LINEAR', BakeTimeInMinutes: 15, LinearConfiguration: { StepPercent: 10, StepBakeTimeInMinutes: 3 } },
    ],
  ] as const)('moves the requests as in %j', (release, configuration) => {
    synthesize({ release }).hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { ...configuration, DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
    });
  });

  test('has two equal target groups, of which the first has the requests until ECS moves them', () => {
    const [first, second] = Object.values(released.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'));
    expect(second).toEqual(first);
    released.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Actions: [
        {
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: groups[0], Weight: 100 },
              { TargetGroupArn: groups[1], Weight: 0 },
            ],
          },
        },
      ],
    });
  });

  test('lets ECS use both groups and the rule, by a role that exists with its policy before the service', () => {
    released.hasResource('AWS::ECS::Service', {
      Properties: {
        LoadBalancers: [
          {
            TargetGroupArn: groups[0],
            AdvancedConfiguration: {
              AlternateTargetGroupArn: groups[1],
              ProductionListenerRule: { Ref: Match.stringLikeRegexp('^ServiceRule') },
              RoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ServiceReleaseRole'), 'Arn'] },
            },
          },
        ],
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^ServiceReleaseRoleDefaultPolicy')]),
    });
  });

  test('gives the role no right to other target groups and rules', () => {
    const [policy] = Object.values(
      released.findResources('AWS::IAM::Policy', { Properties: { PolicyName: Match.stringLikeRegexp('ReleaseRole') } }),
    );
    const rights: { Action: string | string[]; Resource: unknown }[] = policy?.['Properties'].PolicyDocument.Statement;
    expect(rights).toEqual([
      {
        Action: ['Listeners', 'Rules', 'TargetGroups', 'TargetHealth'].map(
          (what) => `elasticloadbalancing:Describe${what}`,
        ),
        Effect: 'Allow',
        Resource: '*',
      },
      {
        Action: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
        Effect: 'Allow',
        Resource: [
          { Ref: expect.stringMatching(/^ServiceAlternateTargetGroup/) },
          { Ref: expect.stringMatching(/^ServiceTargetGroup/) },
        ],
      },
      {
        Action: 'elasticloadbalancing:ModifyRule',
        Effect: 'Allow',
        Resource: { Ref: expect.stringMatching(/^ServiceRule/) },
      },
      {
        Action: 'elasticloadbalancing:ModifyListener',
        Effect: 'Allow',
        Resource: { Ref: expect.stringMatching(/^LoadBalancerListener/) },
      },
    ]);
    const [role] = Object.entries(released.findResources('AWS::IAM::Role')).flatMap(([id, { Properties }]) =>
      id.startsWith('ServiceReleaseRole') ? [Properties] : [],
    );
    expect(Object.keys(role)).toEqual(['AssumeRolePolicyDocument', 'Description']);
    expect(role.AssumeRolePolicyDocument.Statement).toEqual([
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'ecs.amazonaws.com' } },
    ]);
  });

  test('scales by the requests of both groups, because one of them has none', () => {
    const dimensions = (id: string) => [
      { Name: 'TargetGroup', Value: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^${id}`), 'TargetGroupFullName'] } },
      { Name: 'LoadBalancer', Value: { 'Fn::Join': ['', Match.arrayWith(['/'])] } },
    ];
    const metric = (id: string) => ({
      MetricStat: {
        Stat: 'Sum',
        Metric: {
          Namespace: 'AWS/ApplicationELB',
          MetricName: 'RequestCountPerTarget',
          Dimensions: dimensions(id),
        },
      },
      ReturnData: false,
    });
    released.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 600,
        ScaleInCooldown: 300,
        ScaleOutCooldown: 60,
        CustomizedMetricSpecification: {
          Metrics: [
            { Id: 'first', ...metric('ServiceTargetGroup') },
            { Id: 'second', ...metric('ServiceAlternateTargetGroup') },
            { Id: 'both', Expression: 'first + second', ReturnData: true },
          ],
        },
      },
    });
  });

  test('asks for the weights of the rule, with a text that changes with the rule', () => {
    const textOf = (props: Options, change: (stack: Stack) => void = () => undefined) => {
      const asked: { readonly groups: readonly string[]; readonly rule: string }[] = [];
      const weights = (targetGroups: TargetGroups, rule: string) => {
        asked.push({ groups: targetGroups.map(({ node }) => node.id), rule });
        return [30, 70] as const;
      };
      const { stack } = create({ ...props, release: { kind: 'blueGreen', weights } });
      change(stack);
      Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
        Actions: [
          {
            ForwardConfig: {
              TargetGroups: [
                { TargetGroupArn: groups[0], Weight: 30 },
                { TargetGroupArn: groups[1], Weight: 70 },
              ],
            },
          },
        ],
      });
      expect(asked.map((each) => each.groups)).toEqual([['TargetGroup', 'AlternateTargetGroup']]);
      return stack.resolve(asked[0]?.rule);
    };
    const first = textOf({});
    expect(textOf({})).toBe(first);
    const others = [
      textOf({ priority: 101 }),
      textOf({ paths: ['/other/*'] }),
      textOf({}, (stack) => Tags.of(stack).add('cost', '42')),
      textOf({}, (stack) => stack.tags.setTag('cost', '43')),
      textOf({}, (stack) =>
        Tags.of(stack).add('cost', '44', { includeResourceTypes: ['AWS::ElasticLoadBalancingV2::ListenerRule'] }),
      ),
    ];
    expect(new Set([first, ...others]).size).toBe(6);
  });

  test('leaves alarms two target groups to watch', () => {
    const given: unknown[] = [];
    const rollbackAlarms: ContainerServiceProps['rollbackAlarms'] = ({ targetGroup, alternateTargetGroup }) => {
      given.push(alternateTargetGroup?.node.id, targetGroup.node.id);
      return [];
    };
    synthesize({ release: { kind: 'blueGreen' }, rollbackAlarms });
    synthesize({ rollbackAlarms });
    expect(given).toEqual(['AlternateTargetGroup', 'TargetGroup', undefined, 'TargetGroup']);
  });

  test('works on instances', () => {
    const capacityIn = (scope: Stack, vpc: ec2.IVpc) => ({ ec2: instancesIn(scope, vpc) });
    synthesize({ capacityIn, release: { kind: 'linear', minutes: 1 } }).hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { Strategy: 'LINEAR' },
      LoadBalancers: [{ AdvancedConfiguration: Match.objectLike({}) }],
    });
  });

  test.each([
    [{ kind: 'canary', minutes: 0 }, 'release.minutes: must be a whole number from 1 to 1440, got 0.'],
    [{ kind: 'linear', minutes: 1.5 }, 'release.minutes: must be a whole number from 1 to 1440, got 1.5.'],
    [
      { kind: 'blueGreen', bakeMinutes: 1_441 },
      'release.bakeMinutes: must be a whole number from 0 to 1440, got 1441.',
    ],
    [
      { kind: 'linear', minutes: 220, bakeMinutes: 1 },
      'release: must take at most 1980 minutes with bakeMinutes, the limit of CloudFormation, got 1981. Give fewer minutes',
    ],
    [{ kind: 'canary', minutes: 1_440, bakeMinutes: 541 }, 'release: must take at most 1980 minutes with bakeMinutes'],
  ] as const)('fails for %j', (release, message) => {
    expect(() => synthesize({ release })).toThrow(message);
  });

  test.each(['canary', 'linear'])('fails for kind %s without minutes, before the CDK does', (kind) => {
    expect(() => synthesize({ release: JSON.parse(JSON.stringify({ kind })) })).toThrow(
      'release.minutes: must be a whole number from 1 to 1440, got undefined. Give 15 or more',
    );
  });

  test('fails with both kinds of capacity, whose weights the rule would need, too', () => {
    const capacityIn = (scope: Stack, vpc: ec2.IVpc) => ({ fargate: {}, ec2: instancesIn(scope, vpc) });
    expect(() => synthesize({ capacityIn, release: { kind: 'blueGreen' } })).toThrow(
      'release: must have one kind of capacity, got fargate and ec2. Leave one kind out of capacity, or leave release out',
    );
  });
});

describe('Fargate Spot', () => {
  test('runs the tasks beyond the minimum in proportion to the weights', () => {
    const template = synthesize({ capacity: { fargate: { spot: { spotWeight: 3, onDemandWeight: 1 } } } });
    template.hasResourceProperties('AWS::ECS::Service', {
      LaunchType: Match.absent(),
      CapacityProviderStrategy: [
        { CapacityProvider: 'FARGATE', Base: 2, Weight: 1 },
        { CapacityProvider: 'FARGATE_SPOT', Weight: 3 },
      ],
    });
  });

  test.each(['true', '{}', '{ "spotWeight": 1 }'])('fails for %s, with which no task would run on Spot', (spot) => {
    expect(() => synthesize({ capacity: { fargate: { spot: JSON.parse(spot) } } })).toThrow(
      /^capacity\.fargate\.spot\.\w+: must be a whole number from 1 to 1000, got undefined\. Leave spot out/,
    );
  });

  test('creates the service after the association of the providers, and deletes it before the association', () => {
    const template = synthesize({ capacity: { fargate: { spot: { spotWeight: 3, onDemandWeight: 1 } } } });
    const clusters = Object.keys(template.findResources('AWS::ECS::Cluster'));
    template.hasResource('AWS::ECS::Service', { DependsOn: Match.arrayWith(clusters) });
  });

  test('is absent by default', () => {
    const template = byDefault;
    template.hasResourceProperties('AWS::ECS::Service', {
      LaunchType: 'FARGATE',
      CapacityProviderStrategy: Match.absent(),
    });
  });

  test.each([
    ['spotWeight', { spotWeight: 0, onDemandWeight: 1 }, 0],
    ['spotWeight', { spotWeight: 1001, onDemandWeight: 1 }, 1001],
    ['onDemandWeight', { spotWeight: 1, onDemandWeight: 0.5 }, 0.5],
  ])('fails for a %s out of range', (name, spot, value) => {
    expect(() => synthesize({ capacity: { fargate: { spot } } })).toThrow(
      `capacity.fargate.spot.${name}: must be a whole number from 1 to 1000, got ${value}. Leave spot out to run without Fargate Spot`,
    );
  });
});

/** Replaces the construct of ec2-capacity.ts: a cluster of instances with a capacity provider. */
class Instances extends Construct {
  readonly capacityProviderName = 'instances';
  readonly cluster: ecs.ICluster;

  constructor(stack: Stack, vpc: ec2.IVpc) {
    super(stack, 'Instances');
    const clusterName = 'instances';
    this.cluster = ecs.Cluster.fromClusterAttributes(this, 'Cluster', { clusterName, vpc, hasEc2Capacity: true });
    new CfnResource(this, 'Association', { type: 'Test::Association' });
  }
}

function instancesIn(stack: Stack, vpc: ec2.IVpc, weight?: number) {
  const capacity = new Instances(stack, vpc);
  return { weight, capacity, cluster: capacity.cluster };
}

function onInstances(weights?: { fargate: number; ec2: number }): Template {
  return synthesize({
    capacityIn: (stack, vpc) => ({
      fargate: weights && { weight: weights.fargate },
      ec2: instancesIn(stack, vpc, weights?.ec2),
    }),
  });
}

describe('instances', () => {
  const template = onInstances();

  test('run the tasks through their capacity provider, spread over zones, then packed by memory', () => {
    template.resourceCountIs('AWS::ECS::Service', 1);
    template.hasResourceProperties('AWS::ECS::Service', {
      Cluster: 'instances',
      LaunchType: Match.absent(),
      CapacityProviderStrategy: [{ CapacityProvider: 'instances', Weight: 1 }],
      PlacementStrategies: [
        { Type: 'spread', Field: 'attribute:ecs.availability-zone' },
        { Type: 'binpack', Field: 'MEMORY' },
      ],
    });
  });

  test('have a service that is created after the association of the provider and deleted before it', () => {
    const associations = Object.keys(template.findResources('Test::Association'));
    template.hasResource('AWS::ECS::Service', { DependsOn: Match.arrayWith(associations) });
  });

  test('deploy, scale and stop tasks as Fargate does [F2, F3, F5, F6]', () => {
    const serviceOf = (of: Template) => Object.values(of.findResources('AWS::ECS::Service'))[0]?.Properties;
    const { Cluster, PlacementStrategies, CapacityProviderStrategy, LoadBalancers, ...rest } = serviceOf(template);
    const { Cluster: _, LaunchType, LoadBalancers: __, ...fargate } = serviceOf(byDefault);
    expect(rest).toEqual({ ...fargate, SchedulingStrategy: 'REPLICA' });
    for (const type of ['AWS::ApplicationAutoScaling::ScalableTarget', 'AWS::EC2::SecurityGroupIngress']) {
      template.resourceCountIs(type, 1);
    }
    template.hasResource('AWS::ECS::Service', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('ExecutionRoleDefaultPolicy')]),
    });
  });

  test('run the same task definition as Fargate, valid for both [F4, F7]', () => {
    const definitionOf = (of: Template) => of.findResources('AWS::ECS::TaskDefinition');
    expect(definitionOf(template)).toEqual(definitionOf(byDefault));
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      RequiresCompatibilities: ['EC2', 'FARGATE'],
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });
});

describe('both kinds of capacity', () => {
  test('are redeployed by one command, each service in its own cluster', () => {
    const { stack, service } = create({ capacityIn: (stack, vpc) => ({ fargate: {}, ec2: instancesIn(stack, vpc) }) });
    const command = JSON.stringify(stack.resolve(service.redeployCommand));
    expect(command.match(/aws ecs update-service/g)).toHaveLength(2);
    expect(command).toContain('"aws ecs update-service --cluster ",{"Ref":"Cluster');
    expect(command).toContain('&& aws ecs update-service --cluster instances --service ');
  });

  test('end their deployments by one command, even if only one of the services has a deployment', () => {
    const { stack, service } = create({ capacityIn: (stack, vpc) => ({ fargate: {}, ec2: instancesIn(stack, vpc) }) });
    const command = JSON.stringify(stack.resolve(service.stopDeploymentCommand));
    expect(
      command.match(/aws ecs stop-service-deployment --stop-type ROLLBACK --service-deployment-arn/g),
    ).toHaveLength(2);
    expect(command.match(/ --status PENDING IN_PROGRESS --query 'serviceDeployments\[0\]/g)).toHaveLength(2);
    expect(command).toContain('; aws ecs stop-service-deployment ');
    expect(command).toContain('aws ecs list-service-deployments --cluster instances --service ');
  });

  test('have a service each, and the listener divides the requests by weight', () => {
    const template = onInstances({ fargate: 3, ec2: 0 });
    template.resourceCountIs('AWS::ECS::Service', 2);
    template.resourceCountIs('AWS::ECS::TaskDefinition', 1);
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 2);
    const groups = Object.keys(template.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'));
    expect(groups).toHaveLength(2);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: { Ref: groups.find((id) => !id.includes('Ec2')) }, Weight: 3 },
              { TargetGroupArn: { Ref: groups.find((id) => id.includes('Ec2')) }, Weight: 0 },
            ],
          },
        },
      ],
    });
  });

  test('fail without a kind of capacity, and for a weight out of range', () => {
    expect(() => synthesize({ capacity: {} })).toThrow(
      'capacity: must be fargate, ec2 or both, got neither. Give { fargate: {} }, or leave capacity out',
    );
    expect(() => onInstances({ fargate: 1, ec2: 1000 })).toThrow(
      'capacity.ec2.weight: must be a whole number from 0 to 999, got 1000. Give the share of the requests',
    );
    expect(() => onInstances({ fargate: 0, ec2: 0 })).toThrow(
      'capacity: must have a weight of at least 1, got 0 for fargate and for ec2. Give one of them 1',
    );
  });
});

describe('size', () => {
  test.each(['cpu', 'memoryMiB'])('fails unless %s is a whole number', (property) => {
    expect(() => synthesize({ [property]: 0.25 })).toThrow(
      `${property}: must be a whole number of at least 1, got 0.25. Give the `,
    );
  });

  test('is the size of the task', () => {
    synthesize({ cpu: 1024, memoryMiB: 3072 }).hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '1024',
      Memory: '3072',
    });
  });
});

test('fails unless tasks have more time to end than requests to finish, within the limit of Fargate [F7]', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), (delay, stop) => {
      const error = () => create({ deregistrationDelay: Duration.seconds(delay), stopTimeout: Duration.seconds(stop) });
      if (delay < stop && stop <= 120) expect(error).not.toThrow();
      else {
        expect(error).toThrow(
          `stopTimeout: must be more than deregistrationDelay (${delay} seconds) and at most 120 seconds, got ${stop}. `,
        );
      }
    }),
    {
      numRuns: 10,
      examples: [
        [30, 30],
        [119, 120],
        [0, 121],
        [30, 31],
      ],
    },
  );
});

describe('execute-command', () => {
  test('is explicitly off, because an update without the property would leave it on', () => {
    byDefault.hasResourceProperties('AWS::ECS::Service', { EnableExecuteCommand: false });
    expect(JSON.stringify(byDefault.toJSON())).not.toContain('ssmmessages');
  });

  test('gets its permissions and a root file system that can be written if it is on', () => {
    const template = synthesize({ exec: true });
    template.hasResourceProperties('AWS::ECS::Service', { EnableExecuteCommand: true });
    hasContainer(template, { ReadonlyRootFilesystem: false });
    expect(JSON.stringify(template.toJSON())).toContain('ssmmessages:OpenDataChannel');
  });
});

describe('logs and metrics', () => {
  test('go to a new log group of the stack, or to the given log group', () => {
    const logGroupOf = (logGroup: unknown) => ({
      LogConfiguration: { Options: Match.objectLike({ 'awslogs-group': logGroup }) },
    });
    hasContainer(byDefault, logGroupOf({ Ref: Match.stringLikeRegexp('Logs') }));
    const shared = new Stack(new App(), 'Shared');
    const logGroup = logs.LogGroup.fromLogGroupName(shared, 'Logs', 'shared');
    hasContainer(synthesize({ logGroup }), logGroupOf('shared'));
  });
});

describe('spans', () => {
  const agent = ecs.ContainerImage.fromRegistry('public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300066.0b1367');
  const containersOf = (template: Template) =>
    Object.values(template.findResources('AWS::ECS::TaskDefinition')).flatMap(
      ({ Properties }) => Properties.ContainerDefinitions,
    );

  test('are sent to an agent in the task, whose end does not end the task', () => {
    const [service, traces] = containersOf(synthesize({ traces: { agent } }));
    const address = { Name: 'OTEL_EXPORTER_OTLP_ENDPOINT', Value: 'http://127.0.0.1:4318' };
    expect(service.Environment).toContainEqual(address);
    expect(service.Cpu).toBe(224);
    expect(traces).toMatchObject({
      Image: 'public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300066.0b1367',
      Essential: false,
      Memory: 128,
      Cpu: 32,
      RestartPolicy: { Enabled: true },
      LogConfiguration: { Options: { mode: 'non-blocking', 'awslogs-stream-prefix': 'traces' } },
    });
    expect(traces.PortMappings).toBeUndefined();
    const [{ Value: content }] = traces.Environment;
    expect(JSON.parse(content)).toEqual({ traces: { traces_collected: { otlp: {} } } });
  });

  test('need the right to write to X-Ray, and no other right', () => {
    const { service, stack } = create({ traces: { agent } });
    const role = stack.resolve(service.taskDefinition.taskRole.roleName);
    const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const statements = policies
      .filter(({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([role]))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    expect(statements).toEqual([
      { Effect: 'Allow', Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' },
    ]);
  });

  test('are not sent by default, so that a task has one container', () => {
    const template = synthesize({});
    expect(containersOf(template)).toHaveLength(1);
    expect(JSON.stringify(template.toJSON())).not.toMatch(/OTEL|xray/);
  });
});
