import { existsSync, readdirSync } from 'node:fs';
import {
  anchorsOf,
  DOCUMENTS,
  factsOf,
  JAPANESE_DOCUMENTS,
  matches,
  outlineOf,
  READMES,
  read,
  targetOf,
  withoutCode,
} from '../support/documents';

test.each(JAPANESE_DOCUMENTS)('%s has the headings, tables and pictures of its English version', (file) => {
  expect(outlineOf(file)).toEqual(outlineOf(file.replace('.ja.', '.')));
});

test.each(JAPANESE_DOCUMENTS)('%s has the figures and links of its English version', (file) => {
  expect(factsOf(file)).toEqual(factsOf(file.replace('.ja.', '.')));
});

test.each(DOCUMENTS)('%s names only npm scripts that exist', (file) => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...matches(read(file), /npm run (?:-s )?([\w:]+)/g), ...matches(read(file), /npm (start|test)\b/g)];
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test.each(READMES)('%s lists every construct in its table of parts', (file) => {
  const parts = matches(read(file), /\]\(lib\/constructs\/([\w-]+\.ts)\) \|/g);
  expect(parts.toSorted()).toEqual(readdirSync('lib/constructs').toSorted());
});

test.each(['docs/switches.md', 'docs/switches.ja.md'])(
  '%s names only properties and options of environments that exist',
  (file) => {
    const source = read('lib/environment-config.ts') + read('lib/context.ts');
    const table = read(file).match(/\n\| `network\.create\.egress`.*/s)?.[0] ?? '';
    const named = matches(table, /^\| (`.*?) \|/gm).flatMap((cell) => matches(cell, /`(?:-c )?([\w.]+)/g));
    expect(named.length).toBeGreaterThan(10);
    const words = named.flatMap((name) => name.split('.'));
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(source))).toEqual([]);
  },
);

test.each(DOCUMENTS)('every link of %s has a target', (file) => {
  const links = matches(withoutCode(read(file)), /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link));
  const broken = links.filter((link) => {
    const { target, anchor } = targetOf(file, link);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0).toFixed(2);

/** Sums of the columns whose last cell is a sum in bold: as computed from the column, and as printed in the last row. */
function sumsOf(file: string): { computed: string; printed: string }[] {
  const tables = matches(read(file), /((?:^\|.*\n)+)/gm);
  return tables.flatMap((table) => {
    const rows = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    const amount = (cell = '') => (/^\d+\.\d\d(\s[¹²³])?$/.test(cell) ? Number.parseFloat(cell) : 0);
    return (rows.at(-2) ?? []).flatMap((cell, column) => {
      const [, printed] = /^\*\*(\d+\.\d\d)\*\*$/.exec(cell) ?? [];
      return printed === undefined ? [] : [{ computed: sum(rows.map((row) => amount(row[column]))), printed }];
    });
  });
}

test.each([...READMES, ...DOCUMENTS.filter((file) => /costs(\.ja)?\.md$/.test(file))])(
  'the sums of %s are correct',
  (file) => {
    const sums = sumsOf(file);
    expect(sums.length).toBeGreaterThan(0);
    expect(sums.map(({ computed }) => computed)).toEqual(sums.map(({ printed }) => printed));
  },
);

test.each(READMES)('%s has the sums of costs.md without and with a cluster', (file) => {
  const [virginia, tokyo, cluster] = sumsOf('docs/costs.md').map(({ printed }) => printed);
  expect(sumsOf(file).map(({ printed }) => printed)).toEqual(expect.arrayContaining([virginia, tokyo]));
  expect(read(file)).toMatch(new RegExp(`\\b${cluster}\\b`));
});
