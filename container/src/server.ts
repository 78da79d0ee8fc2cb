import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from './app';
import { tracesTo } from './traces';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * Serves requests until SIGTERM or SIGINT, then drains and exits with 0. Queued requests are answered while draining, with
 * 503 if the time does not suffice. Environment variables:
 *
 * - `PORT` (8080; with 0 the server takes a free port and logs the port as "listening at http://…"), `HOST` (0.0.0.0)
 * - `SERVED_BY`: value of the header `x-served-by`; `LOG_LEVEL` (info)
 * - `OTEL_EXPORTER_OTLP_ENDPOINT`: URL of a collector for spans of requests (none); `OTEL_SERVICE_NAME`: service in the spans
 *   (container)
 * - `PATH_PREFIX`: paths such as /v1 that may precede every route, separated by commas (none)
 * - `DRAIN_DELAY_MS` (5000): how long the server accepts connections after the signal, while /readyz answers 503. Kubernetes
 *   removes a pod from its services at the time of SIGTERM, not before, so requests still arrive for some seconds.
 * - `STOP_TIMEOUT_MS` (28000): the server exits with 1 if requests are unanswered this long after the signal. Choose a value
 *   below the time after which the platform kills the process without a log line: stopTimeout of ECS and
 *   terminationGracePeriodSeconds of Kubernetes, 30 s each by default.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
 */
async function main(): Promise<void> {
  const port = integer('PORT', 8080, 65_535);
  const drainDelay = integer('DRAIN_DELAY_MS', 5_000, 110_000);
  const stopTimeout = integer('STOP_TIMEOUT_MS', 28_000, 120_000);
  if (stopTimeout <= drainDelay) {
    throw new Error(`STOP_TIMEOUT_MS: must be above DRAIN_DELAY_MS (${drainDelay}), got ${stopTimeout}. Raise it.`);
  }
  const logLevel = (process.env['LOG_LEVEL'] ?? 'info').toLowerCase();
  if (!LOG_LEVELS.includes(logLevel)) {
    throw new Error(`LOG_LEVEL: "${logLevel}" is not a level. Give one of ${LOG_LEVELS.join(', ')}.`);
  }
  const { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_SERVICE_NAME: service = 'container' } = process.env;
  const traces = collector === undefined ? undefined : tracesTo(collector, service);
  const { server, drain, close } = buildApp({
    traces,
    servedBy: process.env['SERVED_BY'],
    pathPrefixes: process.env['PATH_PREFIX']?.split(','),
    logLevel,
  });

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    server.log.info({ signal, drainDelay, stopTimeout }, 'draining');
    // A quarter of the time remains for sending the answers.
    drain(0.75 * stopTimeout);
    setTimeout(() => {
      server.log.fatal(
        { stopTimeout },
        'requests are still unanswered at the stop timeout: exiting without answering them',
      );
      process.exit(1);
    }, stopTimeout).unref();
    await sleep(drainDelay);
    await close();
    await traces?.close().catch((error: Error) => server.log.warn({ reason: error.message }, 'spans are lost'));
    // The process exits with 0 when the last request has been logged.
    server.log.info('stopped');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  await server.listen({
    host: process.env['HOST'] ?? '0.0.0.0',
    port,
    listenTextResolver: (address) => `listening at ${address}`,
  });
}

/** @throws unless the variable is unset or a whole number from 0 to `max` */
function integer(variable: string, unset: number, max: number): number {
  const value = process.env[variable];
  if (value === undefined) return unset;
  if (!/^\d{1,6}$/.test(value) || Number(value) > max) {
    throw new Error(`${variable}: must be a whole number from 0 to ${max}, got "${value}".`);
  }
  return Number(value);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
