import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = ['test', 'ops/test', 'lab/test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file)),
);
const sorted = (ids: Iterable<string>) => Array.from(new Set(ids)).sort();

/** The codes at the end of test names, such as `[A2]` or `[A4, P6]`. Codes in comments do not count. */
const codes = sorted(
  TESTS.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    const brackets = lines.matchAll(/ \[([A-Z]\d+(?:, [A-Z]\d+)*)\]/g);
    return Array.from(brackets, ([, ids = '']) => ids).flatMap((ids) => ids.split(', '));
  }),
);

/** The ids of the rows of a page, in their order. */
function rowsOf(file: string): string[] {
  return Array.from(readFileSync(file, 'utf8').matchAll(/^\| ([A-Z]\d+) \|/gm), ([, id = '']) => id);
}

test('every code in a test name has one row on the page of traps, and every row has a test', () => {
  expect(rowsOf('docs/traps.md').sort()).toEqual(codes);
  expect(codes.length).toBeGreaterThan(40);
});

test('the Japanese page of traps has the rows of the English page', () => {
  expect(rowsOf('docs/traps.ja.md')).toEqual(rowsOf('docs/traps.md'));
});

test('every row of the page of traps names a source', () => {
  const rows = readFileSync('docs/traps.md', 'utf8').match(/^\| [A-Z]\d+ \|.*$/gm) ?? [];
  expect(rows.filter((row) => !/^\| [A-Z]\d+ \| [^|]*[ (](?:\[[^|\]]+\]\([^|)]+\)|seen)\) \|/.test(row))).toEqual([]);
});
