// Kumiki 0.2.0, authorized-http-api.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Aws, Duration, Fn, Lazy, Names, Stack, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as authorizers from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import * as integrations from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Requests per second (`rate`) and bucket size (`burst`) over all callers, both at least 1. Beyond both, callers get 429. */
export interface HttpThrottle {
  readonly rate: number;
  readonly burst: number;
}

export interface AuthorizedHttpApiProps {
  /** Purpose of the API, which the console shows. @default none */
  readonly description?: string;

  /** First segment of every URL. `$default` adds no segment. @default 'v1' */
  readonly stageName?: string;

  /** Limit of each route without its own limit. Otherwise a route may use the whole quota of the account. */
  readonly throttle: HttpThrottle;

  /**
   * Callers send a JSON Web Token as `Authorization: Bearer …`. The token is of this issuer (an https URL with
   * `/.well-known/openid-configuration` below it) and for one of these audiences.
   *
   * @default IAM: callers sign their requests (SigV4)
   */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };

  /**
   * Web pages of these origins (scheme, host, port as in `https://app.example.com`, or `*` for all) may read answers. Browsers
   * cache this permission for `maxAge`.
   *
   * @default none: browsers hide answers from pages of other origins
   */
  readonly cors?: { readonly origins: readonly string[]; readonly maxAge?: Duration };

  /**
   * Custom domain name. `certificate` is valid for `name` and in the region of the API. `path` is the first segment of URLs at
   * that name. An alias record of `name` has to point to `domainName.regionalDomainName`.
   *
   * @default none; `path` is the name of the stage, so that URLs differ only in their host
   */
  readonly domain?: { readonly name: string; readonly certificate: acm.ICertificate; readonly path?: string };

  /**
   * Refuse requests at `<id>.execute-api.<region>.amazonaws.com`, because they would bypass protection in front of `domain`.
   *
   * @default false
   * @throws without `domain`: no request could reach the API
   */
  readonly disableDefaultEndpoint?: boolean;

  /**
   * Metrics of each route beside those of the stage. They are billed as custom metrics, for each hour in which a route is called.
   *
   * @default true
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
   */
  readonly detailedMetrics?: boolean;

  /** Log group with a line for each request. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;
}

/** Properties of every route. */
export interface HttpRouteProps {
  /** Path such as `/quotes/{symbol}`. `{proxy+}` as the last segment matches several segments. */
  readonly path: string;

  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

  /** Limit of this route. @default the limit of the API */
  readonly throttle?: HttpThrottle;
}

export interface HttpFunctionRouteProps extends HttpRouteProps {
  /** Alias of the function: `$LATEST` would bypass provisioned concurrency and rollback. */
  readonly handler: lambda.IFunction;
}

export interface HttpPrivateRouteProps extends HttpRouteProps {
  /** VPC link V2. Create it in the same stack, because a link cannot be deleted while an integration names it. */
  readonly vpcLink: apigatewayv2.IVpcLink;

  /** Listener of the internal load balancer behind the link. */
  readonly listener: elbv2.IApplicationListener;

  /** Name in the certificate of an HTTPS listener. API Gateway then uses TLS and verifies the name. @default HTTP */
  readonly serverName?: string;

  /**
   * Headers with fixed values for the backend. They replace headers of the same names that callers send.
   *
   * @default only the headers that callers send
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
 * An HTTP API whose every route authorises callers: by IAM, or by tokens with `jwt`. It throttles by stage and route, writes
 * a JSON access log and metrics of each route, and closes CORS. Compared with a REST API, an HTTP API costs less than a third
 * and adds less latency, but has no cache, validation, WAF, resource policy or X-Ray.
 *
 * API Gateway validates nothing here: the backend has to check path, query and body, and answer 400. API Gateway answers an
 * unknown route with 404 `{"message":"Not Found"}`, also to callers without authorisation.
 *
 * Unlike those of REST and WebSocket APIs, the access log needs no role of the account. API Gateway writes a resource policy
 * for the log group, for which the deploying principal needs `logs:CreateLogDelivery` and `logs:PutResourcePolicy`.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
 *
 * @example
 * ```ts
 * const api = new AuthorizedHttpApi(this, 'Api', { throttle: { rate: 50, burst: 100 } });
 * api.addFunctionRoute({ path: '/quotes/{symbol}', handler: live });
 * api.addPrivateRoute({ path: '/history/{symbol}', vpcLink, listener });
 * api.grantInvoke(new iam.AccountPrincipal('111122223333'));
 * ```
 */
export class AuthorizedHttpApi extends Construct {
  readonly api: apigatewayv2.HttpApi;
  readonly stage: apigatewayv2.HttpStage;
  readonly accessLogGroup: logs.ILogGroup;
  /** Base URL with a slash at the end, at `domain` if given. */
  readonly url: string;
  /** Custom domain name, for the target of its DNS record. */
  readonly domainName?: apigatewayv2.DomainName;

  private readonly jwt: boolean;
  private readonly detailedMetrics: boolean;
  private readonly throttle: HttpThrottle;
  private readonly settings: Record<string, RouteSettings> = {};
  private functionRoutes = 0;

  constructor(scope: Construct, id: string, props: AuthorizedHttpApiProps) {
    super(scope, id);
    const { cors, domain, jwt, throttle } = props;
    const stageName = props.stageName ?? 'v1';
    check(props);
    this.jwt = jwt !== undefined;
    this.throttle = throttle;
    this.detailedMetrics = props.detailedMetrics ?? true;

    this.api = new apigatewayv2.HttpApi(this, 'Api', {
      // Distinguishes APIs in the console.
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: props.description,
      // The default stage of HttpApi does not accept the settings of the stage below.
      createDefaultStage: false,
      disableExecuteApiEndpoint: props.disableDefaultEndpoint,
      defaultAuthorizer: jwt
        ? new authorizers.HttpJwtAuthorizer('Jwt', jwt.issuer, { jwtAudience: [...jwt.audience] })
        : new authorizers.HttpIamAuthorizer(),
      corsPreflight: cors && {
        allowOrigins: [...cors.origins],
        allowMethods: [apigatewayv2.CorsHttpMethod.ANY],
        allowHeaders: [...CORS_HEADERS],
        maxAge: cors.maxAge,
      },
    });

    this.domainName =
      domain &&
      new apigatewayv2.DomainName(this, 'DomainName', {
        domainName: domain.name,
        certificate: domain.certificate,
        securityPolicy: apigatewayv2.SecurityPolicy.TLS_1_2,
      });
    this.accessLogGroup = props.accessLogGroup ?? vendedLog(this, 'AccessLog', 'apis');
    this.stage = this.api.addStage('Stage', {
      stageName,
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      detailedMetricsEnabled: this.detailedMetrics,
      accessLogSettings: {
        // The attribute Arn of a log group ends with `:*`. API Gateway returns the ARN without it, which is permanent drift.
        destination: { bind: () => ({ destinationArn: arnOf(this.accessLogGroup) }) },
        format: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
      domainMapping: this.domainName && {
        domainName: this.domainName,
        mappingKey: domain?.path ?? (stageName === '$default' ? undefined : stageName),
      },
    });
    const resource = this.stage.node.defaultChild;
    if (!(resource instanceof apigatewayv2.CfnStage)) {
      throw new Error(
        `${this.stage.node.path}: its resource must be a CfnStage. Adapt this construct to the new aws-cdk-lib.`,
      );
    }
    resource.routeSettings = Lazy.any({ produce: () => this.settings });
    this.url = `${(domain ? this.stage.domainUrl : this.stage.url).replace(/\/$/, '')}/`;
  }

  /** Adds a route that invokes a function (payload format 2.0). */
  addFunctionRoute(route: HttpFunctionRouteProps): apigatewayv2.HttpRoute {
    // The resource policy of a function has at most 20,480 bytes, and a permission takes about 400. Each of the first ten routes
    // gets its own permission; the following routes share one for the whole API.
    const scoped = ++this.functionRoutes <= MAX_SCOPED_PERMISSIONS;
    return this.addRoute(
      route,
      new integrations.HttpLambdaIntegration('Integration', route.handler, { scopePermissionToRoute: scoped }),
    );
  }

  /**
   * Adds a route to the private load balancer through a VPC link V2, without a function. The backend receives the path of the
   * request without the stage, which API Gateway would otherwise prepend.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
   */
  addPrivateRoute(route: HttpPrivateRouteProps): apigatewayv2.HttpRoute {
    const method = METHODS[route.method ?? 'GET'];
    const parameterMapping = new apigatewayv2.ParameterMapping().overwritePath(apigatewayv2.MappingValue.requestPath());
    for (const [name, value] of Object.entries(route.requestHeaders ?? {})) {
      parameterMapping.overwriteHeader(name, apigatewayv2.MappingValue.custom(value));
    }
    if (route.requestIdHeader !== undefined) {
      parameterMapping.overwriteHeader(route.requestIdHeader, apigatewayv2.MappingValue.contextVariable('requestId'));
    }
    return this.addRoute(
      route,
      new integrations.HttpAlbIntegration('Integration', route.listener, {
        vpcLink: route.vpcLink,
        secureServerName: route.serverName,
        method,
        parameterMapping,
      }),
    );
  }

  /** Grants to call every route. @throws with `jwt`, because then tokens authorise callers, not IAM */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    if (this.jwt) {
      throw new Error(
        'grantInvoke: needs IAM authorisation, but jwt is set. Leave the call out: callers with a token of the issuer have access.',
      );
    }
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [this.api.arnForExecuteApi('*', '/*', this.stage.stageName)],
    });
  }

  private addRoute(route: HttpRouteProps, integration: apigatewayv2.HttpRouteIntegration): apigatewayv2.HttpRoute {
    const method = route.method ?? 'GET';
    const key = `${method} ${route.path}`;
    if (!/^(\/[^/]+)+$/.test(route.path)) {
      throw new Error(
        `path: must be segments that begin with a slash, got "${route.path}". Give a path such as /quotes/{symbol}.`,
      );
    }
    if (key in this.settings) {
      throw new Error(
        `path: must be unique with its method, got ${key} twice. Give every route another path or method.`,
      );
    }
    const throttle = route.throttle ?? this.throttle;
    checkThrottle('throttle', throttle, ` for ${key}`);
    // The settings of a route replace all settings of the stage: a missing setting is off, not inherited.
    this.settings[key] = {
      ThrottlingRateLimit: throttle.rate,
      ThrottlingBurstLimit: throttle.burst,
      DetailedMetricsEnabled: this.detailedMetrics,
    };
    const added = new apigatewayv2.HttpRoute(this, `${method}${route.path}`, {
      httpApi: this.api,
      routeKey: apigatewayv2.HttpRouteKey.with(route.path, METHODS[method]),
      integration,
    });
    // API Gateway refuses a stage with settings for a missing route: "Unable to find Route by key".
    this.stage.node.addDependency(added);
    return added;
  }
}

/** Property names as API Gateway expects them: aws-cdk-lib has no type that would translate them. */
interface RouteSettings {
  readonly ThrottlingRateLimit: number;
  readonly ThrottlingBurstLimit: number;
  readonly DetailedMetricsEnabled: boolean;
}

const METHODS: Readonly<Record<NonNullable<HttpRouteProps['method']>, apigatewayv2.HttpMethod>> = {
  GET: apigatewayv2.HttpMethod.GET,
  POST: apigatewayv2.HttpMethod.POST,
  PUT: apigatewayv2.HttpMethod.PUT,
  PATCH: apigatewayv2.HttpMethod.PATCH,
  DELETE: apigatewayv2.HttpMethod.DELETE,
};

/** The quota of 20,480 bytes has room for these permissions of at least two APIs, see `addFunctionRoute`. */
const MAX_SCOPED_PERMISSIONS = 10;

/** Headers that a page sends with a signed request, or with a token. */
const CORS_HEADERS = ['authorization', 'content-type', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];

/**
 * One JSON object for each request. All values are text, because API Gateway writes `-` for an unknown value.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  caller: '$context.identity.userArn',
  subject: '$context.authorizer.claims.sub',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  routeKey: '$context.routeKey',
  path: '$context.path',
  protocol: '$context.protocol',
  status: '$context.status',
  responseLength: '$context.responseLength',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integration.latency',
  integrationStatus: '$context.integration.integrationStatus',
  integrationError: '$context.integration.error',
  authorizerError: '$context.authorizer.error',
  errorType: '$context.error.responseType',
  error: '$context.error.message',
};

/**
 * A log group to which a service delivers. CloudWatch Logs has one policy for all of them in an account and region, of 5120
 * characters, and replaces the entries by one for groups whose names begin with `/aws/vendedlogs/`. The name differs each time
 * the stack is created, because a log group that is retained keeps its name.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
 */
function vendedLog(scope: Construct, id: string, service: string): logs.LogGroup {
  const creation = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
  const name = `${Stack.of(scope).stackName}-${id}-${scope.node.addr.slice(-8)}`;
  return new logs.LogGroup(scope, id, { logGroupName: `/aws/vendedlogs/${service}/${name}-${creation}` });
}

function arnOf(logGroup: logs.ILogGroup): string {
  return Stack.of(logGroup).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroup.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

function check({ throttle, jwt, cors, domain, disableDefaultEndpoint }: AuthorizedHttpApiProps): void {
  checkThrottle('throttle', throttle);
  if (jwt && !Token.isUnresolved(jwt.issuer) && !jwt.issuer.startsWith('https://')) {
    throw new Error(
      `jwt.issuer: must be an https URL, got "${jwt.issuer}". Give the value of the tokens' claim "iss".`,
    );
  }
  if (jwt && jwt.audience.length === 0) {
    throw new Error(
      'jwt.audience: must name at least one audience, got none, which would accept the tokens of any client. ' +
        'Give the value of the tokens\' claim "aud" or "client_id".',
    );
  }
  const origin = cors?.origins.find(
    (name) => !Token.isUnresolved(name) && name !== '*' && !/^https?:\/\/[^/?#]+$/.test(name),
  );
  if (origin !== undefined) {
    throw new Error(
      `cors.origins: must be scheme, host and port as browsers send them, got "${origin}". ` +
        'Give an origin such as https://app.example.com, without a path or a slash at the end.',
    );
  }
  if (cors?.origins.length === 0) {
    throw new Error('cors.origins: must have at least one origin, got none. Give an origin, or leave cors out.');
  }
  if (disableDefaultEndpoint && !domain) {
    throw new Error(
      'disableDefaultEndpoint: needs domain, or no request could reach the API. Give domain, or leave disableDefaultEndpoint out.',
    );
  }
}

function checkThrottle(property: string, throttle: HttpThrottle, where = ''): void {
  for (const [name, value] of Object.entries(throttle)) {
    if (!(value >= 1)) {
      throw new Error(
        `${property}.${name}: must be at least 1, got ${value}${where}. To stop all requests, remove the route.`,
      );
    }
  }
}
