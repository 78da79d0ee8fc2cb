import { instanceTypeOf } from './instance-types';

/**
 * The chain from requests to nodes as arithmetic: what a node offers, how many pods fit on it, how many addresses they
 * take, and where the Horizontal Pod Autoscaler and Cluster Autoscaler settle under a load. No AWS in here.
 */

/** The property that names instance types, in errors. */
const INSTANCE_TYPES = 'kubernetes.nodes.instanceTypes';

/** Pods a node at most, whatever fits: what EKS sets for fewer than 30 vCPU with prefix delegation. */
const MAX_PODS = 110;

/** Addresses of a prefix that is delegated to an interface (/28). */
const PREFIX = 16;

/** Resources of a pod, or of what is left for pods. */
export interface Resources {
  /** Thousandths of a vCPU. */
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

export interface Node {
  /** What the scheduler may give to pods. */
  readonly allocatable: Resources;
  /** Pods at most. */
  readonly maxPods: number;
  /** What the pods that run on every node ask for: the add-ons vpc-cni and kube-proxy, and those of the observability. */
  readonly daemons: Resources;
  /** How many these are. They use the address of the node. */
  readonly daemonPods: number;
  /** What the pods of the system ask for that are spread over all nodes. */
  readonly system: readonly Resources[];
}

/**
 * Requests of the DaemonSets of the add-ons: aws-node 25m and its network policy agent 25m, kube-proxy 100m; the Pod
 * Identity agent asks for nothing.
 */
const DAEMONS: Resources = { cpuMillis: 150, memoryMiB: 0 };
/** DaemonSet pods on each node: aws-node, kube-proxy, eks-pod-identity-agent. */
const DAEMON_PODS = 3;

/**
 * What is spread over all nodes beside the workload: coredns 2 x 100m, 70 MiB; metrics-server 2 x 100m, 200 MiB; Cluster
 * Autoscaler 2 x 100m, 300 MiB.
 */
const SYSTEM: readonly Resources[] = [
  { cpuMillis: 100, memoryMiB: 70 },
  { cpuMillis: 100, memoryMiB: 70 },
  { cpuMillis: 100, memoryMiB: 200 },
  { cpuMillis: 100, memoryMiB: 200 },
  { cpuMillis: 100, memoryMiB: 300 },
  { cpuMillis: 100, memoryMiB: 300 },
];

/**
 * What the add-on amazon-cloudwatch-observability brings: on each node the agent, 250m and 128 MiB, and Fluent Bit, 50m and
 * 25 MiB; beside them one operator. Requests of version 6.4.0 of its chart.
 *
 * @see https://github.com/aws-observability/helm-charts/blob/main/charts/amazon-cloudwatch-observability/values.yaml
 */
const OBSERVABILITY = {
  daemons: { cpuMillis: 300, memoryMiB: 153 },
  daemonPods: 2,
  operator: { cpuMillis: 100, memoryMiB: 64 },
};

/**
 * A node of an instance type under Amazon Linux 2023.
 *
 * Of its memory, 7.5 % are taken to be gone before the kubelet counts (Karpenter's VM_MEMORY_OVERHEAD_PERCENT); then
 * nodeadm reserves 255 + 11 x pods MiB, and 100 MiB is the threshold of eviction. Its pods are those that would have
 * addresses without prefixes; it could reserve for MAX_PODS (docs/kubernetes.md), which CPU-bound pods would not notice.
 * Of its cores it reserves 6 % of the first, 1 % of the second, 0.5 % of the next two and 0.25 % of the others.
 *
 * @param observability whether the cluster keeps logs and metrics of its pods
 * @throws if the type is not on file
 * @see https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
 */
export function nodeOf(instanceType: string, observability = false): Node {
  const { vcpus, memoryMiB, interfaces, addressesPerInterface } = instanceTypeOf(instanceType, INSTANCE_TYPES);
  const withoutPrefixes = interfaces * (addressesPerInterface - 1) + 2;
  // One address of each interface is its own; two pods use the address of the node.
  const maxPods = Math.min(MAX_PODS, interfaces * (addressesPerInterface - 1) * PREFIX + 2);
  const reservedMillis =
    [60, 10, 5, 5].slice(0, vcpus).reduce((sum, share) => sum + share, 0) + Math.max(0, vcpus - 4) * 2.5;
  return {
    allocatable: {
      cpuMillis: Math.floor(vcpus * 1_000 - reservedMillis),
      memoryMiB: Math.floor(memoryMiB * (1 - 0.075)) - (255 + 11 * withoutPrefixes) - 100,
    },
    maxPods,
    ...(observability
      ? {
          daemons: add(DAEMONS, OBSERVABILITY.daemons),
          daemonPods: DAEMON_PODS + OBSERVABILITY.daemonPods,
          system: [...SYSTEM, OBSERVABILITY.operator],
        }
      : { daemons: DAEMONS, daemonPods: DAEMON_PODS, system: SYSTEM }),
  };
}

function add(a: Resources, b: Resources): Resources {
  return { cpuMillis: a.cpuMillis + b.cpuMillis, memoryMiB: a.memoryMiB + b.memoryMiB };
}

/** The least of several types: what a pod finds on whichever of them its node is. */
export function smallestNode(instanceTypes: readonly string[], observability = false): Node {
  const nodes = instanceTypes.map((type) => nodeOf(type, observability));
  const [first] = nodes;
  if (first === undefined) {
    throw new Error(
      'kubernetes.nodes.instanceTypes: must name at least one type, got none. Name one, as in t4g.medium',
    );
  }
  return {
    ...first,
    allocatable: {
      cpuMillis: Math.min(...nodes.map(({ allocatable }) => allocatable.cpuMillis)),
      memoryMiB: Math.min(...nodes.map(({ allocatable }) => allocatable.memoryMiB)),
    },
    maxPods: Math.min(...nodes.map(({ maxPods }) => maxPods)),
  };
}

/** Pods of a kind that fit on a node with nothing but its DaemonSets: the one that Cluster Autoscaler adds. */
export function podsPerNode(node: Node, pod: Resources): number {
  const room = roomOf(node);
  const pods = Math.min(room.cpuMillis / pod.cpuMillis, room.memoryMiB / pod.memoryMiB, node.maxPods - node.daemonPods);
  return Math.max(0, Math.floor(pods));
}

/** What a node has left for one pod when only its DaemonSets run: a pod that asks for more fits nowhere. */
export function roomOf(node: Node): Resources {
  return {
    cpuMillis: node.allocatable.cpuMillis - node.daemons.cpuMillis,
    memoryMiB: node.allocatable.memoryMiB - node.daemons.memoryMiB,
  };
}

/** Nodes for so many pods of a kind beside the pods of the system, each on the first node with room for it. */
export function nodesFor(node: Node, pod: Resources, pods: number): number {
  const room = roomOf(node);
  const nodes: { cpuMillis: number; memoryMiB: number; pods: number }[] = [];
  for (const { cpuMillis, memoryMiB } of [...node.system, ...Array.from({ length: pods }, () => pod)]) {
    if (cpuMillis > room.cpuMillis || memoryMiB > room.memoryMiB) return Number.POSITIVE_INFINITY;
    let place = nodes.find(
      (at) => at.cpuMillis >= cpuMillis && at.memoryMiB >= memoryMiB && at.pods < node.maxPods - node.daemonPods,
    );
    if (place === undefined) {
      place = { ...room, pods: 0 };
      nodes.push(place);
    }
    place.cpuMillis -= cpuMillis;
    place.memoryMiB -= memoryMiB;
    place.pods += 1;
  }
  return nodes.length;
}

/**
 * Addresses of a subnet that a node takes: its interfaces' own, and the prefixes of its pods with one to spare
 * (WARM_PREFIX_TARGET 1), when it is as full of pods as it can be.
 */
export function addressesPerNode(instanceType: string): number {
  const { interfaces } = instanceTypeOf(instanceType, INSTANCE_TYPES);
  return interfaces + (Math.ceil(nodeOf(instanceType).maxPods / PREFIX) + 1) * PREFIX;
}

export interface Load {
  /** Requests a second over all pods. */
  readonly requestsPerSecond: number;
  /** Milliseconds of CPU that one takes. */
  readonly cpuMsPerRequest: number;
}

export interface Chain {
  readonly pod: Resources;
  readonly minPods: number;
  readonly maxPods: number;
  /** Percent of the CPU request at which the Horizontal Pod Autoscaler holds the pods. */
  readonly targetCpuPercent: number;
  readonly minNodes: number;
  readonly maxNodes: number;
}

/**
 * Where a load settles: replicas as the Horizontal Pod Autoscaler computes them (usage over request x target, rounded up,
 * within its bounds), and the nodes that they and the pods of the system need, within those of the group.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export function settle(load: Load, chain: Chain, node: Node): { replicas: number; nodes: number; pending: number } {
  const usage = load.requestsPerSecond * load.cpuMsPerRequest;
  const wanted = Math.ceil(usage / ((chain.pod.cpuMillis * chain.targetCpuPercent) / 100));
  const replicas = Math.min(chain.maxPods, Math.max(chain.minPods, wanted));
  const nodes = Math.max(chain.minNodes, nodesFor(node, chain.pod, replicas));
  if (nodes <= chain.maxNodes) return { replicas, nodes, pending: 0 };
  let running = replicas;
  while (running > 0 && nodesFor(node, chain.pod, running) > chain.maxNodes) running -= 1;
  return { replicas, nodes: chain.maxNodes, pending: replicas - running };
}

/**
 * Holds what a cluster is to run against what it may grow to.
 *
 * @throws if the group has no type, a type is not on file, or the most pods do not fit on the most nodes
 */
export function checkRoom({
  nodes,
  service,
  observability,
}: {
  readonly nodes: { readonly instanceTypes: readonly string[]; readonly maxNodes: number };
  readonly service: Resources & { readonly maxPods: number };
  readonly observability?: boolean;
}): void {
  const needed = nodesFor(smallestNode(nodes.instanceTypes, observability), service, service.maxPods);
  // A pod that fits on no node is refused by the workload, which says why.
  if (needed <= nodes.maxNodes || !Number.isFinite(needed)) return;
  throw new Error(
    `kubernetes.service.maxPods: ${service.maxPods} pods and those of the system need ${needed} nodes, but ` +
      `kubernetes.nodes.maxNodes is ${nodes.maxNodes}. Raise it, or lower maxPods, in lib/environments.ts.`,
  );
}
