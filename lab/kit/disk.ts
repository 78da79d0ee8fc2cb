import { statfsSync } from 'node:fs';

/** Bytes below which a disk counts as full: what did not fit has been removed again by the time that one looks. */
const ROOM = 200_000_000;

/** Whether what a command printed says that there was no room left. */
export function saysDiskFull(lines: readonly string[]): boolean {
  return lines.some((line) => /no space left|ENOSPC|os error 28/i.test(line));
}

/** Whether the disk of a folder is as good as full. */
export function isDiskFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < ROOM;
}
