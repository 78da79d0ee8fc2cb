import { priceAt } from './price';

/** Price of a symbol at the start of a period. */
export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /** Whole seconds since 1970. */
  readonly at: number;
}

/**
 * Number of the period that contains a time. The number grows by one every `everySeconds` and is the same in every
 * process.
 */
export function sequenceAt(milliseconds: number, everySeconds: number): number {
  return Math.floor(milliseconds / (1_000 * everySeconds));
}

export function tickOf(symbol: string, sequence: number, everySeconds: number): Tick {
  const at = sequence * everySeconds;
  return { symbol, price: priceAt(symbol, at), at };
}
