import {
  HISTORY_SERVICE,
  isPath,
  matcherOf,
  PathParameters,
  pathPatterns,
  Query,
  Route,
  routes,
  routesOf,
  routesOfService,
  ServiceRoute,
} from '../../domain/routes';

const QUARTERS: ServiceRoute = { path: '/reports/{symbol}/{quarter}', query: [], by: 'service', service: 'reports' };

test('reading a query or path parameter that the table does not have is a type error', () => {
  const query: Query<'quote'> = {};
  const parameters: PathParameters<'quote'> = {};
  expect([query.at, parameters.symbol]).toEqual([undefined, undefined]);
  // @ts-expect-error The route `quote` has no query parameter `days`.
  expect(query.days).toBeUndefined();
  // @ts-expect-error The route `quote` has no path parameter `ticker`.
  expect(parameters.ticker).toBeUndefined();
});

test('a route with an unknown target, cache class or throttle class is a type error', () => {
  const route = { path: '/x', query: [], by: 'service' } as const satisfies Route;
  // @ts-expect-error Only the function and services answer routes.
  const elsewhere: Route = { ...route, by: 'lambda' };
  // @ts-expect-error The environment has no time to live of this name.
  const cached: Route = { ...route, cache: 'day' };
  // @ts-expect-error The environment has no limit of this name.
  const throttled: Route = { ...route, throttle: 'quote' };
  // @ts-expect-error A route of the function has no service.
  const both: Route = { ...route, by: 'function', service: 'reports' };
  expect([elsewhere, cached, throttled, both]).toHaveLength(4);
});

test('no two routes have the same path, even with different parameter names', () => {
  const paths = Object.values(routes).map(({ path }) => path.replace(/\{\w+\}/g, '*'));
  expect(new Set(paths).size).toBe(paths.length);
});

test('both routes that compute a history, by the service and by the function, have the limit for histories', () => {
  expect([routes.history.throttle, routes.analysis.throttle]).toEqual(['history', 'history']);
});

test('an environment has the routes of the table, its own routes, and with a cluster the history routes below /k8s', () => {
  const shipped = Object.values(routes);
  expect(routesOf({ kubernetes: false })).toEqual(shipped);
  const kubernetesRoute = { ...routes.history, path: '/k8s/history/{symbol}' };
  expect(routesOf({ kubernetes: true, further: [QUARTERS] })).toEqual([...shipped, kubernetesRoute, QUARTERS]);
});

test('a service answers the routes with its name, and the history service those without a name', () => {
  const all = routesOf({ kubernetes: false, further: [QUARTERS] });
  expect(routesOfService('reports', all)).toEqual([QUARTERS]);
  expect(routesOfService(HISTORY_SERVICE, all)).toEqual([routes.history]);
  expect(routesOfService(HISTORY_SERVICE)).toEqual([routes.history]);
});

test('a listener rule has each path after each prefix, with an asterisk for each parameter', () => {
  const proxy: ServiceRoute = { path: '/files/{proxy+}', query: [], by: 'service' };
  expect(pathPatterns([QUARTERS, proxy], ['', '/v1'])).toEqual([
    '/reports/*/*',
    '/files/*',
    '/v1/reports/*/*',
    '/v1/files/*',
  ]);
});

test('the matcher of a route matches its paths and returns their parameters', () => {
  const matcher = matcherOf(QUARTERS.path);
  expect(matcher.exec('/reports/BRK%2EB/3')?.groups).toEqual({ symbol: 'BRK%2EB', quarter: '3' });
  for (const other of [
    '/reports/KUMI',
    '/reports/KUMI/',
    '/reports/KUMI/3/x',
    '/v1/reports/KUMI/3',
    'reports/KUMI/3',
  ]) {
    expect(matcher.test(other)).toBe(false);
  }
});

test('a path has segments that are a parameter or text, and its last parameter may be greedy', () => {
  const paths = Object.values(routes).map(({ path }) => path);
  for (const path of [...paths, '/a', '/a.b/~c/{d_1}', '/files/{proxy+}', '/{proxy+}'])
    expect([path, isPath(path)]).toEqual([path, true]);
  for (const path of [
    '/files/{file-id}',
    '/files/{}',
    '/files/{id',
    '/files/id}',
    '/files/{id}.json',
    '/files/v{id}',
    '/files/{a}{b}',
    '/files/*',
    '/files/a*',
    '/files/?',
    '/files/{proxy+}/lines',
    '/files/{proxy*}',
    '/files/',
    '/',
    '//files',
    'files',
  ]) {
    expect([path, isPath(path)]).toEqual([path, false]);
  }
});
