import type { EventEmitter } from 'node:events';

/** Milliseconds in which further signals are the first one once more: a terminal sends Ctrl-C to all, and npm forwards its own. */
const SAME = 1_000;

export interface StoppingOptions {
  /** Where signals arrive. */
  readonly signals: EventEmitter;
  /** What is written to. It goes away with its reader, as in `| head`, or with the terminal (EPIPE, EIO). */
  readonly outputs: readonly EventEmitter[];
  /** Called for the first signal. */
  readonly onStop: () => void;
  /** Called for one that is sent again later. */
  readonly onLeave: () => void;
  /** Milliseconds of a clock. @default the one of this process */
  readonly now?: () => number;
}

/** Aborted by the first signal, and when an output goes away. */
export function stoppingOn(options: StoppingOptions): AbortSignal {
  const { signals, outputs, onStop, onLeave, now = () => performance.now() } = options;
  const stopping = new AbortController();
  let first: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    signals.on(name, () => {
      if (first === undefined) {
        first = now();
        stopping.abort();
        onStop();
      } else if (now() - first > SAME) {
        onLeave();
      }
    });
  }
  // Without a listener the error would end the process, and the Job would stay.
  for (const output of outputs) output.on('error', () => stopping.abort());
  return stopping.signal;
}
