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

/** What is known besides the template. */
export interface Known {
  /** The environment that the cluster is of; undefined if it is not of this app. */
  readonly reference: Reference | undefined;
  /** Of docs/kubernetes.md, in thousandths of a vCPU. */
  readonly loads: readonly number[];
  /** Of the sources that the template was synthesized with; undefined where it was given. */
  readonly fingerprint: string | undefined;
  readonly container: Promise<Container>;
  readonly stop: Promise<Stop>;
}

/** What needs no control plane. */
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
    { step: 'ports', proves: 'what the load balancer sends to a node reaches the pods', work: () => ports(cluster) },
    { step: 'policy', proves: 'the NetworkPolicy lets nodes in, and nobody else', work: () => policy(cluster) },
    { step: 'budget', proves: 'a quarter of the pods may be evicted at once', work: () => budget(cluster) },
    {
      step: 'probes',
      proves: 'the container service answers where it is asked',
      work: async () => probes(cluster, await container),
    },
    {
      step: 'termination',
      proves: 'a pod that goes has the time that its container takes',
      work: async () => termination(cluster, await stop),
    },
  ];
}

/** The chain that the manifests are held to: that of the environment, or, of another app, their own. */
export function expected(cluster: Cluster, reference: Reference | undefined): { chain: Chain; node: Node } {
  return reference ?? { chain: chainOf(cluster), node: nodeOfGroup(cluster.nodeGroup) };
}

/** All steps, in their order; a template that lacks what they go by is a row that failed. */
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
    // Its row says so.
    if (!(error instanceof Lost)) {
      const detail = error instanceof Error ? error.message : String(error);
      recorder.rows.push({ name: 'the rest', proves: 'what could not be tried', result: '', verdict: 'FAIL', detail });
    }
  } finally {
    proof?.service.end();
  }
  return [...recorder.rows, ...notProven(recorder.rows, cluster)];
}

/** What steps say of Cluster Autoscaler, which does not run here. */
const INSTEAD: Readonly<Record<string, string>> = {
  pending: 'the condition of pods that makes it add a node',
  node: 'that one more node of the group is enough',
  drain: 'that a node is emptied the way it does that, within the budget',
};

/** What is not proven, and what passed instead. */
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
      'it does not run here, where there is no Auto Scaling group to change. Checked instead: ' +
        `${instead.length > 0 ? instead.join('; ') : 'nothing'}.` +
        (charts.length > 0 ? ` What is in the Helm chart (${charts.join(', ')}) is not applied.` : ''),
      `${nodeGroup.minSize} to ${nodeGroup.maxSize} nodes`,
    ),
    row(
      'pods that run',
      'images, probes, use of CPU',
      "kubelets are kwok's: no image is pulled, no probe is asked by one. A pod is ready 6 s after its start, and takes its " +
        'pause before SIGTERM and 5 s to end. What a pod uses is what the proof writes.',
    ),
    row(
      'network',
      'requests reach pods',
      'nothing is sent: no kube-proxy, no load balancer, no security group. The NetworkPolicy is read as Kubernetes documents ' +
        'it; nothing enforces it.',
    ),
    row(
      'times',
      'how long it takes',
      `the autoscaler looks each ${SYNC_SECONDS} s, not 15, Metrics Server each ${METRIC_SECONDS} s, not 15; times of scaling ` +
        `down are divided by ${DIVISOR}.`,
    ),
    row(
      'EKS',
      'its control plane, add-ons and nodes',
      'permissions of controllers and of the function that applies manifests (all are administrators here), Pod Identity, ' +
        'updates and replacement of nodes, a zone that fails: here it is closed to pods and emptied.',
    ),
  ];
}
