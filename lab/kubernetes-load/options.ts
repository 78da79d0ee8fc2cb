import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import type { RunOptions } from './run';

export const USAGE = `Usage: npm run kubernetes:load -- --minutes N [options]

Makes load inside a cluster, by a Job from the workload's own image, and follows what the Horizontal Pod Autoscaler and
Cluster Autoscaler do with it until all is as small as before. New nodes cost money while they run.

  --minutes N        how long the load lasts, up to 120
  --context NAME     context of kubectl; named like this it need not be confirmed (default: the current one, confirmed first)
  --yes              takes the current context without asking
  --namespace NAME   namespace of the workload (history)
  --app NAME         name of its Deployment (history)
  --workers N        requests under way at a time (default: enough for the HPA's maximum)
  --url URL          http address of the workload in the cluster (default: its Service)
  --path PATH        path to ask for (/history/LOAD?days=3650)
  --settle N         minutes to follow the shrink at the most (default: the HPA's window and 20)
  --interval N       seconds between two looks (5)
  --out FILE         the timeline (kubernetes-load-<time>.json); the plot is beside it as .svg`;

export interface Options extends RunOptions {
  readonly context?: string;
  /** Nobody need be asked. */
  readonly confirmed: boolean;
  /** Files to write. */
  readonly json: string;
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

/** @throws naming the flag, the rule and the value */
export function loadOptions(values: Values, now = new Date()): Options {
  if (values.minutes === undefined) throw new Error(`--minutes is missing, as in --minutes 10.\n\n${USAGE}`);
  const { namespace = 'history', app = 'history', context, url, path: asked } = values;
  for (const [flag, name] of Object.entries({ namespace, app })) {
    if (!/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) {
      throw new Error(`--${flag}: must be a name of Kubernetes (small letters, digits, hyphens), got "${name}".`);
    }
  }
  if (context === '') throw new Error('--context: must name a context of kubectl config get-contexts, got "".');
  if (url !== undefined && !/^http:\/\/[^/\s]+$/.test(url)) {
    throw new Error(
      `--url: must be an http address without a path, as in http://history.history.svc:80, got "${url}".`,
    );
  }
  if (asked !== undefined && !/^\/\S*$/.test(asked)) {
    throw new Error(`--path: must start with /, as in /history/LOAD?days=3650, got "${asked}".`);
  }
  const json = values.out ?? `kubernetes-load-${now.toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
  if (path.extname(json) !== '.json') throw new Error(`--out: must end with .json, got "${json}".`);
  if (!existsSync(path.dirname(path.resolve(json)))) {
    throw new Error(`--out: the folder of "${json}" is not there. Make it first.`);
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
 * A load that lasts an hour is not the time to find out. Nothing of this is left.
 *
 * @throws in one line, if a file cannot be written
 */
export function checkFiles({ json, svg }: Pick<Options, 'json' | 'svg'>): void {
  for (const file of [json, svg]) {
    const there = existsSync(file);
    try {
      closeSync(openSync(file, 'a'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      throw new Error(`--out: "${file}" cannot be written (${reason}). Name a file that can: --out FILE.`);
    }
    if (!there) rmSync(file);
  }
}

function number(flag: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < min || Number(value) > max) {
    throw new Error(`--${flag}: must be a number from ${min} to ${max}, got "${value}".`);
  }
  return Number(value);
}
