import { createServer, RequestListener, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import type { APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { history } from '../../../domain/history';
import { priceAt } from '../../../domain/price';
import { logger } from '../../../lambda/logger';
import type { ApiEvent } from '../../../lambda/quotes/request';

const AT = 1_767_225_600;
const NOT_AN_EVENT: ApiEvent = JSON.parse('null');
let handle: (event: ApiEvent, context: { awsRequestId: string }) => Promise<APIGatewayProxyResult>;
const handler = (event: ApiEvent) => handle(event, { awsRequestId: 'request-1' });
let service: Server;
let answerOfService: RequestListener;
let asked: (string | undefined)[];
const log = {
  info: jest.spyOn(logger, 'info'),
  warn: jest.spyOn(logger, 'warn'),
  error: jest.spyOn(logger, 'error'),
};

beforeAll(async () => {
  service = createServer((request, response) => {
    asked.push(request.url);
    answerOfService(request, response);
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  // The handler reads its environment once, when it is loaded.
  process.env['HISTORY_URL'] = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  process.env['SERVED_BY'] = 'somewhere';
  process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] = 'provisioned-concurrency';
  ({ handler: handle } = jest.requireActual<{ handler: typeof handle }>('../../../lambda/quotes/index'));
});

beforeEach(() => {
  asked = [];
  answerOfService = (_, response) => response.end(JSON.stringify(history('KUMI', 30, AT)));
  for (const method of Object.values(log)) method.mockReset();
});

afterAll(() => {
  service.close();
  service.closeAllConnections();
});

/** An event in the format of the REST API. */
function rest(template: string, parameters: Record<string, string>, query?: Record<string, string>): ApiEvent {
  return {
    httpMethod: 'GET',
    path: template.replace('{symbol}', parameters['symbol'] ?? ''),
    resource: template,
    pathParameters: parameters,
    queryStringParameters: query ?? null,
  };
}

/** An event in the format of the HTTP API. */
function http(
  routeKey: string,
  rawPath: string,
  pathParameters?: Record<string, string>,
  rawQueryString = '',
): ApiEvent {
  return { routeKey, rawPath, pathParameters, rawQueryString, requestContext: { http: { method: 'GET' } } };
}

async function call(event: ApiEvent): Promise<{ status: number; body: Record<string, unknown> }> {
  const { statusCode, body } = await handler(event);
  return { status: statusCode, body: JSON.parse(body) };
}

const quote = (symbol: string, query?: Record<string, string>) => call(rest('/quotes/{symbol}', { symbol }, query));
const analysis = (symbol: string, query?: Record<string, string>) =>
  call(rest('/analysis/{symbol}', { symbol }, query));

describe('quotes', () => {
  test('returns the price of the symbol at the requested time', async () => {
    const body = { symbol: 'KUMI', price: priceAt('KUMI', AT), at: AT };
    expect(await quote('KUMI', { at: String(AT) })).toEqual({ status: 200, body });
  });

  test('returns the current price and its time if the request names no time', async () => {
    const before = Math.floor(Date.now() / 1_000);
    const { body } = await quote('KUMI');
    expect(body['at']).toBeGreaterThanOrEqual(before);
    expect(body['price']).toBe(priceAt('KUMI', Number(body['at'])));
  });

  test('answers both APIs alike, whatever stage name or base path precedes the route', async () => {
    const query = { at: String(AT) };
    const expected = await quote('BRK.B', query);
    expect(expected.status).toBe(200);
    const raw = `at=${AT}`;
    expect(await call(http('GET /quotes/{symbol}', '/live/quotes/BRK.B', { symbol: 'BRK.B' }, raw))).toEqual(expected);
    expect(await call(http('$default', '/quotes/BRK.B', undefined, raw))).toEqual(expected);
    expect(await call({ ...rest('/quotes/{symbol}', { symbol: 'BRK.B' }, query), path: '/base/quotes/BRK.B' })).toEqual(
      expected,
    );
  });

  test('answers a direct invocation that has only method and path', async () => {
    expect((await call({ httpMethod: 'GET', path: '/quotes/KUMI' })).status).toBe(200);
  });

  test('decodes a percent-encoded symbol', async () => {
    expect((await quote('BRK%2EB')).body['symbol']).toBe('BRK.B');
  });

  test.each([
    ['../etc'],
    ['..%2Fetc'],
    ['..%2fetc%00'],
    ['kumi'],
    ['TOOLONGASYMBOL'],
    ['%'],
    ['%E0%A4%A'],
    ['KUMI\n'],
    [''],
  ])('refuses symbol %j and names the rule', async (symbol) => {
    const { status, body } = await quote(symbol);
    expect({ status, ...body }).toEqual({ status: 400, message: expect.stringContaining('symbol must match ^[A-Z') });
  });

  test.each(['', 'abc', '-1', '1.5', '1e9', '4102444801', '99999999999', ' 1', '0x10'])(
    'refuses at=%j and names the rule',
    async (at) => {
      const message = `at must be a whole number from 0 to 4102444800, got "${at}"`;
      expect(await quote('KUMI', { at })).toEqual({ status: 400, body: { message } });
    },
  );

  test.each(['0', '4102444800'])('accepts at=%s', async (at) => {
    expect((await quote('KUMI', { at })).body['at']).toBe(Number(at));
  });

  test('uses the last value of a repeated parameter with both APIs, because a REST API has this value in its cache key', async () => {
    const event = rest('/quotes/{symbol}', { symbol: 'KUMI' }, { at: '2' });
    // The format in which a REST API sends `?at=1&at=2`. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    const repeated = { ...event, multiValueQueryStringParameters: { at: ['1', '2'] } };
    const expected = await call(event);
    expect(expected).toMatchObject({ status: 200, body: { at: 2 } });
    expect(await call(repeated)).toEqual(expected);
    const overHttp = http('GET /quotes/{symbol}', '/quotes/KUMI', { symbol: 'KUMI' }, 'at=1&at=2');
    expect(await call(overHttp)).toEqual(expected);
  });
});

describe('analysis', () => {
  test('asks the container service under the id that the API gave to the request', async () => {
    const ids: unknown[] = [];
    answerOfService = ({ headers }, response) => {
      ids.push(headers['x-request-id']);
      response.end(JSON.stringify(history('KUMI', 30, AT)));
    };
    const path = '/analysis/KUMI';
    await call({ httpMethod: 'GET', path, requestContext: { requestId: 'of-the-rest-api' } });
    const requestContext = { http: { method: 'GET' }, requestId: 'of-the-http-api' };
    await call({ routeKey: '$default', rawPath: path, rawQueryString: '', requestContext });
    expect(ids).toEqual(['of-the-rest-api', 'of-the-http-api']);
  });

  test('joins the statistics of the container service with the current price', async () => {
    const { mean, volatility, high, low, to } = history('KUMI', 30, AT);
    const { status, body } = await analysis('KUMI', { days: '30' });
    const price = Number(body['price']);
    expect(status).toBe(200);
    expect(asked).toEqual(['/history/KUMI?days=30']);
    expect(body).toMatchObject({ symbol: 'KUMI', days: 30, to, mean, volatility, high, low });
    expect(price).toBe(priceAt('KUMI', Number(body['at'])));
    expect(body['deviationPercent']).toBeCloseTo(((price - mean) / mean) * 100, 1);
  });

  test('requests 30 days by default', async () => {
    await analysis('KUMI');
    expect(asked).toEqual(['/history/KUMI?days=30']);
  });

  test.each(['0', 'abc', '3651', '-1', '1.5', ''])(
    'refuses days=%j and sends no request to the service',
    async (days) => {
      const message = `days must be a whole number from 1 to 3650, got "${days}"`;
      expect(await analysis('KUMI', { days })).toEqual({ status: 400, body: { message } });
      expect(asked).toEqual([]);
    },
  );

  test('refuses an invalid symbol and sends no request to the service', async () => {
    expect((await analysis('..%2Fetc')).status).toBe(400);
    expect(asked).toEqual([]);
  });

  test('sends a second request when the connection breaks, and warns', async () => {
    const good = answerOfService;
    answerOfService = (request) => {
      answerOfService = good;
      request.socket.destroy();
    };
    expect((await analysis('KUMI')).status).toBe(200);
    expect(asked).toHaveLength(2);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  test('answers 502 with the reason when the service fails, and sends no second request', async () => {
    answerOfService = (_, response) => response.writeHead(500).end('{"message":"internal error"}');
    const message = 'the container service did not answer: status 500; try again later';
    expect(await analysis('KUMI')).toEqual({ status: 502, body: { message } });
    expect(asked).toHaveLength(1);
  });

  test('passes on 503 with Retry-After when the service is overloaded, and sends no second request', async () => {
    const message = 'too many histories are waiting; try again in 3 s';
    answerOfService = (_, response) => response.writeHead(503, { 'retry-after': '3' }).end(JSON.stringify({ message }));
    const { statusCode, headers, body } = await handler(rest('/analysis/{symbol}', { symbol: 'KUMI' }));
    expect({ statusCode, body }).toEqual({ statusCode: 503, body: JSON.stringify({ message }) });
    expect(headers).toMatchObject({
      'retry-after': '3',
      'content-type': 'application/json',
      'x-served-by': 'somewhere',
    });
    expect(asked).toHaveLength(1);
  });
});

describe('every answer', () => {
  test.each([
    ['200', rest('/quotes/{symbol}', { symbol: 'KUMI' })],
    ['400', rest('/quotes/{symbol}', { symbol: 'kumi' })],
    ['404', rest('/x', {})],
    ['500', NOT_AN_EVENT],
  ])('of status %s has the headers x-served-by and initialization-type', async (status, event) => {
    const { statusCode, headers } = await handler(event);
    expect(statusCode).toBe(Number(status));
    expect(headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-served-by': 'somewhere',
      'initialization-type': 'provisioned-concurrency',
    });
  });

  test('has one line in the log, with route, status and milliseconds', async () => {
    await quote('KUMI');
    const fields = { route: 'GET /quotes/{symbol}', status: 200, ms: expect.any(Number) };
    expect(log.info.mock.calls).toEqual([['answered', fields]]);
  });

  test.each([
    ['another path', { httpMethod: 'GET', path: '/x' }, 'GET /x'],
    ['another method', { httpMethod: 'POST', path: '/quotes/KUMI' }, 'POST /quotes/KUMI'],
    ['a longer path', { httpMethod: 'GET', path: '/quotes/KUMI/x' }, 'GET /quotes/KUMI/x'],
  ])('to %s is 404', async (_, event, route) => {
    expect(await call(event)).toEqual({ status: 404, body: { message: `no such route: ${route}` } });
  });

  test('hides an unexpected error from the caller and has the error in the log', async () => {
    expect(await call(NOT_AN_EVENT)).toEqual({ status: 500, body: { message: 'internal error' } });
    expect(log.error).toHaveBeenCalledWith('internal error', { error: expect.any(TypeError) });
  });

  test('is 200 or 400 for any symbol and any time, never 500', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (symbol, at) => {
        expect([200, 400]).toContain((await quote(symbol, { at })).status);
      }),
    );
  });
});
