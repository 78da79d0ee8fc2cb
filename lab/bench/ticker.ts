import { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundled, CaseOptions, Figure, folder, secondsOf, start, stop } from './measure';
import type { EndpointOptions, Received } from './ticker-endpoint';

/** Seconds from one tick to the next, as in the sandbox and in production. */
const EVERY_SECONDS = 5;
/** Seconds of a run, half of a scheduled run: six or seven periods. */
const RUN_SECONDS = 30;
/** Symbols of each connection, the maximum in the environments. */
const SYMBOLS = 20;
/** Milliseconds that API Gateway is assumed to need for a message. */
const LATENCY_MS = 10;
/** MiB of the function in the sandbox and in production. */
const MEMORY_MIB = [512, 1_769];
/** MiB at which a function has one vCPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const ONE_VCPU_MIB = 1_769;
const CONNECTIONS = [500, 1_000, 2_000, 5_000, 10_000];

export interface Load {
  readonly connections: number;
  readonly symbols: number;
  readonly memoryMiB: number;
  readonly tls: boolean;
}

export interface Outcome {
  /** The function had only the CPU that Lambda gives it. If false, the function could use the whole machine. */
  readonly limited: boolean;
  /** Messages per second of the whole run, including the time in which the ticker waits for its next period. */
  readonly perSecond: number;
  /** Messages per second of CPU time, which does not depend on other processes of the machine. */
  readonly perCpuSecond: number;
  readonly periods: number;
  readonly leftOut: number;
  readonly givenUp: number;
  /** Number of connections without a message in the whole run. */
  readonly starved: number;
  /** Smallest and largest number of messages of a connection. */
  readonly fewest: number;
  readonly most: number;
  readonly rssMb: number;
}

/** Measures the deployed bundle of the ticker with a table and connections that a process imitates on loopback. */
export async function ticker({ onProgress }: CaseOptions): Promise<Figure[]> {
  const loads: Load[] = [
    ...MEMORY_MIB.flatMap((memoryMiB) =>
      CONNECTIONS.map((connections) => ({ connections, symbols: SYMBOLS, memoryMiB, tls: true })),
    ),
    // The effects of TLS and of the number of symbols.
    { connections: 10_000, symbols: SYMBOLS, memoryMiB: ONE_VCPU_MIB, tls: false },
    { connections: 10_000, symbols: 1, memoryMiB: ONE_VCPU_MIB, tls: true },
  ];
  const bundle = bundled('lambda/ticker/index.ts');
  const figures: Figure[] = [];
  for (const [index, load] of loads.entries()) {
    onProgress(`load ${index + 1} of ${loads.length}: ${load.connections} connections at ${load.memoryMiB} MiB`);
    figures.push(...figuresOf(load, await measureTicker(load, bundle)));
  }
  return figures;
}

function figuresOf({ connections, symbols, memoryMiB, tls }: Load, outcome: Outcome): Figure[] {
  const share = memoryMiB / ONE_VCPU_MIB;
  const cpu = outcome.limited ? `${share.toFixed(2)} vCPU` : 'CPU not limited: no cgroup could be created';
  const what = `ticker: ${connections} x ${symbols}, ${memoryMiB} MiB (${cpu})${tls ? '' : ', without TLS'}`;
  const against = (value: number, what: string) => ({ what, value });
  return [
    {
      what: `${what}: messages`,
      value: outcome.perSecond,
      unit: '/s',
      against: against(outcome.perCpuSecond, 'a CPU second'),
    },
    ...(outcome.limited
      ? []
      : [{ what: `${what}: estimate at ${share.toFixed(2)} vCPU`, value: share * outcome.perCpuSecond, unit: '/s' }]),
    { what: `${what}: periods left out`, value: outcome.leftOut, unit: '', against: against(outcome.periods, 'due') },
    { what: `${what}: messages given up`, value: outcome.givenUp, unit: '' },
    {
      what: `${what}: fewest messages of a connection`,
      value: outcome.fewest,
      unit: '',
      against: against(outcome.most, 'at most'),
    },
    { what: `${what}: connections without a message`, value: outcome.starved, unit: '' },
    { what: `${what}: memory`, value: outcome.rssMb, unit: 'MB' },
  ];
}

/** Last message from the process of the function. */
interface RunReport {
  readonly givenUp: number;
  readonly periods: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/**
 * Measures a run of the ticker under a load.
 *
 * @param bundle path of the function's bundle
 */
export async function measureTicker({ connections, symbols, memoryMiB, tls }: Load, bundle: string): Promise<Outcome> {
  const directory = folder('ticker');
  const script = join(directory, 'run.mjs');
  writeFileSync(script, RUN);
  const certificate = tls ? await selfSigned(directory) : undefined;
  const group = cpuGroup(memoryMiB / ONE_VCPU_MIB);
  const server = start(process.execPath, ['--no-warnings', '--import', 'tsx', join(__dirname, 'ticker-endpoint.ts')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let run: ChildProcess | undefined;
  try {
    server.send({ connections, symbols, latencyMs: LATENCY_MS, tls: certificate } satisfies EndpointOptions);
    const { port } = await next<{ port: number }>(server);
    const url = `http${tls ? 's' : ''}://127.0.0.1:${port}`;
    const command = [process.execPath, '--enable-source-maps', script, bundle];
    // The shell joins the control group before it becomes Node, so that all threads of Node are in the group.
    const [file = '', ...args] = group
      ? ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, ...command]
      : command;
    run = start(file, args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
        AWS_ENDPOINT_URL_DYNAMODB: url,
        CALLBACK_URL: `${url}/v1`,
        TABLE_NAME: 'table',
        POWERTOOLS_METRICS_NAMESPACE: 'Bench/Ticker',
        // The bench reads only the metrics of the output.
        AWS_LAMBDA_LOG_LEVEL: 'FATAL',
        EVERY_SECONDS: String(EVERY_SECONDS),
        RUN_SECONDS: String(RUN_SECONDS),
        ...(certificate && { NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') }),
      },
    });
    await next(run);
    server.send('forget');
    run.send('go');
    const { givenUp, periods, seconds, cpuSeconds, rssMb } = await next<RunReport>(run);
    server.send('received');
    const { messages, sequences } = await next<Received>(server);
    const received = messages.reduce((sum, each) => sum + each, 0);
    return {
      limited: group !== undefined,
      perSecond: received / seconds,
      perCpuSecond: received / cpuSeconds,
      periods,
      leftOut: periods - sequences.length,
      givenUp,
      starved: messages.filter((each) => each === 0).length,
      fewest: Math.min(...messages),
      most: Math.max(...messages),
      rssMb,
    };
  } finally {
    for (const child of [run, server]) if (child) await stop(child);
    if (group) rmdirSync(group);
  }
}

/** Script of a run in a warm process. Its counts are in the line of metrics. The handler throws if it left out a period. */
const RUN = `
const bundle = process.argv[2];
let counts = { Posted: 0, Failed: 0 };
process.stdout.write = (line) => {
  if (line.startsWith('{"_aws"')) counts = JSON.parse(line);
  return true;
};
const { handler } = await import(bundle);
const [every, run] = [process.env.EVERY_SECONDS, process.env.RUN_SECONDS].map((seconds) => 1000 * seconds);
const context = { awsRequestId: 'bench' };
await handler({ ticks: 2 }, context);
process.send('warm');
await new Promise((resolve) => process.once('message', resolve));
const from = Date.now();
const before = process.cpuUsage();
await handler({}, context).catch(() => {});
const seconds = (Date.now() - from) / 1e3;
const { user, system } = process.cpuUsage(before);
process.send({
  givenUp: counts.Failed,
  periods: Math.ceil((from + run) / every) - Math.floor(from / every),
  seconds,
  cpuSeconds: (user + system) / 1e6,
  rssMb: process.resourceUsage().maxRSS / 1e3,
}, () => process.exit(0));
`;

/** Waits for the next message of a process. @throws if the process ends without a message */
function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: T) => resolve(message));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ticker: a process of this case ended with ${code}`)));
  });
}

/** Creates a certificate for 127.0.0.1. @throws if openssl is not installed */
async function selfSigned(directory: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=127.0.0.1';
  await secondsOf('openssl', [
    ...args.split(' '),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

/**
 * Creates a control group that limits its processes to a share of one CPU, as Lambda limits a function. Returns undefined if
 * the group cannot be created, because this needs Linux and root.
 */
function cpuGroup(share: number): string | undefined {
  const period = 20_000;
  const quota = Math.round(share * period);
  const kinds = [
    { root: '/sys/fs/cgroup', has: 'cgroup.controllers', limits: { 'cpu.max': `${quota} ${period}` } },
    {
      root: '/sys/fs/cgroup/cpu',
      has: 'cpu.cfs_quota_us',
      limits: { 'cpu.cfs_period_us': period, 'cpu.cfs_quota_us': quota },
    },
  ];
  for (const { root, has, limits } of kinds) {
    if (!existsSync(join(root, has))) continue;
    const group = join(root, `kumiki-bench-${process.pid}`);
    try {
      mkdirSync(group);
      for (const [name, value] of Object.entries(limits)) writeFileSync(join(group, name), String(value));
      return group;
    } catch {
      if (existsSync(group)) rmdirSync(group);
    }
  }
  return undefined;
}
