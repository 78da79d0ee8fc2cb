import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { containerContext } from '../../lib/sources';

// Processes that start beside others take their time.
jest.setTimeout(30_000);

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
  /** The exit code, once it has ended. */
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

/** A caller that waits for as long as it takes. */
const PATIENT = { 'x-timeout-ms': '25000' };

/** Status and body of an answer, as a promise; `sent` when the request has left. */
function get(
  port: number,
  url: string,
  agent: http.Agent | false = false,
  headers: http.OutgoingHttpHeaders = PATIENT,
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

test('loses none of 200 requests in flight when it is told to stop, then exits 0 [F7]', async () => {
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

test('loses none of 200 connections that nobody has accepted yet when it closes at once [F7]', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '0' });
  const busy = get(port, '/history/ABC?days=3650');
  await busy.sent;
  const requests = Array.from({ length: 200 }, (_, n) => get(port, `/history/S${n}?days=1`));
  await Promise.all(requests.map(({ sent }) => sent));
  child.kill('SIGTERM');
  const answers = await Promise.all([busy, ...requests].map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual(Array(201).fill(200));
  expect(await exited).toBe(0);
});

test('answers each of 200 requests that are more than it can do: those in time, the rest with 503 and Retry-After', async () => {
  const { child, port, exited } = await start({ DRAIN_DELAY_MS: '300', STOP_TIMEOUT_MS: '20000' });
  const agent = new http.Agent({ keepAlive: true });
  const from = performance.now();
  const requests = Array.from({ length: 200 }, async (_, n) => {
    const { status, headers } = await get(port, `/history/S${n}?days=3650`, agent, {}).answer;
    return { status, retryAfter: headers['retry-after'], ms: performance.now() - from };
  });
  // 200 would take 20 s and more.
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

test('answers what waits longer than it may before its stop timeout: with 503 what cannot be done by then [F7]', async () => {
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

const WHOLE = 'GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n';
const HALF = 'GET /history/ABC HTTP/1.1\r\nhost: te';
const HALF_BODY =
  'POST /history/ABC HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';

test('ends though connections are open that have sent nothing, half a request or half a body [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '50', STOP_TIMEOUT_MS: '20000' });
  for (const sent of ['', HALF, WHOLE + HALF, HALF_BODY]) {
    const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await once(client, 'connect');
    client.write(sent);
  }
  await get(port, '/healthz').answer;
  const told = performance.now();
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - told).toBeLessThan(10_000);
  expect(log.map((line) => JSON.parse(line).level)).not.toContain('FATAL');
});

test('answers a request that is half sent when it stops to listen, if the rest comes within a second [F7]', async () => {
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
  ['no HTTP', 'HELLO\r\n\r\n', 400, /^not a request of HTTP: Parse Error: .*/],
  ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 400, /^not a request of HTTP: Parse Error: .*/],
  [
    'headers without end',
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    /^the headers are larger than 16 KiB$/,
  ],
])('answers %s in JSON, with a short reason and a line in the log', async (_, sent, status, message) => {
  const { port, log } = await start({});
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
  await get(port, '/healthz').answer;
  expect(log.map((line) => JSON.parse(line)).filter((line) => line.status === status)).toEqual([
    expect.objectContaining({ level: 'INFO', code: expect.stringMatching(/^HPE_/), message: 'request' }),
  ]);
});

test('computes nothing for clients that have gone while they waited for their turn', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '0' });
  // It has to know that it could compute them all in time.
  await get(port, '/history/ABC?days=3650').answer;
  const from = performance.now();
  const busy = get(port, '/history/ABC?days=3650');
  await busy.sent;
  for (let n = 0; n < 30; n++) {
    const client = net.connect(port, '127.0.0.1');
    const text = 'GET /history/GONE?days=3000 HTTP/1.1\r\nhost: test\r\nx-timeout-ms: 25000\r\n\r\n';
    client.write(text, () => client.destroy());
  }
  await busy.answer;
  const one = performance.now() - from;
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - from).toBeLessThan(12 * one);
  const gone = log.map((line) => JSON.parse(line)).filter(({ url }) => url === '/history/GONE?days=3000');
  expect(gone.map(({ status }) => status)).toEqual(Array(30).fill(499));
});

test('ends with 1 and a line in the log when a client hangs past the stop timeout [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '50', STOP_TIMEOUT_MS: '300' });
  const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
  client.write(HALF);
  await get(port, '/healthz').answer;
  const told = Date.now();
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  expect(Date.now() - told).toBeGreaterThanOrEqual(295);
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
])('fails to start with %j, saying why in one line', async (env, reason) => {
  const child = spawn(process.execPath, [server], { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let said = '';
  for await (const chunk of child.stderr) said += chunk;
  expect(said).toBe(`${reason}\n`);
  expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1);
});
