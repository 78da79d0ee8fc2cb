import { spawnSync } from 'node:child_process';

/** Exit code of the comparison of templates that runs for each pull request. */
const codeOf = (...args: readonly string[]) => spawnSync('bash', ['.github/template-diff.sh', ...args]).status;

test.each([[[]], [['.']], [['.', '.', '.']], [['/does-not-exist', '.']], [['.', '/does-not-exist']]])(
  'the comparison of templates fails for the arguments %j, instead of comparing a checkout with itself',
  (args) => {
    expect(codeOf(...args)).toBe(2);
  },
);
