import { setTimeout as sleep } from 'node:timers/promises';
import { Row } from '../kit/table';
import { Capability } from './capabilities';
import { clusterExperiments } from './cluster';
import { Deployment } from './deployment';
import { Answer, Get } from './request';
import { sessionExperiments } from './sessions';

/** What an experiment saw. */
export interface Observation {
  readonly status: string | number;
  readonly milliseconds?: number;
  /** What is not as it should be; undefined if nothing. */
  readonly problem?: string;
}

export interface Experiment {
  readonly path: string;
  readonly proves: string;
  /** What the endpoint has to do, not only record, for the outcome to mean something. */
  readonly needs?: Capability;
  /** Leaves the experiment out where the environment has not got what it is about. */
  readonly appliesTo?: (deployment: Deployment) => boolean;
  run(deployment: Deployment): Promise<Observation>;
}

/** A time long past: a price that no clock changes. */
const AT = 1_700_000_000;
const DAYS = 30;

/** What a caller has to change: status 400 with the reason, over any API. */
const BAD_INPUT = [
  '/quotes/kumi',
  '/quotes/KUMI?at=soon',
  '/analysis/kumi',
  '/analysis/KUMI?days=0',
  '/analysis/KUMI?days=abc',
  '/history/kumi',
  '/history/KUMI?days=0',
  '/history/KUMI?days=abc',
];

const experiments: readonly Experiment[] = [
  {
    path: 'GET /quotes/KUMI',
    proves: 'REST API -> alias live -> function in private subnets',
    run: async ({ get, environmentId }) => {
      const answer = await get('/quotes/KUMI');
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
    path: `GET /quotes/KUMI?at=${AT} twice`,
    proves: 'same symbol, same time, same price',
    run: async ({ get }) => {
      const first = await get(`/quotes/KUMI?at=${AT}`);
      const second = await get(`/quotes/KUMI?at=${AT}`);
      const same = first.body.price === second.body.price && isPositive(first.body.price);
      return observed(second, status(first, 200) ?? status(second, 200) ?? (same ? undefined : 'two prices'));
    },
  },
  {
    path: `GET /analysis/KUMI?days=${DAYS}`,
    proves: 'REST API -> function -> load balancer -> container',
    run: ({ get, environmentId }) => analysisByFunction(get, environmentId),
  },
  {
    path: `GET /history/KUMI?days=${DAYS}`,
    proves: 'REST API -> VPC link -> load balancer -> container',
    run: ({ get }) => closesFromContainer(get, '/history/KUMI'),
  },
  {
    path: `GET /history/KUMI?days=${DAYS}, x-served-by`,
    proves: 'the container of this environment answered',
    needs: 'proxied headers',
    run: async ({ get, environmentId }) => {
      const answer = await get(`/history/KUMI?days=${DAYS}`);
      return observed(answer, status(answer, 200) ?? servedBy(answer, environmentId));
    },
  },
  {
    path: `GET /analysis and /history, days=${DAYS}`,
    proves: 'both ways lead to the same numbers',
    run: async ({ get }) => {
      const [analysis, history] = await Promise.all([
        get(`/analysis/ACME?days=${DAYS}`),
        get(`/history/ACME?days=${DAYS}`),
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
  ...['quotes', 'analysis', 'history'].map((part) => refused(`/${part}/..%2Fetc`, 'encoded slashes')),
  {
    path: 'GET /nothing/here',
    proves: 'an unknown route is a 404 in JSON',
    run: async ({ get }) => {
      const answer = await get('/nothing/here');
      return observed(answer, status(answer, 404) ?? message(answer));
    },
  },
  {
    path: 'GET /quotes/KUMI unsigned',
    proves: 'IAM authorisation: who does not sign is refused',
    run: async ({ get }) => {
      const answer = await get('/quotes/KUMI', 'none');
      return observed(answer, status(answer, 403) ?? message(answer));
    },
  },
  {
    path: 'GET /quotes/KUMI, altered after signing',
    proves: 'IAM authorisation: a signature is checked',
    needs: 'signatures',
    run: async ({ get }) => {
      const answer = await get('/quotes/KUMI', 'altered');
      return observed(answer, status(answer, 403));
    },
  },
  {
    path: 'GET /quotes/KUMI twice, 1.2 s between',
    proves: 'stage cache: the second answer is the first one',
    needs: 'cache',
    appliesTo: ({ cache }) => cache,
    run: async ({ get }) => {
      // A symbol that nobody has asked for, so that the first answer is a fresh one. A quote without `at` changes by
      // the second, unless it comes from the cache.
      const symbol = `T${Date.now() % 100_000_000}`;
      const first = await get(`/quotes/${symbol}`);
      await sleep(1_200);
      const second = await get(`/quotes/${symbol}`);
      const cached = first.text === second.text;
      return observed(second, status(first, 200) ?? status(second, 200) ?? (cached ? undefined : 'a fresh answer'));
    },
  },
  {
    path: `GET /history/{new}?days=0 twice, then days=${DAYS}`,
    proves: 'stage cache: an error, kept or not, answers for its own key alone',
    needs: 'cache',
    appliesTo: ({ cache }) => cache,
    run: async ({ get }) => {
      // Nobody documents whether the cache keeps errors. The container gives each request that it answers an id.
      const symbol = `E${Date.now() % 100_000_000}`;
      const errors = [await get(`/history/${symbol}?days=0`), await get(`/history/${symbol}?days=0`)];
      const good = await get(`/history/${symbol}?days=${DAYS}`);
      const [first, second] = errors.map(({ headers }) => headers.get('x-request-id'));
      const refused = errors
        .map((error) => status(error, 400) ?? message(error))
        .find((problem) => problem !== undefined);
      const told = first !== null && second !== null;
      const seen = first === second ? 'error kept' : 'error not kept';
      return {
        status: told ? seen : 'no request id',
        milliseconds: good.milliseconds,
        problem:
          refused ??
          (told ? undefined : 'no header x-request-id, so nobody can tell which answer is which') ??
          status(good, 200),
      };
    },
  },
  {
    path: 'apigateway get-stage',
    proves: 'stage cache: encrypted, and emptied only by who may',
    appliesTo: ({ cache }) => cache,
    run: async ({ controlPlane }) => {
      const cached = Object.entries(await controlPlane.cachedMethods());
      const open = cached.flatMap(([method, { encrypted, guarded }]) => (encrypted && guarded ? [] : [method]));
      const none = cached.length === 0 ? 'no method is cached, so the cache is paid for nothing' : undefined;
      return {
        status: `${cached.length} cached`,
        problem: none ?? (open.length > 0 ? `not encrypted, or emptied by anyone: ${open.join(', ')}` : undefined),
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
    path: 'GET /quotes/KUMI, initialization-type',
    proves: 'alias live: requests meet no cold start',
    needs: 'initialization type',
    appliesTo: ({ provisionedConcurrency }) => provisionedConcurrency,
    run: async ({ get }) => {
      const answer = await get(`/quotes/KUMI?at=${AT + 1}`);
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
    path: 'GET /quotes/{8 symbols} at once',
    proves: 'concurrent requests are all answered; ms of the slowest',
    run: async ({ get }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => get(`/quotes/KUMI${index}`)));
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
      // With both kinds of capacity, each has its share of the requests.
      const without = groups.find((states) => !states.includes('healthy'));
      return {
        status: `${healthy}/${groups.flat().length} healthy`,
        problem: without && `no healthy target: ${without.join(', ') || 'none at all'}`,
      };
    },
  },
  {
    path: 'autoscaling describe-auto-scaling-groups',
    proves: 'ECS on EC2: instances have come for the tasks',
    needs: 'instances',
    appliesTo: ({ instances }) => instances,
    run: async ({ controlPlane }) => {
      const instances = await controlPlane.instancesInService();
      return {
        status: `${instances} in service`,
        problem: instances > 0 ? undefined : 'none, so tasks have nowhere to run; managed scaling takes minutes',
      };
    },
  },
  overHttpApi('GET /quotes/KUMI', 'HTTP API -> alias live: the same quote as over REST', async (http, { get }) => {
    const path = `/quotes/KUMI?at=${AT}`;
    const [overRest, overHttp] = [await get(path), await http(path)];
    return observed(
      overHttp,
      status(overRest, 200) ??
        status(overHttp, 200) ??
        (overHttp.headers.has('initialization-type') ? undefined : 'no header initialization-type') ??
        (overHttp.text === overRest.text ? undefined : `REST answers ${overRest.text}, HTTP ${overHttp.text}`),
    );
  }),
  overHttpApi(
    `GET /analysis/KUMI?days=${DAYS}`,
    'HTTP API -> function -> load balancer -> container',
    (http, { environmentId }) => analysisByFunction(http, environmentId),
  ),
  overHttpApi(`GET /history/KUMI?days=${DAYS}`, 'HTTP API -> own VPC link -> load balancer -> container', (http) =>
    closesFromContainer(http, '/history/KUMI'),
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
  overHttpApi('GET /quotes/KUMI unsigned', 'IAM authorisation: who does not sign is refused', async (http) => {
    const answer = await http('/quotes/KUMI', 'none');
    return observed(answer, status(answer, 403) ?? message(answer));
  }),
  ...sessionExperiments,
  ...clusterExperiments,
  {
    path: `GET /k8s/history/KUMI?days=${DAYS}`,
    proves: 'REST API -> VPC link -> load balancer -> node -> pod',
    needs: 'Kubernetes API',
    appliesTo: ({ cluster }) => cluster !== undefined,
    run: ({ get }) => closesFromContainer(get, '/k8s/history/KUMI'),
  },
  {
    ...overHttpApi(
      `GET /k8s/history/KUMI?days=${DAYS}`,
      'HTTP API -> VPC link -> load balancer -> node -> pod',
      (http) => closesFromContainer(http, '/k8s/history/KUMI'),
    ),
    needs: 'Kubernetes API',
    appliesTo: ({ cluster, getOverHttpApi }) => cluster !== undefined && getOverHttpApi !== undefined,
  },
];

/**
 * Runs them one after the other, so that none disturbs the times of another. One that throws has failed, and so has one
 * that leaves a rejection behind for which nobody waits; the others are run all the same.
 */
export async function runExperiments(deployment: Deployment, onStart?: (path: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const strays: unknown[] = [];
  const keep = (reason: unknown) => strays.push(reason);
  // Node would end the process.
  process.on('unhandledRejection', keep);
  try {
    for (const { path, proves, needs, appliesTo, run } of experiments) {
      if (appliesTo && !appliesTo(deployment)) continue;
      onStart?.(path);
      const record = needs && deployment.notModelled[needs];
      const { status, milliseconds, problem } = await observe(run, deployment, strays);
      const seen = { path, proves, status: String(status), milliseconds };
      if (record !== undefined) {
        rows.push({ ...seen, verdict: 'not modelled by this endpoint', detail: record });
      } else {
        rows.push({ ...seen, verdict: problem === undefined ? 'pass' : 'FAIL', detail: problem });
      }
    }
  } finally {
    process.off('unhandledRejection', keep);
  }
  return rows;
}

async function observe(run: Experiment['run'], deployment: Deployment, strays: unknown[]): Promise<Observation> {
  const failed = (error: unknown): Observation => ({ status: 'error', problem: reasonOf(error) });
  const observation = await Promise.resolve(deployment).then(run).catch(failed);
  // Node tells of a stray rejection when all that can go on has gone on.
  await new Promise(setImmediate);
  const [stray] = strays.splice(0);
  if (stray === undefined || observation.problem !== undefined) return observation;
  return { ...observation, problem: reasonOf(stray) };
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
      if (deployment.getOverHttpApi === undefined) throw new Error('no HTTP API');
      return run(deployment.getOverHttpApi, deployment);
    },
  };
}

/** Asks the function for an analysis, which it has the container service calculate. */
async function analysisByFunction(get: Get, environmentId: string): Promise<Observation> {
  const answer = await get(`/analysis/KUMI?days=${DAYS}`);
  const fields = ['price', 'mean', 'volatility', 'high', 'low'].filter((name) => !isPositive(answer.body[name]));
  return observed(
    answer,
    status(answer, 200) ?? servedBy(answer, environmentId) ?? (fields.length > 0 ? `no ${fields}` : undefined),
  );
}

/** Asks a container of the service, past any function, for the closes of `path`. */
async function closesFromContainer(get: Get, path: string): Promise<Observation> {
  const answer = await get(`${path}?days=${DAYS}`);
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
