import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sequenceAt, Tick, tickOf } from '../../domain/ticks';
import { logger } from '../logger';
import { SessionStore } from '../sessions/store';
import { bounded } from './bounded';

/** What became of the messages of one run. */
export interface Counts {
  readonly posted: number;
  /** Connections that had ended, and were removed. */
  readonly gone: number;
  /** Given up, or not begun in the time that a period has. */
  readonly failed: number;
}

/** How a run went. */
export interface Run extends Counts {
  /** Periods that nobody got a message of because the table failed, or because those before took too long. */
  readonly leftOut: number;
  /** Why the first of them was left out; undefined if none was. */
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
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** Messages under way at once, each over a connection that is kept: as many as the SDK's client has. */
const POSTS_AT_ONCE = 50;
/** Queries under way at once. */
const QUERIES_AT_ONCE = 20;
/**
 * Attempts at a message, with jitter between: the SDK repeats timeouts, 5xx, broken connections and 429, which stands for
 * the throttle of the account and for a client that does not read. More would keep others waiting for a message that the
 * one of the next period replaces.
 */
export const ATTEMPTS = 2;
/** Milliseconds for the attempts at a message that was begun, after which it is given up. */
export const UNDER_WAY_MS = 6_000;
/** Milliseconds for what is left to do after the messages, and for clocks that differ, before another run may publish. */
const LEASE_MARGIN_MS = 5_000;
/** Milliseconds after which a symbol that nobody gets is forgotten; a handler that has asked for it lives 10 s. */
const FORGET_MS = 60_000;

/**
 * Milliseconds in which messages of a period are begun: until the next one, and from 5 to 10 seconds. Short enough for a run
 * to end before its function does, and long enough for most to be sent where periods are short.
 */
export function sendMs(everySeconds: number): number {
  return Math.min(10_000, Math.max(5_000, 1_000 * everySeconds));
}

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
 *
 * Where there are more connections than the time of a period is enough for, the next period begins with those that this one
 * has not reached: none gets two messages more than another, and nobody always comes last. The place is kept as long as the
 * process, and where it is not known, it is a random one.
 */
export function ticker(options: TickerOptions): (ticks?: number) => Promise<Run> {
  const { store, post, everySeconds, runSeconds, now = Date.now, wait = sleep, random = Math.random } = options;
  const beginMs = sendMs(everySeconds);
  /** Id that the next period begins with, or with the one after it; undefined in a process that is new. */
  let first: string | undefined;

  /** What became of the period's messages, or why there are none. */
  async function period(owner: string, sequence: number): Promise<Counts | 'nobody is subscribed' | 'of another run'> {
    const subscribed = await store.subscribedSymbols();
    if (subscribed.length === 0) return 'nobody is subscribed';
    // Before the claim, and before the time for messages: with many connections this may take as long as these.
    const recipients = await recipientsOf(options, sequence, subscribed, now());
    // Both from before the claim, which may take a while as well: no message is under way when it ends.
    const end = now() + beginMs;
    const signal = AbortSignal.timeout(beginMs + UNDER_WAY_MS);
    const claimed = await store.claim(owner, sequence, end + UNDER_WAY_MS + LEASE_MARGIN_MS);
    return claimed ? publish(sequence, recipients, end, signal) : 'of another run';
  }

  async function publish(
    sequence: number,
    recipients: ReadonlyMap<string, readonly Tick[]>,
    end: number,
    signal: AbortSignal,
  ): Promise<Counts> {
    // Every message under way listens to it.
    setMaxListeners(0, signal);
    const reasons = new Map<string, { readonly first: string; count: number }>();
    const failed = (id: string, reason: string) => {
      const known = reasons.get(reason);
      if (known) known.count++;
      else reasons.set(reason, { first: id, count: 1 });
      return 'failed' as const;
    };
    const ids = inTurn([...recipients.keys()]);
    let unreached: string | undefined;
    const outcomes = await bounded(ids, POSTS_AT_ONCE, async (id) => {
      if (now() >= end) {
        unreached ??= id;
        return failed(id, 'its period had no time left for it');
      }
      const ticks = recipients.get(id) ?? [];
      try {
        const outcome = await post(id, { type: 'ticks', sequence, ticks }, signal);
        if (outcome === 'gone') {
          const seen = ticks.map(({ symbol }) => symbol);
          await tidy(id, store.disconnect(id, seen));
        }
        return outcome;
      } catch (error) {
        return failed(id, reasonOf(error));
      }
    });
    // Where all were reached, in the same place again: one that is chosen anew could pass over who was not in the period before.
    first = unreached ?? ids[0];
    // A line for each reason, not for each of what may be thousands of connections.
    for (const [reason, { first: connectionId, count }] of reasons) {
      logger.warn('messages given up', { failed: count, first: connectionId, sequence, reason });
    }
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    return { posted: count('posted'), gone: count('gone'), failed: count('failed') };
  }

  /** The ids in their order, from the one that is next and round. */
  function inTurn(ids: string[]): readonly string[] {
    ids.sort();
    const next = first;
    const found = next === undefined ? Math.floor(random() * ids.length) : ids.findIndex((id) => id >= next);
    const from = Math.max(0, found);
    return [...ids.slice(from), ...ids.slice(0, from)];
  }

  /**
   * @param ticks ends the run after that many periods, instead of after `runSeconds`. It takes the time that it needs: no
   *   period then counts as left out because those before took too long.
   */
  return async (ticks = Number.POSITIVE_INFINITY) => {
    const owner = randomUUID();
    const end = now() + 1_000 * runSeconds;
    const total = { posted: 0, gone: 0, failed: 0 };
    let leftOut = 0;
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
        logger.error('period left out', { sequence, error });
        leftOut++;
        problem ??= error;
        // The claim may have succeeded although its answer was lost.
        claiming = true;
        periods++;
      }
      const next = (sequence + 1) * 1_000 * everySeconds;
      if (periods === ticks || next >= end) break;
      await wait(Math.max(0, next - now()));
      // A timer may be a little early: never the same period again.
      const due = sequence + 1;
      sequence = Math.max(due, sequenceAt(now(), everySeconds));
      // Those after the end are of the next run.
      const late = Math.min(sequence, sequenceAt(end - 1, everySeconds) + 1) - due;
      if (late > 0 && ticks === Number.POSITIVE_INFINITY) {
        logger.error('periods left out, because the one before took too long', { first: due, count: late });
        leftOut += late;
        problem ??= new Error(`${late} periods from ${due} on were left out, because the one before took too long`);
      }
      if (sequence * 1_000 * everySeconds >= end) break;
    }
    if (claiming) await tidy('claim', store.release(owner));
    return { ...total, leftOut, problem };
  };
}

/** The ticks of each connection, by its id. */
async function recipientsOf(
  { store, everySeconds }: TickerOptions,
  sequence: number,
  subscribed: Awaited<ReturnType<SessionStore['subscribedSymbols']>>,
  now: number,
): Promise<ReadonlyMap<string, readonly Tick[]>> {
  const ticksOf = new Map<string, Tick[]>();
  await bounded(subscribed, QUERIES_AT_ONCE, async (entry) => {
    const subscribers = await store.subscribersOf(entry.symbol);
    if (subscribers.length === 0 && now - entry.askedAt > FORGET_MS) {
      await tidy(entry.symbol, store.forgetSymbol(entry));
    }
    const tick = tickOf(entry.symbol, sequence, everySeconds);
    for (const id of subscribers) {
      const ticks = ticksOf.get(id);
      if (ticks) ticks.push(tick);
      else ticksOf.set(id, [tick]);
    }
  });
  return ticksOf;
}

/** Removes what nobody needs any more. If that fails, it is found again, or ends by itself. */
async function tidy(what: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => logger.warn('not removed', { item: what, reason: reasonOf(error) }));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
