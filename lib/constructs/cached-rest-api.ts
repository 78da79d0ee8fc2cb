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
  /** What the API is for, shown in the console. @default none */
  readonly description?: string;

  /** First segment of every URL. @default 'v1' */
  readonly stageName?: string;

  /**
   * The cache of the stage. It costs by the hour whether used or not, and takes about four minutes to create.
   *
   * `sizeGb`: 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237, default 0.5. A change of size empties it.
   *
   * @default no cache, and nothing to pay for: `cacheTtl` of routes has no effect
   */
  readonly cache?: { readonly sizeGb?: string };

  /** Requests per second (`rate`) and bucket size (`burst`) of each method, over all callers; beyond it 429. */
  readonly throttle: { readonly rate: number; readonly burst: number };

  /** How callers prove who they are, on every route. @default IAM (SigV4), or the authorizer's type when there is one */
  readonly authorizationType?: apigateway.AuthorizationType;

  /** A Cognito or Lambda authorizer for every route. @default none */
  readonly authorizer?: apigateway.IAuthorizer;

  /** Where the stage logs each request to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;

  /** ARN of a regional WAF web ACL to put in front of the stage. @default none */
  readonly webAclArn?: string;

  /** Resource policy: which accounts, networks or VPC endpoints may call at all. @default none */
  readonly policy?: iam.PolicyDocument;

  /**
   * What has to be there before the stage: the account's role for logging, without which the stage fails with
   * "CloudWatch Logs role ARN must be set".
   *
   * @default the account has the role already
   */
  readonly account?: IDependable;
}

/** What both kinds of routes have. */
export interface RouteProps {
  /** As in `/quotes/{symbol}`. The parameters in it are declared, required and part of the cache key. */
  readonly path: string;

  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

  /**
   * Names of the optional query parameters: all that the backend reads, or it would answer one caller with what was
   * cached for another value.
   *
   * @default none
   */
  readonly query?: readonly string[];

  /**
   * How long an answer is served from the cache, 1 to 3600 seconds. Callers share the cache: only for what every
   * authorised caller may see and what depends on nothing but path and query, never on the caller or on headers. An
   * error of the backend is most likely kept as long, and nothing switches that off: the TTL is how long it may outlive
   * its cause. https://stackoverflow.com/questions/45883323/prevent-caching-of-non-200-responses-in-aws-api-gateway
   *
   * @default not cached
   * @throws for other methods than GET
   */
  readonly cacheTtl?: Duration;

  /**
   * Requests per second and bucket size over all callers of this route; beyond it 429.
   *
   * @default those of the API
   * @throws if one is less than 1
   */
  readonly throttle?: CachedRestApiProps['throttle'];

  /**
   * The declared parameters that tell answers apart, to leave out query parameters which do not change the answer.
   * Path parameters always do.
   *
   * @default every declared parameter
   * @throws for a name that neither path nor query declares
   */
  readonly cacheKeys?: readonly string[];
}

export interface FunctionRouteProps extends RouteProps {
  /** Alias of the function (an unpublished function would bypass provisioned concurrency and rollback). */
  readonly handler: lambda.IFunction;
}

export interface PrivateRouteProps extends RouteProps {
  /** VPC link V2, created in the same stack: while a deployed API names it, it cannot be deleted. */
  readonly vpcLink: apigatewayv2.IVpcLink;

  /** The internal load balancer behind the link. */
  readonly loadBalancer: elbv2.IApplicationLoadBalancer;

  /**
   * Scheme, host and port of the listener, and a base path if it has one, without a slash at the end: `http://` and the
   * load balancer's DNS name, or `https://` and a name of its certificate. API Gateway picks the listener by scheme and
   * port, and sends the host as `Host`. The path of the route is appended.
   */
  readonly url: string;

  /**
   * Headers with fixed values that the backend gets with every request, whatever the caller sends under these names.
   *
   * @default only what the caller sends
   * @throws for a value with a single quote, which is how API Gateway writes its end
   */
  readonly requestHeaders?: Readonly<Record<string, string>>;
}

/**
 * A regional REST API with a stage cache that does not surprise: encrypted, keyed on every declared parameter, switched
 * on per route with an explicit time to live, and explicitly off everywhere else (to remove the property from the
 * template would leave it on, https://github.com/aws/aws-cdk/issues/32342).
 *
 * IAM authorisation unless told otherwise, throttling, JSON access log, X-Ray, execution log at ERROR without data,
 * 404 for unknown routes. What API Gateway answers by itself is JSON that tells nothing of the inside; what a backend
 * answers is passed on as it is, and a load balancer in front of it has pages of its own (502, 503, 504 in HTML).
 *
 * A query parameter or header that is not declared still reaches the backend, but is not part of the cache key: a
 * backend of a cached route has to ignore it.
 *
 * API Gateway validates that parameters are present, not what is in them (models are for bodies only): the patterns of
 * path and query are the backend's to check, with status 400.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
 */
export class CachedRestApi extends Construct {
  readonly api: apigateway.RestApi;
  readonly stage: apigateway.Stage;
  /** Base URL with the stage and a slash at the end. */
  readonly url: string;
  /** The routes that are cached, growing with them; empty while the cache is off. */
  readonly cachedMethods: readonly { readonly path: string; readonly httpMethod: string }[];
  /** Changes with every deployment and every setting of the stage. */
  readonly revision: string;

  private readonly cache: boolean;
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
        `cache.sizeGb: must be one of ${CACHE_SIZES.join(', ')}, got "${size}". Choose the next larger one.`,
      );
    }
    checkThrottle(props.throttle);
    this.cache = size !== undefined;
    this.throttle = props.throttle;
    this.cachedMethods = this.cached;

    const accessLog = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLog');
    this.api = new apigateway.RestApi(this, 'Api', {
      // Also a dimension of the metrics, so it has to tell APIs apart.
      restApiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: props.description,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      policy: props.policy,
      // The account's role has one owner: the construct behind `account`.
      cloudWatchRole: false,
      defaultMethodOptions: {
        authorizer: props.authorizer,
        authorizationType: props.authorizationType ?? (props.authorizer ? undefined : apigateway.AuthorizationType.IAM),
      },
      deployOptions: {
        stageName,
        tracingEnabled: true,
        cacheClusterEnabled: this.cache,
        cacheClusterSize: size,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
        accessLogFormat: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // The stack says what its outputs are.
    this.api.node.tryRemoveChild('Endpoint');
    this.stage = this.api.deploymentStage;
    this.url = this.api.url;

    // API Gateway would create this log group by itself, for ever and to stay.
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
          ? ['cache: is paid for by the hour, but no route has a cacheTtl. Give a route one, or leave cache out.']
          : [],
    });
  }

  /** A route that invokes a function (Lambda proxy integration). */
  addFunctionRoute(route: FunctionRouteProps): apigateway.Method {
    // Permissions to invoke live in one policy of at most 20,480 bytes, about 400 a method. The first ten methods get
    // one each; from then on a single one covers the API.
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
   * A route to the private load balancer through a VPC link V2, with no function between (HTTP proxy integration).
   *
   * aws-cdk-lib 2.276 has no integration class for it; `AlbIntegration` of a later release (aws-cdk pull request 36247)
   * renders the same.
   *
   * The backend should see the path of the URI. AWS's page on private integrations says that the stage comes before it,
   * as in HTTP APIs, whose integrations have no URI; the authors of `AlbIntegration` report a path without the stage.
   * Neither was tried here: should the backend answer 404 on AWS, look there first.
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
        throw new Error(`requestHeaders.${name}: must have no single quote, got "${value}". Leave it out.`);
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
          ]),
          cacheKeyParameters,
        },
      }),
    );
    // Where the link delivers to; the host in the URI is only sent along.
    const target = route.loadBalancer.loadBalancerArn;
    resourceOf(method, apigateway.CfnMethod).addPropertyOverride('Integration.IntegrationTarget', target);
    // Overrides are not part of the deployment's hash: without this, the stage would keep calling the old target.
    // Nor is a link that is replaced under the same id, as it is with every change of its subnets or security groups.
    const link = route.vpcLink.node.defaultChild;
    const placement = link instanceof apigatewayv2.CfnVpcLink ? [link.subnetIds, link.securityGroupIds] : [];
    this.api.latestDeployment?.addToLogicalId({ path: method.methodArn, target, placement });
    return method;
  }

  /** Lets the grantee call every route, when IAM authorises. */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, 'execute-api:Invoke', '*');
  }

  /** Lets the grantee refresh cached answers with `Cache-Control: max-age=0`. It needs `grantInvoke` too. */
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

  /** Checks a route and enters its settings; `declare` creates its method with everything declared. */
  private declare(route: RouteProps) {
    const httpMethod = route.method ?? 'GET';
    const pathNames = Array.from(route.path.matchAll(/\{([^}+]+)\+?\}/g), ([, name = '']) => name);
    const query = route.query ?? [];
    const where = `${httpMethod} ${route.path}`;

    for (const name of query) {
      if (!/^[a-zA-Z0-9._$-]+$/.test(name)) {
        throw new Error(`query: names of ${where} may have letters, digits and . _ $ -, got "${name}". Rename it.`);
      }
    }
    for (const key of route.cacheKeys ?? []) {
      if (!pathNames.includes(key) && !query.includes(key)) {
        throw new Error(
          `cacheKeys: every key must be declared by the method, but ${where} declares [${[...pathNames, ...query].join(', ')}], ` +
            `got "${key}". Add it to query, or remove it.`,
        );
      }
    }
    const ttl = route.cacheTtl?.toSeconds();
    if (ttl !== undefined && httpMethod !== 'GET') {
      throw new Error(`cacheTtl: only GET may be cached, got ${where}. Remove cacheTtl.`);
    }
    if (ttl !== undefined && !(ttl >= 1 && ttl <= 3600)) {
      throw new Error(
        `cacheTtl: must be 1 to 3600 seconds, got ${ttl} for ${where}. To switch caching off, leave it out.`,
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
      // Also where nothing is cached: a cache that is switched on elsewhere must not mix up answers.
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
          // Every API has the models Empty and Error, the latter with our `message`. They are documentation: generated
          // SDKs and exported OpenAPI know the shape of an error; proxy integrations pass any answer. The answers' own
          // models would repeat types of the backend in a second language, and check nothing.
          methodResponses: [
            { statusCode: '200' },
            { statusCode: '400', responseModels: { 'application/json': apigateway.Model.ERROR_MODEL } },
          ],
        }),
    };
  }

  /** Entries do not complete each other, so each says everything, `false` too. */
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
      metricsEnabled: true,
    };
  }

  /**
   * API Gateway says 403 "Missing Authentication Token" to unknown routes and to unsigned requests alike, so the status
   * of that answer cannot be changed to 404. A greedy resource takes every request that no other method takes (routing
   * prefers the more specific resource), and authorises it first: who may not call learns nothing about routes.
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

/** As much as the quota of 20,480 bytes a policy holds twice over, see `addFunctionRoute`. */
const MAX_SCOPED_PERMISSIONS = 10;

/**
 * One JSON object a request. Values are text, because API Gateway writes `-` for what is not known. There is no
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
 * What API Gateway answers by itself. Its own messages name ARNs, policies and canonical requests; the details are in
 * the logs under the request id that every answer has in `x-amzn-requestid`. The two defaults cover all other types and
 * leave their status as it is.
 */
const GATEWAY_RESPONSES: readonly {
  readonly type: apigateway.ResponseType;
  readonly statusCode?: string;
  /** A JSON string, or a variable that is one. */
  readonly message: string;
}[] = [
  { type: apigateway.ResponseType.DEFAULT_4XX, message: '"request refused"' },
  { type: apigateway.ResponseType.DEFAULT_5XX, message: '"internal error"' },
  // Says which parameter is missing, or which part of the body is wrong: nothing that the caller did not send.
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

/** The L1 resource of an L2 construct, for what only the former can express. */
function resourceOf<T extends CfnResource>(construct: IConstruct, type: abstract new (...args: never[]) => T): T {
  const resource = construct.node.defaultChild;
  if (!(resource instanceof type)) {
    throw new Error(
      `${construct.node.path}: its resource must be a ${type.name}. Adapt this construct to the new aws-cdk-lib.`,
    );
  }
  return resource;
}
