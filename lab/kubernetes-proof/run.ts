import { Chain, Node } from '../../lib/kubernetes-sizing';
import { Terminal } from '../kit/terminal';
import { budget, figures, policy, ports, probes, revision, termination } from './checks';
import { Container, Stop } from './container';
import { ControlPlane, METRIC_SECONDS, SYNC_SECONDS } from './control-plane';
import { Cluster } from './manifests';
import { Nodes } from './nodes';
import { Placement } from './placement';
import { chainOf, nodeOfGroup } from './predictions';
import { DIVISOR, Proof } from './proof';
import { Lost, Recorder, Step } from './recorder';
import { Reference } from './reference';
import { Row } from './table';

/** Facts that do not come from the template. */
export interface Known {
  /** The environment of the cluster; undefined for a cluster of another app. */
  readonly reference: Reference | undefined;
  /** Loads in docs/kubernetes.md, in thousandths of a vCPU. */
  readonly loads: readonly number[];
  /** Fingerprint of the sources of the template; undefined for a template from `--assembly`. */
  readonly fingerprint: string | undefined;
  readonly container: Promise<Container>;
  readonly stop: Promise<Stop>;
}

/** The steps that need no control plane. */
export function offlineSteps(cluster: Cluster, known: Known): Step[] {
  const { reference, fingerprint, container, stop } = known;
  return [
    {
      step: 'figures',
      proves: 'pods, nodes, target and pace are as documented',
      work: () => figures(cluster, reference),
    },
    {
      step: 'revision',
      proves: 'the template changes with the sources of the image',
      work: () => revision(cluster, fingerprint),
    },
    { step: 'ports', proves: 'requests from the load balancer to a node reach the pods', work: () => ports(cluster) },
    { step: 'policy', proves: 'the NetworkPolicy allows nodes, and no other sender', work: () => policy(cluster) },
    { step: 'budget', proves: 'a quarter of the pods may be evicted at once', work: () => budget(cluster) },
    {
      step: 'probes',
      proves: 'the container service answers probes and load balancer',
      work: async () => probes(cluster, await container),
    },
    {
      step: 'termination',
      proves: 'a terminating pod has the time that its container needs',
      work: async () => termination(cluster, await stop),
    },
  ];
}

/** The chain that the manifests have to match: that of the environment, or their own for a cluster of another app. */
export function expected(cluster: Cluster, reference: Reference | undefined): { chain: Chain; node: Node } {
  return reference ?? { chain: chainOf(cluster), node: nodeOfGroup(cluster.nodeGroup) };
}

/** Runs all steps in order. A template that lacks an object that steps need is a failed row. */
export async function prove(plane: ControlPlane, cluster: Cluster, known: Known, say: Terminal): Promise<Row[]> {
  const recorder = new Recorder(say, plane.ended);
  let proof: Proof | undefined;
  try {
    for (const step of offlineSteps(cluster, known)) await recorder.step(step);
    const { chain, node } = expected(cluster, known.reference);
    const nodes = new Nodes(plane, cluster.nodeGroup);
    const placement = new Placement(plane, cluster, nodes, chain, node, known.loads);
    proof = new Proof(plane, cluster, nodes, chain, node, known.loads);
    await nodes.start();
    await placement.begin();
    for (const step of placement.steps()) await recorder.step(step);
    await placement.end();
    await proof.begin();
    for (const step of proof.steps()) await recorder.step(step);
  } catch (error) {
    // The row of the step already reports a lost control plane.
    if (!(error instanceof Lost)) {
      const detail = error instanceof Error ? error.message : String(error);
      recorder.rows.push({ name: 'the rest', proves: 'steps that could not run', result: '', verdict: 'FAIL', detail });
    }
  } finally {
    proof?.service.end();
  }
  return [...recorder.rows, ...notProven(recorder.rows, cluster)];
}

/** What steps prove in place of Cluster Autoscaler, which does not run here. */
const INSTEAD: Readonly<Record<string, string>> = {
  pending: 'the condition of pods for which it adds a node',
  node: 'that one more node of the group is enough',
  drain: 'that evictions empty a node within the budget',
};

/** The rows that are not proven, with the checks that passed instead. */
export function notProven(rows: readonly Row[], { charts, nodeGroup }: Pick<Cluster, 'charts' | 'nodeGroup'>): Row[] {
  const instead = rows.flatMap(({ name, verdict }) =>
    verdict === 'pass' && INSTEAD[name] !== undefined ? [`${INSTEAD[name]} (${name})`] : [],
  );
  const row = (name: string, proves: string, detail: string, result = ''): Row => ({
    name,
    proves,
    result,
    verdict: 'not proven here',
    detail,
  });
  return [
    row(
      'cluster autoscaler',
      'nodes come and go with the pods',
      'it does not run here, because there is no Auto Scaling group. Checked instead: ' +
        `${instead.length > 0 ? instead.join('; ') : 'nothing'}.` +
        (charts.length > 0 ? ` The Helm chart (${charts.join(', ')}) is not applied.` : ''),
      `${nodeGroup.minSize} to ${nodeGroup.maxSize} nodes`,
    ),
    row(
      'pods that run',
      'images, probes, use of CPU',
      "kubelets are kwok's: they pull no image and send no probe. A pod is ready 6 s after its start, and takes its pause " +
        'before SIGTERM and 5 s to end. The proof writes the CPU that a pod uses.',
    ),
    row(
      'network',
      'requests reach pods',
      'nothing is sent: there is no kube-proxy, no load balancer, no security group. The NetworkPolicy is read as Kubernetes ' +
        'documents it, but not enforced.',
    ),
    row(
      'times',
      'how long it takes',
      `the autoscaler syncs every ${SYNC_SECONDS} s, not 15, Metrics Server reads every ${METRIC_SECONDS} s, not 15; times of ` +
        `scaling down are divided by ${DIVISOR}.`,
    ),
    row(
      'EKS',
      'its control plane, add-ons and nodes',
      'permissions of controllers and of the function that applies manifests (all are administrators here), Pod Identity, ' +
        'updates and replacement of nodes, a zone that fails (here a zone is closed to pods and emptied).',
    ),
  ];
}
