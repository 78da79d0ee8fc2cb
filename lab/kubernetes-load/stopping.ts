import type { EventEmitter } from 'node:events';

/** Milliseconds within which signals count as one. A terminal sends Ctrl-C to all processes, and npm forwards it again. */
const SAME = 1_000;

export interface StoppingOptions {
  /** Emitter of the signals, such as `process`. */
  readonly signals: EventEmitter;
  /** Outputs of the process. An output fails when its reader (`| head`) or the terminal has gone (EPIPE, EIO). */
  readonly outputs: readonly EventEmitter[];
  /** Called for the first signal. */
  readonly onStop: () => void;
  /** Called for a later signal. */
  readonly onLeave: () => void;
  /** Clock in milliseconds. @default `performance.now` */
  readonly now?: () => number;
}

/** A signal that is aborted by the first SIGINT, SIGTERM or SIGHUP, and when an output fails. */
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
  // Without a listener, the error would end the process and leave the Job behind.
  for (const output of outputs) output.on('error', () => stopping.abort());
  return stopping.signal;
}
