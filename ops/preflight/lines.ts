import type { Language } from '../kit/language';
import { padEnd } from '../kit/width';
import type { Checked } from './account';
import { messages } from './messages';

/** A line for each check, with the verdict first. */
export function linesOf(checked: readonly Checked[], language: Language): string[] {
  const verdictOf = ({ verdict }: Checked) => messages[verdict][language];
  return checked.map((each) => `  ${padEnd(verdictOf(each), 'not checked'.length)}  ${messages.line(each)[language]}`);
}
