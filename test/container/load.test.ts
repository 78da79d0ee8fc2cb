import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import type { LoadReport } from '../../container/src/load';

const root = path.join(__dirname, '../..');
const file = path.join(os.tmpdir(), 'load.cjs');
const running = new Set<ChildProcess>();
let server: http.Server;

beforeAll(() => {
  buildSync({
    absWorkingDir: root,
    entryPoints: ['container/src/load.ts'],
    outfile: file,
    bundle: true,
    platform: 'node',
  });
});

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: http.RequestListener): Promise<string> {
  server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}/`;
}

function start(env: Record<string, string>): { child: ChildProcess; reports: Promise<LoadReport[]> } {
  const child = spawn(process.execPath, [file], {
    env: { RAMP_SECONDS: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  const reports = once(child, 'close').then(() =>
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  );
  return { child, reports };
}

test('counts the answers of each status, and only those of 2xx as answered', async () => {
  let requests = 0;
  const expected: Record<number, number> = { 200: 0, 302: 0, 503: 0 };
  const url = await serve((_, response) => {
    const status = ++requests % 5 !== 0 ? 200 : requests % 2 === 0 ? 503 : 302;
    expected[status] = (expected[status] ?? 0) + 1;
    setTimeout(() => response.writeHead(status).end('body'), 5);
  });
  const { child, reports } = start({ URL: url, CONCURRENCY: '2', SECONDS: '0.4', REPORT_SECONDS: '0.15' });
  const lines = await reports;
  const last = lines.at(-1);
  expect(child.exitCode).toBe(0);
  expect(lines.map(({ done }) => done)).toEqual([...Array(lines.length - 1).fill(false), true]);
  expect(lines.length).toBeGreaterThan(1);
  expect(last).toMatchObject({ source: os.hostname(), sent: requests, errors: {} });
  expect(last?.statuses).toEqual(expected);
  expect([last?.answered, last?.failed]).toEqual([expected[200], Math.floor(requests / 5)]);
  expect(last?.p50).toBeGreaterThanOrEqual(5);
  expect(last?.p99).toBeGreaterThanOrEqual(last?.p50 ?? 0);
});

test('starts its workers one by one, opens new connections over time, and reports each answer once', async () => {
  let inFlight = 0;
  let firstStart: number | undefined;
  let secondStart: number | undefined;
  const url = await serve((_, response) => {
    firstStart ??= performance.now();
    if (++inFlight === 2) secondStart ??= performance.now();
    setTimeout(() => {
      inFlight--;
      response.end();
    }, 5);
  });
  let connections = 0;
  let openConnections = 0;
  let maxOpenConnections = 0;
  server.on('connection', (socket) => {
    connections++;
    maxOpenConnections = Math.max(maxOpenConnections, ++openConnections);
    socket.on('close', () => openConnections--);
  });
  const { reports } = start({
    URL: url,
    CONCURRENCY: '2',
    SECONDS: '0.5',
    RAMP_SECONDS: '0.4',
    CONNECTION_SECONDS: '0.05',
    REPORT_SECONDS: '0.1',
  });
  const lines = await reports;
  expect((secondStart ?? 0) - (firstStart ?? 0)).toBeGreaterThan(100);
  expect(connections).toBeGreaterThan(4);
  // Each worker has one connection, and at most one more that is being closed.
  expect(maxOpenConnections).toBeLessThanOrEqual(4);
  const answered = lines.filter(({ done }) => !done).reduce((sum, { rate }) => sum + rate * 0.1, 0);
  expect(answered).toBeLessThanOrEqual((lines.at(-1)?.answered ?? 0) * 1.1);
});

test('counts a reset and a timeout as failed, sends no request again, and sends its timeout to the service', async () => {
  let requests = 0;
  const arrivals: number[] = [];
  const timeouts = new Set<unknown>();
  const url = await serve((request, response) => {
    timeouts.add(request.headers['x-timeout-ms']);
    arrivals.push(performance.now());
    if (++requests === 1) request.socket.resetAndDestroy();
    else if (requests > 2) setTimeout(() => response.writeHead(200).end(), 5);
  });
  let connections = 0;
  server.on('connection', () => connections++);
  const { reports } = start({ URL: url, CONCURRENCY: '1', SECONDS: '0.7', TIMEOUT_SECONDS: '0.1' });
  const last = (await reports).at(-1);
  expect(last).toMatchObject({ failed: 2, errors: { ECONNRESET: 1, ETIMEDOUT: 1 }, sent: requests });
  expect(last?.answered).toBe(requests - 2);
  expect(timeouts).toEqual(new Set(['100']));
  expect(last?.answered).toBeGreaterThan(1);
  // The answered requests share one connection, and each failed request had its own.
  expect(connections).toBe(3);
  // The worker pauses for 200 ms after a failure. A timer may fire a little early.
  const [first = 0, second = 0] = arrivals;
  expect(second - first).toBeGreaterThan(150);
});

test('counts a request as failed when its answer breaks off or stops', async () => {
  let requests = 0;
  const url = await serve((request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half');
    if (++requests % 2) setTimeout(() => request.socket.resetAndDestroy(), 5);
  });
  const { reports } = start({ URL: url, CONCURRENCY: '1', SECONDS: '0.5', TIMEOUT_SECONDS: '0.1' });
  const last = (await reports).at(-1);
  expect(last).toMatchObject({ sent: requests, answered: 0, failed: requests });
  expect(Object.keys(last?.errors ?? {}).sort()).toEqual(['ECONNRESET', 'ETIMEDOUT']);
});

test('ends early on SIGTERM after the requests in flight are answered and counted', async () => {
  const url = await serve((_, response) => {
    setTimeout(() => response.writeHead(200).end(), 150);
  });
  const { child, reports } = start({ URL: url, CONCURRENCY: '3', SECONDS: '60', REPORT_SECONDS: '60' });
  await once(server, 'request');
  child.kill('SIGTERM');
  const lines = await reports;
  expect(child.exitCode).toBe(0);
  expect(lines).toEqual([expect.objectContaining({ failed: 0, done: true })]);
  expect(lines[0]?.answered).toBe(lines[0]?.sent);
  expect(lines[0]?.answered).toBeGreaterThan(0);
});

test.each([
  [{}, 'URL: must be an http:// address, got none.'],
  [{ URL: 'https://history' }, 'URL: must be an http:// address, got "https://history".'],
  [{ URL: 'http://history' }, 'CONCURRENCY: must be a number from 1 to 1000, got none.'],
  [
    { URL: 'http://history', CONCURRENCY: '2', SECONDS: '1m' },
    'SECONDS: must be a number from 0.1 to 86400, got "1m".',
  ],
])('fails to start with %j and prints the reason on one line', async (env, reason) => {
  const { child } = start(env);
  let output = '';
  child.stderr?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  expect([code, output]).toEqual([1, `${reason}\n`]);
});
