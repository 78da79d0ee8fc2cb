import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { Failure, type Language, type Text } from '../kit/language';
import { messages } from './messages';

/** What follows a question of each command. The answer No is that of the Enter key. */
export const YES_OR_NO = '[y/N]';

/** Asks on the terminal; undefined where there is no terminal to ask. */
export type Ask = ((question: string) => Promise<string>) | undefined;

export interface Consent {
  /** `--yes`. */
  readonly yes: boolean;
  /** The name that `--confirm` gives. */
  readonly confirm?: string;
}

/**
 * Refuses flags that cannot lead to consent, before the command does anything.
 *
 * @throws in one line
 */
export function checkConsent(
  { id, disposable }: Pick<EnvironmentConfig, 'id' | 'disposable'>,
  { yes, confirm }: Consent,
): void {
  if (confirm !== undefined && confirm !== id) throw new Failure(messages.otherName({ given: confirm, id }));
  if (yes && confirm === undefined && !disposable) throw new Failure(messages.nameNeeded({ id }));
}

/** Tells whether an answer to `[y/N]` is a yes. */
export function isYes(answer: string): boolean {
  return /^(y|yes|はい)$/i.test(answer.trim());
}

/**
 * Asks once. An environment that is not disposable wants its name typed, or given by `--confirm`; `--yes` is not enough there.
 *
 * @throws in one line, without consent
 */
export async function confirmed(
  { id, disposable }: Pick<EnvironmentConfig, 'id' | 'disposable'>,
  { yes, confirm }: Consent,
  { ask, language, question }: { ask: Ask; language: Language; question: Text },
): Promise<void> {
  checkConsent({ id, disposable }, { yes, confirm });
  if (confirm !== undefined || yes) return;
  if (ask === undefined) {
    throw new Failure(disposable ? messages.noTerminal : messages.nameNeeded({ id }));
  }
  const answer = await ask(`${question[language]} ${disposable ? YES_OR_NO : messages.typeName({ id })[language]} `);
  const agreed = disposable ? isYes(answer) : answer.trim() === id;
  if (!agreed) throw new Failure(messages.notConfirmed);
}

/** Asks on the terminal of this process, if both its ends are a terminal. */
export function terminalAsk(signal: AbortSignal): Ask {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return (question) => askOn(process.stdin, process.stdout, question, signal);
}

/** Asks once. @returns an empty answer where the input ends without one, as after Ctrl-D */
export async function askOn(
  input: Readable,
  output: Writable,
  question: string,
  signal?: AbortSignal,
): Promise<string> {
  const terminal = createInterface({ input, output });
  // The interface takes Ctrl-C for itself. Passed on, it is the same signal as elsewhere.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  // Without this, nothing would be left to wait for, and the process would end with exit code 0.
  let onEnd = () => {};
  const ended = new Promise<string>((resolve) => {
    onEnd = () => {
      output.write('\n');
      resolve('');
    };
  });
  terminal.once('close', onEnd);
  try {
    return await Promise.race([terminal.question(question, { signal }), ended]);
  } finally {
    terminal.removeListener('close', onEnd);
    terminal.close();
  }
}
