import { logger } from '../../../lambda/logger';
import { Answer, SessionEvent, sessions } from '../../../lambda/sessions/sessions';
import { SessionStore } from '../../../lambda/sessions/store';

const info = jest.spyOn(logger, 'info');
const error = jest.spyOn(logger, 'error');
const onFailure = jest.fn();

beforeEach(() => {
  info.mockReset();
  error.mockReset();
  onFailure.mockReset();
});

/** A store in which every method fails unless the test replaces it. */
function storeWith(parts: Partial<SessionStore>): SessionStore {
  const unexpected = async () => {
    throw new Error('not expected');
  };
  return new Proxy(parts as SessionStore, { get: (target, name) => Reflect.get(target, name) ?? unexpected });
}

const counted: Partial<SessionStore> = { countMessage: async () => 'counted' };

function serve(store: Partial<SessionStore>, eventType: SessionEvent['requestContext']['eventType'], rest = {}) {
  const handler = sessions(() => storeWith(store), { maxSymbols: 3, messagesPerSecond: 10, onFailure });
  const event = { requestContext: { connectionId: 'c1', eventType }, ...rest };
  return handler(event, { getRemainingTimeInMillis: () => 10_000 });
}

async function answerTo(message: unknown, store: Partial<SessionStore> = {}): Promise<Answer> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const reply = await serve({ ...counted, ...store }, 'MESSAGE', { body });
  expect(reply.statusCode).toBe(200);
  return JSON.parse(reply.body ?? '');
}

describe('a connection', () => {
  test('is written when it opens, and removed when it ends', async () => {
    const calls: string[] = [];
    const connect = async (id: string) => void calls.push(`connect ${id}`);
    const disconnect = async (id: string) => void calls.push(`disconnect ${id}`);
    expect(await serve({ connect }, 'CONNECT')).toEqual({ statusCode: 200 });
    expect(await serve({ disconnect }, 'DISCONNECT')).toEqual({ statusCode: 200 });
    expect(calls).toEqual(['connect c1', 'disconnect c1']);
  });

  test('that cannot be written is refused with an error of the function', async () => {
    const connect = async () => {
      throw new Error('table is gone');
    };
    await expect(serve({ connect }, 'CONNECT')).rejects.toThrow('table is gone');
  });
});

describe('a message', () => {
  test('subscribes to each symbol once, and is answered with all symbols of the connection', async () => {
    const subscribe: SessionStore['subscribe'] = async (id, symbols, max) => {
      expect([id, symbols, max]).toEqual(['c1', ['KUMI', 'ACME'], 3]);
      return { symbols: ['OLD', ...symbols] };
    };
    const message = { action: 'subscribe', symbols: ['KUMI', 'ACME', 'KUMI'] };
    expect(await answerTo(message, { subscribe })).toEqual({
      type: 'subscribed',
      symbols: ['KUMI', 'ACME'],
      all: ['OLD', 'KUMI', 'ACME'],
    });
  });

  test('unsubscribes', async () => {
    const unsubscribe = async () => ({ symbols: ['ACME'] });
    expect(await answerTo({ action: 'unsubscribe', symbols: ['KUMI'] }, { unsubscribe })).toEqual({
      type: 'unsubscribed',
      symbols: ['KUMI'],
      all: ['ACME'],
    });
  });

  test('in base64, the encoding of binary frames, is understood', async () => {
    const body = Buffer.from('{"action":"unsubscribe","symbols":["KUMI"]}').toString('base64');
    const store = { ...counted, unsubscribe: async () => ({ symbols: [] }) };
    const reply = await serve(store, 'MESSAGE', { body, isBase64Encoded: true });
    expect(reply.body).toContain('"unsubscribed"');
  });

  test.each<[string, unknown, string]>([
    ['that is not JSON', 'hello', 'message must be an object in JSON, got "hello"'],
    ['that is empty', '', 'message must be an object in JSON, got ""'],
    ['that is not an object', [1], 'message must be an object in JSON, got "[1]"'],
    ['without an action', {}, 'action must be subscribe or unsubscribe, got ""'],
    ['with a route of API Gateway', { action: '$connect' }, 'action must be subscribe or unsubscribe, got "$connect"'],
    [
      'with an action that is a method of every object',
      { action: 'toString' },
      'action must be subscribe or unsubscribe, got "toString"',
    ],
    ['without symbols', { action: 'subscribe' }, 'symbols must be a list of 1 to 3, got ""'],
    ['with an empty list', { action: 'subscribe', symbols: [] }, 'symbols must be a list of 1 to 3, got "[]"'],
    [
      'with too many symbols',
      { action: 'subscribe', symbols: ['A', 'B', 'C', 'D'] },
      'symbols must be a list of 1 to 3, got',
    ],
    [
      'with a string for the list',
      { action: 'subscribe', symbols: 'KUMI' },
      'symbols must be a list of 1 to 3, got "KUMI"',
    ],
    ['with an invalid symbol', { action: 'subscribe', symbols: ['KUMI', 'x'] }, 'symbol must match'],
    ['with an object for a symbol', { action: 'subscribe', symbols: [{}] }, 'symbol must be a string, got "{}"'],
    ['with a number for a symbol', { action: 'subscribe', symbols: ['KUMI', 1] }, 'symbol must be a string, got "1"'],
    [
      'with a decimal number for a symbol',
      { action: 'subscribe', symbols: [1.1] },
      'symbol must be a string, got "1.1"',
    ],
    ['with null for a symbol', { action: 'unsubscribe', symbols: [null] }, 'symbol must be a string, got "null"'],
  ])('%s is refused with the reason and with examples of valid messages', async (_, message, reason) => {
    expect(await answerTo(message)).toEqual({
      type: 'refused',
      reason: expect.stringContaining(reason),
      understood: [
        { action: 'subscribe', symbols: ['KUMI'] },
        { action: 'unsubscribe', symbols: ['KUMI'] },
      ],
    });
  });

  test('is refused if it has more than 4,096 bytes, whatever the content', async () => {
    const text = JSON.stringify({ action: 'subscribe', symbols: ['KUMI'] });
    const store = { subscribe: async () => ({ symbols: ['KUMI'] }) };
    expect(await answerTo(text.padEnd(4_096), store)).toMatchObject({ type: 'subscribed' });
    expect(await answerTo(text.padEnd(4_097), store)).toMatchObject({
      reason: 'message must have at most 4096 bytes, got "4097 bytes"',
    });
    expect(await answerTo('é'.repeat(2_049))).toMatchObject({ reason: expect.stringContaining('"4098 bytes"') });
  });

  test('that exceeds the limit of symbols changes nothing', async () => {
    const subscribe = async () => ({ refused: 'too many symbols' as const });
    expect(await answerTo({ action: 'subscribe', symbols: ['KUMI'] }, { subscribe })).toEqual({
      type: 'refused',
      reason: 'at most 3 symbols a connection; none was added',
    });
  });

  test('that exceeds the limit of a second is refused before it is read', async () => {
    expect(await answerTo('anything', { countMessage: async () => 'too many' })).toEqual({
      type: 'refused',
      reason: 'at most 10 messages a second; send this one again later',
      retry: 'later',
    });
  });

  test('of an ended connection is refused with that reason, before or during the change', async () => {
    const reason = 'this connection has ended; connect again';
    const ended = { type: 'refused', reason, retry: 'connected again' };
    const message = { action: 'subscribe', symbols: ['KUMI'] };
    expect(await answerTo(message, { countMessage: async () => 'not connected' })).toEqual(ended);
    expect(await answerTo(message, { subscribe: async () => ({ refused: 'not connected' }) })).toEqual(ended);
  });

  test('that fails is answered without the reason, logged as an error, and counted', async () => {
    const subscribe = async () => {
      throw new Error('arn:aws:dynamodb:secret');
    };
    expect(await answerTo({ action: 'subscribe', symbols: ['KUMI'] }, { subscribe })).toEqual({
      type: 'failed',
      reason: 'internal error; try again',
    });
    expect(onFailure).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledWith('internal error', { connectionId: 'c1', error: expect.any(Error) });
  });
});
