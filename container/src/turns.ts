import { MAX_DAYS } from '../../domain/requests';

/** A history that is asked for. */
export interface Work<T> {
  readonly days: number;
  /** Computes a day with each step. */
  readonly steps: Iterator<void, T, void>;
  /** Milliseconds, from now, for which the caller waits for the answer. */
  readonly patience: number;
  /** Whether the caller has gone. */
  readonly gone: () => boolean;
}

/** There is more to do than can be done in time: status 503, and when to ask again. */
export class Busy extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super(`too many histories are waiting; try again in ${retryAfterSeconds} s`);
  }
}

/** Milliseconds of computing between two looks at what has arrived: what a health check or a refusal waits for. */
const SLICE_MS = 10;
/** The same under a flood of requests, all of which have to be read. */
const LONGEST_SLICE_MS = 100;
/**
 * Share of a caller's patience in which its answer is expected when it is let in, and after which the largest history is
 * due. The rest is for a machine that turns slower, for small histories that overtake, and for the way of the answer.
 */
const IN_TIME = 0.7;
/** What a request costs beside its history, in days: reading it, its answer, a line in the log. Measured: 0.3 ms, and 0.03 a day. */
const REQUEST_DAYS = 10;
/**
 * What is expected before anything is measured: somewhat more than on a core of its own. Of some weight, or the first slice,
 * in which the process may have waited for the CPU, would be all that is known.
 */
const GUESS = { days: 1_000, milliseconds: 50 };
/** What a measurement still counts after the next slice: some fifty of them make the average. */
const FADING = 0.98;
/** Requests that wait at the most: some 10 kB of memory each, while a task may have 512 MiB. */
const MOST_WAITING = 1_000;

interface Waiting {
  readonly due: number;
  readonly deadline: number;
  readonly gone: () => boolean;
  /** What is left of it, in days. */
  days: number;
  /** Computes a day, and answers with the last one. @returns whether that was it */
  readonly step: () => boolean;
  /** Answers that it will not be computed. */
  readonly refuse: () => void;
  /** Ends it without an answer. */
  readonly drop: () => void;
}

/**
 * Whose history is computed next, and whose is not.
 *
 * - **Nothing is computed that nobody waits for.** Each request has a deadline, the end of its caller's patience. One that
 *   is not expected to be done in time is refused as it arrives, which costs next to nothing, one whose deadline passes is
 *   refused then, and one whose caller has gone is dropped. What is expected comes from what a day took lately, whatever the
 *   machine and whatever else it does.
 * - **Who asks for little is served sooner.** A request is due after a share of its caller's patience that grows with its
 *   days, and what is due first is computed first, also in the middle of a larger one. So a client that asks for much
 *   delays those who ask for little by a few milliseconds, and is not starved by them: its time to be due comes.
 * - **Between two slices the event loop is free**: health checks and refusals are answered however much there is to do.
 */
export class Turns {
  private readonly waiting: Waiting[] = [];
  private running = false;
  private end = Number.POSITIVE_INFINITY;
  /** Days computed and the milliseconds they took, older ones counting less. */
  private days = GUESS.days;
  private milliseconds = GUESS.milliseconds;

  /**
   * @param readArrivals lets the event loop read what has arrived
   * @param now milliseconds of a clock that only goes forward
   */
  constructor(
    private readonly readArrivals: () => Promise<void>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The result, or undefined if the caller has gone.
   *
   * @throws Busy if it is not expected, or has not come, while the caller waits; and what the computation throws
   */
  take<T>({ days, steps, patience, gone }: Work<T>): Promise<T | undefined> {
    const now = this.now();
    const deadline = Math.min(now + patience, this.end);
    const due = now + (deadline - now) * IN_TIME * (days / MAX_DAYS);
    const cost = days + REQUEST_DAYS;
    let ahead = 0;
    for (const other of this.waiting) if (other.due <= due && !other.gone()) ahead += other.days;
    // Where nobody is ahead it is taken however long it seems to take: how else would a wrong expectation be corrected?
    const late = ahead > 0 && this.timeOf(ahead + cost) > (deadline - now) * IN_TIME;
    if (late || this.waiting.length >= MOST_WAITING) return Promise.reject(this.busy());
    return new Promise((resolve, reject) => {
      const place = this.waiting.findLastIndex((other) => other.due <= due) + 1;
      this.waiting.splice(place, 0, {
        due,
        deadline,
        gone,
        days: cost,
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
        refuse: () => reject(this.busy()),
        drop: () => resolve(undefined),
      });
      if (!this.running) void this.run();
    });
  }

  /** From now on nothing is computed that would come later than in so many milliseconds. */
  endIn(milliseconds: number): void {
    this.end = this.now() + milliseconds;
  }

  private async run(): Promise<void> {
    this.running = true;
    await this.readArrivals();
    for (let reading = 0; this.first(); ) {
      const from = this.now();
      // As long as it has read: to refuse a flood of requests takes half of its time, and not all.
      const days = this.compute(from + Math.min(Math.max(SLICE_MS, reading), LONGEST_SLICE_MS));
      const computed = this.now();
      await this.readArrivals();
      const read = this.now();
      reading = read - computed;
      // With what was read: that, too, is time which those who wait do not get.
      this.days = this.days * FADING + days;
      this.milliseconds = this.milliseconds * FADING + (read - from);
    }
    this.running = false;
  }

  /** Computes what is due first until it is time to look up. @returns how much it was, in days */
  private compute(until: number): number {
    let days = 0;
    for (let first = this.first(); first; first = this.first()) {
      do {
        if (this.now() >= until) return days;
        days++;
        first.days--;
      } while (!first.step());
      // And what it cost beside its days.
      days += first.days;
      this.waiting.shift();
    }
    return days;
  }

  /** The first to be computed, after those before it that are not computed any more. */
  private first(): Waiting | undefined {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      // The only one is computed until its deadline has come: it takes nobody's time, and corrects what is expected.
      const done = this.now() + (this.waiting.length > 1 ? this.timeOf(first.days) : 0);
      if (done < Math.min(first.deadline, this.end) && !first.gone()) return first;
      this.waiting.shift();
      if (first.gone()) first.drop();
      else first.refuse();
    }
    return undefined;
  }

  private busy(): Busy {
    const days = this.waiting.reduce((sum, waiting) => sum + waiting.days, 0);
    return new Busy(Math.max(1, Math.ceil(this.timeOf(days) / 1_000)));
  }

  private timeOf(days: number): number {
    return (days * this.milliseconds) / this.days;
  }
}
