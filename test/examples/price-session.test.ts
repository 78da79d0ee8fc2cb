import { PriceSession, PriceSessionOptions, Socket } from '../../examples/price-session';

/** A WebSocket without a network. The test plays the server. */
class FakeSocket implements Socket {
  static readonly all: FakeSocket[] = [];
  readonly sent: unknown[] = [];
  private readonly listeners: Record<string, (event: { data?: unknown }) => void> = {};

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.emit('close');
  }

  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    this.listeners[type] = listener;
  }

  emit(type: string, body?: object): void {
    this.listeners[type]?.({ data: JSON.stringify(body) });
  }

  answer(body: object): void {
    this.emit('message', body);
  }

  /**
   * Answers all messages like the API: a symbol that is not in capitals, or one too many, makes it refuse the whole
   * message.
   */
  serve(): void {
    const all = new Set<string>();
    for (let answered = 0; answered < this.sent.length; answered++) {
      const { action, symbols } = this.sent[answered] as { action: string; symbols: string[] };
      const added = symbols.filter((symbol) => !all.has(symbol)).length;
      if (symbols.some((symbol) => !/^[A-Z]+$/.test(symbol)) || (action === 'subscribe' && all.size + added > 3)) {
        this.answer({ type: 'refused', reason: `not ${symbols}` });
        continue;
      }
      for (const symbol of symbols) action === 'subscribe' ? all.add(symbol) : all.delete(symbol);
      this.answer({ type: `${action}d`, symbols, all: [...all] });
    }
  }
}

const ticks: string[] = [];
let attempts = 0;

function start(options: Partial<PriceSessionOptions> = {}): PriceSession {
  return new PriceSession({
    url: () => `wss://example.invalid/${++attempts}`,
    onTick: ({ symbol, at }) => ticks.push(`${symbol} ${at}`),
    WebSocket: FakeSocket,
    ...options,
  });
}

/** The socket of the last attempt to connect. */
async function lastSocket(): Promise<FakeSocket> {
  // This time is longer than the pause before each of the first attempts, and shorter than the timeout for an answer.
  await jest.advanceTimersByTimeAsync(1_000);
  const last = FakeSocket.all.at(-1);
  if (last === undefined) throw new Error('The session has made no attempt to connect.');
  return last;
}

function message(sequence: number, ...symbols: string[]) {
  return { type: 'ticks', sequence, ticks: symbols.map((symbol) => ({ symbol, price: 1, at: sequence })) };
}

beforeEach(() => {
  jest.useFakeTimers();
  ticks.length = 0;
  attempts = 0;
  FakeSocket.all.length = 0;
});

afterEach(() => jest.useRealTimers());

test('subscribes when it is connected, and after a loss connects with a new URL and restores its subscriptions', async () => {
  const session = start();
  session.subscribe(['KUMI', 'ACME']);
  const first = await lastSocket();
  first.emit('open');
  expect(first.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI', 'ACME'] }]);
  first.serve();
  session.unsubscribe(['ACME']);
  session.subscribe(['NEW']);
  first.answer({ type: 'unsubscribed', symbols: ['ACME'], all: ['KUMI'] });
  first.answer({ type: 'subscribed', symbols: ['NEW'], all: ['KUMI', 'NEW'] });
  first.emit('close');
  const second = await lastSocket();
  second.emit('open');
  expect(second.url).not.toBe(first.url);
  expect(second.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI', 'NEW'] }]);
});

test.each([
  ['an invalid symbol', ['kumi']],
  ['too many symbols', ['B', 'C', 'D']],
])('a refused message with %s is not repeated, and affects no other message', async (_, symbols) => {
  const refusals: string[] = [];
  const session = start({ onRefused: (reason) => refusals.push(reason) });
  session.subscribe(['KUMI', 'ACME']);
  session.subscribe(symbols);
  session.subscribe(['LAST']);
  for (let connection = 1; connection <= 3; connection++) {
    const current = await lastSocket();
    current.emit('open');
    current.serve();
    expect(current.sent.at(-1)).toMatchObject({ symbols: connection === 1 ? ['LAST'] : ['KUMI', 'ACME', 'LAST'] });
    current.emit('close');
  }
  expect(refusals).toEqual([`not ${symbols}`]);
});

test('sends one message at a time, and after a loss restores its subscriptions before unanswered messages', async () => {
  const session = start();
  const first = await lastSocket();
  first.emit('open');
  session.subscribe(['KUMI']);
  session.subscribe(['kumi']);
  expect(first.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI'] }]);
  first.answer({ type: 'subscribed', symbols: ['KUMI'], all: ['KUMI'] });
  expect(first.sent.at(-1)).toEqual({ action: 'subscribe', symbols: ['kumi'] });
  first.emit('close');
  const second = await lastSocket();
  second.emit('open');
  second.serve();
  expect(second.sent).toEqual([
    { action: 'subscribe', symbols: ['KUMI'] },
    { action: 'subscribe', symbols: ['kumi'] },
  ]);
});

test('restores its subscriptions once, even after a connection that ended before the answer', async () => {
  const session = start();
  session.subscribe(['KUMI']);
  const first = await lastSocket();
  first.emit('open');
  first.serve();
  first.emit('close');
  const second = await lastSocket();
  second.emit('open');
  second.emit('close');
  const third = await lastSocket();
  third.emit('open');
  third.serve();
  expect(third.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI'] }]);
});

test.each([
  ['that failed', { type: 'failed', reason: 'internal error; try again' }],
  ['that came too fast', { type: 'refused', reason: 'at most 10 messages a second', retry: 'later' }],
  ['that API Gateway throttled', { message: 'Too Many Requests', connectionId: 'c1', requestId: 'r1' }],
])('sends a message again %s', async (_, answer) => {
  const onRefused = jest.fn();
  const session = start({ onRefused });
  session.subscribe(['KUMI']);
  const connection = await lastSocket();
  connection.emit('open');
  connection.answer(answer);
  expect(connection.sent).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(connection.sent).toEqual([1, 2].map(() => ({ action: 'subscribe', symbols: ['KUMI'] })));
  expect(onRefused).not.toHaveBeenCalled();
});

test.each([
  ['the API asks for a new connection', 0, { type: 'refused', reason: 'connect again', retry: 'connected again' }],
  ['no answer arrives', 30_000, undefined],
])('connects again when %s', async (_, milliseconds, answer) => {
  const session = start();
  session.subscribe(['KUMI']);
  const first = await lastSocket();
  first.emit('open');
  if (answer) first.answer(answer);
  await jest.advanceTimersByTimeAsync(milliseconds);
  const second = await lastSocket();
  expect(second).not.toBe(first);
  second.emit('open');
  expect(second.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI'] }]);
});

test('stays connected while every message is answered', async () => {
  const session = start();
  session.subscribe(['KUMI']);
  const connection = await lastSocket();
  connection.emit('open');
  connection.serve();
  await jest.advanceTimersByTimeAsync(600_000);
  expect(FakeSocket.all).toEqual([connection]);
});

test('delivers each tick once and in order, and no tick of an unsubscribed symbol', async () => {
  const session = start();
  session.subscribe(['KUMI', 'LEFT']);
  session.unsubscribe(['LEFT']);
  const connection = await lastSocket();
  connection.emit('open');
  for (const sequence of [1, 2, 2, 1, 4]) connection.emit('message', message(sequence, 'KUMI', 'LEFT'));
  expect(ticks).toEqual(['KUMI 1', 'KUMI 2', 'KUMI 4']);
  session.subscribe(['LEFT']);
  connection.emit('message', message(5, 'LEFT'));
  expect(ticks.at(-1)).toBe('LEFT 5');
});

test('delivers the reason of a refusal', async () => {
  const reasons: string[] = [];
  start({ onRefused: (reason) => reasons.push(reason) });
  (await lastSocket()).emit('message', { type: 'refused', reason: 'at most 20 symbols a connection' });
  expect(reasons).toEqual(['at most 20 symbols a connection']);
});

test('tries again when the URL cannot be fetched, and makes no attempt after it is closed', async () => {
  let broken = true;
  const session = start({
    url: async () => {
      if (broken) {
        broken = false;
        throw new Error('no ticket');
      }
      return 'wss://example.invalid';
    },
  });
  const connection = await lastSocket();
  session.close();
  connection.emit('close');
  await jest.runAllTimersAsync();
  expect(FakeSocket.all).toHaveLength(1);
});

test('fails at once on a platform without a WebSocket, and says what to do', () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Reflect.deleteProperty(globalThis, 'WebSocket');
  try {
    expect(() => start({ WebSocket: undefined })).toThrow('WebSocket: this platform has none. Run Node.js 22 or later');
  } finally {
    if (own) Object.defineProperty(globalThis, 'WebSocket', own);
  }
});
