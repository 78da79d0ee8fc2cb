import type { LoadReport } from '../../container/src/load';
import type { State, Workload } from './state';

/** Totals over all load pods. */
export interface LoadTotals extends Omit<LoadReport, 'source' | 'seconds' | 'done' | 'p50' | 'p99'> {
  /** Milliseconds of the slowest load pod. */
  readonly p50?: number;
  readonly p99?: number;
  /** Load pods that have printed their last line, so that all their requests are counted. */
  readonly finished: number;
}

export type Phase = 'load' | 'shrink';

/** One observation of the cluster. */
export interface Sample {
  /** Seconds since the Job was created. */
  readonly seconds: number;
  readonly phase: Phase;
  /** Utilization of the requested CPU in percent, from Metrics Server through the HPA; null while the HPA has no metrics. */
  readonly cpu: number | null;
  readonly target: number;
  /** Replicas that the HPA wants. */
  readonly desired: number;
  /** Pods of the workload that are not terminating. */
  readonly pods: number;
  readonly ready: number;
  /** Pods of the workload for which the scheduler finds no node. */
  readonly pending: number;
  /** Load pods of this run without a node. They also cause new nodes. */
  readonly pendingLoad: number;
  readonly nodes: number;
  readonly readyNodes: number;
  readonly load: LoadTotals;
}

export type Kind =
  | 'load started'
  | 'load ended'
  | 'cpu above target'
  | 'cpu below target'
  | 'metrics unknown'
  | 'scaled up'
  | 'scaled down'
  | 'at minimum'
  | 'pods pending'
  | 'none pending'
  | 'load pods pending'
  | 'scale-up triggered'
  | 'scale-up refused'
  | 'node joined'
  | 'node ready'
  | 'node leaving'
  | 'node gone'
  | 'pending pod runs';

export interface TimelineEvent {
  readonly seconds: number;
  readonly kind: Kind;
  readonly text: string;
}

/** Facts from all observations, beyond the current one. */
export interface Facts {
  /** Replicas that the HPA wanted before the load. */
  readonly replicasBefore: number;
  readonly cpuBefore: number | null;
  readonly nodesBefore: readonly string[];
  /** Names of nodes that joined. */
  readonly joined: ReadonlySet<string>;
  /** Names of nodes that have gone. */
  readonly left: ReadonlySet<string>;
  /** Messages of the scheduler about pods of the workload without a node, by uid. */
  readonly unschedulable: ReadonlyMap<string, string>;
  /** Names of pods that were Pending and then ran on a joined node. */
  readonly ranOnNew: ReadonlySet<string>;
  readonly triggered: readonly string[];
  readonly refused: readonly string[];
}

/** Adds up the last report of each load pod. */
export function totalsOf(reports: Iterable<LoadReport>): LoadTotals {
  const all = [...reports];
  const sum = (of: (report: LoadReport) => number) => all.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: LoadReport) => number | undefined) => {
    const values = all.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : Math.max(...values);
  };
  return {
    sent: sum(({ sent }) => sent),
    answered: sum(({ answered }) => answered),
    failed: sum(({ failed }) => failed),
    statuses: merged(all.map(({ statuses }) => statuses)),
    errors: merged(all.map(({ errors }) => errors)),
    rate: Math.round(sum(({ rate }) => rate) * 10) / 10,
    p50: most(({ p50 }) => p50),
    p99: most(({ p99 }) => p99),
    finished: all.filter(({ done }) => done).length,
  };
}

/** Reads the lines of `load.cjs` in a log, and keeps the last one of each load pod in `reports`. */
export function readReports(log: string, reports: Map<string, LoadReport>): void {
  for (const line of log.split('\n')) {
    if (!line.startsWith('{"source":')) continue;
    const report: LoadReport = JSON.parse(line);
    const before = reports.get(report.source);
    if (!before || report.done || (!before.done && report.seconds >= before.seconds))
      reports.set(report.source, report);
  }
}

/** Turns observations of the cluster into samples, and the changes between them into events. */
export class Timeline {
  readonly samples: Sample[] = [];
  readonly events: TimelineEvent[] = [];
  private readonly joined = new Set<string>();
  private readonly left = new Set<string>();
  private readonly unschedulable = new Map<string, string>();
  private readonly ranOnNew = new Set<string>();
  private readonly triggered = new Set<string>();
  private readonly refused = new Set<string>();
  private readonly signals: Set<string>;
  private before: State;

  constructor(
    private readonly workload: Workload,
    private readonly first: State,
  ) {
    this.before = first;
    this.samples.push(sampleOf(0, 'load', first, totalsOf([]), workload.target));
    // The cluster keeps events of an earlier run for an hour.
    this.signals = new Set(first.signals.map(({ id }) => id));
  }

  get facts(): Facts {
    return {
      replicasBefore: this.first.hpa.desired,
      cpuBefore: this.first.hpa.cpu ?? null,
      nodesBefore: this.first.nodes.map(({ name }) => name),
      joined: this.joined,
      left: this.left,
      unschedulable: this.unschedulable,
      ranOnNew: this.ranOnNew,
      triggered: [...this.triggered],
      refused: [...this.refused],
    };
  }

  /** Adds an event that no observation shows. */
  mark(seconds: number, kind: Kind, text: string): void {
    this.events.push({ seconds, kind, text });
  }

  add(seconds: number, phase: Phase, state: State, load: LoadTotals): Sample {
    const sample = sampleOf(seconds, phase, state, load, this.workload.target);
    const last = this.samples.at(-1) ?? sample;
    const mark = (kind: Kind, text: string) => this.mark(seconds, kind, text);

    if (load.sent > 0 && !this.events.some(({ kind }) => kind === 'load started')) {
      mark('load started', 'the first load pod sends requests');
    }
    this.compareMetrics(last, sample, state, mark);
    if (sample.desired !== last.desired) {
      const up = sample.desired > last.desired;
      mark(up ? 'scaled up' : 'scaled down', `HPA: ${last.desired} -> ${sample.desired} replicas`);
    }
    if (sample.pods <= this.workload.min && last.pods > this.workload.min) {
      mark('at minimum', `back at the minimum of ${this.workload.min} pods`);
    }
    this.comparePods(last, sample, state, mark);
    this.compareNodes(state, mark);
    for (const { id, reason, message } of state.signals) {
      if (this.signals.has(id)) continue;
      this.signals.add(id);
      const known = reason === 'TriggeredScaleUp' ? this.triggered : this.refused;
      // Cluster Autoscaler repeats its message for each pod.
      if (known.has(message)) continue;
      known.add(message);
      mark(
        reason === 'TriggeredScaleUp' ? 'scale-up triggered' : 'scale-up refused',
        `Cluster Autoscaler: ${reason}: ${message}`,
      );
    }
    this.samples.push(sample);
    this.before = state;
    return sample;
  }

  private compareMetrics(last: Sample, { cpu, target }: Sample, { hpa }: State, mark: Mark): void {
    if (cpu === null) {
      if (last.cpu !== null) mark('metrics unknown', `HPA: unknown metrics: ${hpa.problem}`);
    } else if (cpu > target && (last.cpu ?? 0) <= target) {
      mark('cpu above target', `Metrics Server reports ${cpu} % of the requested CPU, target ${target} %`);
    } else if (cpu <= target && last.cpu !== null && last.cpu > target) {
      mark('cpu below target', `CPU is down at ${cpu} %, target ${target} %`);
    }
  }

  private comparePods(last: Sample, sample: Sample, state: State, mark: Mark): void {
    for (const pod of state.pods) {
      if (pod.load || pod.terminating) continue;
      if (pod.unschedulable !== undefined) {
        this.unschedulable.set(pod.uid, pod.unschedulable);
      } else if (pod.ready && pod.node !== undefined && this.joined.has(pod.node) && this.unschedulable.has(pod.uid)) {
        if (this.ranOnNew.size === 0) mark('pending pod runs', `a pod that was Pending runs on ${pod.node}`);
        this.ranOnNew.add(pod.name);
      }
    }
    if (sample.pending > 0 && last.pending === 0) {
      const reason = state.pods.find(({ load, unschedulable }) => !load && unschedulable !== undefined)?.unschedulable;
      mark('pods pending', `Pending pods: ${sample.pending}: ${reason}`);
    }
    if (sample.pending === 0 && last.pending > 0) mark('none pending', 'no pod is Pending any more for lack of a node');
    if (sample.pendingLoad > 0 && last.pendingLoad === 0) {
      mark(
        'load pods pending',
        `load pods of this run are Pending too (${sample.pendingLoad}), which also asks for a node`,
      );
    }
  }

  private compareNodes({ nodes }: State, mark: Mark): void {
    const previous = (name: string) => this.before.nodes.find((node) => node.name === name);
    for (const { name, ready, leaving } of nodes) {
      const earlier = previous(name);
      if (!earlier) {
        this.joined.add(name);
        this.left.delete(name);
        mark('node joined', `node ${name} joined`);
      }
      if (ready && earlier?.ready !== true) mark('node ready', `node ${name} is Ready`);
      if (leaving && earlier?.leaving !== true) mark('node leaving', `Cluster Autoscaler removes node ${name}`);
    }
    for (const { name } of this.before.nodes) {
      if (nodes.some((node) => node.name === name)) continue;
      this.left.add(name);
      mark('node gone', `node ${name} is gone`);
    }
  }
}

type Mark = (kind: Kind, text: string) => void;

function sampleOf(seconds: number, phase: Phase, state: State, load: LoadTotals, target: number): Sample {
  const own = state.pods.filter((pod) => !pod.load && !pod.terminating);
  return {
    seconds: Math.round(seconds * 10) / 10,
    phase,
    cpu: state.hpa.cpu ?? null,
    target,
    desired: state.hpa.desired,
    pods: own.length,
    ready: own.filter(({ ready }) => ready).length,
    pending: own.filter(({ unschedulable }) => unschedulable !== undefined).length,
    pendingLoad: state.pods.filter((pod) => pod.load && pod.unschedulable !== undefined).length,
    nodes: state.nodes.length,
    readyNodes: state.nodes.filter(({ ready }) => ready).length,
    load,
  };
}

function merged(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const record of records) {
    for (const [key, count] of Object.entries(record)) sums[key] = (sums[key] ?? 0) + count;
  }
  return sums;
}
