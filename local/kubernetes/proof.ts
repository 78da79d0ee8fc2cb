import { setTimeout as sleep } from 'node:timers/promises';
import { Terminal } from '../terminal';
import { condition, Item, messageOf } from './api';
import { ControlPlane, METRIC_SECONDS, metricsAvailable, SYNC_SECONDS } from './control-plane';
import { Autoscaler, Cluster, KubernetesObject, ScalingRules, scaledWorkload, Workload } from './manifests';
import { daemonSet, nodeObject } from './nodes';
import { beyondPace, Change, faster, fastestPath, Prediction, predict } from './predictions';
import { isReady, isUnschedulable, RunningService } from './service';
import { Row } from './table';

/** By what all times of scaling down are divided: five minutes of waiting prove no more than half a one. */
export const DIVISOR = 10;
/** Of the objects that the proof adds as negative controls. */
const CONTROL = 'no-requests';

/** Runs all steps, one after the other; one that fails leaves the others to be tried, unless the control plane is gone. */
export async function prove(plane: ControlPlane, cluster: Cluster, say: Terminal): Promise<Row[]> {
  const proof = new Proof(plane, cluster, say);
  try {
    await proof.run();
  } catch (error) {
    // Its row says so.
    if (!(error instanceof Lost)) throw error;
  } finally {
    proof.service.end();
  }
  return [...proof.rows, clusterAutoscaler(proof.rows, cluster)];
}

class Proof {
  readonly rows: Row[] = [];
  readonly service: RunningService;
  private readonly prediction: Prediction;
  private readonly autoscaler: Autoscaler;
  private readonly workload: Workload;
  private nodes = 0;

  constructor(
    private readonly plane: ControlPlane,
    private readonly cluster: Cluster,
    private readonly say: Terminal,
  ) {
    const { autoscaler, workload } = scaledWorkload(cluster.objects);
    this.autoscaler = autoscaler;
    this.workload = workload;
    this.prediction = predict(cluster);
    this.service = new RunningService(plane.api, autoscaler);
  }

  async run(): Promise<void> {
    const { minReplicas, replicas, podsPerNode } = this.prediction;
    await this.step('apply', 'the API server accepts every object of the template', () => this.accepts());
    this.service.follow();
    await this.step('refuse', 'it refuses broken ones', () => this.refusesBroken());
    await this.step('pod security', '"restricted" refuses a pod that breaks it', () => this.refusesPrivileged());
    await this.step('start', `${minReplicas} pods run, on different nodes, behind the Service`, () => this.starts());
    await this.step('kubectl top', 'Metrics Server has values of nodes and pods', () => this.tops());
    await this.step('load', `it leads to exactly ${replicas} pods, no faster than allowed`, () => this.scalesUp());
    await this.step('pending', `${podsPerNode} pods fit on a node; the others wait, Unschedulable`, () => this.waits());
    await this.step('node', 'they run when the next node of the group joins', () => this.runsOnNextNode());
    await this.step('drain', 'the PodDisruptionBudget holds while a node is drained', () => this.drains());
    await this.step('no load', `the number goes back to ${minReplicas}, not before the window has passed`, () =>
      this.scalesDown(),
    );
    await this.step('no requests', 'an autoscaler of pods without requests says why it does nothing', () =>
      this.saysWhy(),
    );
  }

  private async step(step: string, proves: string, work: () => Promise<string>): Promise<void> {
    const from = performance.now();
    const row = { step, proves };
    const seconds = () => (performance.now() - from) / 1_000;
    this.say.status(`${step}: ${proves}`);
    try {
      const result = await Promise.race([work(), this.plane.ended.then(lost)]);
      this.rows.push({ ...row, result, seconds: seconds(), verdict: 'pass' });
      this.say.step(step, result, from);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.rows.push({ ...row, result: '', seconds: seconds(), verdict: 'FAIL', detail });
      this.say.step(step, 'FAIL', from);
      if (error instanceof Lost) throw error;
    }
  }

  private async apply(objects: readonly KubernetesObject[]): Promise<void> {
    const { code, text } = await this.tryApply(objects);
    if (code !== 0) throw new Error(text);
  }

  private tryApply(items: readonly KubernetesObject[]) {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    return this.plane.kubectl(['apply', '--server-side', '--validate=strict'], list);
  }

  private async join(): Promise<string> {
    const node = nodeObject(this.cluster.nodeGroup, this.nodes);
    this.nodes += 1;
    await this.plane.api.change('POST', '/api/v1/nodes', node);
    return node.metadata.name;
  }

  private async accepts(): Promise<string> {
    const { objects, nodeGroup } = this.cluster;
    await this.apply([daemonSet(nodeGroup)]);
    while (this.nodes < nodeGroup.minSize) await this.join();
    await this.apply(objects);
    return `${objects.length} objects, ${new Set(objects.map(({ kind }) => kind)).size} kinds`;
  }

  private async refusesBroken(): Promise<string> {
    const { autoscaler, workload } = this;
    const inverted = { ...autoscaler, spec: { ...autoscaler.spec, maxReplicas: autoscaler.spec.minReplicas - 1 } };
    const misspelt = { ...workload, spec: { ...workload.spec, replica: 3 } };
    for (const [object, reason] of [
      [inverted, /maxReplicas: Invalid value/],
      [misspelt, /unknown field|field not declared in schema/],
    ] as const) {
      const { code, text } = await this.tryApply([object]);
      if (code === 0) throw new Error(`A broken ${object.kind} was accepted.`);
      if (!reason.test(text)) throw new Error(`A broken ${object.kind} was refused for another reason: ${text}`);
    }
    return 'max below min; a misspelt field';
  }

  private async refusesPrivileged(): Promise<string> {
    const { status, text } = await this.plane.api.send('POST', `/api/v1/namespaces/${this.service.namespace}/pods`, {
      metadata: { name: 'privileged' },
      spec: { containers: [{ name: 'privileged', image: 'privileged', securityContext: { privileged: true } }] },
    });
    if (status !== 403 || !/violates PodSecurity "restricted/.test(messageOf(text))) {
      throw new Error(`A privileged pod got ${status}: ${messageOf(text)}`);
    }
    return '403, violates PodSecurity "restricted"';
  }

  private async starts(): Promise<string> {
    const { minReplicas } = this.prediction;
    await this.apply(this.withoutRequests());
    const pods = await until('pods that are ready', 60, async () => {
      const ready = (await this.service.pods()).filter(isReady);
      return ready.length === minReplicas ? ready : undefined;
    });
    const hosts = new Set(pods.map(({ spec }) => spec?.nodeName)).size;
    if (hosts !== Math.min(minReplicas, this.nodes)) throw new Error(`${minReplicas} pods run on ${hosts} node(s).`);
    const endpoints = await until('endpoints of the Service', 10, async () => {
      const ready = await this.service.endpoints();
      return ready === minReplicas ? ready : undefined;
    });
    return `${pods.length} pods on ${hosts} nodes, ${endpoints} behind the Service`;
  }

  /** The workload and its autoscaler once more, where no pod security stands in the way, and without what it needs. */
  private withoutRequests(): KubernetesObject[] {
    const metadata = { name: CONTROL, namespace: CONTROL };
    const container = { name: CONTROL, image: CONTROL };
    const labels = { app: CONTROL };
    return [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CONTROL } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [container] } },
        },
      },
      {
        ...this.autoscaler,
        metadata,
        spec: { ...this.autoscaler.spec, scaleTargetRef: { ...this.autoscaler.spec.scaleTargetRef, name: CONTROL } },
      },
    ];
  }

  private async tops(): Promise<string> {
    await metricsAvailable(this.plane);
    return await until('values of all pods and nodes', 90, async () => {
      const nodes = await this.plane.kubectl(['top', 'nodes', '--no-headers']);
      const pods = await this.plane.kubectl(['top', 'pods', '--no-headers', '-n', this.service.namespace]);
      if (nodes.code !== 0 || pods.code !== 0 || /<unknown>/.test(nodes.text)) return undefined;
      const [nodeLines, podLines] = [nodes.text.split('\n'), pods.text.split('\n')];
      if (nodeLines.length < this.nodes || podLines.length < this.prediction.minReplicas) return undefined;
      if ((await this.service.utilization()) === undefined) return undefined;
      return `${nodeLines.length} nodes, ${podLines.length} pods`;
    });
  }

  private async scalesUp(): Promise<string> {
    const { minReplicas, replicas, loadMillis } = this.prediction;
    const { scaleUp } = this.autoscaler.spec.behavior;
    checkPace(scaleUp, minReplicas, replicas);
    const at = this.service.load(loadMillis);
    const seen = await this.loadSeen();
    await until(`${replicas} pods`, 180, async () => (this.service.replicas >= replicas ? true : undefined)).catch(
      (error: Error) => {
        throw new Error(`${error.message} There are ${this.service.replicas}.`);
      },
    );
    // An autoscaler that went too far would do so with the next metrics.
    await sleep(2 * SYNC_SECONDS * 1_000);
    const changes = this.service.since(at);
    const path = pathOf(changes, at);
    if (this.service.replicas !== replicas) throw new Error(`${loadMillis}m led to ${path} pods, not to ${replicas}.`);
    const late = (changes[1]?.at ?? 0) - seen;
    if (late > SYNC_SECONDS) {
      throw new Error(`The first pods came ${late.toFixed(0)} s after the autoscaler saw the load, not at once.`);
    }
    const beyond = beyondPace(changes, scaleUp);
    if (beyond !== undefined) throw new Error(`It went faster than the policies allow: ${beyond}.`);
    return `${loadMillis}m: ${path}`;
  }

  /**
   * The moment when the autoscaler has seen a load: two metrics after it, as the first may be of the time before, and a
   * sync. It does nothing within 10 % of its target.
   */
  private loadSeen(): Promise<number> {
    const { targetPercent, minReplicas } = this.prediction;
    return until('load in the status of the autoscaler', 2 * METRIC_SECONDS + SYNC_SECONDS, async () => {
      const percent = (await this.service.utilization()) ?? 0;
      return percent > 1.1 * targetPercent || this.service.replicas > minReplicas ? this.service.now() : undefined;
    });
  }

  private async waits(): Promise<string> {
    const { pending } = this.prediction;
    if (pending === 0) throw new Error('All pods fit on the least nodes of the group, which then never grows.');
    const waiting = await until(`${pending} pods without a place`, 30, async () => {
      const pods = await this.service.pods();
      const found = pods.filter(isUnschedulable);
      const ready = pods.filter(isReady).length;
      return found.length === pending && ready === this.prediction.replicas - pending ? found : undefined;
    });
    // As in `0/2 nodes are available: 2 Insufficient cpu. preemption: …`.
    const message = (waiting[0] && condition(waiting[0], 'PodScheduled')?.message) ?? '';
    return `${pending} Unschedulable: ${/: ([^.]*)\./.exec(message)?.[1] ?? message}`;
  }

  private async runsOnNextNode(): Promise<string> {
    const { replicas, pending } = this.prediction;
    if (this.nodes === this.cluster.nodeGroup.maxSize)
      throw new Error('The group has as many nodes as it may: none is next.');
    const name = await this.join();
    const pods = await this.allReady(replicas, 60);
    const there = pods.filter(({ spec }) => spec?.nodeName === name).length;
    if (there !== pending) throw new Error(`Of ${pending} that waited, ${there} run on ${name}.`);
    return `${there} on ${name}, ${pods.length} run`;
  }

  private allReady(number: number, seconds: number): Promise<readonly Item[]> {
    return until(`${number} pods that are ready`, seconds, async () => {
      const pods = await this.service.pods();
      return pods.length === number && pods.every(isReady) ? pods : undefined;
    });
  }

  /** Drains the node with the most pods, with another one to take them, as an update of a node group does. */
  private async drains(): Promise<string> {
    const { replicas } = this.prediction;
    if (this.nodes < this.cluster.nodeGroup.maxSize) await this.join();
    const before = await this.allReady(replicas, 60);
    const counts = new Map<string, number>();
    for (const { spec } of before) counts.set(spec?.nodeName ?? '', (counts.get(spec?.nodeName ?? '') ?? 0) + 1);
    const [node = '', number = 0] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [];
    const { status } = await this.service.budget();
    const { disruptionsAllowed = 0, desiredHealthy = 0 } = status ?? {};
    if (number <= disruptionsAllowed) {
      throw new Error(`Of ${number} pods on ${node}, ${disruptionsAllowed} may go at once: nothing was to be refused.`);
    }

    const watch = this.leastReady();
    const drain = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s'];
    const { code, text } = await this.plane.kubectl(drain);
    const moved = await this.allReady(replicas, 60).finally(watch.end);
    const least = await watch.least;
    // kubectl asks for all pods at once, and again in 5 s for those that it was refused.
    const refused = new Set([...text.matchAll(/error when evicting pods?\/"([^"]+)"/g)].map(([, name]) => name)).size;
    if (code !== 0) throw new Error(`kubectl drain ${node}: ${text.split('\n').at(-1)}`);
    if (least < desiredHealthy) throw new Error(`${least} pods were ready, where the budget wants ${desiredHealthy}.`);
    if (refused === 0) throw new Error(`No eviction was refused, of ${number} at once.`);
    if (moved.some(({ spec }) => spec?.nodeName === node)) throw new Error(`${node} has pods.`);
    return `${number} moved, ${refused} refused at first, ${least} ready`;
  }

  /** The least number of pods that were ready at any look until `end`. */
  private leastReady(): { end: () => void; least: Promise<number> } {
    let ended = false;
    const look = async () => {
      let least = Number.POSITIVE_INFINITY;
      while (!ended) {
        // Without an answer there is nothing to count.
        const pods = await this.service.pods().catch(() => undefined);
        if (pods) least = Math.min(least, pods.filter(isReady).length);
        await sleep(100);
      }
      return least;
    };
    return {
      least: look(),
      end: () => {
        ended = true;
      },
    };
  }

  private async scalesDown(): Promise<string> {
    const { minReplicas, replicas } = this.prediction;
    const rules = faster(this.autoscaler.spec.behavior.scaleDown, DIVISOR);
    const window = rules.stabilizationWindowSeconds ?? 0;
    if (window <= SYNC_SECONDS) {
      throw new Error(
        `The window of ${window} s is not longer than a sync of ${SYNC_SECONDS} s: that it was kept would not show.`,
      );
    }
    checkPace(rules, replicas, minReplicas);
    await this.service.changeScaleDown(rules);
    const at = this.service.load(0);
    await until(`${minReplicas} pods`, window + 120, async () =>
      this.service.replicas === minReplicas ? true : undefined,
    );
    const changes = this.service.since(at);
    const first = (changes[1]?.at ?? 0) - at;
    if (first < window - SYNC_SECONDS) {
      throw new Error(`The first pods went after ${first.toFixed(0)} s, within the window of ${window} s.`);
    }
    const beyond = beyondPace(changes, rules);
    if (beyond !== undefined) throw new Error(`It went faster than the policies allow: ${beyond}.`);
    await this.allReady(minReplicas, 30);
    return pathOf(changes, at);
  }

  private saysWhy(): Promise<string> {
    return until('a reason', 60, async () => {
      const path = `/apis/autoscaling/v2/namespaces/${CONTROL}/horizontalpodautoscalers/${CONTROL}`;
      const active = condition(await this.plane.api.get(path), 'ScalingActive');
      const says = active?.reason === 'FailedGetResourceMetric' && /missing request for cpu/.test(active.message ?? '');
      return says ? 'FailedGetResourceMetric: no request for cpu' : undefined;
    });
  }
}

/** As in `2, 6 (13 s), 12 (44 s)`. */
function pathOf([first, ...others]: readonly Change[], from: number): string {
  return [first?.replicas, ...others.map(({ at, replicas }) => `${replicas} (${(at - from).toFixed(0)} s)`)].join(', ');
}

/** @throws if the policies allow all of it at once: that they were kept would not show */
function checkPace(rules: ScalingRules, from: number, to: number): void {
  if (fastestPath(rules, from, to).length > 2) return;
  throw new Error(`The policies allow ${from} to ${to} pods at once: that they were kept would not show.`);
}

/** What steps say of Cluster Autoscaler, which does not run here. */
const INSTEAD: Readonly<Record<string, string>> = {
  pending: 'the condition of pods that makes it add a node',
  node: 'that one more node of the group is enough',
  drain: 'that a node is emptied the way it does that, within the budget',
};

/** What is not proven, and what passed instead. */
export function clusterAutoscaler(rows: readonly Row[], { charts, nodeGroup }: Cluster): Row {
  const instead = rows.flatMap(({ step, verdict }) =>
    verdict === 'pass' && INSTEAD[step] !== undefined ? [`${INSTEAD[step]} (${step})`] : [],
  );
  return {
    step: 'cluster autoscaler',
    proves: 'nodes come and go with the pods',
    result: `${nodeGroup.minSize} to ${nodeGroup.maxSize} nodes`,
    verdict: 'not proven here',
    detail:
      'it does not run here, where there is no Auto Scaling group to change. Checked instead: ' +
      `${instead.length > 0 ? instead.join('; ') : 'nothing'}.` +
      (charts.length > 0 ? ` What is in the Helm chart (${charts.join(', ')}) is not applied.` : ''),
  };
}

/** The control plane has ended: nothing more can be asked of it. */
class Lost extends Error {}

function lost(reason: string): never {
  throw new Lost(`The control plane is gone: ${reason}`);
}

/** Asks four times a second. @throws after so many seconds, with what did not come */
async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`No ${what} within ${seconds} s.`);
    await sleep(250);
  }
}
