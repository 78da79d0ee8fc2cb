import { PriceSession, PriceSessionOptions, Socket } from '../../examples/price-session';

/** A socket whose other end is the test. */
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

/** The socket of the last attempt, once there is one. */
async function socket(): Promise<FakeSocket> {
  await jest.runAllTimersAsync();
  const last = FakeSocket.all.at(-1);
  if (last === undefined) throw new Error('no attempt to connect');
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

test('subscribes when it is connected, with a URL of its own for each attempt, and again after each loss', async () => {
  const session = start();
  session.subscribe(['KUMI', 'ACME']);
  const first = await socket();
  first.emit('open');
  expect(first.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI', 'ACME'] }]);
  session.unsubscribe(['ACME']);
  session.subscribe(['NEW']);
  first.emit('close');
  const second = await socket();
  second.emit('open');
  expect(second.url).not.toBe(first.url);
  expect(second.sent).toEqual([{ action: 'subscribe', symbols: ['KUMI', 'NEW'] }]);
});

test('tells each tick once and in order, also when a message comes again', async () => {
  const session = start();
  session.subscribe(['KUMI']);
  const connection = await socket();
  connection.emit('open');
  for (const sequence of [1, 2, 2, 1, 4]) connection.emit('message', message(sequence, 'KUMI', 'LEFT'));
  expect(ticks).toEqual(['KUMI 1', 'KUMI 2', 'KUMI 4']);
});

test('tells why a message was refused', async () => {
  const reasons: string[] = [];
  start({ onRefused: (reason) => reasons.push(reason) });
  (await socket()).emit('message', { type: 'refused', reason: 'at most 20 symbols a connection' });
  expect(reasons).toEqual(['at most 20 symbols a connection']);
});

test('tries again when there is no URL, and ends for good when it is closed', async () => {
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
  const connection = await socket();
  session.close();
  connection.emit('close');
  await jest.runAllTimersAsync();
  expect(FakeSocket.all).toHaveLength(1);
});
