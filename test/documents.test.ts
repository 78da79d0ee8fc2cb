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
/** Documents in Japanese. */
const TWINS = DOCUMENTS.filter((file) => file.endsWith('.ja.md'));
const read = (file: string) => readFileSync(file, 'utf8');
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '');
const matches = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, found = '']) => found);

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of a document's headings, in their order. */
function anchorsOf(file: string): string[] {
  return matches(withoutCode(read(file)), /^#+ (.+)$/gm).map(anchorOf);
}

/** The file and the anchor that a link leads to. */
function targetOf(file: string, link: string): { target: string; anchor?: string } {
  const [path = '', anchor] = link.split('#');
  return { target: path === '' ? file : join(dirname(file), path), anchor };
}

/** Figures and links of a document, sorted, with a link to a twin or to a heading of it as one to the English one. */
function factsOf(file: string): string[] {
  const text = read(file);
  const links = matches(text, /\]\(([^)]+)\)/g).map((link) => {
    if (/^https?:/.test(link)) return link;
    const { target, anchor } = targetOf(file, link);
    // Headings are in the language of the document, and in the same order.
    return `${target.replace('.ja.', '.')} ${anchor === undefined ? '' : anchorsOf(target).indexOf(anchor)}`;
  });
  // The order within a sentence is that of the language.
  return [...matches(text, /(\d+\.\d{2}\b)/g), ...links].toSorted();
}

/** Headings, tables (columns and rows), code blocks and pictures, without their words. */
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

test.each(TWINS)('%s has the headings, tables and pictures of its English twin', (file) => {
  expect(outlineOf(file)).toEqual(outlineOf(file.replace('.ja.', '.')));
});

test.each(TWINS)('%s has the figures and links of its English twin', (file) => {
  expect(factsOf(file)).toEqual(factsOf(file.replace('.ja.', '.')));
});

test.each(DOCUMENTS)('%s names only npm scripts that exist', (file) => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...matches(read(file), /npm run ([\w:]+)/g), ...matches(read(file), /npm (start|test)\b/g)];
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test.each(READMES)('%s has every construct in its table of parts', (file) => {
  const parts = matches(read(file), /\]\(lib\/constructs\/([\w-]+\.ts)\) \|/g);
  expect(parts.toSorted()).toEqual(readdirSync('lib/constructs').toSorted());
});

test.each(READMES)('%s names only properties and options that environments have', (file) => {
  const source = read('lib/environment-config.ts') + read('lib/context.ts');
  const table = read(file).match(/\n\| `network\.create\.egress`.*?\n\n/s)?.[0] ?? '';
  const named = matches(table, /^\| (`.*?) \|/gm).flatMap((cell) => matches(cell, /`(?:-c )?([\w.]+)/g));
  expect(named.length).toBeGreaterThan(10);
  const words = named.flatMap((name) => name.split('.'));
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(source))).toEqual([]);
});

test.each(DOCUMENTS)('links of %s lead somewhere', (file) => {
  const links = matches(withoutCode(read(file)), /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link));
  const broken = links.filter((link) => {
    const { target, anchor } = targetOf(file, link);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0).toFixed(2);

/** Columns of amounts whose table ends with a row of sums in bold: what they add up to, and what that row says. */
function sumsOf(file: string): { computed: string; said: string }[] {
  const tables = matches(read(file), /((?:^\|.*\n)+)/gm);
  return tables.flatMap((table) => {
    const rows = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    const amount = (cell = '') => (/^\d+\.\d\d( [¹²³])?$/.test(cell) ? Number.parseFloat(cell) : 0);
    return (rows.at(-2) ?? []).flatMap((cell, column) => {
      const [, said] = /^\*\*(\d+\.\d\d)\*\*$/.exec(cell) ?? [];
      return said === undefined ? [] : [{ computed: sum(rows.map((row) => amount(row[column]))), said }];
    });
  });
}

test.each([...READMES, ...DOCUMENTS.filter((file) => /costs(\.ja)?\.md$/.test(file))])(
  'the sums of %s are right',
  (file) => {
    const sums = sumsOf(file);
    expect(sums.length).toBe(READMES.includes(file) ? 1 : 4);
    expect(sums.map(({ computed }) => computed)).toEqual(sums.map(({ said }) => said));
  },
);

test.each(READMES)('%s has the sums of costs.md, without a cluster and with one', (file) => {
  const [without, , cluster] = sumsOf('docs/costs.md').map(({ said }) => said);
  expect(sumsOf(file).map(({ said }) => said)).toEqual([without]);
  expect(read(file)).toContain(` ${cluster} `);
});

test('what the local endpoint does not model is in its decision, word for word', () => {
  const records = matches(read('lab/tour/capabilities.ts'), /: '([^']+)',$/gm);
  expect(records.length).toBeGreaterThan(3);
  const decision = read('docs/decisions/0007-one-cli-for-aws-and-a-local-endpoint.md');
  expect(records.filter((record) => !decision.includes(`| ${record} |`))).toEqual([]);
});
