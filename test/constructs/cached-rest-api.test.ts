import { App, CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import fc from 'fast-check';
import {
  CachedRestApi,
  CachedRestApiProps,
  FunctionRouteProps,
  PrivateRouteProps,
} from '../../lib/constructs/cached-rest-api';

const CACHED = { cache: {}, throttle: { rate: 50, burst: 100 } };
const UNCACHED = { throttle: CACHED.throttle };
const QUOTES = { path: '/quotes/{symbol}', query: ['at'], cacheTtl: Duration.seconds(5) };
const HISTORY = { path: '/history/{symbol}', query: ['days'], cacheTtl: Duration.minutes(5) };

class Fixture {
  readonly stack = new Stack(new App({ context: FLAGS }), 'Test');
  readonly rest: CachedRestApi;
  readonly alias: lambda.Alias;
  private made?: Template;

  constructor(props: CachedRestApiProps = CACHED) {
    this.rest = new CachedRestApi(this.stack, 'Rest', props);
    const handler = new lambda.Function(this.stack, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 })'),
    });
    this.alias = handler.addAlias('live');
  }

  functionRoute(route: Partial<FunctionRouteProps> = {}): this {
    this.rest.addFunctionRoute({ handler: this.alias, ...QUOTES, ...route });
    return this;
  }

  privateRoute(route: Partial<PrivateRouteProps> = {}, name = 'first'): this {
    const { stack } = this;
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
    const loadBalancerArn = `arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/${name}/1`;
    this.rest.addPrivateRoute({
      ...HISTORY,
      vpcLink: apigatewayv2.VpcLink.fromVpcLinkAttributes(stack, 'Link', { vpc, vpcLinkId: 'link-1' }),
      loadBalancer: elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'LoadBalancer', {
        loadBalancerArn,
        securityGroupId: 'sg-1',
      }),
      url: 'http://internal.example.com',
      ...route,
    });
    return this;
  }

  /** Adds a route over a new link in the given subnets. */
  linkRoute(...privateSubnetIds: string[]): this {
    const vpc = ec2.Vpc.fromVpcAttributes(this.stack, 'LinkVpc', {
      vpcId: 'vpc-2',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      privateSubnetIds,
    });
    return this.privateRoute({ vpcLink: new apigatewayv2.VpcLink(this.stack, 'OwnLink', { vpc }) });
  }

  get template(): Template {
    this.made ??= Template.fromStack(this.stack);
    return this.made;
  }
}

const FLAGS = {
  '@aws-cdk/aws-apigateway:disableCloudWatchRole': true,
  '@aws-cdk/aws-apigateway:requestValidatorUniqueId': true,
  '@aws-cdk/aws-apigateway:logGroupDestinationArnWithoutWildcard': true,
};

const both = (props?: CachedRestApiProps) => new Fixture(props).functionRoute().privateRoute();
/** Template for tests that only read it. */
const DEFAULT = both();

function only(template: Template, type: string) {
  const found = Object.entries(template.findResources(type));
  expect(found).toHaveLength(1);
  const [id, resource] = found[0] as [string, { Properties: Settings; DependsOn?: string[] }];
  return { id, properties: resource.Properties, dependsOn: resource.DependsOn };
}

type Settings = Record<string, unknown>;

function settings(template: Template): Record<string, Settings> {
  const list = only(template, 'AWS::ApiGateway::Stage').properties['MethodSettings'] as Settings[];
  return Object.fromEntries(list.map((entry) => [`${entry['HttpMethod']} ${entry['ResourcePath']}`, entry]));
}

function method(template: Template, integrationType: string): { Integration: Settings; [key: string]: unknown } {
  const [found] = Object.values(
    template.findResources('AWS::ApiGateway::Method', { Properties: { Integration: { Type: integrationType } } }),
  );
  return found?.['Properties'];
}

const deploymentId = (fixture: Fixture) => only(fixture.template, 'AWS::ApiGateway::Deployment').id;

describe('cache', () => {
  test('is an encrypted cluster of 0.5 GB by default', () => {
    DEFAULT.template.hasResourceProperties('AWS::ApiGateway::Stage', {
      CacheClusterEnabled: true,
      CacheClusterSize: '0.5',
    });
    both({ ...CACHED, cache: { sizeGb: '6.1' } }).template.hasResourceProperties('AWS::ApiGateway::Stage', {
      CacheClusterSize: '6.1',
    });
  });

  test('is switched on for each route with its own time to live, and off for all others [A1]', () => {
    const entries = settings(both().functionRoute({ path: '/live', cacheTtl: undefined }).template);
    expect(
      Object.fromEntries(
        Object.entries(entries).map(([key, e]) => [key, [e['CachingEnabled'], e['CacheTtlInSeconds']]]),
      ),
    ).toEqual({
      '* /*': [false, undefined],
      'GET /~1quotes~1{symbol}': [true, 5],
      'GET /~1history~1{symbol}': [true, 300],
      'GET /~1live': [false, undefined],
    });
  });

  test('leaves no method entry incomplete, because entries do not inherit from each other [A1]', () => {
    for (const entry of Object.values(settings(DEFAULT.template))) {
      expect(entry).toMatchObject({
        CachingEnabled: expect.any(Boolean),
        CacheDataEncrypted: true,
        ThrottlingRateLimit: 50,
        ThrottlingBurstLimit: 100,
        LoggingLevel: 'ERROR',
        DataTraceEnabled: false,
        MetricsEnabled: true,
      });
    }
  });

  test('throttles a route by its own limits, and all other routes by those of the API [A1]', () => {
    const { template } = new Fixture().functionRoute().privateRoute({ throttle: { rate: 20, burst: 40 } });
    const limits = Object.entries(settings(template)).map(([key, entry]) => [
      key,
      entry['ThrottlingRateLimit'],
      entry['ThrottlingBurstLimit'],
    ]);
    expect(limits).toEqual([
      ['* /*', 50, 100],
      ['GET /~1quotes~1{symbol}', 50, 100],
      ['GET /~1history~1{symbol}', 20, 40],
    ]);
  });

  test('fails without a cached route, because the cache is billed [A1]', () => {
    expect(() => new Fixture().functionRoute({ cacheTtl: undefined }).template).toThrow(
      /cache: is billed by the hour, but no route has a cacheTtl/,
    );
  });

  test('is explicitly off in every entry if it is switched off, and costs nothing [A2]', () => {
    const { template, rest } = both(UNCACHED);
    const stage = only(template, 'AWS::ApiGateway::Stage').properties;
    expect(stage['CacheClusterEnabled']).toBe(false);
    expect(stage).not.toHaveProperty('CacheClusterSize');
    const entries = Object.values(settings(template));
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(entry['CachingEnabled']).toBe(false);
      expect(entry).not.toHaveProperty('CacheTtlInSeconds');
    }
    expect(rest.cachedMethods).toEqual([]);
  });

  test.each([
    ['AWS_PROXY', ['method.request.path.symbol', 'method.request.querystring.at'], UNCACHED],
    ['HTTP_PROXY', ['method.request.path.symbol', 'method.request.querystring.days'], UNCACHED],
    ['AWS_PROXY', ['method.request.path.symbol', 'method.request.querystring.at'], CACHED],
    ['HTTP_PROXY', ['method.request.path.symbol', 'method.request.querystring.days'], CACHED],
  ])('of an %s route is keyed on every parameter, all of them declared [A2]', (type, keys, props) => {
    const { Integration, RequestParameters } = method(both(props).template, type);
    expect(Integration['CacheKeyParameters']).toEqual(keys);
    expect(Object.keys(RequestParameters as Settings)).toEqual(keys);
  });

  test('keeps every path parameter in the key when a route narrows it [A2]', () => {
    const { template } = new Fixture().functionRoute({ query: ['at', 'pretty'], cacheKeys: ['at'] });
    expect(method(template, 'AWS_PROXY').Integration['CacheKeyParameters']).toEqual([
      'method.request.path.symbol',
      'method.request.querystring.at',
    ]);
  });

  test('declares every parameter of a route, required in the path and optional in the query [A2]', () => {
    const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), ([first = '', ...query]) => {
        const fixture = new Fixture().functionRoute({ path: `/a/{${first}}/b`, query });
        const { RequestParameters } = method(fixture.template, 'AWS_PROXY');
        expect(RequestParameters).toEqual({
          [`method.request.path.${first}`]: true,
          ...Object.fromEntries(query.map((each) => [`method.request.querystring.${each}`, false])),
        });
      }),
      { numRuns: 3 },
    );
  });

  test('lists the cached methods and a revision that follows deployment and settings [A3]', () => {
    const { rest, stack } = DEFAULT;
    expect(rest.cachedMethods).toEqual([
      { path: '/quotes/{symbol}', httpMethod: 'GET' },
      { path: '/history/{symbol}', httpMethod: 'GET' },
    ]);
    const revision = JSON.stringify(stack.resolve(rest.revision));
    expect(revision).toContain(
      Stack.of(rest).getLogicalId(rest.api.latestDeployment?.node.defaultChild as CfnResource),
    );
    const changed = new Fixture().functionRoute({ cacheTtl: Duration.seconds(6) }).privateRoute();
    expect(JSON.stringify(changed.stack.resolve(changed.rest.revision))).not.toBe(revision);
  });
});

describe('bad input', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'a cache size that does not exist',
      () => new Fixture({ ...CACHED, cache: { sizeGb: '1' } }),
      /cache.sizeGb: must be one of 0.5, .*, got "1"/,
    ],
    [
      'a throttle of nothing',
      () => new Fixture({ throttle: { rate: 0, burst: 1 } }),
      /throttle.rate: must be at least 1, got 0/,
    ],
    [
      'a throttle of nothing for a route',
      () => new Fixture().functionRoute({ throttle: { rate: 1, burst: 0 } }),
      /throttle.burst: must be at least 1, got 0 for GET \/quotes\/\{symbol\}\. To stop/,
    ],
    [
      'a header with a quote',
      () => new Fixture().privateRoute({ requestHeaders: { 'x-a': "it's" } }),
      /requestHeaders.x-a: must have no single quote, got "it's"/,
    ],
    [
      'a cache key that no method declares',
      () => new Fixture().functionRoute({ cacheKeys: ['user'] }),
      /cacheKeys: every key must be declared by the method, but GET \/quotes\/\{symbol\} declares \[symbol, at\], got "user"/,
    ],
    [
      'caching of another method than GET',
      () => new Fixture().functionRoute({ method: 'POST' }),
      /cacheTtl: only GET may be cached, got POST \/quotes/,
    ],
    [
      'a time to live of 0',
      () => new Fixture().functionRoute({ cacheTtl: Duration.seconds(0) }),
      /cacheTtl: must be 1 to 3600 seconds, got 0/,
    ],
    [
      'a time to live over an hour',
      () => new Fixture().functionRoute({ cacheTtl: Duration.seconds(3601) }),
      /cacheTtl: must be 1 to 3600 seconds, got 3601/,
    ],
    [
      'a query name that cannot be mapped',
      () => new Fixture().functionRoute({ query: ['a b'] }),
      /query: names of GET \/quotes\/\{symbol\} may have .*, got "a b"/,
    ],
    [
      'a base URL with a slash at the end',
      () => new Fixture().privateRoute({ url: 'http://host/' }),
      /url: must be scheme, host and at most a base path, without a slash at the end, got "http:\/\/host\/"/,
    ],
  ])('fails for %s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});

describe('function route', () => {
  test('invokes the alias, and permits this stage and method to invoke nothing else [L1]', () => {
    const { template } = DEFAULT;
    const alias = { Ref: only(template, 'AWS::Lambda::Alias').id };
    const uri = method(template, 'AWS_PROXY').Integration['Uri'] as { 'Fn::Join': [string, unknown[]] };
    expect(uri['Fn::Join'][1]).toContainEqual(alias);
    const { properties } = only(template, 'AWS::Lambda::Permission');
    expect(properties['FunctionName']).toEqual(alias);
    const source = JSON.stringify(properties['SourceArn']);
    expect(source).toContain(only(template, 'AWS::ApiGateway::Stage').id);
    expect(source).toContain('/GET/quotes/*');
    expect(source).not.toContain('test-invoke-stage');
  });

  test('stays under the size of a function policy with any number of routes [L7]', () => {
    const fixture = new Fixture();
    for (let index = 0; index < 30; index++) fixture.functionRoute({ path: `/route${index}/{symbol}` });
    fixture.template.resourceCountIs('AWS::Lambda::Permission', 11);
  });
});

describe('private route', () => {
  test('goes through the VPC link V2 to the load balancer itself [V1]', () => {
    expect(method(DEFAULT.template, 'HTTP_PROXY').Integration).toMatchObject({
      Type: 'HTTP_PROXY',
      ConnectionType: 'VPC_LINK',
      ConnectionId: 'link-1',
      IntegrationTarget: 'arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/first/1',
      IntegrationHttpMethod: 'GET',
    });
  });

  test('names the whole path of the backend, without the stage, and maps every parameter [V3]', () => {
    expect(method(DEFAULT.template, 'HTTP_PROXY').Integration).toMatchObject({
      Uri: 'http://internal.example.com/history/{symbol}',
      RequestParameters: {
        'integration.request.path.symbol': 'method.request.path.symbol',
        'integration.request.querystring.days': 'method.request.querystring.days',
      },
    });
    const { template } = new Fixture().privateRoute({ url: 'http://internal.example.com:8080/base' });
    expect(method(template, 'HTTP_PROXY').Integration['Uri']).toBe(
      'http://internal.example.com:8080/base/history/{symbol}',
    );
  });

  test('sends the fixed headers of a route, and no others, to the backend', () => {
    const { template } = new Fixture().privateRoute({ requestHeaders: { 'x-timeout-ms': '25000' } });
    expect(method(template, 'HTTP_PROXY').Integration).toMatchObject({
      RequestParameters: {
        'integration.request.path.symbol': 'method.request.path.symbol',
        'integration.request.querystring.days': 'method.request.querystring.days',
        'integration.request.header.x-timeout-ms': "'25000'",
      },
    });
    expect(JSON.stringify(method(DEFAULT.template, 'HTTP_PROXY'))).not.toContain('integration.request.header');
  });

  test('sends the backend the id of the request, which replaces an id that a caller sends', () => {
    const { template } = new Fixture().privateRoute({ requestIdHeader: 'x-request-id' });
    const { Integration } = method(template, 'HTTP_PROXY');
    expect(Integration).toMatchObject({
      RequestParameters: { 'integration.request.header.x-request-id': 'context.requestId' },
    });
    // Otherwise no answer would be found in the cache.
    expect(JSON.stringify(Integration['CacheKeyParameters'])).not.toContain('request-id');
  });

  test('is deleted after the deployment that names its link [V4]', () => {
    const deployment = only(DEFAULT.template, 'AWS::ApiGateway::Deployment');
    expect(deployment.dependsOn).toContainEqual(expect.stringMatching(/historysymbolGET/));
  });
});

describe('deployment', () => {
  const base = deploymentId(DEFAULT);

  test.each<[string, Fixture]>([
    ['the target behind the VPC link', new Fixture().functionRoute().privateRoute({}, 'second')],
    ['the URL of the backend', new Fixture().functionRoute().privateRoute({ url: 'https://internal.example.com' })],
    ['a parameter', new Fixture().functionRoute({ query: [] }).privateRoute()],
    ['a new route', both().functionRoute({ path: '/new' })],
    ['the authorisation', both({ ...CACHED, authorizationType: apigateway.AuthorizationType.NONE })],
    [
      'the resource policy',
      both({
        ...CACHED,
        policy: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              actions: ['execute-api:Invoke'],
              principals: [new iam.AccountPrincipal('111122223333')],
              resources: ['*'],
            }),
          ],
        }),
      }),
    ],
  ])('follows a change of %s [A5]', (_, changed) => {
    expect(deploymentId(changed)).not.toBe(base);
  });

  test('is repeated for a VPC link that is replaced under the same logical id, with other subnets [A5, V3]', () => {
    const linked = (...subnets: string[]) => deploymentId(new Fixture().functionRoute().linkRoute(...subnets));
    expect(linked('subnet-1', 'subnet-2')).toBe(linked('subnet-1', 'subnet-2'));
    expect(linked('subnet-1', 'subnet-3')).not.toBe(linked('subnet-1', 'subnet-2'));
  });

  test('is not repeated for settings of the stage, nor without a change [A5]', () => {
    expect(deploymentId(both())).toBe(base);
    expect(deploymentId(both({ ...CACHED, throttle: { rate: 1, burst: 1 } }))).toBe(base);
  });
});

describe('stage', () => {
  test('measures no single method without detailed metrics, and sends no traces without tracing', () => {
    const { template: plain } = both({ ...CACHED, detailedMetrics: false, tracing: false });
    expect(only(plain, 'AWS::ApiGateway::Stage').properties['TracingEnabled']).toBe(false);
    const entries = Object.values(settings(plain));
    expect(entries.length).toBeGreaterThan(1);
    for (const entry of entries) expect(entry).toMatchObject({ MetricsEnabled: false });
  });

  const { template } = DEFAULT;

  test('sends traces, and logs each request as JSON to a new log group [A6]', () => {
    const { properties } = only(template, 'AWS::ApiGateway::Stage');
    expect(properties['TracingEnabled']).toBe(true);
    const access = properties['AccessLogSetting'] as { Format: string; DestinationArn: unknown };
    expect(Object.values(JSON.parse(access.Format))).toEqual(
      expect.arrayContaining(['$context.requestId', '$context.identity.userArn', '$context.status']),
    );
    expect(JSON.stringify(access.DestinationArn)).toContain('RestAccessLog');
  });

  test('waits for the account role and for its log group, which API Gateway would leave behind [A4, P6]', () => {
    const fixture = new Fixture(UNCACHED);
    const account = new CfnResource(fixture.stack, 'Account', { type: 'Test::Account' });
    const rest = new CachedRestApi(fixture.stack, 'Second', {
      ...UNCACHED,
      account,
      accessLogGroup: logs.LogGroup.fromLogGroupName(fixture.stack, 'Access', 'access'),
    });
    rest.addFunctionRoute({ handler: fixture.alias, path: '/' });
    const template = fixture.functionRoute().template;
    template.hasResource('AWS::ApiGateway::Stage', {
      DependsOn: Match.arrayWith(['Account', Match.stringLikeRegexp('^SecondExecutionLog')]),
    });
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: {
        LogGroupName: {
          'Fn::Join': ['', ['API-Gateway-Execution-Logs_', { Ref: Match.stringLikeRegexp('^SecondApi') }, '/v1']],
        },
      },
    });
    // Both log groups of the first API, and only this log group of the second API, whose access log has a given log group.
    template.resourceCountIs('AWS::Logs::LogGroup', 3);
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  test('is regional, has a name, and exports nothing [P4]', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
      Name: Match.stringLikeRegexp('Rest'),
    });
    expect(template.toJSON()['Outputs']).toBeUndefined();
  });

  test('has only a given web ACL', () => {
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 0);
    both({ ...CACHED, webAclArn: 'arn:acl' }).template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      WebACLArn: 'arn:acl',
      ResourceArn: { 'Fn::Join': ['', Match.arrayWith([':apigateway:', '::/restapis/', '/stages/'])] },
    });
  });
});

describe('answers', () => {
  const { template } = DEFAULT;

  test('are given to IAM callers only, unknown routes included', () => {
    template.allResourcesProperties('AWS::ApiGateway::Method', { AuthorizationType: 'AWS_IAM' });
    template.resourceCountIs('AWS::ApiGateway::Method', 4);
  });

  test('are given to callers whom the authorizer admits, if there is one', () => {
    const fixture = new Fixture(UNCACHED);
    const authorizer = new apigateway.RequestAuthorizer(fixture.stack, 'Authorizer', {
      handler: fixture.alias,
      identitySources: [apigateway.IdentitySource.header('authorization')],
    });
    const rest = new CachedRestApi(fixture.stack, 'Second', { ...UNCACHED, authorizer });
    rest.addFunctionRoute({ handler: fixture.alias, path: '/' });
    fixture.template.resourcePropertiesCountIs('AWS::ApiGateway::Method', { AuthorizationType: 'CUSTOM' }, 3);
  });

  test('have status 404 and JSON for unknown routes', () => {
    template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
    template.resourcePropertiesCountIs(
      'AWS::ApiGateway::Method',
      {
        HttpMethod: 'ANY',
        Integration: {
          Type: 'MOCK',
          IntegrationResponses: [
            { StatusCode: '404', ResponseTemplates: { 'application/json': '{"message":"no such route"}' } },
          ],
        },
      },
      2,
    );
  });

  test('have status 400 for missing parameters', () => {
    const validator = only(template, 'AWS::ApiGateway::RequestValidator');
    expect(validator.properties).toMatchObject({ ValidateRequestBody: true, ValidateRequestParameters: true });
    template.allResourcesProperties('AWS::ApiGateway::Method', { RequestValidatorId: { Ref: validator.id } });
  });

  test('are JSON without internal details', () => {
    const responses = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse'));
    const byType = Object.fromEntries(
      responses.map(({ Properties: p }): [string, [string, string]] => [
        p.ResponseType,
        [p.StatusCode, p.ResponseTemplates['application/json']],
      ]),
    );
    expect(byType).toMatchObject({
      DEFAULT_4XX: [undefined, '{"message":"request refused"}'],
      DEFAULT_5XX: [undefined, '{"message":"internal error"}'],
      ACCESS_DENIED: ['403', '{"message":"not allowed"}'],
      THROTTLED: ['429', expect.anything()],
      UNAUTHORIZED: ['401', expect.anything()],
      INTEGRATION_FAILURE: ['502', expect.anything()],
      INTEGRATION_TIMEOUT: ['504', expect.anything()],
    });
    for (const [type, [, body]] of Object.entries(byType)) {
      if (type.startsWith('BAD_REQUEST')) expect(body).toBe('{"message":$context.error.messageString}');
      else expect(Object.keys(JSON.parse(body))).toEqual(['message']);
    }
  });
});

test('grants calls and refreshes of the cache separately [A3]', () => {
  const fixture = both();
  const caller = new iam.Role(fixture.stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
  fixture.rest.grantInvoke(caller);
  fixture.template.resourceCountIs('AWS::IAM::Policy', 1);
  const stage = { Ref: only(fixture.template, 'AWS::ApiGateway::Stage').id };
  const on = (resource: string) => ({ 'Fn::Join': ['', Match.arrayWith([stage, resource])] });
  fixture.template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: Match.objectLike({
      Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: on('/*/*') }],
    }),
  });

  const other = both();
  const refresher = new iam.Role(other.stack, 'Refresher', { assumedBy: new iam.AccountRootPrincipal() });
  other.rest.grantInvalidateCache(refresher);
  other.template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: Match.objectLike({
      Statement: [{ Effect: 'Allow', Action: 'execute-api:InvalidateCache', Resource: on('/GET/*') }],
    }),
  });
});
