import { createServer, RequestListener } from 'node:http';
import { AddressInfo } from 'node:net';
import { logger } from '../../../lambda/logger';
import { statisticsReader, UpstreamError } from '../../../lambda/quotes/upstream';

const GOOD = { to: '2026-01-01', mean: 100, volatility: 0.2, high: 120, low: 80 };
const warn = jest.spyOn(logger, 'warn');

beforeEach(() => warn.mockReset());

/** Reads from a service that answers as told; gives what came of it and how often the service was asked. */
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

test('gives the statistics of the service', async () => {
  const { result, requests } = await readFrom((_, response) => response.end(JSON.stringify(GOOD)));
  expect(result).toEqual(GOOD);
  expect(requests).toBe(1);
});

test('gives up on a service that accepts and stays silent, and does not ask it for the same once more', async () => {
  const { result, requests } = await readFrom(() => {}, 300);
  expect(result).toEqual(unanswered('no answer in 300 ms'));
  expect(requests).toBe(1);
  expect(warn).not.toHaveBeenCalled();
});

test('tells the service how long it waits', async () => {
  const told: unknown[] = [];
  const listen: RequestListener = ({ headers }, response) => {
    told.push(headers['x-timeout-ms']);
    response.end(JSON.stringify(GOOD));
  };
  await readFrom(listen);
  await readFrom(listen, 700);
  expect(told).toEqual(['2000', '700']);
});

test.each([
  ['the service', { 'retry-after': '4' }, '{"message":"wait"}', 'wait', '4'],
  ['a load balancer', {}, '<html>', 'the container service takes no requests; try again later', undefined],
])('passes on the 503 of %s, without asking again', async (_, headers, body, message, retryAfter) => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(503, headers).end(body));
  expect(result).toEqual(new UpstreamError(503, message));
  expect(result).toMatchObject({ status: 503, retryAfter });
  expect(requests).toBe(1);
});

test('asks once more after a 502: the connection between load balancer and service broke', async () => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(502).end('<html>'));
  expect(result).toEqual(unanswered('status 502'));
  expect(requests).toBe(2);
});

test('does not ask again after an answer that broke off', async () => {
  const { result, requests } = await readFrom((request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"to":', () => request.socket.destroy());
  });
  expect(result).toMatchObject({ status: 502, message: expect.stringMatching(/did not answer: [A-Z_]+; try/) });
  expect(requests).toBe(1);
});

test('counts the body into the time of an attempt', async () => {
  const { result } = await readFrom((_, response) => response.writeHead(200).write('{"to":'), 30);
  expect(result).toEqual(unanswered('no answer in 30 ms'));
});

test('asks once more after a broken connection, and warns', async () => {
  const { result, requests } = await readFrom((request) => request.socket.destroy());
  expect(result).toMatchObject({ status: 502, message: expect.stringMatching(/did not answer: [A-Z_]+; try/) });
  expect(requests).toBe(2);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('names neither host nor address when nobody listens', async () => {
  const service = createServer();
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const { port } = service.address() as AddressInfo;
  await new Promise((closed) => service.close(closed));
  await expect(statisticsReader(`http://127.0.0.1:${port}`)('KUMI', 30)).rejects.toEqual(unanswered('ECONNREFUSED'));
});

test('passes on what the service has against the request, without asking again', async () => {
  const { result, requests } = await readFrom((_, response) => response.writeHead(400).end('{"message":"days: no"}'));
  expect(result).toMatchObject({ status: 400, message: 'days: no' });
  expect(requests).toBe(1);
});

test.each([
  ['404', 404, '{}', 'status 404'],
  ['500', 500, '{"message":"internal error"}', 'status 500'],
  ['504 of a load balancer', 504, '<html>', 'status 504'],
  ['a 400 that is not of the service', 400, '<html>', 'status 400'],
  ['a page instead of JSON', 200, '<html>', 'the answer is not a history'],
  ['JSON of another shape', 200, '{"mean":"100"}', 'the answer is not a history'],
  ['null', 200, 'null', 'the answer is not a history'],
  ['a number too large', 200, JSON.stringify(GOOD).replace('120', '1e999'), 'the answer is not a history'],
  ['a mean that cannot be divided by', 200, JSON.stringify({ ...GOOD, mean: 0 }), 'the answer is not a history'],
])('takes %s for no answer, and does not repeat it', async (_, status, body, cause) => {
  const { result, requests } = await readFrom((_request, response) => response.writeHead(status).end(body));
  expect(result).toEqual(unanswered(cause));
  expect(requests).toBe(1);
});

test('fails for a missing URL, naming the variable', async () => {
  await expect(statisticsReader(undefined)('KUMI', 30)).rejects.toThrow(/^HISTORY_URL is not set/);
});
