import { priceAt } from './price';

/** Price of a symbol at the start of a period. */
export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /** Whole seconds since 1970. */
  readonly at: number;
}

/** Number of the period in which a time falls: it grows by one every `everySeconds`, in every process alike. */
export function sequenceAt(milliseconds: number, everySeconds: number): number {
  return Math.floor(milliseconds / (1_000 * everySeconds));
}

export function tickOf(symbol: string, sequence: number, everySeconds: number): Tick {
  const at = sequence * everySeconds;
  return { symbol, price: priceAt(symbol, at), at };
}
