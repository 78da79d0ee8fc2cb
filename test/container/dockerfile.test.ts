import * as fs from 'node:fs';
import * as path from 'node:path';

const instructions = fs
  .readFileSync(path.join(__dirname, '../../container/Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const argumentsOf = (instruction: string): string[] =>
  instructions.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

test('starts node itself, in exec form, so that SIGTERM reaches it [F7]', () => {
  expect(argumentsOf('CMD').map((command) => JSON.parse(command))).toEqual([['node', 'server.cjs']]);
  expect(argumentsOf('ENTRYPOINT')).toEqual([]);
});

test('builds on an exact version of Node from the public ECR gallery', () => {
  expect(argumentsOf('FROM')).toEqual([
    expect.stringMatching(
      /^public\.ecr\.aws\/docker\/library\/node:\d+\.\d+\.\d+-alpine\d+\.\d+(@sha256:[0-9a-f]{64})?$/,
    ),
  ]);
});

test('runs as a user that is not root, by number, so that Kubernetes can check it', () => {
  expect(argumentsOf('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
});

test('runs no command while building: what is in the image is what was tested', () => {
  expect(argumentsOf('RUN')).toEqual([]);
  expect(argumentsOf('ENV')).toContain('NODE_ENV=production');
});
