import { CfnResource, Stack } from 'aws-cdk-lib';
import type { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf } from '../../../test/support/fixture';
import { stageOf } from '../../../test/support/stage';
import { variants } from '../../../test/support/variants';
import { expectedTime, inOrderOfDeletion } from '../../deploy/parts';

const trial = fixtureOf('trial');
const { 'with receivers, a budget and runbooks of a wiki': watched = trial, ...others } = variants();
const CONFIGS: Record<string, EnvironmentConfig> = {
  trial,
  'every part': { ...fixtureOf('lasting'), ...watched, kubernetes: others['trial with a cluster']?.kubernetes },
  'a key of its own': { ...trial, encryption: 'customer-managed' },
  'a sleep': others['that sleeps'] ?? trial,
  'two load balancers': others['with three services behind two load balancers'] ?? trial,
};

test.each(Object.entries(CONFIGS))('deletes a stack before those that it depends on: %s', (_, config) => {
  const stacks = stageOf(config).node.children.filter(Stack.isStack);
  const ranks = inOrderOfDeletion(stacks.map(({ node }) => node.id));
  const rankOf = ({ node }: Stack) => ranks.findIndex((parts) => parts.includes(node.id));
  // A part that is off depends on all others, or all others depend on it. Its deployed stack depends only on what it uses, as
  // when it is on.
  const on = stacks.filter((stack) => stack.node.findAll().some(CfnResource.isCfnResource));
  expect(on.length).toBeGreaterThan(5);
  for (const stack of on) {
    const early = stack.dependencies.filter(
      (dependency) => on.includes(dependency) && rankOf(dependency) <= rankOf(stack),
    );
    expect([stack.node.id, early.map(({ node }) => node.id)]).toEqual([stack.node.id, []]);
  }
});

test.each(Object.entries(CONFIGS))('knows every stack: %s', (_, config) => {
  const parts = stageOf(config)
    .node.children.filter(Stack.isStack)
    .map(({ node }) => node.id);
  // A part that is not known has the place of a former part.
  expect(parts.filter((part) => inOrderOfDeletion(['Former', part]).length === 1)).toEqual([]);
});

test('deletes further load balancers with the first, and parts that it does not know before all others', () => {
  expect(
    inOrderOfDeletion(['Network', 'Containers2', 'Registry2', 'Containers', 'Former', 'RestApi', 'HttpApi']),
  ).toEqual([['Former'], ['HttpApi'], ['RestApi'], ['Containers2', 'Containers'], ['Registry2'], ['Network']]);
});

test('names a time only where AWS documents one', () => {
  expect(expectedTime('RestApi', true)?.en).toBe(
    'AWS documents up to 4 min for the stage cache and a few for the VPC link',
  );
  expect(expectedTime('RestApi', false)?.en).toBe('AWS documents a few min for the VPC link');
  expect(expectedTime('Kubernetes', true)?.en).toBe('AWS documents several min for a new cluster');
  expect(expectedTime('Network', true)).toBeUndefined();
});
