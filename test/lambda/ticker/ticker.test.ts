import { metricsLine } from '../../../lambda/metrics';
import { SessionStore } from '../../../lambda/sessions/store';
import { bounded } from '../../../lambda/ticker/bounded';
import { Post, ticker } from '../../../lambda/ticker/ticker';

const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
const logged = jest.spyOn(console, 'error').mockImplementation(() => {});
const START = 1_700_000_000_000;

/** A table of subscriptions that several runs share, and the clock that they share. */
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
    // Whoever waits moves the clock: a minute takes no time.
    wait: async (milliseconds) => {
      clock.now += milliseconds;
    },
  });
  return { run, received, forgotten, removed, clock, lease };
}

test('sends each connection one message a period, with a tick for each of its symbols', async () => {
  const messages: unknown[] = [];
  const { run } = world({ KUMI: ['c1', 'c2'], ACME: ['c1'] });
  expect(await run(1)).toEqual({ posted: 2, gone: 0, failed: 0 });
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
  expect(await run()).toEqual({ posted: 60, gone: 0, failed: 0 });
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

test('takes over from a run that died, when its claim has ended', async () => {
  const { run, received, lease, clock } = world({ KUMI: ['c1'] });
  Object.assign(lease, { owner: 'dead', until: clock.now + 15_000, sequence: START / 1_000 });
  await run();
  expect(received['c1']?.[0]).toBe(START / 1_000 + 16);
});

test('ends at once where nobody has subscribed, without a claim', async () => {
  const { run, lease, clock } = world({});
  expect(await run()).toEqual({ posted: 0, gone: 0, failed: 0 });
  expect(lease.sequence).toBe(0);
  expect(clock.now).toBe(START);
});

test('removes connections that are gone with the subscriptions that led to them, and goes on after messages that fail', async () => {
  const { run, removed, received } = world({ KUMI: ['c1', 'c2', 'c3'], ACME: ['c1'] }, (id) =>
    id === 'c1' ? 'gone' : id === 'c2' ? new Error('LimitExceededException') : 'posted',
  );
  expect(await run(1)).toEqual({ posted: 1, gone: 1, failed: 1 });
  expect(removed).toEqual([['c1', ['KUMI', 'ACME']]]);
  expect(Object.keys(received)).toEqual(['c3']);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ failed: 'c2', reason: 'LimitExceededException' }));
});

test('leaves out a period in which the table fails, goes on with the next, and tells in the end', async () => {
  let queries = 0;
  const subscribersOf = async () => {
    if (++queries === 2) throw new Error('throttled');
    return ['c1'];
  };
  const { run, received, lease } = world({ KUMI: ['c1'] }, undefined, { subscribersOf });
  expect(await run()).toEqual({ posted: 59, gone: 0, failed: 0, problem: new Error('throttled') });
  expect(received['c1']?.slice(0, 2)).toEqual([START / 1_000, START / 1_000 + 2]);
  expect(logged).toHaveBeenCalledWith('period left out', START / 1_000 + 1, expect.any(Error));
  expect(lease.until).toBe(0);
});

test('gives back a claim whose answer was lost', async () => {
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

test('is not kept from sending by what it fails to tidy up', async () => {
  const fails = async () => {
    throw new Error('throttled');
  };
  const { run, clock } = world({ LEFT: [], KUMI: ['c1', 'c2'] }, (id) => (id === 'c1' ? 'gone' : 'posted'), {
    disconnect: fails,
    forgetSymbol: fails,
    release: fails,
  });
  clock.now += 60_000;
  expect(await run(1)).toEqual({ posted: 1, gone: 1, failed: 0 });
  for (const left of ['c1', 'LEFT', 'claim']) expect(warn).toHaveBeenCalledWith({ left, reason: 'throttled' });
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

test('forgets a symbol that nobody gets, but not while its subscriber may be under way', async () => {
  const { run, forgotten, clock } = world({ LEFT: [], KUMI: ['c1'] });
  await run(1);
  expect(forgotten).toEqual([]);
  clock.now += 60_000;
  await run(1);
  expect(forgotten).toEqual(['LEFT']);
});

test('work is bounded and its results are in order', async () => {
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

test('counts are metrics of the embedded format, which names what is there', () => {
  const line = JSON.parse(metricsLine('Kumiki/Ticker', { Posted: 3, Gone: 1, Failed: 2 }, 'ticker', START, 'INFO'));
  const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
  expect(line._aws.Timestamp).toBe(START);
  expect(Namespace).toBe('Kumiki/Ticker');
  expect(Dimensions.flat().map((name: string) => line[name])).toEqual(['ticker']);
  expect(Metrics.map(({ Name }: { Name: string }) => [Name, line[Name]])).toEqual([
    ['Posted', 3],
    ['Gone', 1],
    ['Failed', 2],
  ]);
});
