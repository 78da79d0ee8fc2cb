import { cpus, platform, release, totalmem } from 'node:os';
import { aligned } from '../../ops/kit/table';
import { cases } from './cases';
import { cleanUp, Figure, progress } from './measure';

const USAGE = `npm run bench -- [${Object.keys(cases).join('] [')}] [--runs N] [--via COMMAND] [--json]

Measures the given figures, or all figures, on this machine in one run. The table shows missed targets, which are not errors.

  --runs N   measurements for each median (default 5; npm test, npm start and the container take at most 3,
             apis sends 200 requests of each kind, ticker and overload run each load once)
  --via C    command that starts the server of overload, to limit it to a part of the machine (default on Linux
             "taskset -c 0", one core); 0.25 vCPU: --via "systemd-run --scope -q -p CPUQuota=25%"
  --json     prints JSON instead of a table`;

interface Options {
  readonly names: readonly string[];
  readonly runs: number;
  readonly via?: readonly string[];
  readonly json: boolean;
}

/** Reads the options from the arguments. @throws with the usage, if an argument is not known */
function optionsOf(args: readonly string[]): Options {
  let runs = 5;
  let json = false;
  let via: readonly string[] | undefined;
  const names: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '--json') json = true;
    else if (argument === '--runs') runs = Number(args[++index]);
    else if (argument === '--via') via = (args[++index] ?? '').split(' ').filter((word) => word !== '');
    else if (Object.hasOwn(cases, argument)) names.push(argument);
    else throw new Error(`bench: "${argument}" is not known.\n\n${USAGE}`);
  }
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error('--runs: must be a whole number of at least 1, as in --runs 5');
  return { names: names.length === 0 ? Object.keys(cases) : names, runs, via, json };
}

interface Result {
  readonly machine: string;
  readonly runs: number;
  readonly figures: readonly Figure[];
  /** Figures that could not be measured, with the reasons. */
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

async function measured({ names, runs, via }: Options): Promise<Result> {
  const figures: Figure[] = [];
  const failures: { name: string; reason: string }[] = [];
  for (const name of names) {
    try {
      const onProgress = (text: string) => progress(`${name}: ${text}`);
      figures.push(...((await cases[name]?.({ runs, via, onProgress })) ?? []));
    } catch (error) {
      failures.push({ name, reason: error instanceof Error && !process.env['DEBUG'] ? error.message : String(error) });
    }
  }
  progress('');
  const { length } = cpus();
  const memory = Math.round(totalmem() / 1e9);
  const machine = `${length} cores (${cpus()[0]?.model.trim()}), ${memory} GB, ${platform()} ${release()}, Node ${process.versions.node}`;
  return { machine, runs, figures, failures };
}

function table({ machine, runs, figures, failures }: Result): string {
  const rows = figures.map((figure) => {
    const { what, value, unit, against, target, detail } = figure;
    // A time in whole milliseconds may be 0.
    const ratio = against && against.value > 0 ? value / against.value : undefined;
    const limit = target && limitOf(target, unit);
    return [
      what,
      number(value, unit),
      against ? `${number(against.value, unit)} ${against.what}` : '',
      ratio === undefined ? '' : `${ratio.toPrecision(3)} x`,
      limit ?? '',
      target === undefined ? '' : reached(figure) ? 'reached' : 'missed',
      detail ?? '',
    ];
  });
  const all = [['what', 'measured', 'against', 'ratio', 'target', '', ''], ...rows];
  return [
    `${machine}; medians of ${runs} runs`,
    '',
    ...aligned(all).lines,
    ...failures.map(({ name, reason }) => `\n${name}: could not be measured: ${reason}`),
  ].join('\n');
}

function limitOf(target: NonNullable<Figure['target']>, unit: string): string {
  if ('ratio' in target) return `<= ${target.ratio} x`;
  return 'atLeast' in target ? `>= ${target.atLeast} ${unit}` : `<= ${target.value} ${unit}`;
}

function reached({ value, against, target }: Figure): boolean {
  if (target === undefined) return true;
  if ('atLeast' in target) return value >= target.atLeast;
  return 'ratio' in target ? against !== undefined && value / against.value <= target.ratio : value <= target.value;
}

function number(value: number, unit: string): string {
  // The clock has whole milliseconds.
  if (value === 0 && unit === 'ms') return '< 1 ms';
  const digits = unit === '' || value >= 100 ? 0 : value >= 1 ? 1 : 3;
  return `${value.toFixed(digits)} ${unit}`.trim();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
process.on('exit', cleanUp);

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) return console.log(USAGE);
  const options = optionsOf(args);
  const result = await measured(options);
  console.log(options.json ? JSON.stringify(result, undefined, 2) : table(result));
  if (result.failures.length > 0) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(process.env['DEBUG'] ? error : error.message);
  process.exitCode = 1;
});
