import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Route, serviceOf } from '../../domain/routes';
import { ApiAccount } from '../constructs/api-account';
import { ApiAlarms } from '../constructs/api-alarms';
import { CacheInvalidationGuard } from '../constructs/cache-invalidation-guard';
import { CachedRestApi } from '../constructs/cached-rest-api';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { INetwork } from '../constructs/network';
import { IPrivateLoadBalancer } from '../constructs/private-load-balancer';
import { PrivateVpcLink } from '../constructs/private-vpc-link';
import { alarmsOf, EnvironmentStackProps, observesFully, silentAfter } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';
import { loadBalancersOf } from '../services';

export interface RestApiStackProps extends EnvironmentStackProps {
  readonly network: INetwork;
  /** Alias that answers the routes of the function. */
  readonly live: lambda.IAlias;
  readonly routes: readonly Route[];
  /** Returns the load balancer in front of a service. */
  readonly loadBalancerOf: (service: string) => IPrivateLoadBalancer;
  /** First segment of every URL. */
  readonly stageName: string;
}

/** The REST API and its VPC link, in one stack because a link cannot be deleted while an API names it. */
export class RestApiStack extends Stack {
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  /** Alarms that say: users are affected now. Empty without alarms. */
  readonly affecting: readonly cloudwatch.IAlarm[];
  /** The API answers by 5XX. Undefined without alarms. */
  readonly serverErrors?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: RestApiStackProps) {
    super(scope, id, props);
    const { config, network, routes } = props;
    const { cache, throttle, historyThrottle, webAclArn, ownsApiAccount } = config.restApi;

    const api = inProperty(
      'restApi',
      () =>
        new CachedRestApi(this, 'Quotes', {
          stageName: props.stageName,
          cache: cache && {},
          throttle,
          detailedMetrics: observesFully(config),
          tracing: observesFully(config),
          webAclArn,
          account: ownsApiAccount ? new ApiAccount(this, 'ApiAccount').ready : undefined,
        }),
    );
    const link = new PrivateVpcLink(this, 'Link', { vpc: network.vpc, vpcSubnets: network.privateSubnets });
    for (const loadBalancer of loadBalancersOf(routes, props.loadBalancerOf)) {
      loadBalancer.allowFrom(link, 'REST API reads the container service');
    }

    const ttl = cache && {
      quote: Duration.seconds(cache.quoteTtlSeconds),
      history: Duration.seconds(cache.historyTtlSeconds),
    };
    const integration = {
      vpcLink: link.link,
      // Almost as long as API Gateway waits, because the cache would keep a 503 of an overloaded service.
      requestIdHeader: 'x-request-id',
      requestHeaders: { 'x-timeout-ms': '25000' },
    };
    for (const route of routes) {
      const { path, query } = route;
      const cacheTtl = route.cache && ttl?.[route.cache];
      const common = { path, query, cacheTtl, throttle: route.throttle && historyThrottle };
      if (route.by === 'function') api.addFunctionRoute({ ...common, handler: props.live });
      else {
        const { loadBalancer, url } = props.loadBalancerOf(serviceOf(route));
        api.addPrivateRoute({ ...common, ...integration, loadBalancer, url });
      }
    }
    this.onDashboard = { apis: [{ label: 'REST', stage: api.stage, cached: cache !== undefined }] };
    this.logGroups = { restApi: [api.accessLogGroup] };
    const on = alarmsOf(config);
    const alarms =
      on &&
      new ApiAlarms(this, 'Alarms', {
        stage: api.stage,
        // Longer than the default, because a request may wait for a container until the 25 s above, by design.
        latency: Duration.seconds(5),
        cached: cache !== undefined,
        silentAfter: silentAfter(on),
      });
    this.serverErrors = alarms?.serverErrors;
    this.affecting = [alarms?.serverErrors, alarms?.silent].filter((alarm) => alarm !== undefined);

    new CfnOutput(this, 'Url', {
      value: api.url,
      description: 'Base URL of the REST API; requests are signed (SigV4)',
    });
    new CfnOutput(this, 'RestApiId', { value: api.api.restApiId, description: 'Id of the REST API' });
    new CfnOutput(this, 'StageName', { value: api.stage.stageName, description: 'Stage of the REST API' });
    new CfnOutput(this, 'CacheEnabled', {
      value: String(cache !== undefined),
      description: 'Whether the stage caches',
    });
    if (cache) {
      new CacheInvalidationGuard(this, 'CacheGuard', {
        stage: api.stage,
        methods: api.cachedMethods,
        revision: api.revision,
      });
      new CfnOutput(this, 'FlushCacheCommand', {
        value: `aws apigateway flush-stage-cache --rest-api-id ${api.api.restApiId} --stage-name ${api.stage.stageName}`,
        description: 'Empties the cache',
      });
    }
  }
}
