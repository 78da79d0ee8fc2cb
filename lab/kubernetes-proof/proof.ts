import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesWorkload } from '../../lib/constructs/kubernetes-workload';
import { Chain, Node } from '../../lib/kubernetes-sizing';
import { condition, Item, messageOf } from './api';
import { ControlPlane, METRIC_SECONDS, metricsAvailable, SYNC_SECONDS } from './control-plane';
import { CREATE, DELETE, REVISION, run, update, withoutReadyPods, withRevision } from './deployment';
import { Autoscaler, Cluster, KubernetesObject, objectsOf, ScalingRules, scaledWorkload } from './manifests';
import { Nodes } from './nodes';
import { containerPortOf } from './pods';
import { beyondPace, Change, faster, fastestPath, Prediction, predict, settleUnder } from './predictions';
import { Step, until } from './recorder';
import { judge } from './rollout';
import { isReady, isUnschedulable, RunningService } from './service';

/** Divisor of all times of scaling down. A wait of five minutes proves no more than one of half a minute. */
export const DIVISOR = 10;
/** Name of the objects that the proof adds as a negative control. */
const CONTROL = 'no-requests';
/** Name of an object that leaves the template. */
const LEFT = 'left-the-template';

/** Steps for the workload of a template: deploy, load, drain, deploy again, delete. */
export class Proof {
  readonly service: RunningService;
  private readonly autoscaler: Autoscaler;
  private readonly prediction: Prediction;

  /**
   * @param cluster the cluster whose manifests are applied
   * @param chain the expected chain from load to nodes such as `node`
   * @param loads the loads in docs/kubernetes.md, in thousandths of a vCPU
   */
  constructor(
    private readonly plane: ControlPlane,
    private readonly cluster: Cluster,
    private readonly nodes: Nodes,
    private readonly chain: Chain,
    private readonly node: Node,
    private readonly loads: readonly number[],
  ) {
    this.autoscaler = scaledWorkload(objectsOf(cluster)).autoscaler;
    this.prediction = predict(chain, node, loads);
    this.service = new RunningService(plane.api, this.autoscaler);
  }

  steps(): Step[] {
    const { minReplicas, replicas, loadMillis } = this.prediction;
    return [
      {
        step: 'create',
        proves: 'a deployment creates every object, without a warning',
        work: () => this.creates(),
      },
      { step: 'refuse', proves: 'the API server refuses broken objects', work: () => this.refusesBroken() },
      {
        step: 'pod security',
        proves: '"restricted" refuses a pod that violates it',
        work: () => this.refusesPrivileged(),
      },
      {
        step: 'start',
        proves: `${minReplicas} pods run, on different nodes, behind the Service`,
        work: () => this.starts(),
      },
      { step: 'kubectl top', proves: 'Metrics Server has values for nodes and pods', work: () => this.tops() },
      {
        step: 'load',
        proves: `${loadMillis}m lead to exactly ${replicas} pods, no faster than allowed`,
        work: () => this.scalesUp(),
      },
      {
        step: 'pending',
        proves: 'pods without room beside the system wait, Unschedulable',
        work: () => this.waits(),
      },
      {
        step: 'node',
        proves: 'waiting pods run when the next node of the group joins',
        work: () => this.runsOnNextNode(),
      },
      { step: 'drain', proves: 'the PodDisruptionBudget holds while a node is drained', work: () => this.drains() },
      {
        step: 'again',
        proves: 'an unchanged deployment changes nothing, removed objects go',
        work: () => this.changesNothing(),
      },
      {
        step: 'rollout',
        proves: 'another image: new pods first, at most a quarter more',
        work: () => this.rollsOut(),
      },
      {
        step: 'bad release',
        proves: 'pods that do not become ready: old ones serve, two ways back',
        work: () => this.goesBack(),
      },
      {
        step: 'no load',
        proves: `the pods return to ${minReplicas}, not before the window has passed`,
        work: () => this.scalesDown(),
      },
      {
        step: 'no requests',
        proves: 'an autoscaler of pods without requests says why it does nothing',
        work: () => this.saysWhy(),
      },
      { step: 'delete', proves: 'a deletion leaves nothing behind', work: () => this.deletes() },
    ];
  }

  /** Creates objects that need time before their step. */
  begin(): Promise<void> {
    return this.plane.create(this.withoutRequests());
  }

  /** Sets a load for the minimum of nodes, and the number of pods at once, because the autoscaler would take a minute. */
  async grow(): Promise<string> {
    const settled = this.loads.map((load) => ({ load, ...settleUnder(load, this.chain, this.node) }));
    const fitting = settled.filter(({ nodes, pending }) => nodes <= this.chain.minNodes && pending === 0);
    const { load = 0, replicas = 0 } = fitting.toSorted((one, other) => other.load - one.load)[0] ?? {};
    this.service.load(load);
    await this.service.scale(replicas);
    await this.allReady(replicas, 60);
    return `${replicas} pods`;
  }

  private async creates(): Promise<string> {
    const { code, text } = await run(this.plane, this.cluster, () => CREATE);
    const warning = text.split('\n').find((line) => line.startsWith('Warning:'));
    if (code !== 0 || warning !== undefined) throw new Error(warning ?? complaintOf(text));
    this.service.follow();
    const objects = objectsOf(this.cluster);
    return `${objects.length} objects, ${new Set(objects.map(({ kind }) => kind)).size} kinds`;
  }

  private async refusesBroken(): Promise<string> {
    const { autoscaler, workload } = scaledWorkload(objectsOf(this.cluster));
    const inverted = { ...autoscaler, spec: { ...autoscaler.spec, maxReplicas: autoscaler.spec.minReplicas - 1 } };
    const misspelt = { ...workload, spec: { ...workload.spec, replica: 3 } };
    for (const [object, reason] of [
      [inverted, /maxReplicas: Invalid value/],
      [misspelt, /unknown field|field not declared in schema/],
    ] as const) {
      const broken = { ...object, metadata: { ...object.metadata, name: 'broken' } };
      const { code, text } = await this.plane.kubectl(CREATE, [broken]);
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
    const pods = await until('pods that are ready', 60, async () => {
      const ready = (await this.service.pods()).filter(isReady);
      return ready.length === minReplicas ? ready : undefined;
    });
    const hosts = new Set(pods.map(({ spec }) => spec?.nodeName)).size;
    if (hosts !== Math.min(minReplicas, this.nodes.names.length)) {
      throw new Error(`${minReplicas} pods run on ${hosts} node(s).`);
    }
    const { ready, ports } = await until('endpoints of the Service', 10, async () => {
      const endpoints = await this.service.endpoints();
      return endpoints.ready === minReplicas ? endpoints : undefined;
    });
    const port = containerPortOf(this.cluster);
    if (ports.join() !== `${port}`)
      throw new Error(`The Service leads to port ${ports.join()} of the pods, not ${port}.`);
    return `${pods.length} pods on ${hosts} nodes, ${ready} behind the Service at ${port}`;
  }

  /** A copy of the workload and its autoscaler without requests, in a namespace without pod security. */
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
      if (nodeLines.length < this.nodes.names.length || podLines.length < this.prediction.minReplicas) return undefined;
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
    // An autoscaler that goes too far does so with the next metrics, once its policies allow the next step.
    const period = Math.max(...scaleUp.policies.map(({ periodSeconds }) => periodSeconds));
    await sleep((period + METRIC_SECONDS + SYNC_SECONDS) * 1_000);
    const changes = this.service.since(at);
    const path = pathOf(changes, at);
    if (this.service.replicas !== replicas) throw new Error(`${loadMillis}m led to ${path} pods, not to ${replicas}.`);
    const late = firstOf(changes) - seen;
    if (late > SYNC_SECONDS) {
      throw new Error(`The first pods came ${late.toFixed(0)} s after the autoscaler saw the load, not at once.`);
    }
    const beyond = beyondPace(changes, scaleUp);
    if (beyond !== undefined) throw new Error(`It went faster than the policies allow: ${beyond}.`);
    return `${loadMillis}m: ${path}`;
  }

  /**
   * Waits until the autoscaler has seen a load: after two readings of the metrics, because the first may be from before the
   * load, and one sync. The autoscaler does nothing within 10 % of its target.
   */
  private loadSeen(): Promise<number> {
    const { targetPercent, minReplicas } = this.prediction;
    return until('load in the status of the autoscaler', 2 * METRIC_SECONDS + SYNC_SECONDS, async () => {
      const percent = (await this.service.utilization()) ?? 0;
      return percent > 1.1 * targetPercent || this.service.replicas > minReplicas ? this.service.now() : undefined;
    });
  }

  private async waits(): Promise<string> {
    const { replicas } = this.prediction;
    const { pod } = this.chain;
    const rooms = await Promise.all(
      this.nodes.names.map((name) => this.nodes.roomFor(pod, name, this.service.namespace)),
    );
    const pending = replicas - rooms.reduce((sum, room) => sum + room, 0);
    if (pending <= 0) throw new Error('All pods fit on the minimum of nodes, so the group never grows.');
    const waiting = await until(`${pending} pods without a place`, 30, async () => {
      const pods = await this.service.pods();
      const found = pods.filter(isUnschedulable);
      const ready = pods.filter(isReady).length;
      return found.length === pending && ready === replicas - pending ? found : undefined;
    });
    // Example: `0/2 nodes are available: 2 Insufficient cpu. preemption: …`.
    const message = (waiting[0] && condition(waiting[0], 'PodScheduled')?.message) ?? '';
    return `${rooms.join(' + ')} run, ${pending} wait: ${/: ([^.]*)\./.exec(message)?.[1] ?? message}`;
  }

  private async runsOnNextNode(): Promise<string> {
    const { replicas } = this.prediction;
    const { maxSize } = this.cluster.nodeGroup;
    if (this.nodes.names.length === maxSize)
      throw new Error('The group has its maximum of nodes, so no node can join.');
    const waited = new Set((await this.service.pods()).filter(isUnschedulable).map(({ metadata }) => metadata.name));
    const name = await this.nodes.join();
    const pods = await this.allReady(replicas, 60);
    const moved = pods.filter(({ spec, metadata }) => spec?.nodeName === name && waited.has(metadata.name)).length;
    if (waited.size === 0 || moved !== waited.size) {
      throw new Error(`Of ${waited.size} that waited, ${moved} run on ${name}.`);
    }
    return `${moved} on ${name}, ${pods.length} run`;
  }

  private allReady(number: number, seconds: number): Promise<readonly Item[]> {
    return until(`${number} pods that are ready`, seconds, async () => {
      const pods = await this.service.pods();
      return pods.length === number && pods.every(isReady) ? pods : undefined;
    });
  }

  /** Drains the node with the most pods after a node has joined for them, as an update of a node group does. */
  private async drains(): Promise<string> {
    if (this.nodes.names.length < this.cluster.nodeGroup.maxSize) await this.nodes.join();
    const replicas = (await this.service.deployment()).spec?.replicas ?? 0;
    const before = await this.allReady(replicas, 60);
    const counts = new Map<string, number>();
    for (const { spec } of before) counts.set(spec?.nodeName ?? '', (counts.get(spec?.nodeName ?? '') ?? 0) + 1);
    const [node = '', number = 0] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [];
    const { status } = await this.service.budget();
    const { disruptionsAllowed = 0, desiredHealthy = 0 } = status ?? {};
    if (number <= disruptionsAllowed) {
      throw new Error(
        `Of ${number} pods on ${node}, ${disruptionsAllowed} may go at once, so no eviction would be refused.`,
      );
    }

    const watch = this.service.watch();
    const drain = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s'];
    const { code, text } = await this.plane.kubectl(drain);
    const moved = await this.allReady(replicas, 60).finally(watch.end);
    const least = Math.min(...(await watch.end()).map(({ ready }) => ready));
    // kubectl requests all evictions at once, and refused ones again after 5 s.
    const refused = new Set([...text.matchAll(/error when evicting pods?\/"([^"]+)"/g)].map(([, name]) => name)).size;
    if (code !== 0) throw new Error(`kubectl drain ${node}: ${text.split('\n').at(-1)}`);
    if (least < desiredHealthy) throw new Error(`${least} pods were ready, but the budget requires ${desiredHealthy}.`);
    if (refused === 0) throw new Error(`None of ${number} simultaneous evictions was refused.`);
    if (moved.some(({ spec }) => spec?.nodeName === node)) throw new Error(`${node} still has pods.`);
    // In an update, a new node would replace this one.
    await this.nodes.open(node, true);
    return `${number} moved, ${refused} refused at first, ${least} ready`;
  }

  private async changesNothing(): Promise<string> {
    const [manifest] = this.cluster.manifests;
    if (manifest?.pruneLabel === undefined) throw new Error('The manifest has no label by which kubectl could prune.');
    const { namespace } = this.service;
    const metadata = { name: LEFT, namespace, labels: { [manifest.pruneLabel]: '' } };
    const created = await this.plane.kubectl(CREATE, [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }]);
    if (created.code !== 0) throw new Error(complaintOf(created.text));
    const [before, sets] = [await this.objects(), await this.service.replicaSets()];

    const { code, text } = await run(this.plane, this.cluster, update);
    if (code !== 0) throw new Error(complaintOf(text));
    // Gives controllers time to act on a change.
    await sleep(1_000);
    for (const [object, { metadata, spec }] of await this.objects()) {
      const earlier = before.get(object);
      if (earlier?.metadata.uid !== metadata.uid) throw new Error(`${object} was replaced.`);
      if (spec?.replicas !== earlier?.spec?.replicas) {
        throw new Error(`${object} was set from ${earlier?.spec?.replicas} to ${spec?.replicas} replicas.`);
      }
      // kubectl sends an empty list of a NetworkPolicy each time, because the server omits it. The change has no effect.
      const changed = metadata.generation !== earlier?.metadata.generation;
      if (changed && !object.startsWith('NetworkPolicy ')) throw new Error(`${object} was changed.`);
    }
    const more = (await this.service.replicaSets()).length - sets.length;
    if (more !== 0) throw new Error(`There are ${more} more ReplicaSets.`);
    const { status } = await this.plane.api.send('GET', `/api/v1/namespaces/${namespace}/configmaps/${LEFT}`);
    if (status !== 404) throw new Error('An object that left the template still exists.');
    return `${before.size} objects kept, 1 pruned`;
  }

  /** Reads the objects of the template from the cluster. @throws if one is missing */
  private async objects(): Promise<Map<string, Item>> {
    const found = new Map<string, Item>();
    for (const { objects } of this.cluster.manifests) {
      const { code, text } = await this.plane.kubectl(['get', '--output=json'], objects);
      if (code !== 0) throw new Error(complaintOf(text));
      const { items }: { readonly items: readonly (Item & { readonly kind: string })[] } = JSON.parse(text);
      for (const item of items) found.set(`${item.kind} ${item.metadata.name}`, item);
    }
    return found;
  }

  /** Deploys another revision, as other sources would. The tag of an image is known only after its build. */
  private async rollsOut(): Promise<string> {
    const next = withRevision(this.cluster, 'another');
    const before = (await this.service.deployment()).spec?.replicas ?? 0;
    const sets = (await this.service.replicaSets()).length;
    await this.allReady(before, 60);
    const watch = this.service.watch();
    try {
      const { code, text } = await run(this.plane, next, update);
      if (code !== 0) throw new Error(complaintOf(text));
      await until('end of the deployment', 180, async () => {
        judge(watch.samples, before);
        const [{ metadata, status }, pods] = await Promise.all([this.service.deployment(), this.service.pods()]);
        const updated = pods.filter((pod) => pod.metadata.annotations?.[REVISION] === 'another' && isReady(pod));
        const done = status?.observedGeneration === metadata.generation && status?.updatedReplicas === before;
        return done && updated.length === before && pods.length === before ? true : undefined;
      });
    } finally {
      await watch.end();
    }
    const more = (await this.service.replicaSets()).length - sets;
    if (more !== 1) throw new Error(`There are ${more} more ReplicaSets, not one.`);
    return judge(watch.samples, before);
  }

  /**
   * Deploys a revision whose pods do not become ready, and goes back: by the old objects, which CloudFormation applies when it
   * rolls back, and by kubectl.
   */
  private async goesBack(): Promise<string> {
    const good = withRevision(this.cluster, 'another');
    const { namespace } = this.service;
    const deployment = (await this.service.deployment()).metadata.name;
    const ways = [
      () => run(this.plane, good, update),
      () => this.plane.kubectl(['rollout', 'undo', `deployment/${deployment}`, '-n', namespace]),
    ];
    const seen: string[] = [];
    for (const [index, back] of ways.entries()) {
      const before = (await this.service.deployment()).spec?.replicas ?? 0;
      await this.allReady(before, 60);
      await until('a completed rollout', 30, async () => (await this.rolledOut(deployment)) || undefined);
      const watch = this.service.watch();
      const { code, text } = await run(this.plane, withoutReadyPods(this.cluster, `bad-${index}`), update);
      if (code !== 0) throw new Error(complaintOf(text));
      await until('pods of the bad release', 30, async () =>
        (await this.service.pods()).some(isUnschedulable) ? true : undefined,
      );
      if (await this.rolledOut(deployment)) throw new Error('The bad release counts as rolled out.');
      // Nothing goes back by itself.
      await sleep(20_000);
      if (await this.rolledOut(deployment)) throw new Error('The bad release counts as rolled out after a while.');
      const result = await back();
      if (result.code !== 0) throw new Error(complaintOf(result.text));
      const at = this.service.now();
      await until('the old pods alone', 60, async () => {
        const pods = await this.service.pods();
        return pods.length === before && pods.every(isReady) ? true : undefined;
      });
      await until('a completed rollout', 30, async () => (await this.rolledOut(deployment)) || undefined);
      const old = (await this.service.pods()).filter(({ metadata }) => metadata.annotations?.[REVISION] === 'another');
      if (old.length !== before) throw new Error(`${old.length} of ${before} pods are of the old revision.`);
      judge(await watch.end(), before);
      seen.push(`${(this.service.now() - at).toFixed(1)} s`);
    }
    return `all ready throughout; back after ${seen.join(' and ')}`;
  }

  /** The value that a deployment waits for, as the function of the CDK reads it. */
  private async rolledOut(deployment: string): Promise<boolean> {
    const path = `-o=jsonpath='{${KubernetesWorkload.ROLLED_OUT}}'`;
    const { code, text } = await this.plane.kubectl([
      'get',
      '-n',
      this.service.namespace,
      'deployment',
      deployment,
      path,
    ]);
    if (code !== 0) throw new Error(complaintOf(text));
    return text.trim().replaceAll("'", '') === 'True';
  }

  private async deletes(): Promise<string> {
    const { code, text } = await run(this.plane, this.cluster, () => DELETE);
    if (code !== 0) throw new Error(complaintOf(text));
    const { status } = await this.plane.api.send('GET', `/api/v1/namespaces/${this.service.namespace}`);
    if (status !== 404) throw new Error(`The namespace ${this.service.namespace} still exists.`);
    return 'the namespace has gone';
  }

  private async scalesDown(): Promise<string> {
    const { minReplicas, replicas } = this.prediction;
    const rules = faster(this.autoscaler.spec.behavior.scaleDown, DIVISOR);
    const window = rules.stabilizationWindowSeconds ?? 0;
    if (window <= SYNC_SECONDS) {
      throw new Error(
        `The window of ${window} s is not longer than a sync of ${SYNC_SECONDS} s, so its effect could not be seen.`,
      );
    }
    checkPace(rules, replicas, minReplicas);
    await this.service.changeScaleDown(rules);
    const at = this.service.load(0);
    await until(`${minReplicas} pods`, window + 120, async () =>
      this.service.replicas === minReplicas ? true : undefined,
    );
    const changes = this.service.since(at);
    const first = firstOf(changes) - at;
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

/** The output of kubectl without the lines on success. */
function complaintOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/ (created|configured|unchanged|deleted)\b/.test(line))
    .join(' ');
}

/** Time of the first change. @throws if there was none */
function firstOf([before, change]: readonly Change[]): number {
  if (change === undefined) throw new Error(`There were ${before?.replicas ?? 0} pods from the beginning.`);
  return change.at;
}

/** The numbers of pods with times: `2, 6 (13 s), 12 (44 s)`. */
function pathOf([first, ...others]: readonly Change[], from: number): string {
  return [first?.replicas, ...others.map(({ at, replicas }) => `${replicas} (${(at - from).toFixed(0)} s)`)].join(', ');
}

/** @throws if the policies allow the whole change at once, so that their effect could not be seen */
function checkPace(rules: ScalingRules, from: number, to: number): void {
  if (fastestPath(rules, from, to).length > 2) return;
  throw new Error(`The policies allow ${from} to ${to} pods at once, so their effect could not be seen.`);
}
