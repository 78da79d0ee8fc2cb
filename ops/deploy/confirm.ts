import type { EnvironmentConfig } from '../../lib/environment-config';
import { Failure, type Language, type Text } from '../kit/language';
import { type Ask, isYes, YES_OR_NO } from '../kit/terminal';
import { messages } from './messages';

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
