import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { FunctionBundles } from '../../lib/sources';

/** One row of the table. */
export interface Figure {
  /** Name of the figure. */
  readonly what: string;
  /** Measured value, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** Value to compare with from the same run, such as that of an empty app. */
  readonly against?: { readonly what: string; readonly value: number };
  /** Upper bound of `value` or of its ratio to `against`, or lower bound of `value`. */
  readonly target?: { readonly value: number } | { readonly ratio: number } | { readonly atLeast: number };
  /** Other results of the same run, as text. */
  readonly detail?: string;
}

export interface CaseOptions {
  /** Measurements for each median. */
  readonly runs: number;
  /** Command that starts the server under load, as words: `taskset -c 0`. */
  readonly via?: readonly string[];
  /** Prints the current step. */
  readonly onProgress: (text: string) => void;
}

const processes = new Set<ChildProcess>();
const folders = new Set<string>();

/** Starts a process in a new process group, so that `stop` also ends its child processes. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { detached: true, stdio: 'ignore', ...options });
  processes.add(child);
  child.once('exit', () => processes.delete(child));
  child.on('error', () => processes.delete(child));
  return child;
}

/** Ends a process from `start` with its group. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const late = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 10_000);
  await exited;
  clearTimeout(late);
}

/** Runs a command and returns its time in seconds. @throws with the output, if the exit code is not 0 */
export async function secondsOf(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<number> {
  const started = performance.now();
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = (performance.now() - started) / 1_000;
  if (code !== 0) {
    const end = output.trim().split('\n').slice(-5).join('\n');
    throw new Error(`${[command, ...args].join(' ')} ended with ${code}\n${end}`);
  }
  return seconds;
}

/** Creates an empty folder that is removed at the end. */
export function folder(name: string): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), `kumiki-bench-${name}-`));
  folders.add(path);
  return path;
}

/** Bundles a function as for a deployment, and returns the path of its `index.mjs`. */
export function bundled(entry: string): string {
  const out = folder('bundle');
  const app = new App({ outdir: out, builtinCloudFormationValidation: false, analyticsReporting: false });
  new lambda.Function(new Stack(app, 'Bundle'), 'Function', {
    code: new FunctionBundles().code(entry),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_22_X,
  });
  app.synth();
  const asset = readdirSync(out).find((name) => name.startsWith('asset.')) ?? '';
  return join(out, asset, 'index.mjs');
}

/** Registers another folder for removal at the end. */
export function removeAtEnd(path: string): void {
  folders.add(path);
}

/** Ends every process and removes every folder of this run. */
export function cleanUp(): void {
  for (const { pid } of processes) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // The process ended before it was killed.
    }
  }
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}

/** Returns the medians of several measurements. They run in turn, so that a busy moment of the machine affects all of them. */
export async function medians(
  runs: number,
  measurements: readonly (() => Promise<number>)[],
  onRun: (run: number) => void = () => {},
): Promise<number[]> {
  const results = measurements.map((): number[] => []);
  for (let run = 1; run <= runs; run++) {
    onRun(run);
    for (const [index, measure] of measurements.entries()) results[index]?.push(await measure());
  }
  return results.map((values) => quantile(values, 0.5));
}

/** Returns the smallest value that at least the share `q` of all values does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
}

/** Prints the current step to stderr. On a terminal, each text replaces the last one. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}
