import { clusterOf, read, resolve, scaledWorkload } from '../../../local/kubernetes/manifests';
import { nodeObject } from '../../../local/kubernetes/nodes';

const object = (kind: string, spec: object = {}) => ({ apiVersion: 'v1', kind, metadata: { name: 'history' }, spec });

const template = [
  { Type: 'AWS::EKS::Cluster', Properties: { Version: '1.36' } },
  {
    Type: 'AWS::EKS::Nodegroup',
    Properties: {
      AmiType: 'AL2023_ARM_64_STANDARD',
      InstanceTypes: ['t4g.medium'],
      ScalingConfig: { MinSize: 2, MaxSize: 4 },
      Labels: { team: 'kumiki' },
      Subnets: ['a', 'b'],
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
    },
  },
  { Type: 'Custom::AWSCDK-EKS-HelmChart', Properties: { Chart: 'cluster-autoscaler' } },
  { Type: 'AWS::IAM::Role' },
];

test('reads the objects, the charts and the node group of a template, namespaces first', () => {
  const { version, objects, charts, nodeGroup } = read(template);
  expect(version).toBe('1.36');
  expect(objects.map(({ kind }) => kind)).toEqual(['Namespace', 'Deployment']);
  expect(charts).toEqual(['cluster-autoscaler']);
  expect(nodeGroup).toEqual({
    amiType: 'AL2023_ARM_64_STANDARD',
    instanceTypes: ['t4g.medium'],
    minSize: 2,
    maxSize: 4,
    labels: { team: 'kumiki' },
    zones: 2,
  });
});

test('turns what is known only during a deployment into a name that an image may have', () => {
  expect(read(template).objects[1]).toMatchObject({ spec: { image: 'stackname-containers-outputname-imageuri:1' } });
  expect(resolve({ Ref: 'Cluster' })).toBe('cluster');
});

test('fails for a template without a cluster, and for one with other than one workload', () => {
  expect(() => read([])).toThrow('The template has no cluster with a node group.');
  expect(() => scaledWorkload([object('Deployment')])).toThrow(
    'The template must have one HorizontalPodAutoscaler, it has 0.',
  );
  expect(() => scaledWorkload([object('HorizontalPodAutoscaler'), object('Deployment'), object('Deployment')])).toThrow(
    'The template must have one Deployment, it has 2.',
  );
});

test('fails with what is missing or of another type, and where', () => {
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
  const [cluster, group] = template;
  const wrong = { Type: 'AWS::EKS::Nodegroup', Properties: { ...group?.Properties, InstanceTypes: 't4g.medium' } };
  expect(() => read([...(cluster ? [cluster] : []), wrong])).toThrow(
    'AWS::EKS::Nodegroup.InstanceTypes must be a list, it is "t4g.medium".',
  );
});

test('fails in one line for a folder that is no assembly', () => {
  expect(() => clusterOf(__dirname)).toThrow(
    /^There is no \S+manifest\.json\. Synthesize into that folder: npx cdk synth .*$/,
  );
});

test('lets nodes join in turns over the zones, with the labels and the room that EKS gives them', () => {
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
