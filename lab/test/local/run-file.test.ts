import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimRun, readRun, releaseRun, updateRun } from '../../local/run-file';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const file = join(folder, 'run.json');
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test('tells other commands what is running', () => {
  claimRun(file);
  updateRun(file, { endpoint: 'http://127.0.0.1:1', ready: true });
  expect(readRun(file)).toEqual({ pid: process.pid, endpoint: 'http://127.0.0.1:1', ready: true });
  releaseRun(file);
  expect(existsSync(file)).toBe(false);
});

test('refuses a second run beside the first, naming it and what to do', () => {
  // Any process whose command is that of `npm start`.
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', 'lab/local/start.ts'], {
    stdio: 'ignore',
  });
  writeFileSync(file, JSON.stringify({ pid: other.pid, endpoint: 'http://127.0.0.1:1' }));
  expect(() => claimRun(file)).toThrow(
    `Kumiki is running already at http://127.0.0.1:1 (process ${other.pid}). Use it (npm run deploy:local deploys changed code), or end it with Ctrl-C there or \`kill ${other.pid}\`.`,
  );
  expect(() => claimRun(file, ({ pid }) => `${pid} is at it`)).toThrow(`${other.pid} is at it`);
  other.kill();
});

test.each([
  ['has ended', JSON.stringify({ pid: 2 ** 22 + 1 })],
  ['has given its number to another process', JSON.stringify({ pid: process.ppid })],
  ['left half a file', '{"pid":'],
])('takes over from a run that %s', (_, text) => {
  writeFileSync(file, text);
  claimRun(file);
  expect(readRun(file)?.pid).toBe(process.pid);
});
