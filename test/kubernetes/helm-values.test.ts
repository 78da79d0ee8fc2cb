import { KUBERNETES_VERSION, kubernetesRelease } from '../../lib/kubernetes-release';
import documented from './fixtures/cluster-autoscaler.json';
import { helmChartsOf, problemsOf, synthesize } from './manifests';

const [chart, ...others] = helmChartsOf(synthesize());
const values = chart?.values ?? {};

const types = new Map(Object.entries(documented.chart.values));

/**
 * Values whose name or type the documentation of the chart does not have. Everything inside a documented object is
 * accepted.
 */
function mistakesOf(value: object, path: string[] = []): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = [...path, key].join('.');
    const type = types.get(name);
    if (type !== undefined) return type === typeOf(inner) ? [] : [`${name} is documented as ${type}`];
    return typeOf(inner) === 'object' ? mistakesOf(inner, [...path, key]) : [`${name} is not documented`];
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? 'int' : typeof value;
}

test('the template has one chart, in the version whose documentation is in the fixture', () => {
  expect(chart?.version).toBe(documented.chart.version);
  expect(others).toEqual([]);
});

test('every value has a documented name and the documented type', () => {
  expect(mistakesOf(values)).toEqual([]);
});

test.each([
  [{ replicas: 2 }, 'replicas is not documented'],
  [{ rbac: { serviceAccount: { nmae: 'x' } } }, 'rbac.serviceAccount.nmae is not documented'],
  [{ image: { tag: 1.36 } }, 'image.tag is documented as string'],
  [{ topologySpreadConstraints: {} }, 'topologySpreadConstraints is documented as list'],
])('refuses %j', (mistaken, problem) => {
  expect(mistakesOf(mistaken)).toEqual([problem]);
});

test('every flag exists in the deployed version of Cluster Autoscaler [E7]', () => {
  const { extraArgs } = values;
  expect(Object.keys(extraArgs ?? {}).filter((flag) => !documented.flags.names.includes(flag))).toEqual([]);
  expect(kubernetesRelease(KUBERNETES_VERSION).clusterAutoscalerTag).toBe(`v${documented.flags.version}`);
});

test('Kubernetes knows every field that the chart copies into its objects', () => {
  const { podDisruptionBudget, securityContext, containerSecurityContext, resources } = values;
  const { podAnnotations: annotations, topologySpreadConstraints } = values;
  const metadata = { name: 'cluster-autoscaler' };
  const pod = {
    securityContext,
    topologySpreadConstraints,
    containers: [{ name: 'cluster-autoscaler', securityContext: containerSecurityContext, resources }],
  };
  expect(
    problemsOf([
      { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, annotations }, spec: pod },
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: podDisruptionBudget },
    ]),
  ).toEqual([]);
});

test('every container requests CPU and memory [E5]', () => {
  expect(values).toMatchObject({ resources: { requests: { cpu: expect.any(String), memory: expect.any(String) } } });
});
