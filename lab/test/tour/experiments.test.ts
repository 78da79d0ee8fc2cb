import { spawnSync } from 'node:child_process';
import { KUBERNETES_PREFIX, matcherOf, Route, routes } from '../../../domain/routes';
import { RECORDS_OF_MINISTACK } from '../../tour/capabilities';
import { Cluster } from '../../tour/cluster';
import { ControlPlane } from '../../tour/control-plane';
import { Deployment } from '../../tour/deployment';
import { runExperiments as experimentsOf } from '../../tour/experiments';
import { Answer } from '../../tour/request';
import { Refused, Session, Sessions } from '../../tour/session';
import { type Row, table } from '../../tour/table';

// The pause between two requests to the cache.
jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

/** The rows as JSON has them, in English. */
async function runExperiments(given: Deployment): Promise<(Row & { name: string; detail?: string })[]> {
  return JSON.parse(table.json(await experimentsOf(given))).rows;
}

let requests = 0;

/** Answers of a deployment without defects, except those of AWS's APIs. */
async function answer(asked: string, signature?: string): Promise<Answer> {
  const [path = '', query = ''] = asked.replace(KUBERNETES_PREFIX, '').split('?');
  const route = Object.values<Route>(routes).find((each) => matcherOf(each.path).test(path));
  const symbol = (route && matcherOf(route.path).exec(path)?.groups?.['symbol']) ?? '';
  const statistics = { to: '2026-01-01', mean: 2, volatility: 0.2, high: 3, low: 1 };
  const ofContainer = { symbol, closes: Array(30).fill(2), ...statistics };
  const ofFunction = { symbol, price: 2, at: 1, ...statistics };
  const bad = !/^[A-Z0-9.]+$/.test(symbol) || /days=(0|abc)|at=soon/.test(query);
  const status = signature !== undefined && signature !== 'valid' ? 403 : !route ? 404 : bad ? 400 : 200;
  const good = route?.by === 'service' ? ofContainer : ofFunction;
  const body = status === 200 ? good : { message: 'no' };
  const headers = new Headers({ 'x-served-by': 'sandbox' });
  if (route?.by === 'service') headers.set('x-request-id', `request-${++requests}`);
  else headers.set('initialization-type', 'provisioned-concurrency');
  return { status, headers, text: JSON.stringify(body), body: { ...body }, milliseconds: 1 };
}

const BAD_INPUTS = expect.stringMatching(/^HTTP API: GET \d+ bad inputs$/);

test('asks every route that has a symbol for symbols that it has to refuse', async () => {
  const asked: string[] = [];
  const get: Deployment['get'] = async (path, signature) => {
    asked.push(path);
    return answer(path, signature);
  };
  await runExperiments(deployment({ get }));
  const withSymbol = Object.values(routes).filter(({ path }) => path.includes('{symbol}'));
  for (const { path } of withSymbol) {
    expect(asked).toContain(path.replace('{symbol}', 'kumi'));
    expect(asked).toContain(path.replace('{symbol}', '..%2Fetc'));
  }
});

const CONTROL_PLANE: ControlPlane = {
  cachedMethods: async () => ({ 'quotes/GET': { encrypted: true, guarded: true } }),
  provisionedConcurrency: async () => ({ status: 'READY', available: 1, requested: 1 }),
  invokeOnDemand: async () => ({ status: 200, initializationType: 'on-demand', text: '' }),
  targetStates: async () => [['healthy', 'draining']],
  instancesInService: async () => 1,
};

const CLUSTER: Cluster = {
  describe: async () => ({ status: 'ACTIVE', version: '1.36' }),
  applied: async () => ['CREATE_COMPLETE', 'UPDATE_COMPLETE'],
  nodeStates: async () => ['healthy', 'draining'],
};

function deployment(overrides: Partial<Deployment> = {}): Deployment {
  return {
    environmentId: 'sandbox',
    region: 'eu-west-1',
    restApi: 'https://example.invalid/v1',
    notModelled: {},
    targetGroupArns: [''],
    instances: true,
    cache: true,
    provisionedConcurrency: true,
    cluster: CLUSTER,
    controlPlane: CONTROL_PLANE,
    get: answer,
    getOverHttpApi: answer,
    ...overrides,
  };
}

test('passes a deployment without defects', async () => {
  const rows = await runExperiments(deployment());
  expect(rows.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(rows.length).toBeGreaterThan(20);
});

test.each<[string, (given: Answer, path: string) => Answer, string]>([
  ['another environment answers', (given) => ({ ...given, headers: new Headers() }), 'GET /quotes/KUMI'],
  [
    'bad input is a 500',
    (given) => ({ ...given, status: given.status === 400 ? 500 : given.status }),
    'GET /quotes/kumi',
  ],
  ['unsigned requests are answered', (given) => ({ ...given, status: 200 }), 'GET /quotes/KUMI unsigned'],
  ['an unknown route has no message', (given) => ({ ...given, body: {} }), 'GET /nothing/here'],
  [
    'a function is between VPC link and container',
    (given) => ({ ...given, headers: new Headers({ 'initialization-type': 'on-demand' }) }),
    'GET /history/KUMI?days=30',
  ],
  [
    'the two ways give two means',
    (given, path) => ({ ...given, body: { ...given.body, mean: path.includes('history') ? 2 : 2.5 } }),
    'GET /analysis and /history, days=30',
  ],
])('fails when %s', async (_, change, path) => {
  const get: Deployment['get'] = async (asked, signature) => change(await answer(asked, signature), asked);
  const rows = await runExperiments(deployment({ get }));
  expect(rows.find((row) => row.name === path)).toMatchObject({ verdict: 'FAIL' });
});

test.each<[string, (given: Answer, path: string) => Answer, string[]]>([
  [
    'it has another price than the REST API',
    (given) => ({ ...given, text: given.text.replace('"price":2', '"price":3') }),
    ['HTTP API: GET /quotes/KUMI'],
  ],
  [
    'it gives another reason for bad input',
    (given) => (given.status === 400 ? { ...given, body: { message: 'other' } } : given),
    [BAD_INPUTS],
  ],
  [
    'it answers anyone and anything',
    (given) => ({ ...given, status: 200 }),
    [BAD_INPUTS, 'HTTP API: GET /nothing/here', 'HTTP API: GET /quotes/KUMI unsigned'],
  ],
  [
    'its containers give no closes',
    (given) => ({ ...given, body: { ...given.body, closes: [] } }),
    ['HTTP API: GET /history/KUMI?days=30', 'HTTP API: GET /k8s/history/KUMI?days=30'],
  ],
])('fails an HTTP API when %s', async (_, change, paths) => {
  const getOverHttpApi: Deployment['get'] = async (asked, signature) => change(await answer(asked, signature), asked);
  const rows = await runExperiments(deployment({ getOverHttpApi }));
  expect(rows.filter(({ verdict }) => verdict === 'FAIL').map(({ name }) => name)).toEqual(paths);
});

describe('an error under the key of a cached answer', () => {
  const path = 'GET /history/{new}?days=0 twice, then days=30';
  /** A stage cache: with `keyed` false, of which the number of days is no key. */
  const cache = (errors: boolean, keyed = true): Deployment['get'] => {
    const kept = new Map<string, Answer>();
    return async (asked, signature) => {
      const key = keyed ? asked : asked.replace(/\?.*/, '');
      const found = kept.get(key) ?? (await answer(asked, signature));
      if (found.status === 200 || errors) kept.set(key, found);
      return found;
    };
  };
  const withoutId: Deployment['get'] = async (asked, signature) => ({
    ...(await answer(asked, signature)),
    headers: new Headers(),
  });

  test.each<[string, Deployment['get'], object]>([
    ['reports that it was cached', cache(true), { result: 'error cached', verdict: 'pass' }],
    ['reports that it was not cached', cache(false), { result: 'error not cached', verdict: 'pass' }],
    ['fails when it answers for other keys, too', cache(true, false), { verdict: 'FAIL' }],
    ['fails when the answers cannot be told apart', withoutId, { result: 'no request id', verdict: 'FAIL' }],
  ])('%s', async (_, get, row) => {
    const rows = await runExperiments(deployment({ get }));
    expect(rows.find((each) => each.name === path)).toMatchObject(row);
  });
});

test('never passes an experiment on a feature that the endpoint does not model', async () => {
  const rows = await runExperiments(deployment({ notModelled: { signatures: 'any will do' } }));
  const row = rows.find(({ name }) => name.includes('altered'));
  expect(row).toMatchObject({ result: '403', verdict: 'not modelled by this endpoint', detail: 'any will do' });
});

test.each<[string, Partial<ControlPlane>, string]>([
  [
    'anyone may empty the cache [A3]',
    { cachedMethods: async () => ({ 'quotes/GET': { encrypted: true, guarded: false } }) },
    'apigateway get-stage',
  ],
  ['a cache is paid for that caches nothing [A1]', { cachedMethods: async () => ({}) }, 'apigateway get-stage'],
  [
    'provisioned concurrency is not ready',
    { provisionedConcurrency: async () => ({ status: 'IN_PROGRESS', available: 0, requested: 1 }) },
    'lambda get-provisioned-concurrency-config',
  ],
  [
    'the on-demand alias fails',
    { invokeOnDemand: async () => ({ status: 502, initializationType: 'on-demand', text: 'no' }) },
    'lambda invoke, alias on-demand',
  ],
  [
    'one of two kinds of capacity has no healthy target',
    { targetStates: async () => [['healthy'], ['initial']] },
    'elbv2 describe-target-health',
  ],
  ['no instance has come', { instancesInService: async () => 0 }, 'autoscaling describe-auto-scaling-groups'],
])('fails when %s', async (_, change, path) => {
  const rows = await runExperiments(deployment({ controlPlane: { ...CONTROL_PLANE, ...change } }));
  expect(rows.filter(({ verdict }) => verdict === 'FAIL').map((row) => row.name)).toEqual([path]);
});

test.each<[string, Partial<Cluster>, string]>([
  ['the control plane is not ready', { describe: async () => ({ status: 'CREATING' }) }, 'eks describe-cluster'],
  [
    'the API of the cluster is open to the world [E11]',
    { describe: async () => ({ status: 'ACTIVE', version: '1.36', publicCidrs: ['0.0.0.0/0'] }) },
    'eks describe-cluster',
  ],
  ['a chart was not applied', { applied: async () => ['CREATE_FAILED'] }, 'manifests and charts of the stack'],
  ['nothing was applied', { applied: async () => [] }, 'manifests and charts of the stack'],
  ['no node is healthy', { nodeStates: async () => ['initial'] }, 'elbv2 describe-target-health, nodes'],
])('fails when %s', async (_, change, path) => {
  const rows = await runExperiments(deployment({ cluster: { ...CLUSTER, ...change } }));
  expect(rows.filter(({ verdict }) => verdict === 'FAIL').map((row) => row.name)).toEqual([path]);
});

test.each<[string, Partial<Deployment>]>([
  ['that pass or that the endpoint does not model', { notModelled: RECORDS_OF_MINISTACK }],
  [
    'that fail',
    {
      get: async () => ({ status: 500, headers: new Headers(), text: '{}', body: {}, milliseconds: 1 }),
      getOverHttpApi: async () => ({ status: 500, headers: new Headers(), text: '{}', body: {}, milliseconds: 1 }),
      controlPlane: {
        cachedMethods: async () => ({}),
        provisionedConcurrency: async () => undefined,
        invokeOnDemand: async () => ({ status: 200, initializationType: 'unknown', text: '' }),
        targetStates: async () => [[]],
        instancesInService: async () => 0,
      },
      cluster: {
        describe: async () => ({ status: 'ACTIVE', version: '1.36', publicCidrs: ['0.0.0.0/0'] }),
        applied: async () => [],
        nodeStates: async () => [],
      },
      sessions: {
        open: async () => {
          throw new Refused(403);
        },
        tick: async () => undefined,
        subscribersOf: async () => [],
        isConnected: async () => false,
      },
    },
  ],
])('has no English sentence in the Japanese table of experiments %s', async (_, overrides) => {
  const rows = await experimentsOf(deployment(overrides));
  const lines = table.render(rows, 'ja').split('\n');
  const english =
    /[a-z] (the|an?|is|are|was|has|not|no|of|to|with|and|from|this|that|it) |\b(pass|FAIL|verdict|healthy)\b/;
  expect(lines.filter((line) => english.test(line.replace('describe-target-health', '')))).toEqual([]);
  expect(lines.length).toBeGreaterThan(2 * 20);
});

test('leaves out experiments on parts that the environment does not have', async () => {
  const rows = await runExperiments(
    deployment({
      ...{ instances: false, cache: false, provisionedConcurrency: false },
      ...{ cluster: undefined, getOverHttpApi: undefined },
    }),
  );
  expect(
    rows
      .map(({ name }) => name)
      .filter((path) =>
        /1\.2 s|\{new\}|get-stage|autoscaling|initialization|provisioned|HTTP API|k8s|eks|nodes/.test(path),
      ),
  ).toEqual([]);
});

test('fails an experiment without an answer, and goes on', async () => {
  const get = async () => {
    throw new Error('socket hang up');
  };
  const failed = (await runExperiments(deployment({ get }))).filter(({ verdict }) => verdict === 'FAIL');
  expect(failed.length).toBeGreaterThan(15);
  expect(failed.every(({ detail }) => detail === 'socket hang up')).toBe(true);
});

test('fails an experiment that throws at its start, and goes on', async () => {
  const broken = Object.defineProperty(deployment(), 'get', {
    get: () => {
      throw new Error('boom');
    },
  });
  const rows = await runExperiments(broken);
  expect(rows.find(({ name }) => name === 'GET /history/KUMI?days=30')).toMatchObject({
    result: 'error',
    verdict: 'FAIL',
    detail: 'boom',
  });
  expect(rows.find(({ name }) => name === 'HTTP API: GET /nothing/here')).toMatchObject({ verdict: 'pass' });
});

test('fails the experiments that wait for ticks when the ticker fails, and goes on', async () => {
  const session: Session = {
    messages: [],
    send: () => undefined,
    next: async (type) => {
      if (type === 'ticks') await new Promise(() => undefined);
      return { type, body: { type, all: [], reason: 'no' }, at: 0 };
    },
    close: async () => undefined,
  };
  const sessions: Sessions = {
    open: async () => session,
    tick: async () => {
      throw new Error('the ticker failed: boom');
    },
    subscribersOf: async () => [],
    isConnected: async () => false,
  };
  const rows = await runExperiments(deployment({ sessions, connections: 1 }));
  const failed = rows.filter(({ detail }) => detail === 'the ticker failed: boom');
  expect(failed.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['WebSocket, lambda invoke ticker, three ticks', 'FAIL'],
    ['WebSocket unsubscribe, then a tick', 'FAIL'],
    ['WebSocket, many connections x 20 symbols', 'FAIL'],
  ]);
  expect(rows.at(-1)?.name).not.toMatch(/WebSocket, lambda/);
});

test('fails an experiment that leaves an unhandled rejection behind, and goes on', () => {
  // In a process of its own: Jest has its own way with rejections.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', '--import', 'tsx', 'lab/test/tour/fixtures/unhandled-rejection.ts'],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const details = JSON.parse(stdout);
  expect(details).toContain('left behind');
  expect(details.length).toBeGreaterThan(15);
});
