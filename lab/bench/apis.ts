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
/** Requests of each kind before the measurement. */
const WARM_UP = 20;
const CONNECTIONS = 100;
const SYMBOLS = 20;
/** Limit for the deployment in seconds, including the installation of packages for Python. */
const DEPLOYED_IN = 300;

/** Note on every row, because these figures are not the speed of AWS. */
const WHERE = 'emulator, not AWS';

/** Measures the three APIs on a separate local deployment. The deployment and its files are removed at the end. */
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
    // Later cases run without an endpoint.
    adopt(before);
    await child.end();
  }
}

interface Running {
  readonly endpoint: string;
  readonly end: () => Promise<void>;
}

/** Runs `npm start` beside other deployments until it has sent its requests once, so that all parts are warm. */
async function deployment(onProgress: CaseOptions['onProgress']): Promise<Running> {
  // In the repository instead of the system's folder for temporary files, because the emulator's functions resolve their modules
  // from the folders above.
  mkdirSync(folders.state, { recursive: true });
  const state = mkdtempSync(join(folders.state, 'bench-'));
  removeAtEnd(state);
  onProgress('looking for the emulator');
  await pythonEnvironment({
    directory: folders.python,
    requirements: join(root, 'requirements.txt'),
    log: join(state, 'bench.log'),
    onInstall: () => onProgress('installing the emulator'),
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
    // Waits for the end of the deployment's own requests, because they would run during the measurement.
    if (run?.endpoint !== undefined && run.ready && contentOf(state, 'table.json'))
      return { endpoint: run.endpoint, end };
    await sleep(250);
  }
  const deployLog = contentOf(state, 'deploy.log') ?? '';
  await end();
  const failure = child.exitCode === null ? `was not ready after ${DEPLOYED_IN} s` : `ended with ${child.exitCode}`;
  throw new Error(`npm start ${failure}${deployLog && `\n${deployLog.trim().split('\n').slice(-5).join('\n')}`}`);
}

function contentOf(state: string, name: string): string | undefined {
  try {
    return readFileSync(join(state, name), 'utf8');
  } catch {
    return undefined;
  }
}

/** Measures requests for the same quote through both APIs and directly from the function, in turn. */
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
  const timed = async (send: () => Promise<unknown>) => {
    const from = performance.now();
    const status = await send();
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
    return performance.now() - from;
  };
  // Each time includes the signature of the request, because callers have to sign, too.
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

/** Measures ticks to many connections, and counts each tick. */
async function sessionFigures({ sessions }: Deployment, onProgress: CaseOptions['onProgress']): Promise<Figure[]> {
  if (sessions === undefined) throw new Error('the local environment has no WebSocket API');
  onProgress(`${CONNECTIONS} connections x ${SYMBOLS} symbols`);
  const ticks = await fanOut(sessions, { connections: CONNECTIONS, symbols: SYMBOLS, periods: PERIODS });
  const row = (what: string, value: number, unit: string, max?: number): Figure => ({
    what: `apis: WebSocket, ${what} (${WHERE})`,
    value,
    unit,
    target: max === undefined ? undefined : { value: max },
  });
  return [
    row(`${CONNECTIONS} connections x ${SYMBOLS} symbols: ticks delivered`, ticks.delivered, ''),
    row('ticks lost', ticks.lost, '', 0),
    row('ticks duplicated', ticks.duplicated, '', 0),
    row('ticks out of order', ticks.outOfOrder, '', 0),
    row('ticks delivered a second, within a period', quantile(ticks.rates, 0.5), '/s'),
    row('start of period to receipt, p50', quantile(ticks.delays, 0.5), 'ms'),
    row('start of period to receipt, p99', quantile(ticks.delays, 0.99), 'ms'),
  ];
}

/** Number of periods, one a second in the local environment. */
const PERIODS = 10;
