import { setTimeout as sleep } from 'node:timers/promises';
import { KUBERNETES_PREFIX, pathTo, pathWith, Route, routes } from '../../domain/routes';
import { Failure, joined, type Text, textOf, type Words } from '../../ops/kit/language';
import { Capability } from './capabilities';
import { clusterExperiments } from './cluster-experiments';
import { Deployment } from './deployment';
import { Experiment, Observation } from './experiment';
import { messages, statements } from './messages';
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
    proves: statements.restToFunction,
    run: async ({ get, environmentId }) => {
      const answer = await get(QUOTE);
      const { symbol, price, at } = answer.body;
      return observed(
        answer,
        status(answer, 200) ??
          servedBy(answer, environmentId) ??
          (answer.headers.has('initialization-type') ? undefined : messages.notFromFunction) ??
          (symbol === 'KUMI' && isPositive(price) && isPositive(at)
            ? undefined
            : messages.notQuote({ text: answer.text })),
      );
    },
  },
  {
    path: messages.twice({ request: `GET ${PAST_QUOTE}` }),
    proves: statements.samePrice,
    run: async ({ get }) => {
      const first = await get(PAST_QUOTE);
      const second = await get(PAST_QUOTE);
      const same = first.body.price === second.body.price && isPositive(first.body.price);
      return observed(second, status(first, 200) ?? status(second, 200) ?? (same ? undefined : messages.twoPrices));
    },
  },
  {
    path: `GET ${ANALYSIS}`,
    proves: statements.restFunctionContainer,
    run: ({ get, environmentId }) => analysisByFunction(get, environmentId),
  },
  {
    path: `GET ${HISTORY}`,
    proves: statements.restLinkContainer,
    run: ({ get }) => closesFromContainer(get, HISTORY),
  },
  {
    path: `GET ${HISTORY}, x-served-by`,
    proves: statements.ownContainer,
    needs: 'proxied headers',
    run: async ({ get, environmentId }) => {
      const answer = await get(HISTORY);
      return observed(answer, status(answer, 200) ?? servedBy(answer, environmentId));
    },
  },
  {
    path: messages.bothWays({ days: DAYS }),
    proves: statements.sameNumbers,
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
        status(analysis, 200) ??
          status(history, 200) ??
          (different.length > 0 ? messages.differ({ fields: joined(different) }) : undefined),
      );
    },
  },
  ...BAD_INPUT.map((path) => refused(path)),
  ...ROUTES_WITH_SYMBOL.map(({ path }) => refused(pathWith('..%2Fetc', path), 'encoded slashes')),
  {
    path: 'GET /nothing/here',
    proves: statements.unknownRoute,
    run: async ({ get }) => {
      const answer = await get('/nothing/here');
      return observed(answer, status(answer, 404) ?? message(answer));
    },
  },
  {
    path: messages.withoutSignature({ request: `GET ${QUOTE}` }),
    proves: statements.unsigned,
    run: async ({ get }) => {
      const answer = await get(QUOTE, 'none');
      return observed(answer, status(answer, 403) ?? message(answer));
    },
  },
  {
    path: messages.altered({ request: `GET ${QUOTE}` }),
    proves: statements.signatureChecked,
    needs: 'signatures',
    run: async ({ get }) => {
      const answer = await get(QUOTE, 'altered');
      return observed(answer, status(answer, 403));
    },
  },
  {
    path: messages.twiceWithPause({ request: `GET ${QUOTE}` }),
    proves: statements.cacheAnswers,
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
      return observed(second, status(first, 200) ?? status(second, 200) ?? (cached ? undefined : messages.freshAnswer));
    },
  },
  {
    path: messages.twiceThen({ request: requestFor('history', messages.newSymbol), days: DAYS }),
    proves: statements.cacheKeys,
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
      const caching = first === second ? messages.errorCached : messages.errorNotCached;
      return {
        status: known ? caching : messages.noRequestId,
        milliseconds: good.milliseconds,
        problem: refused ?? (known ? undefined : messages.cannotTell) ?? status(good, 200),
      };
    },
  },
  {
    path: 'apigateway get-stage',
    proves: statements.cacheGuarded,
    appliesTo: ({ cache }) => cache,
    run: async ({ controlPlane }) => {
      const cached = Object.entries(await controlPlane.cachedMethods());
      const open = cached.flatMap(([method, { encrypted, guarded }]) => (encrypted && guarded ? [] : [method]));
      const none = cached.length === 0 ? messages.nothingCached : undefined;
      return {
        status: messages.cachedMethods({ number: cached.length }),
        problem: none ?? (open.length > 0 ? messages.openCache({ methods: joined(open) }) : undefined),
      };
    },
  },
  {
    path: 'lambda get-provisioned-concurrency-config',
    proves: statements.provisioned,
    needs: 'provisioned concurrency',
    appliesTo: ({ provisionedConcurrency }) => provisionedConcurrency,
    run: async ({ controlPlane }) => {
      const state = await controlPlane.provisionedConcurrency();
      return {
        status: `${state?.status} ${state?.available}/${state?.requested}`,
        problem: state?.status === 'READY' ? undefined : (state?.reason ?? messages.waitForReady),
      };
    },
  },
  {
    path: `GET ${QUOTE}, initialization-type`,
    proves: statements.noColdStart,
    needs: 'initialization type',
    appliesTo: ({ provisionedConcurrency }) => provisionedConcurrency,
    run: async ({ get }) => {
      const answer = await get(pathTo('quote', 'KUMI', { at: AT + 1 }));
      const type = answer.headers.get('initialization-type') ?? 'none';
      return {
        status: type === 'provisioned-concurrency' ? 'provisioned' : type,
        milliseconds: answer.milliseconds,
        problem: status(answer, 200) ?? (type === 'provisioned-concurrency' ? undefined : messages.typeIs({ type })),
      };
    },
  },
  {
    path: messages.invokeOnDemand,
    proves: statements.onDemand,
    needs: 'initialization type',
    run: async ({ controlPlane }) => {
      const from = performance.now();
      const { status: answered, initializationType, text } = await controlPlane.invokeOnDemand();
      const milliseconds = performance.now() - from;
      const wrong =
        initializationType === 'on-demand'
          ? undefined
          : messages.initializationTypeIs({ type: String(initializationType) });
      return { status: String(initializationType), milliseconds, problem: answered === 200 ? wrong : text };
    },
  },
  {
    path: messages.atOnce({ request: requestFor('quote', messages.symbols) }),
    proves: statements.concurrent,
    run: async ({ get }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => get(pathTo('quote', `KUMI${index}`))));
      const slowest = answers.reduce((slow, answer) => (answer.milliseconds > slow.milliseconds ? answer : slow));
      const other = answers.find((answer) => answer.status !== 200);
      return observed(slowest, other && status(other, 200));
    },
  },
  {
    path: 'elbv2 describe-target-health',
    proves: statements.containerHealthy,
    needs: 'target health',
    run: async ({ controlPlane }) => {
      const groups = await controlPlane.targetStates();
      const healthy = groups.flat().filter((state) => state === 'healthy').length;
      // With both kinds of capacity, each target group gets a share of the requests.
      const without = groups.find((states) => !states.includes('healthy'));
      return {
        status: messages.healthy({ healthy, all: groups.flat().length }),
        problem: without && messages.noHealthyTarget({ states: without.length > 0 ? joined(without) : messages.none }),
      };
    },
  },
  {
    path: 'autoscaling describe-auto-scaling-groups',
    proves: statements.instancesStarted,
    needs: 'instances',
    appliesTo: ({ instances }) => instances,
    run: async ({ controlPlane }) => {
      const instances = await controlPlane.instancesInService();
      return {
        status: messages.inService({ number: instances }),
        problem: instances > 0 ? undefined : messages.noInstance,
      };
    },
  },
  overHttpApi(`GET ${QUOTE}`, statements.httpToFunction, async (http, { get }) => {
    const [overRest, overHttp] = [await get(PAST_QUOTE), await http(PAST_QUOTE)];
    return observed(
      overHttp,
      status(overRest, 200) ??
        status(overHttp, 200) ??
        (overHttp.headers.has('initialization-type') ? undefined : messages.noInitializationType) ??
        (overHttp.text === overRest.text
          ? undefined
          : messages.otherQuote({ rest: overRest.text, http: overHttp.text })),
    );
  }),
  overHttpApi(`GET ${ANALYSIS}`, statements.httpFunctionContainer, (http, { environmentId }) =>
    analysisByFunction(http, environmentId),
  ),
  overHttpApi(`GET ${HISTORY}`, statements.httpLinkContainer, (http) => closesFromContainer(http, HISTORY)),
  overHttpApi(messages.badInputs({ number: BAD_INPUT.length }), statements.sameRefusals, async (http, { get }) => {
    let slowest: Answer | undefined;
    const problems: Text[] = [];
    for (const path of BAD_INPUT) {
      const [overRest, overHttp] = [await get(path), await http(path)];
      const reason = status(overHttp, 400) ?? message(overHttp);
      const differs =
        overHttp.body.message === overRest.body.message ? undefined : messages.otherReason({ text: overRest.text });
      const problem = reason ?? differs;
      if (problem) problems.push(messages.pathProblem({ path, problem }));
      if (slowest === undefined || overHttp.milliseconds > slowest.milliseconds) slowest = overHttp;
    }
    return {
      status: `${BAD_INPUT.length - problems.length}/${BAD_INPUT.length}`,
      milliseconds: slowest?.milliseconds,
      problem: problems.length > 0 ? joined(problems, messages.problems) : undefined,
    };
  }),
  overHttpApi('GET /nothing/here', statements.unknownRoute, async (http) => {
    const answer = await http('/nothing/here');
    return observed(answer, status(answer, 404) ?? message(answer));
  }),
  overHttpApi(messages.withoutSignature({ request: `GET ${QUOTE}` }), statements.unsigned, async (http) => {
    const answer = await http(QUOTE, 'none');
    return observed(answer, status(answer, 403) ?? message(answer));
  }),
  ...sessionExperiments,
  ...clusterExperiments,
  {
    path: `GET ${HISTORY_OF_PODS}`,
    proves: statements.restToPod,
    needs: 'Kubernetes API',
    appliesTo: ({ cluster }) => cluster !== undefined,
    run: ({ get }) => closesFromContainer(get, HISTORY_OF_PODS),
  },
  {
    ...overHttpApi(`GET ${HISTORY_OF_PODS}`, statements.httpToPod, (http) =>
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
export async function runExperiments(deployment: Deployment, onStart?: (path: Words) => void): Promise<Row[]> {
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
      const observed = {
        name: path,
        proves,
        result: typeof status === 'number' ? String(status) : status,
        milliseconds,
      };
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
  const failed = (error: unknown): Observation => ({ status: messages.error, problem: textOf(error) });
  const observation = await Promise.resolve(deployment).then(run).catch(failed);
  // Node.js reports an unhandled rejection after all pending microtasks.
  await new Promise(setImmediate);
  const [rejection] = unhandled.splice(0);
  if (rejection === undefined || observation.problem !== undefined) return observation;
  return { ...observation, problem: textOf(rejection) };
}

function overHttpApi(
  path: Words,
  proves: Text,
  run: (http: Get, deployment: Deployment) => Promise<Observation>,
): Experiment {
  return {
    path: messages.overHttpApi({ request: path }),
    proves,
    appliesTo: ({ getOverHttpApi }) => getOverHttpApi !== undefined,
    run: (deployment) => {
      if (deployment.getOverHttpApi === undefined) throw new Failure(messages.noHttpApi);
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
    status(answer, 200) ??
      servedBy(answer, environmentId) ??
      (fields.length > 0 ? messages.noFields({ fields: joined(fields) }) : undefined),
  );
}

/** Asks a container of the service for the closes of `path`, without a function in between. */
async function closesFromContainer(get: Get, path: string): Promise<Observation> {
  const answer = await get(path);
  const closes = Array.isArray(answer.body.closes) ? answer.body.closes.length : 0;
  return observed(
    answer,
    status(answer, 200) ??
      (answer.headers.has('initialization-type') ? messages.functionAnswered : undefined) ??
      (closes === DAYS ? undefined : messages.wrongCloses({ number: closes, expected: DAYS })),
  );
}

/** A request for a symbol that is a placeholder in the table. */
function requestFor(route: keyof typeof routes, symbol: Text): Text {
  const request = (name: string) => `GET ${pathTo(route, `{${name}}`)}`;
  return { en: request(symbol.en), ja: request(symbol.ja) };
}

function refused(path: string, needs?: Capability): Experiment {
  return {
    path: `GET ${path}`,
    needs,
    proves: statements.badInput,
    run: async ({ get }) => {
      const answer = await get(path);
      return observed(answer, status(answer, 400) ?? message(answer));
    },
  };
}

function observed(answer: Answer, problem: Words | undefined): Observation {
  return { status: answer.status, milliseconds: answer.milliseconds, problem };
}

function status(answer: Answer, expected: number): Text | undefined {
  return answer.status === expected
    ? undefined
    : messages.wrongStatus({ status: answer.status, expected, text: answer.text.slice(0, 200) });
}

function message(answer: Answer): Text | undefined {
  return typeof answer.body.message === 'string' ? undefined : messages.noMessage({ text: answer.text.slice(0, 200) });
}

function servedBy(answer: Answer, environmentId: string): Text | undefined {
  const by = answer.headers.get('x-served-by');
  return by === environmentId
    ? undefined
    : messages.wrongOrigin({ by: by ?? messages.noHeader, expected: environmentId });
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** What the experiments ask and prove, with what an endpoint has to provide for them. */
export const claims = experiments.map(({ path, proves, needs }) => ({ path, proves, needs }));
