import { History } from '../../domain/history';

export type Statistics = Pick<History, 'to' | 'mean' | 'volatility' | 'high' | 'low'>;
export type ReadStatistics = (symbol: string, days: number) => Promise<Statistics>;

/** Why the container service gave no statistics, as status and message for the caller. */
export class UpstreamError extends Error {
  constructor(
    readonly status: 400 | 502,
    message: string,
    /** Whether the same request may well succeed a moment later. */
    readonly transient = false,
  ) {
    super(message);
  }
}

/**
 * Milliseconds for one attempt, body included. 3650 days take the service about a second on a quarter of a vCPU. Two
 * attempts stay under the function's timeout (5 s), which stays under the 29 s of a REST API.
 */
const ATTEMPT_MS = 2_000;
const ATTEMPTS = 2;

/** Reads from the container service at `url`, where the path `/history` is. */
export function statisticsReader(url: string | undefined, attemptMs = ATTEMPT_MS): ReadStatistics {
  return async (symbol, days) => {
    if (url === undefined) throw new Error('HISTORY_URL is not set. Give the function the URL of the load balancer.');
    for (let attempt = 1; ; attempt++) {
      try {
        return await read(`${url}/history/${symbol}?days=${days}`, attemptMs);
      } catch (error) {
        const failure = error instanceof UpstreamError ? error : unanswered(causeOf(error, attemptMs), true);
        if (!failure.transient || attempt === ATTEMPTS) throw failure;
        console.warn({ retry: `/history/${symbol}`, reason: failure.message });
      }
    }
  };
}

async function read(target: string, ms: number): Promise<Statistics> {
  const response = await fetch(target, { signal: AbortSignal.timeout(ms) });
  const body = parse(await response.text());
  if (response.status === 400 && isObject(body) && typeof body.message === 'string') {
    throw new UpstreamError(400, body.message);
  }
  if (!response.ok) throw unanswered(`status ${response.status}`, response.status >= 500);
  if (!isStatistics(body)) throw unanswered('the answer is not a history', false);
  return body;
}

function unanswered(cause: string, transient: boolean): UpstreamError {
  return new UpstreamError(502, `the container service did not answer: ${cause}; try again later`, transient);
}

/** A code such as ECONNREFUSED and no more: messages of the network name hosts and addresses. */
function causeOf(error: unknown, ms: number): string {
  if (!isObject(error)) return 'unknown';
  if (error.name === 'TimeoutError') return `no answer in ${ms} ms`;
  return isObject(error.cause) && typeof error.cause.code === 'string' ? error.cause.code : 'network error';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStatistics(body: unknown): body is Statistics {
  if (!isObject(body) || typeof body.to !== 'string') return false;
  return [body.mean, body.volatility, body.high, body.low].every(Number.isFinite) && body.mean !== 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
