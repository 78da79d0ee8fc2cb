import * as fc from 'fast-check';
import { history, historyByDay } from '../../domain/history';
import { priceAt } from '../../domain/price';
import { MAX_DAYS } from '../../domain/requests';

const DAY = 86_400;
const symbols = fc.stringMatching(/^[A-Z0-9.]{1,10}$/);
const days = fc.integer({ min: 1, max: 12 });
const times = fc.integer({ min: 2_000 * DAY, max: 30_000 * DAY });

test('has a close for each day, and the last close is the price at 21:00 UTC of the previous day', () => {
  fc.assert(
    fc.property(symbols, days, times, (symbol, count, asOf) => {
      const { closes, to } = history(symbol, count, asOf);
      expect(closes).toHaveLength(count);
      expect(Date.parse(to) / 1_000).toBe(Math.floor(asOf / DAY) * DAY - DAY);
      expect(closes.at(-1)).toBe(priceAt(symbol, Date.parse(`${to}T21:00:00Z`) / 1_000));
    }),
    { numRuns: 50 },
  );
});

test('computes the same day by day, with one step for each day and a last step with the result', () => {
  for (const count of [1, 2, 30]) {
    const steps = historyByDay('KUMI', count, 25_000 * DAY);
    for (let day = 0; day < count; day++) expect(steps.next()).toEqual({ done: false, value: undefined });
    expect(steps.next()).toEqual({ done: true, value: history('KUMI', count, 25_000 * DAY) });
  }
});

test('keeps low <= close <= high, the mean within the closes and the volatility finite', () => {
  fc.assert(
    fc.property(symbols, days, times, (symbol, count, asOf) => {
      const { closes, high, low, mean, volatility } = history(symbol, count, asOf);
      const [lowest, highest] = [Math.min(...closes), Math.max(...closes)];
      expect(low).toBeLessThanOrEqual(lowest);
      expect(high).toBeGreaterThanOrEqual(highest);
      expect(mean).toBeGreaterThanOrEqual(lowest);
      expect(mean).toBeLessThanOrEqual(highest);
      expect(volatility).toBeGreaterThanOrEqual(0);
      expect(volatility).toBeLessThan(10);
    }),
    { numRuns: 50 },
  );
});

test('a history is the same all day long, and a longer history ends with the shorter one', () => {
  fc.assert(
    fc.property(symbols, days, days, times, fc.integer({ min: 0, max: DAY - 1 }), (symbol, a, b, asOf, second) => {
      const [short, long] = [Math.min(a, b), Math.max(a, b)];
      const midnight = Math.floor(asOf / DAY) * DAY;
      const shorter = history(symbol, short, midnight);
      expect(shorter).toEqual(history(symbol, short, midnight + second));
      expect(history(symbol, long, midnight).closes.slice(-short)).toEqual(shorter.closes);
    }),
    { numRuns: 50 },
  );
});

test('has no volatility for fewer than three days, because a single return has no deviation', () => {
  expect([1, 2, 3].map((count) => history('ABC', count, 20_000 * DAY).volatility === 0)).toEqual([true, true, false]);
});

test('computes the longest history that a caller may request', () => {
  const { closes, low, high } = history('ABC', MAX_DAYS, 20_000 * DAY);
  expect(closes).toHaveLength(MAX_DAYS);
  expect(closes.every((close) => close >= low && close <= high)).toBe(true);
});
