import { Route } from '../../domain/routes';
import { HttpApiConfig } from '../../lib/environment-config';
import { routesOfEnvironment } from '../../lib/services';
import { fixtureOf } from '../support/fixture';
import { resourcesOf, synthesized } from '../support/stage';

type Values = Readonly<Record<string, unknown>>;

type Limited = Pick<HttpApiConfig, 'throttle' | 'historyThrottle'>;

/** A route of the table with its resources in the templates of an environment. */
interface Deployed {
  readonly route: Route;
  readonly method: Values;
  readonly integration: Values;
  readonly methodSettings: Values;
  readonly routeSettings: Values;
}

const ENVIRONMENTS = (['trial', 'lasting'] as const).map((name) => {
  const config = fixtureOf(name);
  const table = routesOfEnvironment(config);
  return { name, config, table, ...deployedIn(synthesized(config)) };
});

function deployedIn(templates: ReturnType<typeof synthesized>) {
  const ofType = (type: string) =>
    resourcesOf(templates).flatMap(([stack, id, { Type, Properties = {} }]) =>
      Type === type ? [{ stack, id, properties: Object(Properties) }] : [],
    );
  const http = <T extends { stack: string }>(found: T[]) => found.filter(({ stack }) => stack === 'HttpApi');
  const resources = new Map(ofType('AWS::ApiGateway::Resource').map(({ id, properties }) => [id, properties]));
  const pathOf = (id: string): string => {
    const { PathPart, ParentId } = resources.get(id) ?? {};
    return PathPart === undefined ? '' : `${pathOf(ParentId.Ref)}/${PathPart}`;
  };
  const methods = ofType('AWS::ApiGateway::Method')
    .filter(({ properties }) => properties.HttpMethod !== 'ANY')
    .map(({ properties }) => ({ key: `${properties.HttpMethod} ${pathOf(properties.ResourceId.Ref)}`, ...properties }));
  const httpRoutes = http(ofType('AWS::ApiGatewayV2::Route')).map(({ properties }) => properties);
  const integrations = new Map(
    http(ofType('AWS::ApiGatewayV2::Integration')).map(({ id, properties }) => [id, properties]),
  );
  const [restStage] = ofType('AWS::ApiGateway::Stage');
  const [httpStage] = http(ofType('AWS::ApiGatewayV2::Stage'));
  const settings: { ResourcePath: string }[] = restStage?.properties.MethodSettings ?? [];

  return {
    methodKeys: methods.map(({ key }) => key),
    routeKeys: httpRoutes.map(({ RouteKey }) => RouteKey),
    deployed: (route: Route): Deployed => {
      const key = `GET ${route.path}`;
      const target: string = JSON.stringify(httpRoutes.find(({ RouteKey }) => RouteKey === key)?.Target);
      return {
        route,
        method: Object(methods.find((method) => method.key === key)),
        integration: Object([...integrations].find(([id]) => target?.includes(`"${id}"`))?.[1]),
        methodSettings: {
          // The settings for all methods apply to a method without own settings.
          ...settings.find(({ ResourcePath }) => ResourcePath === '/*'),
          ...settings.find(({ ResourcePath }) => ResourcePath === `/${route.path.replaceAll('/', '~1')}`),
        },
        routeSettings: {
          ...httpStage?.properties.DefaultRouteSettings,
          ...httpStage?.properties.RouteSettings?.[key],
        },
      };
    },
  };
}

describe.each(ENVIRONMENTS)('$name', ({ config, table, methodKeys, routeKeys, deployed }) => {
  test('has the routes of the table on both APIs, and no other route', () => {
    const keys = table.map(({ path }) => `GET ${path}`).sort();
    expect(methodKeys.toSorted()).toEqual(keys);
    expect(routeKeys.toSorted()).toEqual(keys);
  });

  test.each(table.map(deployed))('$route.path is answered by the $route.by behind both APIs', (each) => {
    const type = each.route.by === 'function' ? 'AWS_PROXY' : 'HTTP_PROXY';
    expect(each.method['Integration']).toMatchObject({ Type: type });
    expect(each.integration).toMatchObject({ IntegrationType: type });
  });

  test.each(table.map(deployed))('$route.path has every parameter of its path and query as a cache key', (each) => {
    const { path, query } = each.route;
    const keys = [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `method.request.path.${name}`),
      ...query.map((name) => `method.request.querystring.${name}`),
    ];
    expect(Object.keys(Object(each.method['RequestParameters']))).toEqual(keys);
    expect(each.method['Integration']).toMatchObject({ CacheKeyParameters: keys });
  });

  test.each(table.map(deployed))('$route.path has the time to live of its cache class', (each) => {
    const { quoteTtlSeconds, historyTtlSeconds } = config.restApi.cache ?? {};
    const seconds = { quote: quoteTtlSeconds, history: historyTtlSeconds, none: undefined }[each.route.cache ?? 'none'];
    expect(each.methodSettings).toMatchObject({ CachingEnabled: seconds !== undefined });
    expect(each.methodSettings['CacheTtlInSeconds']).toBe(seconds);
  });

  test.each(table.map(deployed))('$route.path has the limits of its throttling class on both APIs', (each) => {
    const limitsOf = ({ throttle, historyThrottle = throttle }: Limited) => {
      const { rate, burst } = each.route.throttle === 'history' ? historyThrottle : throttle;
      return { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
    };
    expect(each.methodSettings).toMatchObject(limitsOf(config.restApi));
    if (config.httpApi === undefined)
      throw new Error(`httpApi: environment ${config.id} must have one for this test. Add httpApi to the fixture.`);
    expect(each.routeSettings).toMatchObject(limitsOf(config.httpApi));
  });
});
