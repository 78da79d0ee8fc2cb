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

/** Status and body of an answer, as a promise; `sent` when the request has left. */
function get(port: number, url: string, agent: http.Agent | false = false) {
  const request = http.get({ host: '127.0.0.1', port, path: url, agent });
  const answer = new Promise<{ status?: number; body: string; connection?: string }>((resolve, reject) => {
    request.on('error', reject).on('response', async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, body, connection: response.headers.connection });
    });
  });
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
  expect(answers.at(-1)?.connection).toBe('close');
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

test('computes nothing for clients that have gone while they waited for their turn', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '0', STOP_TIMEOUT_MS: '1500' });
  const busy = get(port, '/history/ABC?days=3650');
  await busy.sent;
  for (let n = 0; n < 40; n++) {
    const client = net.connect(port, '127.0.0.1');
    client.write('GET /history/GONE?days=3650 HTTP/1.1\r\nhost: test\r\n\r\n', () => client.destroy());
  }
  await busy.answer;
  child.kill('SIGTERM');
  // 40 histories would take some five seconds.
  expect(await exited).toBe(0);
  const statuses = log.map((line) => JSON.parse(line)).filter(({ url }) => url === '/history/GONE?days=3650');
  expect(statuses.map(({ status }) => status)).toEqual(Array(40).fill(499));
});

test('ends with 1 and a line in the log when a client hangs past the stop timeout [F7]', async () => {
  const { child, port, log, exited } = await start({ DRAIN_DELAY_MS: '50', STOP_TIMEOUT_MS: '300' });
  const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
  client.write('GET /history/ABC HTTP/1.1\r\n');
  await once(client, 'connect');
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
