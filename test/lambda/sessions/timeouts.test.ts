import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { logger } from '../../../lambda/logger';
import { SessionEvent, sessions } from '../../../lambda/sessions/sessions';
import { sessionStore } from '../../../lambda/sessions/store';
import { ANSWER_MS, STORE_ATTEMPTS, TIMEOUTS } from '../../../lambda/sessions/timeouts';
import { ATTEMPTS, UNDER_WAY_MS } from '../../../lambda/ticker/ticker';
import { fixtureOf } from '../../support/fixture';
import { synthesized } from '../../support/stage';

const error = jest.spyOn(logger, 'error').mockImplementation(() => {});
jest.spyOn(logger, 'info').mockImplementation(() => {});

/** Milliseconds that the table takes for an answer; infinite: the table never answers. */
let slowness = 0;
let asked = 0;
const table = createServer((request, response) => {
  asked++;
  const operation = String(request.headers['x-amz-target']).split('.')[1];
  const item = { version: { N: '1' }, expiresAt: { N: '4102444800' } };
  if (Number.isFinite(slowness)) {
    setTimeout(() => response.end(JSON.stringify(operation === 'GetItem' ? { Item: item } : {})), slowness);
  }
});
const clients: DynamoDBClient[] = [];

beforeAll(() => new Promise<void>((resolve) => void table.listen(0, '127.0.0.1', resolve)));

// In afterAll, because a test that times out would leave the server running, and Jest would not end.
afterAll(() => {
  for (const client of clients) client.destroy();
  closeNow(table);
});

function closeNow(server: Server): void {
  server.closeAllConnections();
  server.close();
}

function clientOf(requestTimeout: number = TIMEOUTS.requestTimeout): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(table.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: STORE_ATTEMPTS,
    requestHandler: { ...TIMEOUTS, requestTimeout },
  });
  clients.push(client);
  return client;
}

/** Milliseconds that an invocation has in addition to those that are reserved for its answer. */
const SPARE_MS = 600;

async function serve(eventType: SessionEvent['requestContext']['eventType'], spareMs = SPARE_MS) {
  const onFailure = jest.fn();
  const client = clientOf();
  const handler = sessions((signal) => sessionStore(client, 'table', { signal }), {
    maxSymbols: 20,
    messagesPerSecond: 10,
    onFailure,
  });
  const body = JSON.stringify({ action: 'subscribe', symbols: ['KUMI', 'ACME'] });
  const from = performance.now();
  asked = 0;
  const invocation = { getRemainingTimeInMillis: () => ANSWER_MS + spareMs };
  const reply = await handler({ requestContext: { connectionId: 'c1', eventType }, body }, invocation).catch(
    (reason: Error) => reason,
  );
  return { reply, milliseconds: performance.now() - from, failures: onFailure.mock.calls.length };
}

beforeEach(() => error.mockClear());

describe('before Lambda ends the invocation', () => {
  // Runs first, so that the client's one-time setup is not timed later.
  test('a message that needs less than the remaining time succeeds', async () => {
    slowness = 0;
    const { reply, failures } = await serve('MESSAGE', 9_000);
    expect(reply).toMatchObject({ body: expect.stringContaining('"subscribed"') });
    expect(failures).toBe(0);
  });

  test.each([
    ['answers in time for each call, but not for all of them', 200, 2],
    ['does not answer', Number.POSITIVE_INFINITY, 1],
  ])('a message is answered with `failed` and counted if the table %s', async (_, milliseconds, atLeast) => {
    slowness = milliseconds;
    const { reply, failures, ...took } = await serve('MESSAGE');
    expect(reply).toEqual({
      statusCode: 200,
      body: JSON.stringify({ type: 'failed', reason: 'internal error; try again' }),
    });
    expect(failures).toBe(1);
    expect(error).toHaveBeenCalledWith('internal error', {
      connectionId: 'c1',
      error: expect.objectContaining({ name: 'AbortError' }),
    });
    expect(took.milliseconds).toBeLessThan(ANSWER_MS + SPARE_MS);
    expect(asked).toBeGreaterThanOrEqual(atLeast);
  });

  test.each(['CONNECT', 'DISCONNECT'] as const)('%s is an error if the table does not answer', async (eventType) => {
    slowness = Number.POSITIVE_INFINITY;
    const { reply, milliseconds } = await serve(eventType);
    expect(reply).toMatchObject({ name: 'AbortError' });
    expect(milliseconds).toBeLessThan(ANSWER_MS + SPARE_MS);
  });
});

test('a missing answer is an error after all attempts, not only a warning', async () => {
  slowness = Number.POSITIVE_INFINITY;
  const call = sessionStore(clientOf(50), 'table').connect('c1');
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError', $metadata: { attempts: STORE_ATTEMPTS } });
});

describe('the timeouts fit into each other', () => {
  const { WebSocketApi } = synthesized(fixtureOf('trial'));
  const functions = Object.entries(WebSocketApi?.findResources('AWS::Lambda::Function') ?? {});
  const timeoutOf = (name: string) =>
    1_000 * functions.find(([id]) => id.startsWith(name))?.[1]['Properties']['Timeout'];

  /** Milliseconds that the SDK waits at most between attempts that are throttled: 1 s, 2 s and so on. */
  const backoff = (attempts: number) => 1_000 * (2 ** (attempts - 1) - 1);

  test('all attempts at a call of the table end before the handler times out, and the handler times out before API Gateway does', () => {
    const handler = timeoutOf('SessionsHandler');
    expect(STORE_ATTEMPTS * TIMEOUTS.requestTimeout + backoff(STORE_ATTEMPTS)).toBeLessThanOrEqual(handler - ANSWER_MS);
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
    expect(handler).toBeLessThan(29_000);
  });

  test('all attempts for a message end before the ticker aborts the message', () => {
    expect(ATTEMPTS * TIMEOUTS.requestTimeout + backoff(ATTEMPTS)).toBeLessThanOrEqual(UNDER_WAY_MS);
  });
});
