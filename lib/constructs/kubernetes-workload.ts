import { Token } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
// Not from 'cdk8s-plus-34', which would load every class that it has: a third more time with each synth.
import * as k8s from 'cdk8s-plus-34/lib/imports/k8s';
import { Construct, IConstruct } from 'constructs';

export interface KubernetesWorkloadProps {
  /** With a kubectl provider and Metrics Server. */
  readonly cluster: eks.ICluster;

  /** What makes the nodes: the workload comes after them and, with its pods, goes before them. */
  readonly nodes: IConstruct;

  /** Name of the Deployment, the Service and all else in the namespace: a label of DNS. @throws if it is none */
  readonly name: string;

  /** Name of the namespace, which is made and belongs to this workload alone: a label of DNS. @throws if it is none */
  readonly namespace: string;

  /**
   * Minor version of the cluster, `1.36`: the pod security standard is enforced as of that version, so that an upgrade of
   * the control plane alone never turns pods away.
   */
  readonly kubernetesVersion: string;

  /**
   * Image, by a tag that does not move or by digest; may be a token. It has to run as a user other than root, by number.
   *
   * @throws if it is empty
   */
  readonly image: string;

  /**
   * Anything that changes with the image, such as a hash of its source. Where `image` is a token that is resolved during
   * the deployment, the template would not change with the image, and `cdk deploy` skips a stack without changes.
   *
   * @default none: right for a digest, which is part of the template
   */
  readonly imageRevision?: string;

  /** Architecture of the image, which its nodes have to have. */
  readonly architecture: 'arm64' | 'amd64';

  /** Port of the container, 1 to 65535. @default 8080 */
  readonly port?: number;

  /**
   * Environment variables of the container.
   *
   * @default none
   * @throws if a name is not letters, digits and underscores, a digit not first
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Path that answers 200 while the process is alive: without an answer for a minute, it is restarted.
   *
   * @default /healthz
   * @throws if it has no leading slash
   */
  readonly livenessPath?: string;

  /** Path that answers 200 while the pod takes requests. @default /readyz @throws if it has no leading slash */
  readonly readinessPath?: string;

  /**
   * CPU that each pod is sure of, in thousandths of a vCPU; `targetCpuPercent` is a share of it. There is no limit: a pod
   * that may use what its node has idle answers sooner, and what it uses is what adds pods.
   */
  readonly cpuMillis: number;

  /** Memory of each pod in MiB, request and limit: one that wants more is restarted, and takes none from the others. */
  readonly memoryMiB: number;

  /**
   * What pods may request of one node, of the smallest type, after the system and the pods that run on every node.
   *
   * @default not checked
   * @throws if a pod fits on no node: it would be Pending for ever, as no new node helps
   */
  readonly nodeAllocatable?: { readonly cpuMillis: number; readonly memoryMiB: number };

  /** Pods at least: with one, a drained node is an outage of seconds. */
  readonly minPods: number;

  /** Pods at most. @throws if less than `minPods` */
  readonly maxPods: number;

  /**
   * CPU that the pods use on average, in percent (1 to 100) of what they request: above it pods are added, below it removed.
   *
   * @default 70: the rest is for the minute or two that a new node takes
   */
  readonly targetCpuPercent?: number;

  /**
   * Seconds, 0 to 3600, of which the greatest number of pods that was wanted is kept: shorter saves money, and pays for it
   * with starts when the load comes in waves.
   *
   * @default 300, that of Kubernetes
   */
  readonly scaleDownStabilizationSeconds?: number;

  /**
   * Port of every node that leads to the pods, 30000 to 32767, for a load balancer outside of the cluster.
   *
   * @default none: the service is reached within the cluster
   */
  readonly nodePort?: number;

  /**
   * CIDR blocks that may reach the pods, besides pods of their namespace. With `nodePort` these are the subnets of the
   * nodes, not of the load balancer: a node forwards to a pod on any other, and puts its own address in place of the sender's.
   *
   * @default nobody else
   * @throws if there is none with `nodePort`, or one is no IPv4 block such as 10.0.0.0/16
   */
  readonly allowFromCidrs?: readonly string[];

  /**
   * Connections that pods may open, as rules of a NetworkPolicy: DNS, a database. They reach what these name and nothing else.
   *
   * @default none: it answers, and asks nobody
   */
  readonly egress?: readonly k8s.NetworkPolicyEgressRule[];

  /**
   * Seconds between the moment that a pod is taken out of its service and its SIGTERM, in which every node learns of it.
   *
   * @default 5
   */
  readonly drainSeconds?: number;

  /**
   * Seconds from SIGTERM until the container has ended by itself, at the most. It is killed two seconds later.
   *
   * @default 28
   */
  readonly stopSeconds?: number;
}

/** An object of Kubernetes as it is applied. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/**
 * A stateless HTTP service on Kubernetes that follows its CPU: Namespace, NetworkPolicy, ServiceAccount, Service,
 * PodDisruptionBudget, Deployment and HorizontalPodAutoscaler.
 *
 * - Requests are answered when pods go, by a deployment, less load or a drained node: a pod leaves its service first, is
 *   told to end second, and has time for what it is answering. Only one that crosses the close of an idle connection is
 *   lost. A deployment starts new pods before it ends old ones.
 * - CloudFormation does not wait for the pods: with an image that does not start, the pods from before go on.
 * - Pods spread over zones and nodes where there is a choice. They never wait for a zone: Cluster Autoscaler cannot order
 *   a node of a certain zone from a group of several, so a pod that insists could be Pending for ever.
 * - The namespace enforces the pod security standard "restricted". Pods have no token of the cluster, accept connections on
 *   one port from those named, and open none. With `nodePort` and subnets that pods of other namespaces share with the
 *   nodes, those named are all of them: a node's address stands for every sender behind it. The VPC CNI always lets a pod
 *   and its own node reach each other, on any port, and a new pod everybody, for the seconds until its agent has applied
 *   the policies (https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html).
 *
 * The objects are typed ones of cdk8s-plus, the generated kind: its own Deployment has no topology spread constraints,
 * cannot pause before SIGTERM without a shell in the image, and selects pods by a hash of the construct's path by default.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export class KubernetesWorkload extends Construct {
  readonly namespace: string;
  /** Within the namespace; `<service>.<namespace>.svc` from anywhere in the cluster. */
  readonly serviceName: string;
  /** Port of the service within the cluster: that of the container. */
  readonly servicePort: number;
  /** Every object, in the order in which they are applied. */
  readonly objects: readonly KubernetesObject[];

  constructor(scope: Construct, id: string, props: KubernetesWorkloadProps) {
    super(scope, id);
    check(props);
    this.namespace = props.namespace;
    this.serviceName = props.name;
    this.servicePort = portOf(props);
    const manifest = [
      namespace(props),
      networkPolicy(props),
      serviceAccount(props),
      service(props),
      podDisruptionBudget(props),
      deployment(props),
      horizontalPodAutoscaler(props),
    ];
    this.objects = manifest;
    // One resource: kubectl applies them in this order, and deletes the namespace first, then waits until it is empty.
    const objects = new eks.KubernetesManifest(this, 'Objects', { cluster: props.cluster, manifest });
    objects.node.addDependency(props.nodes);
  }
}

/** Name of the container's port. */
const PORT_NAME = 'http';

const portOf = ({ port = 8080 }: KubernetesWorkloadProps) => port;

const labelsOf = ({ name }: KubernetesWorkloadProps) => ({ 'app.kubernetes.io/name': name });

const metadataOf = (props: KubernetesWorkloadProps): k8s.ObjectMeta => ({
  name: props.name,
  namespace: props.namespace,
  labels: labelsOf(props),
});

/** @see https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
function namespace({ namespace: name, kubernetesVersion }: KubernetesWorkloadProps): KubernetesObject {
  return k8s.KubeNamespace.manifest({
    metadata: {
      name,
      labels: {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/enforce-version': `v${kubernetesVersion}`,
        // Says on applying what a later version will refuse.
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'latest',
      },
    },
  });
}

/** Enforced by the VPC CNI where its network policy agent is on. The kubelet of the own node may always probe. */
function networkPolicy(props: KubernetesWorkloadProps): KubernetesObject {
  return k8s.KubeNetworkPolicy.manifest({
    metadata: metadataOf(props),
    spec: {
      podSelector: { matchLabels: labelsOf(props) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [{ protocol: 'TCP', port: k8s.IntOrString.fromNumber(portOf(props)) }],
          from: [{ podSelector: {} }, ...(props.allowFromCidrs ?? []).map((cidr) => ({ ipBlock: { cidr } }))],
        },
      ],
      egress: [...(props.egress ?? [])],
    },
  });
}

function serviceAccount(props: KubernetesWorkloadProps): KubernetesObject {
  return k8s.KubeServiceAccount.manifest({ metadata: metadataOf(props), automountServiceAccountToken: false });
}

function service(props: KubernetesWorkloadProps): KubernetesObject {
  const { nodePort } = props;
  return k8s.KubeService.manifest({
    metadata: metadataOf(props),
    spec: {
      ...(nodePort === undefined ? { type: 'ClusterIP' } : { type: 'NodePort', externalTrafficPolicy: 'Cluster' }),
      selector: labelsOf(props),
      ports: [
        {
          name: PORT_NAME,
          protocol: 'TCP',
          // As the container's, on which network policies of the VPC CNI depend.
          // https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
          port: portOf(props),
          targetPort: k8s.IntOrString.fromString(PORT_NAME),
          nodePort,
        },
      ],
    },
  });
}

function podDisruptionBudget(props: KubernetesWorkloadProps): KubernetesObject {
  return k8s.KubePodDisruptionBudget.manifest({
    metadata: metadataOf(props),
    spec: {
      selector: { matchLabels: labelsOf(props) },
      // Rounded up, so it is one at the least, of one pod too: a budget that allows none would keep every node for ever. Of
      // many pods a quarter, which brings the others from the target of 70 % to 93 % of what they request.
      maxUnavailable: k8s.IntOrString.fromString('25%'),
      // What does not work anyway keeps no node.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}

function deployment(props: KubernetesWorkloadProps): KubernetesObject {
  const { drainSeconds = 5, stopSeconds = 28, imageRevision } = props;
  const labels = labelsOf(props);
  return k8s.KubeDeployment.manifest({
    metadata: metadataOf(props),
    spec: {
      // No replicas: each deployment would set back what the HorizontalPodAutoscaler made of them.
      selector: { matchLabels: labels },
      revisionHistoryLimit: 3,
      // New pods first. A quarter more at a time finds room on the nodes, or makes Cluster Autoscaler add one for a while.
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: k8s.IntOrString.fromString('25%'), maxUnavailable: k8s.IntOrString.fromNumber(0) },
      },
      template: {
        metadata: {
          labels,
          annotations: imageRevision === undefined ? undefined : { 'image-revision': imageRevision },
        },
        spec: {
          serviceAccountName: props.name,
          automountServiceAccountToken: false,
          // No variables for the services of the namespace, one of which could pass for one of the container's own.
          enableServiceLinks: false,
          nodeSelector: { 'kubernetes.io/arch': props.architecture },
          topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
            topologyKey,
            maxSkew: 1,
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
            // The pods that a deployment is about to end do not count.
            matchLabelKeys: ['pod-template-hash'],
          })),
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          // Two seconds more, in which the container says why it ends by force.
          terminationGracePeriodSeconds: drainSeconds + stopSeconds + 2,
          containers: [container(props, drainSeconds)],
        },
      },
    },
  });
}

function container(props: KubernetesWorkloadProps, drainSeconds: number): k8s.Container {
  const { livenessPath = '/healthz', readinessPath = '/readyz', cpuMillis, memoryMiB } = props;
  const get = (path: string) => ({ httpGet: { path, port: k8s.IntOrString.fromString(PORT_NAME) } });
  const memory = k8s.Quantity.fromString(`${memoryMiB}Mi`);
  return {
    name: props.name,
    image: props.image,
    // What an image that never changes needs, whatever its tag is called.
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries(props.environment ?? {}).map(([name, value]) => ({ name, value })),
    ports: [{ name: PORT_NAME, containerPort: portOf(props), protocol: 'TCP' }],
    resources: { requests: { cpu: k8s.Quantity.fromString(`${cpuMillis}m`), memory }, limits: { memory } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // By the kubelet, so it needs no shell and no `sleep` in the image.
    lifecycle: drainSeconds === 0 ? undefined : { preStop: { sleep: { seconds: drainSeconds } } },
    // Each second for half a minute, so that a pod helps as soon as it can: the others are overloaded meanwhile.
    startupProbe: { ...get(livenessPath), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 30 },
    // A pod that computes answers late. Three in a row, or load would take out one pod after the other.
    readinessProbe: { ...get(readinessPath), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
    // A minute: a restart helps a process that hangs, and harms one that is busy.
    livenessProbe: { ...get(livenessPath), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}

function horizontalPodAutoscaler(props: KubernetesWorkloadProps): KubernetesObject {
  return k8s.KubeHorizontalPodAutoscalerV2.manifest({
    metadata: metadataOf(props),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: props.name },
      minReplicas: props.minPods,
      maxReplicas: props.maxPods,
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: props.targetCpuPercent ?? 70 },
          },
        },
      ],
      behavior: {
        // Fast up: at once, twice as many or four more each 15 s, which is how often there are new metrics. Too many cost
        // cents, too few cost answers.
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
        // Slow down: only when less was enough all the time, and half of the pods a minute, as the last look may have met a
        // pause. One a minute would let twenty pods run for a quarter of an hour for nothing.
        scaleDown: {
          stabilizationWindowSeconds: props.scaleDownStabilizationSeconds ?? 300,
          policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
        },
      },
    },
  });
}

function check(props: KubernetesWorkloadProps): void {
  const { minPods, maxPods, cpuMillis, memoryMiB, nodeAllocatable } = props;
  checkName('name', props.name);
  checkName('namespace', props.namespace);
  if (!/^\d+\.\d+$/.test(props.kubernetesVersion)) {
    throw new Error(
      `kubernetesVersion: must be a minor version such as 1.36, got "${props.kubernetesVersion}". Give the cluster's.`,
    );
  }
  checkWhole('port', portOf(props), 1, 65_535, 'Give the one that the container listens on.');
  checkWhole('cpuMillis', cpuMillis, 1, 1_000_000, 'Give 250 for a quarter of a vCPU.');
  checkWhole('memoryMiB', memoryMiB, 1, 10_000_000, 'Give 256 for a quarter of a GiB.');
  checkWhole('minPods', minPods, 1, 10_000, 'Without a pod there is no CPU to scale by: give 2.');
  checkWhole('maxPods', maxPods, minPods, 10_000, 'At the most is not below at the least (minPods): raise it.');
  checkWhole('targetCpuPercent', props.targetCpuPercent ?? 70, 1, 100, 'Give 70.');
  checkWhole('scaleDownStabilizationSeconds', props.scaleDownStabilizationSeconds ?? 300, 0, 3_600, 'Give 300.');
  checkWhole('nodePort', props.nodePort ?? 30_000, 30_000, 32_767, 'Kubernetes gives no others: give 30080.');
  checkWhole('drainSeconds', props.drainSeconds ?? 5, 0, 300, 'Give 5.');
  checkWhole('stopSeconds', props.stopSeconds ?? 28, 0, 3_600, 'Give what the container takes, 28.');
  if (props.nodePort !== undefined && (props.allowFromCidrs ?? []).length === 0) {
    throw new Error(
      'allowFromCidrs: must not be empty with nodePort, got none. Give the CIDR blocks of the subnets of the nodes.',
    );
  }
  checkText('image', [props.image], /./, 'the name of an image', 'Give one such as registry.example/history:1.');
  const cidrs = props.allowFromCidrs ?? [];
  checkText('allowFromCidrs', cidrs, IPV4_BLOCK, 'IPv4 blocks', 'Give the address and its prefix, as 10.0.0.0/16.');
  const names = Object.keys(props.environment ?? {});
  const rule = 'of names of letters, digits and underscores, a digit not first';
  checkText('environment', names, /^[A-Za-z_]\w*$/, rule, 'Give one such as LOG_LEVEL.');
  for (const property of ['livenessPath', 'readinessPath'] as const) {
    checkText(property, [props[property] ?? '/'], /^\//, 'a path from the root', 'Begin it with a slash, as /healthz.');
  }
  if (nodeAllocatable === undefined) return;
  const { cpuMillis: nodeMillis, memoryMiB: nodeMiB } = nodeAllocatable;
  if (cpuMillis > nodeMillis || memoryMiB > nodeMiB) {
    throw new Error(
      `cpuMillis, memoryMiB: a pod must fit on a node, which has ${nodeMillis} and ${nodeMiB} to give, got ${cpuMillis} ` +
        `and ${memoryMiB}. Request less, or choose a larger instance type.`,
    );
  }
}

/** Of what all names here may be, those that a Service and a Namespace may have, too. */
function checkName(property: string, value: string): void {
  if (/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return;
  throw new Error(
    `${property}: must be 1 to 63 lower-case letters, digits and hyphens, with a letter first and no hyphen last, ` +
      `got "${value}". Choose a name such as history.`,
  );
}

const IPV4_BLOCK = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!\/)|(?=\/))){4}\/(3[0-2]|[12]?\d)$/;

function checkText(property: string, values: readonly string[], form: RegExp, rule: string, advice: string): void {
  const wrong = values.find((value) => !Token.isUnresolved(value) && !form.test(value));
  if (wrong !== undefined) throw new Error(`${property}: must be ${rule}, got "${wrong}". ${advice}`);
}

function checkWhole(property: string, value: number, min: number, max: number, advice: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`${property}: must be a whole number from ${min} to ${max}, got ${value}. ${advice}`);
}
