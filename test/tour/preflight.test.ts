import { concurrencyProblem } from '../../tour/preflight';

test.each([
  [0, 10],
  [4, 104],
  [20, 1000],
])('%d provisioned fit into %d', (provisioned, unreserved) => {
  expect(concurrencyProblem(provisioned, unreserved)).toBeUndefined();
});

test('says what a new account has to ask for [L3]', () => {
  expect(concurrencyProblem(4, 10)).toMatch(
    /^Lambda concurrency: 4 provisioned and the 100 .* do not fit into 10\. Ask/,
  );
  expect(concurrencyProblem(5, 104)).toBeDefined();
});
