import { Stack } from 'aws-cdk-lib';
import { fixtureOf } from '../../../test/support/fixture';
import { stageOf } from '../../../test/support/stage';
import { expectedTime, inOrderOfDeletion } from '../../deploy/parts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['parts that are off', fixtureOf('trial')],
  ['every part', fixtureOf('lasting', { imageDigest: digest })],
])('deletes a stack before the stacks that it depends on, with %s', (_, config) => {
  const stacks = stageOf(config).node.children.filter(Stack.isStack);
  const order = inOrderOfDeletion(stacks.map(({ node }) => node.id)).flatMap((parts, rank) =>
    parts.map((part) => [part, rank] as const),
  );
  const rankOf = new Map(order);
  expect(rankOf.size).toBe(stacks.length);
  for (const stack of stacks) {
    const hasResources = stack.node.findAll().length > 2;
    for (const dependency of stack.dependencies) {
      const [own = -1, other = -1] = [rankOf.get(stack.node.id), rankOf.get(dependency.node.id)];
      // A part that is off depends on all others. Its deployed stack depends only on what it uses, as when it is on.
      if (hasResources)
        expect([stack.node.id, dependency.node.id, own < other]).toEqual([stack.node.id, dependency.node.id, true]);
    }
  }
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
