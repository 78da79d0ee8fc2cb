import { inEnglish, type Language, type Text, type Words, wordsIn } from '../../ops/kit/language';
import { aligned } from '../../ops/kit/table';
import { fitted } from '../../ops/kit/width';
import { messages } from './messages';

/** One row of a table of verdicts. `Unproven` is the name of the third verdict, which is neither a pass nor a failure. */
export interface Row<Unproven extends string, Cell extends Words = Words> {
  /** The request or the step. */
  readonly name: Cell;
  readonly proves: Cell;
  /** The observation, such as an HTTP status or the state that an API reported. */
  readonly result: Cell;
  readonly milliseconds?: number;
  /** In English for programs. The table prints it in the language of its reader. */
  readonly verdict: 'pass' | 'FAIL' | Unproven;
  /** The reason for a failure, or for the third verdict. */
  readonly detail?: Cell;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly unproven: number;
}

export interface TableOptions<Unproven extends string> {
  /** Headings of `name` and `result`. */
  readonly headings: readonly [name: Words, result: Words];
  /** The widest column comes last, so that a narrow terminal or page cuts off this one and no other. @default `name` */
  readonly last?: 'name' | 'result';
  readonly unit: 'ms' | 's';
  readonly unproven: Unproven;
  /** The third verdict as people read it. @default `unproven` */
  readonly long?: Words;
  /** The third verdict where space is short. @default `long` */
  readonly short?: Words;
}

/** A table of verdicts as text. The verdict comes first, because a narrow terminal or page cuts off the end of lines. */
export class VerdictTable<const Unproven extends string> {
  constructor(private readonly options: TableOptions<Unproven>) {}

  count(rows: readonly Row<Unproven>[]): Counts {
    const countOf = (verdict: Row<Unproven>['verdict']) => rows.filter((row) => row.verdict === verdict).length;
    return { passed: countOf('pass'), failed: countOf('FAIL'), unproven: countOf(this.options.unproven) };
  }

  /** The counts and the rows as JSON, in English in every language, so that scripts and reports do not depend on it. */
  json(rows: readonly Row<Unproven>[], about: Readonly<Record<string, string>> = {}): string {
    return JSON.stringify({ ...about, ...this.count(rows), rows }, inEnglish, 2);
  }

  /**
   * Aligned columns, the details of rows, and the counts.
   *
   * @param columns of the terminal, into which the last column is cut, or left out if too little of the column would remain.
   * A terminal in which the other columns have no room gets full lines. @default full lines, as in a pipe
   */
  render(rows: readonly Row<Unproven>[], language: Language = 'en', columns?: number): string {
    const { headings, last, unit } = this.options;
    const cellsOf = (verdict: Words, proves: Words, time: string, name: Words, result: Words) =>
      (last === 'result' ? [verdict, proves, name, time, result] : [verdict, proves, result, time, name]).map((words) =>
        wordsIn(words, language),
      );
    const cells = [
      cellsOf(messages.verdict, messages.proves, unit, ...headings),
      ...rows.map((row) => cellsOf(this.short(row), row.proves, this.time(row), row.name, row.result)),
    ];
    const details = rows.flatMap(({ verdict, name, detail }) =>
      detail === undefined || verdict === 'pass'
        ? []
        : [messages.detail({ verdict: this.short({ verdict }), name, detail })[language]],
    );
    if (details.length > 0) details.push('');
    return [...tableLines(cells, columns), '', ...details, this.summary(rows)[language]].join('\n');
  }

  private summary(rows: readonly Row<Unproven>[]): Text {
    const { passed, failed, unproven: number } = this.count(rows);
    const { unproven, long = unproven } = this.options;
    return messages.summary({ passed, failed, number, unproven: long });
  }

  private time({ milliseconds }: Row<Unproven>): string {
    if (milliseconds === undefined) return '';
    return this.options.unit === 'ms' ? milliseconds.toFixed(0) : (milliseconds / 1_000).toFixed(1);
  }

  private short({ verdict }: Pick<Row<Unproven>, 'verdict'>): Words {
    const { unproven, long = unproven, short = long } = this.options;
    if (verdict === unproven) return short;
    return verdict === 'pass' ? messages.pass : messages.FAIL;
  }
}

/** Columns of a cell that is cut, below which the cell says nothing. */
const LEAST = 10;

/** The lines of a table, whose first one is its header and whose last column has to fit into the terminal. */
function tableLines(cells: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY): string[] {
  const { lines, rule } = aligned(cells, 3);
  const others = rule.lastIndexOf('  ');
  const room = columns - others - '  '.length;
  const all = [lines[0] ?? '', rule, ...lines.slice(1)];
  if (columns <= others || rule.length <= columns) return all;
  if (room >= LEAST) return all.map((line) => fitted(line, columns));
  return tableLines(cells.map((line) => line.slice(0, -1)));
}
