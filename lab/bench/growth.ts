import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CaseOptions, Figure, folder, quantile } from './measure';

/** Numbers of services in the syntheses. */
const COUNTS = [1, 10, 50, 100] as const;

/**
 * Limit for linear growth: the cost of each service beyond the 50th, relative to the cost of each service between the 10th and
 * the 50th. Quadratic growth would give (100 + 50) / (50 + 10), which is 2.5.
 */
const LINEAR = 1.5;

interface Synthesis {
  /** CPU time, because other processes of the machine do not change it much. */
  readonly seconds: number;
  /** MiB of the live heap after all templates were written. */
  readonly heap: number;
  /** Peak memory of the process in MiB. */
  readonly peak: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** Measures syntheses of the sandbox with more and more services, each in a separate process. */
export async function growth({ runs, onProgress }: CaseOptions): Promise<Figure[]> {
  const syntheses = new Map<number, Synthesis[]>();
  for (let run = 1; run <= runs; run++) {
    for (const count of COUNTS) {
      onProgress(`${count} services, run ${run} of ${runs}`);
      syntheses.set(count, [...(syntheses.get(count) ?? []), synthesisOf(count)]);
    }
  }
  const median = (count: number, key: 'seconds' | 'heap' | 'peak') =>
    quantile(
      (syntheses.get(count) ?? []).map((synthesis) => synthesis[key]),
      0.5,
    );
  const perService = (key: 'seconds' | 'heap', from: number, to: number) =>
    (1_000 * (median(to, key) - median(from, key))) / (to - from);
  return [
    ...COUNTS.map((count) => ({
      what: `synthesis with ${count} ${count === 1 ? 'service' : 'services'}, CPU time`,
      value: median(count, 'seconds'),
      unit: 's',
      detail: `${median(count, 'heap').toFixed(0)} MiB live, ${median(count, 'peak').toFixed(0)} MiB at the peak; resources: ${resourcesOf(syntheses.get(count)?.[0])}`,
    })),
    ...(['seconds', 'heap'] as const).map((key) => ({
      what: `${key === 'seconds' ? 'CPU time' : 'live memory'} for each further service, 50 to 100; linear if reached`,
      value: perService(key, 50, 100),
      unit: key === 'seconds' ? 'ms' : 'KiB',
      against: { what: 'from 10 to 50', value: perService(key, 10, 50) },
      target: { ratio: LINEAR },
    })),
  ];
}

function synthesisOf(count: number): Synthesis {
  const app = join(__dirname, 'growth-app.ts');
  const env = { ...process.env, CDK_OUTDIR: folder('growth') };
  return JSON.parse(
    execFileSync(process.execPath, ['--no-warnings', '--expose-gc', '--import', 'tsx', app, `${count}`], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** Numbers of resources as text, such as `Containers 33, RestApi 50`, without the empty stacks of parts that are off. */
function resourcesOf({ resources }: Synthesis = { seconds: 0, heap: 0, peak: 0, resources: {} }): string {
  return Object.entries(resources)
    .filter(([, count]) => count > 0)
    .map(([stack, count]) => `${stack} ${count}`)
    .join(', ');
}
