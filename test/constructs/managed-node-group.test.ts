import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ManagedNodeGroup, ManagedNodeGroupProps } from '../../lib/constructs/managed-node-group';

const { ARM_64, X86_64 } = ec2.InstanceArchitecture;
const SUBNETS = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

type Changes = Partial<ManagedNodeGroupProps> & { readonly given?: (stack: Stack) => Partial<ManagedNodeGroupProps> };

function create({ given, ...props }: Changes = {}) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    subnetConfiguration: [{ name: 'Private', ...SUBNETS }],
  });
  const nodes = new ManagedNodeGroup(stack, 'Nodes', {
    cluster: eks.Cluster.fromClusterAttributes(stack, 'Cluster', {
      clusterName: 'history',
      vpc,
      clusterSecurityGroupId: 'sg-cluster',
    }),
    kubernetesVersion: '1.36',
    vpcSubnets: SUBNETS,
    architecture: ARM_64,
    instanceTypes: ['t4g.medium'],
    minNodes: 2,
    maxNodes: 4,
    ...props,
    ...given?.(stack),
  });
  return { stack, nodes };
}

function synthesize(props: Changes = {}): Template {
  return Template.fromStack(create(props).stack);
}

/** What most tests look at, synthesized once. */
const byDefault = synthesize();
const spot = synthesize({
  instanceTypes: ['m7g.large', 'm6gd.large'],
  spot: true,
  diskGiB: 50,
  labels: { pool: 'spot' },
  taints: [{ key: 'spot', value: 'true', effect: eks.TaintEffect.NO_SCHEDULE }],
  maxUnavailablePercentage: 50,
});

function hasNodegroup(template: Template, properties: object): void {
  template.hasResourceProperties('AWS::EKS::Nodegroup', properties);
}

function hasLaunchTemplate(template: Template, data: object): void {
  template.hasResourceProperties('AWS::EC2::LaunchTemplate', { LaunchTemplateData: Match.objectLike(data) });
}

describe('nodes', () => {
  test.each([
    ['AL2023_ARM_64_STANDARD', ARM_64, 't4g.medium'],
    ['AL2023_x86_64_STANDARD', X86_64, 't3.medium'],
  ])('start from %s for their architecture [E1]', (amiType, architecture, type) => {
    const { stack, nodes } = create({ architecture, instanceTypes: [type] });
    expect(nodes.amiType).toBe(amiType);
    hasNodegroup(Template.fromStack(stack), { AmiType: amiType, InstanceTypes: [type] });
  });

  test('are of the version of the cluster, with which they move', () => {
    hasNodegroup(byDefault, { ClusterName: 'history', Version: '1.36', ReleaseVersion: Match.absent() });
  });

  test.each(['1.36', '1.35', '1.33'])('stay at %s while an upgrade reaches the control plane only', (version) => {
    hasNodegroup(synthesize({ version }), { Version: version });
  });

  test('change nothing but their version in an upgrade, because EKS updates a version alone', () => {
    const of = (props: Partial<ManagedNodeGroupProps>) => synthesize(props).toJSON();
    const [before, between, after] = [
      of({}),
      of({ kubernetesVersion: '1.37', version: '1.36' }),
      of({ kubernetesVersion: '1.37' }),
    ];
    expect(between).toEqual(before);
    expect(JSON.parse(JSON.stringify(after).replace('"Version":"1.37"', '"Version":"1.36"'))).toEqual(between);
  });

  test('answer IMDSv2 only, one hop away at the most [E7]', () => {
    hasLaunchTemplate(byDefault, { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } });
  });

  test('have an encrypted gp3 volume and no key pair', () => {
    const volume = { Encrypted: true, VolumeType: 'gp3', VolumeSize: 20 };
    hasLaunchTemplate(byDefault, {
      KeyName: Match.absent(),
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: volume }],
    });
    hasLaunchTemplate(spot, {
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { ...volume, VolumeSize: 50 } }],
    });
    hasNodegroup(byDefault, { RemoteAccess: Match.absent(), DiskSize: Match.absent() });
  });

  test('carry their name, and so do their volumes', () => {
    const Tags = [{ Key: 'Name', Value: 'history-Nodes' }];
    hasLaunchTemplate(byDefault, {
      TagSpecifications: [
        { ResourceType: 'instance', Tags },
        { ResourceType: 'volume', Tags },
      ],
    });
  });

  test('are in the security group that EKS creates for cluster and nodes, which opens 10250 and 10251 [E6]', () => {
    hasLaunchTemplate(byDefault, { SecurityGroupIds: Match.absent(), NetworkInterfaces: Match.absent() });
    byDefault.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  test('are in the security groups that they are given and in that of the cluster, and no group gets a rule', () => {
    const securityGroup = (stack: Stack) => ec2.SecurityGroup.fromSecurityGroupId(stack, 'Own', 'sg-own');
    const template = synthesize({ given: (stack) => ({ securityGroups: [securityGroup(stack)] }) });
    hasLaunchTemplate(template, { SecurityGroupIds: ['sg-cluster', 'sg-own'] });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
  });

  test('have the role that they are given, to which nothing is added', () => {
    const arn = 'arn:aws:iam::111122223333:role/Nodes';
    const template = synthesize({ given: (stack) => ({ role: iam.Role.fromRoleArn(stack, 'Own', arn) }) });
    hasNodegroup(template, { NodeRole: arn });
    template.resourceCountIs('AWS::IAM::Role', 0);
    template.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('leave image, instance type, user data and with it the number of pods to EKS', () => {
    hasLaunchTemplate(byDefault, {
      ImageId: Match.absent(),
      InstanceType: Match.absent(),
      UserData: Match.absent(),
      IamInstanceProfile: Match.absent(),
    });
  });

  test('may join the cluster, pull images and be reached with Session Manager, and nothing else', () => {
    byDefault.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: { Statement: [Match.objectLike({ Principal: { Service: 'ec2.amazonaws.com' } })] },
      ManagedPolicyArns: [
        'AmazonEKSWorkerNodePolicy',
        'AmazonEC2ContainerRegistryPullOnly',
        'AmazonSSMManagedInstanceCore',
      ].map((name) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::aws:policy/${name}`]] })),
    });
    byDefault.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('have the labels and taints that they are given', () => {
    hasNodegroup(byDefault, { Labels: Match.absent(), Taints: Match.absent() });
    hasNodegroup(spot, {
      Labels: { pool: 'spot' },
      Taints: [{ Key: 'spot', Value: 'true', Effect: 'NO_SCHEDULE' }],
    });
  });
});

describe('the group', () => {
  test('is created with minimum, maximum and desired size, as EKS demands, and starts at the minimum [E7]', () => {
    hasNodegroup(byDefault, { ScalingConfig: { MinSize: 2, MaxSize: 4, DesiredSize: 2 } });
  });

  test('is in the subnets that it is given', () => {
    hasNodegroup(byDefault, {
      Subnets: [{ Ref: Match.stringLikeRegexp('PrivateSubnet1') }, { Ref: Match.stringLikeRegexp('PrivateSubnet2') }],
    });
  });

  test('replaces its nodes when the launch template changes, at the given pace, never against a PodDisruptionBudget', () => {
    const [launchTemplate] = Object.keys(byDefault.findResources('AWS::EC2::LaunchTemplate'));
    hasNodegroup(byDefault, {
      LaunchTemplate: {
        Id: { Ref: launchTemplate },
        Version: { 'Fn::GetAtt': [launchTemplate, 'LatestVersionNumber'] },
      },
      UpdateConfig: { MaxUnavailablePercentage: 33 },
      ForceUpdateEnabled: false,
    });
    hasNodegroup(spot, { UpdateConfig: { MaxUnavailablePercentage: 50 } });
  });

  test('repairs nodes', () => {
    hasNodegroup(byDefault, { NodeRepairConfig: { Enabled: true } });
  });

  test('is on demand by default, and Spot with several types', () => {
    hasNodegroup(byDefault, { CapacityType: 'ON_DEMAND' });
    hasNodegroup(spot, { CapacityType: 'SPOT', InstanceTypes: ['m7g.large', 'm6gd.large'] });
  });
});

test.each([
  [
    'no type',
    { instanceTypes: [] },
    'instanceTypes: must name at least one type, got none. Give one such as t4g.medium',
  ],
  [
    'a type that EC2 does not have',
    { instanceTypes: ['medium'] },
    'instanceTypes: must be types of EC2, got "medium". Give one such as',
  ],
  [
    'another architecture',
    { instanceTypes: ['t3.medium'] },
    'instanceTypes: must be of the architecture of the image (arm64), got "t3.medium", which is x86_64. Give types of',
  ],
  [
    'types of several sizes',
    { instanceTypes: ['m7g.large', 'm7g.xlarge'] },
    'instanceTypes: must all be of the kind and size of "m7g.large", got "m7g.xlarge". Give other generations of it',
  ],
  [
    'types of several kinds',
    { instanceTypes: ['m7g.large', 'c7g.large'] },
    /of the kind and size of "m7g.large", got "c7g/,
  ],
  ['Spot with one type', { spot: true }, 'instanceTypes: must be at least two with spot, got "t4g.medium" only. Give'],
  [
    'Spot with one type twice',
    { spot: true, instanceTypes: ['m7g.large', 'm7g.large'] },
    /must be at least two with spot/,
  ],
  [
    'nodes that are newer than the cluster',
    { version: '1.37' },
    'version: nodes must be of the cluster\'s minor version (1.36) or up to three older, got "1.37". Leave version out, or give',
  ],
  ['nodes four versions behind', { version: '1.32' }, /up to three older, got "1.32"/],
  ['a version that is not a minor one', { version: 'v1.36' }, /up to three older, got "v1.36"/],
  ['no nodes', { minNodes: 0 }, 'minNodes: must be a whole number of at least 1, got 0. Give 1 or more'],
  ['a fraction of a node', { minNodes: 1.5 }, /^minNodes: must be a whole number/],
  [
    'a maximum below the minimum',
    { maxNodes: 1 },
    'maxNodes: must be a whole number of at least 2, got 1. Give 2 or more',
  ],
  ['a volume smaller than the image', { diskGiB: 8 }, 'diskGiB: must be a whole number of at least 20, got 8. Give 20'],
  [
    'an update that replaces nothing',
    { maxUnavailablePercentage: 0 },
    /^maxUnavailablePercentage: must be a whole number from 1 to 100, got 0/,
  ],
  ['an update of more than all nodes', { maxUnavailablePercentage: 101 }, /from 1 to 100, got 101/],
])('fails for %s', (_, props, message) => {
  expect(() => create(props)).toThrow(message);
});
