import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'kumiki-'));
const before = process.env.KUMIKI_STATE;
afterAll(() => {
  process.env.KUMIKI_STATE = before;
  if (before === undefined) delete process.env.KUMIKI_STATE;
  rmSync(scratch, { recursive: true });
});

/** Loads the module as a process with this KUMIKI_STATE would. */
function withState(state: string): typeof import('../../kit/folders') {
  process.env.KUMIKI_STATE = state;
  let folders: typeof import('../../kit/folders') | undefined;
  jest.isolateModules(() => {
    folders = require('../../kit/folders');
  });
  if (folders === undefined) throw new Error('not loaded');
  return folders;
}

test.each(['', '  '])('treats the name "%s" as unset, so that no file of the repository is removed', (state) => {
  expect(withState(state).folders.state).toBe(join(root, '.kumiki'));
});

test('refuses a folder that holds other files', () => {
  const state = join(scratch, 'theirs');
  mkdirSync(join(state, 'tmp'), { recursive: true });
  const { claimState } = withState(state);
  expect(claimState).toThrow(
    `KUMIKI_STATE: ${state} holds other files, which Kumiki could remove. Name a folder that is new or empty`,
  );
  expect(readdirSync(state)).toEqual(['tmp']);
});

test('takes a new folder, an empty one, and one that it has created, which it may then empty', () => {
  mkdirSync(join(scratch, 'empty'));
  for (const name of ['new', 'empty']) {
    const { claimState, folders, prepareFolders } = withState(join(scratch, name));
    claimState();
    prepareFolders();
    writeFileSync(join(folders.temporary, 'left'), '');
    claimState();
    prepareFolders();
    expect(existsSync(join(folders.temporary, 'left'))).toBe(false);
  }
});

test('refuses a folder from which functions would find no packages', () => {
  expect(withState(join(scratch, 'outside')).checkPackages).toThrow(
    `KUMIKI_STATE: ${join(scratch, 'outside')} is not below a folder with node_modules`,
  );
  expect(withState('.kumiki/second').checkPackages).not.toThrow();
});
