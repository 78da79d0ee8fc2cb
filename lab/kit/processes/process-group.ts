import { ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

// The processes are our own code because execa, like all libraries that end children in an exit handler, leaves them
// running after `kill -9` of the parent, and never ends the children of a child. execa 10 also needs Node.js 22.

/**
 * Runs a command, and beside it a reader of a pipe from this process. The pipe closes when this process ends in any way,
 * `kill -9` included. The reader then kills the whole process group, so that nothing is left behind. The guard passes
 * SIGTERM to the command, and ends if the signal arrives before the command has started. The command may take time to
 * end, so the guard resumes a `wait` that the signal interrupted.
 */
const GUARD = `exec 3<&0
trap 'kill -TERM "\${child:-$!}" || exit 143' TERM
"$@" 3<&- </dev/null &
child=$!
{ read -r end <&3; kill -KILL 0; } >/dev/null 2>&1 &
exec 3<&-
wait "$child"; code=$?
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
exit "$code"`;

export interface CommandOptions {
  /** File to which both outputs are appended. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with each line of both outputs as it arrives. @default lines go to the log only */
  readonly onLine?: (line: string) => void;
}

const groups = new Set<ProcessGroup>();
process.on('exit', endAll);

/** Ends all process groups that this process started. */
export function endAll(): void {
  for (const group of groups) group.end();
}

/** Milliseconds between two checks whether npm is still running. */
const CHECK_INTERVAL = 500;

/**
 * Calls `onEnd` when the npm that runs this process as the given script has ended. npm does not forward SIGHUP or SIGKILL.
 * Without npm, no terminal controls this process any more.
 */
export function onNpmEnd(script: string, onEnd: () => void): void {
  if (process.env.npm_lifecycle_event !== script) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) onEnd();
  }, CHECK_INTERVAL);
  timer.unref();
}

/** A command in a process group of its own, which ends together with all processes that the command started. */
export class ProcessGroup {
  /** The exit code; 128 + signal number for a command that was killed, 127 for a command that does not exist. */
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
    // The guard may end before its pipe closes (EPIPE), which is not an error here.
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

  /** Sends SIGTERM, so that the command can finish its work. The group ends with the command. */
  stop(): void {
    this.child.kill('SIGTERM');
  }

  /** Kills the group at once. Its processes hold no state that a slower end would save. */
  end(): void {
    groups.delete(this);
    if (this.id === undefined) return;
    try {
      process.kill(-this.id, 'SIGKILL');
    } catch {
      // The group has already ended.
    }
  }
}
