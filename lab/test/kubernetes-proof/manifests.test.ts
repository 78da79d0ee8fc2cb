import { smallestNode } from '../../../lib/kubernetes-sizing';
import { clusterOf, objectsOf, read, resolve, scaledWorkload, Template } from '../../kubernetes-proof/manifests';
import { daemonSet, nodeObject, systemDeployments } from '../../kubernetes-proof/nodes';

const object = (kind: string, spec: object = {}) => ({ apiVersion: 'v1', kind, metadata: { name: 'history' }, spec });

const resources: readonly Resource[] = [
  { Type: 'AWS::EKS::Cluster', Properties: { Name: 'kumiki-test', Version: '1.36' } },
  {
    Type: 'AWS::EKS::Nodegroup',
    Properties: {
      AmiType: 'AL2023_ARM_64_STANDARD',
      InstanceTypes: ['t4g.medium'],
      ScalingConfig: { MinSize: 2, MaxSize: 4 },
      Labels: { team: 'kumiki' },
      Subnets: [
        { Ref: 'Subnet' },
        { 'Fn::GetStackOutput': { StackName: 'Network', OutputName: 'Subnet', Region: 'us-east-1' } },
      ],
    },
  },
  {
    Type: 'Custom::AWSCDK-EKS-KubernetesResource',
    Properties: {
      Manifest: {
        'Fn::Join': [
          '',
          [
            '[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"history"},"spec":{"image":"',
            { 'Fn::GetStackOutput': { StackName: 'Containers', OutputName: 'ImageUri' } },
            ':1"}},',
            JSON.stringify(object('Namespace')),
            ']',
          ],
        ],
      },
      PruneLabel: 'prune-1',
    },
  },
  { Type: 'Custom::AWSCDK-EKS-HelmChart', Properties: { Chart: 'cluster-autoscaler' } },
  { Type: 'AWS::IAM::Role' },
  { Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: { TargetType: 'instance', Port: 30_080 } },
  { Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: { TargetType: 'ip', Port: 8_080 } },
  {
    Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
    Properties: {
      Conditions: [
        { Field: 'host-header', HostHeaderConfig: { Values: ['example.com'] } },
        { Field: 'path-pattern', PathPatternConfig: { Values: ['/k8s/history/*'] } },
      ],
    },
  },
  {
    Type: 'AWS::EC2::SecurityGroupIngress',
    Properties: { GroupId: { 'Fn::GetAtt': ['Cluster', 'ClusterSecurityGroupId'] }, FromPort: 30_080, ToPort: 30_090 },
  },
  {
    Type: 'AWS::EC2::SecurityGroupIngress',
    Properties: { GroupId: { 'Fn::GetAtt': ['Other', 'GroupId'] }, FromPort: 443, ToPort: 443 },
  },
  { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: '10.0.0.0/20' } },
];
const template = templateOf(resources);
const network: Template = {
  Resources: { Private: { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: '10.0.16.0/20' } } },
  Outputs: { Subnet: { Value: { Ref: 'Private' } } },
};

type Resource = NonNullable<Template['Resources']>[string];

/** Names each resource by the last word of its type. */
function templateOf(list: readonly Resource[]): Template {
  return { Resources: Object.fromEntries(list.map((resource, index) => [idOf(resource, index), resource])) };
}

function idOf({ Type }: Resource, index: number): string {
  return Type === 'AWS::EC2::Subnet' ? 'Subnet' : `R${index}`;
}

test('reads the objects, the charts and the node group of a template, in the order of their application', () => {
  const cluster = read(template, new Map([['Network', network]]));
  const { name, version, manifests, charts, nodeGroup } = cluster;
  expect([name, version]).toEqual(['kumiki-test', '1.36']);
  expect(objectsOf(cluster).map(({ kind }) => kind)).toEqual(['Deployment', 'Namespace']);
  expect(manifests.map(({ pruneLabel }) => pruneLabel)).toEqual(['prune-1']);
  expect(charts).toEqual(['cluster-autoscaler']);
  expect(nodeGroup).toEqual({
    amiType: 'AL2023_ARM_64_STANDARD',
    instanceTypes: ['t4g.medium'],
    minSize: 2,
    maxSize: 4,
    labels: { team: 'kumiki' },
    zones: 2,
    observability: false,
    subnetCidrs: ['10.0.0.0/20', '10.0.16.0/20'],
  });
});

test('reads the way from the load balancer to the nodes', () => {
  expect(read(template).exposure).toEqual({
    targetPorts: [30_080],
    openPorts: [{ from: 30_080, to: 30_090 }],
    paths: ['/k8s/history/*'],
  });
});

test('applies the manifest with the namespace first, whatever the order in the template', () => {
  const second = (object: object) => ({
    Type: 'Custom::AWSCDK-EKS-KubernetesResource',
    Properties: { Manifest: JSON.stringify([object]) },
  });
  const two = resources.filter(({ Type }) => !Type.startsWith('Custom::'));
  const cluster = read(templateOf([...two, second(object('Service')), second(object('Namespace'))]));
  expect(objectsOf(cluster).map(({ kind }) => kind)).toEqual(['Namespace', 'Service']);
});

test('has no CIDR blocks for subnets of a network outside the templates', () => {
  expect(read(template).nodeGroup.subnetCidrs).toBeUndefined();
});

test('turns a value that is known only during a deployment into a valid image name', () => {
  expect(objectsOf(read(template))[0]).toMatchObject({ spec: { image: 'stackname-containers-outputname-imageuri:1' } });
  expect(resolve({ Ref: 'Cluster' })).toBe('cluster');
});

test('fails for a template without a cluster, and without exactly one workload', () => {
  expect(() => read({})).toThrow('The template has no cluster with a node group.');
  expect(() => scaledWorkload([object('Deployment')])).toThrow(
    'The template must have one HorizontalPodAutoscaler, but has 0.',
  );
  expect(() => scaledWorkload([object('HorizontalPodAutoscaler'), object('Deployment'), object('Deployment')])).toThrow(
    'The template must have one Deployment, but has 2.',
  );
});

test('fails with the path of a missing value or a wrong type', () => {
  const scaler = (behavior?: object) => {
    const spec = { minReplicas: 2, maxReplicas: 20, scaleTargetRef: { name: 'history' }, metrics: [], behavior };
    return [object('HorizontalPodAutoscaler', spec), object('Deployment')];
  };
  const policies = [{ type: 'Pods', value: 1 }];
  expect(() => scaledWorkload(scaler())).toThrow('HorizontalPodAutoscaler.spec.behavior is missing.');
  expect(() => scaledWorkload(scaler({ scaleUp: { policies } }))).toThrow(
    'HorizontalPodAutoscaler.spec.behavior.scaleUp.policies[0].periodSeconds is missing.',
  );
  const rules = { policies: [] };
  expect(() => scaledWorkload(scaler({ scaleUp: rules, scaleDown: rules }))).toThrow(
    'Deployment.spec.template is missing.',
  );
  const [cluster, group] = resources;
  const wrong = { Type: 'AWS::EKS::Nodegroup', Properties: { ...group?.Properties, InstanceTypes: 't4g.medium' } };
  expect(() => read(templateOf([...(cluster ? [cluster] : []), wrong]))).toThrow(
    'AWS::EKS::Nodegroup.InstanceTypes must be a list, but is "t4g.medium".',
  );
});

test('fails in one line for a folder without an assembly', () => {
  expect(() => clusterOf(__dirname)).toThrow(
    /^\S+manifest\.json does not exist\. Synthesize into that folder: npx cdk synth .*$/,
  );
});

test('lets nodes join the zones in turn, with the labels and resources of EKS', () => {
  const { nodeGroup } = read(template);
  const nodes = [0, 1, 2].map((index) => nodeObject(nodeGroup, index));
  expect(nodes.map(({ metadata }) => metadata['labels'])).toMatchObject([
    {
      team: 'kumiki',
      'kubernetes.io/arch': 'arm64',
      'node.kubernetes.io/instance-type': 't4g.medium',
      'topology.kubernetes.io/zone': 'zone-1',
    },
    { 'topology.kubernetes.io/zone': 'zone-2' },
    { 'topology.kubernetes.io/zone': 'zone-1' },
  ]);
  expect(nodes[0]).toMatchObject({ status: { allocatable: { cpu: '1930m', pods: '110' } } });
});

test.each([false, true])(
  'runs the pods of the system that the sizing counts, with observability: %s',
  (observability) => {
    const { nodeGroup } = read(
      templateOf([
        ...resources,
        { Type: 'AWS::EKS::Addon', Properties: { AddonName: 'coredns' } },
        ...(observability
          ? [{ Type: 'AWS::EKS::Addon', Properties: { AddonName: 'amazon-cloudwatch-observability' } }]
          : []),
      ]),
    );
    expect(nodeGroup.observability).toBe(observability);
    const requestsOf = (object: { readonly [field: string]: unknown }) => {
      const { replicas = 1, template } = Object(object['spec']);
      return Array.from({ length: replicas }, () => template.spec.containers[0].resources.requests);
    };
    const texts = ({ cpuMillis, memoryMiB }: { cpuMillis: number; memoryMiB: number }) => ({
      cpu: `${cpuMillis}m`,
      memory: `${memoryMiB}Mi`,
    });
    const { system, daemons } = smallestNode(['t4g.medium'], observability);
    expect(systemDeployments(nodeGroup).flatMap(requestsOf)).toEqual(system.map(texts));
    expect(requestsOf(daemonSet(nodeGroup))).toEqual([texts(daemons)]);
  },
);
