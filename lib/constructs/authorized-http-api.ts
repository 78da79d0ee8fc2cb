import { ArnFormat, Duration, Lazy, Names, Stack, Token } from 'aws-cdk-lib';
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

/** Requests per second (`rate`) and bucket size (`burst`) over all callers, both at least 1; beyond it 429. */
export interface HttpThrottle {
  readonly rate: number;
  readonly burst: number;
}

export interface AuthorizedHttpApiProps {
  /** What the API is for, shown in the console. @default none */
  readonly description?: string;

  /** First segment of every URL; `$default` for none. @default 'v1' */
  readonly stageName?: string;

  /** The limit of each route that has none of its own. A stage without one takes all that the account's quota allows. */
  readonly throttle: HttpThrottle;

  /**
   * Callers send a JSON Web Token as `Authorization: Bearer …`, of this issuer (an https URL with
   * `/.well-known/openid-configuration` below it) and for one of these audiences.
   *
   * @default IAM: callers sign their requests (SigV4)
   */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };

  /**
   * Web pages of these origins (scheme, host, port as in `https://app.example.com`, or `*` for all) may read answers.
   * `maxAge` is how long browsers remember it.
   *
   * @default none: browsers keep answers from every page of another origin
   */
  readonly cors?: { readonly origins: readonly string[]; readonly maxAge?: Duration };

  /**
   * A name of your own: `certificate` is for `name` and in the API's region, `path` the first segment of URLs there.
   * Point an alias record of `name` at `domainName.regionalDomainName`.
   *
   * @default none; `path` is the name of the stage, so that URLs differ in their host alone
   */
  readonly domain?: { readonly name: string; readonly certificate: acm.ICertificate; readonly path?: string };

  /**
   * Refuse requests at `<id>.execute-api.<region>.amazonaws.com`, which would pass by what is in front of `domain`.
   *
   * @default false
   * @throws without `domain`: no request could reach the API
   */
  readonly disableDefaultEndpoint?: boolean;

  /** Where the stage logs each request to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly accessLogGroup?: logs.ILogGroup;
}

/** What both kinds of routes have. */
export interface HttpRouteProps {
  /** As in `/quotes/{symbol}`; `{proxy+}` as the last segment takes several. */
  readonly path: string;

  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

  /** The limit of this route. @default that of the API */
  readonly throttle?: HttpThrottle;
}

export interface HttpFunctionRouteProps extends HttpRouteProps {
  /** Alias of the function (an unpublished function would bypass provisioned concurrency and rollback). */
  readonly handler: lambda.IFunction;
}

export interface HttpPrivateRouteProps extends HttpRouteProps {
  /** VPC link V2, created in the same stack: while an integration names it, it cannot be deleted. */
  readonly vpcLink: apigatewayv2.IVpcLink;

  /** Listener of the internal load balancer behind the link. */
  readonly listener: elbv2.IApplicationListener;

  /** Name in the certificate of an HTTPS listener: API Gateway then speaks TLS and verifies it. @default HTTP */
  readonly serverName?: string;

  /**
   * Headers with fixed values that the backend gets with every request, whatever the caller sends under these names.
   *
   * @default only what the caller sends
   */
  readonly requestHeaders?: Readonly<Record<string, string>>;

  /**
   * Base URL that takes the place of link and listener, for an endpoint that emulates API Gateway and has no VPC links.
   *
   * @default through the link
   */
  readonly url?: string;
}

/**
 * An HTTP API that nobody calls unauthorised: IAM unless `jwt` is given, on every route. Throttled by stage and route,
 * JSON access log, metrics of each route, CORS closed. Compared with a REST API it costs less than a third and adds less
 * latency, and it has no cache, no validation, no WAF, no resource policy and no X-Ray.
 *
 * It validates nothing: what is in path, query and body is the backend's to check, with status 400. An unknown route is
 * answered 404 `{"message":"Not Found"}`, to anyone.
 *
 * Its access log needs no role of the account, as REST and WebSocket APIs do: API Gateway writes a resource policy for
 * the log group, with the deploying principal's right to `logs:CreateLogDelivery` and `logs:PutResourcePolicy`.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
 */
export class AuthorizedHttpApi extends Construct {
  readonly api: apigatewayv2.HttpApi;
  readonly stage: apigatewayv2.HttpStage;
  /** Base URL with a slash at the end: at `domain` if there is one. */
  readonly url: string;
  /** The name of your own; a DNS record of yours has to lead to it. */
  readonly domainName?: apigatewayv2.DomainName;

  private readonly jwt: boolean;
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

    this.api = new apigatewayv2.HttpApi(this, 'Api', {
      // Has to tell APIs apart in the console.
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: props.description,
      // The stage has settings that the default one of HttpApi cannot be given.
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
    const accessLog = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLog');
    this.stage = this.api.addStage('Stage', {
      stageName,
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        // The attribute Arn of a log group ends with `:*`, API Gateway returns it without: a drift for ever.
        destination: { bind: () => ({ destinationArn: arnOf(accessLog) }) },
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

  /** A route that invokes a function (payload format 2.0). */
  addFunctionRoute(route: HttpFunctionRouteProps): apigatewayv2.HttpRoute {
    // Permissions to invoke live in one policy of at most 20,480 bytes, about 400 a route. The first ten routes get one
    // each; those that follow share a single one that covers the API.
    const scoped = ++this.functionRoutes <= MAX_SCOPED_PERMISSIONS;
    return this.addRoute(
      route,
      new integrations.HttpLambdaIntegration('Integration', route.handler, { scopePermissionToRoute: scoped }),
    );
  }

  /**
   * A route to the private load balancer through a VPC link V2, with no function between. The backend receives the path
   * of the request without the stage, which API Gateway would put in front of it.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
   */
  addPrivateRoute(route: HttpPrivateRouteProps): apigatewayv2.HttpRoute {
    const method = METHODS[route.method ?? 'GET'];
    const parameterMapping = new apigatewayv2.ParameterMapping().overwritePath(apigatewayv2.MappingValue.requestPath());
    for (const [name, value] of Object.entries(route.requestHeaders ?? {})) {
      parameterMapping.overwriteHeader(name, apigatewayv2.MappingValue.custom(value));
    }
    return this.addRoute(
      route,
      route.url === undefined
        ? new integrations.HttpAlbIntegration('Integration', route.listener, {
            vpcLink: route.vpcLink,
            secureServerName: route.serverName,
            method,
            parameterMapping,
          })
        : new integrations.HttpUrlIntegration('Integration', route.url, { method, parameterMapping }),
    );
  }

  /** Lets the grantee call every route. @throws with `jwt`, where tokens decide and not IAM */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    if (this.jwt) {
      throw new Error('grantInvoke: needs IAM authorisation, but jwt is set. Let the issuer decide who gets a token.');
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
        `path: must be segments that begin with a slash, got "${route.path}". Write it as /quotes/{symbol}.`,
      );
    }
    if (key in this.settings) {
      throw new Error(`path: ${key} is there already. Give every route another path or method.`);
    }
    const throttle = route.throttle ?? this.throttle;
    checkThrottle('throttle', throttle, ` for ${key}`);
    // Settings of a route replace those of the stage as a whole: what is left out is off, not inherited.
    this.settings[key] = {
      ThrottlingRateLimit: throttle.rate,
      ThrottlingBurstLimit: throttle.burst,
      DetailedMetricsEnabled: true,
    };
    const added = new apigatewayv2.HttpRoute(this, `${method}${route.path}`, {
      httpApi: this.api,
      routeKey: apigatewayv2.HttpRouteKey.with(route.path, METHODS[method]),
      integration,
    });
    // A stage with settings for a route that does not exist yet is refused: "Unable to find Route by key".
    this.stage.node.addDependency(added);
    return added;
  }
}

/** Written as CloudFormation passes them on: the property has no type of its own that would translate them. */
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

/** As much as the quota of 20,480 bytes a policy holds twice over, see `addFunctionRoute`. */
const MAX_SCOPED_PERMISSIONS = 10;

/** What a page sends with a signed request, or with a token. */
const CORS_HEADERS = ['authorization', 'content-type', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];

/**
 * One JSON object a request. Values are text, because API Gateway writes `-` for what is not known.
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
      'jwt.audience: must name at least one audience, got none, so tokens for anyone would do. ' +
        'Give the value of the tokens\' claim "aud" or "client_id".',
    );
  }
  const origin = cors?.origins.find(
    (name) => !Token.isUnresolved(name) && name !== '*' && !/^https?:\/\/[^/?#]+$/.test(name),
  );
  if (origin !== undefined) {
    throw new Error(
      `cors.origins: must be scheme, host and port as browsers send them, got "${origin}". ` +
        'Write https://app.example.com, without a path or a slash at the end.',
    );
  }
  if (cors?.origins.length === 0) {
    throw new Error('cors.origins: must have at least one origin, got none. Name one, or leave cors out.');
  }
  if (disableDefaultEndpoint && !domain) {
    throw new Error(
      'disableDefaultEndpoint: needs domain, or no request could reach the API. Give domain, or leave it out.',
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
