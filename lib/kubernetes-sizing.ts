import { instanceTypeOf } from './instance-types';

/**
 * Calculates the chain from requests to nodes: the resources of a node, the pods that fit on the node, the addresses that
 * they take, and the numbers of pods and nodes that the Horizontal Pod Autoscaler and Cluster Autoscaler reach under a load.
 * The calculation does not call AWS.
 */

/** Property of the environment that names instance types, for errors. */
const INSTANCE_TYPES = 'kubernetes.nodes.instanceTypes';

/** Maximum number of pods of a node with fewer than 30 vCPUs and prefix delegation, as EKS sets it. */
const MAX_PODS = 110;

/** Addresses of a prefix that is delegated to a network interface (/28). */
const PREFIX = 16;

/** Requests of a pod, or the part of a node that pods may request. */
export interface Resources {
  /** Thousandths of a vCPU. */
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

export interface Node {
  /** Resources that the scheduler may assign to pods. */
  readonly allocatable: Resources;
  /** Maximum number of pods. */
  readonly maxPods: number;
  /** Requests of the pods that run on every node: the add-ons vpc-cni and kube-proxy, and the agents of the observability. */
  readonly daemons: Resources;
  /** Number of the pods that run on every node. They use the address of the node. */
  readonly daemonPods: number;
  /** Requests of the system's pods that are spread over all nodes. */
  readonly system: readonly Resources[];
}

/**
 * Requests of the add-ons' DaemonSets: aws-node 25m and its network policy agent 25m, kube-proxy 100m. The Pod Identity agent
 * requests nothing.
 */
const DAEMONS: Resources = { cpuMillis: 150, memoryMiB: 0 };
/** DaemonSet pods on each node: aws-node, kube-proxy, eks-pod-identity-agent. */
const DAEMON_PODS = 3;

/**
 * Requests of the system's pods: coredns 2 x 100m, 70 MiB; metrics-server 2 x 100m, 200 MiB; Cluster Autoscaler 2 x 100m,
 * 300 MiB.
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
 * Requests of the add-on amazon-cloudwatch-observability, version 6.4.0 of its chart: on each node the agent with 250m and
 * 128 MiB, and Fluent Bit with 50m and 25 MiB; in the cluster one operator.
 *
 * @see https://github.com/aws-observability/helm-charts/blob/main/charts/amazon-cloudwatch-observability/values.yaml
 */
const OBSERVABILITY = {
  daemons: { cpuMillis: 300, memoryMiB: 153 },
  daemonPods: 2,
  operator: { cpuMillis: 100, memoryMiB: 64 },
};

/**
 * Calculates a node of an instance type under Amazon Linux 2023.
 *
 * - Memory: 7.5 % are assumed to be missing before the kubelet counts (Karpenter's VM_MEMORY_OVERHEAD_PERCENT). nodeadm
 *   reserves 255 + 11 x pods MiB, where `pods` is the number of pods that would have addresses without prefixes, and the
 *   threshold of eviction is 100 MiB. nodeadm could reserve memory for MAX_PODS (docs/kubernetes.md), which makes no
 *   difference to CPU-bound pods.
 * - CPU: nodeadm reserves 6 % of the first core, 1 % of the second, 0.5 % of the next two and 0.25 % of the others.
 *
 * @param observability the cluster sends logs and metrics of its pods to CloudWatch
 * @throws if the type is not in lib/instance-types.ts
 * @see https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
 */
export function nodeOf(instanceType: string, observability = false): Node {
  const { vcpus, memoryMiB, interfaces, addressesPerInterface } = instanceTypeOf(instanceType, INSTANCE_TYPES);
  const withoutPrefixes = interfaces * (addressesPerInterface - 1) + 2;
  // One address of each interface is not for pods. Two pods use the address of the node.
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

/** Returns the minimum over several types, so that the result holds for a node of any of them. */
export function smallestNode(instanceTypes: readonly string[], observability = false): Node {
  const nodes = instanceTypes.map((type) => nodeOf(type, observability));
  const [first] = nodes;
  if (first === undefined) {
    throw new Error('kubernetes.nodes.instanceTypes: must name at least one type, got none. Give t4g.medium');
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

/** Number of equal pods that fit on a node that runs only its DaemonSets, as a node that Cluster Autoscaler adds. */
export function podsPerNode(node: Node, pod: Resources): number {
  const room = roomOf(node);
  const pods = Math.min(room.cpuMillis / pod.cpuMillis, room.memoryMiB / pod.memoryMiB, node.maxPods - node.daemonPods);
  return Math.max(0, Math.floor(pods));
}

/** Resources for pods on a node that runs only its DaemonSets. A pod that requests more fits on no node. */
export function roomOf(node: Node): Resources {
  return {
    cpuMillis: node.allocatable.cpuMillis - node.daemons.cpuMillis,
    memoryMiB: node.allocatable.memoryMiB - node.daemons.memoryMiB,
  };
}

/** Number of nodes for equal pods beside the pods of the system. Each pod is assigned to the first node with room. */
export function nodesFor(node: Node, pod: Resources, pods: number): number {
  const room = roomOf(node);
  const nodes: { cpuMillis: number; memoryMiB: number; pods: number }[] = [];
  for (const { cpuMillis, memoryMiB } of [...node.system, ...Array.from({ length: pods }, () => pod)]) {
    if (cpuMillis > room.cpuMillis || memoryMiB > room.memoryMiB) return Number.POSITIVE_INFINITY;
    let target = nodes.find(
      (free) =>
        free.cpuMillis >= cpuMillis && free.memoryMiB >= memoryMiB && free.pods < node.maxPods - node.daemonPods,
    );
    if (target === undefined) {
      target = { ...room, pods: 0 };
      nodes.push(target);
    }
    target.cpuMillis -= cpuMillis;
    target.memoryMiB -= memoryMiB;
    target.pods += 1;
  }
  return nodes.length;
}

/**
 * Number of addresses that a node full of pods takes from its subnet: one for each network interface, the prefixes of its
 * pods, and one spare prefix (WARM_PREFIX_TARGET 1).
 */
export function addressesPerNode(instanceType: string): number {
  const { interfaces } = instanceTypeOf(instanceType, INSTANCE_TYPES);
  return interfaces + (Math.ceil(nodeOf(instanceType).maxPods / PREFIX) + 1) * PREFIX;
}

export interface Load {
  /** Requests per second over all pods. */
  readonly requestsPerSecond: number;
  /** Milliseconds of CPU for each request. */
  readonly cpuMsPerRequest: number;
}

export interface Chain {
  readonly pod: Resources;
  readonly minPods: number;
  readonly maxPods: number;
  /** Target of the Horizontal Pod Autoscaler: CPU use in percent of the CPU request. */
  readonly targetCpuPercent: number;
  readonly minNodes: number;
  readonly maxNodes: number;
}

/**
 * Calculates the state that the autoscalers reach under a load: replicas by the formula of the Horizontal Pod Autoscaler
 * (usage over request x target, rounded up, within its bounds), the nodes that the replicas and the pods of the system need
 * within the bounds of the node group, and the replicas that stay pending.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export function settle(load: Load, chain: Chain, node: Node): { replicas: number; nodes: number; pending: number } {
  const usage = load.requestsPerSecond * load.cpuMsPerRequest;
  const desired = Math.ceil(usage / ((chain.pod.cpuMillis * chain.targetCpuPercent) / 100));
  const replicas = Math.min(chain.maxPods, Math.max(chain.minPods, desired));
  const nodes = Math.max(chain.minNodes, nodesFor(node, chain.pod, replicas));
  if (nodes <= chain.maxNodes) return { replicas, nodes, pending: 0 };
  let running = replicas;
  while (running > 0 && nodesFor(node, chain.pod, running) > chain.maxNodes) running -= 1;
  return { replicas, nodes: chain.maxNodes, pending: replicas - running };
}

/**
 * Checks that `maxPods` pods of the service fit on `maxNodes` nodes.
 *
 * @throws if the group has no type, a type is not in lib/instance-types.ts, or the pods do not fit
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
  // The workload refuses a pod that fits on no node, with the reason in its error.
  if (needed <= nodes.maxNodes || !Number.isFinite(needed)) return;
  throw new Error(
    `kubernetes.service.maxPods: ${service.maxPods} pods and the pods of the system need ${needed} nodes, but ` +
      `kubernetes.nodes.maxNodes is ${nodes.maxNodes}. Raise maxNodes, or lower maxPods, in lib/environments.ts.`,
  );
}
