// Kumiki 0.2.0, kubernetes-workload.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { CfnResource, Duration, Stack, Token } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
// Not from 'cdk8s-plus-34', because that import would load all classes and take a third more time in each synth.
import * as k8s from 'cdk8s-plus-34/lib/imports/k8s';
import { Construct, IConstruct } from 'constructs';

export interface KubernetesWorkloadProps {
  /** Cluster with a kubectl provider and Metrics Server. */
  readonly cluster: eks.ICluster;

  /** Construct that creates the nodes. The workload is created after it and deleted before it. */
  readonly nodes: IConstruct;

  /** Name of the Deployment, the Service and all other objects in the namespace. @throws unless it is a DNS label */
  readonly name: string;

  /** Name of the namespace, which is created and belongs to this workload alone. @throws unless it is a DNS label */
  readonly namespace: string;

  /**
   * Minor version of the cluster, `1.36`. The pod security standard is enforced as of that version, so that an upgrade of the
   * control plane alone never refuses pods.
   */
  readonly kubernetesVersion: string;

  /**
   * Image, by an immutable tag or by digest; may be a token. It has to run as a user other than root, given by number.
   *
   * @throws if it is empty
   */
  readonly image: string;

  /**
   * Any text that changes with the image, such as a hash of its source. Where `image` is a token that is resolved during the
   * deployment, the template would not change with the image, and `cdk deploy` skips a stack without changes.
   *
   * @default none, which is right for a digest, because a digest is part of the template
   */
  readonly imageRevision?: string;

  /** Architecture of the image. Pods run only on nodes of this architecture. */
  readonly architecture: 'arm64' | 'amd64';

  /** Port of the container, 1 to 65535. @default 8080 */
  readonly port?: number;

  /**
   * Environment variables of the container.
   *
   * @default none
   * @throws if a name is not letters, digits and underscores, or begins with a digit
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Path that answers 200 while the process works. The container is restarted after a minute without an answer.
   *
   * @default /healthz
   * @throws if it has no leading slash
   */
  readonly livenessPath?: string;

  /** Path that answers 200 while the pod accepts requests. @default /readyz @throws if it has no leading slash */
  readonly readinessPath?: string;

  /**
   * CPU that is reserved for each pod, in thousandths of a vCPU; `targetCpuPercent` is a share of it. There is no limit: a pod
   * that may use the idle CPU of its node answers sooner, and the CPU that a pod uses decides when pods are added.
   */
  readonly cpuMillis: number;

  /** Memory of each pod in MiB, as request and limit: a pod that exceeds it is restarted, and takes none from other pods. */
  readonly memoryMiB: number;

  /**
   * CPU and memory that pods may request of one node of the smallest type, without the share of the system and of the pods
   * that run on every node.
   *
   * @default not checked
   * @throws if a pod fits on no node, because it would stay Pending whatever nodes are added
   */
  readonly nodeAllocatable?: { readonly cpuMillis: number; readonly memoryMiB: number };

  /** Lower bound of the number of pods. With one pod, a drained node is an outage of seconds. */
  readonly minPods: number;

  /** Upper bound of the number of pods. @throws if it is less than `minPods` */
  readonly maxPods: number;

  /**
   * Target for the average CPU use of the pods, in percent (1 to 100) of `cpuMillis`. Pods are added above the target and
   * removed below it.
   *
   * @default 70, because the rest has to last for the minute or two in which a new node starts
   */
  readonly targetCpuPercent?: number;

  /**
   * Period, 0 to 3600 seconds, whose highest recommended number of pods is kept. A shorter period saves money, and costs more
   * starts of pods when the load comes in waves.
   *
   * @default Duration.minutes(5), the default of Kubernetes
   */
  readonly scaleDownStabilization?: Duration;

  /**
   * Port of every node that leads to the pods, 30000 to 32767, for a load balancer outside the cluster.
   *
   * @default none: the service is reached within the cluster
   */
  readonly nodePort?: number;

  /**
   * CIDR blocks that may reach the pods, in addition to pods of their namespace. With `nodePort`, give the subnets of the
   * nodes and not those of the load balancer: a node forwards to pods on other nodes, and replaces the sender's address by
   * its own.
   *
   * @default none
   * @throws if the list is empty with `nodePort`, or if a block is not an IPv4 block such as 10.0.0.0/16
   */
  readonly allowFromCidrs?: readonly string[];

  /**
   * Connections that pods may open, as rules of a NetworkPolicy, such as DNS or a database. All other connections are denied.
   *
   * @default none: pods answer requests and send none
   */
  readonly egress?: readonly k8s.NetworkPolicyEgressRule[];

  /**
   * Time, 1 to 14 minutes, in which all pods have to be ready after a change. Without this, a deployment ends when the API
   * server has the new objects, and a Deployment whose new pods do not become ready stays as it is: the old pods serve, and
   * nothing goes back. With this, CloudFormation waits for the pods, and after the time it applies the old objects again.
   *
   * Give it after the first deployment. A first deployment that fails would delete everything that its stack created, such as
   * the cluster.
   *
   * @default a deployment does not wait for the pods
   */
  readonly rolloutTimeout?: Duration;

  /**
   * Time between the removal of a pod from its service and its SIGTERM, in which every node learns of the removal: 0 to 300
   * whole seconds.
   *
   * @default Duration.seconds(5)
   */
  readonly drainTime?: Duration;

  /**
   * Time that the container has from SIGTERM until it ends by itself, 0 to 3600 whole seconds. It is killed two seconds later.
   *
   * @default Duration.seconds(28)
   */
  readonly stopTimeout?: Duration;
}

/** An object of Kubernetes as kubectl applies it. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/**
 * A stateless HTTP service on Kubernetes that scales by CPU: Namespace, NetworkPolicy, ServiceAccount, Service,
 * PodDisruptionBudget, Deployment and HorizontalPodAutoscaler.
 *
 * - Requests are answered when pods end, whether by a deployment, less load or a drained node. A pod leaves its service
 *   first, receives SIGTERM second, and has time for the requests that it is answering. Only a request that crosses the close
 *   of an idle connection is lost. A deployment starts new pods before it ends old ones.
 * - CloudFormation does not wait for the pods. If a new image does not start, the old pods keep running.
 * - Pods spread over zones and nodes where there is a choice. They never wait for a zone: Cluster Autoscaler cannot request a
 *   node in one zone from a group of several, so a pod that insists on a zone could stay Pending.
 * - The namespace enforces the pod security standard "restricted". Pods have no token of the cluster, accept connections on
 *   one port from the named peers, and open none. With `nodePort`, and with subnets that pods of other namespaces share with
 *   the nodes, every pod in these subnets is such a peer, because a node's address replaces that of every sender behind it.
 *   The VPC CNI always lets a pod and its own node reach each other on any port. It lets everybody reach a new pod in the
 *   seconds until its agent has applied the policies
 *   (https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html).
 *
 * The objects are the generated types of cdk8s-plus. Its own Deployment has no topology spread constraints, cannot pause
 * before SIGTERM without a shell in the image, and by default selects pods by a hash of the construct's path.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 *
 * @example
 * ```ts
 * new KubernetesWorkload(this, 'Prices', {
 *   cluster, nodes, kubernetesVersion: '1.36',
 *   name: 'prices', namespace: 'prices',
 *   image: repository.repositoryUriForTag('1.4.2'), architecture: 'arm64',
 *   cpuMillis: 250, memoryMiB: 256,
 *   minPods: 2, maxPods: 20,
 *   stopTimeout: Duration.seconds(10),
 * });
 * ```
 */
export class KubernetesWorkload extends Construct {
  readonly namespace: string;
  /** Name of the service within the namespace; `<service>.<namespace>.svc` anywhere in the cluster. */
  readonly serviceName: string;
  /** Port of the service within the cluster, which is the container's. */
  readonly servicePort: number;
  /**
   * JSONPath in a Deployment that has a value only if all pods run the newest revision and are ready.
   *
   * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment
   */
  static readonly ROLLED_OUT = '.status.conditions[?(@.reason=="NewReplicaSetAvailable")].status';

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
    // One resource: kubectl applies the objects in this order. On deletion it deletes the namespace first, and waits until
    // the namespace is empty.
    const objects = new eks.KubernetesManifest(this, 'Objects', { cluster: props.cluster, manifest });
    objects.node.addDependency(props.nodes);
    if (props.rolloutTimeout) this.waitForPods(props, props.rolloutTimeout, objects);
  }

  private waitForPods(props: KubernetesWorkloadProps, timeout: Duration, objects: IConstruct): void {
    const value = new eks.KubernetesObjectValue(this, 'Rollout', {
      cluster: props.cluster,
      objectType: 'deployment',
      objectName: props.name,
      objectNamespace: props.namespace,
      jsonPath: KubernetesWorkload.ROLLED_OUT,
      timeout,
    });
    value.node.addDependency(objects);
    // The handler ignores this property. CloudFormation calls the handler only if a property has changed.
    const template = Stack.of(this).toJsonString(deployment(props));
    value.node.findAll().find(CfnResource.isCfnResource)?.addPropertyOverride('Deployment', template);
  }
}

/** Name of the container's port. */
const PORT_NAME = 'http';

const portOf = ({ port = 8080 }: KubernetesWorkloadProps) => port;

const drainOf = ({ drainTime = Duration.seconds(5) }: KubernetesWorkloadProps) => drainTime;
const stopOf = ({ stopTimeout = Duration.seconds(28) }: KubernetesWorkloadProps) => stopTimeout;
const stabilizationOf = ({ scaleDownStabilization = Duration.minutes(5) }: KubernetesWorkloadProps) =>
  scaleDownStabilization;

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
        // Warns at apply time of what a later version will refuse.
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'latest',
      },
    },
  });
}

/** The VPC CNI enforces the policy where its network policy agent is on. The kubelet of a pod's node may always probe. */
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
          // The container's port, because network policies of the VPC CNI depend on it.
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
      // Rounded up, so at least one pod may always be evicted: a budget of none would block the removal of every node. A quarter
      // of many pods raises the others from the target of 70 % to 93 % of the CPU that they request.
      maxUnavailable: k8s.IntOrString.fromString('25%'),
      // Unhealthy pods do not block the removal of a node.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}

function deployment(props: KubernetesWorkloadProps): KubernetesObject {
  const { imageRevision } = props;
  const drainSeconds = drainOf(props).toSeconds();
  const stopSeconds = stopOf(props).toSeconds();
  const labels = labelsOf(props);
  return k8s.KubeDeployment.manifest({
    metadata: metadataOf(props),
    spec: {
      // No replicas: each deployment would reset the number that the HorizontalPodAutoscaler has set.
      selector: { matchLabels: labels },
      revisionHistoryLimit: 3,
      // New pods first. A quarter more at a time fits on the nodes, or Cluster Autoscaler adds a node for a while.
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
          // No variables for the services of the namespace, because one could shadow a variable of the container.
          enableServiceLinks: false,
          nodeSelector: { 'kubernetes.io/arch': props.architecture },
          topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
            topologyKey,
            maxSkew: 1,
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
            // Do not count the pods that a deployment is about to end.
            matchLabelKeys: ['pod-template-hash'],
          })),
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          // Two more seconds, in which the container logs why it ends by force.
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
    // The image is immutable, even if its tag is called `latest`.
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries(props.environment ?? {}).map(([name, value]) => ({ name, value })),
    ports: [{ name: PORT_NAME, containerPort: portOf(props), protocol: 'TCP' }],
    resources: { requests: { cpu: k8s.Quantity.fromString(`${cpuMillis}m`), memory }, limits: { memory } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // The kubelet sleeps, so the image needs no shell and no `sleep`.
    lifecycle: drainSeconds === 0 ? undefined : { preStop: { sleep: { seconds: drainSeconds } } },
    // Probe each second for half a minute, so that a pod helps as soon as it can: meanwhile the other pods are overloaded.
    startupProbe: { ...get(livenessPath), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 30 },
    // A busy pod answers late. Only three failures in a row count, or load would remove one pod after the other.
    readinessProbe: { ...get(readinessPath), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
    // A minute, because a restart helps a process that hangs and harms a busy one.
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
        // Fast up: without delay, twice as many or four more each 15 s, the interval of new metrics. Too many pods cost cents,
        // too few cost answers.
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
        // Slow down: only after fewer pods were enough for the whole period, and by half of the pods each minute, because the
        // last measurement may have met a pause. One pod each minute would let twenty pods idle for a quarter of an hour.
        scaleDown: {
          stabilizationWindowSeconds: stabilizationOf(props).toSeconds(),
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
      `kubernetesVersion: must be a minor version such as 1.36, got "${props.kubernetesVersion}". Give the version of the cluster.`,
    );
  }
  checkWhole('port', portOf(props), 1, 65_535, 'Give the port that the container listens on.');
  checkWhole('cpuMillis', cpuMillis, 1, 1_000_000, 'Give 250 for a quarter of a vCPU.');
  checkWhole('memoryMiB', memoryMiB, 1, 10_000_000, 'Give 256 for a quarter of a GiB.');
  checkWhole('minPods', minPods, 1, 10_000, 'Without a pod there is no CPU use to scale by: give 2.');
  checkWhole('maxPods', maxPods, minPods, 10_000, 'maxPods must not be below minPods: raise maxPods.');
  checkWhole('targetCpuPercent', props.targetCpuPercent ?? 70, 1, 100, 'Give 70.');
  checkSeconds('scaleDownStabilization', stabilizationOf(props), 3_600, 'Give Duration.minutes(5).');
  checkWhole('nodePort', props.nodePort ?? 30_000, 30_000, 32_767, 'Kubernetes allows no other ports: give 30080.');
  checkSeconds('drainTime', drainOf(props), 300, 'Give Duration.seconds(5).');
  checkWhole(
    'rolloutTimeout',
    props.rolloutTimeout?.toMinutes({ integral: false }) ?? 1,
    1,
    14,
    'Give Duration.minutes(10).',
  );
  checkSeconds(
    'stopTimeout',
    stopOf(props),
    3_600,
    'Give the time that the container needs, such as Duration.seconds(28).',
  );
  if (props.nodePort !== undefined && (props.allowFromCidrs ?? []).length === 0) {
    throw new Error(
      'allowFromCidrs: must not be empty with nodePort, got none. Give the CIDR blocks of the subnets of the nodes.',
    );
  }
  checkText('image', [props.image], /./, 'the name of an image', 'Give a name such as registry.example/history:1.');
  const cidrs = props.allowFromCidrs ?? [];
  checkText(
    'allowFromCidrs',
    cidrs,
    IPV4_BLOCK,
    'IPv4 blocks',
    'Give an address with its prefix length, such as 10.0.0.0/16.',
  );
  const names = Object.keys(props.environment ?? {});
  const rule = 'names of letters, digits and underscores that do not begin with a digit';
  checkText('environment', names, /^[A-Za-z_]\w*$/, rule, 'Give a name such as LOG_LEVEL.');
  for (const property of ['livenessPath', 'readinessPath'] as const) {
    checkText(
      property,
      [props[property] ?? '/'],
      /^\//,
      'a path from the root',
      'Begin the path with a slash, such as /healthz.',
    );
  }
  if (nodeAllocatable === undefined) return;
  const { cpuMillis: nodeMillis, memoryMiB: nodeMiB } = nodeAllocatable;
  if (cpuMillis > nodeMillis || memoryMiB > nodeMiB) {
    throw new Error(
      `cpuMillis, memoryMiB: a pod must fit on a node, which has room for ${nodeMillis} and ${nodeMiB}, got ${cpuMillis} ` +
        `and ${memoryMiB}. Request less, or choose a larger instance type.`,
    );
  }
}

/** Checks for a name that a Service and a Namespace may have, too: their rule is the strictest. */
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

function checkSeconds(property: string, value: Duration, max: number, advice: string): void {
  const seconds = value.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds <= max) return;
  throw new Error(`${property}: must be from 0 to ${max} whole seconds, got ${seconds}. ${advice}`);
}

function checkWhole(property: string, value: number, min: number, max: number, advice: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`${property}: must be a whole number from ${min} to ${max}, got ${value}. ${advice}`);
}
