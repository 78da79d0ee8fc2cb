import { readFileSync } from 'node:fs';
import { KUBERNETES_VERSION } from '../../lib/kubernetes-release';
import { KubernetesObject, manifestsOf, problemsOf, SCHEMA_VERSION, synthesize } from './manifests';

const manifests = manifestsOf(synthesize());

/** The objects, with the one of a kind changed. */
function changed(kind: string, change: (spec: unknown) => void): KubernetesObject[] {
  const copies: KubernetesObject[] = JSON.parse(JSON.stringify(manifests.filter((object) => object.kind === kind)));
  for (const { spec } of copies) change(spec);
  return copies;
}

/** A value within nested objects and lists. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
}

const set = (value: unknown, key: string, to: unknown) => Reflect.set(Object(value), key, to);

test('every object of the workload is one that Kubernetes 1.36 knows', () => {
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
    (spec) => set(at(spec, 'template', 'spec', 'containers', 0), 'livenesProbe', {}),
    'Deployment /spec/template/spec/containers/0/livenesProbe is not known',
  ],
  [
    'an unknown field deep in a list',
    'HorizontalPodAutoscaler',
    (spec) => set(at(spec, 'metrics', 0, 'resource', 'target'), 'averageUtilisation', 70),
    'HorizontalPodAutoscaler /spec/metrics/0/resource/target/averageUtilisation is not known',
  ],
  [
    'a field that went with 1.36',
    'Deployment',
    (spec) => set(at(spec, 'template', 'spec'), 'workloadRef', { name: 'x', podGroup: 'y' }),
    'Deployment /spec/template/spec/workloadRef is not known',
  ],
  [
    'a value of another type',
    'Service',
    (spec) => set(at(spec, 'ports', 0), 'nodePort', '30080'),
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

test('accepts a field that came with 1.36', () => {
  const grouped = changed('Deployment', (spec) =>
    set(at(spec, 'template', 'spec'), 'schedulingGroup', { podGroupName: 'x' }),
  );
  expect(problemsOf(grouped)).toEqual([]);
});

test.each(['extensions/v1beta2', 'apps/v9', 'autoscaling/v2beta3'])(
  'refuses a kind of a version that is none: %s',
  (apiVersion) => {
    expect(problemsOf([{ apiVersion, kind: 'Deployment' }])).toEqual([`${apiVersion} Deployment: no such kind`]);
  },
);

test('every container requests CPU and memory, and no Deployment has replicas beside its autoscaler [E5]', () => {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const targets = manifests
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .map(({ spec }) => at(spec, 'scaleTargetRef', 'name'));
  expect(deployments.map(({ metadata }) => at(metadata, 'name'))).toEqual(targets);
  for (const { spec } of deployments) {
    expect(spec).not.toHaveProperty('replicas');
    for (const container of Object(at(spec, 'template', 'spec', 'containers'))) {
      expect(container.resources.requests).toEqual({ cpu: expect.anything(), memory: expect.anything() });
    }
  }
});

test('no service is a load balancer of its own, which would outlive the cluster [E3]', () => {
  const types = manifests.filter(({ kind }) => kind === 'Service').map(({ spec }) => at(spec, 'type'));
  expect(types).toEqual(['NodePort']);
});

test('pods are killed after the container has given up by itself', () => {
  const server = readFileSync('container/src/server.ts', 'utf8');
  const [, stopTimeout = ''] = server.match(/'STOP_TIMEOUT_MS', ([\d_]+)/) ?? [];
  const [pod] = manifests.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => at(spec, 'template', 'spec'));
  const pause = Number(at(pod, 'containers', 0, 'lifecycle', 'preStop', 'sleep', 'seconds'));
  const grace = Number(at(pod, 'terminationGracePeriodSeconds'));
  expect(grace - pause).toBeGreaterThan(Number(stopTimeout.replace('_', '')) / 1_000);
});
