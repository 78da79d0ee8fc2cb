import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { environmentOf } from '../../lib/context';
import { adopt, localVariables } from '../kit/endpoint';
import { folders, root } from '../kit/folders';
import { localEnvironments } from '../kit/local-environment';
import { pythonEnvironment } from '../local/python';
import { Run, readRun } from '../local/run-file';
import { connect, Deployment } from '../tour/deployment';
import { fanOut } from '../tour/fan-out';
import { readOutputs } from '../tour/outputs';
import { CaseOptions, Figure, quantile, removeAtEnd, start, stop } from './measure';

/** Requests of each kind, one at a time. */
const REQUESTS = 200;
/** Of each kind, before those that count. */
const WARM_UP = 20;
const CONNECTIONS = 100;
const SYMBOLS = 20;
/** Seconds until the deployment is there, its packages for Python included. */
const DEPLOYED_IN = 300;

/** On every row: nothing here says how fast AWS is. */
const WHERE = 'emulator, not AWS';

/** The three APIs on a local deployment of its own, which is ended with everything it has written. */
export async function apis({ onProgress }: CaseOptions): Promise<Figure[]> {
  const before = { ...process.env };
  const child = await deployment(onProgress);
  try {
    adopt(localVariables(child.endpoint));
    const { id, region } = environmentOf({}, localEnvironments);
    const deployed = await connect(id, region);
    const { liveAliasArn } = await readOutputs(id, region);
    return [
      ...(await requestFigures(deployed, liveAliasArn, onProgress)),
      ...(await sessionFigures(deployed, onProgress)),
    ];
  } finally {
    // What runs after this is measured against no endpoint.
    adopt(before);
    await child.end();
  }
}

interface Running {
  readonly endpoint: string;
  readonly end: () => Promise<void>;
}

/** Runs `npm start` beside any other, until it has sent its requests once: everything is warm. */
async function deployment(onProgress: CaseOptions['onProgress']): Promise<Running> {
  // Not in the system's folder for temporary files: the emulator's functions resolve their modules from there upwards.
  mkdirSync(folders.state, { recursive: true });
  const state = mkdtempSync(join(folders.state, 'bench-'));
  removeAtEnd(state);
  onProgress('the emulator is looked for, or installed');
  await pythonEnvironment({
    directory: folders.python,
    requirements: join(root, 'requirements.txt'),
    log: join(state, 'bench.log'),
    onInstall: () => onProgress('the emulator is being installed'),
  });
  symlinkSync(folders.python, join(state, 'python'));

  onProgress('npm start');
  const clean = Object.entries(process.env).filter(([name]) => !/^(npm|AWS|CDK)_/.test(name));
  const child = start('npm', ['start'], { cwd: root, env: { ...Object.fromEntries(clean), KUMIKI_STATE: state } });
  const end = async () => {
    await stop(child);
    rmSync(state, { recursive: true, force: true });
  };
  const until = performance.now() + 1_000 * DEPLOYED_IN;
  let run: Run | undefined;
  while (performance.now() < until && child.exitCode === null) {
    run = readRun(join(state, 'run.json'));
    // Its requests would be measured beside ours.
    if (run?.endpoint !== undefined && run.ready && existsIn(state, 'table.json'))
      return { endpoint: run.endpoint, end };
    await sleep(250);
  }
  const told = existsIn(state, 'deploy.log') ?? '';
  await end();
  const how = child.exitCode === null ? `was not there after ${DEPLOYED_IN} s` : `ended with ${child.exitCode}`;
  throw new Error(`npm start ${how}${told && `\n${told.trim().split('\n').slice(-5).join('\n')}`}`);
}

function existsIn(state: string, name: string): string | undefined {
  try {
    return readFileSync(join(state, name), 'utf8');
  } catch {
    return undefined;
  }
}

/** The same quote over both APIs and from the function itself, in turn. */
async function requestFigures(
  { get, getOverHttpApi, region }: Deployment,
  liveAliasArn: string,
  onProgress: CaseOptions['onProgress'],
): Promise<Figure[]> {
  if (getOverHttpApi === undefined) throw new Error('the local environment has no HTTP API that takes signed requests');
  const path = '/quotes/KUMI';
  const client = new LambdaClient({ region });
  const Payload = JSON.stringify({
    resource: '/quotes/{symbol}',
    httpMethod: 'GET',
    path,
    pathParameters: { symbol: 'KUMI' },
    queryStringParameters: null,
  });
  const answered = (status: unknown) => {
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
  };
  const timed = async (ask: () => Promise<unknown>) => {
    const from = performance.now();
    answered(await ask());
    return performance.now() - from;
  };
  // Each with its signature, as a caller pays for it.
  const ways = {
    invoke: () =>
      timed(async () => {
        const answer = await client.send(new InvokeCommand({ FunctionName: liveAliasArn, Payload }));
        return JSON.parse(Buffer.from(answer.Payload ?? []).toString()).statusCode;
      }),
    rest: () => timed(async () => (await get(path)).status),
    http: () => timed(async () => (await getOverHttpApi(path)).status),
  };
  const times: Record<keyof typeof ways, number[]> = { invoke: [], rest: [], http: [] };
  for (let request = -WARM_UP; request < REQUESTS; request++) {
    if (request % 50 === 0) onProgress(`requests: ${request} of ${REQUESTS}`);
    for (const way of ['invoke', 'rest', 'http'] as const) {
      const milliseconds = await ways[way]();
      if (request >= 0) times[way].push(milliseconds);
    }
  }
  client.destroy();
  const figure = (what: string, way: 'rest' | 'http', share: number): Figure => ({
    what: `apis: ${what}, p${100 * share} (${WHERE})`,
    value: quantile(times[way], share),
    unit: 'ms',
    against: { what: 'lambda invoke', value: quantile(times.invoke, share) },
  });
  return [
    figure(`REST API, GET ${path}`, 'rest', 0.5),
    figure(`REST API, GET ${path}`, 'rest', 0.99),
    figure(`HTTP API, GET ${path}`, 'http', 0.5),
    figure(`HTTP API, GET ${path}`, 'http', 0.99),
  ];
}

/** Ticks to many connections, counted one by one. */
async function sessionFigures({ sessions }: Deployment, onProgress: CaseOptions['onProgress']): Promise<Figure[]> {
  if (sessions === undefined) throw new Error('the local environment has no WebSocket API');
  onProgress(`${CONNECTIONS} connections x ${SYMBOLS} symbols`);
  const seen = await fanOut(sessions, { connections: CONNECTIONS, symbols: SYMBOLS, periods: PERIODS });
  const row = (what: string, value: number, unit: string, most?: number): Figure => ({
    what: `apis: WebSocket, ${what} (${WHERE})`,
    value,
    unit,
    target: most === undefined ? undefined : { value: most },
  });
  return [
    row(`${CONNECTIONS} connections x ${SYMBOLS} symbols: ticks delivered`, seen.delivered, ''),
    row('ticks lost', seen.lost, '', 0),
    row('ticks duplicated', seen.duplicated, '', 0),
    row('ticks out of order', seen.outOfOrder, '', 0),
    row('ticks delivered a second, within a period', quantile(seen.rates, 0.5), '/s'),
    row('start of period to receipt, p50', quantile(seen.delays, 0.5), 'ms'),
    row('start of period to receipt, p99', quantile(seen.delays, 0.99), 'ms'),
  ];
}

/** Published, one a second there. */
const PERIODS = 10;
