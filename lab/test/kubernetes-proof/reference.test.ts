import { readFileSync } from 'node:fs';
import { fixtures } from '../../../test/support/fixture';
import { fastestPath, settleUnder } from '../../kubernetes-proof/predictions';
import { DRAIN_SECONDS, referenceOf, SCALE_DOWN, SCALE_UP, tableOf } from '../../kubernetes-proof/reference';

const page = readFileSync('docs/kubernetes.md', 'utf8');
const reference = referenceOf({ name: 'kumiki-trial' }, fixtures);

test('the reference of the proof matches the documented pace', () => {
  expect(page).toContain(`twice as many pods or 4 more, whichever is more: ${fastestPath(SCALE_UP, 2, 20).join(', ')}`);
  expect(page).toContain(
    `fewer pods were enough for ${SCALE_DOWN.stabilizationWindowSeconds} s; then half of them a minute: `,
  );
  expect(page).toContain(fastestPath(SCALE_DOWN, 20, 2).join(', '));
  expect(page).toContain(`waits ${DRAIN_SECONDS} s until every node knows`);
  expect(page).toContain('(a quarter at a time)');
  expect(SCALE_UP.policies.map(({ periodSeconds }) => periodSeconds)).toEqual([15, 15]);
  expect(SCALE_DOWN.policies.map(({ periodSeconds }) => periodSeconds)).toEqual([60]);
});

test('docs/kubernetes.md has the table of loads that the code computes for the fixture', () => {
  if (reference === undefined) throw new Error('no reference');
  const { chain, node } = reference;
  const table = tableOf(page);
  expect(table.length).toBeGreaterThan(5);
  expect(table).toEqual(
    table.map(({ loadMillis }) => {
      const { replicas, nodes } = settleUnder(loadMillis, chain, node);
      return { loadMillis, pods: replicas, nodes };
    }),
  );
});

test('fails for a page without a table', () => {
  expect(() => tableOf('# Kubernetes')).toThrow('docs/kubernetes.md has no table of loads');
});

test('has a reference for environments of this app only', () => {
  expect(referenceOf({ name: 'kumiki-lasting' }, fixtures)?.chain.maxPods).toBe(60);
  expect(referenceOf({ name: 'kumiki-local' })).toEqual(referenceOf({ name: 'kumiki-sandbox' }));
  expect(referenceOf({ name: 'kumiki-local' })).toBeDefined();
  expect(referenceOf({ name: 'kumiki-nowhere' })).toBeUndefined();
  expect(referenceOf({ name: 'sandbox' })).toBeUndefined();
});
