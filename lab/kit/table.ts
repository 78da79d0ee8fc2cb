import stringWidth from 'string-width';

/** One row of a table of verdicts. `Unproven` is the name of the third verdict, which is neither a pass nor a failure. */
export interface Row<Unproven extends string> {
  /** The request or the step. */
  readonly name: string;
  readonly proves: string;
  /** The observation, such as an HTTP status or the state that an API reported. */
  readonly result: string;
  readonly milliseconds?: number;
  readonly verdict: 'pass' | 'FAIL' | Unproven;
  /** The reason for a failure, or for the third verdict. */
  readonly detail?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly unproven: number;
}

export interface TableOptions<Unproven extends string> {
  /** Headings of `name` and `result`. */
  readonly headings: readonly [name: string, result: string];
  /** The widest column comes last, so that a narrow terminal or page cuts off this one and no other. @default `name` */
  readonly last?: 'name' | 'result';
  readonly unit: 'ms' | 's';
  readonly unproven: Unproven;
  /** The third verdict where space is short. @default `unproven` */
  readonly short?: string;
}

/** A table of verdicts as text. The verdict comes first, because a narrow terminal or page cuts off the end of lines. */
export class VerdictTable<const Unproven extends string> {
  constructor(private readonly options: TableOptions<Unproven>) {}

  count(rows: readonly Row<Unproven>[]): Counts {
    const countOf = (verdict: Row<Unproven>['verdict']) => rows.filter((row) => row.verdict === verdict).length;
    return { passed: countOf('pass'), failed: countOf('FAIL'), unproven: countOf(this.options.unproven) };
  }

  /** Aligned columns, the details of rows, and the counts. */
  render(rows: readonly Row<Unproven>[]): string {
    const { headings, last, unit } = this.options;
    const cellsOf = (verdict: string, proves: string, time: string, name: string, result: string) =>
      last === 'result' ? [verdict, proves, name, time, result] : [verdict, proves, result, time, name];
    const cells = [
      cellsOf('verdict', 'what it proves', unit, ...headings),
      ...rows.map((row) => cellsOf(this.short(row), row.proves, this.time(row), row.name, row.result)),
    ];
    const { lines, rule } = aligned(cells, 3);
    const details = rows.flatMap((row) =>
      row.detail === undefined || row.verdict === 'pass' ? [] : [`${this.short(row)}: ${row.name}: ${row.detail}`],
    );
    if (details.length > 0) details.push('');
    return [lines[0], rule, ...lines.slice(1), '', ...details, this.summary(rows)].join('\n');
  }

  private summary(rows: readonly Row<Unproven>[]): string {
    const { passed, failed, unproven } = this.count(rows);
    return `${passed} passed, ${failed} failed, ${unproven} ${this.options.unproven}`;
  }

  private time({ milliseconds }: Row<Unproven>): string {
    if (milliseconds === undefined) return '';
    return this.options.unit === 'ms' ? milliseconds.toFixed(0) : (milliseconds / 1_000).toFixed(1);
  }

  private short({ verdict }: Row<Unproven>): string {
    return verdict === this.options.unproven ? (this.options.short ?? verdict) : verdict;
  }
}

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

/** Like `String.prototype.padEnd`, for the width of the text on a terminal. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}
