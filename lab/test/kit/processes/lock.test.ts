import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { locked, ownerOf, release, take, update } from '../../../kit/processes/lock';
import { thisProcess } from '../../../kit/processes/running';

jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const shared = join(folder, 'shared.lock');
let other: ChildProcess;

beforeAll(async () => {
  other = spawn(process.execPath, ['--import', 'tsx', 'lab/test/kit/fixtures/takes-lock.ts', shared], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (other.stdout) await once(other.stdout, 'data');
});
afterAll(() => {
  other.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

let count = 0;
function lockFile(content?: object | string): string {
  const file = join(folder, `${count++}`, 'lock');
  release(file);
  if (content === undefined) return file;
  take(file);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('names the process that holds the lock to a second one, which does not get it', () => {
  expect(take(shared)).toMatchObject({ pid: other.pid });
  release(shared);
  expect(existsSync(shared)).toBe(true);
});

test('leaves nothing but the lock behind, and no lock after its release', () => {
  const file = lockFile();
  expect(take(file)).toBeUndefined();
  expect(take(file)).toMatchObject({ pid: process.pid });
  expect(readdirSync(dirname(file))).toEqual(['lock']);
  release(file);
  expect(readdirSync(dirname(file))).toEqual([]);
});

test.each<[string, object | string]>([
  ['has ended', { pid: spawnSync(process.execPath, ['--version']).pid, started: thisProcess().started }],
  ['has ended, and whose id another process has now', { pid: process.ppid, started: 'earlier' }],
  ['wrote half a file', '{"pid":'],
])('takes the lock over from a process that %s', (_, content) => {
  const file = lockFile(content);
  expect(ownerOf(file)).toBeUndefined();
  expect(take(file)).toBeUndefined();
  expect(ownerOf(file)?.pid).toBe(process.pid);
});

test('takes the lock over from a process that was killed with kill -9', async () => {
  const file = lockFile(JSON.parse(readFileSync(shared, 'utf8')));
  expect(take(file)).toMatchObject({ pid: other.pid });
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(take(file)).toBeUndefined();
});

test('keeps what the owner adds', () => {
  const file = lockFile();
  take(file);
  update(file, { endpoint: 'http://127.0.0.1:1' });
  update(file, { ready: true });
  expect(ownerOf(file)).toEqual({ ...thisProcess(), endpoint: 'http://127.0.0.1:1', ready: true });
});

test('holds the lock during the work and releases it when the work fails', async () => {
  const file = lockFile();
  const work = async () => {
    expect(ownerOf(file)?.pid).toBe(process.pid);
    throw new Error('no room');
  };
  await expect(locked(file, jest.fn(), work)).rejects.toThrow('no room');
  expect(existsSync(file)).toBe(false);
});

test('says that it waits while another process holds the lock', async () => {
  const file = lockFile();
  take(file);
  const order: string[] = [];
  const onWait = () => {
    order.push('waits');
    rmSync(file);
  };
  await locked(file, onWait, async () => {
    order.push('works');
  });
  expect(order).toEqual(['waits', 'works']);
});
