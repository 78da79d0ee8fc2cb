import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { Failure } from '../../ops/kit/language';
import { messages } from './messages';

export const root = join(__dirname, '..', '..');

/** Default folder for all files of a local deployment. Git ignores it. It may be deleted while no deployment runs. */
const standard = join(root, '.kumiki');
/** A second deployment at the same time needs another folder, below a folder with node_modules. */
const given = process.env.KUMIKI_STATE?.trim() ?? '';
const state = given === '' ? standard : resolve(root, given);
/** File that marks another folder as created by Kumiki. Such a folder may be emptied. */
const mark = join(state, 'made-by-kumiki');

export const folders = {
  state,
  python: join(state, 'python'),
  /** Below a folder with node_modules, because functions of the emulator look for modules from here upwards. */
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
 * Creates the state folder before any file is written or removed there. A folder that KUMIKI_STATE names must be new, empty,
 * or created by Kumiki, so that no other files are removed.
 *
 * @throws in one line if the folder holds other files
 */
export function claimState(): void {
  const isStandard = state === standard || state.startsWith(standard + sep);
  if (!isStandard && existsSync(state) && !existsSync(mark) && readdirSync(state).length > 0) {
    throw new Failure(messages.foreignFolder({ folder: state }));
  }
  mkdirSync(state, { recursive: true });
  if (!isStandard) writeFileSync(mark, '');
}

/**
 * Checks that functions of the emulator find their packages, which they look for from the temporary folder upwards.
 *
 * @throws in one line if there are no packages
 */
export function checkPackages(): void {
  for (let folder = state; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', '@aws-sdk', 'client-ec2'))) return;
  }
  throw new Failure(messages.noPackages({ folder: state, root }));
}

/** Removes the temporary files of this run. A process that is just being killed may still write one: the next run removes it. */
export function removeTemporary(): void {
  try {
    rmSync(folders.temporary, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // The files only take space, and must not hide why this process ends.
  }
}

/** Removes the logs and temporary files of earlier runs. */
export function prepareFolders(): void {
  for (const file of [folders.temporary, folders.assembly, ...Object.values(logs)]) {
    rmSync(file, { recursive: true, force: true });
  }
  mkdirSync(folders.temporary, { recursive: true });
}
