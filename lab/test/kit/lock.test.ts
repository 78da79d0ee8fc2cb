import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locked, take, touch } from '../../kit/lock';

jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

/** In whole seconds, as some file systems keep them. */
const long = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 60_000);

function lockFile(owner?: string): string {
  const lock = join(mkdtempSync(join(tmpdir(), 'lock-')), 'build.lock');
  if (owner !== undefined) writeFileSync(lock, owner);
  return lock;
}

test('holds the id of its process while it works, and goes when that fails, too', async () => {
  const lock = lockFile();
  const work = async () => {
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    throw new Error('no room');
  };
  await expect(locked(lock, jest.fn(), work)).rejects.toThrow('no room');
  expect(existsSync(lock)).toBe(false);
});

test('says that it waits while another process has it', async () => {
  const lock = lockFile('another');
  const order: string[] = [];
  const onWait = () => {
    order.push('waits');
    rmSync(lock);
  };
  await locked(lock, onWait, async () => {
    order.push('works');
  });
  expect(order).toEqual(['waits', 'works']);
});

test('is taken from a process that has given no sign of life, and only then', () => {
  const lock = lockFile('another');
  expect(take(lock)).toBe(false);
  utimesSync(lock, long, long);
  expect(take(lock)).toBe(true);
  expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
});

test('is taken at once from a process that has ended, and not from one that runs', () => {
  const { pid = 0 } = spawnSync(process.execPath, ['--version']);
  expect(take(lockFile(String(pid)))).toBe(true);
  expect(take(lockFile(String(process.ppid)))).toBe(false);
  // Of init, whose signals are another user's business.
  expect(take(lockFile('1'))).toBe(false);
  // One that is about to write its id.
  expect(take(lockFile(''))).toBe(false);
});

test('one that another process has taken meanwhile is neither touched nor removed', async () => {
  const lock = lockFile();
  await locked(lock, jest.fn(), async () => {
    writeFileSync(lock, 'another');
    utimesSync(lock, long, long);
    touch(lock);
  });
  expect(readFileSync(lock, 'utf8')).toBe('another');
  expect(statSync(lock).mtimeMs).toBe(long.getTime());
});

test('is touched by its own process, and without it nothing happens', () => {
  const lock = lockFile(String(process.pid));
  utimesSync(lock, long, long);
  touch(lock);
  expect(statSync(lock).mtimeMs).toBeGreaterThan(long.getTime());
  rmSync(lock);
  touch(lock);
  expect(existsSync(lock)).toBe(false);
});
