import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Route, serviceOf } from '../../domain/routes';
import { ApiAlarms } from '../constructs/api-alarms';
import { AuthorizedHttpApi } from '../constructs/authorized-http-api';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { INetwork } from '../constructs/network';
import { IPrivateLoadBalancer } from '../constructs/private-load-balancer';
import { PrivateVpcLink } from '../constructs/private-vpc-link';
import { alarmsOf, EnvironmentStackProps, HttpApiConfig, observesFully, silentAfter } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';
import { loadBalancersOf } from '../services';

export interface HttpApiStackProps extends EnvironmentStackProps {
  readonly httpApi: HttpApiConfig;
  readonly network: INetwork;
  /** Alias that answers the routes of the function. */
  readonly live: lambda.IAlias;
  readonly routes: readonly Route[];
  /** Returns the load balancer in front of a service. */
  readonly loadBalancerOf: (service: string) => IPrivateLoadBalancer;
  /** First segment of every URL. */
  readonly stageName: string;
}

/** The HTTP API and its VPC link, in one stack because a link cannot be deleted while an integration names it. */
export class HttpApiStack extends Stack {
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  /** Alarms that say: users are affected now. Empty without alarms. */
  readonly affecting: readonly cloudwatch.IAlarm[];

  constructor(scope: Construct, id: string, props: HttpApiStackProps) {
    super(scope, id, props);
    const { config, httpApi, network, routes } = props;
    const { domain } = httpApi;

    const api = inProperty(
      'httpApi',
      () =>
        new AuthorizedHttpApi(this, 'Quotes', {
          ...httpApi,
          stageName: props.stageName,
          detailedMetrics: observesFully(config),
          domain: domain && {
            ...domain,
            certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
          },
        }),
    );
    const link = new PrivateVpcLink(this, 'Link', { vpc: network.vpc, vpcSubnets: network.privateSubnets });
    for (const loadBalancer of loadBalancersOf(routes, props.loadBalancerOf)) {
      loadBalancer.allowFrom(link, 'HTTP API reads the container service');
    }

    const integration = {
      vpcLink: link.link,
      serverName: config.loadBalancer.https?.hostName,
      // The time that the function waits. Callers must not choose it, because a caller with one millisecond would cause 503s
      // and set off the alarm.
      requestIdHeader: 'x-request-id',
      requestHeaders: { 'x-timeout-ms': '2000' },
    };
    for (const route of routes) {
      const common = { path: route.path, throttle: route.throttle && httpApi.historyThrottle };
      if (route.by === 'function') api.addFunctionRoute({ ...common, handler: props.live });
      else {
        const { listener } = props.loadBalancerOf(serviceOf(route));
        api.addPrivateRoute({ ...common, ...integration, listener });
      }
    }
    this.onDashboard = { apis: [{ label: 'HTTP', stage: api.stage }] };
    this.logGroups = { httpApi: [api.accessLogGroup] };
    const on = alarmsOf(config);
    const alarms =
      on &&
      new ApiAlarms(this, 'Alarms', {
        stage: api.stage,
        silentAfter: silentAfter(on),
      });
    this.affecting = [alarms?.serverErrors, alarms?.silent].filter((alarm) => alarm !== undefined);

    new CfnOutput(this, 'Url', { value: api.url, description: 'Base URL of the HTTP API' });
    new CfnOutput(this, 'HttpApiId', { value: api.api.apiId, description: 'Id of the HTTP API' });
    new CfnOutput(this, 'StageName', { value: api.stage.stageName, description: 'Stage of the HTTP API' });
    new CfnOutput(this, 'Authorization', {
      value: httpApi.jwt ? 'JWT' : 'IAM',
      description: 'How callers prove who they are: IAM (requests signed by SigV4) or JWT (bearer token)',
    });
    if (api.domainName) {
      new CfnOutput(this, 'DomainTarget', {
        value: api.domainName.regionalDomainName,
        description: 'What a DNS record for the domain of the API has to lead to',
      });
    }
  }
}
