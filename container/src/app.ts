import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import Fastify, { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, LogController } from 'fastify';
import { history } from '../../domain/history';
import { BadRequest, parseDays, parseSymbol } from '../../domain/requests';

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

export interface App {
  readonly server: FastifyInstance;
  /** From now on /readyz answers 503 and every response asks its client to close the connection; all else goes on. */
  drain(): void;
}

/**
 * The container service: `GET /history/{symbol}?days=N`, `/healthz` for liveness and `/readyz` for readiness.
 *
 * A history takes up to some 150 ms of CPU and blocks the event loop meanwhile. Histories take turns, and between two of
 * them whatever has arrived is read, so a health check waits for one history, never for all that are queued: under load
 * the load balancer sees a slow task and the autoscaler acts, where a starved health check would have the busiest task
 * killed. Worker threads would not add to that: a task has a fraction of a core, and more tasks are what adds cores.
 */
export function buildApp(options: AppOptions = {}): App {
  let draining = false;
  let connections = 0;
  let turn = Promise.resolve();

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
    // A path that is too long for a symbol is answered by the rule that it breaks.
    routerOptions: { maxParamLength: 10_000 },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      identify(request, reply);
      const status = error.statusCode ?? 400;
      logRequest(request, status);
      reply.code(status).send({ message: error.message });
    },
  });

  server.server.on('connection', () => {
    connections++;
  });

  /**
   * Lets the event loop read what has arrived. It accepts one connection a round: until a round brings none. Two
   * immediates, as the first one belongs to the round that is running.
   */
  async function readArrivals(): Promise<void> {
    const before = connections;
    await setImmediate();
    await setImmediate();
    if (connections > before) await readArrivals();
  }

  function identify(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('x-request-id', request.id);
    if (options.servedBy !== undefined) reply.header('x-served-by', options.servedBy);
  }

  server.addHook('onRequest', async (request, reply) => identify(request, reply));
  server.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  // What is not accepted when the listener closes would be reset, what is not read would be lost.
  server.addHook('preClose', readArrivals);
  server.addHook('onResponse', async (request, reply) =>
    logRequest(request, reply.statusCode, Math.round(reply.elapsedTime)),
  );
  // As in the logs of nginx: the client closed the connection before it had the answer.
  server.addHook('onRequestAbort', async (request) => logRequest(request, 499));

  server.get('/healthz', { logLevel: 'silent' }, async () => ({ message: 'alive' }));
  server.get('/readyz', { logLevel: 'silent' }, async (_request, reply) =>
    draining ? reply.code(503).send({ message: 'draining' }) : { message: 'ready' },
  );

  server.get<{ Params: { symbol: string }; Querystring: { days?: string | string[] } }>(
    '/history/:symbol',
    async (request, reply) => {
      const symbol = parseSymbol(request.params.symbol);
      const days = parseDays(single('days', request.query.days));
      turn = turn.then(readArrivals);
      await turn;
      // Nobody waits for it any more: the load balancer has answered 504, or the client has gone.
      if (request.socket.destroyed) return reply.hijack();
      return history(symbol, days, Date.now() / 1_000);
    },
  );

  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ message: `no such route: ${request.method} ${pathOf(request)}` }),
  );
  server.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error instanceof BadRequest ? 400 : (error.statusCode ?? 500);
    if (status < 500) return reply.code(status).send({ message: error.message });
    request.log.error(error);
    return reply.code(500).send({ message: 'internal error' });
  });

  return {
    server,
    drain: () => {
      draining = true;
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

function single(property: string, value: string | string[] | undefined): string | undefined {
  if (Array.isArray(value)) throw new BadRequest(property, 'must be given once', value.join(', '));
  return value;
}

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*$/s, '');
}
