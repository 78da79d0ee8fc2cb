import { createInterface } from 'node:readline/promises';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { Failure, type Language, type Text } from '../kit/language';
import { messages } from './messages';

/** Asks on the terminal; undefined where there is no terminal to ask. */
export type Ask = ((question: string) => Promise<string>) | undefined;

export interface Consent {
  /** `--yes`. */
  readonly yes: boolean;
  /** The name that `--confirm` gives. */
  readonly confirm?: string;
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
  if (confirm !== undefined) {
    if (confirm === id) return;
    throw new Failure(messages.otherName({ given: confirm, id }));
  }
  if (disposable && yes) return;
  if (ask === undefined) {
    throw new Failure(disposable ? messages.noTerminal : messages.nameNeeded({ id }));
  }
  const answer = await ask(
    `${question[language]} ${(disposable ? messages.yesOrNo : messages.typeName({ id }))[language]} `,
  );
  const agreed = disposable ? /^(y|yes|はい)$/i.test(answer.trim()) : answer.trim() === id;
  if (!agreed) throw new Failure(messages.notConfirmed);
}

/** Asks on the terminal of this process, if both its ends are a terminal. */
export function terminalAsk(signal: AbortSignal): Ask {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    // The interface takes Ctrl-C for itself. Passed on, it is the same signal as elsewhere.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      return await terminal.question(question, { signal });
    } finally {
      terminal.close();
    }
  };
}
