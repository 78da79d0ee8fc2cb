/** Output for people: a line that changes on a terminal, all lines in a log. */
export interface Terminal {
  /** Prints a finished step, its result, and its duration since `from` (`performance.now()`). */
  step(name: string, result: string, from?: number): void;
  /** Shows the current work. On a terminal the next output replaces it; a log does not contain it. */
  status(text: string): void;
  line(text?: string): void;
}

export function terminal(out: NodeJS.WriteStream = process.stdout): Terminal {
  // The reader has gone (npm start | head), so there is no reason to go on and no way to say so.
  out.on('error', () => process.exit(1));
  const clear = out.isTTY ? '\r\x1b[K' : '';
  const line = (text = '') => out.write(`${clear}${text}\n`);
  return {
    line,
    step: (name, result, from) => {
      const seconds = from === undefined ? '' : `${((performance.now() - from) / 1_000).toFixed(1)} s`;
      line(`  ${name.padEnd(14)}${result.padEnd(44)}${seconds.padStart(7)}`.trimEnd());
    },
    status: (text) => {
      if (out.isTTY) out.write(`${clear}  ${text.slice(0, out.columns - 4)} …`);
    },
  };
}
