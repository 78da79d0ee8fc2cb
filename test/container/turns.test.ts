import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { Busy, Turns, Work } from '../../container/src/turns';

/** Milliseconds for a day, unless a test says otherwise: 3650 days take 110. */
const DAY_MS = 0.03;

/** Turns on a machine whose clock goes on only while it computes or waits, and whose arrivals come at their times. */
class Machine {
  now = 0;
  /** Days that were computed. */
  computed = 0;
  dayMs = DAY_MS;
  /** Milliseconds that it reads between two slices. */
  readMs = 0;
  /** Milliseconds that a request takes beside its days. */
  requestMs = 0;
  /** The longest that it has not read. */
  longest = 0;
  private read = 0;
  readonly turns = new Turns(
    async () => {
      await setImmediate();
      this.longest = Math.max(this.longest, this.now - this.read);
      this.now += this.readMs;
      this.read = this.now;
      for (const [at, arrive] of this.arrivals.splice(0)) {
        if (at <= this.now) arrive();
        else this.arrivals.push([at, arrive]);
      }
    },
    () => this.now,
  );
  private readonly arrivals: [at: number, arrive: () => void][] = [];

  work(days: number, options: Partial<Pick<Work<string>, 'patience' | 'gone'>> = {}): Work<string> {
    const machine = this;
    function* steps(): Generator<void, string, void> {
      for (let day = 0; day < days; day++) {
        machine.now += machine.dayMs;
        machine.computed++;
        yield;
      }
      machine.now += machine.requestMs;
      return `${days} days`;
    }
    return { days, steps: steps(), patience: 2_000, gone: () => false, ...options };
  }

  /** How it ended, and when. */
  async ask(days: number, options?: Parameters<Machine['work']>[1]): Promise<{ result: string; at: number }> {
    try {
      const result = (await this.turns.take(this.work(days, options))) ?? 'gone';
      return { result, at: this.now };
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      return { result: `busy, ${error.retryAfterSeconds} s`, at: this.now };
    }
  }

  /** The same, of a request that arrives later; it needs something that computes until then. */
  askAt(at: number, days: number, options?: Parameters<Machine['work']>[1]): ReturnType<Machine['ask']> {
    return new Promise((resolve, reject) => {
      this.arrivals.push([at, () => this.ask(days, options).then(resolve, reject)]);
    });
  }
}

/** A machine that knows how long a day takes. */
async function warm(): Promise<Machine> {
  const machine = new Machine();
  for (let n = 0; n < 8; n++) await machine.ask(3_650);
  return machine;
}

const ok = ({ result }: { result: string }) => result.endsWith('days');

test('computes what is asked for, and nothing twice', async () => {
  const machine = new Machine();
  const results = await Promise.all([1, 2, 300, 20].map((days) => machine.ask(days)));
  expect(results.map(({ result }) => result)).toEqual(['1 days', '2 days', '300 days', '20 days']);
  expect(machine.computed).toBe(323);
});

test('gives an error of one computation to who asked for it, and goes on with the others', async () => {
  const machine = new Machine();
  const broken = machine.turns.take({
    ...machine.work(5),
    steps: {
      next: () => {
        throw new Error('broken');
      },
    },
  });
  const other = machine.ask(5);
  await expect(broken).rejects.toThrow('broken');
  expect(ok(await other)).toBe(true);
});

test('takes as much as it can do in time, refuses the rest at once, and says when to ask again', async () => {
  const machine = await warm();
  const from = machine.now;
  const answers = await Promise.all(Array.from({ length: 100 }, () => machine.ask(3_650)));
  const done = answers.filter(ok);
  const refused = answers.filter((answer) => !ok(answer));
  expect(done.length).toBeGreaterThanOrEqual(10);
  expect(done.every(({ at }) => at - from <= 2_000)).toBe(true);
  expect(refused.every(({ at, result }) => at === from && /^busy, [12] s$/.test(result))).toBe(true);
  expect(machine.computed).toBe((done.length + 8) * 3_650);
});

test('says when those who wait will be done', async () => {
  const machine = await warm();
  const answers = Array.from({ length: 200 }, () => machine.ask(3_650, { patience: 25_000 }));
  machine.turns.endIn(0);
  expect((await Promise.all(answers)).at(-1)?.result).toBe('busy, 18 s');
});

test.each([2, 5, 20])('computes without a pause what is in time when %d times as much comes', async (times) => {
  const machine = await warm();
  const from = machine.now;
  const every = (3_650 * DAY_MS) / times;
  const answers = await Promise.all(
    Array.from({ length: 100 * times }, (_, n) => machine.askAt(from + n * every, 3_650)).concat(machine.ask(1)),
  );
  const computing = (machine.computed * DAY_MS) / (machine.now - from);
  expect(answers.filter(ok).length).toBeGreaterThanOrEqual(100);
  expect(computing).toBeGreaterThan(0.99);
});

test('computes for half of the time however much there is to read', async () => {
  const machine = await warm();
  machine.readMs = 60;
  const from = machine.now;
  const before = machine.computed;
  while (machine.now < from + 4_000) await Promise.all(Array.from({ length: 20 }, () => machine.ask(3_650)));
  const share = ((machine.computed - before) * DAY_MS) / (machine.now - from);
  expect(share).toBeGreaterThan(0.45);
  expect(machine.longest).toBeLessThan(60 + 2 * DAY_MS);
});

test('reads after a tenth of a second of computing at the latest, however long that takes', async () => {
  const machine = await warm();
  machine.readMs = 500;
  await Promise.all(Array.from({ length: 20 }, () => machine.ask(3_650)));
  expect(machine.longest).toBeLessThan(100 + 2 * DAY_MS);
});

test('expects of large ones what it did, after any number of small ones', async () => {
  const machine = await warm();
  machine.requestMs = 10 * DAY_MS;
  for (let n = 0; n < 500; n++) await machine.ask(1);
  const large = await Promise.all(Array.from({ length: 100 }, () => machine.ask(3_650)));
  expect(large.filter(ok).length).toBeGreaterThanOrEqual(10);
});

test('does not take its first milliseconds for what is to come', async () => {
  const machine = new Machine();
  machine.dayMs = 35;
  await machine.ask(1);
  machine.dayMs = DAY_MS;
  const answers = await Promise.all(Array.from({ length: 200 }, () => machine.ask(100, { patience: 25_000 })));
  expect(answers.every(ok)).toBe(true);
});

test('expects what a day took lately: less is taken when the machine gets slower, more when it gets faster', async () => {
  const taken = async (machine: Machine) =>
    (await Promise.all(Array.from({ length: 100 }, () => machine.ask(365)))).filter(ok).length;
  const machine = await warm();
  const before = await taken(machine);
  machine.dayMs = 4 * DAY_MS;
  await taken(machine);
  expect(await taken(machine)).toBeLessThan(before / 2);
  machine.dayMs = DAY_MS;
  await taken(machine);
  await taken(machine);
  expect(await taken(machine)).toBeGreaterThan(0.8 * before);
});

test('takes a request when nobody else is there, however slow the machine was, and so learns that it is not', async () => {
  const machine = new Machine();
  machine.dayMs = 100;
  expect(await machine.ask(3_650)).toMatchObject({ result: expect.stringMatching(/^busy/) });
  machine.dayMs = DAY_MS;
  const answers = [];
  for (let n = 0; n < 20; n++) answers.push(await machine.ask(3_650));
  expect(answers.every(ok)).toBe(true);
  const pair = await Promise.all([machine.ask(3_650), machine.ask(3_650)]);
  expect(pair.every(ok)).toBe(true);
});

test('gives up what will not be done in time for one that will', async () => {
  const machine = await warm();
  const answers = Promise.all(Array.from({ length: 10 }, () => machine.ask(3_650)));
  machine.dayMs = 4 * DAY_MS;
  const from = machine.now;
  const later = await machine.askAt(from + 1_800, 3_650);
  const done = (await answers).filter(ok);
  // 2 s are four to five of 440 ms each.
  expect(done.length).toBeGreaterThanOrEqual(4);
  expect(done.every(({ at }) => at - from <= 2_000)).toBe(true);
  expect(ok(later)).toBe(true);
  expect(later.at - from).toBeLessThan(1_800 + 440 + 20);
});

test('computes who asks for little first, in the middle of a large one too', async () => {
  const machine = await warm();
  const from = machine.now;
  const large = Array.from({ length: 8 }, () => machine.ask(3_650));
  const small = await machine.askAt(from + 55, 30);
  expect(ok(small)).toBe(true);
  expect(small.at - from).toBeLessThan(55 + 2 * 10 + 30 * DAY_MS);
  expect((await Promise.all(large)).filter(ok)).toHaveLength(8);
});

test('computes a large one in time beside small ones that keep the machine busy by more than a half', async () => {
  const machine = await warm();
  const from = machine.now;
  for (let n = 0; n < 1_500; n++) void machine.askAt(from + n * 1.5, 30);
  const large = await machine.ask(3_650);
  expect(ok(large)).toBe(true);
  expect(large.at - from).toBeLessThanOrEqual(2_000);
});

test('computes before those who wait long for an answer those who do not', async () => {
  const machine = await warm();
  const from = machine.now;
  const patient = Array.from({ length: 100 }, () => machine.ask(3_650, { patience: 25_000 }));
  const hasty = await machine.ask(3_650);
  expect(hasty).toEqual({ result: '3650 days', at: expect.any(Number) });
  expect(hasty.at - from).toBeLessThan(250);
  expect((await Promise.all(patient)).filter(ok)).toHaveLength(100);
});

test('computes nothing for those who have gone, and counts them no more', async () => {
  const machine = await warm();
  const before = machine.computed;
  let gone = false;
  const first = machine.ask(10);
  const leaving = Array.from({ length: 10 }, () => machine.ask(3_650, { gone: () => gone }));
  gone = true;
  const staying = Array.from({ length: 10 }, () => machine.ask(3_650));
  expect((await Promise.all(leaving)).map(({ result }) => result)).toEqual(Array(10).fill('gone'));
  expect((await Promise.all([first, ...staying])).every(ok)).toBe(true);
  expect(machine.computed - before).toBe(10 + 10 * 3_650);
});

test('holds at most a thousand', async () => {
  const machine = await warm();
  const answers = await Promise.all(Array.from({ length: 1_100 }, () => machine.ask(1, { patience: 25_000 })));
  expect(answers.filter(ok)).toHaveLength(1_000);
});

test('ends when it is told to: what would come later is refused, also what waits already', async () => {
  const machine = await warm();
  const from = machine.now;
  const waiting = Array.from({ length: 40 }, () => machine.ask(3_650, { patience: 25_000 }));
  machine.turns.endIn(1_000);
  const answers = await Promise.all([...waiting, machine.ask(3_650, { patience: 25_000 }), machine.ask(30)]);
  expect(answers.slice(0, -1).filter(ok).length).toBeGreaterThanOrEqual(8);
  expect(answers.at(-1)).toMatchObject({ result: '30 days' });
  expect(answers.every(({ at }) => at - from <= 1_010)).toBe(true);
});

test('answers each request once, whatever comes when, and none later than its caller waits', async () => {
  const request = fc.record({
    days: fc.integer({ min: 1, max: 3_650 }),
    patience: fc.integer({ min: 0, max: 25_000 }),
    at: fc.integer({ min: 0, max: 3_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0.02, max: 0.5, noNaN: true }),
      async (requests, dayMs) => {
        const machine = new Machine();
        machine.dayMs = dayMs;
        const answers = requests.map(async ({ days, patience, at }) => {
          const { result, at: end } = await machine.askAt(at, days, { patience });
          return { result, late: end - Math.max(at, 0) - patience };
        });
        // Somebody is always there, so that the clock goes on.
        const clock = async () => {
          while (machine.now < 30_000) await machine.ask(1_000, { patience: 25_000 });
        };
        await clock();
        for (const { result, late } of await Promise.all(answers)) {
          expect(result).toMatch(/^(\d+ days|busy, \d+ s)$/);
          // A slice beyond it, and what a request waits to be read.
          expect(late).toBeLessThan(25 + 2 * dayMs);
        }
      },
    ),
    { numRuns: 10 },
  );
});
