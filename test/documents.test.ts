import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const READMES = ['README.md', 'README.ja.md'];
const DOCUMENTS = [
  ...READMES,
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];
/** Documents in Japanese. Each has an English version. */
const JAPANESE_DOCUMENTS = DOCUMENTS.filter((file) => file.endsWith('.ja.md'));
const read = (file: string) => readFileSync(file, 'utf8');
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '');
const matches = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, found = '']) => found);

/** The anchor that GitHub creates for a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of all headings of a document, in their order. */
function anchorsOf(file: string): string[] {
  return matches(withoutCode(read(file)), /^#+ (.+)$/gm).map(anchorOf);
}

/** The file and the anchor of a link. */
function targetOf(file: string, link: string): { target: string; anchor?: string } {
  const [path = '', anchor] = link.split('#');
  return { target: path === '' ? file : join(dirname(file), path), anchor };
}

/**
 * Figures and links of a document, sorted. Links to Japanese documents and their headings count as links to the English
 * ones.
 */
function factsOf(file: string): string[] {
  const text = read(file);
  const links = matches(text, /\]\(([^)]+)\)/g).map((link) => {
    if (/^https?:/.test(link)) return link;
    const { target, anchor } = targetOf(file, link);
    // The anchors differ between the languages, but the headings have the same order.
    return `${target.replace('.ja.', '.')} ${anchor === undefined ? '' : anchorsOf(target).indexOf(anchor)}`;
  });
  // The order of figures within a sentence depends on the language.
  return [...matches(text, /(\d+\.\d{2}\b)/g), ...links].toSorted();
}

/** Headings, rows of tables with their number of columns, code blocks and pictures of a document, without their words. */
function outlineOf(file: string): string[] {
  return read(file)
    .split('\n')
    .flatMap((line) => {
      if (/^#+ /.test(line)) return [line.replace(/ .*/, '')];
      if (line.startsWith('|')) return [`row of ${line.split('|').length - 2}`];
      if (line.startsWith('```')) return [line];
      return line.startsWith('![') ? ['picture'] : [];
    });
}

test.each(JAPANESE_DOCUMENTS)('%s has the headings, tables and pictures of its English version', (file) => {
  expect(outlineOf(file)).toEqual(outlineOf(file.replace('.ja.', '.')));
});

test.each(JAPANESE_DOCUMENTS)('%s has the figures and links of its English version', (file) => {
  expect(factsOf(file)).toEqual(factsOf(file.replace('.ja.', '.')));
});

test.each(DOCUMENTS)('%s names only npm scripts that exist', (file) => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...matches(read(file), /npm run ([\w:]+)/g), ...matches(read(file), /npm (start|test)\b/g)];
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test.each(READMES)('%s lists every construct in its table of parts', (file) => {
  const parts = matches(read(file), /\]\(lib\/constructs\/([\w-]+\.ts)\) \|/g);
  expect(parts.toSorted()).toEqual(readdirSync('lib/constructs').toSorted());
});

test.each(READMES)('%s names only properties and options of environments that exist', (file) => {
  const source = read('lib/environment-config.ts') + read('lib/context.ts');
  const table = read(file).match(/\n\| `network\.create\.egress`.*?\n\n/s)?.[0] ?? '';
  const named = matches(table, /^\| (`.*?) \|/gm).flatMap((cell) => matches(cell, /`(?:-c )?([\w.]+)/g));
  expect(named.length).toBeGreaterThan(10);
  const words = named.flatMap((name) => name.split('.'));
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(source))).toEqual([]);
});

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
    const amount = (cell = '') => (/^\d+\.\d\d( [¹²³])?$/.test(cell) ? Number.parseFloat(cell) : 0);
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
  const [without, , cluster] = sumsOf('docs/costs.md').map(({ printed }) => printed);
  expect(sumsOf(file).map(({ printed }) => printed)).toEqual([without]);
  expect(read(file)).toContain(` ${cluster} `);
});
