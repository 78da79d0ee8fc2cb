import { App, AppOptions, buildApp } from '../../container/src/app';
import { history } from '../../domain/history';

function start(options?: AppOptions): App & { readonly log: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const app = buildApp({ logTo: { write: (line) => lines.push(line) }, ...options });
  return { ...app, log: () => lines.map((line) => JSON.parse(line)) };
}

const { server, log } = start({ servedBy: 'sandbox' });

test('answers the history of the days asked for', async () => {
  const response = await server.inject('/history/ABC?days=5');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(history('ABC', 5, Date.now() / 1_000));
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
});

test('answers 30 days unless told, and ignores what else is in the query', async () => {
  const response = await server.inject('/history/ABC?cached=no&x=1&x=2');
  expect(response.statusCode).toBe(200);
  expect(response.json().closes).toHaveLength(30);
});

test.each([
  ['/history/abc', 'symbol must match ^[A-Z0-9.]{1,10}$, got "abc"'],
  ['/history/', 'symbol must match ^[A-Z0-9.]{1,10}$, got ""'],
  ['/history/..%2Fetc', 'symbol must match ^[A-Z0-9.]{1,10}$, got "../etc"'],
  ['/history/%00', 'symbol must match ^[A-Z0-9.]{1,10}$, got "\0"'],
  [`/history/${'A'.repeat(150)}`, `symbol must match ^[A-Z0-9.]{1,10}$, got "${'A'.repeat(64)}…"`],
  ['/history/ABC?days=0', 'days must be a whole number from 1 to 3650, got "0"'],
  ['/history/ABC?days=3651', 'days must be a whole number from 1 to 3650, got "3651"'],
  ['/history/ABC?days=abc', 'days must be a whole number from 1 to 3650, got "abc"'],
  ['/history/ABC?days=', 'days must be a whole number from 1 to 3650, got ""'],
  ['/history/ABC?days=%zz', 'days must be a whole number from 1 to 3650, got "%zz"'],
  ['/history/ABC?days=1&days=2', 'days must be given once, got "1, 2"'],
  ['/history/%zz', "'/history/%zz' is not a valid url component"],
])('answers %s with 400 and the reason', async (url, message) => {
  const response = await server.inject({ url, headers: { 'x-request-id': 'r-1' } });
  expect(response.json()).toEqual({ message });
  expect(response.statusCode).toBe(400);
  expect(response.headers).toMatchObject({ 'x-request-id': 'r-1', 'x-served-by': 'sandbox' });
});

test.each([
  ['GET', '/'],
  ['GET', '/history'],
  ['GET', '/history/ABC/'],
  ['POST', '/history/ABC'],
  ['DELETE', '/healthz'],
] as const)('answers %s %s with 404', async (method, url) => {
  const response = await server.inject({ method, url: `${url}?secret=1` });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ message: `no such route: ${method} ${url}` });
});

test('serves every route under the prefixes that an API may put in front, and without it', async () => {
  const { server: prefixed } = start({ pathPrefixes: ['/v1/k8s', '/v1'] });
  expect((await prefixed.inject('/v1/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/v1/k8s/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/v1/readyz')).statusCode).toBe(200);
  expect((await prefixed.inject('/v12/history/ABC')).statusCode).toBe(404);
  expect((await server.inject('/v1/history/ABC')).statusCode).toBe(404);
});

test('answers an unexpected error with 500, tells the caller nothing and the log everything', async () => {
  const broken = start();
  broken.server.get('/broken', async () => {
    throw new Error('password in the message');
  });
  const response = await broken.server.inject({ url: '/broken', headers: { 'x-request-id': 'r-500' } });
  expect(response.statusCode).toBe(500);
  expect(response.json()).toEqual({ message: 'internal error' });
  expect(broken.log()[0]).toMatchObject({
    level: 'ERROR',
    requestId: 'r-500',
    err: { message: 'password in the message', stack: expect.stringContaining('app.test') },
  });
});

test.each([
  [{ 'x-request-id': 'mine' }, /^mine$/],
  [{ 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' }, /^Root=1-67891233-abcdef012345678912345678$/],
  [{ 'x-request-id': 'mine', 'x-amzn-trace-id': 'Root=1' }, /^mine$/],
  [{ 'x-request-id': 'two words' }, /^[0-9a-f-]{36}$/],
  [{}, /^[0-9a-f-]{36}$/],
])('knows a request that comes with %j by one id, in the answer and the log', async (headers, id) => {
  const response = await server.inject({ url: '/history/ABC?days=2', headers });
  expect(response.headers['x-request-id']).toMatch(id);
  expect(log().at(-1)).toEqual({
    level: 'INFO',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    requestId: response.headers['x-request-id'],
    method: 'GET',
    url: '/history/ABC?days=2',
    status: 200,
    ms: expect.any(Number),
    message: 'request',
  });
});

test('gives a request an id of its own when the one that it comes with is too long to be passed on', async () => {
  const response = await server.inject({ url: '/healthz', headers: { 'x-request-id': 'a'.repeat(257) } });
  expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('is alive and ready, and says so without a line in the log', async () => {
  const quiet = start();
  expect((await quiet.server.inject('/healthz')).statusCode).toBe(200);
  expect((await quiet.server.inject('/readyz')).statusCode).toBe(200);
  expect((await quiet.server.inject('/readyz')).headers['x-served-by']).toBeUndefined();
  expect(quiet.log()).toEqual([]);
});

test('once draining is alive but not ready, and asks clients to let go of their connections [F7]', async () => {
  const draining = start();
  draining.drain();
  expect((await draining.server.inject('/healthz')).statusCode).toBe(200);
  expect((await draining.server.inject('/readyz')).statusCode).toBe(503);
  const response = await draining.server.inject('/history/ABC?days=1');
  expect(response.statusCode).toBe(200);
  expect(response.headers['connection']).toBe('close');
});

test('answers a health check before the histories that were asked for earlier', async () => {
  const answered: string[] = [];
  const ask = (url: string) => server.inject(url).then(() => answered.push(url));
  await Promise.all([...Array.from({ length: 10 }, (_, n) => ask(`/history/ABC${n}?days=20`)), ask('/healthz')]);
  expect(answered.indexOf('/healthz')).toBeLessThanOrEqual(1);
});

test('keeps idle connections longer than the load balancer, which closes them after 60 s', () => {
  expect(server.server.keepAliveTimeout).toBe(65_000);
  expect(server.server.headersTimeout).toBeGreaterThan(server.server.keepAliveTimeout);
});
