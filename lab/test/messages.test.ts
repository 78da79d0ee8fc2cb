import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { deployCommand } from '../../ops/deploy/command';
import { messages as deploy } from '../../ops/deploy/messages';
import { destroyCommand } from '../../ops/destroy/command';
import { messages as destroy } from '../../ops/destroy/messages';
import { isText, LANGUAGES, type Text } from '../../ops/kit/language';
import { messages as opsKit } from '../../ops/kit/messages';
import { type Command, helpOf } from '../../ops/kit/options';
import { preflightCommand } from '../../ops/preflight/command';
import { messages as preflight } from '../../ops/preflight/messages';
import { promoteCommand } from '../../ops/promote/command';
import { messages as promote } from '../../ops/promote/messages';
import { sweepCommand } from '../../ops/sweep/command';
import { messages as sweep } from '../../ops/sweep/messages';
import { messages as labKit } from '../kit/messages';
import { redeployCommand, startCommand } from '../local/commands';
import { messages as local } from '../local/messages';
import { verifyCommand } from '../tour/command';
import { statements, messages as tour } from '../tour/messages';
import { table } from '../tour/table';

const TABLES = { opsKit, preflight, deploy, destroy, promote, sweep, labKit, local, tour, statements };
/** Columns of GitHub's page for code, and of a terminal that is not wide. */
const COLUMNS = 98;
const JAPANESE = /[\u3000-\u9fff\uff00-\uffef]/;
/** Words that no English sentence of these commands can do without, and that Japanese does not need. */
const ENGLISH = /\b(the|an?|is|are|was|has|have|not|no|of|to|with|and|from|this|that|it|its)\b/i;

/** Tells whether a text has words of an English sentence. Placeholders, flags and paths are not words. */
function isEnglish(text: string): boolean {
  return ENGLISH.test(text.replace(/\{\w+\}|--[\w-]+|\S+\/\S+/g, ''));
}

/** A text with the names of its placeholders in place of their values. */
function textOf(name: string, entry: unknown): Text {
  const names = new Proxy({}, { get: (_, placeholder) => `{${String(placeholder)}}` });
  const text: unknown = typeof entry === 'function' ? entry(names) : entry;
  if (!isText(text)) throw new Error(`${name} is no message`);
  return text;
}

const texts = Object.entries(TABLES).flatMap(([tableName, entries]) =>
  Object.entries<unknown>(entries).map(([name, entry]) => {
    const fullName = `${tableName}.${name}`;
    return { name: fullName, ...textOf(fullName, entry) };
  }),
);
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
const namesOf = (found: readonly { name: string }[]) => found.map(({ name }) => name);

describe('the tables of messages', () => {
  test('contain all texts of these commands', () => {
    expect(texts.length).toBeGreaterThan(250);
  });

  test('have no empty text', () => {
    expect(namesOf(texts.filter(({ en, ja }) => en.trim() === '' || ja.trim() === ''))).toEqual([]);
  });

  test('have the same placeholders in both languages', () => {
    const differ = texts.filter(({ en, ja }) => placeholders(en).join() !== placeholders(ja).join());
    expect(namesOf(differ)).toEqual([]);
  });

  test('have Japanese in Japanese texts only', () => {
    expect(namesOf(texts.filter(({ ja }) => !JAPANESE.test(ja)))).toEqual([]);
    expect(namesOf(texts.filter(({ en }) => JAPANESE.test(en)))).toEqual([]);
  });

  test('have no English sentence in Japanese texts', () => {
    expect(namesOf(texts.filter(({ ja }) => isEnglish(ja)))).toEqual([]);
  });

  test('have Japanese punctuation beside Japanese', () => {
    const wrong = /[\u3040-\u9fff] ?[,:;!?()]|[\u3040-\u9fff]\.(\s|$)|[,:;(] ?[\u3040-\u9fff]/;
    expect(namesOf(texts.filter(({ ja }) => wrong.test(ja)))).toEqual([]);
  });
});

/** The sources of the commands. Programs that English-only commands run, and the processes below, are not among them. */
const SOURCES = ['ops/kit', 'ops/preflight', 'ops/promote', 'ops/sweep', 'lab/kit', 'lab/tour', 'lab/local'].flatMap(
  (folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.ts') && file !== 'messages.ts')
      .map((file) => join(folder, file)),
);
/** Literals with a sentence that nobody is shown. */
const NOT_SHOWN: readonly RegExp[] = [
  // Output of CloudFormation and of the CDK CLI.
  /^(does not exist|no changes)$/,
  // Names for the code, whose texts are in the tables.
  /^(not modelled by this endpoint|not checked|control planes of EKS)$/,
  // Units in the table of docs/costs.md.
  /^(hour and zone|GB and month|metric and month)$/,
  // Code of lib/environments.ts, and a command.
  /^\{ from: 'digest'|^ +git commit /,
];
/** Reasons for a reader of the source, to whom the output refers. */
const READ_IN_THE_SOURCE = ['lab/local/stand-ins.ts'];

test.each(SOURCES.filter((file) => !READ_IN_THE_SOURCE.includes(file)))(
  '%s has no sentence of its own, which would be printed in one language only',
  (file) => {
    const code = readFileSync(file, 'utf8')
      .replace(/\/\*.*?\*\//gs, '')
      .replace(/^\s*\/\/.*$/gm, '');
    const literals = Array.from(code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g), ([, plain, template]) => {
      return plain ?? (template ?? '').replace(/\$\{[^}]*\}/g, '');
    });
    const sentences = literals.filter((text) => text.includes(' ') && isEnglish(text));
    expect(sentences.filter((text) => !NOT_SHOWN.some((pattern) => pattern.test(text)))).toEqual([]);
  },
);

test.each(LANGUAGES)('no column of the table except the last is cut off at 98 columns (%s)', (language) => {
  const rows = Object.values(statements).map((proves) => ({
    name: '|',
    proves,
    result: tour.noRequestId,
    milliseconds: 12_345,
    verdict: 'not modelled by this endpoint' as const,
  }));
  for (const line of table
    .render(rows, language)
    .split('\n')
    .slice(2, rows.length + 2)) {
    expect(line).toMatch(/\|$/);
    expect(stringWidth(line.slice(0, -1))).toBeLessThanOrEqual(COLUMNS);
  }
});

const commands: readonly Command[] = [
  startCommand,
  verifyCommand,
  preflightCommand,
  deployCommand,
  destroyCommand,
  promoteCommand,
  sweepCommand,
  redeployCommand,
];

describe.each(commands)('the help of $name', (command) => {
  const lines = (language: (typeof LANGUAGES)[number]) => helpOf(command)[language].split('\n');

  test.each(LANGUAGES)('explains each flag in a line of at most 98 columns (%s)', (language) => {
    for (const line of lines(language)) expect([line, stringWidth(line) <= COLUMNS]).toEqual([line, true]);
    const flags = [...Object.values(command.flags).map(({ form }) => form), '--lang en|ja', '--help'];
    for (const form of flags) {
      expect(lines(language).filter((line) => line.startsWith(`  ${form} `))).toEqual([
        expect.stringMatching(language === 'ja' ? JAPANESE : / {2}\w+ \w+/),
      ]);
    }
  });

  test('has no English sentence in Japanese', () => {
    expect(lines('ja').filter(isEnglish)).toEqual([]);
  });
});
