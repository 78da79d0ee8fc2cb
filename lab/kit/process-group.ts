import { ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Runs a command and waits for the end of a pipe from us beside it. The pipe closes however this process ends, kill -9
 * included, and the whole group goes with it: nothing that was started here is ever left behind. SIGTERM is handed on to
 * the command, which may take its time: a wait that the signal interrupts is taken up again.
 */
const GUARD = `exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{ read -r end <&3; kill -KILL 0; } >/dev/null 2>&1 &
exec 3<&-
trap 'kill -TERM "$child"' TERM
wait "$child"; code=$?
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
exit "$code"`;

export interface CommandOptions {
  /** File that both outputs are appended to. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with each line of both outputs as it comes. @default they go to the log alone */
  readonly onLine?: (line: string) => void;
}

const groups = new Set<ProcessGroup>();
process.on('exit', endAll);

/** Ends everything that was started here. */
export function endAll(): void {
  for (const group of groups) group.end();
}

/** Milliseconds between two looks whether npm is still there. */
const WATCH_INTERVAL = 500;

/**
 * Calls back when npm, which runs this process as the script of that name, has ended: it passes on neither SIGHUP nor, of
 * course, SIGKILL, and with npm gone nobody would know of this process any more.
 */
export function onNpmEnd(script: string, ended: () => void): void {
  if (process.env.npm_lifecycle_event !== script) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) ended();
  }, WATCH_INTERVAL);
  watch.unref();
}

/** A command in a process group of its own, so that it ends with everything that it started. */
export class ProcessGroup {
  /** Exit code, 128 + signal number for one that was killed, 127 for a command that is not there. */
  readonly exited: Promise<number>;
  /** Id of the process group. */
  readonly id: number | undefined;
  private readonly child: ChildProcess;

  constructor(command: string, args: readonly string[], options: CommandOptions) {
    const log = openSync(options.log, 'a');
    const output = options.onLine ? 'pipe' : log;
    this.child = spawn('/bin/sh', ['-c', GUARD, 'guard', command, ...args], {
      detached: true,
      stdio: ['pipe', output, output],
      env: options.env ?? process.env,
      cwd: options.cwd,
    });
    closeSync(log);
    this.id = this.child.pid;
    const { onLine } = options;
    if (onLine) {
      for (const stream of [this.child.stdout, this.child.stderr]) {
        if (!stream) continue;
        createInterface({ input: stream }).on('line', (line) => {
          appendFileSync(options.log, `${line}\n`);
          onLine(line);
        });
      }
    }
    // The guard may be gone before its pipe is: no reason to fall over.
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      this.child.on('error', () => resolve(127));
      this.child.on(onLine ? 'close' : 'exit', (code) => {
        this.end();
        resolve(code ?? 128 + 9);
      });
    });
    groups.add(this);
  }

  /** Asks the command to end when it has done what it is about; the group ends with it. */
  stop(): void {
    this.child.kill('SIGTERM');
  }

  /** Ends the group at once; there is no state in it that a slower end would save. */
  end(): void {
    groups.delete(this);
    if (this.id === undefined) return;
    try {
      process.kill(-this.id, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}
