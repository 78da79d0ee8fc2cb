import { setTimeout as sleep } from 'node:timers/promises';
import { Api, condition, Item } from './api';
import { Autoscaler } from './manifests';
import { Change, spread } from './predictions';
import { Sample } from './rollout';

/** Milliseconds between two looks at pods and replicas. */
const LOOK = 250;
const USAGE = 'kwok.x-k8s.io/usage-cpu';
const MERGE = 'application/merge-patch+json';

/**
 * The service while it runs: puts a load on its pods, as a load balancer would on all that are ready, and keeps what
 * becomes of their number.
 */
export class RunningService {
  readonly changes: Change[] = [];
  private readonly from = performance.now();
  private loadMillis = 0;
  private ended = false;

  constructor(
    private readonly api: Api,
    private readonly autoscaler: Autoscaler,
  ) {}

  /** Looks, and spreads the load, until `end`. */
  async follow(): Promise<void> {
    while (!this.ended) {
      // What fails now succeeds a moment later, or the control plane has ended and says so.
      await this.look().catch(() => undefined);
      await sleep(LOOK);
    }
  }

  end(): void {
    this.ended = true;
  }

  /** Thousandths of a vCPU over all pods from now on. @returns the moment, on the clock of `changes` */
  load(millis: number): number {
    this.loadMillis = millis;
    return this.now();
  }

  /** Seconds, on the clock of `changes`. */
  now(): number {
    return (performance.now() - this.from) / 1_000;
  }

  get replicas(): number {
    return this.changes.at(-1)?.replicas ?? 0;
  }

  /** What happened from `at` on, with what there was before as the first. */
  since(at: number): Change[] {
    const first = this.changes.findLastIndex((change) => change.at <= at);
    return this.changes.slice(Math.max(0, first));
  }

  pods(): Promise<readonly Item[]> {
    return this.api.list(`/api/v1/namespaces/${this.namespace}/pods`);
  }

  /** Percent of what the pods request, as the autoscaler last saw it. */
  async utilization(): Promise<number | undefined> {
    const item = await this.api.get(this.autoscalerPath);
    return item.status?.currentMetrics?.[0]?.resource?.current.averageUtilization;
  }

  async budget(): Promise<Item> {
    const [budget] = await this.api.list(`/apis/policy/v1/namespaces/${this.namespace}/poddisruptionbudgets`);
    if (budget === undefined) throw new Error('There is no PodDisruptionBudget.');
    return budget;
  }

  /** Pods that its Service sends requests to, and their ports. */
  async endpoints(): Promise<{ ready: number; ports: number[] }> {
    const slices = await this.api.list(`/apis/discovery.k8s.io/v1/namespaces/${this.namespace}/endpointslices`);
    const ports = slices.flatMap((slice) => (slice.ports ?? []).flatMap(({ port }) => port ?? []));
    return {
      ready: slices.flatMap(({ endpoints = [] }) => endpoints).filter(({ conditions }) => conditions.ready).length,
      ports: [...new Set(ports)],
    };
  }

  deployment(): Promise<Item> {
    return this.api.get(this.deploymentPath);
  }

  replicaSets(): Promise<readonly Item[]> {
    return this.api.list(`/apis/apps/v1/namespaces/${this.namespace}/replicasets`);
  }

  /** Sets the number of pods, as the autoscaler does. */
  scale(replicas: number): Promise<void> {
    return this.api.change('PATCH', `${this.deploymentPath}/scale`, { spec: { replicas } }, MERGE);
  }

  /** Looks at pods ten times a second until `end`; what was seen. */
  watch(): { readonly samples: readonly Sample[]; end: () => Promise<readonly Sample[]> } {
    let ended = false;
    const samples: Sample[] = [];
    const looking = (async () => {
      while (!ended) {
        // Without an answer there is nothing to count.
        const [pods, deployment] = await Promise.all([this.pods(), this.deployment()]).catch(() => []);
        if (pods && deployment) {
          const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
          const ready = pods.filter(isReady).length;
          samples.push({ at: this.now(), ready, staying, replicas: deployment.spec?.replicas ?? 0 });
        }
        await sleep(100);
      }
    })();
    const end = async () => {
      ended = true;
      await looking;
      return samples;
    };
    return { samples, end };
  }

  /** Changes the rules by which the number of pods shrinks. */
  changeScaleDown(scaleDown: object): Promise<void> {
    return this.api.change('PATCH', this.autoscalerPath, { spec: { behavior: { scaleDown } } }, MERGE);
  }

  get namespace(): string {
    return this.autoscaler.metadata.namespace ?? 'default';
  }

  private get autoscalerPath(): string {
    const { name } = this.autoscaler.metadata;
    return `/apis/autoscaling/v2/namespaces/${this.namespace}/horizontalpodautoscalers/${name}`;
  }

  private get deploymentPath(): string {
    return `/apis/apps/v1/namespaces/${this.namespace}/deployments/${this.autoscaler.spec.scaleTargetRef.name}`;
  }

  private async look(): Promise<void> {
    const deployment = await this.deployment();
    const replicas = deployment.spec?.replicas ?? 0;
    if (replicas !== this.replicas) this.changes.push({ at: this.now(), replicas });
    const pods = (await this.pods()).filter(isReady);
    const shares = spread(this.loadMillis, pods.length);
    await Promise.all(
      pods.map(({ metadata }, index) => {
        const usage = `${Math.max(1, shares[index] ?? 0)}m`;
        if ((metadata.annotations?.[USAGE] ?? '1m') === usage) return undefined;
        const path = `/api/v1/namespaces/${this.namespace}/pods/${metadata.name}`;
        return this.api.change('PATCH', path, { metadata: { annotations: { [USAGE]: usage } } }, MERGE);
      }),
    );
  }
}

export function isReady(pod: Item): boolean {
  return pod.metadata.deletionTimestamp === undefined && condition(pod, 'Ready')?.status === 'True';
}

/** Whether the scheduler finds no place: what Cluster Autoscaler looks for. */
export function isUnschedulable(pod: Item): boolean {
  const scheduled = condition(pod, 'PodScheduled');
  return pod.status?.phase === 'Pending' && scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}
