import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import Fastify, { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, LogController } from 'fastify';
import { historyByDay } from '../../domain/history';
import { BadRequest, excerpt, parseDays, parseSymbol } from '../../domain/requests';
import { matcherOf, PathParameters, Query, routes } from '../../domain/routes';
import { Busy, Turns } from './turns';

export interface AppOptions {
  /** Value of the response header `x-served-by`: the environment's id. @default no such header */
  readonly servedBy?: string;
  /** Paths such as `/v1` that may stand in front of every route, as API Gateway puts its stage there. @default none */
  readonly pathPrefixes?: readonly string[];
  /** Least severe level that is logged, a level of pino or `silent`. @default info */
  readonly logLevel?: string;
  /** Receives the log, a JSON object a line. @default standard output */
  readonly logTo?: { write(line: string): void };
}

/** Query parameters as they arrive: a name that is repeated has all its values. */
type Repeatable<Query> = { readonly [Name in keyof Query]: Query[Name] | string[] };

export interface App {
  readonly server: FastifyInstance;
  /**
   * From now on /readyz answers 503 and every response asks its client to close the connection; all else goes on.
   *
   * @param milliseconds in which every history is answered, or refused with 503
   */
  drain(milliseconds: number): void;
  /** Stops listening, and resolves when all that has arrived is answered. */
  close(): Promise<void>;
}

const HISTORY_PATH = matcherOf(routes.history.path);
/** Milliseconds that a caller waits who does not say so by `x-timeout-ms`: as long as the function, and a person, does. */
const PATIENCE_MS = 2_000;
/** The most that a caller may say: below the 29 s after which API Gateway answers 504. */
const MOST_PATIENCE_MS = 25_000;
/** Milliseconds of reading between two slices of computing, at the most: new connections without end must not stop it. */
const READING_MS = 10;
/** Milliseconds of which a closing server looks twice whether anything is under way before it closes what is silent. */
const QUIET_MS = 1_000;

/**
 * The container service: the route `history` of domain/routes.ts, `/healthz` for liveness and `/readyz` for readiness.
 *
 * A history takes up to some 150 ms of CPU, on a quarter of a vCPU half a second and more. Histories take turns (`Turns`),
 * and whatever has arrived is read every few milliseconds, so a health check never waits for a history: under load the load
 * balancer sees a healthy task and the autoscaler acts, where a starved health check would have the busiest task killed.
 * Worker threads would not add to that: a task has a fraction of a core, and more tasks are what adds cores.
 *
 * What cannot be computed while its caller waits is answered 503 with Retry-After, at once where that is foreseen. A caller
 * says how many milliseconds it waits by the header `x-timeout-ms`, up to 25000; 2000 unless it says so.
 *
 * @see https://aws.amazon.com/builders-library/using-load-shedding-to-avoid-overload/
 */
export function buildApp(options: AppOptions = {}): App {
  let draining = false;
  let connections = 0;
  let unanswered = 0;
  const turns = new Turns(readArrivals);

  const server = Fastify({
    logger: {
      level: options.logLevel ?? 'info',
      // The field names of Lambda's JSON logs: one query of Logs Insights reads both.
      messageKey: 'message',
      base: null,
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      ...(options.logTo && { stream: options.logTo }),
    },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) =>
      requestIdOf(request.headers['x-request-id']) ?? requestIdOf(request.headers['x-amzn-trace-id']) ?? randomUUID(),
    rewriteUrl: ({ url = '/' }) => {
      const prefix = options.pathPrefixes?.find((candidate) => url.startsWith(`${candidate}/`)) ?? '';
      return url.slice(prefix.length);
    },
    // Above the idle timeout of the load balancer (60 s by default), which must be the one to close a connection: a
    // request that meets a closing one is answered 502.
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 66_000 },
    requestTimeout: 70_000,
    // A request that comes in over an open connection while the server closes is served, not answered 503.
    return503OnClosing: false,
    // A path that is too long for a symbol is answered by the rule that it breaks. Node itself takes no more than 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    exposeHeadRoutes: false,
    // The one error that is left to the framework: a path that is not the encoding of any text.
    frameworkErrors: (_error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      identify(request, reply);
      const { status, message } = undecodable(request);
      logRequest(request, status);
      reply.code(status).send({ message });
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
      const { status, message } = notHttp(error);
      server.log.info({ status, code: error.code }, 'request');
      const body = JSON.stringify({ message });
      socket.write(
        [
          `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
          'content-type: application/json; charset=utf-8',
          `content-length: ${Buffer.byteLength(body)}`,
          'connection: close',
          '',
          body,
        ].join('\r\n'),
      );
      socket.destroySoon();
    },
  });

  server.server.on('connection', () => {
    connections++;
  });
  server.server.on('request', (_request, response) => {
    unanswered++;
    response.once('close', () => unanswered--);
  });

  /**
   * Lets the event loop read what has arrived. It accepts one connection a round: until a round brings none, or
   * `milliseconds` are over. Two immediates, as the first one belongs to the round that is running.
   */
  async function readArrivals(milliseconds = READING_MS): Promise<void> {
    const until = performance.now() + milliseconds;
    let before: number;
    do {
      before = connections;
      await setImmediate();
      await setImmediate();
    } while (connections > before && performance.now() < until);
  }

  function identify(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('x-request-id', request.id);
    if (options.servedBy !== undefined) reply.header('x-served-by', options.servedBy);
  }

  server.addHook('onRequest', async (request, reply) => {
    identify(request, reply);
    // Before its body is read, which may never come.
    if (request.is404) return reply.code(404).send({ message: noSuchRoute(request) });
  });
  server.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  // What is not accepted when the listener closes would be reset, what is not read would be lost.
  server.addHook('preClose', () => readArrivals(Number.POSITIVE_INFINITY));
  server.addHook('onResponse', async (request, reply) =>
    logRequest(request, reply.statusCode, Math.round(reply.elapsedTime)),
  );
  // As in the logs of nginx: the client closed the connection before it had the answer.
  server.addHook('onRequestAbort', async (request) => logRequest(request, 499));

  server.get('/healthz', { logLevel: 'silent' }, async () => ({ message: 'alive' }));
  server.get('/readyz', { logLevel: 'silent' }, async (_request, reply) =>
    draining ? reply.code(503).send({ message: 'draining' }) : { message: 'ready' },
  );

  server.get<{ Params: PathParameters<'history'>; Querystring: Repeatable<Query<'history'>> }>(
    routes.history.path.replace(/\{(\w+)\}/g, ':$1'),
    async (request, reply) => {
      const symbol = parseSymbol(request.params.symbol);
      const days = parseDays(last(request.query.days));
      const result = await turns.take({
        days,
        steps: historyByDay(symbol, days, Date.now() / 1_000),
        patience: patienceOf(request.headers['x-timeout-ms']),
        gone: () => request.socket.destroyed,
      });
      // Nobody waits for it any more: the load balancer has answered 504, or the client has gone.
      return result ?? reply.hijack();
    },
  );

  server.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof Busy) {
      return reply.code(503).header('retry-after', error.retryAfterSeconds).send({ message: error.message });
    }
    const status = error instanceof BadRequest ? 400 : (error.statusCode ?? 500);
    if (status < 500) return reply.code(status).send({ message: error.message });
    request.log.error(error);
    return reply.code(500).send({ message: 'internal error' });
  });

  return {
    server,
    drain: (milliseconds) => {
      draining = true;
      turns.endIn(milliseconds);
    },
    close: async () => {
      // Node waits for connections on which a request has begun and does not end, and for those on which none ever began.
      let quiet = 0;
      const looking = setInterval(() => {
        quiet = unanswered === 0 ? quiet + 1 : 0;
        if (quiet === 2) server.server.closeAllConnections();
      }, QUIET_MS);
      await server.close();
      clearInterval(looking);
    },
  };
}

function logRequest(request: FastifyRequest, status: number, ms?: number): void {
  request.log.info({ method: request.method, url: request.url, status, ms }, 'request');
}

/** The id under which the caller knows the request, unless it is too odd to be passed on. */
function requestIdOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\x21-\x7e]{1,256}$/.test(header) ? header : undefined;
}

/** How long the caller waits: what it says, unless that is no number. */
function patienceOf(header: string | string[] | undefined): number {
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return PATIENCE_MS;
  return Math.min(Number(header), MOST_PATIENCE_MS);
}

/** Of a repeated parameter the last value counts: docs/decisions/0009. */
function last(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.at(-1) : value;
}

/** Status and message for a path such as /history/%zz, which the router does not decode: those that the function gives. */
function undecodable(request: FastifyRequest): { status: number; message: string } {
  try {
    const match = HISTORY_PATH.exec(pathOf(request));
    if (match) parseSymbol(match.groups?.['symbol']);
  } catch (error) {
    if (error instanceof BadRequest) return { status: 400, message: error.message };
  }
  return { status: 404, message: noSuchRoute(request) };
}

/** Status and message for what is not a request as HTTP has them. */
function notHttp({ code, message }: NodeJS.ErrnoException): { status: number; message: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, message: 'the request did not arrive in time' };
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, message: 'the headers are larger than 16 KiB' };
  return { status: 400, message: excerpt(`not a request of HTTP: ${message}`) };
}

function noSuchRoute(request: FastifyRequest): string {
  return `no such route: ${request.method} ${excerpt(pathOf(request))}`;
}

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*$/s, '');
}
