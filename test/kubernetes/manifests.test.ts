import { readFileSync } from 'node:fs';
import { KUBERNETES_VERSION } from '../../lib/kubernetes-release';
import { KubernetesObject, manifestsOf, problemsOf, SCHEMA_VERSION, synthesize } from './manifests';

const manifests = manifestsOf(synthesize());

/** Copies of the objects of a kind, with a change to the spec of each. */
function changed(kind: string, change: (spec: unknown) => void): KubernetesObject[] {
  const copies: KubernetesObject[] = JSON.parse(JSON.stringify(manifests.filter((object) => object.kind === kind)));
  for (const { spec } of copies) change(spec);
  return copies;
}

/** The value at a path within nested objects and lists. */
function valueAt(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
}

const set = (object: unknown, key: string, value: unknown) => Reflect.set(Object(object), key, value);

test('Kubernetes 1.36 knows every object and field of the workload', () => {
  expect(manifests.map(({ kind }) => kind)).toEqual([
    'Namespace',
    'NetworkPolicy',
    'ServiceAccount',
    'Service',
    'PodDisruptionBudget',
    'Deployment',
    'HorizontalPodAutoscaler',
  ]);
  expect(problemsOf(manifests)).toEqual([]);
  expect(SCHEMA_VERSION).toBe(KUBERNETES_VERSION);
});

test.each<[string, string, (spec: unknown) => unknown, string]>([
  [
    'an unknown field of a container',
    'Deployment',
    (spec) => set(valueAt(spec, 'template', 'spec', 'containers', 0), 'livenesProbe', {}),
    'Deployment /spec/template/spec/containers/0/livenesProbe is not known',
  ],
  [
    'an unknown field deep in a list',
    'HorizontalPodAutoscaler',
    (spec) => set(valueAt(spec, 'metrics', 0, 'resource', 'target'), 'averageUtilisation', 70),
    'HorizontalPodAutoscaler /spec/metrics/0/resource/target/averageUtilisation is not known',
  ],
  [
    'a field that 1.36 has removed',
    'Deployment',
    (spec) => set(valueAt(spec, 'template', 'spec'), 'workloadRef', { name: 'x', podGroup: 'y' }),
    'Deployment /spec/template/spec/workloadRef is not known',
  ],
  [
    'a value of another type',
    'Service',
    (spec) => set(valueAt(spec, 'ports', 0), 'nodePort', '30080'),
    'Service /spec/ports/0/nodePort type {"type":"integer"}',
  ],
  [
    'a missing selector',
    'Deployment',
    (spec) => set(spec, 'selector', undefined),
    'Deployment /spec required {"missingProperty":"selector"}',
  ],
  [
    'a missing target',
    'HorizontalPodAutoscaler',
    (spec) => set(spec, 'scaleTargetRef', undefined),
    'HorizontalPodAutoscaler /spec required {"missingProperty":"scaleTargetRef"}',
  ],
])('refuses %s', (_, kind, change, problem) => {
  expect(problemsOf(changed(kind, change))).toEqual([problem]);
});

test('accepts a field that 1.36 has added', () => {
  const grouped = changed('Deployment', (spec) =>
    set(valueAt(spec, 'template', 'spec'), 'schedulingGroup', { podGroupName: 'x' }),
  );
  expect(problemsOf(grouped)).toEqual([]);
});

test.each(['extensions/v1beta2', 'apps/v9', 'autoscaling/v2beta3'])(
  'refuses a kind of the unknown API version %s',
  (apiVersion) => {
    expect(problemsOf([{ apiVersion, kind: 'Deployment' }])).toEqual([`${apiVersion} Deployment: no such kind`]);
  },
);

test('every container requests CPU and memory, and no Deployment with an autoscaler sets its replicas [E5]', () => {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const targets = manifests
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .map(({ spec }) => valueAt(spec, 'scaleTargetRef', 'name'));
  expect(deployments.map(({ metadata }) => valueAt(metadata, 'name'))).toEqual(targets);
  for (const { spec } of deployments) {
    expect(spec).not.toHaveProperty('replicas');
    for (const container of Object(valueAt(spec, 'template', 'spec', 'containers'))) {
      expect(container.resources.requests).toEqual({ cpu: expect.anything(), memory: expect.anything() });
    }
  }
});

test('no Service creates a load balancer, because that load balancer would outlive the cluster [E3]', () => {
  const types = manifests.filter(({ kind }) => kind === 'Service').map(({ spec }) => valueAt(spec, 'type'));
  expect(types).toEqual(['NodePort']);
});

test('Kubernetes kills a pod only after the stop timeout of its container', () => {
  const server = readFileSync('container/src/server.ts', 'utf8');
  const [, stopTimeout = ''] = server.match(/'STOP_TIMEOUT_MS', ([\d_]+)/) ?? [];
  const [pod] = manifests
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ spec }) => valueAt(spec, 'template', 'spec'));
  const pause = Number(valueAt(pod, 'containers', 0, 'lifecycle', 'preStop', 'sleep', 'seconds'));
  const grace = Number(valueAt(pod, 'terminationGracePeriodSeconds'));
  expect(grace - pause).toBeGreaterThan(Number(stopTimeout.replace('_', '')) / 1_000);
});
