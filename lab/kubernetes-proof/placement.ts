import { setTimeout as sleep } from 'node:timers/promises';
import { Chain, Node, podsPerNode } from '../../lib/kubernetes-sizing';
import { Item, messageOf } from './api';
import { ControlPlane } from './control-plane';
import { inNamespace, withRevision } from './deployment';
import { Cluster, KubernetesObject, objectsOf, workloadOf } from './manifests';
import { Nodes, podSpec } from './nodes';
import { settleUnder } from './predictions';
import { Step, until } from './recorder';
import { isUnschedulable } from './service';

const MERGE = 'application/merge-patch+json';

/**
 * Steps for the placement of pods by the scheduler. They use a copy of the Deployment and set its number of pods, because
 * the autoscaler would take a minute for each number.
 */
export class Placement {
  private readonly copy: readonly KubernetesObject[];
  private readonly deployment: string;

  /**
   * @param loads the loads in docs/kubernetes.md, in thousandths of a vCPU
   * @param namespace the namespace of the copy
   */
  constructor(
    private readonly plane: ControlPlane,
    private readonly cluster: Cluster,
    private readonly nodes: Nodes,
    private readonly chain: Chain,
    private readonly node: Node,
    private readonly loads: readonly number[],
    private readonly namespace = 'placement',
  ) {
    const kinds = ['Namespace', 'ServiceAccount', 'Deployment'];
    this.copy = objectsOf(inNamespace(cluster, namespace)).filter(({ kind }) => kinds.includes(kind));
    this.deployment = workloadOf(objectsOf(cluster)).metadata.name;
  }

  steps(): Step[] {
    return [
      {
        step: 'nodes',
        proves: 'pods fit on nodes as documented, beside those of the system',
        work: () => this.fits(),
      },
      {
        step: 'zones',
        proves: 'pods spread over zones and nodes, whatever else runs there',
        work: () => this.spreads(),
      },
      { step: 'zone lost', proves: 'no pod waits for a zone that is lost', work: () => this.losesZone() },
      {
        step: 'zone back',
        proves: 'the pods of the next deployment spread again',
        work: () => this.spreadsAgain(),
      },
    ];
  }

  /** Creates the copy. */
  begin(): Promise<void> {
    return this.plane.create(this.copy);
  }

  /** Namespace of pods that run beside the workload. */
  private get neighbors(): string {
    return `${this.namespace}-neighbors`;
  }

  /** Removes the namespaces of the proof and the nodes that joined for it. */
  async end(): Promise<void> {
    for (const name of this.nodes.names) await this.nodes.open(name, true);
    for (const namespace of [this.namespace, this.neighbors]) await removeNamespace(this.plane, namespace);
    await this.nodes.removeUntil(this.cluster.nodeGroup.minSize);
  }

  private async fits(): Promise<string> {
    const seen = new Map<number, Set<number>>();
    for (const load of this.loads) {
      const { replicas, nodes, pending } = settleUnder(load, this.chain, this.node);
      if (pending > 0) continue;
      await this.scale(this.deployment, replicas);
      const waiting = () => this.settled(replicas).then((pods) => pods.filter(isUnschedulable).length);
      if (nodes > this.nodes.names.length) {
        await this.nodes.joinUntil(nodes - 1);
        if ((await waiting()) === 0) {
          throw new Error(`${replicas} pods fit on ${nodes - 1} nodes, but ${nodes} were computed.`);
        }
        await this.nodes.join();
        await this.allPlaced(replicas);
      }
      const left = await waiting();
      if (left > 0) throw new Error(`Of ${replicas} pods ${left} have no place on ${nodes} nodes.`);
      seen.set(nodes, new Set([...(seen.get(nodes) ?? []), replicas]));
    }
    const rows = [...seen].map(([nodes, replicas]) => `${[...replicas].join(', ')} on ${nodes}`);
    return `${rows.join('; ')}; ${await this.fills()} on one`;
  }

  /** Creates more pods than there is room for. @returns the number of pods on a node without other pods but those of every node */
  private async fills(): Promise<number> {
    const expected = podsPerNode(this.node, this.chain.pod);
    const name = await this.nodes.join();
    const many = (expected + 1) * this.nodes.names.length;
    await this.scale(this.deployment, many);
    const pods = await this.settled(many);
    const fitting = pods.filter(({ spec }) => spec?.nodeName === name).length;
    if (fitting !== expected) throw new Error(`${fitting} pods fit on an empty node, but ${expected} were computed.`);
    return fitting;
  }

  private async spreads(): Promise<string> {
    const { zones } = this.cluster.nodeGroup;
    await this.clear();
    await this.nodes.removeUntil(2 * zones);
    await this.nodes.joinUntil(2 * zones);
    // A scheduler that considers only free resources would avoid the nodes of this zone.
    const [zone = ''] = this.nodes.zoneNames.slice(-1);
    await this.plane.create([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.neighbors } },
      ...this.nodes.in(zone).map((nodeName) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: nodeName, namespace: this.neighbors },
        spec: { nodeName, ...podSpec(this.neighbors, twice(this.chain.pod)) },
      })),
    ]);
    // First so few pods that one zone could hold all of them, then two for each node.
    await this.scale(this.deployment, zones);
    const few = this.even(await this.allPlaced(zones), true);
    const number = 2 * this.nodes.names.length;
    await this.scale(this.deployment, number);
    const many = this.even(await this.allPlaced(number), true);
    return `${few.zones}, then ${many.zones} over zones, ${many.nodes} over nodes`;
  }

  private async losesZone(): Promise<string> {
    const [zone = ''] = this.nodes.zoneNames.slice(-1);
    const number = 2 * this.nodes.names.length;
    const lost = this.nodes.in(zone);
    for (const name of lost) await this.nodes.open(name, false);
    const affected = (await this.pods()).filter(({ spec }) => lost.includes(spec?.nodeName ?? ''));
    if (affected.length === 0) throw new Error(`No pod was in ${zone}, so its loss would have no effect.`);
    for (const { metadata } of affected) await this.remove(metadata.name);
    const pods = await this.allPlaced(number, 10);
    const still = pods.filter(({ spec }) => lost.includes(spec?.nodeName ?? '')).length;
    if (still > 0) throw new Error(`${still} pods are in ${zone}, which is lost.`);
    return `${affected.length} of ${number} moved, 0 wait`;
  }

  /** Deploys another revision while all earlier pods are in the remaining zones. */
  private async spreadsAgain(): Promise<string> {
    for (const name of this.nodes.names) await this.nodes.open(name, true);
    await removeNamespace(this.plane, this.neighbors);
    await this.scale(this.deployment, this.nodes.names.length);
    await this.allPlaced(this.nodes.names.length);
    await this.endAtOnce();
    const before = new Set((await this.pods()).map(({ metadata }) => metadata.name));
    // A second Deployment beside the first, because another step proves the pace of a rollout.
    const name = `${this.deployment}-next`;
    const next = withRevision({ manifests: [{ objects: this.copy }] }, 'next').manifests.flatMap(
      ({ objects }) => objects,
    );
    const second = next.filter(({ kind }) => kind === 'Deployment');
    await this.plane.create(second.map((object) => ({ ...object, metadata: { ...object.metadata, name } })));
    const number = 2 * this.nodes.names.length;
    await this.scale(name, number);
    const pods = await this.allPlaced(number + before.size);
    // Only zones are compared, because nodes with earlier pods have less room.
    const spread = this.even(
      pods.filter(({ metadata }) => !before.has(metadata.name)),
      false,
    );
    return `${spread.zones} over zones, beside ${before.size} in those that were left`;
  }

  /** @throws if zones differ by more than one pod; also if nodes do, where `nodesToo` is set */
  private even(pods: readonly Item[], nodesToo: boolean): { readonly zones: string; readonly nodes: string } {
    const hosts = pods.map(({ spec }) => spec?.nodeName ?? '');
    const perNode = countOf(hosts, this.nodes.names);
    const perZone = countOf(
      hosts.map((host) => this.nodes.zone(host)),
      this.nodes.zoneNames,
    );
    const seen = { zones: perZone.join('/'), nodes: perNode.join('/') };
    for (const counts of nodesToo ? [perZone, perNode] : [perZone]) {
      if (Math.max(...counts) - Math.min(...counts) > 1) {
        throw new Error(`${pods.length} pods are ${seen.zones} over zones, ${seen.nodes} over nodes.`);
      }
    }
    return seen;
  }

  private async pods(): Promise<readonly Item[]> {
    const pods = await this.plane.api.list(`/api/v1/namespaces/${this.namespace}/pods`);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Waits until the scheduler has placed or rejected each pod. @returns the pods */
  private settled(number: number): Promise<readonly Item[]> {
    return until(`${number} pods that the scheduler has looked at`, 30, async () => {
      const pods = await this.pods();
      const done = pods.filter((pod) => pod.spec?.nodeName !== undefined || isUnschedulable(pod));
      return pods.length === number && done.length === number ? pods : undefined;
    });
  }

  private async allPlaced(number: number, seconds = 30): Promise<readonly Item[]> {
    let waiting = 0;
    return await until('place for every pod', seconds, async () => {
      const pods = await this.pods();
      waiting = pods.filter(isUnschedulable).length;
      return pods.length === number && pods.every(({ spec }) => spec?.nodeName !== undefined) ? pods : undefined;
    }).catch((error: Error) => {
      throw new Error(
        `${error.message} Of ${number}, ${waiting} are Unschedulable on ${this.nodes.names.length} nodes.`,
      );
    });
  }

  private scale(deployment: string, replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${this.namespace}/deployments/${deployment}/scale`;
    return this.plane.api.change('PATCH', path, { spec: { replicas } }, MERGE);
  }

  private async remove(pod: string): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod}?gracePeriodSeconds=0`;
    const { status, text } = await this.plane.api.send('DELETE', path);
    // The pod may have ended in the meantime.
    if (status >= 300 && status !== 404) throw new Error(`DELETE ${path}: ${status} ${messageOf(text)}`);
  }

  /** Ends terminating pods at once, because they keep their places until their end. */
  private async endAtOnce(): Promise<void> {
    await until('end of the pods that are too many', 10, async () => {
      const pods = await this.plane.api.list(`/api/v1/namespaces/${this.namespace}/pods`);
      const ending = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
      for (const { metadata } of ending) await this.remove(metadata.name);
      return ending.length === 0 ? true : undefined;
    });
  }

  /** Removes all pods at once, so that the next ones find free nodes. */
  private async clear(): Promise<void> {
    await this.scale(this.deployment, 0);
    await until('end of all pods', 30, async () => {
      await removePods(this.plane, this.namespace);
      return (await this.plane.api.list(`/api/v1/namespaces/${this.namespace}/pods`)).length === 0 ? true : undefined;
    });
  }
}

/** Deletes a namespace. Its pods end at once, so that their places are free. Controllers remove the other objects later. */
export async function removeNamespace(plane: ControlPlane, namespace: string): Promise<void> {
  const { status } = await plane.api.send('DELETE', `/api/v1/namespaces/${namespace}`);
  if (status === 404) return;
  await until(`end of the pods of ${namespace}`, 30, async () => {
    await removePods(plane, namespace);
    await sleep(100);
    return (await plane.api.list(`/api/v1/namespaces/${namespace}/pods`)).length === 0 ? true : undefined;
  });
}

async function removePods(plane: ControlPlane, namespace: string): Promise<void> {
  await plane.api.change('DELETE', `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`);
}

function countOf(values: readonly string[], of: readonly string[]): number[] {
  return of.map((value) => values.filter((candidate) => candidate === value).length);
}

const twice = ({ cpuMillis, memoryMiB }: Chain['pod']) => ({ cpuMillis: 2 * cpuMillis, memoryMiB: 2 * memoryMiB });
