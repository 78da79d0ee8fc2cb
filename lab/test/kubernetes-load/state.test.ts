import { readState, readWorkload } from '../../kubernetes-load/state';
import { CHAIN, type Frame, stateJson, type WorkloadOptions, workloadJson } from './cluster';

const workload = readWorkload(workloadJson(), 'history', 'history');
const frame = (of: Partial<Frame>): Frame => ({ cpu: 1, desired: 2, running: 2, nodes: 2, ...of });

test('reads the image, placement, requests, HPA and Service of the workload', () => {
  expect(workload).toMatchObject({
    image: 'registry/history:1',
    placement: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } },
    request: 0.25,
    limit: undefined,
    min: 2,
    max: 20,
    target: 70,
    downWindow: 300,
    address: 'http://history.history.svc:80',
  });
});

test.each<[string, WorkloadOptions, RegExp]>([
  ['no Deployment', { without: 'Deployment' }, /^Deployment history is not in namespace history\. .*--app NAME/],
  ['no HPA', { without: 'HorizontalPodAutoscaler' }, /^No HorizontalPodAutoscaler in .* scales Deployment history/],
  ['no image', { image: '' }, /^The image of Deployment history in namespace history is missing/],
  ['no requests', { requests: {} }, /requests no CPU.*"HPA unknown metrics" in docs\/kubernetes-operations\.md/],
  [
    'unknown metrics',
    { cpu: undefined },
    /has unknown metrics: FailedGetResourceMetric: no metrics returned See "HPA unknown metrics" in docs\/kubernetes-operations\.md/,
  ],
  [
    'a load that runs already',
    { running: true },
    /^Job history-load-1 .* kubectl delete job history-load-1 --namespace=history$/,
  ],
])('refuses %s and says what to do', (_, options, message) => {
  expect(() => readWorkload(workloadJson(options), 'history', 'history')).toThrow(message);
});

test('has no address without a Service that selects the pods', () => {
  expect(readWorkload(workloadJson({ without: 'Service' }), 'history', 'history').address).toBeUndefined();
});

test('distinguishes running pods from pods without room, and load pods from the workload', () => {
  const { pods, nodes, hpa } = readState(stateJson(frame({ running: 7, pending: 1, load: 'Pending' })), workload);
  expect(pods.map(({ load, ready, node }) => [load, ready, node])).toEqual([
    ...Array(6).fill([false, true, 'node-0']),
    [false, true, 'node-1'],
    [false, false, undefined],
    [true, false, undefined],
  ]);
  expect(pods.at(-2)?.unschedulable).toMatch(/Insufficient cpu/);
  expect(nodes).toEqual([0, 1].map((index) => ({ name: `node-${index}`, ready: true, leaving: false })));
  expect(hpa).toEqual({ cpu: 1, desired: 2, current: 7 });
});

/** An HPA that had metrics and has none now, for this reason. */
const inactive = (reason: string) =>
  stateJson(frame({ cpu: 40 })).replace(
    '"type":"ScalingActive","status":"True"',
    `"type":"ScalingActive","status":"False","reason":"${reason}","message":"so it says"`,
  );

test('reports no metrics, whatever the HPA had before', () => {
  expect(readState(inactive('FailedGetResourceMetric'), workload).hpa).toEqual({
    problem: 'FailedGetResourceMetric: so it says',
    desired: 2,
    current: 2,
  });
});

test('accepts an HPA that has nothing to scale', () => {
  expect(readState(inactive('ScalingDisabled'), workload).hpa).toEqual({ cpu: 40, desired: 2, current: 2 });
});

test('accepts a load that has ended', () => {
  const json = workloadJson({ running: true }).replace('"active":1', '"succeeded":1');
  expect(readWorkload(json, 'history', 'history')).toEqual(workload);
});

test('recognises terminating pods', () => {
  const { pods } = readState(stateJson(frame({ running: 3, ending: 1 })), workload);
  expect(pods.map(({ terminating }) => terminating)).toEqual([false, false, true]);
});

test('reads the events of Cluster Autoscaler about pods', () => {
  expect(readState(stateJson(CHAIN[6] ?? frame({})), workload).signals).toEqual([
    { id: 'TriggeredScaleUp/1', reason: 'TriggeredScaleUp', message: expect.stringContaining('2->4') },
  ]);
});
