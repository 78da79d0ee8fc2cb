import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = join(__dirname, '..');

/**
 * Everything that a local deployment writes; ignored by git, safe to delete while none runs. A second deployment beside
 * the first needs another folder, below one with node_modules.
 */
const state = resolve(root, process.env.KUMIKI_STATE ?? '.kumiki');

export const folders = {
  state,
  python: join(state, 'python'),
  /** Below a folder with node_modules, because the emulator's functions resolve their modules from here upwards. */
  temporary: join(state, 'tmp'),
  assembly: join(state, 'cdk.out'),
} as const;

export const logs = {
  python: join(state, 'python.log'),
  emulator: join(state, 'emulator.log'),
  bootstrap: join(state, 'bootstrap.log'),
  deploy: join(state, 'deploy.log'),
  service: join(state, 'service.log'),
} as const;

/** Empty logs and temporary files of a run that begins. */
export function prepareFolders(): void {
  for (const file of [folders.temporary, folders.assembly, ...Object.values(logs)]) {
    rmSync(file, { recursive: true, force: true });
  }
  mkdirSync(folders.temporary, { recursive: true });
}
