import type { Workload } from './state';
import type { Facts, LoadTotals, Sample } from './timeline';

/** One link of the chain from load to nodes and back. */
export interface Verdict {
  readonly link: string;
  readonly shown: boolean;
  /** The observation, or the reason why there was none. */
  readonly detail: string;
}

export interface Observed {
  readonly workload: Workload;
  readonly facts: Facts;
  readonly samples: readonly Sample[];
  readonly load: LoadTotals;
  /** Load pods of the Job. */
  readonly loadPods: number;
  /** The reason why the logs of the load pods, which have the counts, could not be read. */
  readonly logProblem?: string;
  /** Whether the run ended early, by Ctrl-C or an error. */
  readonly stopped: boolean;
}

export const REACHED = 'load reached the pods';

/** Rise of the CPU in percentage points that is load and not noise. */
const RISE = 10;
/** Messages of the scheduler for a full node. More nodes do not help against other reasons, such as taints or affinity. */
const NO_ROOM = /Insufficient|Too many pods/;

/** The verdict on each link, in the order of the chain. */
export function verdicts(observed: Observed): Verdict[] {
  const { workload, facts, samples, load } = observed;
  const cpu = Math.max(0, ...samples.map((sample) => sample.cpu ?? 0));
  const most = Math.max(facts.replicasBefore, ...samples.map(({ desired }) => desired));
  const after = samples.filter(({ phase }) => phase === 'shrink');
  const desired = samples.at(-1)?.desired ?? facts.replicasBefore;
  const joined = [...facts.joined];
  const gone = joined.filter((name) => facts.left.has(name));
  const noRoom = [...facts.unschedulable.values()].filter((reason) => NO_ROOM.test(reason));

  const row = (link: string, shown: boolean, yes: string, no: string): Verdict => ({
    link,
    shown,
    detail: shown ? yes : no,
  });
  return [
    row(
      REACHED,
      load.answered > 0,
      `${load.answered} requests answered, ${failures(load)}`,
      load.sent === 0
        ? nothingSent(observed)
        : `none of ${load.sent} requests was answered: ${failures(load)}. A NetworkPolicy of the namespace may keep the load pods out`,
    ),
    row(
      'Metrics Server reported it',
      cpu >= (facts.cpuBefore ?? 0) + RISE,
      `CPU of the pods rose from ${facts.cpuBefore ?? 0} % to ${cpu} % of their requests`,
      `CPU was at most ${cpu} %, ${facts.cpuBefore ?? 0} % before; a metric arrives some 30 s after the load, or raise --workers`,
    ),
    row(
      'HPA raised the replicas',
      most > facts.replicasBefore,
      `${facts.replicasBefore} -> ${most} of at most ${workload.max}`,
      cpu > workload.target
        ? most >= workload.max
          ? `the workload was at its maximum of ${workload.max} already`
          : 'CPU was above the target, but within the tolerance of the HPA or for too short a time'
        : `CPU never exceeded the target of ${workload.target} %: raise --workers`,
    ),
    row(
      'pods were Pending for lack of room',
      noRoom.length > 0,
      `${noRoom.length} pods: ${noRoom[0]}`,
      facts.unschedulable.size > 0
        ? `${facts.unschedulable.size} pods were Pending for another reason: ${[...facts.unschedulable.values()][0]}`
        : samples.some(({ pendingLoad }) => pendingLoad > 0)
          ? 'only load pods of this run had no room; all pods of the workload fitted'
          : 'all pods fitted: no node was needed',
    ),
    row(
      'Cluster Autoscaler added a node',
      joined.length > 0 && facts.triggered.length > 0,
      `${joined.join(', ')}; ${facts.triggered[0]}`,
      noNode(facts),
    ),
    row(
      'pending pods ran there',
      facts.ranOnNew.size > 0,
      `${facts.ranOnNew.size} pods that had been Pending ran on nodes that joined`,
      joined.length === 0 ? 'no node joined' : 'no pod that had been Pending was seen ready on a node that joined',
    ),
    row(
      'load fell and HPA lowered the replicas',
      after.length > 0 && desired < most,
      `${most} -> ${desired}${desired > workload.min ? `, not yet at the minimum of ${workload.min}: raise --settle` : ', the minimum'}`,
      most === facts.replicasBefore
        ? 'the HPA had not raised them'
        : observed.stopped
          ? 'stopped before the load was over and the HPA could lower them'
          : `still ${desired}: the window of the HPA is ${workload.downWindow} s; raise --settle`,
    ),
    row(
      'nodes shrank',
      gone.length > 0,
      `${gone.join(', ')} gone again, ${samples.at(-1)?.nodes} nodes are left`,
      joined.length === 0
        ? 'no node had joined'
        : observed.stopped
          ? 'stopped before Cluster Autoscaler could remove one, after a node was not needed for 10 minutes'
          : 'the nodes that joined are still in the cluster: Cluster Autoscaler waits 10 minutes; see "Nodes do not shrink" in docs/kubernetes-operations.md',
    ),
    lost(observed),
  ];
}

function lost(observed: Observed): Verdict {
  const { load, loadPods } = observed;
  const link = 'no request lost';
  if (load.sent === 0) return { link, shown: false, detail: nothingSent(observed) };
  if (load.failed > 0) return { link, shown: false, detail: `of ${load.sent} requests ${failures(load)}` };
  const unfinished = loadPods - load.finished;
  if (unfinished > 0) {
    const detail = `no reported request failed, but ${unfinished} of ${loadPods} load pods ended before their last line`;
    return { link, shown: false, detail };
  }
  return { link, shown: true, detail: `${load.answered} of ${load.sent} requests were answered with 2xx` };
}

function nothingSent({ logProblem }: Observed): string {
  return logProblem === undefined
    ? 'the load pods have reported no request'
    : `the requests of the load pods are not known: ${logProblem}`;
}

function noNode({ joined, triggered, refused, unschedulable }: Facts): string {
  if (joined.size > 0)
    return `${[...joined].join(', ')} joined, but there is no event TriggeredScaleUp of Cluster Autoscaler`;
  if (triggered.length > 0) return `it requested a node, which has not joined: ${triggered[0]}`;
  if (refused.length > 0) return `it added none: ${refused[0]}`;
  if (unschedulable.size > 0)
    return 'pods were Pending, but there is no event of Cluster Autoscaler: is it running? See "Pods Pending" in docs/kubernetes-operations.md';
  return 'all pods fitted: no node was needed';
}

/** Failures by status and error: "0 failed", "3 failed (503: 2, ECONNRESET: 1)". */
function failures({ failed, statuses, errors }: LoadTotals): string {
  if (failed === 0) return '0 failed';
  const bad = Object.entries(statuses).filter(([status]) => !status.startsWith('2'));
  return `${failed} failed (${[...bad, ...Object.entries(errors)].map(([what, count]) => `${what}: ${count}`).join(', ')})`;
}
