import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Tells whether a process with this id exists, of any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

/** A process. The system reuses ids, but no two processes share both the id and the start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time as the system prints it. */
  readonly started: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** Tells whether exactly this process is running, not a later one with the same id. */
export function isSame({ pid, started }: ProcessIdentity): boolean {
  return isRunning(pid) && startOf(pid) === started;
}

/** Start time of a process; an empty string if it does not exist. */
function startOf(pid: number): string {
  const file = `/proc/${pid}/stat`;
  if (!existsSync('/proc/self/stat')) {
    return (spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim();
  }
  try {
    // Field 22 (proc_pid_stat(5)). The second field is the name in parentheses, which may contain spaces.
    return readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
