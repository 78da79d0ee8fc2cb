import * as fc from 'fast-check';
import { BadRequest, MAX_DAYS, MIN_DAYS, parseDays, parseSymbol, SYMBOL_PATTERN } from '../../domain/requests';

test('accepts every symbol of the pattern that has a letter or a digit', () => {
  fc.assert(
    fc.property(fc.stringMatching(new RegExp(SYMBOL_PATTERN)), (symbol) => {
      fc.pre(/[A-Z0-9]/.test(symbol));
      expect(parseSymbol(symbol)).toBe(symbol);
    }),
  );
});

test('refuses every other string as a symbol', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (value) => {
      fc.pre(!/^[A-Z0-9.]{1,10}$/.test(value));
      expect(() => parseSymbol(value)).toThrow(BadRequest);
    }),
  );
});

test.each([undefined, '', 'abc', '../etc', 'A B', 'ABC\n', 'ABCDEFGHIJK', 'Ａ'])('refuses %j as a symbol', (value) => {
  expect(() => parseSymbol(value)).toThrow(`symbol must match ${SYMBOL_PATTERN}, got "${value ?? ''}"`);
});

test.each(['.', '..', '..........'])(
  'refuses %j as a symbol, because a URL with that segment leads to another path',
  (value) => {
    expect(() => parseSymbol(value)).toThrow(`symbol must have a letter or a digit, got "${value}"`);
  },
);

test('accepts every whole number from 1 to 3650 as days, and takes 30 by default', () => {
  fc.assert(
    fc.property(fc.integer({ min: MIN_DAYS, max: MAX_DAYS }), (days) => {
      expect(parseDays(String(days))).toBe(days);
    }),
  );
  expect(parseDays(undefined)).toBe(30);
});

test('refuses every other number and every other string as days', () => {
  const numbers = fc.oneof(fc.integer({ max: 0 }), fc.integer({ min: MAX_DAYS + 1 }), fc.double()).map(String);
  fc.assert(
    fc.property(fc.oneof(numbers, fc.string()), (value) => {
      fc.pre(!(/^[0-9]{1,4}$/.test(value) && Number(value) >= MIN_DAYS && Number(value) <= MAX_DAYS));
      expect(() => parseDays(value)).toThrow(BadRequest);
    }),
  );
});

test.each(['', '0', '-1', '3651', '1.5', '1e3', '0x10', ' 30', 'abc', '30,30'])('refuses %j as days', (value) => {
  expect(() => parseDays(value)).toThrow(`days must be a whole number from 1 to 3650, got "${value}"`);
});

test('an error message repeats at most 64 characters of the value', () => {
  expect(new BadRequest('symbol', 'must be short', 'A'.repeat(1_000)).message).toBe(
    `symbol must be short, got "${'A'.repeat(64)}…"`,
  );
});
