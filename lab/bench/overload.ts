import { Agent, get } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerContext } from '../../lib/sources';
import { CaseOptions, Figure, quantile } from './measure';
import { serve } from './serve';

/** Times what the service sustains. */
const CURVE = [0.5, 1, 2, 3, 5, 7, 10];
/** Seconds that requests arrive, for each of them. */
const SECONDS = 20;
/** Seconds after the last one in which an answer counts as one. */
const WAIT = 40;
/** Seconds in which the service shows what it sustains. */
const SUSTAINED = 10;
/** Milliseconds in which an answer is of use: as long as the function waits for one (lambda/quotes/upstream.ts). */
const IN_TIME = 2_000;
/** The dearest request; beside it, four times a second each, a cheap one and a health check. */
const DEAR = '/history/KUMI?days=3650';
const CHEAP = '/history/KUMI?days=30';
const HEALTH = '/healthz';
const BESIDE_MS = 250;

/** One core: a task has no more. Elsewhere, and for less than a core, `--via`. */
const ONE_CORE = process.platform === 'linux' && availableParallelism() > 1 ? ['taskset', '-c', '0'] : [];

/**
 * The bundled service under requests that arrive at a constant rate, whether or not those before are answered, over
 * connections that are kept. Nobody ends a request: a load balancer in front does not, either.
 */
export async function overload({ via = ONE_CORE, onProgress }: CaseOptions): Promise<Figure[]> {
  const script = join(containerContext(), 'server.cjs');
  onProgress('what the service sustains');
  const sustained = await withService(script, via, sustainedRate);
  const figures: Figure[] = [
    { what: 'overload: days=3650 sustained', value: sustained, unit: '/s', detail: via.join(' ') },
  ];
  for (const times of CURVE) {
    onProgress(`${times} times as many, for ${SECONDS} s`);
    const seen = await withService(script, via, (url) => arrivals(url, times * sustained));
    figures.push(figureOf(times, sustained, seen));
  }
  return figures;
}

async function withService<T>(script: string, via: readonly string[], use: (url: string) => Promise<T>): Promise<T> {
  const { url, end } = await serve(script, via);
  try {
    // Compiled and measured: a task that has just started is another question.
    for (let request = 0; request < 4; request++) await answerOf(`${url}${DEAR}`, patient, 60_000, PATIENT);
    return await use(url);
  } finally {
    await end();
  }
}

const patient = new Agent({ keepAlive: true });
const PATIENT = { 'x-timeout-ms': '25000' };

/** Answers a second to two clients that each ask again when they have one. */
async function sustainedRate(url: string): Promise<number> {
  const from = performance.now();
  let answers = 0;
  const client = async () => {
    while (performance.now() - from < SUSTAINED * 1_000) {
      const { status } = await answerOf(`${url}${DEAR}`, patient, 60_000, PATIENT);
      if (status !== 200) throw new Error(`two clients at a time: the service answered one of them with ${status}`);
      answers++;
    }
  };
  await Promise.all([client(), client()]);
  return (answers * 1_000) / (performance.now() - from);
}

interface Answer {
  /** Undefined without an answer. */
  readonly status?: number;
  readonly retryAfter: boolean;
  readonly ms: number;
}

interface Seen {
  readonly dear: readonly Answer[];
  readonly cheap: readonly Answer[];
  readonly health: readonly Answer[];
}

async function arrivals(url: string, rate: number): Promise<Seen> {
  const agent = new Agent({ keepAlive: true });
  const from = performance.now();
  const at = async (path: string, milliseconds: number): Promise<Answer> => {
    await sleep(Math.max(0, from + milliseconds - performance.now()));
    return answerOf(url + path, agent, (SECONDS + WAIT) * 1_000 - (performance.now() - from));
  };
  const every = (path: string, milliseconds: number) =>
    Promise.all(Array.from({ length: (SECONDS * 1_000) / milliseconds }, (_, n) => at(path, n * milliseconds)));
  const [dear, cheap, health] = await Promise.all([
    every(DEAR, 1_000 / rate),
    every(CHEAP, BESIDE_MS),
    every(HEALTH, BESIDE_MS),
  ]);
  agent.destroy();
  return { dear, cheap, health };
}

/** The status and how long it took, body included; never rejects. Without an answer in `limit` ms there is none. */
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

function figureOf(times: number, sustained: number, { dear, cheap, health }: Seen): Figure {
  const answered = dear.filter(({ status }) => status === 200);
  const refused = dear.filter(({ status, retryAfter }) => status === 503 && retryAfter);
  const other = dear.length - answered.length - refused.length;
  const inTime = answered.filter(({ ms }) => ms <= IN_TIME).length;
  const cheapInTime = cheap.filter(({ status, ms }) => status === 200 && ms <= IN_TIME);
  return {
    what: `overload: ${times} x, answered in ${IN_TIME / 1_000} s, of what it sustains`,
    value: (100 * inTime) / (sustained * SECONDS),
    unit: '%',
    // Below, the arrivals are the limit.
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
