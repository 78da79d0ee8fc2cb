import { smallestNode } from '../../../lib/kubernetes-sizing';
import {
  beyondPace,
  chainOf,
  faster,
  fastestPath,
  mebibytes,
  millis,
  predict,
  settleUnder,
  spread,
} from '../../kubernetes-proof/predictions';
import { fixtureCluster } from './fixture';

const up = {
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};
const down = { stabilizationWindowSeconds: 300, policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] };

const node = smallestNode(['t4g.medium']);
const chain = {
  pod: { cpuMillis: 250, memoryMiB: 256 },
  minPods: 2,
  maxPods: 20,
  targetCpuPercent: 70,
  minNodes: 2,
  maxNodes: 4,
};
/** The loads in docs/kubernetes.md. */
const LOADS = [0, 140, 700, 1_400, 2_100, 2_800, 3_500, 14_000];

test('reads the chain from the manifests', () => {
  expect(chainOf(fixtureCluster())).toEqual(chain);
});

test('chooses the greatest load that needs one node more than the minimum', () => {
  expect(predict(chain, node, LOADS)).toEqual({
    minReplicas: 2,
    podsPerNode: 7,
    targetPercent: 70,
    loadMillis: 2_800,
    replicas: 16,
  });
  // On at most three nodes, some of 20 pods would have no place.
  expect(predict({ ...chain, maxNodes: 3 }, node, LOADS)).toMatchObject({ loadMillis: 2_800, replicas: 16 });
  expect(predict({ ...chain, minNodes: 3 }, node, LOADS)).toMatchObject({ loadMillis: 14_000, replicas: 20 });
  expect(predict({ ...chain, maxPods: 12 }, node, LOADS)).toMatchObject({ loadMillis: 14_000, replicas: 12 });
});

test('fails where no load makes the group grow', () => {
  expect(() => predict({ ...chain, minNodes: 4 }, node, LOADS)).toThrow(
    /^None of the loads of docs\/kubernetes\.md .* needs 5 nodes, one more than the minimum of the group/,
  );
});

test.each(LOADS)('%dm lead to the documented pods even with the whole percentages of the autoscaler', (load) => {
  const { replicas } = settleUnder(load, chain, node);
  // Starts from one pod and repeats ceil(pods x percent / target), with the percentage cut to a whole number.
  let pods = 1;
  for (;;) {
    const percent = Math.floor((load * 100) / (pods * chain.pod.cpuMillis));
    const next = Math.min(chain.maxPods, Math.max(chain.minPods, Math.ceil((pods * percent) / chain.targetCpuPercent)));
    if (next <= pods) break;
    pods = next;
  }
  expect(pods).toBe(replicas);
});

test('finds changes beyond the most generous policy of a period', () => {
  const changes = [
    { at: 0, replicas: 2 },
    { at: 5, replicas: 6 },
    { at: 20, replicas: 12 },
    { at: 40, replicas: 24 },
  ];
  expect(beyondPace(changes, up)).toBeUndefined();
  expect(beyondPace([...changes, { at: 50, replicas: 30 }], up)).toBe('24 to 30, but the limit was 24');
  expect(beyondPace(changes, { ...up, selectPolicy: 'Min' })).toBe('2 to 6, but the limit was 4');
});

test('finds changes beyond the pace of scaling down, which rounds in favour of the change too', () => {
  const changes = [17, 8, 4, 2].map((replicas, index) => ({ at: 60 * index, replicas }));
  expect(beyondPace(changes, down)).toBeUndefined();
  expect(beyondPace([...changes, { at: 200, replicas: 1 }], down)).toBe('2 to 1, but the limit was 2');
});

test('computes the fastest path by the periods of the policy that applies', () => {
  expect(fastestPath(up, 2, 20)).toEqual([2, 6, 12, 20]);
  expect(fastestPath({ ...up, selectPolicy: 'Min' }, 2, 20)).toEqual([2, 4, 8, 12, 16, 20]);
  expect(fastestPath(down, 20, 2)).toEqual([20, 10, 5, 2]);
  const slowAndFast = { policies: [...down.policies, { type: 'Pods', value: 1, periodSeconds: 15 }] };
  expect(fastestPath(slowAndFast, 20, 2)).toEqual([20, 10, 9, 8, 7, 5, 4, 3, 2]);
  expect(fastestPath(up, 2, 2)).toEqual([2]);
});

test('fails for policies that never lead to the number', () => {
  const disabled = { ...down, selectPolicy: 'Disabled' };
  expect(() => fastestPath(disabled, 20, 2)).toThrow('The policies lead from 20 to 20 pods, but never to 2.');
  expect(() => fastestPath({ policies: [] }, 2, 20)).toThrow('The policies lead from 2 to 2 pods, but never to 20.');
  expect(
    beyondPace(
      [20, 19].map((replicas, at) => ({ at, replicas })),
      disabled,
    ),
  ).toBe('20 to 19, but the limit was 20');
});

test('divides the times of scaling down and nothing else', () => {
  expect(faster(down, 10)).toEqual({
    stabilizationWindowSeconds: 30,
    policies: [{ type: 'Percent', value: 50, periodSeconds: 6 }],
  });
});

test('divides a load in whole thousandths that add up to the load', () => {
  expect(spread(2_887, 3)).toEqual([962, 962, 963]);
  expect(spread(2_887, 0)).toEqual([]);
});

test('reads quantities, and fails for an unknown unit', () => {
  expect(['250m', '0.25', 2].map(millis)).toEqual([250, 250, 2_000]);
  expect(['256Mi', '1Gi', '1024Ki', 2 ** 20].map(mebibytes)).toEqual([256, 1_024, 1, 1]);
  expect(() => mebibytes('256M')).toThrow('"256M" is not in Ki, Mi, Gi or bytes.');
});
