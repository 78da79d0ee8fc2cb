import { fixtureOf } from '../../../test/support/fixture';
import { stacksOf, stageOf } from '../../../test/support/stage';
import { isStackOf, stackNamedBy } from '../../sweep/names';

test('every stack of an environment is known by its name', () => {
  const config = { ...fixtureOf('trial', { kubernetes: 'true' }), encryption: 'customer-managed' } as const;
  const names = Object.values(stacksOf(stageOf(config))).map(({ stackName }) => stackName);
  expect(names.filter((name) => !isStackOf('trial', name))).toEqual([]);
  expect(names.length).toBeGreaterThan(7);
});

test.each([
  ['Kumiki-sandbox-Network', true],
  ['Kumiki-sandbox-Containers2', true],
  ['Kumiki-sandbox2-Network', false],
  ['Kumiki-sandbox-eu-Network', false],
  ['Kumiki-sandbox-NetworkTools', false],
  ['kumiki-sandbox-Network', false],
  ['CDKToolkit', false],
])('%s as a stack of sandbox: %s', (name, is) => {
  expect(isStackOf('sandbox', name)).toBe(is);
});

test.each([
  ['/aws/lambda/Kumiki-sandbox-Function-QuotesFunction6DE348FE-a1B2c3D4e5F6', 'Kumiki-sandbox-Function'],
  ['Kumiki-sandbox-Network-NetworkFlowLogGroup4F8CEEEF-abc', 'Kumiki-sandbox-Network'],
  [
    '/aws/ecs/containerinsights/KumikisandboxContainers-History-709C6D6F-0a1b2c3d/performance',
    'Kumiki-sandbox-Containers',
  ],
  ['KumikisandboxContainers2-Instances-709C6D6F-0a1b2c3d', 'Kumiki-sandbox-Containers2'],
  ['/aws/eks/kumiki-sandbox/cluster', 'Kumiki-sandbox-Kubernetes'],
  ['/aws/containerinsights/kumiki-sandbox/application', 'Kumiki-sandbox-Kubernetes'],
  ['kumiki-sandbox', 'Kumiki-sandbox-Kubernetes'],
  ['Kumiki-sandbox', 'Kumiki-sandbox-Dashboard'],
  ['kumiki-sandbox-registry-imagesrepository-abc', 'Kumiki-sandbox-Registry'],
  ['kumiki-sandbox-containers2-accesslogsbucket-abc', 'Kumiki-sandbox-Containers2'],
])('%s names its stack', (name, stack) => {
  expect(stackNamedBy('sandbox', name)).toBe(stack);
});

test.each([
  '/aws/lambda/Kumiki-sandbox2-Function-Quotes-abc',
  '/aws/lambda/Kumiki-sandbox-eu-Function-Quotes-abc',
  '/aws/lambda/MyKumiki-sandbox-Function-Quotes-abc',
  '/aws/lambda/Kumiki-sandbox-Other-abc',
  '/aws/ecs/containerinsights/Kumikisandbox2Containers-History-709C6D6F-0a1b2c3d/performance',
  '/aws/eks/kumiki-sandbox2/cluster',
  '/aws/eks/kumiki-sandbox-eu/cluster',
  'kumiki-sandbox2',
  'Kumiki-sandbox2',
  'kumiki-sandbox2-registry-imagesrepository-abc',
  'kumiki-sandbox-eu-registry-imagesrepository-abc',
  'API-Gateway-Execution-Logs_a1b2c3d4e5/v1',
  '/aws/codebuild/ContainerImageBuildArm64e83729feb1564e70-abc',
  'cdk-hnb659fds-assets-111122223333-us-east-1',
])('%s proves nothing about sandbox', (name) => {
  expect(stackNamedBy('sandbox', name)).toBeUndefined();
});

test('a name that fits two environments proves nothing', () => {
  const cluster = 'KumikisandboxContainers-History-709C6D6F-0a1b2c3d';
  expect(stackNamedBy('sandbox', cluster, ['sand-box'])).toBeUndefined();
  expect(stackNamedBy('sandbox', 'Kumiki-sandbox-Network-Network-Vpc-abc', ['sandbox-Network'])).toBeUndefined();
  expect(stackNamedBy('sandbox', 'Kumiki-sandbox-Function-Quotes-abc', ['sandbox-Network'])).toBe(
    'Kumiki-sandbox-Function',
  );
});
