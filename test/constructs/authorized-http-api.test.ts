import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import {
  AuthorizedHttpApi,
  AuthorizedHttpApiProps,
  HttpFunctionRouteProps,
  HttpPrivateRouteProps,
} from '../../lib/constructs/authorized-http-api';

const LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/internal/1/2';
const JWT = { issuer: 'https://issuer.example.com/', audience: ['quotes'] };

class Fixture {
  readonly stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  readonly http: AuthorizedHttpApi;
  readonly handler: lambda.IFunction;
  private made?: Template;

  constructor(props: Partial<AuthorizedHttpApiProps> = {}) {
    this.http = new AuthorizedHttpApi(this.stack, 'Http', { throttle: { rate: 50, burst: 100 }, ...props });
    this.handler = new lambda.Function(this.stack, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 })'),
    }).addAlias('live');
  }

  functionRoute(route: Partial<HttpFunctionRouteProps> = {}): this {
    this.http.addFunctionRoute({ path: '/quotes/{symbol}', handler: this.handler, ...route });
    return this;
  }

  privateRoute(route: Partial<HttpPrivateRouteProps> = {}): this {
    const { stack } = this;
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
    this.http.addPrivateRoute({
      path: '/history/{symbol}',
      vpcLink: apigatewayv2.VpcLink.fromVpcLinkAttributes(stack, 'Link', { vpc, vpcLinkId: 'link-1' }),
      listener: elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Listener', {
        listenerArn: LISTENER,
        securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1'),
      }),
      ...route,
    });
    return this;
  }

  get template(): Template {
    this.made ??= Template.fromStack(this.stack);
    return this.made;
  }
}

const both = (props?: Partial<AuthorizedHttpApiProps>) => new Fixture(props).functionRoute().privateRoute();
const create = (props: Partial<AuthorizedHttpApiProps>) => () => new Fixture(props);
/** Template for tests that only read it. */
const DEFAULT = both();

function stageOf(template: Template) {
  return Object.values(template.findResources('AWS::ApiGatewayV2::Stage'))[0] as {
    Properties: Record<string, unknown>;
    DependsOn: string[];
  };
}

function withDomain(props: Partial<AuthorizedHttpApiProps> = {}, domain: { path?: string } = {}): Fixture {
  const stack = new Stack(new App(), 'Certificates');
  const certificate = acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:us-east-1:1:certificate/x');
  return new Fixture({ domain: { name: 'api.example.com', certificate, ...domain }, ...props }).functionRoute();
}

describe('routes', () => {
  test('invoke the alias with payload format 2.0 [L1]', () => {
    DEFAULT.template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { Ref: Match.stringLikeRegexp('FunctionAliaslive') },
      PayloadFormatVersion: '2.0',
    });
  });

  test('may invoke the alias for their path only', () => {
    DEFAULT.template.resourceCountIs('AWS::Lambda::Permission', 1);
    DEFAULT.template.hasResourceProperties('AWS::Lambda::Permission', {
      FunctionName: { Ref: Match.stringLikeRegexp('FunctionAliaslive') },
      SourceArn: { 'Fn::Join': ['', Match.arrayWith(['/*/*/quotes/{symbol}'])] },
    });
  });

  test('share one permission from the eleventh on, because the policy of a function is limited [L7]', () => {
    const fixture = new Fixture();
    for (let n = 0; n < 15; n++) fixture.functionRoute({ path: `/route${n}` });
    fixture.template.resourceCountIs('AWS::Lambda::Permission', 11);
  });

  test('reach the listener through the VPC link, with the path of the request and without the stage [V3]', () => {
    DEFAULT.template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'HTTP_PROXY',
      ConnectionType: 'VPC_LINK',
      ConnectionId: 'link-1',
      IntegrationMethod: 'GET',
      IntegrationUri: LISTENER,
      RequestParameters: { 'overwrite:path': '$request.path' },
      TlsConfig: Match.absent(),
    });
  });

  test('send the backend fixed headers, which replace those of callers', () => {
    new Fixture()
      .privateRoute({ requestHeaders: { 'x-timeout-ms': '2000' } })
      .template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
        RequestParameters: { 'overwrite:path': '$request.path', 'overwrite:header.x-timeout-ms': '2000' },
      });
  });

  test('send the backend the id of the request, which replaces an id that a caller sends', () => {
    new Fixture()
      .privateRoute({ requestIdHeader: 'x-request-id' })
      .template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
        RequestParameters: {
          'overwrite:path': '$request.path',
          'overwrite:header.x-request-id': '$context.requestId',
        },
      });
  });

  test('use TLS to the listener when the name in its certificate is given', () => {
    new Fixture()
      .privateRoute({ serverName: 'quotes.example.com' })
      .template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
        ConnectionType: 'VPC_LINK',
        TlsConfig: { ServerNameToVerify: 'quotes.example.com' },
      });
  });

  test.each(['quotes', '/', '/quotes/', '//quotes', ''])('fail for the path %j', (path) => {
    expect(() => new Fixture().functionRoute({ path })).toThrow(
      /path: must be segments that begin with a slash, got "/,
    );
  });

  test('fail for two routes with the same path and method', () => {
    expect(() => new Fixture().functionRoute().functionRoute()).toThrow(
      'path: must be unique with its method, got GET /quotes/{symbol} twice. Give every route another path or method.',
    );
    expect(() => new Fixture().functionRoute().functionRoute({ method: 'POST' })).not.toThrow();
  });
});

describe('authorisation', () => {
  test('is by IAM on every route by default', () => {
    const routes = Object.values(DEFAULT.template.findResources('AWS::ApiGatewayV2::Route'));
    expect(routes.map(({ Properties }) => Properties.AuthorizationType)).toEqual(['AWS_IAM', 'AWS_IAM']);
  });

  test('is by tokens of one issuer, for one audience, on every route', () => {
    const { template } = both({ jwt: JWT });
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Audience: ['quotes'], Issuer: JWT.issuer },
    });
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', {
      AuthorizationType: 'JWT',
      AuthorizerId: { Ref: Match.stringLikeRegexp('Jwt') },
    });
  });

  test('grants calls to this API and stage only', () => {
    const fixture = new Fixture().functionRoute();
    fixture.http.grantInvoke(new iam.Role(fixture.stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() }));
    fixture.template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: { 'Fn::Join': ['', Match.arrayWith([{ Ref: Match.stringLikeRegexp('HttpApi') }, '/v1/*/*'])] },
          },
        ],
      },
    });
  });

  test('grants nothing where tokens authorise callers', () => {
    const { stack, http } = new Fixture({ jwt: JWT });
    const caller = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
    expect(() => http.grantInvoke(caller)).toThrow(/grantInvoke: needs IAM authorisation, but jwt is set/);
  });

  test('fails for an issuer without TLS, or without an audience', () => {
    expect(create({ jwt: { ...JWT, issuer: 'http://issuer.example.com' } })).toThrow(
      /jwt\.issuer: must be an https URL, got "http:\/\/issuer\.example\.com"\. Give the value/,
    );
    expect(create({ jwt: { ...JWT, audience: [] } })).toThrow(
      /jwt\.audience: must name at least one audience, got none/,
    );
  });
});

describe('stage', () => {
  test('measures no single route without detailed metrics', () => {
    const text = JSON.stringify(stageOf(both({ detailedMetrics: false }).template).Properties);
    expect(text.match(/"DetailedMetricsEnabled":\w+/g)).toEqual(Array(3).fill('"DetailedMetricsEnabled":false'));
  });

  test('throttles and measures by default and for every route, each entry complete [A6]', () => {
    const { Properties } = stageOf(
      new Fixture().functionRoute().privateRoute({ throttle: { rate: 20, burst: 40 } }).template,
    );
    const limit = (rate: number, burst: number) => ({
      ThrottlingRateLimit: rate,
      ThrottlingBurstLimit: burst,
      DetailedMetricsEnabled: true,
    });
    expect(Properties['DefaultRouteSettings']).toEqual(limit(50, 100));
    expect(Properties['RouteSettings']).toEqual({
      'GET /quotes/{symbol}': limit(50, 100),
      'GET /history/{symbol}': limit(20, 40),
    });
  });

  test('is created after its routes, because API Gateway refuses settings of a missing route', () => {
    const routes = Object.keys(DEFAULT.template.findResources('AWS::ApiGatewayV2::Route'));
    expect(stageOf(DEFAULT.template).DependsOn).toEqual(expect.arrayContaining(routes));
    expect(stageOf(DEFAULT.template).Properties['AutoDeploy']).toBe(true);
  });

  test('writes a JSON access log to its own log group, at an ARN without a wildcard [A6, P13]', () => {
    const { DestinationArn, Format } = stageOf(DEFAULT.template).Properties['AccessLogSettings'] as {
      DestinationArn: { 'Fn::Join': unknown };
      Format: string;
    };
    expect(JSON.stringify(DestinationArn)).toMatch(/log-group:",{"Ref":"HttpAccessLog\w+"}]/);
    // CloudWatch Logs lets services deliver to any number of groups with such a name.
    const [log] = Object.values(DEFAULT.template.findResources('AWS::Logs::LogGroup'));
    const name = JSON.stringify(log?.['Properties'].LogGroupName);
    expect(name).toContain('/aws/vendedlogs/apis/');
    expect(name).toContain('{"Ref":"AWS::StackId"}');
    expect(JSON.parse(Format)).toMatchObject({ requestId: '$context.requestId', routeKey: '$context.routeKey' });
  });

  test('writes the access log to the given log group, and creates none', () => {
    const shared = new Stack(new App(), 'Shared');
    const { template } = new Fixture({ accessLogGroup: logs.LogGroup.fromLogGroupName(shared, 'Access', 'access') });
    expect(JSON.stringify(stageOf(template).Properties['AccessLogSettings'])).toContain(':log-group:access"');
    template.resourceCountIs('AWS::Logs::LogGroup', 0);
  });

  test('has its name in the URL, and $default has none', () => {
    const url = (props: Partial<AuthorizedHttpApiProps>) => {
      const { stack, http } = new Fixture(props);
      return JSON.stringify(stack.resolve(http.url));
    };
    expect(url({})).toMatch(/\/v1\/"]]}$/);
    expect(url({ stageName: '$default' })).toMatch(/{"Ref":"AWS::URLSuffix"},"\/"]]}$/);
  });

  test.each([0, -1, Number.NaN])('fails for a limit of %p', (rate) => {
    expect(create({ throttle: { rate, burst: 1 } })).toThrow(/throttle\.rate: must be at least 1, got/);
    expect(() => new Fixture().functionRoute({ throttle: { rate: 1, burst: rate } })).toThrow(
      /throttle\.burst: must be at least 1, got .* for GET \/quotes\/\{symbol\}\. To stop/,
    );
  });
});

describe('CORS', () => {
  test('is closed by default', () => {
    DEFAULT.template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('allows pages of the given origins to send signed requests and tokens', () => {
    const cors = { origins: ['https://app.example.com'], maxAge: Duration.hours(1) };
    new Fixture({ cors }).template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://app.example.com'],
        AllowHeaders: Match.arrayWith(['authorization', 'x-amz-date']),
        AllowCredentials: Match.absent(),
        MaxAge: 3600,
      },
    });
  });

  test.each(['https://app.example.com/', 'app.example.com', 'https://app.example.com/page', ''])(
    'fails for the origin %j, which no browser sends',
    (origin) => {
      expect(create({ cors: { origins: ['*', origin] } })).toThrow(/cors\.origins: must be scheme, host and port/);
    },
  );

  test('fails for an empty list of origins', () => {
    expect(create({ cors: { origins: [] } })).toThrow(/cors\.origins: must have at least one origin, got none/);
  });
});

describe('domain', () => {
  test('has TLS 1.2, and URLs that differ only in their host', () => {
    const { http, template } = withDomain();
    expect(http.url).toMatch(/^https:\/\/.*\/v1\/$/);
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'api.example.com',
      DomainNameConfigurations: [Match.objectLike({ EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' })],
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { ApiMappingKey: 'v1', Stage: 'v1' });
  });

  test('has the given path, and none for the stage $default', () => {
    withDomain({}, { path: 'quotes' }).template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', {
      ApiMappingKey: 'quotes',
    });
    withDomain({ stageName: '$default' }).template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', {
      ApiMappingKey: Match.absent(),
    });
  });

  test('can be the only name of the API', () => {
    withDomain({ disableDefaultEndpoint: true }).template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      DisableExecuteApiEndpoint: true,
    });
  });

  test('fails if the default endpoint is disabled without a domain', () => {
    expect(create({ disableDefaultEndpoint: true })).toThrow(
      'disableDefaultEndpoint: needs domain, or no request could reach the API. Give domain, or leave disableDefaultEndpoint out.',
    );
  });
});
