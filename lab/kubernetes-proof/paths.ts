import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../kit/folders';
import { isRunning } from '../kit/processes/running';

/** Sources of the programs that are built. */
export const sources = join(root, 'lab', 'kubernetes-proof');
/** All files that the proof keeps. It may be deleted while no proof runs. It is not in node_modules, which `npm ci` empties. */
export const cache = join(root, '.kumiki', 'kubernetes');

/** Nothing can be proved on this machine. The error says nothing about the manifests. */
export class NotBuilt extends Error {}

/**
 * Creates a folder for one run, which the caller removes, and removes the folders of runs that were killed.
 *
 * @throws NotBuilt in one line, if the folder cannot be written
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
      `The proof keeps its files in ${parent}, but cannot write there (${code}). Make the folder writable and run this ` +
        'again.',
    );
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
