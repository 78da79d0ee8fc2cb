import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Ec2Capacity, Ec2CapacityProps } from '../../lib/constructs/ec2-capacity';

const SUBNETS = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

const types = (...names: string[]) => names.map((name) => new ec2.InstanceType(name));

function create(props: Partial<Ec2CapacityProps> = {}) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    subnetConfiguration: [{ name: 'Private', ...SUBNETS }],
  });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const capacity = new Ec2Capacity(stack, 'Instances', {
    cluster,
    vpc,
    vpcSubnets: SUBNETS,
    architecture: ecs.CpuArchitecture.ARM64,
    instanceTypes: types('t4g.small'),
    maxInstances: 4,
    ...props,
  });
  return { stack, vpc, cluster, capacity };
}

function synthesize(props: Partial<Ec2CapacityProps> = {}): Template {
  return Template.fromStack(create(props).stack);
}

/** Template for most tests, synthesized once. */
const byDefault = synthesize();

function hasLaunchTemplate(template: Template, data: object): void {
  template.hasResourceProperties('AWS::EC2::LaunchTemplate', { LaunchTemplateData: Match.objectLike(data) });
}

function userDataOf(template: Template): string {
  const [found] = Object.values(template.findResources('AWS::EC2::LaunchTemplate'));
  return JSON.stringify(found?.Properties.LaunchTemplateData.UserData);
}

const idsOf = (template: Template, type: string) => Object.keys(template.findResources(type));

describe('instances', () => {
  test.each([
    ['arm64/', ecs.CpuArchitecture.ARM64, 't4g.small'],
    ['', ecs.CpuArchitecture.X86_64, 't3.small'],
  ])(
    'start from the AL2023 image of ECS for their architecture, by SSM parameter [F4]',
    (folder, architecture, type) => {
      const { Parameters: parameters } = synthesize({ architecture, instanceTypes: types(type) }).toJSON();
      expect(Object.values(parameters)).toContainEqual({
        Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
        Default: `/aws/service/ecs/optimized-ami/amazon-linux-2023/${folder}recommended/image_id`,
      });
    },
  );

  test('have IMDSv2 only, for at most one hop, which tasks cannot reach', () => {
    hasLaunchTemplate(byDefault, { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } });
    expect(userDataOf(byDefault)).toContain('ECS_AWSVPC_BLOCK_IMDS=true');
  });

  test('have an encrypted gp3 volume and no key pair', () => {
    hasLaunchTemplate(byDefault, {
      KeyName: Match.absent(),
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 30 } }],
    });
  });

  test('accept no connection, and may connect to port 443', () => {
    byDefault.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Instances of the container service',
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
    });
    hasLaunchTemplate(byDefault, { NetworkInterfaces: Match.absent() });
  });

  test('register with their cluster, which is created before them', () => {
    const [cluster] = idsOf(byDefault, 'AWS::ECS::Cluster');
    expect(userDataOf(byDefault)).toContain(`ECS_CLUSTER=",{"Ref":"${cluster}"}`);
  });

  test('have only the rights of the agent on their cluster and of Session Manager, none to pull images [F3]', () => {
    const [cluster] = idsOf(byDefault, 'AWS::ECS::Cluster');
    const clusterArn = { 'Fn::GetAtt': [cluster, 'Arn'] };
    byDefault.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: { Statement: [Match.objectLike({ Principal: { Service: 'ec2.amazonaws.com' } })] },
      ManagedPolicyArns: [
        { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/AmazonSSMManagedInstanceCore']] },
      ],
    });
    const policies = JSON.stringify(byDefault.findResources('AWS::IAM::Policy'));
    expect(policies).not.toMatch(/ecr:|logs:|ecs:\*|Submit\*/);
    byDefault.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['ecs:Poll']),
            Condition: { ArnEquals: { 'ecs:cluster': clusterArn } },
          }),
        ]),
      },
    });
  });
});

describe('the group', () => {
  test('has no instance without tasks, and at most the given number', () => {
    byDefault.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '0',
      MaxSize: '4',
      // Managed scaling sets the capacity. A deployment that sets it would stop tasks [F6].
      DesiredCapacity: Match.absent(),
      VPCZoneIdentifier: [
        { Ref: Match.stringLikeRegexp('PrivateSubnet1') },
        { Ref: Match.stringLikeRegexp('PrivateSubnet2') },
      ],
    });
  });

  test('replaces all instances, also protected ones, when the launch template changes, and starts new instances first [F5]', () => {
    const [launchTemplate] = idsOf(byDefault, 'AWS::EC2::LaunchTemplate');
    byDefault.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      Properties: {
        MixedInstancesPolicy: {
          LaunchTemplate: {
            LaunchTemplateSpecification: { Version: { 'Fn::GetAtt': [launchTemplate, 'LatestVersionNumber'] } },
          },
        },
      },
      UpdatePolicy: {
        AutoScalingInstanceRefresh: {
          Strategy: 'Rolling',
          Preferences: Match.objectLike({ MinHealthyPercentage: 100, ScaleInProtectedInstances: 'Refresh' }),
        },
      },
    });
  });

  test('is on demand with one type by default', () => {
    byDefault.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MixedInstancesPolicy: {
        InstancesDistribution: Match.objectLike({ OnDemandPercentageAboveBaseCapacity: 100 }),
        LaunchTemplate: { Overrides: [{ InstanceType: 't4g.small' }] },
      },
    });
    expect(userDataOf(byDefault)).not.toContain('SPOT');
  });

  test('mixes types and Spot Instances, whose tasks are drained on the notice of an interruption', () => {
    const template = synthesize({
      instanceTypes: types('t4g.small', 't4g.medium'),
      spot: { onDemandBase: 1, onDemandPercent: 25 },
    });
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MixedInstancesPolicy: {
        InstancesDistribution: {
          OnDemandAllocationStrategy: 'prioritized',
          OnDemandBaseCapacity: 1,
          OnDemandPercentageAboveBaseCapacity: 25,
          SpotAllocationStrategy: 'price-capacity-optimized',
        },
        LaunchTemplate: { Overrides: [{ InstanceType: 't4g.small' }, { InstanceType: 't4g.medium' }] },
      },
    });
    expect(userDataOf(template)).toContain('ECS_ENABLE_SPOT_INSTANCE_DRAINING=true');
  });
});

describe('the capacity provider', () => {
  test('scales to 100 %, protects instances with tasks, and drains instances before they end', () => {
    byDefault.hasResourceProperties('AWS::ECS::CapacityProvider', {
      AutoScalingGroupProvider: {
        ManagedScaling: { Status: 'ENABLED', TargetCapacity: 100 },
        ManagedTerminationProtection: 'ENABLED',
        ManagedDraining: 'ENABLED',
      },
    });
    byDefault.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { NewInstancesProtectedFromScaleIn: true });
  });

  test('is associated with the cluster of the instances', () => {
    byDefault.hasResourceProperties('AWS::ECS::ClusterCapacityProviderAssociations', {
      Cluster: { Ref: idsOf(byDefault, 'AWS::ECS::Cluster')[0] },
      CapacityProviders: [{ Ref: idsOf(byDefault, 'AWS::ECS::CapacityProvider')[0] }],
      DefaultCapacityProviderStrategy: [],
    });
  });

  test('fails to join providers that another construct has associated with the cluster', () => {
    const { stack, vpc, cluster } = create();
    const props = { vpc, vpcSubnets: SUBNETS, architecture: ecs.CpuArchitecture.ARM64, maxInstances: 1 };
    expect(() => new Ec2Capacity(stack, 'More', { ...props, cluster, instanceTypes: types('t4g.small') })).toThrow(
      'cluster: Stack/Cluster has its capacity providers from Stack/Instances/Providers, and the list of providers is one ' +
        'resource. Give the instances a cluster of their own',
    );
  });

  test('keeps the rights of the agent and the cluster until the group is deleted, so that ECS deregisters the instances', () => {
    const [cluster] = idsOf(byDefault, 'AWS::ECS::Cluster');
    const [launchTemplate] = idsOf(byDefault, 'AWS::EC2::LaunchTemplate');
    const [policy] = idsOf(byDefault, 'AWS::IAM::Policy').filter((id) => id.includes('InstanceRole'));
    expect(policy).toBeDefined();
    // ECS deregisters a terminated instance by itself only if its agent was connected.
    byDefault.hasResource('AWS::EC2::LaunchTemplate', { DependsOn: Match.arrayWith([policy]) });
    expect(userDataOf(byDefault)).toContain(`{"Ref":"${cluster}"}`);
    expect(JSON.stringify(byDefault.findResources('AWS::AutoScaling::AutoScalingGroup'))).toContain(
      `{"Ref":"${launchTemplate}"}`,
    );
  });

  test('is deleted before its group, which is deleted by force, because ECS leaves its instances protected', () => {
    const [forceDelete] = idsOf(byDefault, 'Custom::ForceDeleteAutoScalingGroup');
    const [group] = idsOf(byDefault, 'AWS::AutoScaling::AutoScalingGroup');
    byDefault.hasResource('AWS::ECS::CapacityProvider', { DependsOn: Match.arrayWith([forceDelete]) });
    byDefault.hasResource('Custom::ForceDeleteAutoScalingGroup', {
      DependsOn: Match.arrayWith([group]),
      Properties: {
        Create: Match.absent(),
        Update: Match.absent(),
        Delete: { 'Fn::Join': ['', Match.arrayWith([{ Ref: group }, Match.stringLikeRegexp('"ForceDelete":true')])] },
      },
    });
  });
});

test.each([
  [[], 'instanceTypes: must name at least one type, got none. Give t4g.small'],
  [['t3.small'], 'instanceTypes: "t3.small" is X86_64, but the architecture of the image is ARM64. Give types of'],
])('fails for the instance types %p', (names, message) => {
  expect(() => create({ instanceTypes: types(...names) })).toThrow(message);
});

test.each([0, 1.5])('fails for a maximum of %p instances', (maxInstances) => {
  expect(() => create({ maxInstances })).toThrow(
    `maxInstances: must be a whole number of at least 1, got ${maxInstances}. Give enough instances for the tasks of a deployment`,
  );
});

test('gives instances the given security group, and creates none', () => {
  const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(new Stack(), 'Theirs', 'sg-12345678');
  const template = synthesize({ securityGroup });
  hasLaunchTemplate(template, { SecurityGroupIds: ['sg-12345678'] });
  template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
});

test.each([
  [{ onDemandBase: -1, onDemandPercent: 0 }, 'spot.onDemandBase: must be a whole number from 0, got -1. Leave'],
  [
    { onDemandBase: 0, onDemandPercent: 101 },
    'spot.onDemandPercent: must be a whole number from 0 to 100, got 101. Leave',
  ],
])('fails for the Spot share %p', (spot, message) => {
  expect(() => create({ spot })).toThrow(message);
});
