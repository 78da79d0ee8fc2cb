import { loadJob, workersFor } from '../../kubernetes-load/job';
import { readWorkload } from '../../kubernetes-load/state';
import { workloadJson } from './cluster';

const workload = readWorkload(workloadJson(), 'history', 'history');
const job = loadJob(workload, { name: 'history-load-1', url: 'http://history/', workers: 60, seconds: 300 });
const pod = job.spec?.template.spec;
const [container] = pod?.containers ?? [];

test('sends enough concurrent requests to keep the maximum of pods above the target', () => {
  // 20 x 250m x 70 % are 3.5 cores.
  expect(workersFor({ max: 20, request: 0.25, target: 70 })).toBe(11);
  expect(workersFor({ max: 20, request: 0.25, target: 70, limit: 0.25 })).toBe(42);
  expect(workersFor({ max: 20, request: 0.25, target: 70, limit: 4 })).toBe(11);
});

test("runs the workload's image on nodes of the workload, and divides the workers between load pods", () => {
  expect(container?.image).toBe('registry/history:1');
  expect(container?.command).toEqual(['node', 'load.cjs']);
  expect(pod?.nodeSelector).toEqual(workload.placement.nodeSelector);
  expect([job.spec?.parallelism, job.spec?.completions]).toEqual([3, 3]);
  expect(container?.env).toEqual([
    { name: 'URL', value: 'http://history/' },
    { name: 'CONCURRENCY', value: '20' },
    { name: 'SECONDS', value: '300' },
    { name: 'RAMP_SECONDS', value: '60' },
  ]);
});

test('is allowed by the pod-security standard restricted', () => {
  expect(pod?.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect(container?.securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod?.automountServiceAccountToken).toBe(false);
});

test('takes little room, is tried once, and removes itself after a run without a cleanup', () => {
  expect(container?.resources).toEqual({
    requests: { cpu: '50m', memory: '64Mi' },
    limits: { cpu: '500m', memory: '128Mi' },
  });
  expect(job.spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 300, activeDeadlineSeconds: 660 });
  expect(pod?.restartPolicy).toBe('Never');
});

test('is neither a pod of the workload nor evicted by Cluster Autoscaler', () => {
  const { labels, annotations } = job.spec?.template.metadata ?? {};
  expect(labels).toMatchObject({ 'app.kubernetes.io/name': 'history-load' });
  expect(Object.keys(workload.selector).every((key) => labels?.[key] === workload.selector[key])).toBe(false);
  expect(annotations).toEqual({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' });
});
