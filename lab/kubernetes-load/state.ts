import type { Deployment, Event, HorizontalPodAutoscaler, Job, Node, Pod, PodSpec, Service } from './models';

/** Value of the label app.kubernetes.io/managed-by of all objects that a load run creates. */
export const MANAGED_BY = 'kumiki-kubernetes-load';

/** The items of `kubectl get a,b,c -o json`. */
type Item = Deployment | HorizontalPodAutoscaler | Job | Event | Node | Pod | Service;

/** What is deployed, as far as the load and its verdicts depend on it. */
export interface Workload {
  readonly namespace: string;
  readonly app: string;
  readonly image: string;
  /** What the load pods need to be placed where the workload is, and to pull its image. */
  readonly placement: Pick<PodSpec, 'imagePullSecrets' | 'nodeSelector' | 'tolerations'>;
  /** CPU that a pod requests, in cores. */
  readonly request: number;
  /** CPU that a pod may use at the most, in cores; undefined without a limit. */
  readonly limit?: number;
  /** Name of the HorizontalPodAutoscaler. */
  readonly hpa: string;
  readonly min: number;
  readonly max: number;
  /** Average utilization of the requested CPU that the HPA aims at, in percent. */
  readonly target: number;
  /** How long the HPA looks back before it removes pods, in seconds. */
  readonly downWindow: number;
  readonly selector: Readonly<Record<string, string>>;
  /** Of the Service, inside the cluster, as in http://history.history.svc:80. */
  readonly address?: string;
}

export interface HpaState {
  /** Undefined as long as the HPA has no metrics. */
  readonly cpu?: number;
  readonly desired: number;
  readonly current: number;
  /** Why it does not scale, in its own words. */
  readonly problem?: string;
}

export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** Of the workload, or one of ours that make the load. */
  readonly load: boolean;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Undefined until it is placed. */
  readonly node?: string;
  /** Why the scheduler finds no node for it, in its own words. */
  readonly unschedulable?: string;
  /** Why its container does not run, as in "ErrImagePull: …". */
  readonly waiting?: string;
}

export interface NodeState {
  readonly name: string;
  readonly ready: boolean;
  /** Cluster Autoscaler has chosen it for removal. */
  readonly leaving: boolean;
}

/** An event of Cluster Autoscaler about a pod. */
export interface Signal {
  /** Another one each time that it is repeated. */
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

/** Arguments of `get` for `readState`: all that is followed, in one call. */
export function stateQuery(namespace: string): string[] {
  return ['horizontalpodautoscalers.v2.autoscaling,pods,nodes,events', `--namespace=${namespace}`];
}

/** @throws in one line with what to do, for what a load would prove nothing about */
export function readWorkload(json: string, namespace: string, app: string): Workload {
  const items = itemsOf(json);
  const where = `namespace ${namespace}`;
  const deployment = items.filter((item) => item.kind === 'Deployment').find((item) => item.metadata?.name === app);
  if (!deployment) {
    throw new Error(
      `Deployment ${app} is not in ${where}. Deploy it, or name what there is: --namespace NAME --app NAME.`,
    );
  }
  const pod = deployment.spec?.template.spec;
  const container = pod?.containers.find(({ name }) => name === app) ?? pod?.containers[0];
  if (!container?.image) {
    throw new Error(
      `The image of Deployment ${app} in ${where} cannot be read: it names none, and the load runs from it.`,
    );
  }
  const hpa = items
    .filter((item) => item.kind === 'HorizontalPodAutoscaler')
    .find(({ spec }) => spec?.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === app);
  if (!hpa?.spec) {
    throw new Error(
      `No HorizontalPodAutoscaler in ${where} scales Deployment ${app}: without one a load proves nothing. ` +
        'Deploy the workload with its HPA.',
    );
  }
  const target = hpa.spec.metrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.target
    .averageUtilization;
  const name = hpa.metadata?.name ?? app;
  if (target === undefined) {
    throw new Error(
      `HorizontalPodAutoscaler ${name} in ${where} has no target utilization of CPU, which is followed here.`,
    );
  }
  const request = cores(container.resources?.requests?.['cpu']);
  if (request === undefined) {
    throw new Error(
      `Container ${container.name} of Deployment ${app} in ${where} requests no CPU, of which the HPA's target is a share. ` +
        'See "HPA unknown metrics" in docs/kubernetes.md.',
    );
  }
  const { problem } = hpaStateOf(hpa);
  if (problem !== undefined) {
    throw new Error(
      `HorizontalPodAutoscaler ${name} in ${where} has unknown metrics: ${problem} ` +
        'See "HPA unknown metrics" in docs/kubernetes.md; pods that have just started have none for a minute.',
    );
  }
  const running = items
    .filter((item) => item.kind === 'Job')
    .find(
      ({ metadata, status }) => metadata?.labels?.['app.kubernetes.io/managed-by'] === MANAGED_BY && status?.active,
    );
  if (running) {
    throw new Error(
      `Job ${running.metadata?.name} in ${where} is making load already. Wait for it, or kubectl delete job ${running.metadata?.name} --namespace=${namespace}`,
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

/** @throws if the HPA has gone */
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

/** The utilization of the CPU, unless the HPA says that it cannot tell; the metrics of before stay in its status. */
function hpaStateOf({ status, spec }: HorizontalPodAutoscaler): HpaState {
  const inactive = status?.conditions?.find(
    // At the minimum of 0, or with no replicas, there is nothing to measure.
    ({ type, status: is, reason }) => type === 'ScalingActive' && is === 'False' && reason !== 'ScalingDisabled',
  );
  const cpu = status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current
    .averageUtilization;
  const problem = inactive
    ? `${inactive.reason}: ${inactive.message}`
    : cpu === undefined
      ? 'it has not reported the CPU of any pod yet.'
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

/** Kubernetes's quantity of CPU, "250m" or "2", in cores. */
function cores(quantity: string | number | undefined): number | undefined {
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity ?? '')) ?? [];
  return amount === undefined ? undefined : Number(amount) / (milli === 'm' ? 1_000 : 1);
}
