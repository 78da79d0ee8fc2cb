import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ClusterAddOns, ClusterAddOnsProps } from '../../lib/constructs/cluster-add-ons';

type Changes = Partial<ClusterAddOnsProps> & { readonly given?: (stack: Stack) => Partial<ClusterAddOnsProps> };

function synthesize({ given, ...props }: Changes = {}): Template {
  const stack = new Stack(new App(), 'Stack');
  const nodes = new Construct(stack, 'Nodes');
  new eks.CfnNodegroup(nodes, 'Group', { clusterName: 'history', nodeRole: 'arn', subnets: ['subnet-1'] });
  const cluster = eks.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'history' });
  new ClusterAddOns(stack, 'AddOns', { cluster, clusterName: 'history', nodes, ...props, ...given?.(stack) });
  return Template.fromStack(stack);
}

/** Template for most tests, synthesized once. */
const byDefault = synthesize();
const observed = synthesize({ observability: true });
const OBSERVABILITY = 'amazon-cloudwatch-observability';

function addOn(name: string, template = byDefault) {
  const found = Object.entries(template.findResources('AWS::EKS::Addon', { Properties: { AddonName: name } }));
  expect(found).toHaveLength(1);
  const [id = '', resource] = found[0] ?? [];
  return {
    id,
    properties: resource?.Properties,
    dependsOn: resource?.DependsOn ?? [],
    configuration: JSON.parse(resource?.Properties.ConfigurationValues ?? '{}'),
  };
}

const [nodeGroup = ''] = Object.keys(byDefault.findResources('AWS::EKS::Nodegroup'));

test('installs the add-ons that nodes and pods need, and the template wins over changes made by hand', () => {
  const addOns = Object.values(byDefault.findResources('AWS::EKS::Addon')).map(({ Properties }) => Properties);
  expect(addOns.map(({ AddonName }) => AddonName).sort()).toEqual([
    'coredns',
    'eks-pod-identity-agent',
    'kube-proxy',
    'metrics-server',
    'vpc-cni',
  ]);
  for (const properties of addOns) {
    expect(properties).toMatchObject({ ClusterName: 'history', ResolveConflicts: 'OVERWRITE' });
    expect(properties).not.toHaveProperty('PreserveOnDelete');
  }
});

test('leaves versions to EKS, except given versions', () => {
  expect(addOn('coredns').properties).not.toHaveProperty('AddonVersion');
  const pinned = synthesize({ versions: { coredns: 'v1.13.2-eksbuild.1' } });
  expect(addOn('coredns', pinned).properties).toHaveProperty('AddonVersion', 'v1.13.2-eksbuild.1');
  expect(addOn('vpc-cni', pinned).properties).not.toHaveProperty('AddonVersion');
});

test('assigns prefixes to nodes, keeps one free, and enforces network policies', () => {
  expect(addOn('vpc-cni').configuration).toEqual({
    enableNetworkPolicy: 'true',
    env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
  });
});

test('gives the VPC CNI a role by Pod Identity, so that nodes do not need its rights [E11]', () => {
  const [role] = Object.keys(byDefault.findResources('AWS::IAM::Role'));
  byDefault.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Action: ['sts:AssumeRole', 'sts:TagSession'],
          Effect: 'Allow',
          Principal: { Service: 'pods.eks.amazonaws.com' },
        },
      ],
    },
    ManagedPolicyArns: [{ 'Fn::Join': ['', Match.arrayWith([':iam::aws:policy/AmazonEKS_CNI_Policy'])] }],
  });
  const { properties, dependsOn } = addOn('vpc-cni');
  expect(properties.PodIdentityAssociations).toEqual([
    { ServiceAccount: 'aws-node', RoleArn: { 'Fn::GetAtt': [role, 'Arn'] } },
  ]);
  expect(properties).not.toHaveProperty('ServiceAccountRoleArn');
  // The agent provides the credentials, also on a node that is not ready because it lacks a network.
  expect(dependsOn).toContain(addOn('eks-pod-identity-agent').id);
  expect(addOn('eks-pod-identity-agent').configuration).toEqual({ tolerations: [{ operator: 'Exists' }] });
});

test('gives the VPC CNI the given role, and adds nothing to the role', () => {
  const arn = 'arn:aws:iam::111122223333:role/Cni';
  const template = synthesize({ given: (stack) => ({ cniRole: iam.Role.fromRoleArn(stack, 'Own', arn) }) });
  expect(addOn('vpc-cni', template).properties.PodIdentityAssociations).toEqual([
    { ServiceAccount: 'aws-node', RoleArn: arn },
  ]);
  template.resourceCountIs('AWS::IAM::Role', 0);
  template.resourceCountIs('AWS::IAM::Policy', 0);
});

test('creates network and proxy before the nodes, and deletes them after the nodes [E9]', () => {
  byDefault.hasResource('AWS::EKS::Nodegroup', {
    DependsOn: Match.arrayWith([addOn('kube-proxy').id, addOn('vpc-cni').id]),
  });
});

test.each(['coredns', 'metrics-server'])('has %s after the nodes, without which it stays degraded [E9]', (name) => {
  expect(addOn(name).dependsOn).toEqual([nodeGroup]);
});

test('leaves metrics-server its port 10251, which is open in the security group of the cluster [E6]', () => {
  expect(addOn('metrics-server').configuration).toEqual({});
  for (const type of ['SecurityGroup', 'SecurityGroupIngress', 'SecurityGroupEgress']) {
    byDefault.resourceCountIs(`AWS::EC2::${type}`, 0);
  }
});

describe('observability', () => {
  const groups = observed.findResources('AWS::Logs::LogGroup');

  test('is off by default, without add-on, log group and role', () => {
    byDefault.resourceCountIs('AWS::Logs::LogGroup', 0);
    byDefault.resourceCountIs('AWS::IAM::Role', 1);
    expect(byDefault.findResources('AWS::EKS::Addon', { Properties: { AddonName: OBSERVABILITY } })).toEqual({});
  });

  test('has the log groups that agent and Fluent Bit would otherwise create without retention', () => {
    expect(Object.values(groups).map(({ Properties }) => Properties.LogGroupName)).toEqual(
      ['application', 'dataplane', 'host', 'performance'].map((name) => `/aws/containerinsights/history/${name}`),
    );
    expect(addOn(OBSERVABILITY, observed).dependsOn).toEqual(expect.arrayContaining(Object.keys(groups)));
  });

  test('is created after the nodes, without which its operator stays degraded, and deleted before them [E9]', () => {
    expect(addOn(OBSERVABILITY, observed).dependsOn).toContain(nodeGroup);
    expect(Object.values(observed.findResources('AWS::EKS::Nodegroup'))[0]?.DependsOn).not.toContain(
      addOn(OBSERVABILITY, observed).id,
    );
  });

  test('collects metrics, and adds nothing to the pods of workloads', () => {
    expect(addOn(OBSERVABILITY, observed).configuration).toEqual({
      agent: { config: { logs: { metrics_collected: { kubernetes: { enhanced_container_insights: true } } } } },
      manager: { applicationSignals: { autoMonitor: { monitorAllServices: false } } },
    });
  });

  test('may write to its log groups and create none, not even a deleted one again', () => {
    const roles = observed.findResources('AWS::IAM::Role', {
      Properties: { Description: Match.stringLikeRegexp('^CloudWatch agent') },
    });
    const [[id, role] = []] = Object.entries(roles);
    expect(addOn(OBSERVABILITY, observed).properties.PodIdentityAssociations).toEqual([
      { ServiceAccount: 'cloudwatch-agent', RoleArn: { 'Fn::GetAtt': [id, 'Arn'] } },
    ]);
    expect(role?.Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(role?.Properties.AssumeRolePolicyDocument.Statement).toMatchObject([
      {
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:RequestTag/kubernetes-namespace': 'amazon-cloudwatch',
            'aws:RequestTag/kubernetes-service-account': 'cloudwatch-agent',
          },
        },
      },
    ]);
    const { Statement: statements } = role?.Properties.Policies[0].PolicyDocument ?? {};
    expect(statements).toEqual([
      {
        Sid: 'Write',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: Object.keys(groups).map((group) => ({ 'Fn::GetAtt': [group, 'Arn'] })),
      },
      {
        Sid: 'Metrics',
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'ContainerInsights' } },
      },
      { Sid: 'Read', Effect: 'Allow', Action: ['ec2:DescribeTags', 'ec2:DescribeVolumes'], Resource: '*' },
    ]);
  });

  test('accepts a version only where it is on', () => {
    const versions = { [OBSERVABILITY]: 'v6.4.0-eksbuild.1' };
    expect(addOn(OBSERVABILITY, synthesize({ observability: true, versions })).properties).toHaveProperty(
      'AddonVersion',
      'v6.4.0-eksbuild.1',
    );
    expect(() => synthesize({ versions })).toThrow(/^versions: must name add-ons of the cluster, got "amazon-/);
  });
});

test('fails for a version of another form', () => {
  expect(() => synthesize({ versions: { coredns: 'latest' } })).toThrow(
    'versions: "coredns" must have a version such as v1.2.3-eksbuild.1, got "latest". Choose one of ' +
      'aws eks describe-addon-versions --addon-name coredns',
  );
});

test('fails for an add-on that is not installed', () => {
  const versions = { 'kube-proxy': 'v1.36.0-eksbuild.1', 'core-dns': 'v1.13.2-eksbuild.1' };
  expect(() => synthesize({ versions })).toThrow(
    /^versions: must name add-ons of the cluster, got "core-dns". Give one of vpc-cni, /,
  );
});
