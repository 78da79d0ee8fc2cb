import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sequenceAt, Tick, tickOf } from '../../domain/ticks';
import { SessionStore } from '../sessions/store';
import { bounded } from './bounded';

/** What became of the messages of one run. */
export interface Counts {
  readonly posted: number;
  /** Connections that had ended, and were removed. */
  readonly gone: number;
  readonly failed: number;
}

/** One for a connection and period: a tick for each of its symbols. */
export interface TicksMessage {
  readonly type: 'ticks';
  /** Number of the period. It grows, by one unless a period was left out. */
  readonly sequence: number;
  readonly ticks: readonly Tick[];
}

/** Sends a message to a connection, and says whether that is still there. */
export type Post = (id: string, message: TicksMessage, signal: AbortSignal) => Promise<'posted' | 'gone'>;

export interface TickerOptions {
  readonly store: SessionStore;
  readonly post: Post;
  readonly everySeconds: number;
  /** Seconds that a run lasts: the period of the schedule. */
  readonly runSeconds: number;
  readonly now?: () => number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** Messages under way at once; each takes API Gateway some 10 ms, and its own limits are far beyond that. */
const POSTS_AT_ONCE = 50;
/** Queries under way at once. */
const QUERIES_AT_ONCE = 20;
/** Milliseconds after which the messages of a period are given up, so that none comes after those of a later one. */
export const POST_MS = 10_000;
/** Attempts at a message, with jitter between: the SDK repeats timeouts, 429, 5xx and broken connections. */
export const ATTEMPTS = 4;
/** Milliseconds for what is not in POST_MS, and for clocks that differ, before another run may publish. */
const LEASE_MARGIN_MS = 5_000;
/** Milliseconds after which a symbol that nobody gets is forgotten; a handler that has asked for it lives 10 s. */
const FORGET_MS = 60_000;

/**
 * Publishes a tick of each subscribed symbol every period.
 *
 * A schedule cannot do that more than once a minute, so a run lasts for a minute and publishes what falls into it; with
 * nobody subscribed it ends at once. A schedule may start two runs at a time (it is at least once, and up to a minute
 * late): each period is claimed before it is published, by one run only, which holds the claim until its messages are
 * sent or given up. So none overtakes another, and a run that dies leaves out a period. A message whose receipt was lost
 * is posted again: a client may get it twice, and drops it by `sequence`.
 */
export function ticker(options: TickerOptions): (ticks?: number) => Promise<Counts> {
  const { store, everySeconds, runSeconds, now = Date.now, wait = sleep } = options;

  /** @param ticks ends the run after that many periods, instead of after `runSeconds` */
  return async (ticks = Number.POSITIVE_INFINITY) => {
    const owner = randomUUID();
    const end = now() + 1_000 * runSeconds;
    const total = { posted: 0, gone: 0, failed: 0 };
    let published = 0;
    let claimed = false;
    try {
      for (;;) {
        const sequence = sequenceAt(now(), everySeconds);
        const subscribed = await store.subscribedSymbols();
        if (subscribed.length === 0) break;
        if (await store.claim(owner, sequence, now() + POST_MS + LEASE_MARGIN_MS)) {
          claimed = true;
          const counts = await publish(options, sequence, subscribed, now());
          total.posted += counts.posted;
          total.gone += counts.gone;
          total.failed += counts.failed;
          published++;
        }
        const next = (sequence + 1) * 1_000 * everySeconds;
        if (published === ticks || next >= end) break;
        await wait(Math.max(0, next - now()));
      }
    } finally {
      if (claimed) await store.release(owner);
    }
    return total;
  };
}

async function publish(
  { store, post, everySeconds }: TickerOptions,
  sequence: number,
  subscribed: Awaited<ReturnType<SessionStore['subscribedSymbols']>>,
  now: number,
): Promise<Counts> {
  const signal = AbortSignal.timeout(POST_MS);
  // Every message under way listens to it.
  setMaxListeners(0, signal);
  const ticksOf = new Map<string, Tick[]>();
  await bounded(subscribed, QUERIES_AT_ONCE, async (entry) => {
    const subscribers = await store.subscribersOf(entry.symbol);
    if (subscribers.length === 0 && now - entry.askedAt > FORGET_MS) await store.forgetSymbol(entry);
    const tick = tickOf(entry.symbol, sequence, everySeconds);
    for (const id of subscribers) ticksOf.set(id, [...(ticksOf.get(id) ?? []), tick]);
  });
  const outcomes = await bounded([...ticksOf], POSTS_AT_ONCE, async ([id, ticks]) => {
    try {
      const outcome = await post(id, { type: 'ticks', sequence, ticks }, signal);
      if (outcome === 'gone') {
        await store.disconnect(
          id,
          ticks.map(({ symbol }) => symbol),
        );
      }
      return outcome;
    } catch (error) {
      console.warn({ failed: id, sequence, reason: error instanceof Error ? error.message : String(error) });
      return 'failed';
    }
  });
  const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  return { posted: count('posted'), gone: count('gone'), failed: count('failed') };
}
