import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport } from '../../container/src/load';
import { loadJob, SLACK, START_LIMIT, workersFor } from './job';
import { get, type Kubectl } from './kubectl';
import type { Live } from './live';
import { type PodState, readState, readWorkload, type State, stateQuery, type Workload, workloadQuery } from './state';
import {
  type Facts,
  type LoadTotals,
  type Phase,
  readReports,
  Timeline,
  type TimelineEvent,
  totalsOf,
} from './timeline';
import { type Verdict, verdicts } from './verdicts';

export interface RunOptions {
  readonly namespace: string;
  readonly app: string;
  readonly minutes: number;
  /** Minutes for which the shrink is followed at most. @default the HPA's window, Cluster Autoscaler's 10 minutes, and 10 more */
  readonly settle?: number;
  /** Concurrent requests. @default enough to bring the workload to its maximum */
  readonly workers?: number;
  /** Address of the workload inside the cluster. @default its Service */
  readonly url?: string;
  /** Path of the requests. The default costs the service the most CPU. @default /history/LOAD?days=3650 */
  readonly path?: string;
  /** Seconds between two observations of the cluster. @default 5 */
  readonly interval?: number;
}

export interface Result {
  readonly startedAt: string;
  readonly workload: Workload;
  readonly job: string;
  readonly url: string;
  readonly workers: number;
  readonly minutes: number;
  /** The reason why the run ended early. */
  readonly stopped?: string;
  readonly load: LoadTotals;
  readonly events: readonly TimelineEvent[];
  readonly samples: Timeline['samples'];
  readonly facts: { readonly [K in keyof Facts]: unknown };
  readonly verdicts: readonly Verdict[];
}

/** Reasons for which a container waits and never starts. */
const HOPELESS = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError|CreateContainerError)/;
/** Consecutive observations that may fail. A control plane does not answer for some seconds while it is updated. */
const FAILURES = 12;

/** Arguments of kubectl that remove the Job of a run. */
export function cleanUp(job: string, namespace: string): string[] {
  return ['delete', 'job', job, `--namespace=${namespace}`, '--ignore-not-found', '--cascade=foreground'];
}

/**
 * Runs one load and follows the cluster until it is as small as before. The Job is removed at the end, however the run
 * ends.
 *
 * @param signal ends the run early; the result then holds the observations until that moment
 * @param onJob called before the Job is created
 * @throws in one line, if the cluster or the workload does not fit, or the first observation of the load fails
 */
export async function run(
  kubectl: Kubectl,
  options: RunOptions,
  live: Live,
  signal: AbortSignal,
  onJob: (job: string) => void = () => undefined,
): Promise<Result> {
  const { namespace, app, minutes, interval = 5 } = options;
  const workload = readWorkload(await get(kubectl, ...workloadQuery(namespace)), namespace, app);
  const first = readState(await get(kubectl, ...stateQuery(namespace)), workload);
  const url = `${options.url ?? workload.address ?? noService(workload)}${options.path ?? '/history/LOAD?days=3650'}`;
  const workers = options.workers ?? workersFor(workload);
  const settle = (options.settle ?? workload.downWindow / 60 + 20) * 60;
  const ready = first.pods.filter((pod) => !pod.load && pod.ready).length;
  if (ready === 0)
    throw new Error(
      `No pod of Deployment ${app} in namespace ${namespace} is ready: kubectl get pods --namespace=${namespace}`,
    );

  live.line(
    [
      `Deployment ${app} (${workload.image})`,
      `  ${ready} pods ready, ${workload.min} to ${workload.max} by HPA ${workload.hpa}: CPU ${first.hpa.cpu} % of their requests, target ${workload.target} %`,
      `  ${first.nodes.length} nodes: ${first.nodes.map(({ name }) => name).join(', ')}`,
      `  load: ${workers} workers request ${url} for ${minutes} min; then at most ${Math.round(settle / 60)} min until the cluster is as small as before`,
      '',
    ].join('\n'),
  );

  if (signal.aborted) throw new Error('Stopped before the load.');
  const job = `${app}-load-${Date.now().toString(36)}`;
  const manifest = loadJob(workload, { name: job, url, workers, seconds: minutes * 60 });
  const timeline = new Timeline(workload, first);
  const reports = new Map<string, LoadReport>();
  const startedAt = new Date();
  const now = () => (Date.now() - startedAt.getTime()) / 1_000;
  let printed = 0;
  let failures = 0;
  let logProblem: string | undefined;

  /** Observes the cluster; undefined if that failed. */
  const observe = async (phase: Phase): Promise<State | undefined> => {
    try {
      const state = readState(await get(kubectl, ...stateQuery(namespace)), workload);
      await readLogs(kubectl, namespace, state, job, reports).catch((error: Error) => {
        if (!signal.aborted && logProblem === undefined)
          live.line(`        the logs of the load pods cannot be read: ${error.message}`);
        logProblem = error.message;
      });
      if (signal.aborted) return undefined;
      const sample = timeline.add(now(), phase, state, totalsOf(reports.values()));
      for (; printed < timeline.events.length; printed++) {
        const event = timeline.events[printed];
        if (event) live.event(event);
      }
      live.sample(sample);
      failures = 0;
      return state;
    } catch (error) {
      // Ctrl-C also ends kubectl.
      if (signal.aborted) return undefined;
      failures++;
      live.line(`        no answer of the cluster (${failures} in a row): ${reasonOf(error)}`);
      if (failures >= FAILURES) throw error;
      return undefined;
    }
  };
  const wait = () => sleep(interval * 1_000, undefined, { signal }).catch(() => undefined);

  let stopped: string | undefined;
  let removed = false;
  const remove = async () => {
    if (removed) return;
    live.line(`        removing Job ${job}`);
    await kubectl([...cleanUp(job, namespace), '--wait', '--timeout=60s']);
    removed = true;
  };
  try {
    onJob(job);
    await kubectl(['create', '--filename=-'], JSON.stringify(manifest));
    await followLoad(observe, wait, now, job, minutes * 60, signal, reports);
    await remove();
    if (!signal.aborted) {
      timeline.mark(now(), 'load ended', 'the load is over');
      await followShrink(observe, wait, now, workload, first, settle, signal);
    }
    if (signal.aborted) stopped = 'stopped by hand';
  } catch (error) {
    // The only sample is from before the load, so there is nothing to report except the error.
    if (timeline.samples.length === 1 && !signal.aborted) throw error;
    stopped = signal.aborted ? 'stopped by hand' : reasonOf(error);
  } finally {
    // Tries again where Ctrl-C has ended the kubectl that was removing the Job.
    await remove().catch((error: unknown) => {
      const command = ['kubectl', ...cleanUp(job, namespace)].join(' ');
      stopped = `Job ${job} could not be removed: ${reasonOf(error)} Remove it: ${command}`;
      live.line(stopped);
    });
  }

  const load = totalsOf(reports.values());
  const { facts, samples, events } = timeline;
  const loadPods = manifest.spec?.parallelism ?? 1;
  return {
    startedAt: startedAt.toISOString(),
    workload,
    job,
    url,
    workers,
    minutes,
    ...(stopped !== undefined && { stopped }),
    load,
    events,
    samples,
    facts: {
      ...facts,
      joined: [...facts.joined],
      left: [...facts.left],
      unschedulable: Object.fromEntries(facts.unschedulable),
      ranOnNew: [...facts.ranOnNew],
    },
    verdicts: verdicts({ workload, facts, samples, load, loadPods, logProblem, stopped: stopped !== undefined }),
  };
}

type Observe = (phase: Phase) => Promise<State | undefined>;

/** Follows the load pods until they have ended. @throws if they do not start, or fail */
async function followLoad(
  observe: Observe,
  wait: () => Promise<unknown>,
  now: () => number,
  job: string,
  seconds: number,
  signal: AbortSignal,
  reports: ReadonlyMap<string, LoadReport>,
): Promise<void> {
  let startedAt: number | undefined;
  let over = false;
  while (!signal.aborted) {
    const state = await observe('load');
    const pods = state?.pods.filter((pod) => isOf(pod, job)) ?? [];
    if (startedAt === undefined && pods.some(({ phase }) => phase !== 'Pending')) startedAt = now();
    const failed = pods.find(({ phase }) => phase === 'Failed');
    if (failed) {
      throw new Error(
        reports.has(failed.name)
          ? `Load pod ${failed.name} failed during the load.`
          : `Load pod ${failed.name} failed at once. Is load.cjs in the image? Deploy the image of this version, which has it.`,
      );
    }
    const hopeless = pods.find(({ waiting }) => waiting !== undefined && HOPELESS.test(waiting));
    if (hopeless) throw new Error(`Load pod ${hopeless.name} cannot start: ${hopeless.waiting}`);
    if (pods.length > 0 && pods.every(({ phase }) => phase === 'Succeeded')) {
      // Reads a missing log once more, because only its last line has the number of lost requests.
      if (over || pods.every(({ name }) => reports.get(name)?.done)) return;
      over = true;
    }
    if (startedAt === undefined && now() > START_LIMIT) {
      const reason = pods[0]?.unschedulable ?? pods[0]?.waiting ?? 'the Job has no pod, see kubectl describe job';
      throw new Error(`The load has not started within ${START_LIMIT} s: ${reason}`);
    }
    if (startedAt !== undefined && now() > startedAt + seconds + SLACK) {
      // Either all load pods have reported, or a node has gone and taken the reports of its pods along.
      if (reports.size > 0) return;
      throw new Error('The load pods have exceeded their time and have not ended.');
    }
    await wait();
  }
}

/** Follows the cluster until it has as few pods and nodes as before, or the time is up. */
async function followShrink(
  observe: Observe,
  wait: () => Promise<unknown>,
  now: () => number,
  { min }: Workload,
  first: State,
  settle: number,
  signal: AbortSignal,
): Promise<void> {
  const until = now() + settle;
  while (!signal.aborted) {
    const state = await observe('shrink');
    const own = state?.pods.filter(({ load }) => !load) ?? [];
    if (state && state.hpa.desired <= min && own.length <= min && state.nodes.length <= first.nodes.length) return;
    if (now() > until) return;
    await wait();
  }
}

async function readLogs(
  kubectl: Kubectl,
  namespace: string,
  { pods }: State,
  job: string,
  reports: Map<string, LoadReport>,
): Promise<void> {
  const started = pods.filter((pod) => isOf(pod, job) && pod.phase !== 'Pending' && !reports.get(pod.name)?.done);
  await Promise.all(
    started.map(async ({ name }) => {
      readReports(
        await kubectl(['logs', name, `--namespace=${namespace}`, '--tail=5', '--request-timeout=15s']),
        reports,
      );
    }),
  );
}

function isOf(pod: PodState, job: string): boolean {
  return pod.load && pod.name.startsWith(`${job}-`);
}

function noService({ app, namespace }: Workload): never {
  throw new Error(
    `No Service in namespace ${namespace} selects the pods of Deployment ${app}. Give the address inside the cluster: --url http://NAME:PORT`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
