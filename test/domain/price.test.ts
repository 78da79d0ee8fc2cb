import * as fc from 'fast-check';
import { priceAt, priceOf, seedOf } from '../../domain/price';

const symbols = fc.stringMatching(/^[A-Z0-9.]{1,10}$/);
/** From 1970 to 2096. */
const times = fc.double({ min: 0, max: 4_000_000_000, noNaN: true });

test('a price is positive, has two decimals and stays between 8 and 704', () => {
  fc.assert(
    fc.property(symbols, times, (symbol, time) => {
      const price = priceAt(symbol, time);
      expect(price).toBeGreaterThan(8);
      expect(price).toBeLessThan(704);
      expect(price).toBe(Number(price.toFixed(2)));
    }),
  );
});

test('the same symbol and second have the same price, with and without a precomputed seed', () => {
  fc.assert(
    fc.property(symbols, times, (symbol, time) => {
      expect(priceOf(seedOf(symbol), time)).toBe(priceAt(symbol, time));
    }),
  );
  // The price must be the same on every machine and in every version, because clients and caches keep earlier prices.
  expect(priceAt('KUMIKI', 1_780_000_000)).toBe(220.87);
});

test('a price moves by less than 0.05 % and a cent in a second, even where a period of its noise begins', () => {
  const beginnings = fc.integer({ min: 0, max: 6_000 }).map((week) => week * 604_800 - 0.5);
  fc.assert(
    fc.property(symbols, fc.oneof(times, beginnings), (symbol, time) => {
      const price = priceAt(symbol, time);
      expect(Math.abs(priceAt(symbol, time + 1) - price)).toBeLessThan(price * 0.0005 + 0.011);
    }),
  );
});

test('different symbols have different seeds', () => {
  fc.assert(
    fc.property(fc.uniqueArray(symbols, { minLength: 2, maxLength: 50 }), (several) => {
      expect(new Set(several.map(seedOf)).size).toBe(several.length);
    }),
  );
  expect(seedOf('')).toBe(0x811c9dc5);
});
