import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder, start, stop } from './measure';

export interface Served {
  readonly url: string;
  readonly pid: number;
  readonly end: () => Promise<void>;
}

/**
 * Starts a server that logs "listening at URL". The log goes to a file, because this process would have to read a pipe under
 * load.
 *
 * @param via command that starts the server and becomes the server's process, such as `taskset -c 0`
 */
export async function serve(script: string, via: readonly string[] = []): Promise<Served> {
  const log = join(folder('log'), 'log');
  const output = openSync(log, 'w');
  const [command = process.execPath, ...args] = [...via, process.execPath, script];
  const child = start(command, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', DRAIN_DELAY_MS: '0' },
  });
  closeSync(output);
  for (let attempt = 0; attempt < 200; attempt++) {
    const url = /listening at (http:\/\/[\d.:]+)/.exec(readFileSync(log, 'utf8'))?.[1];
    if (url !== undefined && child.pid !== undefined) return { url, pid: child.pid, end: () => stop(child) };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  await stop(child);
  throw new Error(`${script} does not listen: ${readFileSync(log, 'utf8').trim()}`);
}
