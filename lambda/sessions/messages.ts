import { BadRequest, parseSymbol } from '../../domain/requests';

export type Action = 'subscribe' | 'unsubscribe';

export interface Message {
  readonly action: Action;
  /** At least one symbol, and each only once. */
  readonly symbols: readonly string[];
}

/** Most bytes of a message. A message with as many symbols as a connection may have takes a fifth of this. */
export const MAX_MESSAGE_BYTES = 4_096;

/** Examples of valid messages, for the answer to an invalid one. */
export const UNDERSTOOD: readonly Message[] = [
  { action: 'subscribe', symbols: ['KUMI'] },
  { action: 'unsubscribe', symbols: ['KUMI'] },
];

/** @throws BadRequest with what is wrong with the message. The whole message is then refused. */
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

/** Refuses numbers, because JSON loses their text: `1.10` would become the symbol 1.1. */
function symbolOf(symbol: unknown): string {
  if (typeof symbol !== 'string') throw new BadRequest('symbol', 'must be a string', textOf(symbol));
  return parseSymbol(symbol);
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Text that is not JSON gets the same error as JSON that is not an object.
  }
  throw new BadRequest('message', 'must be an object in JSON', text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
