import { statfsSync } from 'node:fs';

/** Bytes below which a disk counts as full. A failed command may already have removed the files that did not fit. */
const FREE_SPACE = 200_000_000;
/** Lines of a failed command that are shown; the log has all of them. */
const LINES_SHOWN = 15;

/** Tells whether the output of a command says that no space was left. */
export function saysDiskFull(lines: readonly string[]): boolean {
  return lines.some((line) => /no space left|ENOSPC|os error 28/i.test(line));
}

/** Tells whether the disk of a folder is almost full. */
export function isDiskFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < FREE_SPACE;
}

/** From the output of a failed command of the CDK, the line with the reason, and the last lines. */
export function failureOf(lines: readonly string[]): string[] {
  const shown = lines
    .filter((line) => !/^\s+at /.test(line) && !/CloudTrail/.test(line))
    // The path of the bundle stands before the reason and does not help.
    .map((line) => line.replace(/, bundle output is located at \S+: (Error: )?/, ': ').slice(0, 500));
  const end = shown.slice(-LINES_SHOWN);
  const reason = shown.find((line) => /(CREATE|UPDATE|DELETE)_FAILED|[Ee]rror:/.test(line));
  return reason === undefined || end[0] === reason ? end : [reason, ...end.filter((line) => line !== reason)];
}
