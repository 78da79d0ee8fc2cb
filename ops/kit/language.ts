import { parseArgs } from 'node:util';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text in every language. JSON has the English one (`inEnglish`). */
export type Text = Readonly<Record<Language, string>>;
/** A text, or a name, a path or a number that is the same in every language. */
export type Words = Text | string | number;

/** The names in braces of a text. */
type Placeholder<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
/** A text, or a function of the values for its placeholders. */
type Message<T extends string> = [Placeholder<T>] extends [never]
  ? Text
  : (values: Readonly<Record<Placeholder<T>, Words>>) => Text;
/** The text itself, if it is a literal with the placeholders of another one. */
type With<T extends string, Other extends string> = string extends T | Other
  ? never
  : [Placeholder<T>, Placeholder<Other>] extends [Placeholder<Other>, Placeholder<T>]
    ? T
    : never;

/**
 * An entry of a table of messages. A text with placeholders, such as {stack}, becomes a function of their values. An entry
 * without one of the languages, or with other placeholders in one of them, does not compile.
 */
export function message<const E extends string, const J extends string>(source: {
  readonly en: E;
  readonly ja: With<J, E>;
}): Message<E>;
export function message({ en, ja }: Text): Text | ((values: Readonly<Record<string, Words>>) => Text) {
  if (!/\{\w+\}/.test(en)) return { en, ja };
  return (values) => ({ en: filled(en, values, 'en'), ja: filled(ja, values, 'ja') });
}

/** Japanese has a space beside Latin letters and digits, but not between two of its own characters. */
const SPACE_IN_JAPANESE = /(?<=[\u3000-\u9fff\uff00-\uffef]) +(?=[\u3000-\u9fff\uff00-\uffef])/g;

function filled(text: string, values: Readonly<Record<string, Words>>, language: Language): string {
  const all = text.replace(/\{(\w+)\}/g, (_, name) => wordsIn(values[name] ?? '', language));
  return language === 'ja' ? all.replace(SPACE_IN_JAPANESE, '') : all;
}

export function wordsIn(words: Words, language: Language): string {
  return typeof words === 'object' ? words[language] : String(words);
}

/** The words one after the other, with a separator between them. */
export function joined(all: readonly Words[], separator: Words = { en: ', ', ja: '、' }): Text {
  const inOne = (language: Language) => all.map((words) => wordsIn(words, language)).join(wordsIn(separator, language));
  return { en: inOne('en'), ja: inOne('ja') };
}

/** A replacer for `JSON.stringify`. JSON stays in English, so that scripts and reports do not depend on the language. */
export function inEnglish(_key: string, value: unknown): unknown {
  return isText(value) ? value.en : value;
}

export function isText(value: unknown): value is Text {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === LANGUAGES.length &&
    LANGUAGES.every((language) => language in value)
  );
}

/** An error that people read. Its `message` is the English text. */
export class Failure extends Error {
  constructor(
    readonly text: Text,
    options?: ErrorOptions,
  ) {
    super(text.en, options);
  }
}

/** The text of an error. Errors of the CDK, of AWS and of lib/ are in English only. */
export function textOf(error: unknown): Text {
  if (error instanceof Failure) return error.text;
  const text = error instanceof Error ? error.message : String(error);
  return { en: text, ja: text };
}

/**
 * The language of a command: that of `--lang`, else that of the environment. The first variable of the three that is set
 * counts. `optionsOf` refuses another `--lang`.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02
 */
export function languageOf(
  args: readonly string[] = process.argv.slice(2),
  { LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv = process.env,
): Language {
  const { lang } = parseArgs({ args: [...args], options: { lang: { type: 'string' } }, strict: false }).values;
  const named = LANGUAGES.find((language) => language === lang);
  if (named !== undefined) return named;
  const locale = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '');
  return /^ja(?![a-z])/i.test(locale ?? '') ? 'ja' : 'en';
}
