import fc from 'fast-check';
import { logger } from '../../../lambda/logger';
import { SessionStore } from '../../../lambda/sessions/store';
import { bounded } from '../../../lambda/ticker/bounded';
import { requestedTicks } from '../../../lambda/ticker/request';
import { Post, sendMs, ticker } from '../../../lambda/ticker/ticker';

const warn = jest.spyOn(logger, 'warn').mockImplementation(() => {});
const logged = jest.spyOn(logger, 'error').mockImplementation(() => {});
const START = 1_700_000_000_000;

/** Returns a ticker whose runs share a table of subscriptions and a clock. */
function world(
  subscriptions: Record<string, string[]>,
  outcome: (id: string) => 'posted' | 'gone' | Error = () => 'posted',
  broken: Partial<SessionStore> = {},
) {
  const received: Record<string, number[]> = {};
  const forgotten: string[] = [];
  const removed: [string, (readonly string[])?][] = [];
  const clock = { now: START };
  const lease = { owner: '', until: 0, sequence: 0 };
  const store: Partial<SessionStore> = {
    subscribedSymbols: async () => Object.keys(subscriptions).map((symbol) => ({ symbol, askedAt: START - 30_000 })),
    subscribersOf: async (symbol) => subscriptions[symbol] ?? [],
    forgetSymbol: async ({ symbol }) => void forgotten.push(symbol),
    disconnect: async (...connection) => void removed.push(connection),
    claim: async (owner, sequence, until) => {
      if (sequence <= lease.sequence || (owner !== lease.owner && lease.until >= clock.now)) return false;
      Object.assign(lease, { owner, sequence, until });
      return true;
    },
    release: async (owner) => {
      if (owner === lease.owner) lease.until = 0;
    },
    ...broken,
  };
  const post: Post = async (id, message) => {
    const result = outcome(id);
    if (result instanceof Error) throw result;
    if (result === 'posted') received[id] = [...(received[id] ?? []), message.sequence];
    return result;
  };
  const run = ticker({
    store: store as SessionStore,
    post,
    everySeconds: 1,
    runSeconds: 60,
    now: () => clock.now,
    // A wait advances the shared clock, so a minute of the run takes no real time.
    wait: async (milliseconds) => {
      clock.now += milliseconds;
    },
  });
  return { run, received, forgotten, removed, clock, lease };
}

test('sends each connection one message a period, with a tick for each of its symbols', async () => {
  const messages: unknown[] = [];
  const { run } = world({ KUMI: ['c1', 'c2'], ACME: ['c1'] });
  expect(await run(1)).toEqual({ posted: 2, gone: 0, failed: 0, leftOut: 0 });
  const one = ticker({
    store: {
      subscribedSymbols: async () => [{ symbol: 'KUMI', askedAt: START }],
      subscribersOf: async () => ['c1'],
      claim: async () => true,
      release: async () => {},
    } as Partial<SessionStore> as SessionStore,
    post: async (_, message) => {
      messages.push(message);
      return 'posted';
    },
    everySeconds: 5,
    runSeconds: 60,
    now: () => START + 4_999,
  });
  await one(1);
  const at = START / 1_000;
  expect(messages).toEqual([
    { type: 'ticks', sequence: at / 5, ticks: [{ symbol: 'KUMI', price: expect.any(Number), at }] },
  ]);
});

test('publishes every period of a minute in order, none twice', async () => {
  const { run, received, lease } = world({ KUMI: ['c1'] });
  expect(await run()).toEqual({ posted: 60, gone: 0, failed: 0, leftOut: 0 });
  expect(received['c1']).toEqual(Array.from({ length: 60 }, (_, index) => START / 1_000 + index));
  expect(lease.until).toBe(0);
});

test('two runs at once publish each period once', async () => {
  const { run, received } = world({ KUMI: ['c1', 'c2'] });
  await Promise.all([run(), run()]);
  for (const sequences of Object.values(received)) {
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  }
});

test('takes over from a run that crashed, when the claim of that run has ended', async () => {
  const { run, received, lease, clock } = world({ KUMI: ['c1'] });
  Object.assign(lease, { owner: 'dead', until: clock.now + 15_000, sequence: START / 1_000 });
  await run();
  expect(received['c1']?.[0]).toBe(START / 1_000 + 16);
});

test('ends at once and claims no period if there are no subscriptions', async () => {
  const { run, lease, clock } = world({});
  expect(await run()).toEqual({ posted: 0, gone: 0, failed: 0, leftOut: 0 });
  expect(lease.sequence).toBe(0);
  expect(clock.now).toBe(START);
});

test('removes closed connections with the subscriptions that it found, and continues after messages that fail', async () => {
  const { run, removed, received } = world({ KUMI: ['c1', 'c2', 'c3'], ACME: ['c1'] }, (id) =>
    id === 'c1' ? 'gone' : id === 'c2' ? new Error('LimitExceededException') : 'posted',
  );
  expect(await run(1)).toEqual({ posted: 1, gone: 1, failed: 1, leftOut: 0 });
  expect(removed).toEqual([['c1', ['KUMI', 'ACME']]]);
  expect(Object.keys(received)).toEqual(['c3']);
  expect(warn).toHaveBeenCalledWith(
    'messages given up',
    expect.objectContaining({ failed: 1, first: 'c2', reason: 'LimitExceededException' }),
  );
});

test('leaves out a period in which the table fails, continues, and reports the failure at its end', async () => {
  let queries = 0;
  const subscribersOf = async () => {
    if (++queries === 2) throw new Error('throttled');
    return ['c1'];
  };
  const { run, received, lease } = world({ KUMI: ['c1'] }, undefined, { subscribersOf });
  expect(await run()).toEqual({ posted: 59, gone: 0, failed: 0, leftOut: 1, problem: new Error('throttled') });
  expect(received['c1']?.slice(0, 2)).toEqual([START / 1_000, START / 1_000 + 2]);
  expect(logged).toHaveBeenCalledWith('period left out', { sequence: START / 1_000 + 1, error: expect.any(Error) });
  expect(lease.until).toBe(0);
});

test('releases a claim if the answer to the claim was lost', async () => {
  let lost = true;
  const { run, lease, received } = world({ KUMI: ['c1'] }, undefined, {
    claim: async (owner, sequence, until) => {
      Object.assign(lease, { owner, sequence, until });
      if (lost) throw new Error('timeout');
      return true;
    },
  });
  expect(await run(1)).toMatchObject({ posted: 0, problem: new Error('timeout') });
  expect(lease.until).toBe(0);
  lost = false;
  await run(1);
  expect(received['c1']).toHaveLength(1);
});

test('sends messages even if the removal of old items fails', async () => {
  const fails = async () => {
    throw new Error('throttled');
  };
  const { run, clock } = world({ LEFT: [], KUMI: ['c1', 'c2'] }, (id) => (id === 'c1' ? 'gone' : 'posted'), {
    disconnect: fails,
    forgetSymbol: fails,
    release: fails,
  });
  clock.now += 60_000;
  expect(await run(1)).toEqual({ posted: 1, gone: 1, failed: 0, leftOut: 0 });
  for (const item of ['c1', 'LEFT', 'claim']) {
    expect(warn).toHaveBeenCalledWith('not removed', { item, reason: 'throttled' });
  }
});

test('publishes no period twice when a timer ends early', async () => {
  let clock = START;
  const sequences: number[] = [];
  const early = ticker({
    store: {
      subscribedSymbols: async () => [{ symbol: 'KUMI', askedAt: START }],
      subscribersOf: async () => ['c1'],
      claim: async () => true,
      release: async () => {},
    } as Partial<SessionStore> as SessionStore,
    post: async (_, { sequence }) => {
      sequences.push(sequence);
      return 'posted';
    },
    everySeconds: 1,
    runSeconds: 60,
    now: () => clock,
    wait: async (milliseconds) => {
      clock += milliseconds - 1;
    },
  });
  await early(3);
  expect(sequences).toEqual([0, 1, 2].map((index) => START / 1_000 + index));
});

test('removes a symbol without subscribers, but not while a subscription to the symbol may be in progress', async () => {
  const { run, forgotten, clock } = world({ LEFT: [], KUMI: ['c1'] });
  await run(1);
  expect(forgotten).toEqual([]);
  clock.now += 60_000;
  await run(1);
  expect(forgotten).toEqual(['LEFT']);
});

describe('a ticker with more connections than a period has time for', () => {
  const EVERY_SECONDS = 5;
  const RUN_SECONDS = 60;

  /**
   * Makes a ticker. Each message takes `postMs` of the clock, which may depend on the period.
   * Returns, for each period, the connections to which it sent a message.
   */
  function crowd(
    ids: () => readonly string[],
    postMs: number | ((period: number) => number),
    options: { slowQuery?: number; random?: () => number } = {},
  ) {
    const clock = { now: START };
    const periods: string[][] = [];
    const sequences: number[] = [];
    const run = ticker({
      store: {
        subscribedSymbols: async () => [{ symbol: 'KUMI', askedAt: START }],
        subscribersOf: async () => {
          clock.now += options.slowQuery ?? 0;
          return ids();
        },
        claim: async (_, sequence) => {
          sequences.push(sequence);
          periods.push([]);
          return true;
        },
        release: async () => {},
      } as Partial<SessionStore> as SessionStore,
      post: async (id) => {
        clock.now += typeof postMs === 'number' ? postMs : postMs(periods.length - 1);
        periods.at(-1)?.push(id);
        return 'posted';
      },
      everySeconds: EVERY_SECONDS,
      runSeconds: RUN_SECONDS,
      now: () => clock.now,
      wait: async (milliseconds) => {
        clock.now += milliseconds;
      },
      random: options.random,
    });
    return { run, periods, sequences, clock };
  }

  const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `c${String(index).padStart(3, '0')}`);

  test('reaches every connection once before it reaches one a second time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        fc.float({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (count, capacity, random) => {
          const postMs = sendMs(EVERY_SECONDS) / capacity;
          const { run, periods } = crowd(() => idsOf(count), postMs, { random: () => random });
          // Runs follow each other in one process, as on Lambda.
          while (periods.length < Math.ceil(count / capacity)) await run();
          const received = new Map(idsOf(count).map((id) => [id, 0]));
          for (const id of periods.slice(0, Math.ceil(count / capacity)).flat()) {
            received.set(id, (received.get(id) ?? 0) + 1);
          }
          const times = [...received.values()];
          expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('the numbers of messages of two connections differ by one at most', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 12, maxLength: 12 }),
        async (count, capacities) => {
          const ms = (period: number) => sendMs(EVERY_SECONDS) / (capacities[period % capacities.length] ?? 1);
          const { run, periods } = crowd(() => idsOf(count), ms);
          for (let runs = 1; runs <= 3; runs++) await run();
          const times = idsOf(count).map((id) => periods.flat().filter((each) => each === id).length);
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('reaches the connections that stay open while others open and close', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: 100 }),
        fc.integer({ min: 2, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 20, maxLength: 20 }),
        async (count, capacity, leaving) => {
          const stayed = new Set(idsOf(count));
          let period = 0;
          const openIds = () => {
            const gone = leaving[period++ % leaving.length] ?? 0;
            const id = `c${String(gone).padStart(3, '0')}`;
            stayed.delete(id);
            return idsOf(count).filter((each) => each !== id);
          };
          const { run, periods } = crowd(openIds, sendMs(EVERY_SECONDS) / capacity);
          while (periods.length < Math.ceil(count / capacity) + 1) await run();
          const reached = new Set(periods.flat());
          expect([...stayed].filter((id) => !reached.has(id))).toEqual([]);
        },
      ),
    );
  });

  test.each([
    [0, 'c000'],
    [0.5, 'c002'],
    [0.99, 'c003'],
  ])('begins a new process with a random connection: for the random number %p with %p', async (random, id) => {
    const { run, periods } = crowd(() => idsOf(4), 1, { random: () => random });
    await run(2);
    expect(periods.map(([first]) => first)).toEqual([id, id]);
  });

  test('counts unreached connections as failed, sends them nothing, and logs one line for all', async () => {
    warn.mockClear();
    const { run, periods } = crowd(() => idsOf(100), 125, { random: () => 0 });
    expect(await run(1)).toEqual({ posted: 40, gone: 0, failed: 60, leftOut: 0 });
    expect(periods[0]).toEqual(idsOf(40));
    expect(warn.mock.calls).toEqual([
      [
        'messages given up',
        { failed: 60, first: 'c040', sequence: START / 5_000, reason: 'its period had no time left for it' },
      ],
    ]);
  });

  test('reads the recipients before the sending time begins', async () => {
    const { run, periods } = crowd(() => idsOf(10), 500, { slowQuery: 30_000 });
    await run(1);
    expect(periods).toEqual([expect.arrayContaining(idsOf(10))]);
  });

  test('counts missed periods and fails at the end', async () => {
    const { run, sequences } = crowd(() => idsOf(10), 1, { slowQuery: 9_000 });
    const { leftOut, problem, ...counts } = await run();
    const first = START / 5_000;
    expect(sequences).toEqual([0, 1, 3, 5, 7, 9, 10].map((index) => first + index));
    expect(counts).toEqual({ posted: 70, gone: 0, failed: 0 });
    expect(leftOut).toBe(12 - sequences.length);
    expect(problem).toEqual(
      new Error(`1 periods from ${first + 2} on were left out, because the one before took too long`),
    );
  });

  test('does not fail if a number of periods was requested', async () => {
    const { run, sequences } = crowd(() => idsOf(10), 1, { slowQuery: 9_000 });
    expect(await run(3)).toEqual({ posted: 30, gone: 0, failed: 0, leftOut: 0 });
    expect(sequences).toEqual([0, 1, 3].map((index) => START / 5_000 + index));
  });

  test('begins no period after the end of a run, because the next run sends that period', async () => {
    const slowQuery = 25_000;
    const { run, clock, sequences } = crowd(() => idsOf(10), 1, { slowQuery });
    expect(await run()).toMatchObject({ leftOut: 12 - 3 });
    expect(sequences.map((sequence) => sequence - START / 5_000)).toEqual([0, 5, 10]);
    // The last period begins before the end of the run, and takes at most its query and its sending time.
    expect(clock.now - START).toBeLessThan(RUN_SECONDS * 1_000 + slowQuery + sendMs(EVERY_SECONDS));
  });
});

test.each([
  [1, 5_000],
  [5, 5_000],
  [6, 6_000],
  [60, 10_000],
])('with a tick every %p s, the ticker begins messages for %p ms', (everySeconds, milliseconds) => {
  expect(sendMs(everySeconds)).toBe(milliseconds);
});

describe('an invocation', () => {
  test.each([undefined, null, {}, { 'detail-type': 'Scheduled Event', source: 'aws.scheduler' }])(
    'with the event %j is a whole run',
    (event) => expect(requestedTicks(event, 12)).toBeUndefined(),
  );

  test.each([1, 12])('requests %p periods', (ticks) => expect(requestedTicks({ ticks }, 12)).toBe(ticks));

  test.each<[unknown, string]>([
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [13, '13'],
    ['abc', '"abc"'],
    ['3', '"3"'],
    [null, 'null'],
  ])('for %j periods is refused with the reason', (ticks, printed) => {
    expect(() => requestedTicks({ ticks }, 12)).toThrow(
      `ticks: must be a whole number from 1 to 12, which a run has, got ${printed}. Give {"ticks":1}, or {} for a whole run.`,
    );
  });

  test.each<[unknown, string]>([
    ['abc', '"abc"'],
    [3, '3'],
    [[3], '[3]'],
  ])('with the event %j is refused with the reason', (event, printed) => {
    expect(() => requestedTicks(event, 12)).toThrow(`event: must be an object, got ${printed}.`);
  });
});

test('bounded() limits the calls at once, returns the results in order, and begins no call after a failure', async () => {
  let under = 0;
  let most = 0;
  const results = await bounded([...Array(20).keys()], 3, async (item) => {
    most = Math.max(most, ++under);
    await new Promise(setImmediate);
    under--;
    return item * 2;
  });
  expect(most).toBe(3);
  expect(results).toEqual([...Array(20).keys()].map((item) => item * 2));
  expect(await bounded([], 3, async () => 1)).toEqual([]);
  let begun = 0;
  const failing = bounded([...Array(20).keys()], 3, async (item) => {
    begun++;
    if (item === 0) throw new Error('throttled');
    await new Promise(setImmediate);
  });
  await expect(failing).rejects.toThrow('throttled');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(begun).toBe(3);
});
