import { type Language, wordsIn } from '../../kit/language';
import type { Terminal } from '../../kit/terminal';

export interface Person {
  /** What the person types. @default nobody is there */
  readonly answer?: string;
  readonly interruption?: AbortController;
  readonly language?: Language;
}

/** A terminal that records its lines and the questions. */
export function recordedTerminal({ answer, interruption = new AbortController(), language = 'en' }: Person = {}) {
  const lines: string[] = [];
  const asked: string[] = [];
  const terminal: Terminal = {
    say: (words) => void lines.push(wordsIn(words, language)),
    ask:
      answer === undefined
        ? undefined
        : async (question) => {
            asked.push(question);
            return answer;
          },
    language,
    signal: interruption.signal,
  };
  return { lines, asked, terminal };
}
