import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerContext } from '../../lib/sources';
import { ProcessGroup } from '../kit/processes/process-group';
import { Cluster } from './manifests';
import { podOf } from './pods';

/** The container service, answering. */
export interface Container {
  /** Port that it listens on in a pod. */
  readonly port: number;
  /** @returns status of the answer */
  get(path: string): Promise<number>;
}

/** How it ended after SIGTERM. */
export interface Stop {
  /** Status that its readiness had, and a request, right after the signal. */
  readonly readiness: number;
  readonly requests: number;
  /** From the signal to its end, without requests under way. */
  readonly seconds: number;
  /** The most that it would have taken, by its own log. */
  readonly limitSeconds: number;
  readonly exitCode: number;
}

/** Milliseconds until it has to listen. */
const STARTED_WITHIN = 15_000;

interface Started extends Container {
  readonly lines: readonly string[];
  readonly group: ProcessGroup;
}

/**
 * The container service as a process of this machine, with the variables that its container has in a pod, on the port that
 * it takes by itself, or any other where that one is taken.
 *
 * @throws if it does not start, with what it says
 */
export async function startContainer(cluster: Cluster, folder: string): Promise<Started> {
  const first = await start(cluster, folder, {});
  if (typeof first !== 'string') return first;
  if (!first.includes('EADDRINUSE')) throw new Error(`The container service does not start: ${first}`);
  // As in `listen EADDRINUSE: address already in use 127.0.0.1:8080`: the port that it takes is known all the same.
  const port = Number(/:(\d+)\s*$/.exec(first)?.[1]);
  const second = await start(cluster, folder, { PORT: '0' });
  if (typeof second === 'string') throw new Error(`The container service does not start: ${second}`);
  return { ...second, port };
}

/** Starts it on a free port, tells it to end, and waits until it has. */
export async function stopContainer(cluster: Cluster, folder: string): Promise<Stop> {
  const started = await start(cluster, folder, { PORT: '0' });
  if (typeof started === 'string') throw new Error(`The container service does not start: ${started}`);
  const [path = '/'] = cluster.exposure.paths;
  const from = performance.now();
  started.group.stop();
  const told = () => started.lines.map(logOf).find(({ stopTimeout }) => stopTimeout !== undefined);
  while (told() === undefined && performance.now() - from < STARTED_WITHIN) await sleep(10);
  const readiness = await started.get(readinessPath(cluster));
  const requests = await started.get(asked(path));
  const exitCode = await started.group.exited;
  const limit = told()?.stopTimeout;
  if (limit === undefined) throw new Error('The container service does not log how long it takes at the most to end.');
  const seconds = (performance.now() - from) / 1_000;
  return { readiness, requests, seconds, exitCode, limitSeconds: limit / 1_000 };
}

/** Path of a rule of the load balancer as a client asks for it. */
export const asked = (pattern: string) => pattern.replace('*', 'KUMI?days=1');

function readinessPath(cluster: Cluster): string {
  const [container] = podOf(cluster).spec.at('containers').list();
  return container?.at('readinessProbe').optional()?.at('httpGet').at('path').optional()?.text() ?? '/';
}

/** @returns what it says, if it ends instead */
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
      return lines.join(' ') || 'it says nothing';
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

/** Variables of the container that have a value in the template. */
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
