import { plot } from '../../kubernetes-load/plot';
import { readState, readWorkload } from '../../kubernetes-load/state';
import { Timeline, totalsOf } from '../../kubernetes-load/timeline';
import { CHAIN, stateJson, workloadJson } from './cluster';

const workload = readWorkload(workloadJson(), 'history', 'history');
const [first, ...rest] = CHAIN.map((frame) => readState(stateJson(frame), workload));

test('draws replicas, pods, nodes and CPU against the target, with numbered events, into one SVG document', () => {
  if (!first) throw new Error('no frame');
  const load = totalsOf([]);
  const timeline = new Timeline(workload, first);
  for (const [index, state] of rest.entries()) timeline.add((index + 1) * 60, 'load', state, load);
  const { samples, events } = timeline;
  const svg = plot({ workload, samples, events, load, startedAt: '2026-11-25T10:20:30.000Z' });
  expect(svg).toMatch(/^<svg .*<\/svg>$/s);
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(texts).toEqual(
    expect.arrayContaining([
      'history: load, pods and nodes, 2026-11-25 10:20 UTC',
      'CPU of the request',
      'CPU target',
      'replicas wanted by the HPA',
      'pods ready',
      'pods Pending',
      'nodes Ready',
      'minutes since the start',
    ]),
  );
  expect(texts.join('\n')).toMatch(/\d+\. {2}8:00 {2}node node-2 joined/);
  expect(svg).not.toMatch(/NaN|undefined/);
});
