import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isRegionName } from '../../lib/zones';
import { Failure, LANGUAGES, type Language, languageOf, type Text, type Words } from './language';
import { messages } from './messages';
import { padEnd } from './width';

type Options = NonNullable<ParseArgsConfig['options']>;

/** A command whose `--help` explains each flag in the language of the output. */
export interface Command<Flag extends string = string> {
  /** `npm run verify`, for example. */
  readonly name: string;
  /** The flags that the first line of the help shows. */
  readonly usage: string;
  readonly about: Text;
  readonly flags: Readonly<Record<Flag, FlagHelp>>;
}

export interface FlagHelp {
  /** The flag with its value, as in `--region REGION`. */
  readonly form: string;
  /** One line. */
  readonly help: Text;
}

/**
 * Reads the flags of a command. `--help` prints the help and ends the process. Each command with a help has `--lang`.
 *
 * @param command the command, or the usage of a command that has no help and speaks English only
 * @param args arguments after the name of the file. @default those of this process
 * @throws in one line that names the flag, for an unknown flag, a missing value or an unknown language
 */
export function optionsOf<const T extends Options>(
  command: Command<Extract<keyof T, string>> | string,
  options: T,
  args: readonly string[] = process.argv.slice(2),
) {
  if (args.includes('--help')) {
    console.log(typeof command === 'string' ? command : helpOf(command)[languageOf(args)]);
    process.exit(0);
  }
  const ownArgs = typeof command === 'string' ? args : withoutLanguage(args);
  check(ownArgs, options, hintOf(command));
  return parseArgs({ args: [...ownArgs], options }).values;
}

/** The arguments without `--lang`, which `languageOf` reads. @throws if its value is not a language */
function withoutLanguage(args: readonly string[]): string[] {
  const { tokens } = parseArgs({ args: [...args], options: { lang: { type: 'string' } }, strict: false, tokens: true });
  const own = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || token.name !== 'lang') continue;
    const { value, index, inlineValue } = token;
    if (!LANGUAGES.some((language) => language === value))
      throw new Failure(messages.badLanguage({ value: value ?? '' }));
    own.add(index);
    if (!inlineValue) own.add(index + 1);
  }
  return args.filter((_, index) => !own.has(index));
}

function check(args: readonly string[], options: Options, hint: Words): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new Failure(messages.noFlag({ argument: token.value, hint }));
    if (token.kind !== 'option') continue;
    const { rawName: flag, name, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw new Failure(messages.unknownFlag({ flag, hint }));
    if (option.type === 'boolean' && value !== undefined) throw new Failure(messages.noValue({ flag, hint }));
    // `--region --json` names no region.
    if (option.type === 'string' && (value === undefined || value === '' || (!inlineValue && value.startsWith('-')))) {
      throw new Failure(messages.missingValue({ flag, hint }));
    }
    // Otherwise the SDK would judge the name, after it has looked for credentials.
    if (/(^|-)region$/.test(name) && value !== undefined && !isRegionName(value)) {
      throw new Failure(messages.badRegion({ flag, value }));
    }
    // The last value would count, and nobody would see that the first one did not.
    if (option.type === 'string' && option.multiple !== true && given.has(name)) {
      throw new Failure(messages.givenTwice({ flag }));
    }
    given.add(name);
  }
}

/** Where a message about a wrong flag leads. */
export function hintOf(command: Command | string): Words {
  return typeof command === 'string' ? command : messages.seeHelp({ command: command.name });
}

/** The help of a command: the usage, what the command does, and a line for each flag. */
export function helpOf({ name, usage, about, flags }: Command): Text {
  const lines = [
    ...Object.values(flags),
    { form: `--lang ${LANGUAGES.join('|')}`, help: messages.langFlag },
    { form: '--help', help: messages.helpFlag },
  ];
  const width = Math.max(...lines.map(({ form }) => form.length));
  const inOne = (language: Language) =>
    [
      `${name} ${usage}`.trim(),
      '',
      about[language],
      '',
      messages.flags[language],
      ...lines.map(({ form, help }) => `  ${padEnd(form, width)}  ${help[language]}`),
    ].join('\n');
  return { en: inOne('en'), ja: inOne('ja') };
}

/**
 * Reads values in the form of the CDK CLI, `-c key=value`.
 *
 * @param flags flags of the command that name the same as a key
 * @throws in one line, if a value has another form, or contradicts another value or a flag
 */
export function assignmentsOf(
  given: readonly string[] = [],
  flags: { readonly environment?: string; readonly region?: string } = {},
): Record<string, string> {
  const { environment, region } = flags;
  const own = new Map<string, string>();
  for (const assignment of given) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(assignment) ?? [];
    if (key === undefined || value === undefined) throw new Failure(messages.badAssignment({ assignment }));
    refuseOther(`-c ${key}=${own.get(key)}`, own.get(key), `-c ${assignment}`, value);
    own.set(key, value);
  }
  for (const [key, value] of Object.entries({ environment, region })) {
    refuseOther(`--${key} ${value}`, value, `-c ${key}=${own.get(key)}`, own.get(key));
  }
  return Object.fromEntries(own);
}

/** @throws if both values are given, and differ */
function refuseOther(first: string, one: string | undefined, second: string, other: string | undefined): void {
  if (one === undefined || other === undefined || one === other) return;
  throw new Failure(messages.contradiction({ first, second }));
}
