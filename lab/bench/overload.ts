import { Agent, get } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathTo } from '../../domain/routes';
import { containerContext } from '../../lib/sources';
import { CaseOptions, Figure, quantile } from './measure';
import { serve } from './serve';

/** Loads as multiples of the rate that the service sustains. */
const CURVE = [0.5, 1, 2, 3, 5, 7, 10];
/** Seconds of arriving requests for each load. */
const SECONDS = 20;
/** Seconds after the last arrival in which an answer still counts. */
const WAIT = 40;
/** Seconds of the measurement of the sustained rate. */
const SUSTAINED = 10;
/** Milliseconds until an answer is too late, because the function waits no longer (lambda/quotes/upstream.ts). */
const IN_TIME = 2_000;
/** The most expensive request. A cheap request and a health check run beside it, each four times a second. */
const DEAR = pathTo('history', 'KUMI', { days: 3650 });
const CHEAP = pathTo('history', 'KUMI', { days: 30 });
const HEALTH = '/healthz';
const BESIDE_MS = 250;

/** Limits the server to one core, because a task has no more. On other systems, or for less than a core, use `--via`. */
const ONE_CORE = process.platform === 'linux' && availableParallelism() > 1 ? ['taskset', '-c', '0'] : [];

/**
 * Measures the bundled service under requests that arrive at a constant rate over persistent connections. Requests do not wait
 * for the answers to earlier requests, and no client ends a request, because a load balancer in front would not end it, either.
 */
export async function overload({ via = ONE_CORE, onProgress }: CaseOptions): Promise<Figure[]> {
  const script = join(containerContext(), 'server.cjs');
  onProgress('sustained rate');
  const sustained = await withService(script, via, sustainedRate);
  const figures: Figure[] = [
    { what: 'overload: days=3650 sustained', value: sustained, unit: '/s', detail: via.join(' ') },
  ];
  for (const times of CURVE) {
    onProgress(`${times} x the sustained rate, for ${SECONDS} s`);
    const answers = await withService(script, via, (url) => arrivals(url, times * sustained));
    figures.push(figureOf(times, sustained, answers));
  }
  return figures;
}

async function withService<T>(script: string, via: readonly string[], use: (url: string) => Promise<T>): Promise<T> {
  const { url, end } = await serve(script, via);
  try {
    // Warms the server up, because this case does not measure a task that has just started.
    for (let request = 0; request < 4; request++) await answerOf(`${url}${DEAR}`, patient, 60_000, PATIENT);
    return await use(url);
  } finally {
    await end();
  }
}

const patient = new Agent({ keepAlive: true });
const PATIENT = { 'x-timeout-ms': '25000' };

/** Answers per second to two clients, each of which sends its next request after the answer to the last one. */
async function sustainedRate(url: string): Promise<number> {
  const from = performance.now();
  let answers = 0;
  const client = async () => {
    while (performance.now() - from < SUSTAINED * 1_000) {
      const { status } = await answerOf(`${url}${DEAR}`, patient, 60_000, PATIENT);
      if (status !== 200) throw new Error(`overload: the service answered one of two clients with ${status}`);
      answers++;
    }
  };
  await Promise.all([client(), client()]);
  return (answers * 1_000) / (performance.now() - from);
}

interface Answer {
  /** HTTP status; undefined without an answer. */
  readonly status?: number;
  readonly retryAfter: boolean;
  readonly ms: number;
}

interface Answers {
  readonly dear: readonly Answer[];
  readonly cheap: readonly Answer[];
  readonly health: readonly Answer[];
}

async function arrivals(url: string, rate: number): Promise<Answers> {
  const agent = new Agent({ keepAlive: true });
  const from = performance.now();
  const sendAfter = async (path: string, milliseconds: number): Promise<Answer> => {
    await sleep(Math.max(0, from + milliseconds - performance.now()));
    return answerOf(url + path, agent, (SECONDS + WAIT) * 1_000 - (performance.now() - from));
  };
  const every = (path: string, milliseconds: number) =>
    Promise.all(Array.from({ length: (SECONDS * 1_000) / milliseconds }, (_, n) => sendAfter(path, n * milliseconds)));
  const [dear, cheap, health] = await Promise.all([
    every(DEAR, 1_000 / rate),
    every(CHEAP, BESIDE_MS),
    every(HEALTH, BESIDE_MS),
  ]);
  agent.destroy();
  return { dear, cheap, health };
}

/** Status and time of a request, including its body. It never rejects, and gives up after `limit` ms. */
function answerOf(url: string, agent: Agent, limit: number, headers = {}): Promise<Answer> {
  const from = performance.now();
  return new Promise((resolve) => {
    const settle = (status?: number, retryAfter = false) => {
      clearTimeout(late);
      resolve({ status, retryAfter, ms: performance.now() - from });
    };
    const request = get(url, { agent, headers }, (response) => {
      const retryAfter = /^\d+$/.test(response.headers['retry-after'] ?? '');
      response.on('error', () => settle()).on('end', () => settle(response.statusCode, retryAfter));
      response.resume();
    });
    request.on('error', () => settle());
    const late = setTimeout(() => settle(), limit);
  });
}

function figureOf(times: number, sustained: number, { dear, cheap, health }: Answers): Figure {
  const answered = dear.filter(({ status }) => status === 200);
  const refused = dear.filter(({ status, retryAfter }) => status === 503 && retryAfter);
  const other = dear.length - answered.length - refused.length;
  const inTime = answered.filter(({ ms }) => ms <= IN_TIME).length;
  const cheapInTime = cheap.filter(({ status, ms }) => status === 200 && ms <= IN_TIME);
  return {
    what: `overload: ${times} x, answered in ${IN_TIME / 1_000} s, of the sustained rate`,
    value: (100 * inTime) / (sustained * SECONDS),
    unit: '%',
    // Below 1, the arrivals are the limit.
    ...(times >= 1 && { target: { atLeast: 80 } }),
    detail: [
      `${dear.length} sent: ${answered.length} answered${quantiles(answered)}`,
      `${refused.length} refused (503, Retry-After)${quantiles(refused)}`,
      `${other} neither`,
      `days=30: ${cheapInTime.length} of ${cheap.length} in time${quantiles(cheapInTime)}`,
      `health check${quantiles(health)}`,
    ].join('; '),
  };
}

function quantiles(answers: readonly Answer[]): string {
  if (answers.length === 0) return '';
  const times = answers.map(({ ms }) => ms);
  return ` (p50 ${quantile(times, 0.5).toFixed(0)}, p99 ${quantile(times, 0.99).toFixed(0)} ms)`;
}
