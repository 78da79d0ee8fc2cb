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

test('counts what is answered with every status, and of these 2xx as answered', async () => {
  let requests = 0;
  const given: Record<number, number> = { 200: 0, 302: 0, 503: 0 };
  const url = await serve((_, response) => {
    const status = ++requests % 5 !== 0 ? 200 : requests % 2 === 0 ? 503 : 302;
    given[status] = (given[status] ?? 0) + 1;
    setTimeout(() => response.writeHead(status).end('body'), 5);
  });
  const { child, reports } = start({ URL: url, CONCURRENCY: '2', SECONDS: '0.4', REPORT_SECONDS: '0.15' });
  const lines = await reports;
  const last = lines.at(-1);
  expect(child.exitCode).toBe(0);
  expect(lines.map(({ done }) => done)).toEqual([...Array(lines.length - 1).fill(false), true]);
  expect(lines.length).toBeGreaterThan(1);
  expect(last).toMatchObject({ source: os.hostname(), sent: requests, errors: {} });
  expect(last?.statuses).toEqual(given);
  expect([last?.answered, last?.failed]).toEqual([given[200], Math.floor(requests / 5)]);
  expect(last?.p50).toBeGreaterThanOrEqual(5);
  expect(last?.p99).toBeGreaterThanOrEqual(last?.p50 ?? 0);
});

test('starts its workers one by one, takes new connections so that new pods get some, and reports each answer in one line', async () => {
  let inFlight = 0;
  let first: number | undefined;
  let second: number | undefined;
  const url = await serve((_, response) => {
    first ??= performance.now();
    if (++inFlight === 2) second ??= performance.now();
    setTimeout(() => {
      inFlight--;
      response.end();
    }, 5);
  });
  let connections = 0;
  let open = 0;
  let most = 0;
  server.on('connection', (socket) => {
    connections++;
    most = Math.max(most, ++open);
    socket.on('close', () => open--);
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
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(100);
  expect(connections).toBeGreaterThan(4);
  // One for each worker, and one that is just being closed.
  expect(most).toBeLessThanOrEqual(4);
  const answered = lines.filter(({ done }) => !done).reduce((sum, { rate }) => sum + rate * 0.1, 0);
  expect(answered).toBeLessThanOrEqual((lines.at(-1)?.answered ?? 0) * 1.1);
});

test('counts a reset and a request that is not answered in time as failed, tries none of them again, and says how long it waits', async () => {
  let requests = 0;
  const at: number[] = [];
  const told = new Set<unknown>();
  const url = await serve((request, response) => {
    told.add(request.headers['x-timeout-ms']);
    at.push(performance.now());
    if (++requests === 1) request.socket.resetAndDestroy();
    else if (requests > 2) setTimeout(() => response.writeHead(200).end(), 5);
  });
  let connections = 0;
  server.on('connection', () => connections++);
  const { reports } = start({ URL: url, CONCURRENCY: '1', SECONDS: '0.7', TIMEOUT_SECONDS: '0.1' });
  const last = (await reports).at(-1);
  expect(last).toMatchObject({ failed: 2, errors: { ECONNRESET: 1, ETIMEDOUT: 1 }, sent: requests });
  expect(last?.answered).toBe(requests - 2);
  expect(told).toEqual(new Set(['100']));
  expect(last?.answered).toBeGreaterThan(1);
  // Those that are answered share one.
  expect(connections).toBe(3);
  // A pause after the failure.
  const [first = 0, second = 0] = at;
  expect(second - first).toBeGreaterThan(190);
});

test('counts a request whose answer breaks off, or stops, as one that failed', async () => {
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

test('ends early on SIGTERM, with what is in flight answered and counted', async () => {
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
])('fails to start with %j, saying why in one line', async (env, reason) => {
  const { child } = start(env);
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([1, `${reason}\n`]);
});
