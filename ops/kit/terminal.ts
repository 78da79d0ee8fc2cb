import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { type Language, languageOf, type Words, wordsIn } from './language';

/** Milliseconds within which a second signal is the same press of Ctrl-C. */
const SAME_SIGNAL = 1_000;

/** Exit code after Ctrl-C, as a shell gives it to a process that SIGINT ended. */
export const INTERRUPTED = 130;

/** What follows a question of each command. The answer No is that of the Enter key. */
export const YES_OR_NO = '[y/N]';

/** Asks on the terminal; undefined where there is no terminal to ask. */
export type Ask = ((question: string) => Promise<string>) | undefined;

/** The person in front of a command. */
export interface Terminal {
  /** Prints a line in the language of the command. */
  readonly say: (words: Words) => void;
  readonly ask: Ask;
  readonly language: Language;
  /** Aborts when the person interrupts the command. */
  readonly signal: AbortSignal;
}

/** The terminal of this process. */
export function terminal(): Terminal {
  const language = languageOf();
  const signal = interruption();
  return { say: (words) => console.log(wordsIn(words, language)), ask: terminalAsk(signal), language, signal };
}

/** Aborts at the first signal that ends a process. The second one ends this process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Who presses Ctrl-C twice does not want to wait. npm passes on the signal that the terminal has sent, too.
      if (first !== undefined && performance.now() - first > SAME_SIGNAL) process.exit(INTERRUPTED);
      first ??= performance.now();
      controller.abort();
    });
  }
  return controller.signal;
}

/** What the promise gives, unless the signal aborts first. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  // Nobody waits for the work after an abort: its error is not an error of the command.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Tells whether an answer to `[y/N]` is a yes. */
export function isYes(answer: string): boolean {
  return /^(y|yes|はい)$/i.test(answer.trim());
}

/** Asks on the terminal of this process, if both its ends are a terminal. */
function terminalAsk(signal: AbortSignal): Ask {
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
