import { BadRequest, parseSymbol } from '../../domain/requests';

export type Action = 'subscribe' | 'unsubscribe';

export interface Message {
  readonly action: Action;
  /** Without repetitions, at least one. */
  readonly symbols: readonly string[];
}

/** Bytes of a message; one that names the most symbols there can be has a fifth of that. */
export const MAX_MESSAGE_BYTES = 4_096;

/** What is understood, for the answer to what is not. */
export const UNDERSTOOD: readonly Message[] = [
  { action: 'subscribe', symbols: ['KUMI'] },
  { action: 'unsubscribe', symbols: ['KUMI'] },
];

/** @throws BadRequest naming what is wrong with the message, which is then refused as a whole */
export function parseMessage(text: string, maxSymbols: number): Message {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new BadRequest('message', `must have at most ${MAX_MESSAGE_BYTES} bytes`, `${bytes} bytes`);
  }
  const { action, symbols } = objectOf(text);
  if (action !== 'subscribe' && action !== 'unsubscribe') {
    throw new BadRequest('action', 'must be subscribe or unsubscribe', textOf(action));
  }
  if (!Array.isArray(symbols) || symbols.length === 0 || symbols.length > maxSymbols) {
    throw new BadRequest('symbols', `must be a list of 1 to ${maxSymbols}`, textOf(symbols));
  }
  return { action, symbols: [...new Set(symbols.map(symbolOf))] };
}

/** Not the text of a number: `1.10` in JSON would be the symbol 1.1. */
function symbolOf(symbol: unknown): string {
  if (typeof symbol !== 'string') throw new BadRequest('symbol', 'must be a string', textOf(symbol));
  return parseSymbol(symbol);
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, as what is JSON but no object.
  }
  throw new BadRequest('message', 'must be an object in JSON', text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
