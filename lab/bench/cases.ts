import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { pathTo } from '../../domain/routes';
import { containerContext } from '../../lib/sources';
import { apis } from './apis';
import { growth } from './growth';
import { bundled, CaseOptions, Figure, folder, medians, quantile, secondsOf, start } from './measure';
import { overload } from './overload';
import { serve } from './serve';
import { ticker } from './ticker';

type Case = (options: CaseOptions) => Promise<Figure[]>;

const root = join(__dirname, '..', '..');
const CONTEXT: Record<string, unknown> = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context;

/** Environment without the caller's account and endpoint, because synth needs neither, and a search for them takes time. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name))),
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Cases by the names that `npm run bench -- NAME …` takes. */
export const cases: Readonly<Record<string, Case>> = {
  synth,
  test,
  start: npmStart,
  handler,
  container,
  overload,
  apis,
  ticker,
  growth,
  size,
};

/** Measures the app, with and without the CDK CLI, against an app with one empty stack. */
async function synth({ runs, onProgress }: CaseOptions): Promise<Figure[]> {
  const empty = emptyApp();
  const app =
    (command: string, cwd: string, context = CONTEXT) =>
    () =>
      secondsOf(process.execPath, [command], {
        cwd,
        env: { ...env, CDK_OUTDIR: folder('out'), CDK_CONTEXT_JSON: JSON.stringify(context) },
      });
  const cli = (cwd: string) => () =>
    // Without notices, because they come over the network, in a time that varies.
    secondsOf('npx', ['cdk', 'synth', '-q', '--no-notices', '--output', folder('out')], { cwd, env });
  const command = 'bin/run.cjs';
  const withCluster = app(command, root, { ...CONTEXT, kubernetes: 'true' });
  const measurements = [app(command, root), withCluster, app('app.cjs', empty), cli(root), cli(empty)];
  for (const measure of measurements) {
    onProgress('once to warm up');
    await measure();
  }
  const measured = await medians(runs, measurements, (run) => onProgress(`${run} of ${runs}`));
  const [sandbox = Number.NaN, cluster = Number.NaN, bare = Number.NaN, byCli = Number.NaN, bareByCli = Number.NaN] =
    measured;
  return [
    {
      what: 'app command, all stacks of the sandbox',
      value: sandbox,
      unit: 's',
      against: { what: 'empty app on plain node', value: bare },
      target: { ratio: 8 },
    },
    {
      what: 'the same with -c kubernetes=true',
      value: cluster,
      unit: 's',
      against: { what: 'empty app on plain node', value: bare },
    },
    {
      what: 'npx cdk synth -q',
      value: byCli,
      unit: 's',
      against: { what: 'the same of the empty app', value: bareByCli },
      target: { ratio: 2 },
    },
  ];
}

/** Writes an app in plain JavaScript with one empty stack and the same feature flags, without validation of templates. */
function emptyApp(): string {
  const directory = folder('empty');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{}');
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ app: 'node app.cjs', context: CONTEXT }));
  writeFileSync(
    join(directory, 'app.cjs'),
    `const { App, Stack } = require('aws-cdk-lib');
new Stack(new App({ builtinCloudFormationValidation: false }), 'Empty');`,
  );
  return directory;
}

async function test(options: CaseOptions): Promise<Figure[]> {
  return [{ what: 'npm test, warm', ...(await npm(['test'], options)), target: { value: 25 } }];
}

async function npmStart(options: CaseOptions): Promise<Figure[]> {
  return [
    { what: 'npm start -- --once, warm', ...(await npm(['start', '--', '--once'], options)), target: { value: 50 } },
  ];
}

async function npm(
  args: readonly string[],
  { runs, onProgress }: CaseOptions,
): Promise<{ value: number; unit: string }> {
  // Without the variables that npm sets for its scripts, because the measured run of npm is independent of this run.
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  const measure = () => secondsOf('npm', args, { cwd: root, env: clean });
  const times = Math.min(runs, 3);
  onProgress('once to warm up');
  await measure();
  const [value = Number.NaN] = await medians(times, [measure], (run) => onProgress(`${run} of ${times}`));
  return { value, unit: 's' };
}

/** Measures the deployed bundle: its size, its import in a fresh process, and calls in a warm process. */
async function handler({ runs, onProgress }: CaseOptions): Promise<Figure[]> {
  onProgress('bundling');
  const [quotes = '', ...withSdk] = ['quotes', 'sessions', 'ticker'].map((name) => bundled(`lambda/${name}/index.ts`));
  const script = join(folder('handler'), 'call.mjs');
  writeFileSync(script, CALL);

  const importOf = (bundle: string) => async () => (await called(script, bundle, 0)).imported;
  const times = Math.max(runs, 11);
  const [quotesImport = Number.NaN, ...otherImports] = await medians(times, [quotes, ...withSdk].map(importOf), (run) =>
    onProgress(`import ${run} of ${times}`),
  );
  onProgress('10,000 calls');
  const { calls } = await called(script, quotes, 10_000);
  const kB = (bundle: string) => statSync(bundle).size / 1_000;
  return [
    { what: 'handler: bundle', value: kB(quotes), unit: 'kB', target: { value: 80 } },
    { what: 'handler: import in a fresh process', value: quotesImport, unit: 'ms', target: { value: 15 } },
    // These two bundles contain the AWS SDK, which is nine tenths of their size: docs/decisions/0017.
    ...['sessions', 'ticker'].flatMap((name, index) => [
      { what: `${name}: bundle, with the AWS SDK`, value: kB(withSdk[index] ?? ''), unit: 'kB' },
      { what: `${name}: import in a fresh process`, value: otherImports[index] ?? Number.NaN, unit: 'ms' },
    ]),
    { what: 'handler: warm call in process, p50', value: quantile(calls, 0.5), unit: 'ms', target: { value: 1 } },
    { what: 'handler: warm call in process, p99', value: quantile(calls, 0.99), unit: 'ms', target: { value: 1 } },
  ];
}

const CALL = `
const [bundle, count] = process.argv.slice(2);
const started = performance.now();
const { handler } = await import(bundle);
const imported = performance.now() - started;
const event = {
  resource: '/quotes/{symbol}', httpMethod: 'GET', path: '/quotes/KUMI',
  pathParameters: { symbol: 'KUMI' }, queryStringParameters: null,
};
const calls = [];
for (let call = -1000; call < Number(count); call++) {
  if (Number(count) === 0) break;
  const before = performance.now();
  const { statusCode } = await handler(event, { awsRequestId: '8f507cfc-0000-4697-b07a-ac58fc914c95' });
  if (call >= 0) calls.push(performance.now() - before);
  if (statusCode !== 200) throw new Error('handler: answered ' + statusCode);
}
process.send({ imported, calls }, () => process.exit(0));
`;

interface Called {
  readonly imported: number;
  readonly calls: readonly number[];
}

/** Imports the bundle in a new process and calls its handler `count` times, after 1,000 calls that are not measured. */
function called(script: string, bundle: string, count: number): Promise<Called> {
  return new Promise((resolve, reject) => {
    const child = start(process.execPath, [script, bundle, String(count)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...env, HISTORY_URL: 'http://127.0.0.1:9', SERVED_BY: 'bench' },
    });
    child.once('message', (message: Called) => resolve(message));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`handler: the process ended with ${code} before it answered`)));
  });
}

/** Measures the bundled service against a bare Fastify route, both under ten connections over loopback. */
async function container({ runs, onProgress }: CaseOptions): Promise<Figure[]> {
  const directory = folder('bare');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(
    join(directory, 'bare.cjs'),
    `const server = require('fastify')();
server.get('/history/:symbol', async () => ({ ok: true }));
server.listen({ host: '127.0.0.1', port: 0 }).then((address) => console.log('listening at ' + address));`,
  );
  onProgress('starting the servers');
  const service = await serve(join(containerContext(), 'server.cjs'));
  const bare = await serve(join(directory, 'bare.cjs'));
  try {
    await sleep(1_000);
    const [memory = Number.NaN, bareMemory = Number.NaN] = await medians(3, [
      () => memoryOf(service.pid),
      () => memoryOf(bare.pid),
    ]);
    const figures: Figure[] = [];
    const times = Math.min(runs, 3);
    for (const days of [30, 3650]) {
      const loads: { rate: number; p99: number }[] = [];
      const bareLoads: { rate: number; p99: number }[] = [];
      for (let run = 0; run <= times; run++) {
        onProgress(`days=${days}: ${run === 0 ? 'once to warm up' : `${run} of ${times}`}`);
        const pair = [await load(service.url, days), await load(bare.url, days)] as const;
        if (run === 0) continue;
        loads.push(pair[0]);
        bareLoads.push(pair[1]);
      }
      const median = (results: typeof loads, key: 'rate' | 'p99') =>
        quantile(
          results.map((result) => result[key]),
          0.5,
        );
      figures.push(
        {
          what: `container: requests a second, days=${days}`,
          value: median(loads, 'rate'),
          unit: '/s',
          against: { what: 'bare Fastify route', value: median(bareLoads, 'rate') },
        },
        {
          what: `container: p99 of ten connections, days=${days}`,
          value: median(loads, 'p99'),
          unit: 'ms',
          against: { what: 'bare Fastify route', value: median(bareLoads, 'p99') },
        },
      );
    }
    return [
      ...figures,
      {
        what: 'container: memory at rest',
        value: memory,
        unit: 'MB',
        against: { what: 'bare Fastify route', value: bareMemory },
        target: { value: 90 },
      },
    ];
  } finally {
    await Promise.all([service.end(), bare.end()]);
  }
}

async function load(url: string, days: number): Promise<{ rate: number; p99: number }> {
  const result = await autocannon({
    url: `${url}${pathTo('history', 'KUMI', { days })}`,
    connections: 10,
    duration: 5,
  });
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0) throw new Error(`container: ${failed} requests with days=${days} failed`);
  return { rate: result.requests.average, p99: result.latency.p99 };
}

/** Resident memory of a process in MB, from `ps` of Linux or macOS. */
async function memoryOf(pid: number): Promise<number> {
  const child = start('ps', ['-o', 'rss=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout ?? []) output += chunk;
  return (Number(output) * 1_024) / 1e6;
}

/** Counts the resources of the sandbox and the lines of the repository. */
async function size({ onProgress }: CaseOptions): Promise<Figure[]> {
  onProgress('synthesizing');
  const out = folder('out');
  await secondsOf(process.execPath, ['bin/run.cjs'], {
    cwd: root,
    env: { ...env, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify(CONTEXT) },
  });
  const resources = files(out)
    .filter((file) => file.endsWith('.template.json'))
    .flatMap((file) => Object.keys(JSON.parse(readFileSync(file, 'utf8')).Resources ?? {}));
  const typeScript = (...folders: string[]) =>
    lines(folders.flatMap((name) => files(join(root, name))).filter((file) => extname(file) === '.ts'));
  return [
    { what: 'resources of the sandbox', value: resources.length, unit: '' },
    { what: 'lines of snapshots', value: lines(files(join(root, 'test/stage/snapshots/__snapshots__'))), unit: '' },
    {
      what: 'lines of TypeScript, infrastructure',
      value: typeScript('bin', 'lib'),
      unit: '',
    },
    {
      what: 'lines of TypeScript, function and container',
      value: typeScript('domain', 'lambda', 'container'),
      unit: '',
    },
    { what: 'lines of TypeScript, operations and laboratory', value: typeScript('ops', 'lab'), unit: '' },
    { what: 'lines of TypeScript, tests of the product', value: typeScript('test'), unit: '' },
  ];
}

function files(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Number of lines that are not blank. */
function lines(paths: readonly string[]): number {
  return paths.flatMap((path) => readFileSync(path, 'utf8').split('\n')).filter((line) => line.trim() !== '').length;
}
