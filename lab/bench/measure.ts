import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { FunctionBundles } from '../../lib/sources';

/** One row of the table. Times are in the unit of `unit`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same thing measured in the same run with nothing of ours in it. */
  readonly against?: { readonly what: string; readonly value: number };
  /** What it should reach: the value, or its ratio to `against`, at the most; or the value at least. */
  readonly target?: { readonly value: number } | { readonly ratio: number } | { readonly atLeast: number };
  /** What else was seen in the same run. */
  readonly detail?: string;
}

export interface CaseOptions {
  /** Measurements behind each median. */
  readonly runs: number;
  /** Command in front of the server that is put under load, as words: `taskset -c 0`. */
  readonly via?: readonly string[];
  /** Says what is being done. */
  readonly onProgress: (text: string) => void;
}

const processes = new Set<ChildProcess>();
const folders = new Set<string>();

/** Starts a process in a group of its own, so that nothing it starts outlives it. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { detached: true, stdio: 'ignore', ...options });
  processes.add(child);
  child.once('exit', () => processes.delete(child));
  child.on('error', () => processes.delete(child));
  return child;
}

/** Ends what `start` started, with its group. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const late = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

/** Seconds that a command takes, from start to exit. @throws with its output, if it does not exit with 0 */
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

/** An empty folder that is removed at the end. */
export function folder(name: string): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), `kumiki-bench-${name}-`));
  folders.add(path);
  return path;
}

/** The bundle of a function as it is deployed: path of its `index.mjs`. */
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

/** Has a folder of somewhere else removed at the end. */
export function removeAtEnd(path: string): void {
  folders.add(path);
}

/** Ends every process and removes every folder of this run. */
export function cleanUp(): void {
  for (const { pid } of processes) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended between being listed and being killed.
    }
  }
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}

/** The medians of several measurements, taken in turn so that a busy moment of the machine hits all of them. */
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

/** The smallest of `values` that at least the share `q` of them does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
}

/** Text that replaces itself while something runs; nothing when nobody looks. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}
