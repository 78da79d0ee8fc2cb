import { fixtureOf } from '../support/fixture';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

/** Values of a property anywhere in the properties of the resources. */
function valuesOf(resources: ReturnType<typeof resourcesOf>, name: string): string[] {
  const text = JSON.stringify(resources.map(([, , { Properties }]) => Properties));
  return [...text.matchAll(new RegExp(`"${name}":("?[\\w]+"?|\\[[^\\]]*\\])`, 'g'))].map(([, value = '']) => value);
}

const unique = (values: readonly string[]) => [...new Set(values)];

test('basic observability leaves out all that is measured for money', () => {
  const { 'with basic observability': basic } = variants();
  if (basic === undefined) throw new Error('The variant is missing.');
  const resources = resourcesOf(synthesized(basic));
  expect(unique(valuesOf(resources, 'MetricsEnabled'))).toEqual(['false']);
  expect(unique(valuesOf(resources, 'DetailedMetricsEnabled'))).toEqual(['false']);
  expect(unique(valuesOf(resources, 'TracingEnabled'))).toEqual(['false']);
  const tracing = resources.flatMap(([, , { Type, Properties }]) =>
    Type === 'AWS::Lambda::Function' ? (Properties?.['TracingConfig'] ?? []) : [],
  );
  expect(tracing).toEqual([{ Mode: 'PassThrough' }, { Mode: 'PassThrough' }, { Mode: 'PassThrough' }]);
  const machines = resources.filter(([, , { Type }]) => Type === 'AWS::StepFunctions::StateMachine');
  expect(machines.map(([, , { Properties }]) => Properties?.['TracingConfiguration'])).toEqual([{ Enabled: false }]);
  // A function in PassThrough follows the trace of its caller, and so keeps the rights.
  const recording = resources.filter(([, , resource]) => JSON.stringify(resource).includes('xray:'));
  expect(unique(recording.map(([stack]) => stack)).sort()).toEqual(['Function', 'WebSocketApi']);
  const clusters = resources.filter(([, , { Type }]) => Type === 'AWS::ECS::Cluster');
  expect(clusters.map(([, , { Properties }]) => Properties?.['ClusterSettings'])).toEqual(
    clusters.map(() => [{ Name: 'containerInsights', Value: 'disabled' }]),
  );
  // The property is there, because without it an update would keep the logs.
  const [eks] = resources.filter(([, , { Type }]) => Type === 'AWS::EKS::Cluster');
  expect(eks?.[2].Properties?.['Logging']).toEqual({ ClusterLogging: { EnabledTypes: [] } });
});

test('full observability, which is the default, measures all of that', () => {
  const resources = resourcesOf(synthesized(fixtureOf('trial', { kubernetes: 'true' })));
  for (const name of ['MetricsEnabled', 'DetailedMetricsEnabled', 'TracingEnabled']) {
    expect(unique(valuesOf(resources, name))).toEqual(['true']);
  }
  const [machine] = Object.values(
    synthesized(variants()['that sleeps'] ?? fixtureOf('trial'))['Sleep']?.findResources(
      'AWS::StepFunctions::StateMachine',
    ) ?? {},
  );
  expect(machine?.['Properties'].TracingConfiguration).toEqual({ Enabled: true });
  expect(valuesOf(resources, 'Mode').filter((mode) => mode === '"Active"')).toHaveLength(3);
  const [eks] = resources.filter(([, , { Type }]) => Type === 'AWS::EKS::Cluster');
  expect(JSON.stringify(eks?.[2].Properties?.['Logging'])).toContain('audit');
});
