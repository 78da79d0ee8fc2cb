import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { HistoryQueue, HistoryRequest, Overloaded } from '../../container/src/history-queue';

/** Milliseconds that a machine takes for one day by default. A history of 3650 days takes 110 ms. */
const DAY_MS = 0.03;

type Options = Partial<Pick<HistoryRequest<string>, 'timeoutMs' | 'isAborted'>>;

/** The result of a request, or why there is none, and the time of the machine at which that was known. */
interface Outcome {
  readonly result: string;
  readonly time: number;
}

/**
 * A queue on a simulated machine: the clock advances only while the machine computes or reads, and requests arrive by
 * that clock.
 */
class Machine {
  now = 0;
  /** Number of days that the machine has computed. */
  computedDays = 0;
  dayMs = DAY_MS;
  /** Milliseconds of reading between two slices. */
  readMs = 0;
  /** Milliseconds that a request takes in addition to its days. */
  requestMs = 0;
  /** Longest time between two readings, in milliseconds. */
  longestSliceMs = 0;
  private lastReading = 0;
  readonly queue = new HistoryQueue(
    async () => {
      await setImmediate();
      this.longestSliceMs = Math.max(this.longestSliceMs, this.now - this.lastReading);
      this.now += this.readMs;
      this.lastReading = this.now;
      for (const [time, arrive] of this.arrivals.splice(0)) {
        if (time <= this.now) arrive();
        else this.arrivals.push([time, arrive]);
      }
    },
    () => this.now,
  );
  private readonly arrivals: [time: number, arrive: () => void][] = [];

  requestOf(days: number, options: Options = {}): HistoryRequest<string> {
    const machine = this;
    function* steps(): Generator<void, string, void> {
      for (let day = 0; day < days; day++) {
        machine.now += machine.dayMs;
        machine.computedDays++;
        yield;
      }
      machine.now += machine.requestMs;
      return `${days} days`;
    }
    return { days, steps: steps(), timeoutMs: 2_000, isAborted: () => false, ...options };
  }

  /** Sends a request now. Resolves to its outcome and the time of the outcome. */
  async send(days: number, options?: Options): Promise<Outcome> {
    try {
      const result = (await this.queue.compute(this.requestOf(days, options))) ?? 'aborted';
      return { result, time: this.now };
    } catch (error) {
      if (!(error instanceof Overloaded)) throw error;
      return { result: `overloaded, ${error.retryAfterSeconds} s`, time: this.now };
    }
  }

  /**
   * Sends a request at a later time. The machine must compute other requests until then, because only that moves the
   * clock.
   */
  sendAt(time: number, days: number, options?: Options): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.arrivals.push([time, () => this.send(days, options).then(resolve, reject)]);
    });
  }
}

/** A machine whose queue has measured how long a day takes. */
async function warm(): Promise<Machine> {
  const machine = new Machine();
  for (let n = 0; n < 8; n++) await machine.send(3_650);
  return machine;
}

const isAnswered = ({ result }: Outcome) => result.endsWith('days');

test('computes each requested history once', async () => {
  const machine = new Machine();
  const results = await Promise.all([1, 2, 300, 20].map((days) => machine.send(days)));
  expect(results.map(({ result }) => result)).toEqual(['1 days', '2 days', '300 days', '20 days']);
  expect(machine.computedDays).toBe(323);
});

test('rejects the request whose computation throws, and continues with the others', async () => {
  const machine = new Machine();
  const broken = machine.queue.compute({
    ...machine.requestOf(5),
    steps: {
      next: () => {
        throw new Error('broken');
      },
    },
  });
  const other = machine.send(5);
  await expect(broken).rejects.toThrow('broken');
  expect(isAnswered(await other)).toBe(true);
});

test('accepts as many requests as it can compute in time, and refuses the others at once with a time to retry', async () => {
  const machine = await warm();
  const start = machine.now;
  const answers = await Promise.all(Array.from({ length: 100 }, () => machine.send(3_650)));
  const done = answers.filter(isAnswered);
  const refused = answers.filter((answer) => !isAnswered(answer));
  expect(done.length).toBeGreaterThanOrEqual(10);
  expect(done.every(({ time }) => time - start <= 2_000)).toBe(true);
  expect(refused.every(({ time, result }) => time === start && /^overloaded, [12] s$/.test(result))).toBe(true);
  expect(machine.computedDays).toBe((done.length + 8) * 3_650);
});

test('refuses with the time after which the queue is expected to be empty', async () => {
  const machine = await warm();
  const answers = Array.from({ length: 200 }, () => machine.send(3_650, { timeoutMs: 25_000 }));
  machine.queue.endIn(0);
  const [, seconds] = /^overloaded, (\d+) s$/.exec((await Promise.all(answers)).at(-1)?.result ?? '') ?? [];
  // The queue accepts histories for most of their timeout of 25 s.
  expect(Number(seconds)).toBeGreaterThan(12);
  expect(Number(seconds)).toBeLessThanOrEqual(25);
});

test.each([2, 5, 20])(
  'computes without a pause, and in time, when %d times as many requests arrive as it can compute',
  async (times) => {
    const machine = await warm();
    const start = machine.now;
    const intervalMs = (3_650 * DAY_MS) / times;
    const answers = await Promise.all(
      Array.from({ length: 100 * times }, (_, n) => machine.sendAt(start + n * intervalMs, 3_650)).concat(
        machine.send(1),
      ),
    );
    const computingShare = (machine.computedDays * DAY_MS) / (machine.now - start);
    expect(answers.filter(isAnswered).length).toBeGreaterThanOrEqual(100);
    expect(computingShare).toBeGreaterThan(0.99);
  },
);

test('computes for half of the time while it reads a flood of requests', async () => {
  const machine = await warm();
  machine.readMs = 60;
  const start = machine.now;
  const before = machine.computedDays;
  while (machine.now < start + 4_000) await Promise.all(Array.from({ length: 20 }, () => machine.send(3_650)));
  const share = ((machine.computedDays - before) * DAY_MS) / (machine.now - start);
  expect(share).toBeGreaterThan(0.45);
  expect(machine.longestSliceMs).toBeLessThan(60 + 2 * DAY_MS);
});

test('reads after a tenth of a second of computing at the latest, even if reading takes longer', async () => {
  const machine = await warm();
  machine.readMs = 500;
  await Promise.all(Array.from({ length: 20 }, () => machine.send(3_650)));
  expect(machine.longestSliceMs).toBeLessThan(100 + 2 * DAY_MS);
});

test('expects the same speed for large histories after many small ones', async () => {
  const machine = await warm();
  machine.requestMs = 10 * DAY_MS;
  for (let n = 0; n < 500; n++) await machine.send(1);
  const large = await Promise.all(Array.from({ length: 100 }, () => machine.send(3_650)));
  expect(large.filter(isAnswered).length).toBeGreaterThanOrEqual(10);
});

test('does not expect the speed of its first slice alone', async () => {
  const machine = new Machine();
  machine.dayMs = 35;
  await machine.send(1);
  machine.dayMs = DAY_MS;
  const answers = await Promise.all(Array.from({ length: 200 }, () => machine.send(100, { timeoutMs: 25_000 })));
  expect(answers.every(isAnswered)).toBe(true);
});

test('accepts fewer requests after the machine becomes slower, and more after it becomes faster', async () => {
  const acceptedBy = async (machine: Machine) =>
    (await Promise.all(Array.from({ length: 100 }, () => machine.send(365)))).filter(isAnswered).length;
  const machine = await warm();
  const before = await acceptedBy(machine);
  machine.dayMs = 4 * DAY_MS;
  await acceptedBy(machine);
  expect(await acceptedBy(machine)).toBeLessThan(before / 2);
  machine.dayMs = DAY_MS;
  await acceptedBy(machine);
  await acceptedBy(machine);
  expect(await acceptedBy(machine)).toBeGreaterThan(0.8 * before);
});

test('accepts a request when the queue is empty, and so measures that a slow machine has become fast', async () => {
  const machine = new Machine();
  machine.dayMs = 100;
  expect(await machine.send(3_650)).toMatchObject({ result: expect.stringMatching(/^overloaded/) });
  machine.dayMs = DAY_MS;
  const answers = [];
  for (let n = 0; n < 20; n++) answers.push(await machine.send(3_650));
  expect(answers.every(isAnswered)).toBe(true);
  const pair = await Promise.all([machine.send(3_650), machine.send(3_650)]);
  expect(pair.every(isAnswered)).toBe(true);
});

test('refuses queued requests that will be late in favour of a request that will not', async () => {
  const machine = await warm();
  const answers = Promise.all(Array.from({ length: 10 }, () => machine.send(3_650)));
  machine.dayMs = 4 * DAY_MS;
  const start = machine.now;
  const later = await machine.sendAt(start + 1_800, 3_650);
  const done = (await answers).filter(isAnswered);
  // A history takes 440 ms now, so 2 s are enough for four of them, not for five.
  expect(done.length).toBeGreaterThanOrEqual(4);
  expect(done.every(({ time }) => time - start <= 2_000)).toBe(true);
  expect(isAnswered(later)).toBe(true);
  expect(later.time - start).toBeLessThan(1_800 + 440 + 20);
});

test('computes a small history first, even in the middle of a large one', async () => {
  const machine = await warm();
  const start = machine.now;
  const large = Array.from({ length: 8 }, () => machine.send(3_650));
  const small = await machine.sendAt(start + 55, 30);
  expect(isAnswered(small)).toBe(true);
  expect(small.time - start).toBeLessThan(55 + 2 * 10 + 30 * DAY_MS);
  expect((await Promise.all(large)).filter(isAnswered)).toHaveLength(8);
});

test('computes a large history in time beside small ones that take more than half of the time', async () => {
  const machine = await warm();
  const start = machine.now;
  for (let n = 0; n < 1_500; n++) void machine.sendAt(start + n * 1.5, 30);
  const large = await machine.send(3_650);
  expect(isAnswered(large)).toBe(true);
  expect(large.time - start).toBeLessThanOrEqual(2_000);
});

test('computes requests with a short timeout before those with a long timeout', async () => {
  const machine = await warm();
  const start = machine.now;
  const longTimeouts = Array.from({ length: 100 }, () => machine.send(3_650, { timeoutMs: 25_000 }));
  const shortTimeout = await machine.send(3_650);
  expect(shortTimeout.result).toBe('3650 days');
  expect(shortTimeout.time - start).toBeLessThan(250);
  expect((await Promise.all(longTimeouts)).filter(isAnswered)).toHaveLength(100);
});

test('computes nothing for aborted requests, and accepts others in their place', async () => {
  const machine = await warm();
  const before = machine.computedDays;
  let aborted = false;
  const first = machine.send(10);
  const abortedRequests = Array.from({ length: 10 }, () => machine.send(3_650, { isAborted: () => aborted }));
  aborted = true;
  const others = Array.from({ length: 10 }, () => machine.send(3_650));
  expect((await Promise.all(abortedRequests)).map(({ result }) => result)).toEqual(Array(10).fill('aborted'));
  expect((await Promise.all([first, ...others])).every(isAnswered)).toBe(true);
  expect(machine.computedDays - before).toBe(10 + 10 * 3_650);
});

test('queues at most a thousand requests', async () => {
  const machine = await warm();
  const answers = await Promise.all(Array.from({ length: 1_100 }, () => machine.send(1, { timeoutMs: 25_000 })));
  expect(answers.filter(isAnswered)).toHaveLength(1_000);
});

test('refuses new and queued requests that it cannot finish before its end', async () => {
  const machine = await warm();
  const start = machine.now;
  const queued = Array.from({ length: 40 }, () => machine.send(3_650, { timeoutMs: 25_000 }));
  machine.queue.endIn(1_000);
  const answers = await Promise.all([...queued, machine.send(3_650, { timeoutMs: 25_000 }), machine.send(30)]);
  expect(answers.slice(0, -1).filter(isAnswered).length).toBeGreaterThanOrEqual(8);
  expect(answers.at(-1)).toMatchObject({ result: '30 days' });
  expect(answers.every(({ time }) => time - start <= 1_010)).toBe(true);
});

test('answers each request once and before its deadline, whichever requests arrive at which times', async () => {
  const request = fc.record({
    days: fc.integer({ min: 1, max: 3_650 }),
    timeoutMs: fc.integer({ min: 0, max: 25_000 }),
    arrival: fc.integer({ min: 0, max: 3_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0.02, max: 0.5, noNaN: true }),
      async (requests, dayMs) => {
        const machine = new Machine();
        machine.dayMs = dayMs;
        const answers = requests.map(async ({ days, timeoutMs, arrival }) => {
          const { result, time } = await machine.sendAt(arrival, days, { timeoutMs });
          return { result, lateMs: time - arrival - timeoutMs };
        });
        // The queue is never empty, so that the clock advances.
        const keepBusy = async () => {
          while (machine.now < 30_000) await machine.send(1_000, { timeoutMs: 25_000 });
        };
        await keepBusy();
        for (const { result, lateMs } of await Promise.all(answers)) {
          expect(result).toMatch(/^(\d+ days|overloaded, \d+ s)$/);
          // A request may wait for one slice before it is read, and for another one before it is refused.
          expect(lateMs).toBeLessThan(25 + 2 * dayMs);
        }
      },
    ),
    { numRuns: 10 },
  );
});
