import { chmodSync, copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Kubectl } from '../../kubernetes-load/kubectl';
import { MANAGED_BY } from '../../kubernetes-load/state';

/** One observation of the cluster in these tests. */
export interface Frame {
  /** Percent; undefined while the HPA has no metrics. */
  readonly cpu?: number;
  readonly desired: number;
  /** Pods of the workload that run, six on a node, and pods without a node. */
  readonly running: number;
  readonly pending?: number;
  /** Number of these pods that are terminating, from the last one on. */
  readonly ending?: number;
  readonly nodes: number;
  /** State of the load pod. @default there is no load pod */
  readonly load?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** Counts of the load pod. */
  readonly answered?: number;
  readonly failed?: number;
  /** An event of Cluster Autoscaler. */
  readonly says?: 'TriggeredScaleUp' | 'NotTriggerScaleUp';
}

export const NO_ROOM = '0/2 nodes are available: 2 Insufficient cpu.';

/** The complete chain: load, twenty pods on two more nodes, and back. */
export const CHAIN: readonly Frame[] = [
  { cpu: 1, desired: 2, running: 2, nodes: 2 },
  { cpu: 1, desired: 2, running: 2, nodes: 2, load: 'Pending' },
  { cpu: 1, desired: 2, running: 2, nodes: 2, load: 'Running', answered: 40 },
  { cpu: 180, desired: 6, running: 2, nodes: 2, load: 'Running', answered: 160 },
  { cpu: 180, desired: 6, running: 6, nodes: 2, load: 'Running', answered: 320 },
  { cpu: 150, desired: 13, running: 12, pending: 1, nodes: 2, load: 'Running', answered: 600 },
  {
    cpu: 140,
    desired: 20,
    running: 12,
    pending: 8,
    nodes: 2,
    load: 'Running',
    answered: 900,
    says: 'TriggeredScaleUp',
  },
  { cpu: 140, desired: 20, running: 12, pending: 8, nodes: 2, load: 'Running', answered: 1_200 },
  { cpu: 138, desired: 20, running: 12, pending: 8, nodes: 4, load: 'Running', answered: 1_500 },
  { cpu: 96, desired: 20, running: 20, nodes: 4, load: 'Running', answered: 2_000 },
  { cpu: 92, desired: 20, running: 20, nodes: 4, load: 'Succeeded', answered: 2_400 },
  { cpu: 40, desired: 20, running: 20, nodes: 4 },
  { cpu: 2, desired: 20, running: 20, nodes: 4 },
  { cpu: 1, desired: 10, running: 10, nodes: 4 },
  { cpu: 1, desired: 2, running: 2, nodes: 4 },
  { cpu: 1, desired: 2, running: 2, nodes: 3 },
  { cpu: 1, desired: 2, running: 2, nodes: 2 },
];

/** `kubectl get … -o json` of a frame. */
export function stateJson(frame: Frame): string {
  const { running, pending = 0, ending = 0, nodes, load, says } = frame;
  const own = Array.from({ length: running + pending }, (_, index) =>
    pod(
      `history-${index}`,
      { app: 'history' },
      index < running ? 'Running' : 'Pending',
      `node-${Math.floor(index / 6)}`,
      index >= running + pending - ending,
    ),
  );
  return list([
    hpa(frame),
    ...own,
    ...(load ? [pod('JOB-0', { 'app.kubernetes.io/managed-by': MANAGED_BY }, load, 'node-0')] : []),
    ...Array.from({ length: nodes }, (_, index) => ({
      kind: 'Node',
      metadata: { name: `node-${index}` },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })),
    ...(says
      ? [
          {
            kind: 'Event',
            metadata: { uid: says },
            reason: says,
            message: `pod triggered scale-up: [{nodes 2->4 (max: 4)}]`,
          },
        ]
      : []),
  ]);
}

/** The log of the load pod of a frame. */
export function log({ answered = 0, failed = 0, load }: Frame): string {
  const report = {
    source: 'JOB-0',
    seconds: answered / 10,
    sent: answered + failed,
    answered,
    failed,
    statuses: { 200: answered },
    errors: failed === 0 ? {} : { ECONNRESET: failed },
    rate: 28.4,
    p50: 210,
    p99: 840,
    done: load === 'Succeeded',
  };
  return `something else\n${JSON.stringify(report)}\n`;
}

export interface WorkloadOptions {
  readonly without?: 'Deployment' | 'HorizontalPodAutoscaler' | 'Service';
  readonly image?: string;
  readonly requests?: Record<string, string>;
  readonly cpu?: number;
  readonly running?: boolean;
}

/** `kubectl get … -o json` of the deployed workload. */
export function workloadJson(options: WorkloadOptions = {}): string {
  const { without, image = 'registry/history:1', requests = { cpu: '250m' }, running = false } = options;
  return list(
    [
      {
        kind: 'Deployment',
        metadata: { name: 'history' },
        spec: {
          selector: { matchLabels: { app: 'history' } },
          template: {
            metadata: { labels: { app: 'history' } },
            spec: {
              nodeSelector: { 'kubernetes.io/arch': 'arm64' },
              containers: [{ name: 'history', image, resources: { requests } }],
            },
          },
        },
      },
      hpa({ cpu: 'cpu' in options ? options.cpu : 1, desired: 2, running: 2, nodes: 2 }),
      { kind: 'Service', metadata: { name: 'other' }, spec: { selector: { app: 'other' }, ports: [{ port: 81 }] } },
      { kind: 'Service', metadata: { name: 'history' }, spec: { selector: { app: 'history' }, ports: [{ port: 80 }] } },
      ...(running
        ? [
            {
              kind: 'Job',
              metadata: { name: 'history-load-1', labels: { 'app.kubernetes.io/managed-by': MANAGED_BY } },
              status: { active: 1 },
            },
          ]
        : []),
    ].filter(({ kind }) => kind !== without),
  );
}

/** Creates a folder with a kubectl that replays these frames, and writes its calls to the file `calls`. */
export function replay(frames: readonly Frame[], fails: readonly number[] = []): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kubectl-'));
  copyFileSync(path.join(__dirname, 'kubectl'), path.join(folder, 'kubectl'));
  chmodSync(path.join(folder, 'kubectl'), 0o755);
  writeFileSync(path.join(folder, 'workload.json'), workloadJson());
  for (const [index, frame] of frames.entries()) {
    writeFileSync(path.join(folder, `state-${index}.json`), stateJson(frame));
    writeFileSync(path.join(folder, `log-${index}`), log(frame));
  }
  for (const index of fails) writeFileSync(path.join(folder, `fails-${index}`), '');
  return folder;
}

/**
 * The same as a function: no process for each look.
 *
 * @param fails how often a look fails before it shows the frame of this index
 * @param mute frames of which the log is not given
 */
export function cluster(frames: readonly Frame[], fails: Readonly<Record<number, number>> = {}, mute: number[] = []) {
  const left = { ...fails };
  const calls: string[] = [];
  let next = 0;
  let job = '';
  const kubectl: Kubectl = async (args, input = '') => {
    calls.push(args.join(' '));
    const [verb, what = ''] = args;
    const index = Math.min(next, frames.length - 1);
    const frame = frames[verb === 'logs' ? next - 1 : index] ?? { desired: 2, running: 2, nodes: 2 };
    if (verb === 'create') job = JSON.parse(input).metadata.name;
    if (verb === 'logs' && mute.includes(next - 1)) throw new Error('no log');
    if (verb === 'logs') return log(frame).replaceAll('JOB', job);
    if (verb === 'delete') job = '';
    if (verb !== 'get') return '';
    if (what.startsWith('deployments')) return workloadJson();
    const failing = left[index] ?? 0;
    left[index] = failing - 1;
    if (failing > 0) throw new Error('no look');
    next = index + 1;
    return stateJson(job === '' ? { ...frame, load: undefined } : frame).replaceAll('JOB', job);
  };
  return { kubectl, calls };
}

function hpa({ cpu, desired, running }: Frame) {
  return {
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'history' },
    spec: {
      minReplicas: 2,
      maxReplicas: 20,
      scaleTargetRef: { kind: 'Deployment', name: 'history' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
    status: {
      desiredReplicas: desired,
      currentReplicas: running,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }],
      conditions:
        cpu === undefined
          ? [
              {
                type: 'ScalingActive',
                status: 'False',
                reason: 'FailedGetResourceMetric',
                message: 'no metrics returned',
              },
            ]
          : [{ type: 'ScalingActive', status: 'True' }],
    },
  };
}

function pod(name: string, labels: Record<string, string>, phase: string, node: string, ending = false) {
  const scheduled = phase !== 'Pending';
  return {
    kind: 'Pod',
    metadata: { name, uid: `uid-${name}`, labels, ...(ending && { deletionTimestamp: '2026-11-25T10:20:30Z' }) },
    spec: scheduled ? { nodeName: node } : {},
    status: {
      phase,
      conditions: scheduled
        ? [{ type: 'Ready', status: 'True' }]
        : [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: NO_ROOM }],
    },
  };
}

function list(items: readonly object[]): string {
  return JSON.stringify({ kind: 'List', items });
}
