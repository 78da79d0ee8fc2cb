/**
 * The routes of the REST API and of the HTTP API. Every route has the method GET. The quotes function, the container
 * service, the stacks of both APIs, the listener rules and the tour read this table.
 */

interface AnyRoute {
  /**
   * Path such as `/quotes/{symbol}`. A name in braces is a parameter that fills its segment, as `isPath` checks.
   */
  readonly path: `/${string}`;
  /** Names of the query parameters that the code behind the route reads. All of them are cache keys: docs/decisions/0010. */
  readonly query: readonly string[];
  /** Selects the time to live (an option of the environment) in the cache of the REST API. @default not cached */
  readonly cache?: 'quote' | 'history';
  /** Throttling class. `history`: the limit for routes that compute a history. @default the limit of all other routes */
  readonly throttle?: 'history';
}

/** A route that the quotes function answers. */
export interface FunctionRoute extends AnyRoute {
  readonly by: 'function';
}

/** A route that containers answer, without a function in between. */
export interface ServiceRoute extends AnyRoute {
  readonly by: 'service';
  /** Name of the service. @default the history service */
  readonly service?: string;
}

export type Route = FunctionRoute | ServiceRoute;

export const routes = {
  quote: { path: '/quotes/{symbol}', query: ['at'], by: 'function', cache: 'quote' },
  analysis: { path: '/analysis/{symbol}', query: ['days'], by: 'function', cache: 'quote', throttle: 'history' },
  history: { path: '/history/{symbol}', query: ['days'], by: 'service', cache: 'history', throttle: 'history' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** Names of the routes that are answered by `By`. */
export type RouteNameBy<By extends Route['by']> = {
  [Name in RouteName]: (typeof routes)[Name]['by'] extends By ? Name : never;
}[RouteName];

/** Path parameters of a route by name. */
export type PathParameters<Name extends RouteName> = Texts<NameInBraces<(typeof routes)[Name]['path']>>;

/** Query parameters of a route by name. */
export type Query<Name extends RouteName> = Texts<(typeof routes)[Name]['query'][number]>;

type Texts<Name extends string> = { readonly [Each in Name]?: string };

type NameInBraces<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NameInBraces<Rest>
  : never;

/**
 * Prefix of the routes that pods of the Kubernetes cluster answer. Such a route exists for each route of the history
 * service.
 */
export const KUBERNETES_PREFIX = '/k8s';

/** Name of the service that answers a `ServiceRoute` without `service`. */
export const HISTORY_SERVICE = 'history';

/** Selects the routes that an environment has in addition to the table. */
export interface RoutesOfEnvironment {
  /**
   * True adds the routes of the history service once more, with `KUBERNETES_PREFIX` before each path, for the pods of a
   * Kubernetes cluster.
   */
  readonly kubernetes: boolean;
  /** Routes of services that only this environment has. @default none */
  readonly further?: readonly ServiceRoute[];
}

/** The routes that both APIs of an environment have. */
export function routesOf({ kubernetes, further = [] }: RoutesOfEnvironment): readonly Route[] {
  const kubernetesRoutes = routesOfService(HISTORY_SERVICE).map((route) => ({
    ...route,
    path: `${KUBERNETES_PREFIX}${route.path}` as const,
  }));
  return [...Object.values(routes), ...(kubernetes ? kubernetesRoutes : []), ...further];
}

/** Name of the service that answers a route. */
export function serviceOf(route: ServiceRoute): string {
  return route.service ?? HISTORY_SERVICE;
}

/** The routes among `all` that the service with this name answers. */
export function routesOfService(service: string, all: readonly Route[] = Object.values(routes)): ServiceRoute[] {
  return all.filter((route) => route.by === 'service').filter((route) => serviceOf(route) === service);
}

/**
 * Returns true if each segment of a path is a parameter, or text without braces and wildcards. The name of a parameter has
 * letters, digits and `_`. A `+` behind the name, only in the last segment, makes the parameter fill all segments that follow.
 */
export function isPath(path: string): boolean {
  return /^(\/(\{\w+\}|[^/{}*?]+))*\/(\{\w+\+?\}|[^/{}*?]+)$/.test(path);
}

/** Path patterns for a listener rule (`/history/*`): the path of each route after each prefix. */
export function pathPatterns(served: readonly Route[], prefixes: readonly string[]): string[] {
  const patterns = served.map(({ path }) => path.replace(/\{\w+\+?\}/g, '*'));
  return prefixes.flatMap((prefix) => patterns.map((pattern) => `${prefix}${pattern}`));
}

/** Matches the paths of a route. Its groups are the path parameters. They are not decoded. */
export function matcherOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

/** The path of a request to a route, such as `/quotes/KUMI?at=1`. The symbol and the values are not encoded. */
export function pathTo<Name extends RouteName>(
  name: Name,
  symbol: string,
  query?: { readonly [Each in keyof Query<Name>]: string | number },
): string;
export function pathTo(name: RouteName, symbol: string, query: Readonly<Record<string, string | number>> = {}): string {
  const path = pathWith(symbol, routes[name].path);
  const values = Object.entries(query).map(([parameter, value]) => `${parameter}=${value}`);
  return values.length === 0 ? path : `${path}?${values.join('&')}`;
}

/** The path of a route with the symbol filled in. */
export function pathWith(symbol: string, path: string): string {
  return path.replace('{symbol}', symbol);
}
