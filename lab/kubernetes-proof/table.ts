import { aligned } from '../kit/table';

export type Verdict = 'pass' | 'FAIL' | 'not proven here';

export interface Row {
  readonly step: string;
  readonly proves: string;
  /** What was seen. */
  readonly result: string;
  readonly seconds?: number;
  readonly verdict: Verdict;
  /** Why it failed, or what was checked instead. */
  readonly detail?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notProven: number;
}

export function count(rows: readonly Row[]): Counts {
  const of = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  return { passed: of('pass'), failed: of('FAIL'), notProven: of('not proven here') };
}

/** The table as text, columns as wide as their widest cell, then what there is to say of rows, and the counts. */
export function render(rows: readonly Row[]): string {
  const cells = [
    ['step', 'what it proves', 'seen', 's', 'verdict'],
    ...rows.map(({ step, proves, result, seconds, verdict }) => [
      step,
      proves,
      result,
      seconds?.toFixed(1) ?? '',
      verdict,
    ]),
  ];
  const { lines, rule } = aligned(cells, 3);
  const told = rows.flatMap(({ verdict, step, detail }) =>
    detail === undefined ? [] : [`${verdict}: ${step}: ${detail}`],
  );
  return [lines[0], rule, ...lines.slice(1), '', ...told, ...(told.length > 0 ? [''] : []), summary(rows)].join('\n');
}

export function summary(rows: readonly Row[]): string {
  const { passed, failed, notProven } = count(rows);
  return `${passed} passed, ${failed} failed, ${notProven} not proven here`;
}
