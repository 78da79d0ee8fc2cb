import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../kubernetes-proof/paths';

/** Seconds without a sign of life after which a lock is nobody's. */
const STALE = 30;

/**
 * Does the work while no other process has the lock: a file with the id of the one that has, touched as long as it lives.
 * The work must not block: who does not touch it is taken for dead.
 *
 * @param onWait called each second while another one has it
 */
export async function locked(lock: string, onWait: () => void, work: () => Promise<void>): Promise<void> {
  while (!take(lock)) {
    onWait();
    await sleep(1_000);
  }
  const alive = setInterval(() => touch(lock), (STALE * 1_000) / 10);
  const release = () => {
    if (isMine(lock)) rmSync(lock, { force: true });
  };
  process.once('exit', release);
  try {
    await work();
  } finally {
    clearInterval(alive);
    process.off('exit', release);
    release();
  }
}

/** Says that its owner lives, if that is this process: who came back too late has lost it to another one. */
export function touch(lock: string): void {
  try {
    if (isMine(lock)) utimesSync(lock, new Date(), new Date());
  } catch {
    // It went since the look, with the folder that it was in.
  }
}

/** Whether it was free, or nobody's: of a process that has ended, or has given no sign of life. */
export function take(lock: string): boolean {
  const stat = statSync(lock, { throwIfNoEntry: false });
  if (stat && (Date.now() - stat.mtimeMs > STALE * 1_000 || hasEnded(ownerOf(lock)))) rmSync(lock, { force: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isMine(lock: string): boolean {
  return ownerOf(lock) === String(process.pid);
}

/** What is in the file; empty if it is not there, or its owner has not written yet. */
function ownerOf(lock: string): string {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return '';
  }
}

function hasEnded(owner: string): boolean {
  return /^\d+$/.test(owner) && !isRunning(Number(owner));
}
