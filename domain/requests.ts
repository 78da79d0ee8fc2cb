/** What a caller may ask for. Every API gives the same reasons, whichever part of it notices. */

export const SYMBOL_PATTERN = '^[A-Z0-9.]{1,10}$';
export const MIN_DAYS = 1;
export const MAX_DAYS = 3650;
export const DEFAULT_DAYS = 30;
export const MAX_AT = 4_102_444_800;

/** A request that its sender has to change: status 400, with the property, the rule and the value. */
export class BadRequest extends Error {
  constructor(
    readonly property: string,
    readonly rule: string,
    readonly value: string,
  ) {
    super(`${property} ${rule}, got "${excerpt(value)}"`);
  }
}

/** What is repeated of a text that somebody sent: its first 64 characters. */
export function excerpt(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

/** @throws BadRequest unless `value` is 1 to 10 of A-Z, 0-9 and the dot, not all dots */
export function parseSymbol(value: string | undefined): string {
  if (value === undefined || !new RegExp(SYMBOL_PATTERN).test(value)) {
    throw new BadRequest('symbol', `must match ${SYMBOL_PATTERN}`, value ?? '');
  }
  // As a segment of a URL, "." and ".." are not a symbol but a way to another path.
  if (/^\.+$/.test(value)) throw new BadRequest('symbol', 'must have a letter or a digit', value);
  return value;
}

/** @throws BadRequest unless `value` is a whole number from 1 to 3650; missing means 30 */
export function parseDays(value: string | undefined): number {
  return value === undefined ? DEFAULT_DAYS : parseWhole('days', value, MIN_DAYS, MAX_DAYS);
}

/** @throws BadRequest unless `value` is whole seconds since 1970, up to 4102444800 (the year 2100); undefined if missing */
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
