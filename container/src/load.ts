import { setMaxListeners } from 'node:events';
import * as http from 'node:http';
import * as os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one load pod has counted since it started; one such line every REPORT_SECONDS and, with `done`, a last one. */
export interface LoadReport {
  /** Name of the pod. */
  readonly source: string;
  /** Seconds since the load started. */
  readonly seconds: number;
  readonly sent: number;
  /** Answers of 2xx that came completely. */
  readonly answered: number;
  /** Every request that got anything else: another status, a reset, a timeout. */
  readonly failed: number;
  /** Answers of each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests without a complete answer, by the code of their error: ECONNRESET, ETIMEDOUT … */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers a second of 2xx since the line before; in the last line, of the whole time. */
  readonly rate: number;
  /** Milliseconds of the answers of 2xx that `rate` counts; undefined without any. */
  readonly p50?: number;
  readonly p99?: number;
  /** The last line: nothing is in flight any more. */
  readonly done: boolean;
}

interface Options {
  readonly url: URL;
  readonly concurrency: number;
  readonly seconds: number;
  readonly rampSeconds: number;
  readonly connectionSeconds: number;
  readonly timeoutSeconds: number;
  readonly reportSeconds: number;
}

/** Pause after a failure, so that a service that is gone is not asked in a tight loop (ms). */
const PAUSE = 200;

/**
 * Sends GET requests to one URL, each worker the next one when it has the answer, and counts what comes back. Nothing is
 * sent twice: a retry would hide what is counted. SIGTERM ends it early; what is in flight is waited for, and the last
 * line is printed. Environment variables:
 *
 * - `URL`: an http:// address; `CONCURRENCY`: workers, each with a connection of its own; `SECONDS`: how long
 * - `RAMP_SECONDS` (10): the workers start one by one over this time
 * - `CONNECTION_SECONDS` (5): how long a connection is used. kube-proxy chooses a pod for each connection, not for each
 *   request, so a pod that is new gets only new connections. Closed by this side and between two requests: none is lost.
 * - `TIMEOUT_SECONDS` (30): a request without an answer by then has failed, and the service is told so (`x-timeout-ms`):
 *   until there are more pods, it is to make the workers wait, not to refuse them
 * - `REPORT_SECONDS` (5): between two lines
 *
 * @see https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
async function main(): Promise<void> {
  const options: Options = {
    url: urlOf(process.env['URL']),
    concurrency: number('CONCURRENCY', undefined, 1, 1_000),
    seconds: number('SECONDS', undefined, 0.1, 86_400),
    rampSeconds: number('RAMP_SECONDS', 10, 0, 3_600),
    connectionSeconds: number('CONNECTION_SECONDS', 5, 0, 3_600),
    timeoutSeconds: number('TIMEOUT_SECONDS', 30, 0.1, 600),
    reportSeconds: number('REPORT_SECONDS', 5, 0.1, 600),
  };
  const ending = new AbortController();
  // Each worker waits with it.
  setMaxListeners(0, ending.signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort());
  setTimeout(() => ending.abort(), options.seconds * 1_000).unref();

  const counts = new Counts();
  const reporting = setInterval(() => print(counts.interval()), options.reportSeconds * 1_000);
  const workers = Math.ceil(options.concurrency);
  const delay = (options.rampSeconds * 1_000) / workers;
  await Promise.all(Array.from({ length: workers }, (_, index) => work(options, counts, index * delay, ending.signal)));
  clearInterval(reporting);
  print(counts.total());
}

/** Requests one after the other until `ending`, which no request that has been sent is cut short by. */
async function work(options: Options, counts: Counts, delay: number, ending: AbortSignal): Promise<void> {
  await pause(delay, ending);
  while (!ending.aborted) {
    // A jitter of half, or all connections would move at once.
    const until = performance.now() + options.connectionSeconds * 1_000 * (0.5 + Math.random());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let answered = true;
    do {
      answered = await request(options, agent, counts);
    } while (answered && !ending.aborted && performance.now() < until);
    agent.destroy();
    if (!answered) await pause(PAUSE, ending);
  }
}

/** Resolves to whether the request was answered as it should be; never rejects. */
function request({ url, timeoutSeconds }: Options, agent: http.Agent, counts: Counts): Promise<boolean> {
  const from = performance.now();
  counts.sent++;
  return new Promise((resolve) => {
    let open = true;
    // Once: a connection that breaks in the middle of an answer is told of by the request and by the answer.
    const end = (count: () => boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(late);
      resolve(count());
    };
    const fail = (code: string) => end(() => counts.fail(code));
    const patience = String(Math.floor(timeoutSeconds * 1_000));
    const sent = http.get(url, { agent, headers: { 'x-timeout-ms': patience } }, async (response) => {
      try {
        for await (const _ of response);
        end(() => counts.answer(response.statusCode ?? 0, performance.now() - from));
      } catch (error) {
        fail(codeOf(error));
      }
    });
    sent.on('error', (error) => fail(codeOf(error)));
    const late = setTimeout(() => {
      fail('ETIMEDOUT');
      sent.destroy();
    }, timeoutSeconds * 1_000);
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

class Counts {
  sent = 0;
  private answered = 0;
  private failed = 0;
  private readonly statuses: Record<string, number> = {};
  private readonly errors: Record<string, number> = {};
  private readonly started = performance.now();
  /** Answers by their whole milliseconds: as small after a day as after a minute. */
  private readonly all = new Map<number, number>();
  private recent = new Map<number, number>();
  private reported = this.started;

  /** @returns whether the answer is what it should be */
  answer(status: number, milliseconds: number): boolean {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    const good = status >= 200 && status < 300;
    if (!good) this.failed++;
    else {
      this.answered++;
      const key = Math.round(milliseconds);
      for (const times of [this.all, this.recent]) times.set(key, (times.get(key) ?? 0) + 1);
    }
    return good;
  }

  fail(code: string): false {
    this.failed++;
    this.errors[code] = (this.errors[code] ?? 0) + 1;
    return false;
  }

  interval(): LoadReport {
    const report = this.report(this.recent, this.reported, false);
    this.recent = new Map();
    this.reported = performance.now();
    return report;
  }

  total(): LoadReport {
    return this.report(this.all, this.started, true);
  }

  private report(times: ReadonlyMap<number, number>, since: number, done: boolean): LoadReport {
    const now = performance.now();
    const answers = [...times.values()].reduce((sum, count) => sum + count, 0);
    return {
      source: os.hostname(),
      seconds: round((now - this.started) / 1_000),
      sent: this.sent,
      answered: this.answered,
      failed: this.failed,
      statuses: this.statuses,
      errors: this.errors,
      rate: round((answers * 1_000) / (now - since)),
      p50: quantile(times, answers, 0.5),
      p99: quantile(times, answers, 0.99),
      done,
    };
  }
}

function quantile(times: ReadonlyMap<number, number>, count: number, share: number): number | undefined {
  let below = 0;
  for (const [milliseconds, answers] of [...times].sort(([a], [b]) => a - b)) {
    below += answers;
    if (below >= count * share) return milliseconds;
  }
  return undefined;
}

async function pause(milliseconds: number, ending: AbortSignal): Promise<void> {
  // Rejects when it is ended early, which is as good.
  await sleep(milliseconds, undefined, { signal: ending }).catch(() => undefined);
}

function print(report: LoadReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function urlOf(value: string | undefined): URL {
  if (value === undefined || !URL.canParse(value) || new URL(value).protocol !== 'http:') {
    throw new Error(`URL: must be an http:// address, got ${value === undefined ? 'none' : `"${value}"`}.`);
  }
  return new URL(value);
}

/** @throws unless the variable is a number from `min` to `max`, or is not set and need not be */
function number(variable: string, unset: number | undefined, min: number, max: number): number {
  const value = process.env[variable];
  if (value === undefined && unset !== undefined) return unset;
  const parsed = Number(value);
  if (value === undefined || !/^\d+(\.\d+)?$/.test(value) || parsed < min || parsed > max) {
    throw new Error(
      `${variable}: must be a number from ${min} to ${max}, got ${value === undefined ? 'none' : `"${value}"`}.`,
    );
  }
  return parsed;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
