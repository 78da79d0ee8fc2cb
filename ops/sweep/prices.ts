import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** USD for a month of 730 hours; `use` where AWS bills by use; `unknown` where docs/costs.md has no price. */
export type Cost = number | 'use' | 'unknown';

const HOURS = 730;
/** Columns of the table of prices, by region. */
const COLUMNS: Readonly<Record<string, number>> = { 'us-east-1': 2, 'ap-northeast-1': 3 };
const PAGE = join(__dirname, '..', '..', 'docs', 'costs.md');

/**
 * The price of a thing that is billed by time, from the table of docs/costs.md.
 *
 * @param what text of the first column, or its beginning
 * @param unit text of the second column
 * @param quantity number of units, hours of the month not counted
 */
export function priceOf(what: string, unit: string, region: string, quantity = 1): Cost {
  const column = COLUMNS[region];
  const row = tableOfPrices().find(
    ([first = '', second]) =>
      first.split(/[,:] /)[0] === what.split(', ')[0] && first.startsWith(what) && second === unit,
  );
  const usd = column === undefined ? Number.NaN : Number.parseFloat(row?.[column] ?? '');
  if (Number.isNaN(usd)) return 'unknown';
  return usd * quantity * (unit.startsWith('hour') ? HOURS : 1);
}

let table: string[][] | undefined;

function tableOfPrices(): string[][] {
  const [, rows = ''] = /^## Prices\n\n((?:\|.*\n)+)/m.exec(table ? '' : readFileSync(PAGE, 'utf8')) ?? [];
  table ??= rows
    .trimEnd()
    .split('\n')
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  return table;
}
