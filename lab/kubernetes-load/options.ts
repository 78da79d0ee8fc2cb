import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import type { RunOptions } from './run';

export const USAGE = `Usage: npm run kubernetes:load -- --minutes N [options]

Creates load inside a cluster by a Job with the image of the workload, and follows how the Horizontal Pod Autoscaler and
Cluster Autoscaler respond until the cluster is as small as before. New nodes cost money while they run.

  --minutes N        duration of the load, at most 120
  --context NAME     context of kubectl, used without confirmation (default: the current one, after confirmation)
  --yes              uses the current context without confirmation
  --namespace NAME   namespace of the workload (history)
  --app NAME         name of its Deployment (history)
  --workers N        concurrent requests (default: enough for the HPA's maximum)
  --url URL          http address of the workload in the cluster (default: its Service)
  --path PATH        path of the requests (/history/LOAD?days=3650)
  --settle N         minutes to follow the shrink at most (default: the HPA's window and 20)
  --interval N       seconds between two observations (5)
  --out FILE         file of the timeline (kubernetes-load-<time>.json); the plot has the same name with .svg`;

export interface Options extends RunOptions {
  readonly context?: string;
  /** Whether the cluster needs no confirmation. */
  readonly confirmed: boolean;
  /** File of the timeline. */
  readonly json: string;
  /** File of the plot. */
  readonly svg: string;
}

const text = { type: 'string' } as const;
export const FLAGS = {
  minutes: text,
  context: text,
  yes: { type: 'boolean' },
  namespace: text,
  app: text,
  workers: text,
  url: text,
  path: text,
  settle: text,
  interval: text,
  out: text,
} as const;

type Values = { readonly [K in keyof typeof FLAGS]?: K extends 'yes' ? boolean : string };

/** Reads and checks the flags. @throws with the flag, the rule and the value */
export function loadOptions(values: Values, now = new Date()): Options {
  if (values.minutes === undefined)
    throw new Error(`--minutes is missing. Write --minutes 10, for example.\n\n${USAGE}`);
  const { namespace = 'history', app = 'history', context, url, path: asked } = values;
  for (const [flag, name] of Object.entries({ namespace, app })) {
    if (!/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) {
      throw new Error(`--${flag}: must be a Kubernetes name (lower-case letters, digits, hyphens), got "${name}".`);
    }
  }
  if (context === '') throw new Error('--context: must name a context of kubectl config get-contexts, got "".');
  if (url !== undefined && !/^http:\/\/[^/\s]+$/.test(url)) {
    throw new Error(
      `--url: must be an http address without a path, such as http://history.history.svc:80, got "${url}".`,
    );
  }
  if (asked !== undefined && !/^\/\S*$/.test(asked)) {
    throw new Error(`--path: must start with /, such as /history/LOAD?days=3650, got "${asked}".`);
  }
  const json = values.out ?? `kubernetes-load-${now.toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
  if (path.extname(json) !== '.json') throw new Error(`--out: must end with .json, got "${json}".`);
  if (!existsSync(path.dirname(path.resolve(json)))) {
    throw new Error(`--out: the folder of "${json}" does not exist. Create it first.`);
  }
  const workers = number('workers', values.workers, 1, 1_000);
  if (workers !== undefined && !Number.isInteger(workers)) {
    throw new Error(`--workers: must be a whole number, got "${values.workers}".`);
  }
  return {
    minutes: number('minutes', values.minutes, 0.1, 120) ?? 0,
    ...(context !== undefined && { context }),
    confirmed: values.yes === true || context !== undefined,
    namespace,
    app,
    workers,
    url,
    path: asked,
    settle: number('settle', values.settle, 0, 240),
    interval: number('interval', values.interval, 0.2, 60),
    json,
    svg: `${json.slice(0, -'.json'.length)}.svg`,
  };
}

/**
 * Checks before the load that both files can be written, and leaves no file behind.
 *
 * @throws in one line, if a file cannot be written
 */
export function checkFiles({ json, svg }: Pick<Options, 'json' | 'svg'>): void {
  for (const file of [json, svg]) {
    const existed = existsSync(file);
    try {
      closeSync(openSync(file, 'a'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      throw new Error(`--out: "${file}" cannot be written (${reason}). Name another file with --out FILE.`);
    }
    if (!existed) rmSync(file);
  }
}

function number(flag: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < min || Number(value) > max) {
    throw new Error(`--${flag}: must be a number from ${min} to ${max}, got "${value}".`);
  }
  return Number(value);
}
