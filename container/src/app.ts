import { randomUUID } from 'node:crypto';
import { IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import Fastify, { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, LogController } from 'fastify';
import { historyByDay } from '../../domain/history';
import { BadRequest, excerpt, parseDays, parseSymbol } from '../../domain/requests';
import { matcherOf, PathParameters, Query, routes } from '../../domain/routes';
import { HistoryQueue, Overloaded } from './history-queue';

export interface AppOptions {
  /** Value of the response header `x-served-by`: the id of the environment. @default no such header */
  readonly servedBy?: string;
  /**
   * Paths such as `/v1` that may precede every route, because API Gateway puts the name of its stage first.
   *
   * @default none
   */
  readonly pathPrefixes?: readonly string[];
  /** Least severe level that is logged: a level of pino, or `silent`. @default info */
  readonly logLevel?: string;
  /** Receives the log, one JSON object on each line. @default standard output */
  readonly logTo?: { write(line: string): void };
  /** Receives each request. @default none */
  readonly traces?: Traces;
}

/** Spans of requests. */
export interface Traces {
  /** Begins the span of a request, and returns a function that ends the span with the status of the response. */
  begin(request: {
    readonly headers: IncomingHttpHeaders;
    readonly method: string;
    readonly path: string;
    /** Pattern of the path, such as `/history/:symbol`. Undefined if no route matches. */
    readonly route?: string;
  }): (status: number) => void;
  /** Sends the spans that are not sent yet. */
  close(): Promise<void>;
}

/** Query parameters as Fastify parses them: a parameter that is repeated has an array of all its values. */
type Repeatable<Query> = { readonly [Name in keyof Query]: Query[Name] | string[] };

export interface App {
  readonly server: FastifyInstance;
  /**
   * Makes /readyz answer 503, and every response ask its client to close the connection. All requests are still served.
   *
   * @param milliseconds every history is answered, or refused with 503, within this time
   */
  drain(milliseconds: number): void;
  /** Stops listening, and resolves when every request that has arrived is answered. */
  close(): Promise<void>;
}

const HISTORY_PATH = matcherOf(routes.history.path);
/** Timeout of a caller that sends no `x-timeout-ms`: the function waits that long, and so does a person. */
const DEFAULT_TIMEOUT_MS = 2_000;
/** The longest timeout that a caller may ask for. API Gateway answers 504 after 29 s. */
const MAX_TIMEOUT_MS = 25_000;
/**
 * The longest reading between two slices of computing, because an endless flow of connections must not stop the
 * computing.
 */
const READING_MS = 10;
/** A closing server checks for requests at this interval. After two checks without a request, it closes all connections. */
const IDLE_CHECK_MS = 1_000;

/**
 * The container service: the route `history` of domain/routes.ts, `/healthz` for liveness and `/readyz` for readiness.
 *
 * A history takes up to 150 ms of CPU time, which is half a second and more on a quarter of a vCPU. `HistoryQueue` computes
 * histories in slices of a few milliseconds and reads new requests in between, so a health check never waits for a history.
 * Under load, the load balancer therefore sees a healthy task and the autoscaler adds tasks. If health checks had to wait,
 * ECS would kill the busiest task. Worker threads would not help, because a task has only a fraction of a core.
 *
 * A history that cannot be computed while its caller waits is answered with 503 and Retry-After, as soon as that is
 * foreseeable. A caller gives its timeout in milliseconds in the header `x-timeout-ms`, up to 25000. The default is 2000.
 *
 * @see https://aws.amazon.com/builders-library/using-load-shedding-to-avoid-overload/
 */
export function buildApp(options: AppOptions = {}): App {
  let draining = false;
  let acceptedConnections = 0;
  let openRequests = 0;
  const queue = new HistoryQueue(readArrivals);

  const server = Fastify({
    logger: {
      level: options.logLevel ?? 'info',
      // The field names are those of Lambda's JSON logs and of Powertools, so that one query of Logs Insights reads both logs.
      messageKey: 'message',
      base: null,
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      ...(options.logTo && { stream: options.logTo }),
    },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (logger, bindings, opts, { headers }) =>
      logger.child({ ...bindings, xray_trace_id: traceIdOf(headers['x-amzn-trace-id']) }, opts),
    genReqId: (request) =>
      requestIdOf(request.headers['x-request-id']) ?? requestIdOf(request.headers['x-amzn-trace-id']) ?? randomUUID(),
    rewriteUrl: ({ url = '/' }) => {
      const prefix = options.pathPrefixes?.find((candidate) => url.startsWith(`${candidate}/`)) ?? '';
      return url.slice(prefix.length);
    },
    // The keep-alive timeout is longer than the idle timeout of the load balancer (60 s by default), so that the load
    // balancer closes idle connections. If the server closed them, the load balancer could send a request over a connection
    // that is being closed, and would answer 502.
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 66_000 },
    requestTimeout: 70_000,
    // The server serves requests over open connections while it closes, instead of answering 503.
    return503OnClosing: false,
    // The rule for symbols rejects a symbol that is too long, with its own message. Node accepts headers of up to 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    exposeHeadRoutes: false,
    // Fastify calls this handler for one error only: a path with an invalid percent-encoding.
    frameworkErrors: (_error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      addIdentityHeaders(request, reply);
      const { status, message } = answerToUndecodablePath(request);
      logRequest(request, status);
      reply.code(status).send({ message });
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
      const { status, message } = answerToParseError(error);
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
    acceptedConnections++;
  });
  server.server.on('request', (_request, response) => {
    openRequests++;
    response.once('close', () => openRequests--);
  });

  /**
   * Lets the event loop read the requests that have arrived. The loop accepts one connection in each round, so this function
   * waits until a round accepts none, or until `milliseconds` are over. A round takes two immediates, because the first
   * immediate still belongs to the current round.
   */
  async function readArrivals(milliseconds = READING_MS): Promise<void> {
    const end = performance.now() + milliseconds;
    let acceptedBefore: number;
    do {
      acceptedBefore = acceptedConnections;
      await setImmediate();
      await setImmediate();
    } while (acceptedConnections > acceptedBefore && performance.now() < end);
  }

  function addIdentityHeaders(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('x-request-id', request.id);
    if (options.servedBy !== undefined) reply.header('x-served-by', options.servedBy);
  }

  const spans = new WeakMap<FastifyRequest, (status: number) => void>();
  const { traces } = options;
  if (traces) {
    server.addHook('onRequest', async (request) => {
      const { headers, method } = request;
      const route = request.is404 ? undefined : request.routeOptions.url;
      spans.set(request, traces.begin({ headers, method, path: pathOf(request), route }));
    });
  }
  const endSpan = (request: FastifyRequest, status: number) => spans.get(request)?.(status);

  server.addHook('onRequest', async (request, reply) => {
    addIdentityHeaders(request, reply);
    // The answer does not wait for the body of the request, because the body may never arrive.
    if (request.is404) return reply.code(404).send({ message: noSuchRoute(request) });
  });
  server.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  // Closing the listener resets connections that are not accepted yet, and loses requests that are not read yet.
  server.addHook('preClose', () => readArrivals(Number.POSITIVE_INFINITY));
  server.addHook('onResponse', async (request, reply) => {
    endSpan(request, reply.statusCode);
    logRequest(request, reply.statusCode, Math.round(reply.elapsedTime));
  });
  // nginx logs status 499, too, when a client closes the connection before the answer.
  server.addHook('onRequestAbort', async (request) => {
    endSpan(request, 499);
    logRequest(request, 499);
  });

  server.get('/healthz', { logLevel: 'silent' }, async () => ({ message: 'alive' }));
  server.get('/readyz', { logLevel: 'silent' }, async (_request, reply) =>
    draining ? reply.code(503).send({ message: 'draining' }) : { message: 'ready' },
  );

  server.get<{ Params: PathParameters<'history'>; Querystring: Repeatable<Query<'history'>> }>(
    routes.history.path.replace(/\{(\w+)\}/g, ':$1'),
    async (request, reply) => {
      const symbol = parseSymbol(request.params.symbol);
      const days = parseDays(lastValue(request.query.days));
      const result = await queue.compute({
        days,
        steps: historyByDay(symbol, days, Date.now() / 1_000),
        timeoutMs: timeoutOf(request.headers['x-timeout-ms']),
        isAborted: () => request.socket.destroyed,
      });
      // Without a result nobody waits: the load balancer has answered 504, or the client has closed the connection.
      return result ?? reply.hijack();
    },
  );

  server.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof Overloaded) {
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
      queue.endIn(milliseconds);
    },
    close: async () => {
      // Node waits for connections with an incomplete request, and for connections on which no request ever began.
      let idleChecks = 0;
      const checking = setInterval(() => {
        idleChecks = openRequests === 0 ? idleChecks + 1 : 0;
        if (idleChecks === 2) server.server.closeAllConnections();
      }, IDLE_CHECK_MS);
      await server.close();
      clearInterval(checking);
    },
  };
}

function logRequest(request: FastifyRequest, status: number, ms?: number): void {
  request.log.info({ method: request.method, url: request.url, status, ms }, 'request');
}

/**
 * The id that the caller gave to the request. Undefined if the id is too long or has characters that are not visible
 * ASCII.
 */
function requestIdOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\x21-\x7e]{1,256}$/.test(header) ? header : undefined;
}

/**
 * Id of the trace that the request belongs to, as X-Ray names it. The load balancer gives one to every request that has none.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 */
function traceIdOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header.match(/(?:^|;)\s*Root=([\da-f-]{1,64})(?:;|$)/i)?.[1] : undefined;
}

/** The caller's timeout in milliseconds: the value of the header, or the default if the header is missing or no number. */
function timeoutOf(header: string | string[] | undefined): number {
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return DEFAULT_TIMEOUT_MS;
  return Math.min(Number(header), MAX_TIMEOUT_MS);
}

/** The value of a query parameter. The last value of a repeated parameter counts: docs/decisions/0009. */
function lastValue(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.at(-1) : value;
}

/**
 * Status and message for a path that the router cannot decode, such as /history/%zz. The quotes function gives the same
 * ones.
 */
function answerToUndecodablePath(request: FastifyRequest): { status: number; message: string } {
  try {
    const match = HISTORY_PATH.exec(pathOf(request));
    if (match) parseSymbol(match.groups?.['symbol']);
  } catch (error) {
    if (error instanceof BadRequest) return { status: 400, message: error.message };
  }
  return { status: 404, message: noSuchRoute(request) };
}

/** Status and message for bytes that are not an HTTP request. */
function answerToParseError({ code, message }: NodeJS.ErrnoException): { status: number; message: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, message: 'the request did not arrive in time' };
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, message: 'the headers are larger than 16 KiB' };
  return { status: 400, message: excerpt(`not an HTTP request: ${message}`) };
}

function noSuchRoute(request: FastifyRequest): string {
  return `no such route: ${request.method} ${excerpt(pathOf(request))}`;
}

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*$/s, '');
}
