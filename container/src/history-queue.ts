import { MAX_DAYS } from '../../domain/requests';

/** A request for one history. */
export interface HistoryRequest<T> {
  readonly days: number;
  /** Each step computes one day; the step after the last day returns the result. */
  readonly steps: Iterator<void, T, void>;
  /** Milliseconds, from now, for which the caller waits for the answer. */
  readonly timeoutMs: number;
  /** Whether the caller has closed the connection. */
  readonly isAborted: () => boolean;
}

/** The queue cannot compute a history before its deadline. The answer is status 503 with the header `retry-after`. */
export class Overloaded extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super(`too many histories are waiting; try again in ${retryAfterSeconds} s`);
  }
}

/** Milliseconds of computing between two readings of the network. A health check waits for no longer than one slice. */
const SLICE_MS = 10;
/** The longest slice. Slices grow under a flood of requests, because reading all of them takes long. */
const LONGEST_SLICE_MS = 100;
/**
 * A request is accepted if its answer is expected within this share of the caller's timeout, and the largest history is due
 * after this share. The rest is a margin for a machine that becomes slower, for small histories that overtake, and for the
 * transport of the answer.
 */
const ACCEPTED_SHARE = 0.7;
/**
 * Cost of a request beside the cost of its days, in days: reading the request, writing the answer, a line in the log.
 * Measured: 0.3 ms for a request and 0.03 ms for a day.
 */
const REQUEST_DAYS = 10;
/**
 * The speed that is assumed before the first measurement, somewhat slower than one whole core. The assumption weighs as much
 * as 1,000 measured days. Without that weight, the first slice alone would decide, and the process may have waited for the
 * CPU during that slice.
 */
const INITIAL_SPEED = { days: 1_000, milliseconds: 50 };
/** The weight of a measurement shrinks to this share with each later slice, so about fifty slices make up the average. */
const DECAY = 0.98;
/** The largest number of queued requests. Each takes about 10 kB of memory, and a task may have only 512 MiB. */
const MAX_QUEUED = 1_000;

interface QueuedRequest {
  /** Requests are computed in the order of this time. */
  readonly dueAt: number;
  /** The caller gives up at this time. */
  readonly deadline: number;
  readonly isAborted: () => boolean;
  /** Remaining cost, in days. */
  remainingDays: number;
  /** Computes one day. Resolves the promise of the request after the last day. @returns whether the request is finished */
  readonly step: () => boolean;
  /** Rejects the promise of the request with `Overloaded`. */
  readonly refuse: () => void;
  /** Resolves the promise of the request without a result. */
  readonly drop: () => void;
}

/**
 * Schedules histories by their due time (earliest deadline first) and refuses requests that it cannot compute in time.
 *
 * - **The queue computes nothing that nobody waits for.** Each request has a deadline: the end of the caller's timeout. The
 *   queue refuses a request on arrival, at almost no cost, if it does not expect to finish before the deadline. The queue
 *   refuses a queued request when its deadline passes, and drops a request when its caller has closed the connection. The
 *   expectation follows from the time that a day took recently, so it adapts to the machine and to other load.
 * - **Small requests are served sooner.** A request is due after a share of its timeout that grows with its number of days,
 *   and the request that is due first is computed first, even in the middle of a larger one. A client with large requests
 *   therefore delays small requests by a few milliseconds only. Small requests cannot starve a large one, because the due
 *   time of the large one arrives, too.
 * - **The event loop is free between two slices.** Health checks and refusals are answered, however long the queue is.
 */
export class HistoryQueue {
  private readonly queued: QueuedRequest[] = [];
  private running = false;
  private end = Number.POSITIVE_INFINITY;
  /** Days that were computed and the milliseconds that they took. Old measurements weigh less than new ones. */
  private measuredDays = INITIAL_SPEED.days;
  private measuredMs = INITIAL_SPEED.milliseconds;

  /**
   * @param readArrivals lets the event loop read requests that have arrived
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly readArrivals: () => Promise<void>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Computes the history, or returns undefined if the caller has closed the connection.
   *
   * @throws Overloaded if the history is not expected before the deadline, or is not finished at the deadline; and any error
   * of the computation
   */
  compute<T>({ days, steps, timeoutMs, isAborted }: HistoryRequest<T>): Promise<T | undefined> {
    const now = this.now();
    const deadline = Math.min(now + timeoutMs, this.end);
    const dueAt = now + (deadline - now) * ACCEPTED_SHARE * (days / MAX_DAYS);
    const cost = days + REQUEST_DAYS;
    let daysAhead = 0;
    for (const other of this.queued) if (other.dueAt <= dueAt && !other.isAborted()) daysAhead += other.remainingDays;
    // A request with nobody ahead is always accepted, because only a computation corrects a wrong expectation of the speed.
    const tooLate = daysAhead > 0 && this.millisecondsFor(daysAhead + cost) > (deadline - now) * ACCEPTED_SHARE;
    if (tooLate || this.queued.length >= MAX_QUEUED) return Promise.reject(this.overloaded());
    return new Promise((resolve, reject) => {
      const position = this.queued.findLastIndex((other) => other.dueAt <= dueAt) + 1;
      this.queued.splice(position, 0, {
        dueAt,
        deadline,
        isAborted,
        remainingDays: cost,
        step: () => {
          try {
            const { done, value } = steps.next();
            if (done) resolve(value);
            return done === true;
          } catch (error) {
            reject(error);
            return true;
          }
        },
        refuse: () => reject(this.overloaded()),
        drop: () => resolve(undefined),
      });
      if (!this.running) void this.run();
    });
  }

  /** Ends the work of the queue in `milliseconds`. Requests that are not finished by then are refused. */
  endIn(milliseconds: number): void {
    this.end = this.now() + milliseconds;
  }

  private async run(): Promise<void> {
    this.running = true;
    await this.readArrivals();
    for (let readingMs = 0; this.first(); ) {
      const sliceStart = this.now();
      // A slice lasts at least as long as the last reading, so that a flood of requests takes at most half of the time.
      const days = this.computeUntil(sliceStart + Math.min(Math.max(SLICE_MS, readingMs), LONGEST_SLICE_MS));
      const readingStart = this.now();
      await this.readArrivals();
      const readingEnd = this.now();
      readingMs = readingEnd - readingStart;
      // The measurement includes the reading, because queued requests wait for the reading as well.
      this.measuredDays = this.measuredDays * DECAY + days;
      this.measuredMs = this.measuredMs * DECAY + (readingEnd - sliceStart);
    }
    this.running = false;
  }

  /** Computes the requests in the order of their due times until the end of the slice. @returns the work done, in days */
  private computeUntil(sliceEnd: number): number {
    let days = 0;
    for (let first = this.first(); first; first = this.first()) {
      do {
        if (this.now() >= sliceEnd) return days;
        days++;
        first.remainingDays--;
      } while (!first.step());
      // The rest is the cost of the request beside its days.
      days += first.remainingDays;
      this.queued.shift();
    }
    return days;
  }

  /** The next request to compute. Requests before it that are late or aborted are refused or dropped. */
  private first(): QueuedRequest | undefined {
    for (let first = this.queued[0]; first; first = this.queued[0]) {
      // A request that is alone is computed until its deadline, because it delays nobody and corrects the measured speed.
      const expectedEnd = this.now() + (this.queued.length > 1 ? this.millisecondsFor(first.remainingDays) : 0);
      if (expectedEnd < Math.min(first.deadline, this.end) && !first.isAborted()) return first;
      this.queued.shift();
      if (first.isAborted()) first.drop();
      else first.refuse();
    }
    return undefined;
  }

  private overloaded(): Overloaded {
    const days = this.queued.reduce((sum, request) => sum + request.remainingDays, 0);
    return new Overloaded(Math.max(1, Math.ceil(this.millisecondsFor(days) / 1_000)));
  }

  private millisecondsFor(days: number): number {
    return (days * this.measuredMs) / this.measuredDays;
  }
}
