/**
 * Prices as a pure function of symbol and time: the same symbol has the same price in the same second on every machine.
 *
 * The logarithm of the price is a sum of smooth noise with several periods. Therefore a price can be computed without
 * earlier prices, changes little from one second to the next, and changes visibly over months.
 */

// Local names, because looking up a global in Jest's sandbox costs more than the call, and a history makes 100 million
// calls.
const { exp, floor, imul, log, round } = Math;

/** Each octave of the noise: its period in seconds, and the amplitude that it adds to the logarithm of the price. */
const OCTAVES: readonly { readonly period: number; readonly amplitude: number }[] = [
  { period: 31_557_600, amplitude: 0.6 },
  { period: 2_629_800, amplitude: 0.16 },
  { period: 604_800, amplitude: 0.06 },
  { period: 86_400, amplitude: 0.025 },
  { period: 3_600, amplitude: 0.006 },
  { period: 60, amplitude: 0.0012 },
  { period: 5, amplitude: 0.0004 },
];

/** Price of `symbol` in currency units, with two decimals, at `epochSeconds` (whole or fractional seconds since 1970). */
export function priceAt(symbol: string, epochSeconds: number): number {
  return priceOf(seedOf(symbol), epochSeconds);
}

/** Computes the same as `priceAt` from the seed of the symbol (`seedOf`). A loop over many times computes the seed once. */
export function priceOf(seed: number, epochSeconds: number): number {
  let logarithm = log(20 + 280 * unit(seed, 0, 0));
  for (let octave = 0; octave < OCTAVES.length; octave++) {
    const { period, amplitude } = OCTAVES[octave] as (typeof OCTAVES)[number];
    const position = epochSeconds / period;
    const cell = floor(position);
    const within = position - cell;
    const smooth = within * within * (3 - 2 * within);
    const from = unit(seed, octave + 1, cell);
    const to = unit(seed, octave + 1, cell + 1);
    logarithm += amplitude * (2 * (from + (to - from) * smooth) - 1);
  }
  return round(exp(logarithm) * 100) / 100;
}

/** 32-bit seed of a symbol (FNV-1a). */
export function seedOf(symbol: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < symbol.length; index++) {
    hash = imul(hash ^ symbol.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Pseudo-random number in [0, 1) for the three arguments (the finaliser of MurmurHash3). */
function unit(seed: number, octave: number, cell: number): number {
  let hash = imul(seed ^ imul(octave + 1, 0x9e3779b1), 0x85ebca6b) ^ imul(cell | 0, 0xc2b2ae35);
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
