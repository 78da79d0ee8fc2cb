import { App, Aws, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { KubernetesWorkload, KubernetesWorkloadProps } from '../../lib/constructs/kubernetes-workload';

function create(props: Partial<KubernetesWorkloadProps> = {}) {
  const stack = new Stack(new App(), 'Stack');
  const cluster = eks.Cluster.fromClusterAttributes(stack, 'Cluster', {
    clusterName: 'example',
    kubectlProvider: eks.KubectlProvider.fromKubectlProviderAttributes(stack, 'Kubectl', {
      serviceToken: 'arn:aws:lambda:eu-west-1:111111111111:function:kubectl',
    }),
  });
  const workload = new KubernetesWorkload(stack, 'Workload', {
    cluster,
    // Replaces the node group.
    nodes: new iam.Role(stack, 'Nodes', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
    name: 'quotes',
    namespace: 'market',
    kubernetesVersion: '1.36',
    image: 'registry.example/quotes@sha256:1',
    architecture: 'arm64',
    cpuMillis: 250,
    memoryMiB: 256,
    minPods: 2,
    maxPods: 20,
    ...props,
  });
  return { stack, workload };
}

/** The objects as kubectl gets them, by kind. */
function synthesize(props: Partial<KubernetesWorkloadProps> = {}) {
  const [resource] = resourcesOf(Template.fromStack(create(props).stack));
  const objects = JSON.parse(resource?.Properties.Manifest);
  return Object.fromEntries(objects.map((object: { kind: string }) => [object.kind, object]));
}

const resourcesOf = (template: Template) =>
  Object.values(template.findResources('Custom::AWSCDK-EKS-KubernetesResource'));

/** Template for most tests, synthesized once. */
const byDefault = synthesize();
const { template: podTemplate } = byDefault.Deployment.spec;
const [container] = podTemplate.spec.containers;

const LABELS = { 'app.kubernetes.io/name': 'quotes' };

describe('the objects', () => {
  test('are applied in one call, the namespace first', () => {
    expect(Object.keys(byDefault)).toEqual([
      'Namespace',
      'NetworkPolicy',
      'ServiceAccount',
      'Service',
      'PodDisruptionBudget',
      'Deployment',
      'HorizontalPodAutoscaler',
    ]);
  });

  test('have the given names, in a new namespace', () => {
    const { Namespace, ...others } = byDefault;
    expect(Namespace.metadata.name).toBe('market');
    for (const { metadata } of Object.values(others)) {
      expect(metadata).toMatchObject({ name: 'quotes', namespace: 'market', labels: LABELS });
    }
  });

  test('are created after the nodes and deleted before them [E3]', () => {
    const [resource] = resourcesOf(Template.fromStack(create().stack));
    expect(resource?.DependsOn).toEqual([expect.stringMatching(/^Nodes/)]);
  });

  test('are of stable versions of their groups [E5]', () => {
    expect(Object.values(byDefault).map(({ apiVersion }) => apiVersion)).toEqual([
      'v1',
      'networking.k8s.io/v1',
      'v1',
      'v1',
      'policy/v1',
      'apps/v1',
      'autoscaling/v2',
    ]);
  });

  test('are also plain data, with the address of the service', () => {
    const { workload } = create({ port: 3000 });
    expect(workload.objects).toEqual(Object.values(synthesize({ port: 3000 })));
    expect(workload).toMatchObject({ namespace: 'market', serviceName: 'quotes', servicePort: 3000 });
  });
});

describe('the wait for the pods', () => {
  const waitsOf = (props: Partial<KubernetesWorkloadProps>) =>
    Object.values(Template.fromStack(create(props).stack).findResources('Custom::AWSCDK-EKS-KubernetesObjectValue'));
  const rolloutTimeout = Duration.minutes(10);

  test('is off by default', () => {
    expect(waitsOf({})).toEqual([]);
  });

  test('lasts until all pods run the new revision, and follows the objects', () => {
    expect(waitsOf({ rolloutTimeout })).toEqual([
      expect.objectContaining({
        Properties: expect.objectContaining({
          ObjectType: 'deployment',
          ObjectName: 'quotes',
          ObjectNamespace: 'market',
          JsonPath: '.status.conditions[?(@.reason=="NewReplicaSetAvailable")].status',
          TimeoutSeconds: 600,
        }),
        DependsOn: [expect.stringMatching(/^WorkloadObjects/)],
      }),
    ]);
  });

  test('begins again when the pods change, whether by their image, its revision or anything else', () => {
    const image = Fn.importValue('image');
    const texts = [{}, { imageRevision: '2' }, { memoryMiB: 512 }].map((props) =>
      JSON.stringify(waitsOf({ rolloutTimeout, image, ...props })),
    );
    expect(new Set(texts).size).toBe(3);
    for (const text of texts) expect(text).toContain('"Fn::ImportValue":"image"');
  });
});

describe('the namespace', () => {
  test('enforces the pod security standard "restricted" as of the version of the cluster', () => {
    expect(byDefault.Namespace.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/enforce-version': 'v1.36',
    });
  });

  test('contains pods that meet this standard', () => {
    expect(podTemplate.spec.securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(podTemplate.spec).not.toHaveProperty('hostNetwork');
    expect(podTemplate.spec).not.toHaveProperty('volumes');
  });

  test('admits the pods of the namespace and the named CIDR blocks on one port, and allows no outbound connection', () => {
    const { NetworkPolicy } = synthesize({ allowFromCidrs: ['10.0.0.0/20', '10.0.16.0/20'] });
    expect(NetworkPolicy.spec).toEqual({
      podSelector: { matchLabels: LABELS },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [{ protocol: 'TCP', port: 8080 }],
          from: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/20' } }, { ipBlock: { cidr: '10.0.16.0/20' } }],
        },
      ],
      egress: [],
    });
    expect(byDefault.NetworkPolicy.spec.ingress[0].from).toEqual([{ podSelector: {} }]);
  });

  test('allows the outbound connections that are named', () => {
    const egress = [{ to: [{ ipBlock: { cidr: '10.0.32.0/20' } }] }];
    expect(synthesize({ egress }).NetworkPolicy.spec.egress).toEqual(egress);
  });
});

describe('pods', () => {
  test('request CPU and memory, and are limited in memory only [E5]', () => {
    expect(container.resources).toEqual({ requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '256Mi' } });
  });

  test('have one container, so no other container lacks requests [E5]', () => {
    expect(podTemplate.spec.containers).toHaveLength(1);
    expect(podTemplate.spec).not.toHaveProperty('initContainers');
  });

  test('have no token of the cluster, and no variables of its services', () => {
    expect(byDefault.ServiceAccount.automountServiceAccountToken).toBe(false);
    expect(podTemplate.spec).toMatchObject({
      serviceAccountName: 'quotes',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  test.each(['arm64', 'amd64'] as const)('run on nodes of the architecture of their image: %s [E1]', (architecture) => {
    const { Deployment } = architecture === 'arm64' ? byDefault : synthesize({ architecture });
    expect(Deployment.spec.template.spec.nodeSelector).toEqual({ 'kubernetes.io/arch': architecture });
  });

  test('spread over zones and nodes, and wait for no particular one', () => {
    expect(podTemplate.spec.topologySpreadConstraints).toEqual(
      ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: LABELS },
        matchLabelKeys: ['pod-template-hash'],
      })),
    );
  });

  test('accept requests when they are ready, and are restarted after a minute without an answer', () => {
    const get = (path: string) => ({ httpGet: { path, port: 'http' } });
    expect(container.ports).toEqual([{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
    expect(container.startupProbe).toMatchObject({ ...get('/healthz'), periodSeconds: 1, failureThreshold: 30 });
    expect(container.readinessProbe).toMatchObject(get('/readyz'));
    expect(container.livenessProbe).toMatchObject({ ...get('/healthz'), periodSeconds: 10, failureThreshold: 6 });
    const { Deployment } = synthesize({ livenessPath: '/alive', readinessPath: '/ready' });
    const [other] = Deployment.spec.template.spec.containers;
    expect([other.startupProbe, other.readinessProbe, other.livenessProbe]).toMatchObject(
      ['/alive', '/ready', '/alive'].map(get),
    );
  });

  test('leave their service before SIGTERM, and are killed only after the time to end', () => {
    expect(container.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
    expect(podTemplate.spec.terminationGracePeriodSeconds).toBe(35);
    const { Deployment } = synthesize({ drainTime: Duration.seconds(0), stopTimeout: Duration.minutes(1) });
    // Kubernetes refuses a pause of no seconds.
    expect(Deployment.spec.template.spec.containers[0]).not.toHaveProperty('lifecycle');
    expect(Deployment.spec.template.spec.terminationGracePeriodSeconds).toBe(62);
  });

  test('have the given environment', () => {
    const { Deployment } = synthesize({ environment: { SERVED_BY: 'example', LOG_LEVEL: 'warn' } });
    expect(Deployment.spec.template.spec.containers[0].env).toEqual([
      { name: 'SERVED_BY', value: 'example' },
      { name: 'LOG_LEVEL', value: 'warn' },
    ]);
  });
});

describe('a deployment', () => {
  test('starts new pods before it ends old ones, and leaves their number to the autoscaler [E5]', () => {
    expect(byDefault.Deployment.spec).toMatchObject({
      selector: { matchLabels: LABELS },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    });
    expect(byDefault.Deployment.spec).not.toHaveProperty('replicas');
  });

  test('accepts an image that is known at deploy time only, and changes the template with the source of the image', () => {
    const manifestOf = (imageRevision: string) => {
      const { stack } = create({ imageRevision, image: `${Aws.ACCOUNT_ID}.example/quotes:1` });
      return resourcesOf(Template.fromStack(stack))[0]?.Properties.Manifest;
    };
    const [one, other] = [manifestOf('one'), manifestOf('other')];
    expect(one['Fn::Join'][1]).toContainEqual({ Ref: 'AWS::AccountId' });
    expect(JSON.stringify(one).replace('image-revision\\":\\"one', 'image-revision\\":\\"other')).toBe(
      JSON.stringify(other),
    );
    expect(one).not.toEqual(other);
    expect(podTemplate.metadata).not.toHaveProperty('annotations');
  });
});

describe('the service', () => {
  test('is reached within the cluster, on the port of the container', () => {
    expect(byDefault.Service.spec).toEqual({
      type: 'ClusterIP',
      selector: LABELS,
      ports: [{ name: 'http', protocol: 'TCP', port: 8080, targetPort: 'http' }],
    });
  });

  test('is also reached on a port of every node, and is never a load balancer [E3]', () => {
    const { Service } = synthesize({ nodePort: 30080, allowFromCidrs: ['10.0.0.0/16'] });
    expect(Service.spec).toMatchObject({ type: 'NodePort', externalTrafficPolicy: 'Cluster' });
    expect(Service.spec.ports).toEqual([
      { name: 'http', protocol: 'TCP', port: 8080, targetPort: 'http', nodePort: 30080 },
    ]);
  });
});

describe('the number of pods', () => {
  test('follows CPU, as a share of what pods request [E5]', () => {
    expect(byDefault.HorizontalPodAutoscaler.spec).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'quotes' },
      minReplicas: 2,
      maxReplicas: 20,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    });
  });

  test('adds pods at once and removes them slowly', () => {
    const { scaleUp, scaleDown } = byDefault.HorizontalPodAutoscaler.spec.behavior;
    expect(scaleUp).toEqual({
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Percent', value: 100, periodSeconds: 15 },
        { type: 'Pods', value: 4, periodSeconds: 15 },
      ],
    });
    expect(scaleDown).toMatchObject({
      stabilizationWindowSeconds: 300,
      policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
    });
    const { HorizontalPodAutoscaler } = synthesize({ scaleDownStabilization: Duration.seconds(30) });
    expect(HorizontalPodAutoscaler.spec.behavior.scaleDown.stabilizationWindowSeconds).toBe(30);
  });

  test('loses at most a quarter of its pods when nodes are drained, and never blocks the drain', () => {
    expect(byDefault.PodDisruptionBudget.spec).toEqual({
      selector: { matchLabels: LABELS },
      maxUnavailable: '25%',
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });
});

describe('bad input', () => {
  test.each<[Partial<KubernetesWorkloadProps>, string]>([
    [
      { minPods: 3, maxPods: 2 },
      'maxPods: must be a whole number from 3 to 10000, got 2. maxPods must not be below minPods',
    ],
    [{ minPods: 0 }, 'minPods: must be a whole number from 1 to 10000, got 0. Without a pod there is no CPU'],
    [{ maxPods: 2.5 }, 'maxPods: must be a whole number from 2 to 10000, got 2.5.'],
    [{ targetCpuPercent: 0 }, 'targetCpuPercent: must be a whole number from 1 to 100, got 0. Give 70.'],
    [{ targetCpuPercent: 101 }, 'targetCpuPercent: must be a whole number from 1 to 100, got 101. Give 70.'],
    [{ cpuMillis: 0.25 }, 'cpuMillis: must be a whole number from 1 to 1000000, got 0.25. Give 250 for a quarter'],
    [{ memoryMiB: 0 }, 'memoryMiB: must be a whole number from 1 to 10000000, got 0. Give 256'],
    [{ port: 0 }, 'port: must be a whole number from 1 to 65535, got 0. Give the port that the container listens on.'],
    [{ nodePort: 8080 }, 'nodePort: must be a whole number from 30000 to 32767, got 8080.'],
    [{ nodePort: 30080 }, 'allowFromCidrs: must not be empty with nodePort, got none. Give the CIDR blocks'],
    [{ nodePort: 30080, allowFromCidrs: [] }, 'allowFromCidrs: must not be empty with nodePort, got none.'],
    [
      { drainTime: Duration.seconds(301) },
      'drainTime: must be from 0 to 300 whole seconds, got 301. Give Duration.seconds(5).',
    ],
    [{ drainTime: Duration.millis(1_500) }, 'drainTime: must be from 0 to 300 whole seconds, got 1.5.'],
    [{ stopTimeout: Duration.hours(2) }, 'stopTimeout: must be from 0 to 3600 whole seconds, got 7200.'],
    [{ scaleDownStabilization: Duration.hours(2) }, 'scaleDownStabilization: must be from 0 to 3600 whole seconds'],
    [{ kubernetesVersion: '1.36.2' }, 'kubernetesVersion: must be a minor version such as 1.36, got "1.36.2".'],
    [{ image: '' }, 'image: must be the name of an image, got "". Give a name such as registry.example/history:1.'],
    [
      { allowFromCidrs: ['10.0.0.0/16', 'x'] },
      'allowFromCidrs: must be IPv4 blocks, got "x". Give an address with its',
    ],
    [{ allowFromCidrs: ['10.0.0/16'] }, 'allowFromCidrs: must be IPv4 blocks, got "10.0.0/16".'],
    [{ allowFromCidrs: ['10.0.0.256/16'] }, 'allowFromCidrs: must be IPv4 blocks, got "10.0.0.256/16".'],
    [{ allowFromCidrs: ['10.0.0.0/33'] }, 'allowFromCidrs: must be IPv4 blocks, got "10.0.0.0/33".'],
    [{ allowFromCidrs: ['10.0.0.0'] }, 'allowFromCidrs: must be IPv4 blocks, got "10.0.0.0".'],
    [
      { environment: { GOOD_1: '', 'A B': '' } },
      'environment: must be names of letters, digits and underscores that do not begin with a digit, got "A B". Give a name such as',
    ],
    [{ environment: { '1A': '' } }, 'do not begin with a digit, got "1A". Give a name such as LOG_LEVEL.'],
    [
      { livenessPath: 'healthz' },
      'livenessPath: must be a path from the root, got "healthz". Begin the path with a slash',
    ],
    [{ readinessPath: '' }, 'readinessPath: must be a path from the root, got "".'],
    [{ name: 'Quotes' }, 'name: must be 1 to 63 lower-case letters, digits and hyphens'],
    [{ namespace: 'a'.repeat(64) }, 'namespace: must be 1 to 63 lower-case letters, digits and hyphens'],
    [{ namespace: 'market-' }, 'got "market-". Choose a name such as history.'],
    [
      { rolloutTimeout: Duration.minutes(15) },
      'rolloutTimeout: must be a whole number from 1 to 14, got 15. Give Duration.minutes(10).',
    ],
  ])('fails for %j', (props, message) => {
    expect(() => create(props)).toThrow(message);
  });

  test.each([
    [250, 3_000],
    [2_000, 256],
  ])('fails for requests that fit no node: %d m of CPU, %d MiB', (cpuMillis, memoryMiB) => {
    const nodeAllocatable = { cpuMillis: 1_780, memoryMiB: 2_900 };
    expect(() => create({ cpuMillis, memoryMiB, nodeAllocatable })).toThrow(
      `cpuMillis, memoryMiB: a pod must fit on a node, which has room for 1780 and 2900, got ${cpuMillis} and ` +
        `${memoryMiB}. Request less, or choose a larger instance type.`,
    );
  });

  test('accepts an image and CIDR blocks that are known at deploy time only', () => {
    const cidr = Fn.importValue('cidr');
    expect(() => create({ image: Fn.importValue('image'), nodePort: 30080, allowFromCidrs: [cidr] })).not.toThrow();
  });

  test('accepts requests that just fit', () => {
    expect(() => create({ nodeAllocatable: { cpuMillis: 250, memoryMiB: 256 } })).not.toThrow();
  });
});
