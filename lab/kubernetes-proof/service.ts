import { setTimeout as sleep } from 'node:timers/promises';
import { Api, condition, Item } from './api';
import { Autoscaler } from './manifests';
import { Change, spread } from './predictions';
import { Sample } from './rollout';

/** Milliseconds between two observations of pods and replicas. */
const INTERVAL = 250;
const USAGE = 'kwok.x-k8s.io/usage-cpu';
const MERGE = 'application/merge-patch+json';

/**
 * The running service. The class puts a load on all ready pods, as a load balancer would, and records the changes of the
 * number of replicas.
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

  /** Observes the service and spreads the load until `end`. */
  async follow(): Promise<void> {
    while (!this.ended) {
      // A failed request succeeds a moment later, or the control plane has ended, which is reported elsewhere.
      await this.observe().catch(() => undefined);
      await sleep(INTERVAL);
    }
  }

  end(): void {
    this.ended = true;
  }

  /** Sets the load over all pods, in thousandths of a vCPU. @returns the time on the clock of `changes` */
  load(millis: number): number {
    this.loadMillis = millis;
    return this.now();
  }

  /** Time in seconds on the clock of `changes`. */
  now(): number {
    return (performance.now() - this.from) / 1_000;
  }

  get replicas(): number {
    return this.changes.at(-1)?.replicas ?? 0;
  }

  /** The changes from `at` on, preceded by the last one before it. */
  since(at: number): Change[] {
    const first = this.changes.findLastIndex((change) => change.at <= at);
    return this.changes.slice(Math.max(0, first));
  }

  pods(): Promise<readonly Item[]> {
    return this.api.list(`/api/v1/namespaces/${this.namespace}/pods`);
  }

  /** Utilization in percent of the requests, from the status of the autoscaler. */
  async utilization(): Promise<number | undefined> {
    const item = await this.api.get(this.autoscalerPath);
    return item.status?.currentMetrics?.[0]?.resource?.current.averageUtilization;
  }

  async budget(): Promise<Item> {
    const [budget] = await this.api.list(`/apis/policy/v1/namespaces/${this.namespace}/poddisruptionbudgets`);
    if (budget === undefined) throw new Error('There is no PodDisruptionBudget in the namespace.');
    return budget;
  }

  /** Number of pods behind the Service, and their ports. */
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

  /** Observes the pods ten times a second until `end`. */
  watch(): { readonly samples: readonly Sample[]; end: () => Promise<readonly Sample[]> } {
    let ended = false;
    const samples: Sample[] = [];
    const observing = (async () => {
      while (!ended) {
        // A failed request gives no sample.
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
      await observing;
      return samples;
    };
    return { samples, end };
  }

  /** Changes the rules of the autoscaler for scaling down. */
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

  private async observe(): Promise<void> {
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

/** Tells whether the scheduler finds no node for a pod. Cluster Autoscaler adds nodes for such pods. */
export function isUnschedulable(pod: Item): boolean {
  const scheduled = condition(pod, 'PodScheduled');
  return pod.status?.phase === 'Pending' && scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}
