import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from './app';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * Serves until SIGTERM or SIGINT, then drains and exits 0: what waits is answered, with 503 where time does not suffice.
 * Environment variables:
 *
 * - `PORT` (8080; 0 takes a free one, and the line "listening at http://…" of the log says which), `HOST` (0.0.0.0)
 * - `SERVED_BY`: value of the header `x-served-by`; `LOG_LEVEL` (info)
 * - `PATH_PREFIX`: paths such as /v1 that may stand in front of every route, separated by commas (none)
 * - `DRAIN_DELAY_MS` (5000): how long it goes on accepting connections while /readyz answers 503. Kubernetes takes a
 *   pod out of its services while it sends SIGTERM, not before, so requests still arrive for some seconds.
 * - `STOP_TIMEOUT_MS` (28000): exits 1 when requests are still unanswered so long after the signal. Below the time
 *   after which the platform kills the process without a word: ECS's stopTimeout and Kubernetes's
 *   terminationGracePeriodSeconds, 30 s each by default.
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
  const { server, drain, close } = buildApp({
    servedBy: process.env['SERVED_BY'],
    pathPrefixes: process.env['PATH_PREFIX']?.split(','),
    logLevel,
  });

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    server.log.info({ signal, drainDelay, stopTimeout }, 'draining');
    // The rest is for the answers to leave.
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
    // The process ends by itself now, with 0, when the last request has been logged.
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
