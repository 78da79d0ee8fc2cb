import stringWidth from 'string-width';
import { padEnd, padStart } from './width';

/**
 * Lines of cells with columns as wide as their widest cell, and the rule for below the first line. Chinese and Japanese
 * characters take two columns.
 *
 * @param right index of a column of numbers, which is aligned to the right. @default none
 */
export function aligned(cells: readonly (readonly string[])[], right?: number): { lines: string[]; rule: string } {
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => stringWidth(line[column] ?? '')))) ?? [];
  const lines = cells.map((line) =>
    line
      .map((cell, column) => (column === right ? padStart : padEnd)(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return { lines, rule: widths.map((width) => '-'.repeat(width)).join('  ') };
}
