import { setTimeout as sleep } from 'node:timers/promises';
import type { Received, Session, Sessions } from './session';

export interface FanOutOptions {
  readonly connections: number;
  /** Symbols of each connection. */
  readonly symbols: number;
  /** Periods that the ticker publishes. */
  readonly periods: number;
}

/** What became of the ticks, counted for each connection and symbol. */
export interface FanOut {
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** That came after one of a later period. */
  readonly outOfOrder: number;
  /** Milliseconds from the start of its period to its receipt, of each message of a period that the ticker waited for. */
  readonly delays: readonly number[];
  /** Ticks a second of each of those periods, from its start to the last receipt: how fast they come, however long a period is. */
  readonly rates: readonly number[];
}

/** Connections that are opened and subscribed at once: API Gateway throttles them by the second. */
const AT_ONCE = 10;
/** Milliseconds in which a message that was sent would have come. */
const SETTLE_MS = 500;

/**
 * Opens connections whose symbols overlap (each symbol goes to as many connections as a connection has symbols), has the
 * ticker publish, and counts what came to whom.
 */
export async function fanOut(sessions: Sessions, { connections, symbols, periods }: FanOutOptions): Promise<FanOut> {
  // Symbols that nobody else has subscribed to, of at most ten characters.
  const prefix = `F${Math.floor(Math.random() * 1e4)}N`;
  const subscribers: { session: Session; wanted: string[] }[] = [];
  const pool = Math.max(connections, symbols);
  const numbers = Array.from({ length: connections }, (_, number) => number).values();
  const subscribe = async () => {
    for (const number of numbers) {
      const wanted = Array.from({ length: symbols }, (_, index) => `${prefix}${(number + index) % pool}`);
      const session = await sessions.open();
      subscribers.push({ session, wanted });
      session.send({ action: 'subscribe', symbols: wanted });
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
  readonly wanted: readonly string[];
}

/**
 * Counts what `subscribers` have of the first `periods` that came to all of them. Where a schedule starts the ticker too, a
 * period may have been published while they were subscribing, and further ones since.
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
  for (const [index, { wanted }] of subscribers.entries()) {
    const latest = new Map<string, number>();
    const seen = new Set<string>();
    for (const message of received[index] ?? []) {
      const sequence = sequenceOf(message);
      if (!published.has(sequence)) continue;
      for (const symbol of symbolsOf(message)) {
        if (!wanted.includes(symbol)) continue;
        const tick = `${symbol} ${sequence}`;
        if (seen.has(tick)) duplicated++;
        else delivered++;
        if (sequence < (latest.get(symbol) ?? 0)) outOfOrder++;
        seen.add(tick);
        latest.set(symbol, Math.max(sequence, latest.get(symbol) ?? 0));
      }
    }
  }
  const expected = periods * subscribers.reduce((sum, { wanted }) => sum + wanted.length, 0);
  // A run begins within a period, and publishes that one at once.
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
