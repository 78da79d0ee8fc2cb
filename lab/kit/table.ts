export type Verdict = 'pass' | 'FAIL' | 'not modelled by this endpoint';

export interface Row {
  /** What was asked. */
  readonly path: string;
  readonly proves: string;
  /** HTTP status, or the state that an API reported. */
  readonly status: string;
  readonly milliseconds?: number;
  readonly verdict: Verdict;
  /** Why it failed, or what the endpoint does instead. */
  readonly detail?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notModelled: number;
}

export function count(rows: readonly Row[]): Counts {
  const of = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  return { passed: of('pass'), failed: of('FAIL'), notModelled: of('not modelled by this endpoint') };
}

/** The table as text, columns as wide as their widest cell, then what failed and the counts. */
export function render(rows: readonly Row[]): string {
  const cells = [
    ['path', 'what it proves', 'status', 'ms', 'verdict'],
    ...rows.map((row) => [
      row.path,
      row.proves,
      row.status,
      row.milliseconds === undefined ? '' : row.milliseconds.toFixed(0),
      short(row.verdict),
    ]),
  ];
  const { lines, rule } = aligned(cells, 3);
  return [lines[0], rule, ...lines.slice(1), '', ...reasons(rows), summary(rows)].join('\n');
}

/**
 * Lines of cells, columns as wide as their widest cell, and the rule that goes below the first.
 *
 * @param right index of a column of numbers, which ends where they do. @default none
 */
export function aligned(cells: readonly (readonly string[])[], right?: number): { lines: string[]; rule: string } {
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const lines = cells.map((line) =>
    line
      .map((cell, column) => (column === right ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return { lines, rule: widths.map((width) => '-'.repeat(width)).join('  ') };
}

/** For a column that most rows fill with four letters; the last line says it in full. */
function short(verdict: Verdict): string {
  return verdict === 'not modelled by this endpoint' ? 'not modelled' : verdict;
}

function reasons(rows: readonly Row[]): string[] {
  const told = rows.filter((row) => row.detail !== undefined && row.verdict !== 'pass');
  if (told.length === 0) return [];
  return [...told.map((row) => `${short(row.verdict)}: ${row.path}: ${row.detail}`), ''];
}

export function summary(rows: readonly Row[]): string {
  const { passed, failed, notModelled } = count(rows);
  return `${passed} passed, ${failed} failed, ${notModelled} not modelled by this endpoint`;
}
