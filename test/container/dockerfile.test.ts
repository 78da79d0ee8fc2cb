import * as fs from 'node:fs';
import * as path from 'node:path';

const instructions = fs
  .readFileSync(path.join(__dirname, '../../container/Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const argumentsOf = (instruction: string): string[] =>
  instructions.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

test('starts node without a shell, so that SIGTERM reaches node [F7]', () => {
  expect(argumentsOf('CMD').map((command) => JSON.parse(command))).toEqual([['node', 'server.cjs']]);
  expect(argumentsOf('ENTRYPOINT')).toEqual([]);
});

test('builds on an exact version of Node from the public gallery of ECR', () => {
  expect(argumentsOf('FROM')).toEqual([
    expect.stringMatching(
      /^public\.ecr\.aws\/docker\/library\/node:\d+\.\d+\.\d+-alpine\d+\.\d+(@sha256:[0-9a-f]{64})?$/,
    ),
  ]);
});

test('runs as a user other than root, given by number so that Kubernetes can check the user', () => {
  expect(argumentsOf('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
});

test('runs no command during the build, so the image holds the files that were tested', () => {
  expect(argumentsOf('RUN')).toEqual([]);
  expect(argumentsOf('ENV')).toContain('NODE_ENV=production');
});
