import { judge } from '../../kubernetes-proof/rollout';

const sample = (at: number, ready: number, staying: number, replicas = 8) => ({ at, ready, staying, replicas });

test('accepts as many ready pods as before, and at most a quarter more', () => {
  expect(judge([sample(0, 8, 8), sample(1, 8, 10), sample(8, 10, 10), sample(9, 8, 8)], 8)).toBe(
    '8 ready at least, 10 pods at most',
  );
  // Kubernetes rounds up.
  expect(judge([sample(0, 2, 3, 2)], 2)).toBe('2 ready at least, 3 pods at most');
});

test.each([
  ['one pod too few', sample(1.25, 7, 8), '7 of 8 pods were ready, 1.3 s after it began.'],
  ['one pod too many', sample(2, 8, 11), 'There were 11 pods, 2.0 s after it began, but a quarter more is 10.'],
  ['another number', sample(3, 8, 8, 2), 'The number of pods was set from 8 to 2, 3.0 s after it began.'],
])('fails for %s at any moment', (_, wrong, message) => {
  expect(() => judge([sample(0, 8, 8), wrong, sample(9, 8, 8)], 8)).toThrow(message);
});

test('fails without an observation', () => {
  expect(() => judge([], 8)).toThrow('The deployment was not observed.');
});
