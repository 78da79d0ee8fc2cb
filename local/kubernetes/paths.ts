import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../folders';

/** The sources of what is built. */
export const sources = join(root, 'local', 'kubernetes');
/** All that the proof leaves behind; safe to delete while none runs. Not in node_modules, which each `npm ci` empties. */
export const cache = join(root, '.kumiki', 'kubernetes');

/** A folder for one run, which the caller removes. Those of runs that were killed are removed now. */
export function workingFolder(): string {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(cache, `run-${process.pid}-`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
