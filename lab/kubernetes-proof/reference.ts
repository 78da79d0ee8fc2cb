import { type Environments, environmentOf } from '../../lib/context';
import { environments } from '../../lib/environments';
import { Chain, Node, smallestNode } from '../../lib/kubernetes-sizing';
import { localEnvironments } from '../kit/local-environment';
import { Cluster, ScalingRules } from './manifests';

/**
 * How fast pods come and go: docs/kubernetes.md, "Pods: fast up, slow down". Written down here once more on purpose, as what
 * is computed from a manifest cannot show that the manifest is wrong. A test holds it to the page.
 */
export const SCALE_UP: ScalingRules = {
  stabilizationWindowSeconds: 0,
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};
export const SCALE_DOWN: ScalingRules = {
  stabilizationWindowSeconds: 300,
  policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
};

/** Share of the pods that a deployment has more of for a while, and that a budget lets go at once; rounded up. */
export const QUARTER = 0.25;
/** Seconds from the moment that a pod leaves its Service until it is told to end: "until every node knows". */
export const DRAIN_SECONDS = 5;

/** What an environment is to be, by lib/environments.ts. */
export interface Reference {
  readonly chain: Chain;
  readonly node: Node;
  readonly instanceTypes: readonly string[];
  /** Whether logs and metrics of pods are kept. */
  readonly observability: boolean;
}

const shipped: Environments = { ...environments, ...localEnvironments };

/**
 * The reference of the environment whose cluster it is; undefined for a cluster of another app.
 *
 * @param known environments that the cluster may be of
 */
export function referenceOf({ name }: Pick<Cluster, 'name'>, known = shipped): Reference | undefined {
  const [, id] = /^kumiki-(.+)$/.exec(name) ?? [];
  if (id === undefined || !Object.hasOwn(known, id) || known[id]?.kubernetes === undefined) return undefined;
  const { kubernetes } = environmentOf({ environment: id, kubernetes: 'true' }, known);
  if (kubernetes === undefined) return undefined;
  const { nodes, service, observability = false } = kubernetes;
  const { cpuMillis, memoryMiB } = service;
  return {
    chain: { ...nodes, ...service, pod: { cpuMillis, memoryMiB } },
    node: smallestNode(nodes.instanceTypes, observability),
    instanceTypes: nodes.instanceTypes,
    observability,
  };
}

/** A row of the table of loads in docs/kubernetes.md. */
export interface Documented {
  readonly loadMillis: number;
  readonly pods: number;
  readonly nodes: number;
}

/** The table of loads of docs/kubernetes.md. @throws if there is none */
export function tableOf(page: string): Documented[] {
  const rows = [...page.matchAll(/^\| \d+ \| (\d+)m \| (\d+) \| (\d+) \|$/gm)].map(
    ([, load, pods, nodes]): Documented => ({
      loadMillis: Number(load),
      pods: Number(pods),
      nodes: Number(nodes),
    }),
  );
  if (rows.length === 0)
    throw new Error('docs/kubernetes.md has no table of loads: | requests | CPU | pods | nodes |.');
  return rows;
}
