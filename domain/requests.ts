/** What a caller may ask for. Every API gives the same reasons, whichever part of it notices. */

export const SYMBOL_PATTERN = '^[A-Z0-9.]{1,10}$';
export const MIN_DAYS = 1;
export const MAX_DAYS = 3650;
export const DEFAULT_DAYS = 30;

/** A request that its sender has to change: status 400, with the property, the rule and the value. */
export class BadRequest extends Error {
  constructor(
    readonly property: string,
    readonly rule: string,
    readonly value: string,
  ) {
    super(`${property} ${rule}, got "${value.length > 64 ? `${value.slice(0, 64)}…` : value}"`);
  }
}

/** @throws BadRequest unless `value` is 1 to 10 of A-Z, 0-9 and the dot */
export function parseSymbol(value: string | undefined): string {
  if (value === undefined || !new RegExp(SYMBOL_PATTERN).test(value)) {
    throw new BadRequest('symbol', `must match ${SYMBOL_PATTERN}`, value ?? '');
  }
  return value;
}

/** @throws BadRequest unless `value` is a whole number from 1 to 3650; missing means 30 */
export function parseDays(value: string | undefined): number {
  if (value === undefined) return DEFAULT_DAYS;
  const days = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
  if (!(days >= MIN_DAYS && days <= MAX_DAYS)) {
    throw new BadRequest('days', `must be a whole number from ${MIN_DAYS} to ${MAX_DAYS}`, value);
  }
  return days;
}
