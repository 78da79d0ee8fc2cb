import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { NodePortTarget, NodePortTargetProps } from '../../lib/constructs/node-port-target';

function synthesize(
  props: Partial<NodePortTargetProps> = {},
  more: string[] = [],
): Record<'nodes' | 'front', Template> {
  const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'weak' } });
  const front = new Stack(app, 'Front');
  const vpc = new ec2.Vpc(front, 'Vpc', { availabilityZones: ['us-east-1a', 'us-east-1b'], natGateways: 0 });
  const securityGroup = new ec2.SecurityGroup(front, 'SecurityGroup', { vpc, allowAllOutbound: false });
  const loadBalancer = new elbv2.ApplicationLoadBalancer(front, 'LoadBalancer', { vpc, securityGroup });
  const listener = loadBalancer.addListener('Listener', {
    port: 80,
    open: false,
    defaultAction: elbv2.ListenerAction.fixedResponse(404),
  });
  const stack = new Stack(app, 'Nodes');
  const nodes = Object.assign(new Construct(stack, 'NodeGroup'), { nodegroupName: 'nodes' });
  new ec2.CfnKeyPair(nodes, 'Part', { keyName: 'stands for the node group' });
  const nodeSecurityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'NodeGroupGroup', 'sg-0123456789abcdef0');
  const create = (id: string) =>
    new NodePortTarget(stack, id, {
      vpc,
      loadBalancer: { connections: loadBalancer.connections, listener },
      paths: ['/k8s/history/*'],
      priority: 200,
      clusterName: 'kumiki-test',
      nodes,
      nodeSecurityGroup,
      nodePort: 30_080,
      ...props,
    });
  create('Target');
  for (const id of more) create(id);
  return { front: Template.fromStack(front), nodes: Template.fromStack(stack) };
}

const { front, nodes } = synthesize();

/** Call of a custom resource, with references as `{logical id.attribute}`. */
function callOf(type: string, event: 'Create' | 'Delete') {
  const [resource] = Object.values(nodes.findResources(type));
  return JSON.parse(text(resource?.['Properties'][event]));
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: ref } = value as Record<string, [string, unknown[]]>;
  return join ? join[1].map(text).join(join[0]) : `{${attribute ? attribute.join('.') : ref}}`;
}

const [GROUP, ATTACHMENT] = ['Custom::NodeGroupAutoScalingGroup', 'Custom::NodeGroupTarget'];

test('forwards requests for its paths to the node port of any node', () => {
  nodes.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { TargetType: 'instance', Port: 30_080 });
  nodes.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
    Priority: 200,
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/k8s/history/*'] } }],
  });
});

test('checks nodes with kube-proxy, which fails the check for a node that is about to be removed', () => {
  nodes.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
    HealthCheckPort: '10256',
    HealthCheckPath: '/healthz',
    TargetGroupAttributes: Match.arrayWith([{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }]),
  });
});

test('lets only the load balancer reach the two ports, without a change of its stack', () => {
  for (const port of [30_080, 10_256]) {
    nodes.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-0123456789abcdef0',
      FromPort: port,
      ToPort: port,
      SourceSecurityGroupId: { 'Fn::GetStackOutput': Match.anyValue() },
    });
    nodes.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      FromPort: port,
      DestinationSecurityGroupId: 'sg-0123456789abcdef0',
    });
  }
  nodes.resourceCountIs('AWS::EC2::SecurityGroupIngress', 2);
  front.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
});

test('attaches the Auto Scaling group of the node group, so that later nodes are registered, and detaches it on deletion', () => {
  expect(callOf(GROUP, 'Create')).toMatchObject({
    service: 'EKS',
    action: 'describeNodegroup',
    parameters: { clusterName: 'kumiki-test', nodegroupName: 'nodes' },
    outputPaths: ['nodegroup.resources.autoScalingGroups.0.name'],
  });
  const attach = callOf(ATTACHMENT, 'Create');
  expect(attach).toMatchObject({ service: 'AutoScaling', action: 'attachTrafficSources' });
  expect(attach.parameters.AutoScalingGroupName).toMatch(
    /^\{TargetGroup.*\.nodegroup\.resources\.autoScalingGroups\.0\.name\}$/,
  );
  expect(attach.parameters.TrafficSources).toEqual([
    { Identifier: expect.stringMatching(/^\{TargetTargetGroup\w+\}$/), Type: 'elbv2' },
  ]);
  expect(callOf(ATTACHMENT, 'Delete')).toMatchObject({
    action: 'detachTrafficSources',
    parameters: attach.parameters,
    // The errors for a deleted group: the right is limited by a tag of the group.
    ignoreErrorCodesMatching: 'ValidationError|AccessDenied',
  });
  // A missing right is an error as long as the group exists.
  expect(attach).not.toHaveProperty('ignoreErrorCodesMatching');
});

test('attaches another group or target group before it detaches the old one', () => {
  const { id } = callOf(ATTACHMENT, 'Create').physicalResourceId;
  expect(id).toMatch(/autoScalingGroups\.0\.name\}\/\{.*TargetGroupName\}$/);
});

test('is created after the node group and deleted before it [E3]', () => {
  for (const type of [GROUP, ATTACHMENT]) {
    const [resource] = Object.values(nodes.findResources(type));
    expect(resource?.['DependsOn']).toContain('NodeGroupPart548F2F92');
  }
});

test('may only attach to groups of this cluster and describe its node groups', () => {
  const statements = Object.values(nodes.findResources('AWS::IAM::Policy')).flatMap((policy) =>
    policy['Properties'].PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow'),
  );
  expect(statements.map(({ Action, Condition }) => [Action, Condition])).toEqual(
    expect.arrayContaining([
      ['eks:DescribeNodegroup', undefined],
      [
        ['autoscaling:AttachTrafficSources', 'autoscaling:DetachTrafficSources'],
        { StringEquals: { 'aws:ResourceTag/eks:cluster-name': 'kumiki-test' } },
      ],
    ]),
  );
  expect(statements).toHaveLength(2);
  expect(statements.map(({ Resource }) => text(Resource))).toEqual(
    expect.arrayContaining([
      expect.stringContaining(':nodegroup/kumiki-test/*'),
      expect.stringContaining(':autoScalingGroup:*:autoScalingGroupName/eks-*'),
    ]),
  );
});

test('denies the attaching function to create its log group again after the deletion', () => {
  nodes.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [{ Effect: 'Deny', Action: 'logs:CreateLogGroup', Resource: '*' }] },
  });
});

test.each([29_999, 32_768, 30_080.5])('fails for %p, which is not a node port of Kubernetes', (nodePort) => {
  expect(() => synthesize({ nodePort })).toThrow(
    `nodePort: must be a whole number from 30000 to 32767, got ${nodePort}`,
  );
});

test.each([0, 50_001, 1.5])('fails for the priority %p, because no rule can have it', (priority) => {
  expect(() => synthesize({ priority })).toThrow(`priority: must be a whole number from 1 to 50000, got ${priority}`);
});

test('fails with both names for a priority that another rule of the listener has', () => {
  expect(() => synthesize({}, ['Other'])).toThrow(
    'priority: 200 of Nodes/Other is the priority of Nodes/Target, too, on the same listener. Give each rule of a listener',
  );
});

test.each([0, 6])('fails for %p paths, because a rule has 1 to 5', (count) => {
  expect(() => synthesize({ paths: Array(count).fill('/history/*') })).toThrow(
    `paths: must be 1 to 5 path patterns, got ${count}. Give the paths that the service answers, such as /k8s/history/*`,
  );
});
