import { setTimeout as sleep } from 'node:timers/promises';
import type { Received, Session, Sessions } from './session';

export interface FanOutOptions {
  readonly connections: number;
  /** Symbols to which each connection subscribes. */
  readonly symbols: number;
  /** Periods that the ticker publishes. */
  readonly periods: number;
}

/** Counts of ticks over all connections and symbols. */
export interface FanOut {
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Ticks that came after a tick of a later period. */
  readonly outOfOrder: number;
  /** Milliseconds from the start of a period to the receipt of each message, for periods that the ticker waited for. */
  readonly delays: readonly number[];
  /** Ticks a second in each of these periods, from its start to the last receipt, so that the length of a period does not count. */
  readonly rates: readonly number[];
}

/** Connections that are opened and subscribed at the same time. API Gateway throttles connections by the second. */
const AT_ONCE = 10;
/** Milliseconds within which a sent message arrives. */
const SETTLE_MS = 500;

/**
 * Opens connections with overlapping symbols, has the ticker publish, and counts the ticks that each connection received.
 * Each symbol goes to as many connections as a connection has symbols.
 */
export async function fanOut(sessions: Sessions, { connections, symbols, periods }: FanOutOptions): Promise<FanOut> {
  // No other client has subscribed to these symbols. A symbol has at most ten characters.
  const prefix = `F${Math.floor(Math.random() * 1e4)}N`;
  const subscribers: { session: Session; subscribedSymbols: string[] }[] = [];
  const pool = Math.max(connections, symbols);
  const numbers = Array.from({ length: connections }, (_, number) => number).values();
  const subscribe = async () => {
    for (const number of numbers) {
      const subscribedSymbols = Array.from({ length: symbols }, (_, index) => `${prefix}${(number + index) % pool}`);
      const session = await sessions.open();
      subscribers.push({ session, subscribedSymbols });
      session.send({ action: 'subscribe', symbols: subscribedSymbols });
      await session.next('subscribed');
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, subscribe));
    await sessions.tick(periods);
    await sleep(SETTLE_MS);
    return counted(subscribers, periods);
  } finally {
    await Promise.all(subscribers.map(({ session }) => session.close()));
  }
}

export interface Subscriber {
  readonly session: Pick<Session, 'messages'>;
  readonly subscribedSymbols: readonly string[];
}

/**
 * Counts the ticks of the first `periods` that all `subscribers` could receive. Where a schedule also starts the ticker, it
 * may have published earlier periods while they subscribed, and later ones since.
 */
export function counted(subscribers: readonly Subscriber[], periods: number): FanOut {
  const received = subscribers.map(({ session }) => session.messages.filter(({ type }) => type === 'ticks'));
  const all = [...new Set(received.flat().map(sequenceOf))].sort((a, b) => a - b);
  const first = received.map((messages) => Math.min(...messages.map(sequenceOf)));
  const begin = all.length > periods ? Math.max(...first) : all[0];
  const published = new Set(all.filter((sequence) => sequence >= (begin ?? 0)).slice(0, periods));
  let delivered = 0;
  let duplicated = 0;
  let outOfOrder = 0;
  for (const [index, { subscribedSymbols }] of subscribers.entries()) {
    const latest = new Map<string, number>();
    const countedTicks = new Set<string>();
    for (const message of received[index] ?? []) {
      const sequence = sequenceOf(message);
      if (!published.has(sequence)) continue;
      for (const symbol of symbolsOf(message)) {
        if (!subscribedSymbols.includes(symbol)) continue;
        const tick = `${symbol} ${sequence}`;
        if (countedTicks.has(tick)) duplicated++;
        else delivered++;
        if (sequence < (latest.get(symbol) ?? 0)) outOfOrder++;
        countedTicks.add(tick);
        latest.set(symbol, Math.max(sequence, latest.get(symbol) ?? 0));
      }
    }
  }
  const expected = periods * subscribers.reduce((sum, { subscribedSymbols }) => sum + subscribedSymbols.length, 0);
  // A run begins within a period and publishes this period without waiting.
  const waitedFor = [...published].filter((sequence) => sequence !== begin);
  const periodsOf = waitedFor.map((period) => received.flat().filter((message) => sequenceOf(message) === period));
  const rates = periodsOf.map((messages) => {
    const ticks = messages.reduce((sum, message) => sum + symbolsOf(message).length, 0);
    return (1_000 * ticks) / Math.max(...messages.map(delayOf));
  });
  const lost = expected - delivered;
  return { expected, delivered, lost, duplicated, outOfOrder, delays: periodsOf.flat().map(delayOf), rates };
}

function sequenceOf({ body }: Received): number {
  return Number(body['sequence']);
}

function ticksOf(body: Received['body']): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(body['ticks']) ? body['ticks'] : [];
}

function symbolsOf({ body }: Received): string[] {
  return ticksOf(body).map(({ symbol }) => String(symbol));
}

function delayOf({ at, body }: Received): number {
  return performance.timeOrigin + at - 1_000 * Number(ticksOf(body)[0]?.['at']);
}
