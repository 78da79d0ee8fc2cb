import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sequenceAt, Tick, tickOf } from '../../domain/ticks';
import { logger } from '../logger';
import { SessionStore } from '../sessions/store';
import { bounded } from './bounded';

/** Messages of a run by their outcome. */
export interface Counts {
  readonly posted: number;
  /** Messages to connections that had ended. The ticker removes these connections from the table. */
  readonly gone: number;
  /** Messages that were given up, or that the time of their period was too short to begin. */
  readonly failed: number;
}

/** Result of a run. */
export interface Run extends Counts {
  /** Periods without any message, because the table failed or the periods before took too long. */
  readonly leftOut: number;
  /** Reason why the first of these periods was left out. Undefined if there are none. */
  readonly problem?: unknown;
}

/** The message that a connection gets in a period: a tick for each symbol of the connection. */
export interface TicksMessage {
  readonly type: 'ticks';
  /** Number of the period. The number grows by one, or by more where periods were left out. */
  readonly sequence: number;
  readonly ticks: readonly Tick[];
}

/** Sends a message to a connection. The result is `gone` if the connection has ended. */
export type Post = (id: string, message: TicksMessage, signal: AbortSignal) => Promise<'posted' | 'gone'>;

export interface TickerOptions {
  readonly store: SessionStore;
  readonly post: Post;
  readonly everySeconds: number;
  /** Duration of a run in seconds: the interval of the schedule. */
  readonly runSeconds: number;
  readonly now?: () => number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** Messages under way at once: as many as the SDK's client keeps connections open. */
const POSTS_AT_ONCE = 50;
/** Queries under way at once. */
const QUERIES_AT_ONCE = 20;
/**
 * Attempts at a message. The SDK repeats it, with jitter, after a timeout, 5xx, a broken connection or 429. API Gateway
 * answers 429 both for the throttle of the account and for a client that does not read. More attempts would delay the
 * messages of others for a message that the next period replaces.
 */
export const ATTEMPTS = 2;
/** Milliseconds for all attempts at a message. The message is then given up. */
export const UNDER_WAY_MS = 6_000;
/** Milliseconds before another run may publish: for the work after the messages, and for clocks that differ. */
const LEASE_MARGIN_MS = 5_000;
/**
 * Milliseconds after which the ticker forgets a symbol without subscribers. They are more than the 10 s for which a handler
 * may still be adding a subscriber.
 */
const FORGET_MS = 60_000;

/**
 * Milliseconds in which the messages of a period are begun: the length of a period, but at least 5 and at most 10 seconds.
 * The upper bound lets a run end before its function's timeout. The lower bound is enough for most messages where periods
 * are short.
 */
export function sendMs(everySeconds: number): number {
  return Math.min(10_000, Math.max(5_000, 1_000 * everySeconds));
}

/**
 * Publishes a tick of each subscribed symbol every period.
 *
 * A schedule starts a run once a minute at most, so a run lasts for a minute and publishes the periods of that minute. A run
 * without subscribers ends at once.
 *
 * A schedule may start two runs at a time, because it starts each at least once and up to a minute late. A run therefore
 * claims a period before it publishes it, and holds the claim until the period's messages are sent or given up. So no
 * message overtakes another, and a run that dies leaves out a period. The SDK posts a message again if its receipt was
 * lost: a client may get the message twice, and drops the second by its `sequence`.
 *
 * A period in which the table fails is left out, too. The run goes on with the next period, because the next run is up to a
 * minute away.
 *
 * Where the time of a period is too short for all connections, the next period begins with the connections that this one
 * has not reached. So no connection gets two messages more than another, and none always comes last. A process remembers
 * where to begin; a new process begins at a random connection.
 */
export function ticker(options: TickerOptions): (ticks?: number) => Promise<Run> {
  const { store, post, everySeconds, runSeconds, now = Date.now, wait = sleep, random = Math.random } = options;
  const beginMs = sendMs(everySeconds);
  /** The next period begins with this connection, or with the next higher id. Undefined in a new process. */
  let first: string | undefined;

  /** Returns the period's messages by their outcome, or why there are none. */
  async function period(owner: string, sequence: number): Promise<Counts | 'nobody is subscribed' | 'of another run'> {
    const subscribed = await store.subscribedSymbols();
    if (subscribed.length === 0) return 'nobody is subscribed';
    // Recipients are read before the claim and before the time for messages begins, because reading many takes as long.
    const recipients = await recipientsOf(options, sequence, subscribed, now());
    // Both times begin before the claim, which may take a while: no message is then under way when the claim ends.
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
    // Every message under way listens to the signal. Node warns of more than ten listeners.
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
          const symbols = ticks.map(({ symbol }) => symbol);
          await tidy(id, store.disconnect(id, symbols));
        }
        return outcome;
      } catch (error) {
        return failed(id, reasonOf(error));
      }
    });
    // If all were reached, the next period begins in the same place, because a new place could pass over new connections.
    first = unreached ?? ids[0];
    // There is one line for each reason, because there may be thousands of connections.
    for (const [reason, { first: connectionId, count }] of reasons) {
      logger.warn('messages given up', { failed: count, first: connectionId, sequence, reason });
    }
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    return { posted: count('posted'), gone: count('gone'), failed: count('failed') };
  }

  /** Returns the ids in ascending order, beginning with the next one in turn and wrapping around. */
  function inTurn(ids: string[]): readonly string[] {
    ids.sort();
    const next = first;
    const found = next === undefined ? Math.floor(random() * ids.length) : ids.findIndex((id) => id >= next);
    const from = Math.max(0, found);
    return [...ids.slice(from), ...ids.slice(0, from)];
  }

  /**
   * @param ticks ends the run after this many periods instead of after `runSeconds`. Such a run takes the time that it
   *   needs, so periods that pass meanwhile do not count as left out.
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
      // A timer may be a little early, and no period may be published twice.
      const due = sequence + 1;
      sequence = Math.max(due, sequenceAt(now(), everySeconds));
      // Periods after the end belong to the next run.
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

/** Returns the ticks of each connection by its id. */
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

/** Waits for a removal and only warns if it fails, because a later run finds the item again, or the item expires. */
async function tidy(what: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => logger.warn('not removed', { item: what, reason: reasonOf(error) }));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
