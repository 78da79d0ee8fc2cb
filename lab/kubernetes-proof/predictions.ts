import { Chain, Node, podsPerNode, settle, smallestNode } from '../../lib/kubernetes-sizing';
import { Cluster, NodeGroup, objectsOf, ScalingPolicy, ScalingRules, scaledWorkload } from './manifests';

/** Expected behaviour, computed from the manifests or their environment before any program runs. */
export interface Prediction {
  readonly minReplicas: number;
  /** Pods that fit on a node beside the pods of every node. */
  readonly podsPerNode: number;
  /** Target of the autoscaler in percent of the CPU request. */
  readonly targetPercent: number;
  /** Load over all pods that leads to `replicas`, in thousandths of a vCPU. */
  readonly loadMillis: number;
  /** Pods under that load. They need one node more than the minimum of the group. */
  readonly replicas: number;
}

/** Reads the chain from CPU to nodes from the manifests. @throws if a part is missing */
export function chainOf(cluster: Cluster): Chain {
  const { autoscaler, workload } = scaledWorkload(objectsOf(cluster));
  const { minReplicas, maxReplicas, metrics } = autoscaler.spec;
  const containers = workload.spec.template.spec.containers.map(({ resources }) => resources.requests);
  const target = metrics.find(({ resource }) => resource.name === 'cpu')?.resource.target.averageUtilization;
  if (target === undefined) throw new Error('The HorizontalPodAutoscaler has no target for CPU.');
  return {
    pod: {
      cpuMillis: sum(containers.map(({ cpu }) => millis(cpu ?? 0))),
      memoryMiB: sum(containers.map(({ memory }) => mebibytes(memory ?? 0))),
    },
    minPods: minReplicas,
    maxPods: maxReplicas,
    targetCpuPercent: target,
    minNodes: cluster.nodeGroup.minSize,
    maxNodes: cluster.nodeGroup.maxSize,
  };
}

/** Resources for pods on a node of the group. */
export function nodeOfGroup({ instanceTypes, observability }: NodeGroup): Node {
  return smallestNode(instanceTypes, observability);
}

/**
 * Chooses the greatest load that needs exactly one node more than the minimum, and computes its effect.
 *
 * @throws if there is no such load, because the growth of the group could not be seen
 */
export function predict(chain: Chain, node: Node, loads: readonly number[]): Prediction {
  const settled = loads.map((loadMillis) => ({ loadMillis, ...settleUnder(loadMillis, chain, node) }));
  const found = settled
    .toSorted((one, other) => other.loadMillis - one.loadMillis)
    .find(({ nodes, pending }) => nodes === chain.minNodes + 1 && pending === 0);
  if (found === undefined) {
    throw new Error(
      `None of the loads of docs/kubernetes.md (${loads.join('m, ')}m) needs ${chain.minNodes + 1} nodes, one more than the ` +
        'minimum of the group, so its growth could not be seen.',
    );
  }
  return {
    minReplicas: chain.minPods,
    podsPerNode: podsPerNode(node, chain.pod),
    targetPercent: chain.targetCpuPercent,
    loadMillis: found.loadMillis,
    replicas: found.replicas,
  };
}

/** Pods and nodes under a constant load in thousandths of a vCPU. */
export function settleUnder(loadMillis: number, chain: Chain, node: Node): ReturnType<typeof settle> {
  return settle({ requestsPerSecond: loadMillis, cpuMsPerRequest: 1 }, chain, node);
}

/** A change of the number of replicas. */
export interface Change {
  /** Seconds since a moment that all changes share. */
  readonly at: number;
  readonly replicas: number;
}

/** Seconds by which an observed time may differ: the interval of observations, and delays of the server. */
const TOLERANCE = 1.5;

/**
 * Describes the first change that exceeds the policies within their period; undefined if all changes keep them.
 *
 * @param changes the first entry is the initial state
 */
export function beyondPace(changes: readonly Change[], rules: ScalingRules): string | undefined {
  for (const [index, { at, replicas }] of changes.entries()) {
    const before = changes[index - 1]?.replicas;
    if (before === undefined) continue;
    const up = replicas > before;
    const furthest = furthestAt(at, up, changes.slice(0, index), rules);
    if (up ? replicas > furthest : replicas < furthest)
      return `${before} to ${replicas}, but the limit was ${furthest}`;
  }
  return undefined;
}

/**
 * The numbers of pods, one for each period, when only the policies limit the autoscaler, such as `2, 6, 12, 20`.
 *
 * @throws if the policies never lead to the number
 */
export function fastestPath(rules: ScalingRules, from: number, to: number): number[] {
  const up = to > from;
  const periods = rules.policies.map(({ periodSeconds }) => periodSeconds);
  const changes: Change[] = [{ at: 0, replicas: from }];
  let [now, since] = [from, 0];
  for (let at = 0; now !== to; at += Math.min(...periods)) {
    const limit = furthestAt(at, up, changes, rules);
    const next = up ? Math.min(to, limit) : Math.max(to, limit);
    if (up ? next > now : next < now) {
      changes.push({ at, replicas: next });
      [now, since] = [next, at];
    } else if (at - since > Math.max(...periods)) {
      throw new Error(`The policies lead from ${from} to ${now} pods, but never to ${to}.`);
    }
  }
  return changes.map(({ replicas }) => replicas);
}

/** The limit of the policies at a moment. Periods end at this moment, as in the autoscaler. */
function furthestAt(at: number, up: boolean, changes: readonly Change[], rules: ScalingRules): number {
  const { policies, selectPolicy = 'Max' } = rules;
  const limits = policies.map((policy) => {
    // The number at the beginning of the period.
    const began = changes.findLast((change) => change.at <= at - policy.periodSeconds + TOLERANCE) ?? changes[0];
    return limitOf(policy, began?.replicas ?? 0, up);
  });
  if (selectPolicy === 'Disabled' || limits.length === 0) return changes.at(-1)?.replicas ?? 0;
  return (selectPolicy === 'Max') === up ? Math.max(...limits) : Math.min(...limits);
}

/** The autoscaler rounds in favour of the change: up when it adds, down when it removes. */
function limitOf({ type, value }: ScalingPolicy, replicas: number, up: boolean): number {
  const sign = up ? 1 : -1;
  if (type === 'Pods') return Math.max(0, replicas + sign * value);
  const limit = replicas * (1 + (sign * value) / 100);
  return up ? Math.ceil(limit) : Math.floor(limit);
}

/** The rules with all times divided, so that the proof does not take a quarter of an hour. */
export function faster(rules: ScalingRules, divisor: number): ScalingRules {
  const divided = (seconds: number) => Math.ceil(seconds / divisor);
  return {
    ...rules,
    stabilizationWindowSeconds: divided(rules.stabilizationWindowSeconds ?? 300),
    policies: rules.policies.map((policy) => ({ ...policy, periodSeconds: divided(policy.periodSeconds) })),
  };
}

/** Converts `250m`, `0.25` or 0.25 of a vCPU to thousandths. */
export function millis(quantity: string | number): number {
  const text = String(quantity);
  return text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1_000;
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** -10, Mi: 1, Gi: 2 ** 10, '': 2 ** -20 };

/** Converts `256Mi`, `1Gi`, `1024Ki` or bytes to MiB. @throws for another unit */
export function mebibytes(quantity: string | number): number {
  const [, value, unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  const factor = UNITS[unit];
  if (value === undefined || factor === undefined) throw new Error(`"${quantity}" is not in Ki, Mi, Gi or bytes.`);
  return Number(value) * factor;
}

/** Divides a load over pods in whole thousandths that add up to the load. */
export function spread(loadMillis: number, pods: number): number[] {
  return Array.from(
    { length: pods },
    (_, index) => Math.floor((loadMillis * (index + 1)) / pods) - Math.floor((loadMillis * index) / pods),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
