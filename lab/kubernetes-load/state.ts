import type { Deployment, Event, HorizontalPodAutoscaler, Job, Node, Pod, PodSpec, Service } from './models';

/** Value of the label app.kubernetes.io/managed-by of all objects that a load run creates. */
export const MANAGED_BY = 'kumiki-kubernetes-load';

/** An item of `kubectl get a,b,c -o json`. */
type Item = Deployment | HorizontalPodAutoscaler | Job | Event | Node | Pod | Service;

/** The deployed workload, as far as the load and the verdicts depend on it. */
export interface Workload {
  readonly namespace: string;
  readonly app: string;
  readonly image: string;
  /** Fields by which load pods are scheduled like the workload and pull its image. */
  readonly placement: Pick<PodSpec, 'imagePullSecrets' | 'nodeSelector' | 'tolerations'>;
  /** CPU request of a pod, in cores. */
  readonly request: number;
  /** CPU limit of a pod, in cores; undefined without a limit. */
  readonly limit?: number;
  /** Name of the HorizontalPodAutoscaler. */
  readonly hpa: string;
  readonly min: number;
  readonly max: number;
  /** Target of the HPA: average utilization of the requested CPU, in percent. */
  readonly target: number;
  /** Stabilization window of the HPA for the removal of pods, in seconds. */
  readonly downWindow: number;
  readonly selector: Readonly<Record<string, string>>;
  /** Address of the Service inside the cluster, such as http://history.history.svc:80. */
  readonly address?: string;
}

export interface HpaState {
  /** Utilization in percent; undefined while the HPA has no metrics. */
  readonly cpu?: number;
  readonly desired: number;
  readonly current: number;
  /** The HPA's message why it does not scale. */
  readonly problem?: string;
}

export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** Whether the pod creates the load; otherwise it belongs to the workload. */
  readonly load: boolean;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Undefined until the pod is scheduled. */
  readonly node?: string;
  /** The scheduler's message why it finds no node for the pod. */
  readonly unschedulable?: string;
  /** The reason why the container does not run, such as "ErrImagePull: …". */
  readonly waiting?: string;
}

export interface NodeState {
  readonly name: string;
  readonly ready: boolean;
  /** Whether Cluster Autoscaler has chosen the node for removal. */
  readonly leaving: boolean;
}

/** An event of Cluster Autoscaler about a pod. */
export interface Signal {
  /** Changes each time that the event is repeated. */
  readonly id: string;
  readonly reason: 'TriggeredScaleUp' | 'NotTriggerScaleUp';
  readonly message: string;
}

export interface State {
  readonly hpa: HpaState;
  readonly pods: readonly PodState[];
  readonly nodes: readonly NodeState[];
  readonly signals: readonly Signal[];
}

/** Arguments of `get` for `readWorkload`. */
export function workloadQuery(namespace: string): string[] {
  return [
    'deployments.apps,horizontalpodautoscalers.v2.autoscaling,services,jobs.batch,nodes',
    `--namespace=${namespace}`,
  ];
}

/** Arguments of `get` for `readState`, which reads all observed objects in one call. */
export function stateQuery(namespace: string): string[] {
  return ['horizontalpodautoscalers.v2.autoscaling,pods,nodes,events', `--namespace=${namespace}`];
}

/** Reads the workload. @throws in one line with what to do, if a load could prove nothing about it */
export function readWorkload(json: string, namespace: string, app: string): Workload {
  const items = itemsOf(json);
  const where = `namespace ${namespace}`;
  const deployment = items.filter((item) => item.kind === 'Deployment').find((item) => item.metadata?.name === app);
  if (!deployment) {
    throw new Error(
      `Deployment ${app} is not in ${where}. Deploy it, or name another one: --namespace NAME --app NAME.`,
    );
  }
  const pod = deployment.spec?.template.spec;
  const container = pod?.containers.find(({ name }) => name === app) ?? pod?.containers[0];
  if (!container?.image) {
    throw new Error(`The image of Deployment ${app} in ${where} is missing, but the load runs from this image.`);
  }
  const hpa = items
    .filter((item) => item.kind === 'HorizontalPodAutoscaler')
    .find(({ spec }) => spec?.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === app);
  if (!hpa?.spec) {
    throw new Error(
      `No HorizontalPodAutoscaler in ${where} scales Deployment ${app}, so a load proves nothing. ` +
        'Deploy the workload with its HPA.',
    );
  }
  const target = hpa.spec.metrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.target
    .averageUtilization;
  const name = hpa.metadata?.name ?? app;
  if (target === undefined) {
    throw new Error(`HorizontalPodAutoscaler ${name} in ${where} has no target for the utilization of CPU. Add one.`);
  }
  const request = cores(container.resources?.requests?.['cpu']);
  if (request === undefined) {
    throw new Error(
      `Container ${container.name} of Deployment ${app} in ${where} requests no CPU, but the HPA's target is a percentage of the request. ` +
        'See "HPA unknown metrics" in docs/kubernetes-operations.md.',
    );
  }
  const { problem } = hpaStateOf(hpa);
  if (problem !== undefined) {
    throw new Error(
      `HorizontalPodAutoscaler ${name} in ${where} has unknown metrics: ${problem} ` +
        'See "HPA unknown metrics" in docs/kubernetes-operations.md; new pods have no metrics for a minute.',
    );
  }
  const running = items
    .filter((item) => item.kind === 'Job')
    .find(
      ({ metadata, status }) => metadata?.labels?.['app.kubernetes.io/managed-by'] === MANAGED_BY && status?.active,
    );
  if (running) {
    throw new Error(
      `Job ${running.metadata?.name} in ${where} is already creating load. Wait for it, or run kubectl delete job ${running.metadata?.name} --namespace=${namespace}`,
    );
  }
  const service = items
    .filter((item) => item.kind === 'Service')
    .find(({ spec }) => matches(spec?.selector, deployment.spec?.template.metadata?.labels));
  const port = service?.spec?.ports?.[0]?.port;
  return {
    namespace,
    app,
    image: container.image,
    placement: {
      ...(pod?.imagePullSecrets && { imagePullSecrets: pod.imagePullSecrets }),
      ...(pod?.nodeSelector && { nodeSelector: pod.nodeSelector }),
      ...(pod?.tolerations && { tolerations: pod.tolerations }),
    },
    request,
    limit: cores(container.resources?.limits?.['cpu']),
    hpa: name,
    min: hpa.spec.minReplicas ?? 1,
    max: hpa.spec.maxReplicas,
    target,
    // https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior
    downWindow: hpa.spec.behavior?.scaleDown?.stabilizationWindowSeconds ?? 300,
    selector: deployment.spec?.selector.matchLabels ?? {},
    ...(port !== undefined && { address: `http://${service?.metadata?.name}.${namespace}.svc:${port}` }),
  };
}

/** Reads one observation of the cluster. @throws if the HPA has been deleted */
export function readState(json: string, { hpa: name, namespace, selector }: Workload): State {
  const items = itemsOf(json);
  const hpa = items
    .filter((item) => item.kind === 'HorizontalPodAutoscaler')
    .find(({ metadata }) => metadata?.name === name);
  if (!hpa) throw new Error(`HorizontalPodAutoscaler ${name} in namespace ${namespace} has been deleted.`);
  return {
    hpa: hpaStateOf(hpa),
    pods: items
      .filter((item) => item.kind === 'Pod')
      .flatMap((pod) => {
        const load = pod.metadata?.labels?.['app.kubernetes.io/managed-by'] === MANAGED_BY;
        return load || matches(selector, pod.metadata?.labels) ? [podStateOf(pod, load)] : [];
      }),
    nodes: items.filter((item) => item.kind === 'Node').map(nodeStateOf),
    signals: items.filter((item) => item.kind === 'Event').flatMap(signalOf),
  };
}

function itemsOf(json: string): readonly Item[] {
  const { items }: { readonly items: readonly Item[] } = JSON.parse(json);
  return items;
}

/** The CPU utilization, unless the HPA reports that it has no metrics. Its status keeps earlier metrics even then. */
function hpaStateOf({ status, spec }: HorizontalPodAutoscaler): HpaState {
  const inactive = status?.conditions?.find(
    // With no replicas there is nothing to measure.
    ({ type, status: is, reason }) => type === 'ScalingActive' && is === 'False' && reason !== 'ScalingDisabled',
  );
  const cpu = status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current
    .averageUtilization;
  const problem = inactive
    ? `${inactive.reason}: ${inactive.message}`
    : cpu === undefined
      ? 'the CPU of no pod has been reported yet.'
      : undefined;
  const current = status?.currentReplicas ?? 0;
  return {
    ...(problem === undefined ? { cpu } : { problem }),
    desired: status?.desiredReplicas ?? spec?.minReplicas ?? 1,
    current,
  };
}

function podStateOf({ metadata, spec, status }: Pod, load: boolean): PodState {
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
  const scheduled = condition('PodScheduled');
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting).find((reason) => reason !== undefined);
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    load,
    phase: status?.phase ?? 'Pending',
    ready: condition('Ready')?.status === 'True',
    terminating: metadata?.deletionTimestamp !== undefined,
    ...(spec?.nodeName !== undefined && { node: spec.nodeName }),
    ...(scheduled?.status === 'False' &&
      scheduled.reason === 'Unschedulable' && { unschedulable: scheduled.message ?? 'Unschedulable' }),
    ...(waiting?.reason !== undefined && {
      waiting: waiting.message === undefined ? waiting.reason : `${waiting.reason}: ${waiting.message}`,
    }),
  };
}

/** @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/utils/taints/taints.go */
function nodeStateOf({ metadata, spec, status }: Node): NodeState {
  return {
    name: metadata?.name ?? '',
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    leaving: spec?.taints?.some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler') ?? false,
  };
}

function signalOf({ metadata, reason, message = '', count = 1 }: Event): Signal[] {
  if (reason !== 'TriggeredScaleUp' && reason !== 'NotTriggerScaleUp') return [];
  return [{ id: `${metadata.uid}/${count}`, reason, message }];
}

function matches(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}

/** Converts a Kubernetes quantity of CPU, "250m" or "2", to cores. */
function cores(quantity: string | number | undefined): number | undefined {
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity ?? '')) ?? [];
  return amount === undefined ? undefined : Number(amount) / (milli === 'm' ? 1_000 : 1);
}
