import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotBuilt, workingFolder } from '../../kubernetes-proof/paths';

const folder = () => mkdtempSync(join(tmpdir(), 'cache-'));

test('each run has its own folder', () => {
  const parent = join(folder(), 'kubernetes');
  const [one, other] = [workingFolder(parent), workingFolder(parent)];
  expect(one).not.toBe(other);
  expect([one, other].every(existsSync)).toBe(true);
  expect(readdirSync(parent)).toHaveLength(2);
});

test.each([
  ['a file in its place', ''],
  ['a file in the place of the folder above', 'kubernetes'],
])('fails in one line, with an error about this machine, for %s', (_, below) => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const parent = join(file, below);
  expect(() => workingFolder(parent)).toThrow(NotBuilt);
  expect(() => workingFolder(parent)).toThrow(
    /^The proof keeps its files in .*file.*, but cannot write there \(E[A-Z]+\)\./,
  );
});
