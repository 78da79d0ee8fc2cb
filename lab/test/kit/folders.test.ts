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

/** The module as a process has it that was started with this KUMIKI_STATE. */
function withState(state: string): typeof import('../../kit/folders') {
  process.env.KUMIKI_STATE = state;
  let folders: typeof import('../../kit/folders') | undefined;
  jest.isolateModules(() => {
    folders = require('../../kit/folders');
  });
  if (folders === undefined) throw new Error('not loaded');
  return folders;
}

test.each(['', '  '])('takes the state "%s" for none, so that nothing of the repository is removed', (state) => {
  expect(withState(state).folders.state).toBe(join(root, '.kumiki'));
});

test('refuses a folder that holds anything of somebody else', () => {
  const state = join(scratch, 'theirs');
  mkdirSync(join(state, 'tmp'), { recursive: true });
  const { claimState } = withState(state);
  expect(claimState).toThrow(
    `KUMIKI_STATE: ${state} holds other files, and what is of no more use there would be removed. Name a folder that is new or empty`,
  );
  expect(readdirSync(state)).toEqual(['tmp']);
});

test('takes a new folder, an empty one, and one that it has made, which it may then empty', () => {
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

test('says where functions would find no packages', () => {
  expect(withState(join(scratch, 'outside')).checkPackages).toThrow(
    `KUMIKI_STATE: ${join(scratch, 'outside')} is below no folder with node_modules`,
  );
  expect(withState('.kumiki/second').checkPackages).not.toThrow();
});
