import { Chain, Node, podsPerNode, settle, smallestNode } from '../../lib/kubernetes-sizing';
import { Cluster, NodeGroup, objectsOf, ScalingPolicy, ScalingRules, scaledWorkload } from './manifests';

/** What the manifests, or the environment that they are of, say will happen, computed before anything runs. */
export interface Prediction {
  readonly minReplicas: number;
  /** Pods that fit on a node beside those that run on every node. */
  readonly podsPerNode: number;
  /** Percent of the CPU request that the autoscaler aims at. */
  readonly targetPercent: number;
  /** Load in thousandths of a vCPU over all pods, that leads to `replicas`. */
  readonly loadMillis: number;
  /** Pods under that load: too many for the least nodes of the group, not for one node more. */
  readonly replicas: number;
}

/** The chain from CPU to nodes as the manifests have it. @throws if they lack a part of it */
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

/** What a node of the group has for pods. */
export function nodeOfGroup({ instanceTypes, observability }: NodeGroup): Node {
  return smallestNode(instanceTypes, observability);
}

/**
 * Of some loads, the greatest that needs just one node more than the least, and where it leads.
 *
 * @throws if there is none: the group could not be seen to grow
 */
export function predict(chain: Chain, node: Node, loads: readonly number[]): Prediction {
  const settled = loads.map((loadMillis) => ({ loadMillis, ...settleUnder(loadMillis, chain, node) }));
  const found = settled
    .toSorted((one, other) => other.loadMillis - one.loadMillis)
    .find(({ nodes, pending }) => nodes === chain.minNodes + 1 && pending === 0);
  if (found === undefined) {
    throw new Error(
      `None of the loads of docs/kubernetes.md (${loads.join('m, ')}m) needs ${chain.minNodes + 1} nodes, one more than the ` +
        'least of the group: that it grows would not show.',
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

/** Where a load settles, given in thousandths of a vCPU. */
export function settleUnder(loadMillis: number, chain: Chain, node: Node): ReturnType<typeof settle> {
  return settle({ requestsPerSecond: loadMillis, cpuMsPerRequest: 1 }, chain, node);
}

/** When the number of replicas changed, and to what. */
export interface Change {
  /** Seconds from any moment that all changes count from. */
  readonly at: number;
  readonly replicas: number;
}

/** Seconds by which what is observed may be off: the time of one look, and the server's own. */
const TOLERANCE = 1.5;

/**
 * The first change that is further than the policies allow within their period, as text; undefined if all are as they say.
 *
 * @param changes the first one is where it began
 */
export function beyondPace(changes: readonly Change[], rules: ScalingRules): string | undefined {
  for (const [index, { at, replicas }] of changes.entries()) {
    const before = changes[index - 1]?.replicas;
    if (before === undefined) continue;
    const up = replicas > before;
    const furthest = furthestAt(at, up, changes.slice(0, index), rules);
    if (up ? replicas > furthest : replicas < furthest)
      return `${before} to ${replicas}, where ${furthest} was the limit`;
  }
  return undefined;
}

/**
 * The numbers of pods, one for each period, when nothing but the policies holds the autoscaler: as in `2, 6, 12, 20`.
 *
 * @throws if the policies never let it get there
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
      throw new Error(`The policies lead from ${from} to ${now} pods and never to ${to}.`);
    }
  }
  return changes.map(({ replicas }) => replicas);
}

/** What the policies allow at a moment. Their periods look back from there, as the autoscaler's do. */
function furthestAt(at: number, up: boolean, changes: readonly Change[], rules: ScalingRules): number {
  const { policies, selectPolicy = 'Max' } = rules;
  const limits = policies.map((policy) => {
    // What there was when the period began.
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

/** The same rules with all times divided, for a proof that does not take a quarter of an hour. */
export function faster(rules: ScalingRules, divisor: number): ScalingRules {
  const divided = (seconds: number) => Math.ceil(seconds / divisor);
  return {
    ...rules,
    stabilizationWindowSeconds: divided(rules.stabilizationWindowSeconds ?? 300),
    policies: rules.policies.map((policy) => ({ ...policy, periodSeconds: divided(policy.periodSeconds) })),
  };
}

/** `250m`, `0.25` or 0.25 of a vCPU in thousandths. */
export function millis(quantity: string | number): number {
  const text = String(quantity);
  return text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1_000;
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** -10, Mi: 1, Gi: 2 ** 10, '': 2 ** -20 };

/** `256Mi`, `1Gi`, `1024Ki` or bytes, in MiB. @throws for another unit */
export function mebibytes(quantity: string | number): number {
  const [, value, unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  const factor = UNITS[unit];
  if (value === undefined || factor === undefined) throw new Error(`"${quantity}" is not in Ki, Mi, Gi or bytes.`);
  return Number(value) * factor;
}

/** A load spread over so many pods, in whole thousandths that add up to it. */
export function spread(loadMillis: number, pods: number): number[] {
  return Array.from(
    { length: pods },
    (_, index) => Math.floor((loadMillis * (index + 1)) / pods) - Math.floor((loadMillis * index) / pods),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
