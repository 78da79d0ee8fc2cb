import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folders } from '../kit/folders';
import { Context } from './context';

export const runFile = join(folders.state, 'run.json');
/** Likewise of the `npm run deploy:local` that is running. */
export const redeployFile = join(folders.state, 'redeploy.json');

/** What other commands need to know of the `npm start` that is running. */
export interface Run {
  readonly pid: number;
  /** Unset until the endpoint answers. */
  readonly endpoint?: string;
  /** What it was told about the environment, for those who deploy into it. */
  readonly context?: Context;
  /** Process group of the emulator, if it was started here. */
  readonly emulator?: number;
  /** Digest of the bundle that the container service runs; unset until it does. */
  readonly service?: string;
  /** Whether the service is a target of what is deployed now; unset by who deploys, set by who runs it. */
  readonly registered?: boolean;
  /** Set once everything has been deployed. */
  readonly ready?: boolean;
  /** Why the container service could not be registered, or a new one not be started. */
  readonly problem?: string;
}

/** The run that a file tells of, or undefined if it is not there or the process has ended. */
export function readRun(file: string): Run | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const run = parse(text);
  return run && isRunning(run.pid) ? run : undefined;
}

/**
 * Takes the file for this process, over from one that has ended.
 *
 * @param refusal what to say if another one is running
 * @throws if another one is running
 */
export function claimRun(file: string, refusal: (other: Run) => string = runningAlready): void {
  // A link appears with its content or not at all.
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, JSON.stringify({ pid: process.pid }));
  try {
    claim(draft, file, refusal);
  } finally {
    rmSync(draft, { force: true });
  }
}

function runningAlready({ endpoint, pid }: Run): string {
  const where = endpoint === undefined ? '' : ` at ${endpoint}`;
  return (
    `Kumiki is running already${where} (process ${pid}). Use it (npm run deploy:local deploys changed code), ` +
    `or end it with Ctrl-C there or \`kill ${pid}\`.`
  );
}

function claim(draft: string, file: string, refusal: (other: Run) => string): void {
  for (const attempt of [1, 2]) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      const other = readRun(file);
      if (other) throw new Error(refusal(other));
      if (attempt === 2) throw error;
      rmSync(file, { force: true });
    }
  }
}

export function updateRun(file: string, change: Omit<Run, 'pid'>): void {
  const run = parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...run, ...change }));
}

/** Gives the file up, if it is this process's. */
export function releaseRun(file: string): void {
  if (readRun(file)?.pid === process.pid) rmSync(file, { force: true });
}

function parse(text: string): Run | undefined {
  try {
    const run: unknown = JSON.parse(text);
    return isRun(run) ? run : undefined;
  } catch {
    return undefined;
  }
}

function isRun(value: unknown): value is Run {
  return typeof value === 'object' && value !== null && 'pid' in value && Number.isInteger(value.pid);
}

/** Whether the process is there and ours: a number is given to other processes again. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return /\blocal\/(start|redeploy)\b/.test(commandOf(pid));
}

function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  if (existsSync(file)) return readFileSync(file, 'utf8');
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
