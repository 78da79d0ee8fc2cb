import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { containerContext } from '../../lib/sources';

const server = path.join(containerContext(), 'server.cjs');
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

interface Service {
  readonly child: ChildProcess;
  readonly port: number;
  readonly log: string[];
  /** The exit code of the process. */
  readonly exited: Promise<number>;
}

async function start(env: Record<string, string>): Promise<Service> {
  const child = spawn(process.execPath, [server], {
    env: { HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const exited = once(child, 'close').then(([code]) => code);
  const log: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => log.push(line));
  await once(lines, 'line');
  const [, port] = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(log[0] ?? '') ?? [];
  return { child, port: Number(port), log, exited };
}

/** Headers of a caller with the longest timeout. */
const LONG_TIMEOUT = { 'x-timeout-ms': '25000' };

/** Sends a request. `answer` resolves with the answer, and `sent` when the request has been sent. */
function get(
  port: number,
  url: string,
  agent: http.Agent | false = false,
  headers: http.OutgoingHttpHeaders = LONG_TIMEOUT,
) {
  const request = http.get({ host: '127.0.0.1', port, path: url, agent, headers });
  const answer = new Promise<{ status?: number; body: string; headers: http.IncomingHttpHeaders }>(
    (resolve, reject) => {
      request.on('error', reject).on('response', async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode, body, headers: response.headers });
      });
    },
  );
  return { answer, sent: new Promise((resolve) => request.on('finish', resolve)) };
}

test('answers all of 200 requests in flight after SIGTERM, and then exits with 0 [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '400', STOP_TIMEOUT_MS: '20000' });
  const agent = new http.Agent({ keepAlive: true });
  let answered = 0;
  const requests = Array.from({ length: 200 }, (_, n) => get(port, `/history/S${n}?days=100`, agent));
  for (const { answer } of requests) answer.then(() => answered++);
  await Promise.all(requests.map(({ sent }) => sent));

  child.kill('SIGTERM');
  const readiness = async (): Promise<number | undefined> => {
    const { status } = await get(port, '/readyz').answer;
    return status === 200 ? readiness() : status;
  };
  expect(await readiness()).toBe(503);
  expect((await get(port, '/healthz').answer).status).toBe(200);
  expect(answered).toBeLessThan(200);

  const answers = await Promise.all(requests.map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200));
  expect(answers.every(({ body }) => JSON.parse(body).closes.length === 100)).toBe(true);
  expect(answers.at(-1)?.headers.connection).toBe('close');
  expect(await exited).toBe(0);
  await expect(get(port, '/healthz').answer).rejects.toThrow('ECONNREFUSED');
  expect(log.filter((line) => JSON.parse(line).message === 'request')).toHaveLength(200);
  expect(log.filter((line) => JSON.parse(line).message === 'stopped')).toHaveLength(1);
});

test('answers all requests over 200 connections that are not accepted yet at SIGTERM [F7]', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '0' });
  const earlier = get(port, '/history/ABC?days=3650');
  await earlier.sent;
  const requests = Array.from({ length: 200 }, (_, n) => get(port, `/history/S${n}?days=1`));
  await Promise.all(requests.map(({ sent }) => sent));
  child.kill('SIGTERM');
  const answers = await Promise.all([earlier, ...requests].map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual(Array(201).fill(200));
  expect(await exited).toBe(0);
});

test('answers each of 200 requests in an overload: some in time, the others with 503 and Retry-After', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '300', STOP_TIMEOUT_MS: '20000' });
  const agent = new http.Agent({ keepAlive: true });
  const begin = performance.now();
  const requests = Array.from({ length: 200 }, async (_, n) => {
    const { status, headers } = await get(port, `/history/S${n}?days=1500`, agent, {}).answer;
    return { status, retryAfter: headers['retry-after'], ms: performance.now() - begin };
  });
  // All 200 histories would take about 9 s of computing, and each caller waits for 2 s.
  await Promise.race(requests);
  child.kill('SIGTERM');
  const answers = await Promise.all(requests);
  const done = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect(done.length).toBeGreaterThan(0);
  expect(done.length + refused.length).toBe(200);
  expect(done.every(({ ms }) => ms < 10_000)).toBe(true);
  expect(refused.every(({ retryAfter }) => /^[1-9]\d*$/.test(retryAfter ?? ''))).toBe(true);
  expect(await exited).toBe(0);
});

test('answers queued requests before its stop timeout, with 503 those that it cannot compute by then [F7]', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '100', STOP_TIMEOUT_MS: '3000' });
  const requests = Array.from({ length: 60 }, (_, n) => get(port, `/history/S${n}?days=3650`));
  await Promise.all(requests.map(({ sent }) => sent));
  await get(port, '/healthz').answer;
  child.kill('SIGTERM');
  const answers = await Promise.all(requests.map(({ answer }) => answer));
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(await exited).toBe(0);
});

const COMPLETE = 'GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n';
const HALF = 'GET /history/ABC HTTP/1.1\r\nhost: te';
const HALF_BODY =
  'POST /history/ABC HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';

test('exits while connections are open that sent nothing, half a request or half a body [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '50', STOP_TIMEOUT_MS: '20000' });
  for (const sent of ['', HALF, COMPLETE + HALF, HALF_BODY]) {
    const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await once(client, 'connect');
    client.write(sent);
  }
  await get(port, '/healthz').answer;
  const signalled = performance.now();
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - signalled).toBeLessThan(10_000);
  expect(log.map((line) => JSON.parse(line).level)).not.toContain('FATAL');
});

test('answers a request that is half sent when the listener closes, if the rest arrives within a second [F7]', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '50' });
  const client = net.connect(port, '127.0.0.1');
  let answer = '';
  client.on('data', (chunk) => (answer += chunk));
  client.write(HALF);
  await get(port, '/healthz').answer;
  child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 800));
  client.write('st\r\n\r\n');
  await once(client, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toMatch(/"symbol":"ABC"/);
  expect(await exited).toBe(0);
});

test.each([
  ['bytes that are not HTTP', 'HELLO\r\n\r\n', 400, /^not an HTTP request: Parse Error: .*/],
  ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 400, /^not an HTTP request: Parse Error: .*/],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    /^the headers are larger than 16 KiB$/,
  ],
])('answers %s with a short reason in JSON, and logs one line', async (_, sent, status, message) => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '0' });
  const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
  let answer = '';
  client.on('data', (chunk) => (answer += chunk));
  client.write(sent);
  await once(client, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/\r\ncontent-type: application\/json; charset=utf-8\r\n/);
  expect(JSON.parse(body)).toEqual({ message: expect.stringMatching(message) });
  expect(JSON.parse(body).message.length).toBeLessThanOrEqual(65);
  // The end of the process is the end of its log. An answer to a later request can arrive before the line of this one.
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(log.map((line) => JSON.parse(line)).filter((line) => line.status === status)).toEqual([
    expect.objectContaining({ level: 'INFO', code: expect.stringMatching(/^HPE_/), message: 'request' }),
  ]);
});

test('computes nothing for clients that closed their connections while they were queued', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '0' });
  // The server measures its speed with this request. It then expects to compute all later requests in time.
  await get(port, '/history/ABC?days=3650').answer;
  const begin = performance.now();
  const earlier = get(port, '/history/ABC?days=3650');
  await earlier.sent;
  for (let n = 0; n < 30; n++) {
    const client = net.connect(port, '127.0.0.1');
    const text = 'GET /history/ABORTED?days=3000 HTTP/1.1\r\nhost: test\r\nx-timeout-ms: 25000\r\n\r\n';
    client.write(text, () => client.destroy());
  }
  await earlier.answer;
  const oneHistory = performance.now() - begin;
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - begin).toBeLessThan(12 * oneHistory);
  const aborted = log.map((line) => JSON.parse(line)).filter(({ url }) => url === '/history/ABORTED?days=3000');
  expect(aborted.map(({ status }) => status)).toEqual(Array(30).fill(499));
});

test('exits with 1 and logs a line when a client hangs past the stop timeout [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '50', STOP_TIMEOUT_MS: '300' });
  const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
  client.write(HALF);
  await get(port, '/healthz').answer;
  const signalled = Date.now();
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  // A timer may fire a little early.
  expect(Date.now() - signalled).toBeGreaterThanOrEqual(250);
  expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({
    level: 'FATAL',
    message: expect.stringContaining('stop timeout'),
  });
});

test.each([
  [{ PORT: 'http' }, 'PORT: must be a whole number from 0 to 65535, got "http".'],
  [{ DRAIN_DELAY_MS: '30000' }, 'STOP_TIMEOUT_MS: must be above DRAIN_DELAY_MS (30000), got 28000. Raise it.'],
  [
    { LOG_LEVEL: 'loud' },
    'LOG_LEVEL: "loud" is not a level. Give one of fatal, error, warn, info, debug, trace, silent.',
  ],
])('fails to start with %j and prints the reason on one line', async (env, reason) => {
  const child = spawn(process.execPath, [server], { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let output = '';
  for await (const chunk of child.stderr) output += chunk;
  expect(output).toBe(`${reason}\n`);
  expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1);
});
