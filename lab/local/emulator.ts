import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type Text } from '../../ops/kit/language';
import { ownVariables } from '../kit/endpoint';
import { freePort } from '../kit/processes/free-port';
import { ProcessGroup } from '../kit/processes/process-group';
import { messages } from './messages';

export interface EmulatorProps {
  readonly command: string;
  readonly args?: readonly string[];
  /** Folder for temporary files of the emulator. */
  readonly temporary: string;
  readonly log: string;
  /** Finds a port. @default finds a free port */
  readonly port?: () => Promise<number>;
  /** Milliseconds within which the emulator has to answer. @default 60000 */
  readonly timeout?: number;
}

export interface Emulator {
  readonly url: string;
  /** Id of the process group. */
  readonly group: number | undefined;
  /** Resolves to the exit code when the emulator ends. */
  readonly exited: Promise<number>;
}

/** Another process may take a free port before the emulator does. */
const ATTEMPTS = 3;

/**
 * Starts the emulator on 127.0.0.1 and waits for an answer.
 *
 * @throws if the emulator ends or does not answer in time, with the path of the log
 */
export async function startEmulator(props: EmulatorProps): Promise<Emulator> {
  let problem: Text | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await (props.port ?? freePort)();
    const group = new ProcessGroup(props.command, props.args ?? [], {
      log: props.log,
      env: {
        ...ownVariables(),
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        TMPDIR: props.temporary,
      },
    });
    const url = `http://127.0.0.1:${port}`;
    problem = await problemOf(url, group, props.timeout ?? 60_000);
    if (problem === undefined) return { url, group: group.id, exited: group.exited };
    group.end();
  }
  throw new Failure(messages.emulatorNotStarted({ problem: problem ?? '', log: props.log }));
}

/** Waits until `url` answers. @returns the problem, if the process ends first or `timeout` milliseconds pass */
async function problemOf(url: string, group: ProcessGroup, timeout: number): Promise<Text | undefined> {
  const ended = new AbortController();
  let exitCode = 0;
  group.exited.then((code) => {
    exitCode = code;
    ended.abort();
  });
  const deadline = Date.now() + timeout;
  while (!ended.signal.aborted && Date.now() < deadline) {
    try {
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(2_000)]);
      if ((await fetch(`${url}/_ministack/health`, { signal })).ok) return undefined;
    } catch {
      // The emulator does not answer yet.
    }
    await sleep(50);
  }
  return ended.signal.aborted
    ? messages.endedWithCode({ code: exitCode })
    : messages.noAnswerWithin({ seconds: timeout / 1_000 });
}
