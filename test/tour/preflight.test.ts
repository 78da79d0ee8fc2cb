import { concurrencyProblem, logRoleProblem } from '../../tour/preflight';

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

describe('the role for API Gateway logs [A4]', () => {
  const own = 'arn:aws:iam::111122223333:role/Kumiki-sandbox-RestApi-ApiAccountRole1234-abc';
  const other = 'arn:aws:iam::111122223333:role/apigateway-logs';

  test('is made where there is none, and kept where it is our own', () => {
    expect(logRoleProblem(true, undefined, 'Kumiki-sandbox-RestApi')).toBeUndefined();
    expect(logRoleProblem(true, own, 'Kumiki-sandbox-RestApi')).toBeUndefined();
  });

  test('is not taken from others who log through it', () => {
    expect(logRoleProblem(true, other, 'Kumiki-sandbox-RestApi')).toMatch(
      /has a role, .*apigateway-logs, which this deployment would replace.*ownsApiAccount to false/,
    );
  });

  test('has to be there where the environment does not make it', () => {
    expect(logRoleProblem(false, other, 'Kumiki-production-RestApi')).toBeUndefined();
    expect(logRoleProblem(false, undefined, 'Kumiki-production-RestApi')).toMatch(/the account has no role for them/);
  });
});
