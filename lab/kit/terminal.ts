/** Lines for people: calm on a terminal, complete in a log. */
export interface Terminal {
  /** A finished step: what, its result, and how long it took since `from` (`performance.now()`). */
  step(what: string, result: string, from?: number): void;
  /** What is being done, on a terminal replaced by whatever comes next. */
  status(text: string): void;
  line(text?: string): void;
}

export function terminal(out: NodeJS.WriteStream = process.stdout): Terminal {
  // Nobody reads any more (npm start | head): there is nobody to go on for, and nobody to tell.
  out.on('error', () => process.exit(1));
  const clear = out.isTTY ? '\r\x1b[K' : '';
  const line = (text = '') => out.write(`${clear}${text}\n`);
  return {
    line,
    step: (what, result, from) => {
      const seconds = from === undefined ? '' : `${((performance.now() - from) / 1_000).toFixed(1)} s`;
      line(`  ${what.padEnd(14)}${result.padEnd(44)}${seconds.padStart(7)}`.trimEnd());
    },
    status: (text) => {
      if (out.isTTY) out.write(`${clear}  ${text.slice(0, out.columns - 4)} …`);
    },
  };
}
