import { type Language, languageOf, type Words, wordsIn } from '../../ops/kit/language';
import { cut, padEnd, padStart } from '../../ops/kit/width';
import { messages } from './messages';

/** Columns for the names of steps. The longest are WebSocketApi and エミュレーター. */
const NAME_COLUMNS: Readonly<Record<Language, number>> = { en: 14, ja: 16 };

/** Output for people, in the language of the command: a line that changes on a terminal, all lines in a log. */
export interface Terminal {
  /** Prints a finished step, its result, and its duration since `from` (`performance.now()`). */
  step(name: Words, result: Words, from?: number): void;
  /** Shows the current work. On a terminal the next output replaces it; a log does not contain it. */
  status(text: Words): void;
  line(text?: Words): void;
}

export function terminal(out: NodeJS.WriteStream = process.stdout): Terminal {
  // The reader has gone (npm start | head), so there is no reason to go on and no way to say so.
  out.on('error', () => process.exit(1));
  const clear = out.isTTY ? '\r\x1b[K' : '';
  const language = languageOf();
  const line = (text: Words = '') => out.write(`${clear}${wordsIn(text, language)}\n`);
  return {
    line,
    step: (name, result, from) => {
      line(stepLine(name, result, language, from === undefined ? undefined : (performance.now() - from) / 1_000));
    },
    status: (text) => {
      if (out.isTTY) out.write(`${clear}  ${cut(wordsIn(text, language), out.columns - 4)} …`);
    },
  };
}

/** The line of a finished step. */
export function stepLine(name: Words, result: Words, language: Language, seconds?: number): string {
  const time = seconds === undefined ? '' : wordsIn(messages.seconds({ seconds: seconds.toFixed(1) }), language);
  const texts = padEnd(wordsIn(name, language), NAME_COLUMNS[language]) + padEnd(wordsIn(result, language), 44);
  return `  ${texts}${padStart(time, 7)}`.trimEnd();
}
