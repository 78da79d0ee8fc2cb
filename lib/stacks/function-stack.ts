import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { FunctionAlarms } from '../constructs/function-alarms';
import { GradualRelease } from '../constructs/gradual-release';
import { INetwork } from '../constructs/network';
import { PrivateFunction } from '../constructs/private-function';
import { IPrivateLoadBalancer } from '../constructs/private-load-balancer';
import { alarmsOf, EnvironmentStackProps, functionReleaseOf, observesFully } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';

export interface FunctionStackProps extends EnvironmentStackProps {
  readonly network: INetwork;
  readonly code: lambda.Code;
  readonly loadBalancer: IPrivateLoadBalancer;
}

/**
 * The quotes function. The function and its security group share a stack apart from the network, because Lambda takes up to
 * 20 minutes to delete their network interfaces.
 */
export class FunctionStack extends Stack {
  readonly live: lambda.IAlias;
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  /** None: what users notice of the function is a 5XX of an API, and the alarms of the APIs say so. */
  readonly affecting: readonly cloudwatch.IAlarm[] = [];

  constructor(scope: Construct, id: string, props: FunctionStackProps) {
    super(scope, id, props);
    const { config, network } = props;
    const release = functionReleaseOf(config);
    // 2 s for the container service, and 2 s again after a broken connection: together the 80 % at which the alarm goes off.
    const timeout = Duration.seconds(5);
    const quotes = inProperty(
      'function',
      () =>
        new PrivateFunction(this, 'Quotes', {
          vpc: network.vpc,
          vpcSubnets: network.privateSubnets,
          code: props.code,
          memorySize: config.function.memoryMiB,
          timeout,
          logLevel: config.function.logLevel,
          tracing: observesFully(config) ? undefined : lambda.Tracing.PASS_THROUGH,
          environment: {
            HISTORY_URL: props.loadBalancer.url,
            SERVED_BY: config.id,
            POWERTOOLS_SERVICE_NAME: 'quotes',
            // Stack traces point into the sources. The option takes a millisecond of init.
            NODE_OPTIONS: '--enable-source-maps',
          },
          provisionedConcurrency: config.function.provisionedConcurrency,
          keepVersions: release !== undefined,
          sleeps: config.sleep !== undefined,
        }),
    );
    props.loadBalancer.allowFrom(quotes, 'Quotes function reads the container service');
    if (alarmsOf(config)) {
      const provisioned = config.function.provisionedConcurrency !== undefined;
      const { duration } = new FunctionAlarms(this, 'Alarms', { alias: quotes.live, timeout, provisioned });
      if (release) {
        const { stopCommand } = new GradualRelease(this, 'Release', {
          alias: quotes.live,
          steps: release,
          alarms: [duration],
        });
        new CfnOutput(this, 'StopReleaseCommand', { value: stopCommand, description: 'Ends a release and goes back' });
      }
    }
    this.live = quotes.live;
    this.logGroups = { quotes: [quotes.logGroup] };
    this.onDashboard = { function: { handler: quotes.live, provisioned: config.function.provisionedConcurrency } };

    const name = quotes.function.functionName;
    new CfnOutput(this, 'FunctionName', { value: name, description: 'Quotes function' });
    new CfnOutput(this, 'LiveAliasArn', { value: quotes.live.functionArn, description: 'Alias that the APIs invoke' });
    new CfnOutput(this, 'OnDemandAliasArn', {
      value: quotes.onDemand.functionArn,
      description: 'Same version without provisioned concurrency, to compare with',
    });
    new CfnOutput(this, 'LogGroupName', { value: quotes.logGroup.logGroupName, description: 'Logs of the function' });
    new CfnOutput(this, 'CompareCommand', {
      value: `aws lambda invoke --function-name ${name}:on-demand --cli-binary-format raw-in-base64-out --payload '{"httpMethod":"GET","path":"/quotes/KUMI"}' /dev/stdout`,
      description: 'Invokes the on-demand alias: its initialization-type tells it from the live one',
    });
  }
}
