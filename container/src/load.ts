import { setMaxListeners } from 'node:events';
import * as http from 'node:http';
import * as os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Counts of one load pod since its start. The pod prints one report every REPORT_SECONDS, and a last one with `done`. */
export interface LoadReport {
  /** Name of the pod. */
  readonly source: string;
  /** Seconds since the load started. */
  readonly seconds: number;
  readonly sent: number;
  /** Complete answers with a status of 2xx. */
  readonly answered: number;
  /** Requests that did not get such an answer: another status, a reset, a timeout. */
  readonly failed: number;
  /** Number of answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Number of requests without a complete answer by error code: ECONNRESET, ETIMEDOUT … */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers of 2xx per second since the previous report. In the last report: over the whole time. */
  readonly rate: number;
  /** Percentiles of the response times that `rate` covers, in milliseconds. Undefined without an answer of 2xx. */
  readonly p50?: number;
  readonly p99?: number;
  /** Whether this is the last report. No request is in flight then. */
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

/** Pause after a failure, because workers must not send requests to a failed service in a tight loop. */
const PAUSE_MS = 200;

/**
 * Sends GET requests to one URL and counts the answers. Each worker sends its next request when it has the answer to the
 * previous one. No request is repeated, because a retry would hide a failure. SIGTERM ends the load early: the workers wait
 * for the requests in flight, and the last report is printed. Environment variables:
 *
 * - `URL`: an http:// address; `CONCURRENCY`: number of workers, each with its own connection; `SECONDS`: duration
 * - `RAMP_SECONDS` (10): the workers start one by one over this time
 * - `CONNECTION_SECONDS` (5): how long a worker uses a connection. kube-proxy chooses a pod for each connection, not for
 *   each request, so a new pod gets requests over new connections only. The worker closes a connection between two
 *   requests, so no request is lost.
 * - `TIMEOUT_SECONDS` (30): a request without an answer by then has failed. The worker sends the timeout to the service
 *   (`x-timeout-ms`), so that the service lets requests wait until there are more pods instead of refusing them.
 * - `REPORT_SECONDS` (5): time between two reports
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
  // Each worker adds a listener to the signal. Node warns about more than ten of them.
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

/** Sends requests one after the other until `ending` is aborted. A request that has been sent is still awaited. */
async function work(options: Options, counts: Counts, delay: number, ending: AbortSignal): Promise<void> {
  await pause(delay, ending);
  while (!ending.aborted) {
    // The lifetime varies by half, because otherwise all connections would be replaced at the same time.
    const connectionEnd = performance.now() + options.connectionSeconds * 1_000 * (0.5 + Math.random());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let answered = true;
    do {
      answered = await request(options, agent, counts);
    } while (answered && !ending.aborted && performance.now() < connectionEnd);
    agent.destroy();
    if (!answered) await pause(PAUSE_MS, ending);
  }
}

/** Sends one request. Resolves to whether the answer is complete with a status of 2xx, and never rejects. */
function request({ url, timeoutSeconds }: Options, agent: http.Agent, counts: Counts): Promise<boolean> {
  const start = performance.now();
  counts.sent++;
  return new Promise((resolve) => {
    let open = true;
    // Only the first call counts, because request and answer both report a connection that breaks during an answer.
    const finish = (count: () => boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      resolve(count());
    };
    const fail = (code: string) => finish(() => counts.fail(code));
    const timeoutMs = String(Math.floor(timeoutSeconds * 1_000));
    const sent = http.get(url, { agent, headers: { 'x-timeout-ms': timeoutMs } }, async (response) => {
      try {
        for await (const _ of response);
        finish(() => counts.answer(response.statusCode ?? 0, performance.now() - start));
      } catch (error) {
        fail(codeOf(error));
      }
    });
    sent.on('error', (error) => fail(codeOf(error)));
    const timer = setTimeout(() => {
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
  /** Number of answers by response time in whole milliseconds, so that the size does not grow with the duration. */
  private readonly all = new Map<number, number>();
  private recent = new Map<number, number>();
  private reported = this.started;

  /** @returns whether the status is 2xx */
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
  // sleep() rejects when the signal ends the pause early, which is no error here.
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

/** @throws unless the variable is a number from `min` to `max`, or is unset and has a default (`unset`) */
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
