import { type Environments, environmentOf } from '../../lib/context';
import { environments } from '../../lib/environments';
import { Chain, Node, smallestNode } from '../../lib/kubernetes-sizing';
import { localEnvironments } from '../kit/local-environment';
import { Cluster, ScalingRules } from './manifests';

/**
 * The pace of scaling in docs/kubernetes.md, "Pods: fast up, slow down". It is repeated here on purpose, because figures from
 * a manifest cannot show that the manifest is wrong. A test compares it with the page.
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

/** Share of the pods by which a deployment may exceed their number, and which a budget lets go at once; rounded up. */
export const QUARTER = 0.25;
/** Seconds between the removal of a pod from its Service and SIGTERM, until every node knows of the removal. */
export const DRAIN_SECONDS = 5;

/** The cluster of an environment as lib/environments.ts describes it. */
export interface Reference {
  readonly chain: Chain;
  readonly node: Node;
  readonly instanceTypes: readonly string[];
  /** Whether logs and metrics of pods are collected. */
  readonly observability: boolean;
}

const shipped: Environments = { ...environments, ...localEnvironments };

/**
 * The reference for the environment of a cluster; undefined for a cluster of another app.
 *
 * @param known environments to which the cluster may belong
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

/** Reads the table of loads in docs/kubernetes.md. @throws if the page has no such table */
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
