import { podsPerNode, smallestNode } from '../../lib/kubernetes-sizing';
import { Cluster, ScalingPolicy, ScalingRules, scaledWorkload } from './manifests';

/** What the manifests say will happen, computed from them before anything runs. */
export interface Prediction {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Pods that fit on a node beside those that run on every node. */
  readonly podsPerNode: number;
  /** Percent of the CPU request that the autoscaler aims at. */
  readonly targetPercent: number;
  /** Load in thousandths of a vCPU over all pods, that leads to `replicas`. */
  readonly loadMillis: number;
  /** Pods under that load. */
  readonly replicas: number;
  /** Of these, the ones that do not fit on the least nodes of the group. */
  readonly pending: number;
}

/**
 * A load for which the least number of nodes is too few and one more is enough, and where it leads: usage over request x
 * target, rounded up. It ends half a pod below a whole one, because the autoscaler computes in whole percent.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export function predict({ objects, nodeGroup }: Cluster): Prediction {
  const { autoscaler, workload } = scaledWorkload(objects);
  const { minReplicas, maxReplicas, metrics } = autoscaler.spec;
  const containers = workload.spec.template.spec.containers.map(({ resources }) => resources.requests);
  const cpuMillis = sum(containers.map(({ cpu }) => millis(cpu ?? 0)));
  const memoryMiB = sum(containers.map(({ memory }) => mebibytes(memory ?? 0)));
  const target = metrics.find(({ resource }) => resource.name === 'cpu')?.resource.target.averageUtilization;
  if (target === undefined) throw new Error('The HorizontalPodAutoscaler has no target for CPU.');
  const perNode = podsPerNode(smallestNode(nodeGroup.instanceTypes), { cpuMillis, memoryMiB });
  const room = perNode * nodeGroup.minSize;
  const replicas = Math.min(maxReplicas, room + Math.max(1, Math.floor(perNode / 2)));
  return {
    minReplicas,
    maxReplicas,
    podsPerNode: perNode,
    targetPercent: target,
    loadMillis: Math.floor(((replicas - 0.5) * cpuMillis * target) / 100),
    replicas,
    pending: Math.max(0, replicas - room),
  };
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
