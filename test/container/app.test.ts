import { App, AppOptions, buildApp } from '../../container/src/app';
import { history } from '../../domain/history';
import { HISTORY_SERVICE, routesOfService } from '../../domain/routes';
import { router } from '../../lambda/quotes/router';
import { handlers } from '../../lambda/quotes/routes';

function start(options?: AppOptions): App & { readonly log: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const app = buildApp({ logTo: { write: (line) => lines.push(line) }, ...options });
  return { ...app, log: () => lines.map((line) => JSON.parse(line)) };
}

const { server, log } = start({ servedBy: 'sandbox' });

test('answers with the history of the requested days', async () => {
  const response = await server.inject('/history/ABC?days=5');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(history('ABC', 5, Date.now() / 1_000));
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
});

test.each(routesOfService(HISTORY_SERVICE))('answers the route $path', async ({ path }) => {
  expect((await server.inject(path.replace('{symbol}', 'ABC'))).statusCode).toBe(200);
});

test('answers with 30 days by default, and ignores unknown query parameters', async () => {
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
  ['/history/ABC?days=1&days=abc', 'days must be a whole number from 1 to 3650, got "abc"'],
  ['/history/%zz', 'symbol must match ^[A-Z0-9.]{1,10}$, got "%zz"'],
  ['/history/%ff', 'symbol must match ^[A-Z0-9.]{1,10}$, got "%ff"'],
  ['/history/%E7%B5%84', 'symbol must match ^[A-Z0-9.]{1,10}$, got "組"'],
])('answers %s with 400 and a reason', async (url, message) => {
  const response = await server.inject({ url, headers: { 'x-request-id': 'r-1' } });
  expect(response.json()).toEqual({ message });
  expect(response.statusCode).toBe(400);
  expect(response.headers).toMatchObject({ 'x-request-id': 'r-1', 'x-served-by': 'sandbox' });
});

test('gives the same reasons as the function for the same requests', async () => {
  const dispatch = router(
    handlers(async () => {
      throw new Error('The router must not call the container service.');
    }),
  );
  for (const [symbol, query] of [
    ['KUMI', 'days=0'],
    ['KUMI', 'days=5&days=abc'],
    ['KUMI', 'days=1,2'],
    ['KUMI', 'days='],
    ['kumi', 'days=30'],
    ['%zz', 'days=30'],
    ['%ff', ''],
    ['%', ''],
    ['..%2Fetc', ''],
    ['A'.repeat(300), ''],
    [`%41${'A'.repeat(11_000)}`, ''],
  ]) {
    const { status, body } = await dispatch({
      method: 'GET',
      path: `/analysis/${symbol}`,
      template: '/analysis/{symbol}',
      parameters: { symbol },
      query: Object.fromEntries(new URLSearchParams(query)),
    });
    const response = await server.inject(`/history/${symbol}?${query}`);
    expect({ status: response.statusCode, body: response.json() }).toEqual({ status, body });
    expect(status).toBe(400);
  }
});

test('takes the last value of a repeated parameter, as the function does', async () => {
  expect((await server.inject('/history/ABC?days=3651&days=2')).json().days).toBe(2);
});

test.each([
  ['GET', '/'],
  ['GET', '/history'],
  ['GET', '/history/ABC/'],
  ['POST', '/history/ABC'],
  ['DELETE', '/healthz'],
  ['GET', '/other/%zz'],
] as const)('answers %s %s with 404', async (method, url) => {
  const response = await server.inject({ method, url: `${url}?secret=1` });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ message: `no such route: ${method} ${url}` });
});

test('answers HEAD with 404 instead of computing a history, because no API has the method HEAD', async () => {
  const response = await server.inject({ method: 'HEAD', url: '/history/ABC?days=3650' });
  expect(response.statusCode).toBe(404);
});

test('repeats no more than 64 characters of an unknown path', async () => {
  const response = await server.inject(`/${'a'.repeat(5_000)}`);
  expect(response.json()).toEqual({ message: `no such route: GET /${'a'.repeat(63)}…` });
});

test('refuses histories that it cannot compute in time at once, with 503 and Retry-After', async () => {
  const overloaded = start();
  const order: string[] = [];
  const ask = async (n: number) => {
    const response = await overloaded.server.inject(`/history/ABC${n}?days=3650`);
    order.push(`${response.statusCode}`);
    return response;
  };
  const responses = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(n)));
  const refused = responses.filter(({ statusCode }) => statusCode === 503);
  // A machine that becomes slower meanwhile refuses more requests, but later, at their deadlines.
  expect(order.indexOf('200')).toBeGreaterThan(10);
  expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([200, 503]));
  for (const { headers, body } of refused) {
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(JSON.parse(body)).toEqual({
      message: `too many histories are waiting; try again in ${headers['retry-after']} s`,
    });
  }
  const logged = overloaded.log().filter(({ status }) => status === 503);
  expect(logged).toHaveLength(refused.length);
});

test.each([
  [{ 'x-timeout-ms': '25000' }, 200],
  [{ 'x-timeout-ms': '99999999' }, 200],
  [{ 'x-timeout-ms': '1' }, 503],
  [{ 'x-timeout-ms': '0' }, 503],
  [{ 'x-timeout-ms': '-1' }, 200],
  [{ 'x-timeout-ms': 'soon' }, 200],
])('answers a request with the headers %j behind another request with %d', async (headers, status) => {
  const app = start();
  const earlier = app.server.inject('/history/ABC?days=2000');
  const response = await app.server.inject({ url: '/history/ABC?days=2000', headers });
  expect([(await earlier).statusCode, response.statusCode]).toEqual([200, status]);
});

test('limits the timeout of a caller to 25 s', async () => {
  const app = start();
  const headers = { 'x-timeout-ms': '999999999' };
  const answers = Array.from({ length: 100 }, (_, n) =>
    app.server.inject({ url: `/history/ABC${n}?days=3650`, headers }),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  app.drain(0);
  const waits = (await Promise.all(answers)).map((answer) => Number(answer.headers['retry-after']));
  expect(Math.max(...waits)).toBeGreaterThan(10);
  expect(Math.max(...waits)).toBeLessThanOrEqual(25);
});

test('answers a small history before larger ones that were requested earlier', async () => {
  const answered: number[] = [];
  const ask = (days: number) => server.inject(`/history/ABC?days=${days}`).then(() => answered.push(days));
  await Promise.all([ask(2_000), ask(1_000), ask(20), ask(1)]);
  expect(answered).toEqual([1, 20, 1_000, 2_000]);
});

test('serves every route with each of the prefixes that an API may put first, and without a prefix', async () => {
  const { server: prefixed } = start({ pathPrefixes: ['/v1/k8s', '/v1'] });
  expect((await prefixed.inject('/v1/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/v1/k8s/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/history/ABC?days=2')).json().days).toBe(2);
  expect((await prefixed.inject('/v1/readyz')).statusCode).toBe(200);
  expect((await prefixed.inject('/v12/history/ABC')).statusCode).toBe(404);
  expect((await server.inject('/v1/history/ABC')).statusCode).toBe(404);
});

test('answers an unexpected error with 500, and writes the details to the log only', async () => {
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

test.each<[Record<string, string>, RegExp]>([
  [{ 'x-request-id': 'mine' }, /^mine$/],
  [{ 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' }, /^Root=1-67891233-abcdef012345678912345678$/],
  [{ 'x-request-id': 'mine', 'x-amzn-trace-id': 'Root=1' }, /^mine$/],
  [{ 'x-request-id': 'two words' }, /^[0-9a-f-]{36}$/],
  [{}, /^[0-9a-f-]{36}$/],
])('uses the same id in the answer and the log for a request with the headers %j', async (headers, id) => {
  const response = await server.inject({ url: '/history/ABC?days=2', headers });
  expect(response.headers['x-request-id']).toMatch(id);
  expect(log().at(-1)).toEqual({
    level: 'INFO',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    requestId: response.headers['x-request-id'],
    xray_trace_id: headers['x-amzn-trace-id']?.slice('Root='.length),
    method: 'GET',
    url: '/history/ABC?days=2',
    status: 200,
    ms: expect.any(Number),
    message: 'request',
  });
});

const TRACE = '1-67891233-abcdef012345678912345678';

test.each([
  [`Root=${TRACE}`, TRACE],
  [`Self=1-67891234-12456789abcdef0123456789;Root=${TRACE}`, TRACE],
  [`Root=${TRACE};Parent=53995c3f42cd8ad8;Sampled=1`, TRACE],
  ['Self=1-67891234-12456789abcdef0123456789', undefined],
  ['Root=a trace', undefined],
  [`Root=${'a'.repeat(65)}`, undefined],
])('a line of a request has the id of the trace %s', async (header, trace) => {
  await server.inject({ url: '/history/ABC?days=2', headers: { 'x-amzn-trace-id': header } });
  expect(log().at(-1)?.['xray_trace_id']).toBe(trace);
});

test('creates an id for a request whose own id is too long', async () => {
  const response = await server.inject({ url: '/healthz', headers: { 'x-request-id': 'a'.repeat(257) } });
  expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('answers liveness and readiness checks without a line in the log', async () => {
  const app = start();
  expect((await app.server.inject('/healthz')).statusCode).toBe(200);
  expect((await app.server.inject('/readyz')).statusCode).toBe(200);
  expect((await app.server.inject('/readyz')).headers['x-served-by']).toBeUndefined();
  expect(app.log()).toEqual([]);
});

test('is alive but not ready while draining, and asks clients to close their connections [F7]', async () => {
  const draining = start();
  draining.drain(1_000);
  expect((await draining.server.inject('/healthz')).statusCode).toBe(200);
  expect((await draining.server.inject('/readyz')).statusCode).toBe(503);
  const response = await draining.server.inject('/history/ABC?days=1');
  expect(response.statusCode).toBe(200);
  expect(response.headers['connection']).toBe('close');
});

test('answers a health check before the histories that were requested earlier', async () => {
  const answered: string[] = [];
  const ask = (url: string) => server.inject(url).then(() => answered.push(url));
  await Promise.all([...Array.from({ length: 10 }, (_, n) => ask(`/history/ABC${n}?days=20`)), ask('/healthz')]);
  expect(answered.indexOf('/healthz')).toBeLessThanOrEqual(1);
});

test('refuses requests while draining that it cannot finish in time, and answers the others [F7]', async () => {
  const draining = start();
  const headers = { 'x-timeout-ms': '25000' };
  const answers = [1, ...Array(30).fill(3_650)].map((days) =>
    draining.server.inject({ url: `/history/ABC?days=${days}`, headers }),
  );
  draining.drain(500);
  const [small, ...large] = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
  expect(small).toBe(200);
  expect(large).toContain(503);
});

test('keeps idle connections open for longer than the load balancer, which closes them after 60 s', () => {
  expect(server.server.keepAliveTimeout).toBe(65_000);
  expect(server.server.headersTimeout).toBeGreaterThan(server.server.keepAliveTimeout);
});
