/**
 * The routes of the REST API and of the HTTP API; every method is GET. The quotes function, the container service, the
 * stacks of both APIs, the listener rules and the tour read them here.
 */

interface AnyRoute {
  /** As in `/quotes/{symbol}`: a name in braces is a parameter and fills its segment. */
  readonly path: `/${string}`;
  /** Names of the query parameters that the code behind the route reads. All are cache keys: docs/decisions/0010. */
  readonly query: readonly string[];
  /** Which time to live of the environment answers have in the cache of the REST API. @default not cached */
  readonly cache?: 'quote' | 'history';
  /** `history`: the limit of the routes for which a history is computed. @default the limit of all other routes */
  readonly throttle?: 'history';
}

/** A route that the quotes function answers. */
export interface FunctionRoute extends AnyRoute {
  readonly by: 'function';
}

/** A route that containers answer, with no function between. */
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

/** Names of the routes that `By` answers. */
export type RouteNameBy<By extends Route['by']> = {
  [Name in RouteName]: (typeof routes)[Name]['by'] extends By ? Name : never;
}[RouteName];

/** Parameters in the path of a route, by name. */
export type PathParameters<Name extends RouteName> = Texts<NameInBraces<(typeof routes)[Name]['path']>>;

/** Query parameters of a route, by name. */
export type Query<Name extends RouteName> = Texts<(typeof routes)[Name]['query'][number]>;

type Texts<Name extends string> = { readonly [Each in Name]?: string };

type NameInBraces<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NameInBraces<Rest>
  : never;

/** Comes before the path of a route of the history service where pods of the Kubernetes cluster answer. */
export const KUBERNETES_PREFIX = '/k8s';

/** The service that answers a service's route unless the route names another one. */
export const HISTORY_SERVICE = 'history';

/** Which routes an environment has beyond those of every environment. */
export interface RoutesOfEnvironment {
  /** Whether a Kubernetes cluster answers the routes of the history service, too, each below `KUBERNETES_PREFIX`. */
  readonly kubernetes: boolean;
  /** Routes of the services that only this environment has. @default none */
  readonly further?: readonly ServiceRoute[];
}

/** The routes that both APIs of an environment have. */
export function routesOf({ kubernetes, further = [] }: RoutesOfEnvironment): readonly Route[] {
  const ofPods = routesOfService(HISTORY_SERVICE).map((route) => ({
    ...route,
    path: `${KUBERNETES_PREFIX}${route.path}` as const,
  }));
  return [...Object.values(routes), ...(kubernetes ? ofPods : []), ...further];
}

/** Name of the service that answers a route. */
export function serviceOf(route: ServiceRoute): string {
  return route.service ?? HISTORY_SERVICE;
}

/** The routes among `all` that the service of this name answers. */
export function routesOfService(service: string, all: readonly Route[] = Object.values(routes)): ServiceRoute[] {
  return all.filter((route) => route.by === 'service').filter((route) => serviceOf(route) === service);
}

/** The paths of routes as a listener rule has them (`/history/*`), each below every prefix. */
export function pathPatterns(ofRoutes: readonly Route[], prefixes: readonly string[]): string[] {
  const patterns = ofRoutes.map(({ path }) => path.replace(/\{\w+\+?\}/g, '*'));
  return prefixes.flatMap((prefix) => patterns.map((pattern) => `${prefix}${pattern}`));
}

/** Matches the paths of a route; its groups are the parameters, as they are in the path: percent-encoded or not. */
export function matcherOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}
