import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../../../local/kubernetes/api';
import { clusterAutoscaler, prove } from '../../../local/kubernetes/proof';

const metadata = { name: 'history' };
const requests = { cpu: '250m', memory: '256Mi' };
const policies = [{ type: 'Pods', value: 1, periodSeconds: 15 }];
const cluster = {
  version: '1.36',
  charts: ['cluster-autoscaler'],
  nodeGroup: { amiType: '', instanceTypes: ['t4g.medium'], minSize: 2, maxSize: 4, labels: {}, zones: 2 },
  objects: [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { template: { spec: { containers: [{ resources: { requests } }] } } },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: {
        minReplicas: 2,
        maxReplicas: 20,
        scaleTargetRef: metadata,
        metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
        behavior: { scaleUp: { policies }, scaleDown: { policies } },
      },
    },
  ],
};

test('a control plane that ends is a row that failed, and the last step that is tried', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pki-'));
  for (const name of ['ca.crt', 'admin.crt', 'admin.key']) writeFileSync(join(folder, name), '');
  const plane = {
    api: new Api(1, folder),
    kubectl: () => new Promise<never>(() => undefined),
    ended: Promise.resolve('etcd ended (exit code 137)'),
  };
  const say = { step: jest.fn(), status: jest.fn(), line: jest.fn() };
  expect(await prove(plane, cluster, say)).toMatchObject([
    { step: 'apply', verdict: 'FAIL', detail: 'The control plane is gone: etcd ended (exit code 137)' },
    { step: 'cluster autoscaler', verdict: 'not proven here' },
  ]);
});

test('what was checked instead of Cluster Autoscaler is only what passed', () => {
  const row = { proves: '', result: '' };
  const rows = [
    { ...row, step: 'pending', verdict: 'pass' as const },
    { ...row, step: 'node', verdict: 'FAIL' as const },
    { ...row, step: 'load', verdict: 'pass' as const },
  ];
  expect(clusterAutoscaler(rows, cluster).detail).toMatch(
    /Checked instead: the condition of pods that makes it add a node \(pending\)\. What is in the Helm chart/,
  );
  expect(clusterAutoscaler([], cluster).detail).toMatch(/Checked instead: nothing\. /);
});
