import type { LoadReport } from '../../../container/src/load';
import { readState, readWorkload } from '../../kubernetes-load/state';
import { type LoadTotals, readReports, Timeline, totalsOf } from '../../kubernetes-load/timeline';
import { REACHED, verdicts } from '../../kubernetes-load/verdicts';
import { CHAIN, type Frame, log, stateJson, workloadJson } from './cluster';

const workload = readWorkload(workloadJson(), 'history', 'history');
const NONE = totalsOf([]);

/** A run with these frames, 10 s apart. The load ends with the frame in which its pod has succeeded. */
function seen(frames: readonly Frame[], change: Partial<LoadTotals> = {}, stopped = false) {
  const [first, ...rest] = frames.map((frame) => readState(stateJson(frame), workload));
  if (!first) throw new Error('no frame');
  const timeline = new Timeline(workload, first);
  const reports = new Map<string, LoadReport>();
  const end = frames.findIndex(({ load }) => load === 'Succeeded');
  for (const [index, state] of rest.entries()) {
    const frame = frames[index + 1];
    if (frame?.load && frame.load !== 'Pending') readReports(log(frame), reports);
    timeline.add((index + 1) * 10, end >= 0 && index + 1 > end ? 'shrink' : 'load', state, totalsOf(reports.values()));
  }
  const { facts, samples, events } = timeline;
  const load = { ...totalsOf(reports.values()), ...change };
  const observed = { workload, facts, samples, load, loadPods: 1, stopped };
  const rows = verdicts(observed);
  return {
    observed,
    events,
    samples,
    details: Object.fromEntries(rows.map(({ link, detail }) => [link, detail])),
    rows,
  };
}

const shown = (rows: ReturnType<typeof verdicts>) => rows.filter((row) => row.shown).map(({ link }) => link);

test('lists the events with their times, in the order of the chain', () => {
  const { events } = seen(CHAIN);
  const firsts = events.filter(({ kind }, index) => events.findIndex((event) => event.kind === kind) === index);
  expect(firsts.map(({ seconds, kind }) => [seconds, kind])).toEqual([
    [10, 'load pods pending'],
    [20, 'load started'],
    [30, 'cpu above target'],
    [30, 'scaled up'],
    [50, 'pods pending'],
    [60, 'scale-up triggered'],
    [80, 'node joined'],
    [80, 'node ready'],
    [90, 'pending pod runs'],
    [90, 'none pending'],
    [110, 'cpu below target'],
    [130, 'scaled down'],
    [140, 'at minimum'],
    [150, 'node gone'],
  ]);
  expect(events.find(({ kind }) => kind === 'load pods pending')?.text).toMatch(/also asks for a node/);
});

test('shows every link of the chain when all links were observed', () => {
  const { rows, details } = seen(CHAIN);
  expect(rows.filter((row) => !row.shown)).toEqual([]);
  expect(details['HPA raised the replicas']).toBe('2 -> 20 of at most 20');
  expect(details['pending pods ran there']).toMatch(/^8 pods/);
  expect(details['no request lost']).toBe('2400 of 2400 requests were answered with 2xx');
});

test('says that no node was needed when all pods fitted', () => {
  const { rows, details } = seen(CHAIN.map((frame) => ({ ...frame, pending: 0, nodes: 2, says: undefined })));
  expect(shown(rows)).toEqual([
    REACHED,
    'Metrics Server reported it',
    'HPA raised the replicas',
    'load fell and HPA lowered the replicas',
    'no request lost',
  ]);
  expect(details['pods were Pending for lack of room']).toMatch(/only load pods of this run had no room/);
  expect(details['Cluster Autoscaler added a node']).toBe('all pods fitted: no node was needed');
  expect(details['nodes shrank']).toBe('no node had joined');
});

test('does not attribute a node to Cluster Autoscaler that it has not requested', () => {
  const { rows, details } = seen(CHAIN.map((frame) => ({ ...frame, says: undefined })));
  expect(shown(rows)).not.toContain('Cluster Autoscaler added a node');
  expect(details['Cluster Autoscaler added a node']).toBe(
    'node-2, node-3 joined, but there is no event TriggeredScaleUp of Cluster Autoscaler',
  );
});

test('distinguishes a refusal of Cluster Autoscaler from its silence', () => {
  const stuck = (says?: 'NotTriggerScaleUp') =>
    seen(CHAIN.slice(0, 8).map((frame) => ({ ...frame, says: frame.pending === 8 ? says : undefined }))).details;
  expect(stuck('NotTriggerScaleUp')['Cluster Autoscaler added a node']).toMatch(/^it added none: /);
  expect(stuck()['Cluster Autoscaler added a node']).toMatch(
    /there is no event of Cluster Autoscaler: is it running\? See "Pods Pending"/,
  );
});

test('counts a failed request as lost, with its reason', () => {
  const { rows, details } = seen(CHAIN, { failed: 3, statuses: { 200: 2400, 503: 2 }, errors: { ECONNRESET: 1 } });
  expect(shown(rows)).not.toContain('no request lost');
  expect(details['no request lost']).toMatch(/3 failed \(503: 2, ECONNRESET: 1\)/);
});

test('does not claim that no request was lost without the last line of each load pod', () => {
  const { rows, details } = seen(CHAIN.slice(0, 10), {}, true);
  expect(shown(rows)).not.toContain('no request lost');
  expect(details['no request lost']).toMatch(
    /^no reported request failed, but 1 of 1 load pods ended before their last line/,
  );
  expect(details['load fell and HPA lowered the replicas']).toMatch(/^stopped before/);
});

test('shows no link where the load reached no pod', () => {
  const idle = CHAIN.slice(0, 3).map((frame) => ({ ...frame, answered: 0 }));
  const { rows, details } = seen(idle, { sent: 9, failed: 9, errors: { ETIMEDOUT: 9 } });
  expect(shown(rows)).toEqual([]);
  expect(details[REACHED]).toMatch(/none of 9 requests was answered: 9 failed \(ETIMEDOUT: 9\)\. A NetworkPolicy/);
  expect(details['HPA raised the replicas']).toBe('CPU never exceeded the target of 70 %: raise --workers');
});

test('does not count terminating pods', () => {
  const busy: Frame = { cpu: 90, desired: 12, running: 10, pending: 2, nodes: 2 };
  const { samples, observed } = seen([CHAIN[0] ?? busy, { ...busy, ending: 4 }]);
  expect(samples.at(-1)).toMatchObject({ pods: 8, ready: 8, pending: 0 });
  expect(observed.facts.unschedulable.size).toBe(0);
});

test('shows no fall of the load during the load, even if the HPA has lowered the replicas', () => {
  const { rows } = seen([...CHAIN.slice(0, 10), { ...CHAIN[9], desired: 12, running: 12, nodes: 4 }]);
  expect(shown(rows)).toContain('HPA raised the replicas');
  expect(shown(rows)).not.toContain('load fell and HPA lowered the replicas');
});

test.each([
  ['0/2 nodes are available: 2 Too many pods.', true, /^1 pods: .*Too many pods/],
  ['0/2 nodes are available: 2 node(s) had untolerated taint(s).', false, /for another reason: .*untolerated/],
])('takes "%s" for a lack of room: %s', (reason, is, detail) => {
  const { observed } = seen(CHAIN);
  const facts = { ...observed.facts, unschedulable: new Map([['uid', reason]]) };
  const row = verdicts({ ...observed, facts }).find(({ link }) => link === 'pods were Pending for lack of room');
  expect(row).toMatchObject({ shown: is, detail: expect.stringMatching(detail) });
});

test('ignores events of Cluster Autoscaler from before the run', () => {
  const json = stateJson({ cpu: 1, desired: 2, running: 2, nodes: 2, says: 'TriggeredScaleUp' });
  const timeline = new Timeline(workload, readState(json, workload));
  timeline.add(10, 'load', readState(json, workload), NONE);
  expect(timeline.facts.triggered).toEqual([]);
});

test('adds up the last reports of the load pods, whatever else is in their logs', () => {
  const reports = new Map<string, LoadReport>();
  const line = (source: string, answered: number, done = false) =>
    log({ desired: 2, running: 2, nodes: 2, answered, load: done ? 'Succeeded' : 'Running' }).replace('JOB-0', source);
  for (const text of [line('a', 10), line('b', 20), line('a', 30, true), line('a', 10)]) readReports(text, reports);
  expect(totalsOf(reports.values())).toMatchObject({
    sent: 50,
    answered: 50,
    failed: 0,
    statuses: { 200: 50 },
    p99: 840,
    finished: 1,
  });
});
