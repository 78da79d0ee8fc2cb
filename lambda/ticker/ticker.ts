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

/** How a run went. */
export interface Run extends Counts {
  /** Why a period was left out, of the first one; undefined if none was. */
  readonly problem?: unknown;
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
 *
 * A period in which the table fails is left out, too, and the run goes on with the next one: the next run is up to a minute
 * away.
 */
export function ticker(options: TickerOptions): (ticks?: number) => Promise<Run> {
  const { store, everySeconds, runSeconds, now = Date.now, wait = sleep } = options;

  /** What became of the period's messages, or why there are none. */
  async function period(owner: string, sequence: number): Promise<Counts | 'nobody is subscribed' | 'of another run'> {
    const subscribed = await store.subscribedSymbols();
    if (subscribed.length === 0) return 'nobody is subscribed';
    // From before the claim, which may take a while as well: no message is under way when it ends.
    const signal = AbortSignal.timeout(POST_MS);
    const claimed = await store.claim(owner, sequence, now() + POST_MS + LEASE_MARGIN_MS);
    return claimed ? publish(options, sequence, subscribed, now(), signal) : 'of another run';
  }

  /** @param ticks ends the run after that many periods, instead of after `runSeconds` */
  return async (ticks = Number.POSITIVE_INFINITY) => {
    const owner = randomUUID();
    const end = now() + 1_000 * runSeconds;
    const total = { posted: 0, gone: 0, failed: 0 };
    let problem: unknown;
    let periods = 0;
    let claiming = false;
    let sequence = sequenceAt(now(), everySeconds);
    for (;;) {
      try {
        const counts = await period(owner, sequence);
        if (counts === 'nobody is subscribed') break;
        if (counts !== 'of another run') {
          claiming = true;
          total.posted += counts.posted;
          total.gone += counts.gone;
          total.failed += counts.failed;
          periods++;
        }
      } catch (error) {
        console.error('period left out', sequence, error);
        problem ??= error;
        // Perhaps: the answer may be what was lost.
        claiming = true;
        periods++;
      }
      const next = (sequence + 1) * 1_000 * everySeconds;
      if (periods === ticks || next >= end) break;
      await wait(Math.max(0, next - now()));
      // A timer may be a little early: never the same period again.
      sequence = Math.max(sequence + 1, sequenceAt(now(), everySeconds));
    }
    if (claiming) await tidy('claim', store.release(owner));
    return { ...total, problem };
  };
}

async function publish(
  { store, post, everySeconds }: TickerOptions,
  sequence: number,
  subscribed: Awaited<ReturnType<SessionStore['subscribedSymbols']>>,
  now: number,
  signal: AbortSignal,
): Promise<Counts> {
  // Every message under way listens to it.
  setMaxListeners(0, signal);
  const ticksOf = new Map<string, Tick[]>();
  await bounded(subscribed, QUERIES_AT_ONCE, async (entry) => {
    const subscribers = await store.subscribersOf(entry.symbol);
    if (subscribers.length === 0 && now - entry.askedAt > FORGET_MS) {
      await tidy(entry.symbol, store.forgetSymbol(entry));
    }
    const tick = tickOf(entry.symbol, sequence, everySeconds);
    for (const id of subscribers) ticksOf.set(id, [...(ticksOf.get(id) ?? []), tick]);
  });
  const outcomes = await bounded([...ticksOf], POSTS_AT_ONCE, async ([id, ticks]) => {
    try {
      const outcome = await post(id, { type: 'ticks', sequence, ticks }, signal);
      if (outcome === 'gone') {
        const seen = ticks.map(({ symbol }) => symbol);
        await tidy(id, store.disconnect(id, seen));
      }
      return outcome;
    } catch (error) {
      console.warn({ failed: id, sequence, reason: reasonOf(error) });
      return 'failed';
    }
  });
  const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  return { posted: count('posted'), gone: count('gone'), failed: count('failed') };
}

/** Removes what nobody needs any more. If that fails, it is found again, or ends by itself. */
async function tidy(what: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => console.warn({ left: what, reason: reasonOf(error) }));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
