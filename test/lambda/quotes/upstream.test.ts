import { createServer, RequestListener } from 'node:http';
import { AddressInfo } from 'node:net';
import { logger } from '../../../lambda/logger';
import { statisticsReader, UpstreamError } from '../../../lambda/quotes/upstream';

const GOOD = { to: '2026-01-01', mean: 100, volatility: 0.2, high: 120, low: 80 };
const warn = jest.spyOn(logger, 'warn');

beforeEach(() => warn.mockReset());

/** Starts a service with the given answers. Returns the result and the number of requests. */
async function readFrom(listener: RequestListener, attemptMs?: number): Promise<{ result: unknown; requests: number }> {
  let requests = 0;
  const service = createServer((request, response) => {
    requests++;
    listener(request, response);
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  try {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const result = await statisticsReader(url, attemptMs)('KUMI', 30).catch((error: unknown) => error);
    return { result, requests };
  } finally {
    service.close();
    service.closeAllConnections();
  }
}

function unanswered(cause: string): UpstreamError {
  return new UpstreamError(502, `the container service did not answer: ${cause}; try again later`);
}

test('returns the statistics of the service', async () => {
  const { result, requests } = await readFrom((_, response) => response.end(JSON.stringify(GOOD)));
  expect(result).toEqual(GOOD);
  expect(requests).toBe(1);
});

test('gives up on a service that stays silent, and sends no second request', async () => {
  const { result, requests } = await readFrom(() => {}, 300);
  expect(result).toEqual(unanswered('no answer in 300 ms'));
  expect(requests).toBe(1);
  expect(warn).not.toHaveBeenCalled();
});

test('sends its timeout to the service', async () => {
  const timeouts: unknown[] = [];
  const listen: RequestListener = ({ headers }, response) => {
    timeouts.push(headers['x-timeout-ms']);
    response.end(JSON.stringify(GOOD));
  };
  await readFrom(listen);
  await readFrom(listen, 700);
  expect(timeouts).toEqual(['2000', '700']);
});

test('sends the id of the request, with which the service logs it', async () => {
  const ids: unknown[] = [];
  const service = createServer(({ headers }, response) => {
    ids.push(headers['x-request-id']);
    response.end(JSON.stringify(GOOD));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const read = statisticsReader(`http://127.0.0.1:${(service.address() as AddressInfo).port}`);
  await read('KUMI', 30, 'of-the-api');
  await read('KUMI', 30);
  service.close();
  service.closeAllConnections();
  expect(ids).toEqual(['of-the-api', undefined]);
});

test('sends the trace of the invocation, so that the lines of the service have its id', async () => {
  const traces: unknown[] = [];
  const service = createServer(({ headers }, response) => {
    traces.push(headers['x-amzn-trace-id']);
    response.end(JSON.stringify(GOOD));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const read = statisticsReader(`http://127.0.0.1:${(service.address() as AddressInfo).port}`);
  const trace = 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1';
  process.env['_X_AMZN_TRACE_ID'] = trace;
  await read('KUMI', 30);
  delete process.env['_X_AMZN_TRACE_ID'];
  await read('KUMI', 30);
  service.close();
  service.closeAllConnections();
  expect(traces).toEqual([trace, undefined]);
});

test.each([
  ['the service', { 'retry-after': '4' }, '{"message":"wait"}', 'wait', '4'],
  ['a load balancer', {}, '<html>', 'the container service takes no requests; try again later', undefined],
])('passes on the 503 of %s, and sends no second request', async (_, headers, body, message, retryAfter) => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(503, headers).end(body));
  expect(result).toEqual(new UpstreamError(503, message));
  expect(result).toMatchObject({ status: 503, retryAfter });
  expect(requests).toBe(1);
});

test('sends a second request after a 502, because the connection between load balancer and service broke', async () => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(502).end('<html>'));
  expect(result).toEqual(unanswered('status 502'));
  expect(requests).toBe(2);
});

test('sends no second request after an answer that broke off', async () => {
  const { result, requests } = await readFrom((request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"to":', () => request.socket.destroy());
  });
  expect(result).toMatchObject({ status: 502, message: expect.stringMatching(/did not answer: [A-Z_]+; try/) });
  expect(requests).toBe(1);
});

test('includes the body in the time of an attempt', async () => {
  const { result } = await readFrom((_, response) => response.writeHead(200).write('{"to":'), 30);
  expect(result).toEqual(unanswered('no answer in 30 ms'));
});

test('sends a second request after a broken connection, and warns', async () => {
  const { result, requests } = await readFrom((request) => request.socket.destroy());
  expect(result).toMatchObject({ status: 502, message: expect.stringMatching(/did not answer: [A-Z_]+; try/) });
  expect(requests).toBe(2);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('names neither host nor address in the error for a refused connection', async () => {
  const service = createServer();
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const { port } = service.address() as AddressInfo;
  await new Promise((closed) => service.close(closed));
  await expect(statisticsReader(`http://127.0.0.1:${port}`)('KUMI', 30)).rejects.toEqual(unanswered('ECONNREFUSED'));
});

test('passes on the reason why the service refuses a request', async () => {
  const { result, requests } = await readFrom((_, response) => response.writeHead(400).end('{"message":"days: no"}'));
  expect(result).toMatchObject({ status: 400, message: 'days: no' });
  expect(requests).toBe(1);
});

test.each([
  ['404', 404, '{}', 'status 404'],
  ['500', 500, '{"message":"internal error"}', 'status 500'],
  ['504 of a load balancer', 504, '<html>', 'status 504'],
  ['a 400 that the service did not send', 400, '<html>', 'status 400'],
  ['a page instead of JSON', 200, '<html>', 'the answer is not a history'],
  ['JSON of another shape', 200, '{"mean":"100"}', 'the answer is not a history'],
  ['null', 200, 'null', 'the answer is not a history'],
  ['a number too large', 200, JSON.stringify(GOOD).replace('120', '1e999'), 'the answer is not a history'],
  [
    'a mean of zero, by which the function cannot divide',
    200,
    JSON.stringify({ ...GOOD, mean: 0 }),
    'the answer is not a history',
  ],
])('counts %s as no answer, and sends no second request', async (_, status, body, cause) => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(status).end(body));
  expect(result).toEqual(unanswered(cause));
  expect(requests).toBe(1);
});

test('fails for a missing URL and names the variable', async () => {
  await expect(statisticsReader(undefined)('KUMI', 30)).rejects.toThrow(/^HISTORY_URL is not set/);
});
