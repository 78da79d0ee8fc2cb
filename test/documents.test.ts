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
  // The order within a sentence is that of the language.
  const facts = (text: string) => matches(text, /(\d+\.\d{2}\b|\]\([^)]+\))/g).toSorted();
  expect(facts(read(file).replaceAll('.ja.md)', '.md)'))).toEqual(
    facts(read(file.replace('.ja.', '.')).replaceAll('.ja.md)', '.md)')),
  );
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
  const source = read('lib/environments.ts') + read('bin/app.ts');
  const table = read(file).match(/\n\| `network\.egress`.*?\n\n/s)?.[0] ?? '';
  const named = matches(table, /^\| (`.*?) \|/gm).flatMap((cell) => matches(cell, /`(?:-c )?([\w.]+)/g));
  expect(named.length).toBeGreaterThan(10);
  const words = named.flatMap((name) => name.split('.'));
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(source))).toEqual([]);
});

test.each(DOCUMENTS)('links of %s lead somewhere', (file) => {
  const links = matches(withoutCode(read(file)), /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link));
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(target)) return true;
    return (
      anchor !== undefined &&
      !matches(withoutCode(read(target)), /^#+ (.+)$/gm)
        .map(anchorOf)
        .includes(anchor)
    );
  });
  expect(broken).toEqual([]);
});

test('costs.md adds up, and the READMEs have its sum', () => {
  const rows = matches(read('docs/costs.md'), /^\| (.*) \|$/gm).map((row) => row.split(' | '));
  const amounts = (column: number) =>
    rows.filter((row) => row.length === 4 && /^\d+\.\d\d$/.test(row[column] ?? '')).map((row) => Number(row[column]));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0).toFixed(2);
  expect(read('docs/costs.md')).toContain(`**${sum(amounts(2))}** | **${sum(amounts(3))}**`);
  const parts = matches(read('README.md'), /\.ts\) \| (\d+\.\d\d)/g).map(Number);
  expect(sum(parts)).toBe(sum(amounts(2)));
  expect(read('README.md')).toContain(`**${sum(parts)}**`);
});

test('what the local endpoint does not model is in its decision, word for word', () => {
  const records = matches(read('tour/capabilities.ts'), /: '([^']+)',$/gm);
  expect(records.length).toBeGreaterThan(3);
  const decision = read('docs/decisions/0007-one-cli-for-aws-and-a-local-endpoint.md');
  expect(records.filter((record) => !decision.includes(`| ${record} |`))).toEqual([]);
});
