import {
  HISTORY_SERVICE,
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

test('a query or path parameter that the table does not have is an error of the compiler', () => {
  const query: Query<'quote'> = {};
  const parameters: PathParameters<'quote'> = {};
  expect([query.at, parameters.symbol]).toEqual([undefined, undefined]);
  // @ts-expect-error The route of the quotes has no parameter `days`.
  expect(query.days).toBeUndefined();
  // @ts-expect-error The path of the quotes has no parameter `ticker`.
  expect(parameters.ticker).toBeUndefined();
});

test('a route is answered by the function or by a service, and is in a cache and throttle class that exists', () => {
  const route = { path: '/x', query: [], by: 'service' } as const satisfies Route;
  // @ts-expect-error Nobody else answers routes.
  const elsewhere: Route = { ...route, by: 'lambda' };
  // @ts-expect-error The environment has no time to live of this name.
  const cached: Route = { ...route, cache: 'day' };
  // @ts-expect-error The environment has no limit of this name.
  const throttled: Route = { ...route, throttle: 'quote' };
  // @ts-expect-error The function has no service.
  const both: Route = { ...route, by: 'function', service: 'reports' };
  expect([elsewhere, cached, throttled, both]).toHaveLength(4);
});

test('no two routes have the same path, whatever the names of their parameters', () => {
  const paths = Object.values(routes).map(({ path }) => path.replace(/\{\w+\}/g, '*'));
  expect(new Set(paths).size).toBe(paths.length);
});

test('every route that has a history computed has the limit of those, through the function, too', () => {
  expect([routes.history.throttle, routes.analysis.throttle]).toEqual(['history', 'history']);
});

test('an environment has the shipped routes, with a cluster those of the history service below /k8s, and its own', () => {
  const shipped = Object.values(routes);
  expect(routesOf({ kubernetes: false })).toEqual(shipped);
  const ofPods = { ...routes.history, path: '/k8s/history/{symbol}' };
  expect(routesOf({ kubernetes: true, further: [QUARTERS] })).toEqual([...shipped, ofPods, QUARTERS]);
});

test('a service answers the routes that name it, the history service those that name none', () => {
  const all = routesOf({ kubernetes: false, further: [QUARTERS] });
  expect(routesOfService('reports', all)).toEqual([QUARTERS]);
  expect(routesOfService(HISTORY_SERVICE, all)).toEqual([routes.history]);
  expect(routesOfService(HISTORY_SERVICE)).toEqual([routes.history]);
});

test('a listener rule has each path below each prefix, with an asterisk for each parameter', () => {
  const proxy: ServiceRoute = { path: '/files/{proxy+}', query: [], by: 'service' };
  expect(pathPatterns([QUARTERS, proxy], ['', '/v1'])).toEqual([
    '/reports/*/*',
    '/files/*',
    '/v1/reports/*/*',
    '/v1/files/*',
  ]);
});

test('matches the paths of a route and gives their parameters', () => {
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
