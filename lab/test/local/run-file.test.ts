import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisProcess } from '../../kit/processes/running';
import { claimRun, readRun, releaseRun, updateRun } from '../../local/run-file';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const file = join(folder, 'run.json');
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test('tells other commands what is running', () => {
  claimRun(file);
  updateRun(file, { endpoint: 'http://127.0.0.1:1', ready: true });
  expect(readRun(file)).toEqual({ ...thisProcess(), endpoint: 'http://127.0.0.1:1', ready: true });
  releaseRun(file);
  expect(existsSync(file)).toBe(false);
});

test('refuses a second run beside the first, with its process and what to do', () => {
  claimRun(file);
  const pid = process.pid;
  expect(() => claimRun(file)).toThrow(`Kumiki is running already (process ${pid}). Use it`);
  updateRun(file, { endpoint: 'http://127.0.0.1:1' });
  expect(() => claimRun(file)).toThrow(
    `Kumiki is running already at http://127.0.0.1:1 (process ${pid}). Use it (npm run deploy:local deploys changed code), or end it with Ctrl-C there or \`kill ${pid}\`.`,
  );
  expect(() => claimRun(file, (other) => ({ en: `${other.pid} is deploying`, ja: '' }))).toThrow(`${pid} is deploying`);
});
