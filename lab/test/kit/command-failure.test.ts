import { failureOf } from '../../kit/command-failure';

test('shows the reason why a stack failed, then the last lines, without stack traces of the CLI', () => {
  const reason = 'Kumiki-local-Api | 3/9 | 10:12:13 PM | CREATE_FAILED | AWS::Lambda::Alias | Live not found';
  const rest = Array.from({ length: 40 }, (_, index) => `Kumiki-local-Api | rollback ${index}`);
  const shown = failureOf([
    'Kumiki-local-Api: deploying...',
    reason,
    ...rest,
    '    at Deployments.deployStack (x.js:1:1)',
  ]);
  expect(shown[0]).toBe(reason);
  expect(shown.slice(1)).toEqual(rest.slice(-15));
});

test('shows the complete reason why a handler does not bundle', () => {
  const line =
    'Failed to bundle asset local/Function/Quotes/Code/Stage, bundle output is located at /home/me/kumiki/.kumiki/cdk.out/' +
    `bundling-temp-${'9'.repeat(64)}-building: Error: lambda/quotes/index.ts does not bundle: index.ts:34:18: ERROR: Unexpected ";"`;
  expect(failureOf([line, 'node bin/run.cjs: Subprocess exited with error 1'])).toEqual([
    'Failed to bundle asset local/Function/Quotes/Code/Stage: lambda/quotes/index.ts does not bundle: index.ts:34:18: ERROR: Unexpected ";"',
    'node bin/run.cjs: Subprocess exited with error 1',
  ]);
});
