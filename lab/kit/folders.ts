import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

export const root = join(__dirname, '..', '..');

/** Everything that a local deployment writes, where nothing else is said; ignored by git, safe to delete while none runs. */
const usual = join(root, '.kumiki');
/** A second deployment beside the first needs another folder, below one with node_modules. An empty name is none. */
const given = process.env.KUMIKI_STATE?.trim() ?? '';
const state = given === '' ? usual : resolve(root, given);
/** Says of another folder that it was made for this, and may be emptied. */
const mark = join(state, 'made-by-kumiki');

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

/**
 * Makes the folder of the state before anything is written there or removed. One that KUMIKI_STATE names has to be new,
 * empty, or one that was made by this, so that nothing of anybody else's is removed.
 *
 * @throws in one line if it is another one
 */
export function claimState(): void {
  const inUsual = state === usual || state.startsWith(usual + sep);
  if (!inUsual && existsSync(state) && !existsSync(mark) && readdirSync(state).length > 0) {
    throw new Error(
      `KUMIKI_STATE: ${state} holds other files, and what is of no more use there would be removed. Name a folder that is ` +
        'new or empty, or leave it out.',
    );
  }
  mkdirSync(state, { recursive: true });
  if (!inUsual) writeFileSync(mark, '');
}

/**
 * Functions of the emulator look for packages from its temporary folder upwards.
 *
 * @throws in one line if none are found there
 */
export function checkPackages(): void {
  for (let folder = state; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', '@aws-sdk', 'client-ec2'))) return;
  }
  throw new Error(
    `KUMIKI_STATE: ${state} is below no folder with node_modules, in which the functions find their packages. Name one ` +
      `below ${root}, or leave it out.`,
  );
}

/** Empty logs and temporary files of a run that begins. */
export function prepareFolders(): void {
  for (const file of [folders.temporary, folders.assembly, ...Object.values(logs)]) {
    rmSync(file, { recursive: true, force: true });
  }
  mkdirSync(folders.temporary, { recursive: true });
}
