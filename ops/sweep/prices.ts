import { HOURS, type Prices, pricesOf } from '../price/prices';

/** USD a month; `use` where AWS bills by use; `unknown` where docs/costs.md has no price. */
export type Cost = number | 'use' | 'unknown';

const pages = new Map<string, Prices | undefined>();

/**
 * The price of a thing that is billed by time, from the table of docs/costs.md.
 *
 * @param what text of the first column; a comment behind a comma or a colon may follow there
 * @param unit text of the second column
 * @param quantity number of units, hours of the month not counted
 */
export function priceOf(what: string, unit: string, region: string, quantity = 1): Cost {
  if (!pages.has(region)) pages.set(region, pricesOf(region));
  const rows = [...(pages.get(region) ?? [])];
  const [, usd] =
    rows.find(
      ([name]) => name.endsWith(`, ${unit}`) && [`${what},`, `${what}:`].some((start) => name.startsWith(start)),
    ) ?? [];
  return usd === undefined ? 'unknown' : usd * quantity * (unit.startsWith('hour') ? HOURS : 1);
}
