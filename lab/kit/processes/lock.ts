import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSame, type ProcessIdentity, thisProcess } from './running';

// proper-lockfile does not serve here. After `kill -9` of an owner, it refuses the lock for at least two seconds. It cannot
// name the owner, which the messages do, and its last release is from 2021.

/** The process that holds the lock, with everything else that the file says; undefined if no running process holds it. */
export function ownerOf(file: string): ProcessIdentity | undefined {
  const owner = read(file);
  return owner !== undefined && isSame(owner) ? owner : undefined;
}

/**
 * Takes the lock for this process, unless a running process holds it.
 *
 * @returns the other owner; undefined if this process now holds the lock
 */
export function take(file: string): ProcessIdentity | undefined {
  mkdirSync(dirname(file), { recursive: true });
  // A link appears with its content or not at all.
  const draft = draftOf(file, thisProcess());
  try {
    for (const attempt of [1, 2]) {
      try {
        linkSync(draft, file);
        return undefined;
      } catch (error) {
        const owner = ownerOf(file);
        if (owner !== undefined) return owner;
        if (attempt === 2) throw error;
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Adds properties to what the file says, so that readers see either the old or the new content. */
export function update(file: string, change: object): void {
  renameSync(draftOf(file, { ...read(file), ...change }), file);
}

/** Releases the lock if this process holds it. */
export function release(file: string): void {
  if (ownerOf(file)?.pid === process.pid) rmSync(file, { force: true });
}

/**
 * Does the work while no other process holds the lock.
 *
 * @param onWait called each second while another process holds it
 */
export async function locked(file: string, onWait: () => void, work: () => Promise<void>): Promise<void> {
  while (take(file) !== undefined) {
    onWait();
    await sleep(1_000);
  }
  const end = () => release(file);
  process.once('exit', end);
  try {
    await work();
  } finally {
    process.off('exit', end);
    end();
  }
}

function draftOf(file: string, content: object): string {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(content));
  return draft;
}

function read(file: string): ProcessIdentity | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isIdentity(content) ? content : undefined;
  } catch {
    // There is no file, or something else wrote it.
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isInteger(value.pid) &&
    'started' in value &&
    typeof value.started === 'string'
  );
}
