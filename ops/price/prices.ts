import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Regions of the table of prices in docs/costs.md, by the headings of their columns. */
const REGIONS: Readonly<Record<string, string>> = { Virginia: 'us-east-1', Tokyo: 'ap-northeast-1' };

/** Hours in a month, as AWS counts them. */
export const HOURS = 730;

/** Prices in USD by what and unit, as in "NAT gateway, hour". */
export type Prices = ReadonlyMap<string, number>;

/**
 * The prices of a region from the table of docs/costs.md, which has the source of each. The page is the only place with prices.
 *
 * @returns undefined for a region that the table does not have
 */
export function pricesOf(region: string): Prices | undefined {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'costs.md'), 'utf8');
  const [, table = ''] = /^## Prices\n\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const [head = [], , ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const column = head.findIndex((heading) => REGIONS[heading] === region);
  if (column === -1) return undefined;
  return new Map(
    rows.flatMap((cells): [string, number][] => {
      const [, what = '', unit = ''] = cells;
      // A mark behind the figure leads to its source. A dash is a price that was not found.
      const [figure] = /^[\d.]+/.exec(cells[column] ?? '') ?? [];
      return figure === undefined ? [] : [[`${what}, ${unit}`, Number(figure)]];
    }),
  );
}
