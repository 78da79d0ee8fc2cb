import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { DOCUMENTS, JAPANESE_DOCUMENTS, matches, read } from '../support/documents';

/** Columns of a code block that GitHub shows beside its margins, in a window that is wide enough. */
const COLUMNS = 98;

/** Documents for tools and for contributors' forms, which have no Japanese version. */
const ENGLISH_ONLY = /^AGENTS\.md$|^llms\.txt$|^\.github\//;

const JAPANESE = String.raw`[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー]`;

/** Terms that a Japanese engineer does not use here, with the term of practice. */
const TERMS: readonly (readonly [RegExp, string])[] = [
  [/ポッド/, 'Pod'],
  [/待機コスト/, 'アイドル時の月額'],
  [/持ち出/, 'コンストラクトだけを使う、取り込む'],
  [/スタンドイン/, 'ダミーの代替リソース'],
  [/別の端末/, '別のターミナル'],
  [/連鎖/, '一連の流れ'],
  [/伸縮/, 'スケール'],
  [/外向き通信/, 'アウトバウンド通信（egress）'],
  [/予算/, 'PDB の範囲（AWS Budgets は名前のまま）'],
  // 「…を要求する」「要求に…が必要」 is right.
  [/要求(?=[をのがは数率、]|あたり)/, 'リクエスト'],
  [/[一二三]つ/, '1 つ、2 つ、3 つ'],
  [/(?:パラメータ|サーバ|ハンドラ|ユーザ|フォルダ)(?!ー)/, '長音記号を付けた語'],
];

/** Code blocks in one of the languages, or in all. */
function blocksOf(file: string, languages = String.raw`\w*`): string[] {
  return matches(read(file), new RegExp(`^ *\`\`\`(?:${languages})\\n(.*?)^ *\`\`\`$`, 'gms'));
}

/** Code that is indented by four spaces instead of fenced. */
const INDENTED = /(?<=\n\n)(?: {4}.*\n)+/g;

/** The text without fenced code, in lists, too. */
const withoutFences = (file: string) => read(file).replace(/^ *```.*?^ *```$/gms, '');

/** Text of a document in which only prose is left: no code, no addresses. */
function proseOf(file: string): string {
  return withoutFences(file)
    .replace(INDENTED, '')
    .replace(/`[^`\n]*`/g, '`')
    .replace(/\]\([^)\s]*\)/g, ']')
    .replace(/<[^>\n]+>/g, '');
}

/** Code without comments, and with one region, because the Japanese version may name Tokyo. */
function commandsOf(block: string): string {
  return block
    .replace(/(?:^|\s+)(?:#|\/\/) .*$/gm, '')
    .replace(/\b[a-z]{2}-[a-z]+-\d[a-z]?\b/g, 'region')
    .trim();
}

test.each(DOCUMENTS)('%s has no code block wider than GitHub shows', (file) => {
  const indented = (withoutFences(file).match(INDENTED) ?? []).map((block) => block.replace(/^ {4}/gm, ''));
  const lines = [...blocksOf(file), ...indented].flatMap((block) => block.split('\n'));
  expect(lines.filter((line) => stringWidth(line) > COLUMNS)).toEqual([]);
});

test.each(DOCUMENTS.filter((file) => !ENGLISH_ONLY.test(file)))('%s has a version in the other language', (file) => {
  expect(existsSync(file.includes('.ja.') ? file.replace('.ja.', '.') : file.replace(/\.md$/, '.ja.md'))).toBe(true);
});

test.each(DOCUMENTS)('the shell commands of %s can be parsed', (file) => {
  const blocks = blocksOf(file, 'sh|bash|console');
  if (blocks.length === 0) return;
  // One shell checks all blocks of a document, because this process takes long to start another one.
  const parse = 'for block; do bash -n <<< "$block"; done';
  const { status, stderr } = spawnSync('bash', ['-c', parse, 'bash', ...blocks], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.each(DOCUMENTS)('every path in %s exists', (file) => {
  const paths = matches(
    read(file).replace(/\]\([^)\s]*\)/g, ']'),
    /(?:^|[\s`'"(])((?:bin|lib|lambda|container|domain|test|docs|examples|ops|lab|\.github|\.ci)\/[\w./-]*[\w/])/gm,
  );
  // A file named x stands for any file.
  const named = paths.filter((path) => !/\/x(\.|$)/.test(path));
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test.each(DOCUMENTS)('%s gives only options of the context that the app reads', (file) => {
  const keysIn = (source: string, list: RegExp) => matches(read(source).match(list)?.[0] ?? '', /'(\w+)'/g);
  const known = [
    ...keysIn('lib/context.ts', /CONTEXT_KEYS[^=]*= \[.*?\]/s),
    ...keysIn('lib/account.ts', /\bKEYS[^=]*= \[.*?\]/s),
  ];
  expect(known).toContain('environment');
  const given = matches(read(file), /-c ([a-z]\w*)=/g);
  expect(given.filter((key) => key !== 'key' && !known.includes(key))).toEqual([]);
});

test.each(JAPANESE_DOCUMENTS)('%s has the commands of its English version', (file) => {
  const commands = (name: string) => blocksOf(name, 'sh|bash|ts|json|yaml|diff').map(commandsOf);
  expect(commands(file)).toEqual(commands(file.replace('.ja.', '.')));
});

test.each(JAPANESE_DOCUMENTS)('%s has no break within a paragraph, because GitHub would show a blank there', (file) => {
  expect(proseOf(file).match(/^(?![#|>]).*\S.*\n(?! *(?:[-*] |[|#>]|\d+\. ))(?=.*\S).*$/gm) ?? []).toEqual([]);
});

// Quotes of messages and names of repositories are English.
test.each(JAPANESE_DOCUMENTS)('%s has no English sentence', (file) => {
  const prose = proseOf(file).replace(/「[^」]*」|"[^"\n]*"|\[[\w./-]+\]/g, '');
  const lines = prose.split('\n').filter((line) => !line.startsWith('|') && line.trim().length >= 40);
  expect(lines.filter((line) => !new RegExp(JAPANESE, 'u').test(line))).toEqual([]);
  expect(prose.match(/(?:\b[A-Za-z]+,? ){5,}[a-z]+\b/g) ?? []).toEqual([]);
});

test.each(JAPANESE_DOCUMENTS)('%s has comments in Japanese in its shell commands', (file) => {
  const comments = blocksOf(file, 'sh|bash|console').flatMap((block) => matches(block, /(?:^|\s)# (.+)$/gm));
  expect(comments.filter((comment) => !new RegExp(JAPANESE, 'u').test(comment))).toEqual([]);
});

test.each(JAPANESE_DOCUMENTS)('%s has full-width punctuation beside Japanese characters', (file) => {
  const found =
    proseOf(file).match(new RegExp(`.{0,12}(?:${JAPANESE}[,:;()!?]|[,:;()!?]${JAPANESE}).{0,12}`, 'gu')) ?? [];
  expect(found).toEqual([]);
});

test.each(JAPANESE_DOCUMENTS)('%s uses the terms of practice', (file) => {
  const prose = proseOf(file);
  const found = TERMS.flatMap(([pattern, term]) => {
    const [match] = prose.match(pattern) ?? [];
    return match === undefined ? [] : [`${match}: ${term}`];
  });
  expect(found).toEqual([]);
});

test.each(['docs/README.md', 'docs/README.ja.md'])('%s lists every document in its language', (file) => {
  const listed = matches(read(file), /^\| \[[^\]]+\]\(([^)]+)\) \|/gm).map((link) => join('docs', link));
  const pages = DOCUMENTS.filter((page) => page.includes('.ja.') === file.includes('.ja.')).filter(
    // The decisions and the runbooks have an index of their own.
    (page) => !ENGLISH_ONLY.test(page) && !/^docs\/(decisions\/\d|runbooks\/[a-z])/.test(page) && page !== file,
  );
  expect(listed.toSorted()).toEqual(pages.toSorted());
});

test('AGENTS.md and llms.txt have at most 150 lines together', () => {
  expect(`${read('AGENTS.md')}${read('llms.txt')}`.split('\n').length - 1).toBeLessThanOrEqual(150);
});
