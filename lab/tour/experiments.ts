import { setTimeout as sleep } from 'node:timers/promises';
import { KUBERNETES_PREFIX, pathTo, pathWith, Route, routes } from '../../domain/routes';
import { Capability } from './capabilities';
import { clusterExperiments } from './cluster-experiments';
import { Deployment } from './deployment';
import { Experiment, Observation } from './experiment';
import { Answer, Get } from './request';
import { sessionExperiments } from './session-experiments';
import { Row } from './table';

/** A time in the past, whose price never changes. */
const AT = 1_700_000_000;
const DAYS = 30;

const QUOTE = pathTo('quote', 'KUMI');
const ANALYSIS = pathTo('analysis', 'KUMI', { days: DAYS });
const HISTORY = pathTo('history', 'KUMI', { days: DAYS });
const PAST_QUOTE = pathTo('quote', 'KUMI', { at: AT });
const HISTORY_OF_PODS = `${KUBERNETES_PREFIX}${HISTORY}`;

const ROUTES_WITH_SYMBOL = Object.values<Route>(routes).filter(({ path }) => path.includes('{symbol}'));

/** Values that every route refuses for the query parameter. */
const BAD_VALUES: Readonly<Record<string, readonly string[]>> = { at: ['soon'], days: ['0', 'abc'] };

/** Requests that every API has to answer with status 400 and the reason. */
const BAD_INPUT = ROUTES_WITH_SYMBOL.flatMap(({ path, query }) => [
  pathWith('kumi', path),
  ...query.flatMap((name) => (BAD_VALUES[name] ?? []).map((value) => `${pathWith('KUMI', path)}?${name}=${value}`)),
]);

const experiments: readonly Experiment[] = [
  {
    path: `GET ${QUOTE}`,
    proves: 'REST API -> alias live -> function in private subnets',
    run: async ({ get, environmentId }) => {
      const answer = await get(QUOTE);
      const { symbol, price, at } = answer.body;
      return observed(
        answer,
        status(answer, 200) ??
          servedBy(answer, environmentId) ??
          (answer.headers.has('initialization-type')
            ? undefined
            : 'no header initialization-type: not from the function') ??
          (symbol === 'KUMI' && isPositive(price) && isPositive(at) ? undefined : `not a quote: ${answer.text}`),
      );
    },
  },
  {
    path: `GET ${PAST_QUOTE} twice`,
    proves: 'same symbol, same time, same price',
    run: async ({ get }) => {
      const first = await get(PAST_QUOTE);
      const second = await get(PAST_QUOTE);
      const same = first.body.price === second.body.price && isPositive(first.body.price);
      return observed(second, status(first, 200) ?? status(second, 200) ?? (same ? undefined : 'two prices'));
    },
  },
  {
    path: `GET ${ANALYSIS}`,
    proves: 'REST API -> function -> load balancer -> container',
    run: ({ get, environmentId }) => analysisByFunction(get, environmentId),
  },
  {
    path: `GET ${HISTORY}`,
    proves: 'REST API -> VPC link -> load balancer -> container',
    run: ({ get }) => closesFromContainer(get, HISTORY),
  },
  {
    path: `GET ${HISTORY}, x-served-by`,
    proves: 'the container of this environment answered',
    needs: 'proxied headers',
    run: async ({ get, environmentId }) => {
      const answer = await get(HISTORY);
      return observed(answer, status(answer, 200) ?? servedBy(answer, environmentId));
    },
  },
  {
    path: `GET /analysis and /history, days=${DAYS}`,
    proves: 'both ways lead to the same numbers',
    run: async ({ get }) => {
      const [analysis, history] = await Promise.all([
        get(pathTo('analysis', 'ACME', { days: DAYS })),
        get(pathTo('history', 'ACME', { days: DAYS })),
      ]);
      const different = ['to', 'mean', 'volatility', 'high', 'low'].filter(
        (name) => analysis.body[name] === undefined || analysis.body[name] !== history.body[name],
      );
      return observed(
        history,
        status(analysis, 200) ?? status(history, 200) ?? (different.length > 0 ? `differ in ${different}` : undefined),
      );
    },
  },
  ...BAD_INPUT.map((path) => refused(path)),
  ...ROUTES_WITH_SYMBOL.map(({ path }) => refused(pathWith('..%2Fetc', path), 'encoded slashes')),
  {
    path: 'GET /nothing/here',
    proves: 'an unknown route is a 404 in JSON',
    run: async ({ get }) => {
      const answer = await get('/nothing/here');
      return observed(answer, status(answer, 404) ?? message(answer));
    },
  },
  {
    path: `GET ${QUOTE} unsigned`,
    proves: 'IAM authorisation: unsigned requests are refused',
    run: async ({ get }) => {
      const answer = await get(QUOTE, 'none');
      return observed(answer, status(answer, 403) ?? message(answer));
    },
  },
  {
    path: `GET ${QUOTE}, altered after signing`,
    proves: 'IAM authorisation: the signature is checked',
    needs: 'signatures',
    run: async ({ get }) => {
      const answer = await get(QUOTE, 'altered');
      return observed(answer, status(answer, 403));
    },
  },
  {
    path: `GET ${QUOTE} twice, 1.2 s between`,
    proves: 'stage cache: the second answer is the first one',
    needs: 'cache',
    appliesTo: ({ cache }) => cache,
    run: async ({ get }) => {
      // No earlier request had this symbol, so the first answer is not from the cache. A quote without `at` changes each
      // second, unless it comes from the cache.
      const symbol = `T${Date.now() % 100_000_000}`;
      const first = await get(pathTo('quote', symbol));
      await sleep(1_200);
      const second = await get(pathTo('quote', symbol));
      const cached = first.text === second.text;
      return observed(second, status(first, 200) ?? status(second, 200) ?? (cached ? undefined : 'a fresh answer'));
    },
  },
  {
    path: `GET ${pathTo('history', '{new}')}?days=0 twice, then days=${DAYS}`,
    proves: 'stage cache: an error never answers for another key',
    needs: 'cache',
    appliesTo: ({ cache }) => cache,
    run: async ({ get }) => {
      // AWS does not document whether the cache keeps errors. The container gives each request that it answers an id, so a
      // repeated id means that the answer came from the cache.
      const symbol = `E${Date.now() % 100_000_000}`;
      const refusedPath = pathTo('history', symbol, { days: 0 });
      const errors = [await get(refusedPath), await get(refusedPath)];
      const good = await get(pathTo('history', symbol, { days: DAYS }));
      const [first, second] = errors.map(({ headers }) => headers.get('x-request-id'));
      const refused = errors
        .map((error) => status(error, 400) ?? message(error))
        .find((problem) => problem !== undefined);
      const known = first !== null && second !== null;
      const caching = first === second ? 'error cached' : 'error not cached';
      return {
        status: known ? caching : 'no request id',
        milliseconds: good.milliseconds,
        problem:
          refused ??
          (known ? undefined : 'no header x-request-id, so the answers cannot be told apart') ??
          status(good, 200),
      };
    },
  },
  {
    path: 'apigateway get-stage',
    proves: 'stage cache: encrypted; only authorised callers can flush it',
    appliesTo: ({ cache }) => cache,
    run: async ({ controlPlane }) => {
      const cached = Object.entries(await controlPlane.cachedMethods());
      const open = cached.flatMap(([method, { encrypted, guarded }]) => (encrypted && guarded ? [] : [method]));
      const none = cached.length === 0 ? 'no method is cached, so the cache costs money for nothing' : undefined;
      return {
        status: `${cached.length} cached`,
        problem:
          none ?? (open.length > 0 ? `not encrypted, or open to a flush by anyone: ${open.join(', ')}` : undefined),
      };
    },
  },
  {
    path: 'lambda get-provisioned-concurrency-config',
    proves: 'alias live: environments are initialised ahead of requests',
    needs: 'provisioned concurrency',
    appliesTo: ({ provisionedConcurrency }) => provisionedConcurrency,
    run: async ({ controlPlane }) => {
      const state = await controlPlane.provisionedConcurrency();
      return {
        status: `${state?.status} ${state?.available}/${state?.requested}`,
        problem: state?.status === 'READY' ? undefined : (state?.reason ?? 'wait for READY and try again'),
      };
    },
  },
  {
    path: `GET ${QUOTE}, initialization-type`,
    proves: 'alias live: requests meet no cold start',
    needs: 'initialization type',
    appliesTo: ({ provisionedConcurrency }) => provisionedConcurrency,
    run: async ({ get }) => {
      const answer = await get(pathTo('quote', 'KUMI', { at: AT + 1 }));
      const type = answer.headers.get('initialization-type') ?? 'none';
      return {
        status: type === 'provisioned-concurrency' ? 'provisioned' : type,
        milliseconds: answer.milliseconds,
        problem: status(answer, 200) ?? (type === 'provisioned-concurrency' ? undefined : `it is ${type}`),
      };
    },
  },
  {
    path: 'lambda invoke, alias on-demand',
    proves: 'the same without provisioned concurrency, to compare',
    needs: 'initialization type',
    run: async ({ controlPlane }) => {
      const from = performance.now();
      const { status: answered, initializationType, text } = await controlPlane.invokeOnDemand();
      const milliseconds = performance.now() - from;
      const wrong = initializationType === 'on-demand' ? undefined : `initialization-type is ${initializationType}`;
      return { status: String(initializationType), milliseconds, problem: answered === 200 ? wrong : text };
    },
  },
  {
    path: `GET ${pathTo('quote', '{8 symbols}')} at once`,
    proves: 'all concurrent requests are answered; ms of the slowest',
    run: async ({ get }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => get(pathTo('quote', `KUMI${index}`))));
      const slowest = answers.reduce((slow, answer) => (answer.milliseconds > slow.milliseconds ? answer : slow));
      const other = answers.find((answer) => answer.status !== 200);
      return observed(slowest, other && status(other, 200));
    },
  },
  {
    path: 'elbv2 describe-target-health',
    proves: 'the load balancer finds the container healthy',
    needs: 'target health',
    run: async ({ controlPlane }) => {
      const groups = await controlPlane.targetStates();
      const healthy = groups.flat().filter((state) => state === 'healthy').length;
      // With both kinds of capacity, each target group gets a share of the requests.
      const without = groups.find((states) => !states.includes('healthy'));
      return {
        status: `${healthy}/${groups.flat().length} healthy`,
        problem: without && `no healthy target: ${without.join(', ') || 'there is none'}`,
      };
    },
  },
  {
    path: 'autoscaling describe-auto-scaling-groups',
    proves: 'ECS on EC2: instances have started for the tasks',
    needs: 'instances',
    appliesTo: ({ instances }) => instances,
    run: async ({ controlPlane }) => {
      const instances = await controlPlane.instancesInService();
      return {
        status: `${instances} in service`,
        problem: instances > 0 ? undefined : 'no instance, so tasks cannot run; managed scaling takes minutes',
      };
    },
  },
  overHttpApi(`GET ${QUOTE}`, 'HTTP API -> alias live: the same quote as over REST', async (http, { get }) => {
    const [overRest, overHttp] = [await get(PAST_QUOTE), await http(PAST_QUOTE)];
    return observed(
      overHttp,
      status(overRest, 200) ??
        status(overHttp, 200) ??
        (overHttp.headers.has('initialization-type') ? undefined : 'no header initialization-type') ??
        (overHttp.text === overRest.text ? undefined : `REST answers ${overRest.text}, HTTP ${overHttp.text}`),
    );
  }),
  overHttpApi(`GET ${ANALYSIS}`, 'HTTP API -> function -> load balancer -> container', (http, { environmentId }) =>
    analysisByFunction(http, environmentId),
  ),
  overHttpApi(`GET ${HISTORY}`, 'HTTP API -> own VPC link -> load balancer -> container', (http) =>
    closesFromContainer(http, HISTORY),
  ),
  overHttpApi(
    `GET ${BAD_INPUT.length} bad inputs`,
    'the same 400 with the same reason as over REST',
    async (http, { get }) => {
      let slowest: Answer | undefined;
      const problems: string[] = [];
      for (const path of BAD_INPUT) {
        const [overRest, overHttp] = [await get(path), await http(path)];
        const reason = status(overHttp, 400) ?? message(overHttp);
        const differs = overHttp.body.message === overRest.body.message ? undefined : `REST says ${overRest.text}`;
        if (reason ?? differs) problems.push(`${path}: ${reason ?? differs}`);
        if (slowest === undefined || overHttp.milliseconds > slowest.milliseconds) slowest = overHttp;
      }
      return {
        status: `${BAD_INPUT.length - problems.length}/${BAD_INPUT.length}`,
        milliseconds: slowest?.milliseconds,
        problem: problems.length > 0 ? problems.join('; ') : undefined,
      };
    },
  ),
  overHttpApi('GET /nothing/here', 'an unknown route is a 404 in JSON', async (http) => {
    const answer = await http('/nothing/here');
    return observed(answer, status(answer, 404) ?? message(answer));
  }),
  overHttpApi(`GET ${QUOTE} unsigned`, 'IAM authorisation: unsigned requests are refused', async (http) => {
    const answer = await http(QUOTE, 'none');
    return observed(answer, status(answer, 403) ?? message(answer));
  }),
  ...sessionExperiments,
  ...clusterExperiments,
  {
    path: `GET ${HISTORY_OF_PODS}`,
    proves: 'REST API -> VPC link -> load balancer -> node -> pod',
    needs: 'Kubernetes API',
    appliesTo: ({ cluster }) => cluster !== undefined,
    run: ({ get }) => closesFromContainer(get, HISTORY_OF_PODS),
  },
  {
    ...overHttpApi(`GET ${HISTORY_OF_PODS}`, 'HTTP API -> VPC link -> load balancer -> node -> pod', (http) =>
      closesFromContainer(http, HISTORY_OF_PODS),
    ),
    needs: 'Kubernetes API',
    appliesTo: ({ cluster, getOverHttpApi }) => cluster !== undefined && getOverHttpApi !== undefined,
  },
];

/**
 * Runs the experiments one after the other, so that none disturbs the times of another. An experiment that throws has
 * failed, and so has one that leaves an unhandled rejection behind. The other experiments run in any case.
 */
export async function runExperiments(deployment: Deployment, onStart?: (path: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const unhandled: unknown[] = [];
  const collect = (reason: unknown) => unhandled.push(reason);
  // Without a listener, Node.js would end the process.
  process.on('unhandledRejection', collect);
  try {
    for (const { path, proves, needs, appliesTo, run } of experiments) {
      if (appliesTo && !appliesTo(deployment)) continue;
      onStart?.(path);
      const record = needs && deployment.notModelled[needs];
      const { status, milliseconds, problem } = await observe(run, deployment, unhandled);
      const observed = { name: path, proves, result: String(status), milliseconds };
      if (record !== undefined) {
        rows.push({ ...observed, verdict: 'not modelled by this endpoint', detail: record });
      } else {
        rows.push({ ...observed, verdict: problem === undefined ? 'pass' : 'FAIL', detail: problem });
      }
    }
  } finally {
    process.off('unhandledRejection', collect);
  }
  return rows;
}

async function observe(run: Experiment['run'], deployment: Deployment, unhandled: unknown[]): Promise<Observation> {
  const failed = (error: unknown): Observation => ({ status: 'error', problem: reasonOf(error) });
  const observation = await Promise.resolve(deployment).then(run).catch(failed);
  // Node.js reports an unhandled rejection after all pending microtasks.
  await new Promise(setImmediate);
  const [rejection] = unhandled.splice(0);
  if (rejection === undefined || observation.problem !== undefined) return observation;
  return { ...observation, problem: reasonOf(rejection) };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function overHttpApi(
  path: string,
  proves: string,
  run: (http: Get, deployment: Deployment) => Promise<Observation>,
): Experiment {
  return {
    path: `HTTP API: ${path}`,
    proves,
    appliesTo: ({ getOverHttpApi }) => getOverHttpApi !== undefined,
    run: (deployment) => {
      if (deployment.getOverHttpApi === undefined) throw new Error('the environment has no HTTP API');
      return run(deployment.getOverHttpApi, deployment);
    },
  };
}

/** Asks the function for an analysis, which the container service calculates. */
async function analysisByFunction(get: Get, environmentId: string): Promise<Observation> {
  const answer = await get(ANALYSIS);
  const fields = ['price', 'mean', 'volatility', 'high', 'low'].filter((name) => !isPositive(answer.body[name]));
  return observed(
    answer,
    status(answer, 200) ?? servedBy(answer, environmentId) ?? (fields.length > 0 ? `no ${fields}` : undefined),
  );
}

/** Asks a container of the service for the closes of `path`, without a function in between. */
async function closesFromContainer(get: Get, path: string): Promise<Observation> {
  const answer = await get(path);
  const closes = Array.isArray(answer.body.closes) ? answer.body.closes.length : 0;
  return observed(
    answer,
    status(answer, 200) ??
      (answer.headers.has('initialization-type') ? 'a function answered' : undefined) ??
      (closes === DAYS ? undefined : `${closes} closes instead of ${DAYS}`),
  );
}

function refused(path: string, needs?: Capability): Experiment {
  return {
    path: `GET ${path}`,
    needs,
    proves: 'bad input is a 400 with its reason',
    run: async ({ get }) => {
      const answer = await get(path);
      return observed(answer, status(answer, 400) ?? message(answer));
    },
  };
}

function observed(answer: Answer, problem: string | undefined): Observation {
  return { status: answer.status, milliseconds: answer.milliseconds, problem };
}

function status(answer: Answer, expected: number): string | undefined {
  return answer.status === expected
    ? undefined
    : `status ${answer.status} instead of ${expected}: ${answer.text.slice(0, 200)}`;
}

function message(answer: Answer): string | undefined {
  return typeof answer.body.message === 'string' ? undefined : `no message in JSON: ${answer.text.slice(0, 200)}`;
}

function servedBy(answer: Answer, environmentId: string): string | undefined {
  const by = answer.headers.get('x-served-by');
  return by === environmentId ? undefined : `x-served-by is ${by ?? 'missing'} instead of ${environmentId}`;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
