import type { Cluster } from '../../../local/kubernetes/manifests';
import {
  beyondPace,
  faster,
  fastestPath,
  mebibytes,
  millis,
  predict,
  spread,
} from '../../../local/kubernetes/predictions';

const up = {
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};
const down = { stabilizationWindowSeconds: 300, policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] };

function cluster({ max = 20, cpu = '250m', minSize = 2 } = {}): Cluster {
  const metadata = { name: 'history' };
  const resources = { requests: { cpu, memory: '256Mi' } };
  return {
    version: '1.36',
    charts: [],
    nodeGroup: { amiType: '', instanceTypes: ['t4g.medium'], minSize, maxSize: 4, labels: {}, zones: 2 },
    objects: [
      { apiVersion: 'v1', kind: 'Deployment', metadata, spec: { template: { spec: { containers: [{ resources }] } } } },
      {
        apiVersion: 'v1',
        kind: 'HorizontalPodAutoscaler',
        metadata,
        spec: {
          minReplicas: 2,
          maxReplicas: max,
          scaleTargetRef: { name: 'history' },
          metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
          behavior: { scaleUp: up, scaleDown: down },
        },
      },
    ],
  };
}

test('finds a load that needs one node more than the least: usage over request x target, rounded up', () => {
  // 1930m less 150m for what runs on every node: 7 pods of 250m, 14 on two nodes.
  expect(predict(cluster())).toMatchObject({
    podsPerNode: 7,
    replicas: 17,
    pending: 3,
    loadMillis: 2_887,
    targetPercent: 70,
  });
  expect(Math.ceil(2_887 / (250 * 0.7))).toBe(17);
});

test('follows the manifests: larger pods, a lower maximum, more nodes', () => {
  expect(predict(cluster({ cpu: '0.5' }))).toMatchObject({ podsPerNode: 3, replicas: 7, pending: 1 });
  expect(predict(cluster({ max: 15 }))).toMatchObject({ replicas: 15, pending: 1 });
  expect(predict(cluster({ minSize: 3 }))).toMatchObject({ replicas: 20, pending: 0 });
});

test('knows the most generous policy of a period, and what is beyond it', () => {
  const changes = [
    { at: 0, replicas: 2 },
    { at: 5, replicas: 6 },
    { at: 20, replicas: 12 },
    { at: 40, replicas: 24 },
  ];
  expect(beyondPace(changes, up)).toBeUndefined();
  expect(beyondPace([...changes, { at: 50, replicas: 30 }], up)).toBe('24 to 30, where 24 was the limit');
  expect(beyondPace(changes, { ...up, selectPolicy: 'Min' })).toBe('2 to 6, where 4 was the limit');
});

test('knows the pace down, too, which rounds the same way', () => {
  const changes = [17, 8, 4, 2].map((replicas, index) => ({ at: 60 * index, replicas }));
  expect(beyondPace(changes, down)).toBeUndefined();
  expect(beyondPace([...changes, { at: 200, replicas: 1 }], down)).toBe('2 to 1, where 2 was the limit');
});

test('knows the fastest path, by each period of the policy that counts', () => {
  expect(fastestPath(up, 2, 20)).toEqual([2, 6, 12, 20]);
  expect(fastestPath({ ...up, selectPolicy: 'Min' }, 2, 20)).toEqual([2, 4, 8, 12, 16, 20]);
  expect(fastestPath(down, 20, 2)).toEqual([20, 10, 5, 2]);
  const slowAndFast = { policies: [...down.policies, { type: 'Pods', value: 1, periodSeconds: 15 }] };
  expect(fastestPath(slowAndFast, 20, 2)).toEqual([20, 10, 9, 8, 7, 5, 4, 3, 2]);
  expect(fastestPath(up, 2, 2)).toEqual([2]);
});

test('fails for policies that do not lead there', () => {
  const disabled = { ...down, selectPolicy: 'Disabled' };
  expect(() => fastestPath(disabled, 20, 2)).toThrow('The policies lead from 20 to 20 pods and never to 2.');
  expect(() => fastestPath({ policies: [] }, 2, 20)).toThrow('The policies lead from 2 to 2 pods and never to 20.');
  expect(
    beyondPace(
      [20, 19].map((replicas, at) => ({ at, replicas })),
      disabled,
    ),
  ).toBe('20 to 19, where 20 was the limit');
});

test('divides the times of scaling down and leaves the rest', () => {
  expect(faster(down, 10)).toEqual({
    stabilizationWindowSeconds: 30,
    policies: [{ type: 'Percent', value: 50, periodSeconds: 6 }],
  });
});

test('spreads a load in whole thousandths that add up to it', () => {
  expect(spread(2_887, 3)).toEqual([962, 962, 963]);
  expect(spread(2_887, 0)).toEqual([]);
});

test('reads quantities, and fails for a unit that it does not know', () => {
  expect(['250m', '0.25', 2].map(millis)).toEqual([250, 250, 2_000]);
  expect(['256Mi', '1Gi', '1024Ki', 2 ** 20].map(mebibytes)).toEqual([256, 1_024, 1, 1]);
  expect(() => mebibytes('256M')).toThrow('"256M" is not in Ki, Mi, Gi or bytes.');
});
