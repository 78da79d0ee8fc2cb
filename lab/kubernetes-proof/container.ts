import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerContext } from '../../lib/sources';
import { ProcessGroup } from '../kit/processes/process-group';
import { Cluster } from './manifests';
import { podOf } from './pods';

/** The running container service. */
export interface Container {
  /** Port on which the service listens in a pod. */
  readonly port: number;
  /** Sends a request. @returns the status of the answer */
  get(path: string): Promise<number>;
}

/** The end of the container service after SIGTERM. */
export interface Stop {
  /** Status of the readiness probe right after the signal. */
  readonly readiness: number;
  /** Status of a request right after the signal. */
  readonly requests: number;
  /** Seconds from the signal to the end, without current requests. */
  readonly seconds: number;
  /** Longest time to the end in seconds, from the log of the service. */
  readonly limitSeconds: number;
  readonly exitCode: number;
}

/** Milliseconds within which the service has to listen. */
const STARTED_WITHIN = 15_000;

interface Started extends Container {
  readonly lines: readonly string[];
  readonly group: ProcessGroup;
}

/**
 * Starts the container service as a process of this machine, with the variables of its container in a pod. It listens on its
 * default port, or on a free one if the default port is taken.
 *
 * @throws if the service does not start, with its output
 */
export async function startContainer(cluster: Cluster, folder: string): Promise<Started> {
  const first = await start(cluster, folder, {});
  if (typeof first !== 'string') return first;
  if (!first.includes('EADDRINUSE')) throw new Error(`The container service does not start: ${first}`);
  // The message names the default port: `listen EADDRINUSE: address already in use 127.0.0.1:8080`.
  const port = Number(/:(\d+)\s*$/.exec(first)?.[1]);
  const second = await start(cluster, folder, { PORT: '0' });
  if (typeof second === 'string') throw new Error(`The container service does not start: ${second}`);
  return { ...second, port };
}

/** Starts the container service on a free port, sends SIGTERM, and waits for its end. */
export async function stopContainer(cluster: Cluster, folder: string): Promise<Stop> {
  const started = await start(cluster, folder, { PORT: '0' });
  if (typeof started === 'string') throw new Error(`The container service does not start: ${started}`);
  const [path = '/'] = cluster.exposure.paths;
  const from = performance.now();
  started.group.stop();
  const logged = () => started.lines.map(logOf).find(({ stopTimeout }) => stopTimeout !== undefined);
  while (logged() === undefined && performance.now() - from < STARTED_WITHIN) await sleep(10);
  const readiness = await started.get(readinessPath(cluster));
  const requests = await started.get(asked(path));
  const exitCode = await started.group.exited;
  const limit = logged()?.stopTimeout;
  if (limit === undefined)
    throw new Error('The container service does not log the longest time to its end (stopTimeout).');
  const seconds = (performance.now() - from) / 1_000;
  return { readiness, requests, seconds, exitCode, limitSeconds: limit / 1_000 };
}

/** Example of a request for a path pattern of the load balancer. */
export const asked = (pattern: string) => pattern.replace('*', 'KUMI?days=1');

function readinessPath(cluster: Cluster): string {
  const [container] = podOf(cluster).spec.at('containers').list();
  return container?.at('readinessProbe').optional()?.at('httpGet').at('path').optional()?.text() ?? '/';
}

/** Starts the container service. @returns its output, if it ends instead */
async function start(cluster: Cluster, folder: string, more: NodeJS.ProcessEnv): Promise<Started | string> {
  const lines: string[] = [];
  const server = join(containerContext(), 'server.cjs');
  const group = new ProcessGroup(process.execPath, [server], {
    log: join(folder, 'container.log'),
    env: { PATH: process.env.PATH, ...environmentOf(cluster), ...more, HOST: '127.0.0.1' },
    onLine: (line) => lines.push(line),
  });
  let ended = false;
  group.exited.then(() => {
    ended = true;
  });
  const deadline = performance.now() + STARTED_WITHIN;
  const listening = () => lines.flatMap((line) => /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? [])[0];
  while (listening() === undefined) {
    if (ended || performance.now() > deadline) {
      group.end();
      return lines.join(' ') || 'no output';
    }
    await sleep(20);
  }
  const port = Number(listening());
  return {
    port,
    lines,
    group,
    get: async (path) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
      await response.arrayBuffer();
      return response.status;
    },
  };
}

/** Variables of the container with a value in the template. */
function environmentOf(cluster: Cluster): Record<string, string> {
  const [container] = podOf(cluster).spec.at('containers').list();
  const variables = container?.at('env').optional()?.list() ?? [];
  return Object.fromEntries(
    variables.flatMap((variable) => {
      const value = variable.at('value').optional()?.text();
      return value === undefined ? [] : [[variable.at('name').text(), value]];
    }),
  );
}

function logOf(line: string): { readonly stopTimeout?: number } {
  try {
    const { stopTimeout }: { readonly stopTimeout?: unknown } = JSON.parse(line) ?? {};
    return typeof stopTimeout === 'number' ? { stopTimeout } : {};
  } catch {
    return {};
  }
}
