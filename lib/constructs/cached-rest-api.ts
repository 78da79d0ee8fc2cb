// Kumiki 0.2.0, cached-rest-api.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { CfnResource, Duration, Lazy, Names, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct, IConstruct, IDependable } from 'constructs';

export interface CachedRestApiProps {
  /** Purpose of the API, which the console shows. @default none */
  readonly description?: string;

  /** First segment of every URL. @default 'v1' */
  readonly stageName?: string;

  /**
   * Cache of the stage. It is billed by the hour whether used or not, and takes about four minutes to create.
   *
   * `sizeGb` is 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237, by default 0.5. A change of size empties the cache.
   *
   * @default no cache and no price: `cacheTtl` of routes has no effect
   */
  readonly cache?: { readonly sizeGb?: string };

  /** Requests per second (`rate`) and bucket size (`burst`) of each method over all callers. Beyond both, callers get 429. */
  readonly throttle: { readonly rate: number; readonly burst: number };

  /** Authorisation of callers on every route. @default IAM (SigV4), or the type of `authorizer` if given */
  readonly authorizationType?: apigateway.AuthorizationType;

  /** Cognito or Lambda authorizer of every route. @default none */
  readonly authorizer?: apigateway.IAuthorizer;

  /** Log group with a line for each request. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;

  /** ARN of a regional WAF web ACL in front of the stage. @default none */
  readonly webAclArn?: string;

  /**
   * Metrics of each method beside those of the stage. They are billed as custom metrics, for each hour in which a method is
   * called.
   *
   * @default true
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
   */
  readonly detailedMetrics?: boolean;

  /** Traces of requests by X-Ray, billed by the trace. @default true */
  readonly tracing?: boolean;

  /** Resource policy, which limits the accounts, networks or VPC endpoints of callers. @default none */
  readonly policy?: iam.PolicyDocument;

  /**
   * Setting of the account's role for logging. The stage waits for it, because without the role the stage fails with
   * "CloudWatch Logs role ARN must be set".
   *
   * @default the account has the role already
   */
  readonly account?: IDependable;
}

/** Properties of every route. */
export interface RouteProps {
  /** Path such as `/quotes/{symbol}`. Its parameters are declared, required and part of the cache key. */
  readonly path: string;

  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

  /**
   * Names of all optional query parameters that the backend reads. The cache would answer requests with other values of a
   * missing parameter with the same answer.
   *
   * @default none
   */
  readonly query?: readonly string[];

  /**
   * Time for which an answer is served from the cache, 1 to 3600 seconds. Callers share the cache, so use it only for answers
   * that every authorised caller may see, and that depend only on path and query, never on the caller or on headers. The cache
   * most likely keeps errors of the backend, too, and no setting prevents that: an error may outlive its cause by this time.
   * https://stackoverflow.com/questions/45883323/prevent-caching-of-non-200-responses-in-aws-api-gateway
   *
   * @default not cached
   * @throws for other methods than GET
   */
  readonly cacheTtl?: Duration;

  /**
   * Requests per second and bucket size over all callers of this route; beyond it 429.
   *
   * @default the limits of the API
   * @throws if one is less than 1
   */
  readonly throttle?: CachedRestApiProps['throttle'];

  /**
   * Declared parameters that are part of the cache key, to leave out query parameters that do not change the answer. Path
   * parameters are always part of it.
   *
   * @default every declared parameter
   * @throws if neither path nor query declares a name
   */
  readonly cacheKeys?: readonly string[];
}

export interface FunctionRouteProps extends RouteProps {
  /** Alias of the function: `$LATEST` would bypass provisioned concurrency and rollback. */
  readonly handler: lambda.IFunction;
}

export interface PrivateRouteProps extends RouteProps {
  /** VPC link V2. Create it in the same stack, because a link cannot be deleted while a deployed API names it. */
  readonly vpcLink: apigatewayv2.IVpcLink;

  /** Internal load balancer behind the link. */
  readonly loadBalancer: elbv2.IApplicationLoadBalancer;

  /**
   * Scheme, host and port of the listener, with an optional base path and without a slash at the end: `http://` and the load
   * balancer's DNS name, or `https://` and a name in its certificate. API Gateway chooses the listener by scheme and port, and
   * sends the host as `Host`. The path of the route is appended.
   */
  readonly url: string;

  /**
   * Headers with fixed values for the backend. They replace headers of the same names that callers send.
   *
   * @default only the headers that callers send
   * @throws for a value with a single quote, because API Gateway ends values with one
   */
  readonly requestHeaders?: Readonly<Record<string, string>>;

  /**
   * Header in which the backend receives the id that API Gateway gives to the request, so that both log the same id. The header
   * replaces one of the same name that a caller sends, so that callers cannot choose the id.
   *
   * @default none
   */
  readonly requestIdHeader?: string;
}

/**
 * A regional REST API with a stage cache that is encrypted, keyed on every declared parameter, and switched on for each route
 * with an explicit time to live. The cache is explicitly off for other routes, because without the property in the template it
 * would stay on (https://github.com/aws/aws-cdk/issues/32342).
 *
 * The API has IAM authorisation by default, throttling, a JSON access log, X-Ray, an execution log at ERROR without data, and
 * 404 for unknown routes. API Gateway's own answers are JSON without internal details. The answers of a backend are passed on
 * unchanged, and a load balancer in front of it has its own pages (502, 503, 504 in HTML).
 *
 * A query parameter or header that is not declared still reaches the backend, but is not part of the cache key. The backend of
 * a cached route has to ignore it.
 *
 * API Gateway validates that parameters are present, but not their values (models are for bodies only). The backend has to
 * check the patterns of path and query, and answer 400.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
 *
 * @example
 * ```ts
 * const api = new CachedRestApi(this, 'Api', {
 *   cache: { sizeGb: '0.5' },
 *   throttle: { rate: 50, burst: 100 },
 *   account: new ApiAccount(this, 'ApiAccount').ready,
 * });
 * api.addFunctionRoute({ path: '/quotes/{symbol}', query: ['at'], handler: live, cacheTtl: Duration.seconds(5) });
 * const url = `http://${loadBalancer.loadBalancerDnsName}`;
 * api.addPrivateRoute({ path: '/history/{symbol}', query: ['days'], vpcLink, loadBalancer, url });
 * api.grantInvoke(new iam.AccountPrincipal('111122223333'));
 * ```
 */
export class CachedRestApi extends Construct {
  readonly api: apigateway.RestApi;
  readonly stage: apigateway.Stage;
  readonly accessLogGroup: logs.ILogGroup;
  /** Base URL with the stage and a slash at the end. */
  readonly url: string;
  /** Cached routes. Later routes are added to the array; it is empty without a cache. */
  readonly cachedMethods: readonly { readonly path: string; readonly httpMethod: string }[];
  /** Text that changes with each deployment and with each setting of the stage. */
  readonly revision: string;

  private readonly cache: boolean;
  private readonly detailedMetrics: boolean;
  private readonly throttle: CachedRestApiProps['throttle'];
  private readonly validator: apigateway.RequestValidator;
  private readonly settings: apigateway.CfnStage.MethodSettingProperty[] = [];
  private readonly cached: { path: string; httpMethod: string }[] = [];
  private readonly permissions = new Map<lambda.IFunction, number>();

  constructor(scope: Construct, id: string, props: CachedRestApiProps) {
    super(scope, id);
    const stageName = props.stageName ?? 'v1';
    const size = props.cache && (props.cache.sizeGb ?? '0.5');
    if (size !== undefined && !CACHE_SIZES.includes(size)) {
      throw new Error(
        `cache.sizeGb: must be one of ${CACHE_SIZES.join(', ')}, got "${size}". Choose the next larger size.`,
      );
    }
    checkThrottle(props.throttle);
    this.cache = size !== undefined;
    this.throttle = props.throttle;
    this.detailedMetrics = props.detailedMetrics ?? true;
    this.cachedMethods = this.cached;

    this.accessLogGroup = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLog');
    this.api = new apigateway.RestApi(this, 'Api', {
      // The name is also a dimension of the metrics, so it has to be unique.
      restApiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: props.description,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      policy: props.policy,
      // The account's role has one owner, the construct behind `account`.
      cloudWatchRole: false,
      defaultMethodOptions: {
        authorizer: props.authorizer,
        authorizationType: props.authorizationType ?? (props.authorizer ? undefined : apigateway.AuthorizationType.IAM),
      },
      deployOptions: {
        stageName,
        tracingEnabled: props.tracing ?? true,
        cacheClusterEnabled: this.cache,
        cacheClusterSize: size,
        accessLogDestination: new apigateway.LogGroupLogDestination(this.accessLogGroup),
        accessLogFormat: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // Remove RestApi's own CfnOutput: stacks declare their outputs.
    this.api.node.tryRemoveChild('Endpoint');
    this.stage = this.api.deploymentStage;
    this.url = this.api.url;

    // Otherwise API Gateway creates this log group itself, without retention, and leaves it behind.
    this.stage.node.addDependency(
      new logs.LogGroup(this, 'ExecutionLog', {
        logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${stageName}`,
      }),
    );
    if (props.account) this.stage.node.addDependency(props.account);

    this.settings.push(this.settingsOf('/*', '*'));
    resourceOf(this.stage, apigateway.CfnStage).methodSettings = Lazy.any({ produce: () => this.settings });
    this.revision = Stack.of(this).toJsonString({
      deployment: this.api.latestDeployment?.deploymentId,
      settings: Lazy.any({ produce: () => this.settings }),
    });

    this.validator = this.api.addRequestValidator('RequestValidator', {
      validateRequestParameters: true,
      validateRequestBody: true,
    });
    this.answerUnknownRoutes();
    for (const { type, statusCode, message } of GATEWAY_RESPONSES) {
      this.api.addGatewayResponse(type.responseType, {
        type,
        statusCode,
        templates: { 'application/json': `{"message":${message}}` },
      });
    }

    if (props.webAclArn) {
      new wafv2.CfnWebACLAssociation(this, 'WebAcl', { resourceArn: this.stage.stageArn, webAclArn: props.webAclArn });
    }

    this.node.addValidation({
      validate: () =>
        this.cache && this.cached.length === 0
          ? ['cache: is billed by the hour, but no route has a cacheTtl. Give a route one, or leave cache out.']
          : [],
    });
  }

  /** Adds a route that invokes a function (Lambda proxy integration). */
  addFunctionRoute(route: FunctionRouteProps): apigateway.Method {
    // The resource policy of a function has at most 20,480 bytes, and a permission takes about 400. Each of the first ten
    // methods gets its own permission; the following methods share one for the whole API.
    const permissions = (this.permissions.get(route.handler) ?? 0) + 1;
    this.permissions.set(route.handler, permissions);
    const scoped = permissions <= MAX_SCOPED_PERMISSIONS;

    const { cacheKeyParameters, declare } = this.declare(route);
    return declare(
      new apigateway.LambdaIntegration(route.handler, {
        cacheKeyParameters,
        scopePermissionToMethod: scoped,
        allowTestInvoke: scoped ? false : undefined,
      }),
    );
  }

  /**
   * Adds a route to the private load balancer through a VPC link V2, without a function (HTTP proxy integration).
   *
   * aws-cdk-lib 2.276 has no integration class for it. `AlbIntegration` of a later release (aws-cdk pull request 36247)
   * renders the same.
   *
   * The backend should receive the path of the URI. AWS's page on private integrations says that the stage is prepended, as in
   * HTTP APIs, whose integrations have no URI. The authors of `AlbIntegration` report a path without the stage. Neither was
   * tried here: if the backend answers 404 on AWS, check the path that it receives first.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-private-integration.html
   */
  addPrivateRoute(route: PrivateRouteProps): apigateway.Method {
    if (!/^https?:\/\/[^/?#]+(\/[^/?#]+)*$/.test(route.url)) {
      throw new Error(
        `url: must be scheme, host and at most a base path, without a slash at the end, got "${route.url}". ` +
          'The path of the route is appended to it.',
      );
    }
    for (const [name, value] of Object.entries(route.requestHeaders ?? {})) {
      if (value.includes("'")) {
        throw new Error(`requestHeaders.${name}: must have no single quote, got "${value}". Remove the quote.`);
      }
    }
    const { parameters, cacheKeyParameters, declare } = this.declare(route);
    const resource = this.api.root.resourceForPath(route.path);
    const httpMethod = route.method ?? 'GET';
    const method = declare(
      new apigateway.Integration({
        type: apigateway.IntegrationType.HTTP_PROXY,
        integrationHttpMethod: httpMethod,
        uri: `${route.url}${route.path.replaceAll('+}', '}')}`,
        options: {
          connectionType: apigateway.ConnectionType.VPC_LINK,
          vpcLink: apigateway.VpcLink.fromVpcLinkId(resource, `${httpMethod}Link`, route.vpcLink.vpcLinkId),
          requestParameters: Object.fromEntries([
            ...parameters.map((name) => [`integration.request.${name}`, `method.request.${name}`]),
            ...Object.entries(route.requestHeaders ?? {}).map(([name, value]) => [
              `integration.request.header.${name}`,
              `'${value}'`,
            ]),
            ...(route.requestIdHeader === undefined
              ? []
              : [[`integration.request.header.${route.requestIdHeader}`, 'context.requestId']]),
          ]),
          cacheKeyParameters,
        },
      }),
    );
    // The link delivers to this load balancer. The host in the URI is only sent as a header.
    const target = route.loadBalancer.loadBalancerArn;
    resourceOf(method, apigateway.CfnMethod).addPropertyOverride('Integration.IntegrationTarget', target);
    // Overrides are not part of the deployment's hash, so the stage would keep calling the old target. Nor is a link that is
    // replaced under the same logical id, as with every change of its subnets or security groups.
    const link = route.vpcLink.node.defaultChild;
    const placement = link instanceof apigatewayv2.CfnVpcLink ? [link.subnetIds, link.securityGroupIds] : [];
    this.api.latestDeployment?.addToLogicalId({ path: method.methodArn, target, placement });
    return method;
  }

  /** Grants to call every route, if IAM authorises callers. */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, 'execute-api:Invoke', '*');
  }

  /** Grants to refresh cached answers with `Cache-Control: max-age=0`. The grantee needs `grantInvoke`, too. */
  grantInvalidateCache(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, 'execute-api:InvalidateCache', 'GET');
  }

  private grant(grantee: iam.IGrantable, action: string, method: string): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: [action],
      resourceArns: [this.api.arnForExecuteApi(method, '/*', this.stage.stageName)],
    });
  }

  /** Checks a route and adds its settings. The returned `declare` creates the method with all parameters declared. */
  private declare(route: RouteProps) {
    const httpMethod = route.method ?? 'GET';
    const pathNames = Array.from(route.path.matchAll(/\{([^}+]+)\+?\}/g), ([, name = '']) => name);
    const query = route.query ?? [];
    const where = `${httpMethod} ${route.path}`;

    for (const name of query) {
      if (!/^[a-zA-Z0-9._$-]+$/.test(name)) {
        throw new Error(
          `query: names of ${where} may have letters, digits and . _ $ -, got "${name}". Rename the parameter.`,
        );
      }
    }
    for (const key of route.cacheKeys ?? []) {
      if (!pathNames.includes(key) && !query.includes(key)) {
        throw new Error(
          `cacheKeys: every key must be declared by the method, but ${where} declares [${[...pathNames, ...query].join(', ')}], ` +
            `got "${key}". Add the name to query, or remove the key.`,
        );
      }
    }
    const ttl = route.cacheTtl?.toSeconds();
    if (ttl !== undefined && httpMethod !== 'GET') {
      throw new Error(`cacheTtl: only GET may be cached, got ${where}. Remove cacheTtl.`);
    }
    if (ttl !== undefined && !(ttl >= 1 && ttl <= 3600)) {
      throw new Error(
        `cacheTtl: must be 1 to 3600 seconds, got ${ttl} for ${where}. To switch caching off, leave cacheTtl out.`,
      );
    }

    if (route.throttle) checkThrottle(route.throttle, ` for ${where}`);

    const cacheTtl = this.cache ? ttl : undefined;
    this.settings.push(this.settingsOf(`/${route.path.replaceAll('/', '~1')}`, httpMethod, cacheTtl, route.throttle));
    if (cacheTtl !== undefined) this.cached.push({ path: route.path, httpMethod });

    const pathParameters = pathNames.map((name) => `path.${name}`);
    const keys = route.cacheKeys ?? query;
    return {
      parameters: [...pathParameters, ...query.map((name) => `querystring.${name}`)],
      // Routes without a cacheTtl have keys, too, so that a cache that somebody switches on by hand does not mix up answers.
      cacheKeyParameters: [
        ...pathParameters,
        ...query.filter((name) => keys.includes(name)).map((name) => `querystring.${name}`),
      ].map((name) => `method.request.${name}`),
      declare: (integration: apigateway.Integration) =>
        this.api.root.resourceForPath(route.path).addMethod(httpMethod, integration, {
          requestValidator: this.validator,
          requestParameters: Object.fromEntries([
            ...pathNames.map((name) => [`method.request.path.${name}`, true]),
            ...query.map((name) => [`method.request.querystring.${name}`, false]),
          ]),
          // Every API has the models Empty and Error; Error has the field `message` of our answers. Models are documentation for
          // generated SDKs and exported OpenAPI: proxy integrations pass any answer on. Models of successful answers would
          // repeat the backend's types in a second language without checking anything.
          methodResponses: [
            { statusCode: '200' },
            { statusCode: '400', responseModels: { 'application/json': apigateway.Model.ERROR_MODEL } },
          ],
        }),
    };
  }

  /** Entries do not inherit from each other, so each has all settings, including those with the value `false`. */
  private settingsOf(
    resourcePath: string,
    httpMethod: string,
    ttl?: number,
    throttle = this.throttle,
  ): apigateway.CfnStage.MethodSettingProperty {
    return {
      resourcePath,
      httpMethod,
      cachingEnabled: ttl !== undefined,
      cacheTtlInSeconds: ttl,
      cacheDataEncrypted: true,
      throttlingRateLimit: throttle.rate,
      throttlingBurstLimit: throttle.burst,
      loggingLevel: apigateway.MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      metricsEnabled: this.detailedMetrics,
    };
  }

  /**
   * API Gateway answers both unknown routes and unsigned requests with 403 "Missing Authentication Token", so the status of
   * that answer cannot be changed to 404. A greedy resource takes every request that no other method takes (routing prefers
   * the more specific resource), and authorises the request first. Unauthorised callers therefore learn nothing about routes.
   */
  private answerUnknownRoutes(): void {
    const notFound = new apigateway.MockIntegration({
      requestTemplates: { 'application/json': '{"statusCode":404}' },
      passthroughBehavior: apigateway.PassthroughBehavior.NEVER,
      integrationResponses: [
        { statusCode: '404', responseTemplates: { 'application/json': '{"message":"no such route"}' } },
      ],
    });
    for (const resource of [this.api.root, this.api.root.addResource('{proxy+}')]) {
      resource.addMethod('ANY', notFound, {
        requestValidator: this.validator,
        methodResponses: [{ statusCode: '404', responseModels: { 'application/json': apigateway.Model.ERROR_MODEL } }],
      });
    }
  }
}

/** Gigabytes, as CloudFormation writes them. https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html */
const CACHE_SIZES = ['0.5', '1.6', '6.1', '13.5', '28.4', '58.2', '118', '237'];

/** The quota of 20,480 bytes has room for these permissions of at least two APIs, see `addFunctionRoute`. */
const MAX_SCOPED_PERMISSIONS = 10;

/**
 * One JSON object for each request. All values are text, because API Gateway writes `-` for an unknown value. There is no
 * variable for cache hits: an answer from the cache has `-` as integration status (and counts in CacheHitCount).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  traceId: '$context.xrayTraceId',
  caller: '$context.identity.userArn',
  principal: '$context.authorizer.principalId',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  resourcePath: '$context.resourcePath',
  path: '$context.path',
  protocol: '$context.protocol',
  status: '$context.status',
  responseLength: '$context.responseLength',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integration.latency',
  integrationStatus: '$context.integration.integrationStatus',
  errorType: '$context.error.responseType',
  error: '$context.error.message',
  wafStatus: '$context.waf.status',
};

/**
 * The answers of API Gateway itself. Its default messages contain ARNs, policies and canonical requests. Details are in the
 * logs under the request id, which every answer has in `x-amzn-requestid`. The two defaults cover all other types and keep
 * their status.
 */
const GATEWAY_RESPONSES: readonly {
  readonly type: apigateway.ResponseType;
  readonly statusCode?: string;
  /** A JSON string, or a variable that is one. */
  readonly message: string;
}[] = [
  { type: apigateway.ResponseType.DEFAULT_4XX, message: '"request refused"' },
  { type: apigateway.ResponseType.DEFAULT_5XX, message: '"internal error"' },
  // The message names the missing parameter or the wrong part of the body, so it reveals only what the caller sent.
  { type: apigateway.ResponseType.BAD_REQUEST_PARAMETERS, statusCode: '400', message: '$context.error.messageString' },
  { type: apigateway.ResponseType.BAD_REQUEST_BODY, statusCode: '400', message: '$context.error.messageString' },
  { type: apigateway.ResponseType.UNAUTHORIZED, statusCode: '401', message: '"not authenticated"' },
  { type: apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN, statusCode: '403', message: '"not authenticated"' },
  { type: apigateway.ResponseType.ACCESS_DENIED, statusCode: '403', message: '"not allowed"' },
  { type: apigateway.ResponseType.THROTTLED, statusCode: '429', message: '"too many requests"' },
  { type: apigateway.ResponseType.INTEGRATION_FAILURE, statusCode: '502', message: '"backend failed"' },
  { type: apigateway.ResponseType.INTEGRATION_TIMEOUT, statusCode: '504', message: '"backend took too long"' },
];

function checkThrottle(throttle: CachedRestApiProps['throttle'], where = ''): void {
  for (const [name, value] of Object.entries(throttle)) {
    if (!(value >= 1)) {
      throw new Error(
        `throttle.${name}: must be at least 1, got ${value}${where}. To stop all requests, use the policy property.`,
      );
    }
  }
}

/** The L1 resource of an L2 construct, for properties that only the L1 has. */
function resourceOf<T extends CfnResource>(construct: IConstruct, type: abstract new (...args: never[]) => T): T {
  const resource = construct.node.defaultChild;
  if (!(resource instanceof type)) {
    throw new Error(
      `${construct.node.path}: its resource must be a ${type.name}. Adapt this construct to the new aws-cdk-lib.`,
    );
  }
  return resource;
}
