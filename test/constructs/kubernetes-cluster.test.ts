import { App, PropertyInjectors, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { KubernetesCluster, KubernetesClusterProps } from '../../lib/constructs/kubernetes-cluster';

const LAYER = 'arn:aws:lambda:eu-west-1:111122223333:layer:kubectl:1';
const ADMIN = 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admin';
const PRIVATE = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };

type Changes = Partial<Omit<KubernetesClusterProps, 'vpc'>> & {
  readonly vpcIn?: (scope: Stack) => ec2.IVpc;
  readonly given?: (scope: Stack) => Partial<KubernetesClusterProps>;
  readonly context?: Record<string, boolean>;
  readonly logDefaults?: logs.LogGroupProps;
};

const newVpc = (scope: Stack) =>
  new ec2.Vpc(scope, 'Vpc', {
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    natGateways: 1,
    restrictDefaultSecurityGroup: false,
  });

function create({ context = {}, vpcIn = newVpc, logDefaults = {}, given, ...props }: Changes = {}) {
  const stack = new Stack(new App({ context }), 'Stack', { env: { region: 'eu-west-1' } });
  PropertyInjectors.of(stack).add({
    constructUniqueId: logs.LogGroup.PROPERTY_INJECTION_ID,
    inject: (props: logs.LogGroupProps) => ({ ...logDefaults, ...props }),
  });
  const kubernetes = new KubernetesCluster(stack, 'Kubernetes', {
    clusterName: 'history',
    version: '1.36',
    kubectlLayer: lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', LAYER),
    vpc: vpcIn(stack),
    vpcSubnets: PRIVATE,
    ...props,
    ...given?.(stack),
  });
  kubernetes.cluster.addManifest('Manifest', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'history' } });
  return { stack, kubernetes };
}

function synthesize(changes: Changes = {}): Template {
  return Template.fromStack(create(changes).stack);
}

function onlyId(template: Template, type: string, props: object = {}): string {
  const ids = Object.keys(template.findResources(type, { Properties: props }));
  expect(ids).toHaveLength(1);
  return ids[0] ?? '';
}

/** Logical ids of what a resource is created after and deleted before. */
function below(template: Template, id: string, found = new Set<string>()): Set<string> {
  const resources = template.toJSON().Resources;
  const text = JSON.stringify(resources[id]);
  for (const other of Object.keys(resources)) {
    if (found.has(other) || !text.includes(`"${other}"`)) continue;
    found.add(other);
    below(template, other, found);
  }
  return found;
}

/** What most tests look at, synthesized once. */
const byDefault = synthesize();
const open = synthesize({
  publicCidrs: ['203.0.113.0/24', '198.51.100.7/32'],
  adminRoleArn: ADMIN,
  logDefaults: { retention: logs.RetentionDays.THREE_DAYS, removalPolicy: RemovalPolicy.DESTROY },
  context: { '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true },
});

describe('the control plane', () => {
  test('is in standard support and has the given version and name [E4]', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      Name: 'history',
      Version: '1.36',
      UpgradePolicy: { SupportType: 'STANDARD' },
    });
  });

  test('can be deleted by default, so that a failed create is rolled back', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', { DeletionProtection: Match.absent() });
    const kept = synthesize({ deletionProtection: true }).toJSON();
    expect(JSON.parse(JSON.stringify(kept).replace('"DeletionProtection":true,', ''))).toEqual(byDefault.toJSON());
    expect(JSON.stringify(kept)).toContain('"DeletionProtection":true,');
  });

  test('is not in Auto Mode and creates no nodes [E10]', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      ComputeConfig: { Enabled: false, NodeRoleArn: Match.absent() },
      StorageConfig: { BlockStorage: { Enabled: false } },
      KubernetesNetworkConfig: { ElasticLoadBalancing: { Enabled: false } },
    });
    byDefault.resourceCountIs('AWS::EKS::Nodegroup', 0);
  });

  test('comes without the self-managed add-ons, which EKS add-ons replace', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', { BootstrapSelfManagedAddons: false });
  });

  test('encrypts secrets with a new key that rotates', () => {
    const key = onlyId(byDefault, 'AWS::KMS::Key', { EnableKeyRotation: true });
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      EncryptionConfig: [{ Provider: { KeyArn: { 'Fn::GetAtt': [key, 'Arn'] } }, Resources: ['secrets'] }],
    });
  });

  test('is in the private subnets', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      ResourcesVpcConfig: {
        SubnetIds: [
          { Ref: Match.stringLikeRegexp('^VpcPrivateSubnet1') },
          { Ref: Match.stringLikeRegexp('^VpcPrivateSubnet2') },
        ],
      },
    });
  });

  test('answers inside the VPC only, unless CIDR blocks are named [E11]', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      ResourcesVpcConfig: {
        EndpointPrivateAccess: true,
        EndpointPublicAccess: false,
        PublicAccessCidrs: Match.absent(),
      },
    });
    open.hasResourceProperties('AWS::EKS::Cluster', {
      ResourcesVpcConfig: {
        EndpointPrivateAccess: true,
        EndpointPublicAccess: true,
        PublicAccessCidrs: ['203.0.113.0/24', '198.51.100.7/32'],
      },
    });
  });

  test('accepts subnets of an existing VPC without a warning about their tags, because nothing finds subnets by tags', () => {
    const { stack } = create({
      vpcIn: (scope) =>
        ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
          vpcId: 'vpc-1',
          availabilityZones: ['eu-west-1a', 'eu-west-1b'],
          privateSubnetIds: ['subnet-1', 'subnet-2'],
          privateSubnetRouteTableIds: ['rtb-1', 'rtb-2'],
        }),
    });
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});

test('gives Services the addresses that it is given, and leaves the choice to EKS otherwise', () => {
  const block = (template: Template) =>
    Object.values(template.findResources('AWS::EKS::Cluster'))[0]?.['Properties'].KubernetesNetworkConfig
      .ServiceIpv4Cidr;
  expect(block(synthesize({ serviceCidr: '172.20.0.0/16' }))).toBe('172.20.0.0/16');
  expect(block(byDefault)).toBeUndefined();
});

test('uses the groups, role and key that it is given, and adds one rule: HTTPS from the kubectl handler', () => {
  const role = 'arn:aws:iam::111122223333:role/HistoryRole';
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const template = synthesize({
    given: (scope) => ({
      securityGroup: ec2.SecurityGroup.fromSecurityGroupId(scope, 'OwnControlPlane', 'sg-control'),
      kubectlSecurityGroup: ec2.SecurityGroup.fromSecurityGroupId(scope, 'OwnKubectl', 'sg-kubectl'),
      role: iam.Role.fromRoleArn(scope, 'OwnRole', role),
      secretsEncryptionKey: kms.Key.fromKeyArn(scope, 'OwnKey', key),
    }),
  });
  template.hasResourceProperties('AWS::EKS::Cluster', {
    RoleArn: role,
    ResourcesVpcConfig: { SecurityGroupIds: ['sg-control'] },
    EncryptionConfig: [{ Provider: { KeyArn: key }, Resources: ['secrets'] }],
  });
  template.hasResourceProperties('AWS::Lambda::Function', { VpcConfig: { SecurityGroupIds: ['sg-kubectl'] } });
  template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  template.resourceCountIs('AWS::KMS::Key', 0);
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('HistoryRole');
  template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
  template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    GroupId: 'sg-control',
    SourceSecurityGroupId: 'sg-kubectl',
    FromPort: 443,
    ToPort: 443,
  });
});

describe('access', () => {
  test('is by access entries only, and the creator of the cluster gets none [E2]', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      AccessConfig: { AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false },
    });
    // The kubectl handler.
    byDefault.resourceCountIs('AWS::EKS::AccessEntry', 1);
  });

  test('is given to the admin role, with a command to use it [E2]', () => {
    open.hasResourceProperties('AWS::EKS::AccessEntry', {
      PrincipalArn: ADMIN,
      AccessPolicies: [
        {
          AccessScope: { Type: 'cluster' },
          PolicyArn: {
            'Fn::Join': ['', Match.arrayWith([':eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy'])],
          },
        },
      ],
    });
    const command = 'aws eks update-kubeconfig --name history --region eu-west-1';
    expect(create().kubernetes.updateKubeconfigCommand).toBe(command);
    expect(create({ adminRoleArn: ADMIN }).kubernetes.updateKubeconfigCommand).toBe(`${command} --role-arn ${ADMIN}`);
  });
});

describe('logs', () => {
  test('are switched off by an empty list, which is in the template because an update would keep the old value', () => {
    synthesize({ logTypes: [] }).hasResourceProperties('AWS::EKS::Cluster', {
      Logging: { ClusterLogging: { EnabledTypes: [] } },
    });
  });

  test('of all five kinds are written [E11]', () => {
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      Logging: {
        ClusterLogging: {
          EnabledTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'].map((Type) => ({ Type })),
        },
      },
    });
  });

  test('go to a log group of the stack, created before the cluster and deleted after it [P6]', () => {
    const logGroup = onlyId(open, 'AWS::Logs::LogGroup', { LogGroupName: '/aws/eks/history/cluster' });
    open.hasResource('AWS::EKS::Cluster', { DependsOn: Match.arrayWith([logGroup]) });
  });

  test.each([
    ['of the CDK', byDefault, 731, 'Retain'],
    ['of a property injector, with a flag that lets the CDK create log groups', open, 3, 'Delete'],
  ])(
    'of the kubectl handler, too, have the retention and removal policy %s [P6]',
    (_, template, RetentionInDays, policy) => {
      const logGroups = Object.values(template.findResources('AWS::Logs::LogGroup'));
      expect(logGroups).toHaveLength(1 + Object.keys(template.findResources('AWS::Lambda::Function')).length);
      for (const logGroup of logGroups) {
        expect(logGroup).toMatchObject({ DeletionPolicy: policy, Properties: { RetentionInDays } });
      }
      template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Delete' });
    },
  );
});

describe('the log group that EKS recreates after the stack has deleted it [P6]', () => {
  test('is deleted before the next create, where the stack deletes it', () => {
    const sweep = onlyId(open, 'Custom::LeftOverLogGroup', {
      Create: Match.serializedJson(
        Match.objectLike({
          service: 'CloudWatchLogs',
          action: 'deleteLogGroup',
          parameters: { logGroupName: '/aws/eks/history/cluster' },
          ignoreErrorCodesMatching: 'ResourceNotFoundException',
        }),
      ),
      Update: Match.absent(),
      Delete: Match.absent(),
    });
    open.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/eks/history/cluster' },
      DependsOn: Match.arrayWith([sweep]),
    });
  });

  test('is left alone where the stack retains it', () => {
    byDefault.resourceCountIs('Custom::LeftOverLogGroup', 0);
  });

  test.each([
    ['', byDefault, 2],
    [', nor may the function that deletes it', open, 3],
  ])('has no counterpart for the functions, which may not recreate theirs%s', (_, template, count) => {
    const denied = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, policy]) =>
      JSON.stringify(policy).includes('{"Action":"logs:CreateLogGroup","Effect":"Deny","Resource":"*"}'),
    );
    expect(denied).toHaveLength(count);
    // Until the last, which is when logs arrive late: the right is there before the function and goes after it.
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(functions).toHaveLength(count);
    for (const [id] of denied) expect(functions.filter(({ DependsOn }) => DependsOn?.includes(id))).toHaveLength(1);
  });
});

describe('the kubectl handler', () => {
  test('has the kubectl of the given layer [E8]', () => {
    byDefault.hasResourceProperties('AWS::Lambda::Function', { Layers: Match.arrayWith([LAYER]) });
  });

  test('runs in the private subnets, reaches port 443 and is admitted by the control plane', () => {
    const handler = onlyId(byDefault, 'AWS::EC2::SecurityGroup', {
      GroupDescription: 'kubectl handler of the cluster',
    });
    const controlPlane = onlyId(byDefault, 'AWS::EC2::SecurityGroup', {
      GroupDescription: 'Control plane of the cluster',
    });
    const functions = Object.values(byDefault.findResources('AWS::Lambda::Function'));
    expect(functions).toHaveLength(2);
    for (const { Properties } of functions) {
      expect(Properties.VpcConfig.SecurityGroupIds).toEqual([{ 'Fn::GetAtt': [handler, 'GroupId'] }]);
    }
    byDefault.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'kubectl handler of the cluster',
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
    });
    byDefault.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [controlPlane, 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [handler, 'GroupId'] },
      FromPort: 443,
      ToPort: 443,
    });
    byDefault.hasResourceProperties('AWS::EKS::Cluster', {
      ResourcesVpcConfig: { SecurityGroupIds: [{ 'Fn::GetAtt': [controlPlane, 'GroupId'] }] },
    });
  });

  test('still exists, with its rights and its route, when manifests are deleted [E3]', () => {
    const manifest = below(byDefault, onlyId(byDefault, 'Custom::AWSCDK-EKS-KubernetesResource'));
    const types = [
      'AWS::EKS::Cluster',
      'AWS::EKS::AccessEntry',
      'AWS::Lambda::Function',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupIngress',
      // Otherwise Lambda would recreate them, without retention.
      'AWS::Logs::LogGroup',
      'AWS::EC2::NatGateway',
      'AWS::EC2::Route',
      'AWS::EC2::SubnetRouteTableAssociation',
    ];
    for (const type of types) {
      const ids = Object.keys(byDefault.findResources(type));
      expect([type, ids.filter((id) => !manifest.has(id))]).toEqual([type, []]);
      expect([type, ids.length]).not.toEqual([type, 0]);
    }
  });

  test('applies manifests after the given dependencies, and deletes them before [E3]', () => {
    const { stack, kubernetes } = create();
    const nodes = new Construct(stack, 'Nodes');
    const node = new ec2.CfnPlacementGroup(nodes, 'Node');
    kubernetes.manifestsAfter(nodes);
    const template = Template.fromStack(stack);
    const manifest = onlyId(template, 'Custom::AWSCDK-EKS-KubernetesResource');
    expect(below(template, manifest)).toContain(stack.getLogicalId(node));
  });

  test('deletes objects that a change removes from a manifest', () => {
    byDefault.hasResourceProperties('Custom::AWSCDK-EKS-KubernetesResource', {
      PruneLabel: Match.stringLikeRegexp('^aws.cdk.eks/prune-'),
    });
  });
});

test.each([
  [
    'a name that is not a literal',
    { clusterName: `${new Stack().region}-history` },
    /^clusterName: must be .* no token/,
  ],
  ['a name that EKS refuses', { clusterName: '-history' }, /^clusterName: .*, got "-history". Give a literal such as/],
  ['a version of another form', { version: '1.36.2' }, /^version: .*, got "1.36.2". Give one such as 1.36.$/],
  ['no minor version', { version: 'latest' }, /^version: .*, got "latest"/],
  [
    'public subnets',
    { vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } },
    'vpcSubnets: must be private subnets in at least two availability zones, got public ones. Give',
  ],
  [
    'one zone',
    { vpcSubnets: { ...PRIVATE, availabilityZones: ['eu-west-1a'] } },
    'vpcSubnets: must be private subnets in at least two availability zones, got 1. Give',
  ],
  [
    'a session instead of a role',
    { adminRoleArn: 'arn:aws:sts::111122223333:assumed-role/Admin/me' },
    /^adminRoleArn: must be the ARN of an IAM role, got "arn:aws:sts.*". Give one such as arn:aws:iam::/,
  ],
  [
    'public addresses of Services',
    { serviceCidr: '203.0.113.0/24' },
    /^serviceCidr: must be a private IPv4 block of \/12/,
  ],
  [
    'too few addresses of Services',
    { serviceCidr: '172.20.0.0/25' },
    /^serviceCidr: .* got "172\.20\.0\.0\/25"\. Give/,
  ],
  ['a block of Services with host bits', { serviceCidr: '172.20.1.0/16' }, /^serviceCidr: /],
  [
    'a public endpoint for nobody',
    { publicCidrs: [] },
    /^publicCidrs: .* got none. Leave publicCidrs out to have no public/,
  ],
  ['a public endpoint for the world', { publicCidrs: ['0.0.0.0/0'] }, /must be closed to the world, got "0.0.0.0\/0"/],
  [
    'a public endpoint for the world of IPv6',
    { publicCidrs: ['::/0'] },
    /must be closed to the world, got "::\/0". Give/,
  ],
  [
    'half of the world',
    { publicCidrs: ['203.0.113.0/24', '128.0.0.0/1'] },
    /must be of \/8 to \/32, got "128.0.0.0\/1"/,
  ],
  ['a block of /7', { publicCidrs: ['198.0.0.0/7'] }, /must be of \/8 to \/32, got "198.0.0.0\/7"/],
  ['private addresses', { publicCidrs: ['172.20.0.0/16'] }, /must be public addresses, got "172.20.0.0\/16"/],
])('fails for %s', (_, props, message) => {
  expect(() => create(props)).toThrow(message);
});

test.each(['100.64.0.0/10', '239.1.0.0/16', '240.0.0.0/8', '255.255.255.255/32'])(
  'fails for %s, which is not of the internet',
  (cidr) => {
    expect(() => create({ publicCidrs: [cidr] })).toThrow(`must be public addresses, got "${cidr}"`);
  },
);

test.each(['', '203.0.113.5', '203.0.113.5/24', '203.0.113.0/33', '256.0.0.0/16', '2001:db8::/32', 'office'])(
  'fails for the malformed block "%s"',
  (cidr) => {
    expect(() => create({ publicCidrs: [cidr] })).toThrow(
      `publicCidrs: must be IPv4 blocks, got "${cidr}". Give the network address and its prefix, as 203.0.113.0/24`,
    );
  },
);
