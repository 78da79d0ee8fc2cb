import { History } from '../../domain/history';
import { pathTo } from '../../domain/routes';
import { logger } from '../logger';

export type Statistics = Pick<History, 'to' | 'mean' | 'volatility' | 'high' | 'low'>;
/** @param requestId id under which the container service logs the request */
export type ReadStatistics = (symbol: string, days: number, requestId?: string) => Promise<Statistics>;

/** The container service gave no statistics. Status and message are for the caller. */
export class UpstreamError extends Error {
  constructor(
    readonly status: 400 | 502 | 503,
    message: string,
    /** Seconds after which the same request may succeed: the service's `Retry-After`, undefined if it sent none. */
    readonly retryAfter?: string,
  ) {
    super(message);
  }
}

/**
 * Milliseconds for one attempt, body included. 3650 days take the service half a second to a second on a quarter of a vCPU.
 * Two attempts stay under the function's timeout (5 s), which stays under the 29 s of a REST API.
 */
const ATTEMPT_MS = 2_000;
const ATTEMPTS = 2;

/**
 * Reads from the container service, whose route `history` is below `url`.
 *
 * A request is sent a second time only after its connection broke before there was an answer, because the service is then
 * not working on it. After a timeout or a refusal a second request would add load to a service that has too much already.
 *
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function statisticsReader(url: string | undefined, attemptMs = ATTEMPT_MS): ReadStatistics {
  return async (symbol, days, requestId) => {
    if (url === undefined) throw new Error('HISTORY_URL is not set. Give the function the URL of the load balancer.');
    for (let attempt = 1; ; attempt++) {
      try {
        return await read(`${url}${pathTo('history', symbol, { days })}`, attemptMs, requestId);
      } catch (error) {
        if (error instanceof BrokenConnection && attempt < ATTEMPTS) {
          logger.warn('asking the container service again', { symbol, days, reason: error.message });
        } else if (error instanceof UpstreamError) {
          throw error;
        } else {
          throw unanswered(causeOf(error, attemptMs));
        }
      }
    }
  };
}

/** The connection to the service, or the load balancer's to the service, broke before there was an answer. */
class BrokenConnection extends UpstreamError {}

async function read(target: string, ms: number, requestId: string | undefined): Promise<Statistics> {
  const response = await answerOf(target, ms, requestId);
  const body = parse(await response.text());
  const reason = isObject(body) && typeof body.message === 'string' ? body.message : undefined;
  if (response.status === 400 && reason !== undefined) throw new UpstreamError(400, reason);
  if (response.status === 503) {
    const retryAfter = response.headers.get('retry-after') ?? undefined;
    throw new UpstreamError(503, reason ?? 'the container service takes no requests; try again later', retryAfter);
  }
  // The load balancer answers 502 when the service has closed the connection to it.
  if (response.status === 502) throw new BrokenConnection(502, messageOf('status 502'));
  if (!response.ok) throw unanswered(`status ${response.status}`);
  if (!isStatistics(body)) throw unanswered('the answer is not a history');
  return body;
}

async function answerOf(target: string, ms: number, requestId: string | undefined): Promise<Response> {
  try {
    // The service refuses a request that it cannot answer in this time.
    const headers = {
      'x-timeout-ms': String(ms),
      ...traceHeader(),
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    };
    return await fetch(target, { headers, signal: AbortSignal.timeout(ms) });
  } catch (error) {
    if (isObject(error) && error.name === 'TimeoutError') throw error;
    throw new BrokenConnection(502, messageOf(causeOf(error, ms)));
  }
}

/**
 * Header with the trace of the invocation, so that the lines of the service have the id of the trace. The load balancer keeps
 * the id of the trace and adds its own. Lambda changes the variable with every invocation.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
function traceHeader(): Record<string, string> {
  const { _X_AMZN_TRACE_ID: trace } = process.env;
  return trace === undefined ? {} : { 'x-amzn-trace-id': trace };
}

function unanswered(cause: string): UpstreamError {
  return new UpstreamError(502, messageOf(cause));
}

function messageOf(cause: string): string {
  return `the container service did not answer: ${cause}; try again later`;
}

/** Returns a code such as ECONNREFUSED and nothing else, because messages of the network name hosts and addresses. */
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
