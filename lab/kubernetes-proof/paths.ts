import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../kit/folders';
import { isRunning } from '../kit/processes/running';

/** The sources of what is built. */
export const sources = join(root, 'lab', 'kubernetes-proof');
/** All that the proof leaves behind; safe to delete while none runs. Not in node_modules, which each `npm ci` empties. */
export const cache = join(root, '.kumiki', 'kubernetes');

/** Nothing can be proved, for a reason that is this machine's: it says nothing about the manifests. */
export class NotBuilt extends Error {}

/**
 * A folder for one run, which the caller removes. Those of runs that were killed are removed now.
 *
 * @throws NotBuilt in one line, if nothing can be written there
 */
export function workingFolder(parent = cache): string {
  try {
    mkdirSync(parent, { recursive: true });
    for (const name of readdirSync(parent)) {
      const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
      if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
    }
    return mkdtempSync(join(parent, `run-${process.pid}-`));
  } catch (error) {
    const code = codeOf(error);
    if (!/^(EROFS|EACCES|EPERM|ENOTDIR|EEXIST)$/.test(code)) throw error;
    throw new NotBuilt(
      `The proof keeps its files in ${parent}, where it cannot write (${code}). Make that a folder that it may write to, and ` +
        'run this again.',
    );
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
