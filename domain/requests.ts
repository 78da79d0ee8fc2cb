/** Rules for the parameters of requests. Function and containers share them, so every API gives the same error messages. */

export const SYMBOL_PATTERN = '^[A-Z0-9.]{1,10}$';
export const MIN_DAYS = 1;
export const MAX_DAYS = 3650;
export const DEFAULT_DAYS = 30;
export const MAX_AT = 4_102_444_800;

/** A request that the caller has to change. The answer is status 400 with the parameter, the rule and the value. */
export class BadRequest extends Error {
  constructor(
    readonly property: string,
    readonly rule: string,
    readonly value: string,
  ) {
    super(`${property} ${rule}, got "${excerpt(value)}"`);
  }
}

/** The first 64 characters of a text from a request, for error messages. */
export function excerpt(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

/** @throws BadRequest unless `value` has 1 to 10 characters of A-Z, 0-9 and the dot, and at least one that is not a dot */
export function parseSymbol(value: string | undefined): string {
  if (value === undefined || !new RegExp(SYMBOL_PATTERN).test(value)) {
    throw new BadRequest('symbol', `must match ${SYMBOL_PATTERN}`, value ?? '');
  }
  // URL parsers remove the segments "." and "..", so a URL with such a symbol leads to another path.
  if (/^\.+$/.test(value)) throw new BadRequest('symbol', 'must have a letter or a digit', value);
  return value;
}

/** Number of days, 30 if `value` is missing. @throws BadRequest unless `value` is a whole number from 1 to 3650 */
export function parseDays(value: string | undefined): number {
  return value === undefined ? DEFAULT_DAYS : parseWhole('days', value, MIN_DAYS, MAX_DAYS);
}

/**
 * Seconds since 1970, undefined if `value` is missing.
 *
 * @throws BadRequest unless `value` is a whole number from 0 to 4102444800 (the year 2100)
 */
export function parseAt(value: string | undefined): number | undefined {
  return value === undefined ? undefined : parseWhole('at', value, 0, MAX_AT);
}

function parseWhole(property: string, value: string, min: number, max: number): number {
  const number = /^\d+$/.test(value) && value.length <= String(max).length ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new BadRequest(property, `must be a whole number from ${min} to ${max}`, value);
  }
  return number;
}
