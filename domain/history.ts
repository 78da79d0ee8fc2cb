import { priceOf, seedOf } from './price';

export interface History {
  readonly symbol: string;
  /** Number of days, which is also the length of `closes`. */
  readonly days: number;
  /** Last day, `YYYY-MM-DD` in UTC. */
  readonly to: string;
  /** Closing prices, oldest first. */
  readonly closes: readonly number[];
  readonly mean: number;
  /**
   * Annualised standard deviation of the daily logarithmic returns (every day is a trading day). 0 for fewer than 3 days.
   */
  readonly volatility: number;
  /** Highest and lowest price of any minute of trading. */
  readonly high: number;
  readonly low: number;
}

const DAY = 86_400;
/** Trading lasts 390 minutes, from 14:30 to 21:00 UTC. */
const OPENING = 14.5 * 3_600;
const MINUTES = 390;

/**
 * The daily closes of the `days` trading days before `asOf` (epoch seconds) and their statistics.
 *
 * The computation is CPU bound on purpose, because the autoscalers of the architecture react to that load: `high` and `low`
 * compare the price of each minute, 1.4 million prices for 3650 days.
 */
export function history(symbol: string, days: number, asOf: number): History {
  const computation = historyByDay(symbol, days, asOf);
  for (;;) {
    const { done, value } = computation.next();
    if (done) return value;
  }
}

/** Computes the same as `history`, one day with each step. Between two steps the caller can do other work, or stop. */
export function* historyByDay(symbol: string, days: number, asOf: number): Generator<void, History, void> {
  const seed = seedOf(symbol);
  const lastDay = Math.floor(asOf / DAY) - 1;
  const closes: number[] = [];
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  for (let day = lastDay - days + 1; day <= lastDay; day++) {
    const opening = day * DAY + OPENING;
    let price = 0;
    for (let minute = 1; minute <= MINUTES; minute++) {
      price = priceOf(seed, opening + minute * 60);
      if (price > high) high = price;
      if (price < low) low = price;
    }
    closes.push(price);
    yield;
  }
  const mean = closes.reduce((sum, close) => sum + close, 0) / days;
  return {
    symbol,
    days,
    to: new Date(lastDay * DAY * 1_000).toISOString().slice(0, 10),
    closes,
    mean: round(mean, 2),
    volatility: round(volatilityOf(closes), 4),
    high,
    low,
  };
}

function volatilityOf(closes: readonly number[]): number {
  const returns = closes.slice(1).map((close, index) => Math.log(close / (closes[index] as number)));
  if (returns.length < 2) return 0;
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1);
  return Math.sqrt(variance * 365);
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
