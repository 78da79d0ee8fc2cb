import { existsSync, readdirSync } from 'node:fs';
import { DOCUMENTS, matches, read } from '../support/documents';
import { fixtureOf } from '../support/fixture';
import { stacksOf, stageOf } from '../support/stage';

const FOLDER = 'docs/decisions';
const pages = readdirSync(FOLDER).filter((file) => /^\d{4}-/.test(file));
const english = pages.filter((file) => !file.endsWith('.ja.md'));
const japanese = pages.filter((file) => file.endsWith('.ja.md'));
const twinOf = (file: string) =>
  japanese.includes(file) ? file.replace('.ja.md', '.md') : file.replace('.md', '.ja.md');

test.each(pages)('%s links to its version in the other language below its title', (file) => {
  expect(existsSync(`${FOLDER}/${twinOf(file)}`)).toBe(true);
  const language = japanese.includes(file) ? 'English' : '日本語';
  expect(read(`${FOLDER}/${file}`).split('\n')[2]).toBe(`[${language}](${twinOf(file)})`);
});

test('decisions are numbered without a gap', () => {
  expect(english.map((file) => Number(file.slice(0, 4)))).toEqual(english.map((_, index) => index + 1));
});

test.each([
  ['README.md', english],
  ['README.ja.md', japanese],
])('the index %s lists every decision with its title, in their order', (index, files) => {
  const rows = matches(read(`${FOLDER}/${index}`), /^(\| \[\d{4}\]\(.*?\) \| .*?) \| .+ \|$/gm);
  const expected = files.map((file) => {
    const [, number, title] = /^# (\d{4}) (.+)\n/.exec(read(`${FOLDER}/${file}`)) ?? [];
    return `| [${number}](${file}) | ${title}`;
  });
  expect(rows).toEqual(expected);
});

test.each(DOCUMENTS.filter((file) => file.endsWith('.ja.md')))('%s links to decisions in Japanese', (file) => {
  const links = matches(read(file), /\[(?!English\])[^\]]*\]\(([^)]+)\)/g);
  expect(links.filter((link) => /(^|\/)\d{4}-[\w-]+\.md(#|$)/.test(link))).toEqual([]);
});

test.each(['0002-stacks-in-a-construct.md', '0002-stacks-in-a-construct.ja.md'])(
  '%s names the thirteen stacks of an environment in which every part is on',
  (file) => {
    const stacks = Object.keys(stacksOf(stageOf(fixtureOf('trial', { kubernetes: 'true' }))));
    expect(stacks).toHaveLength(13);
    const [list = ''] = matches(read(`${FOLDER}/${file}`), /(`Network`[^.。]*)[.。]/g);
    expect(matches(list, /`(\w+)`/g).toSorted()).toEqual(stacks.toSorted());
  },
);

test.each(DOCUMENTS)('%s runs cdk gc with the option without which the CLI refuses it', (file) => {
  expect(matches(read(file), /cdk gc\b(.{0,15})/g).filter((options) => !options.startsWith(' --unstable=gc'))).toEqual(
    [],
  );
});

test.each(['0011-provisioned-concurrency-on-an-alias.md', '0014-cluster-off-in-the-sandbox.md'])(
  'the prices of %s are prices of costs.md',
  (file) => {
    const costs = read('docs/costs.md');
    const figures = (text: string) => matches(text, /(\d+\.\d{2})\b/g);
    const sums = (label: string) =>
      figures(new RegExp(`^\\| \\*\\*sum, ${label}.*$`, 'm').exec(costs)?.[0] ?? '').map(Number);
    const without = sums('without the cluster');
    const cluster = sums('with the cluster').map((sum, index) => (sum - (without[index] ?? 0)).toFixed(2));
    expect(cluster).toHaveLength(2);
    const prices = figures(read(`${FOLDER}/${file}`));
    expect(prices.filter((price) => ![...figures(costs), ...cluster].includes(price))).toEqual([]);
  },
);
