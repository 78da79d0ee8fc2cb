import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface ProvisionedConcurrencySchedule {
  /** Construct id of the scheduled action, unique among the schedules. */
  readonly id: string;
  /** `cron(minutes hours day-of-month month day-of-week year)` of Application Auto Scaling, in UTC. */
  readonly cron: string;
  /** Bounds from that time on, both within the bounds of the whole. */
  readonly min: number;
  readonly max: number;
}

export interface ProvisionedConcurrency {
  /** Environments kept initialised, at least 1. */
  readonly min: number;
  /** Upper bound of target tracking, at least `min`. It bounds the cost as well. */
  readonly max: number;
  /** Utilisation that target tracking holds, 0.1 to 0.9. @default 0.7 */
  readonly targetUtilization?: number;
  /** Scheduled changes of the bounds. @default none */
  readonly schedules?: readonly ProvisionedConcurrencySchedule[];
}

export interface PrivateFunctionProps {
  /** VPC of the function. */
  readonly vpc: ec2.IVpc;
  /**
   * Subnets of the function's network interfaces. Public ones are refused: an interface of a function gets no public
   * address, so it reaches nothing from there.
   *
   * @default the private subnets, or the isolated ones where there are none
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /** Code, bundled. */
  readonly code: lambda.Code;
  /** @default index.handler */
  readonly handler?: string;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /** Architecture that `code` is for, if it is for one. @default Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** MiB, 128 to 10240; CPU comes in proportion, one vCPU at 1769. */
  readonly memorySize: number;
  /** After which an invocation is ended: 1 second to 15 minutes. APIs give up before: a REST API after 29 seconds. */
  readonly timeout: Duration;
  /**
   * Environment variables. A change publishes a version and warms it up again, so nothing that differs between two
   * builds of the same code belongs here.
   *
   * @default none
   */
  readonly environment?: Record<string, string>;
  /** Least severe level of the function's own lines that is logged. @default INFO */
  readonly logLevel?: keyof typeof lambda.ApplicationLogLevel;
  /** Where the function logs to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
  /**
   * Environments of the `live` alias that are initialised ahead of requests and billed whether used or not. They are
   * taken from the quota "Concurrent executions" of the account (as low as 10 in a new one), part of which Lambda keeps
   * unallocated: the deployment fails where too little is left.
   *
   * @default none: every environment starts on demand
   */
  readonly provisionedConcurrency?: ProvisionedConcurrency;
}

/**
 * A function in private subnets that APIs call through the alias `live`, with provisioned concurrency that follows the load.
 *
 * - Its security group lets nothing out until told: `fn.connections.allowTo(peer, port)`. Logs and traces leave through
 *   the Lambda service and names are resolved by the VPC, all of which security groups do not see.
 * - Keep function and security group in one stack, apart from the network: when they are deleted, Lambda takes up to 20
 *   minutes to give the network interfaces back, by the rights of `AWSLambdaVPCAccessExecutionRole`.
 *   https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 * - Provisioned concurrency belongs to an alias, never to `$LATEST`: call `live`. The alias `on-demand` runs the same
 *   version without it, to compare.
 * - A deployment takes some minutes longer with provisioned concurrency: traffic moves when the new version is
 *   initialised. If its init fails, so does the deployment.
 *   https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 */
export class PrivateFunction extends Construct implements ec2.IConnectable {
  readonly function: lambda.Function;
  /** Alias to call: `live`. */
  readonly live: lambda.Alias;
  /** Alias of the same version without provisioned concurrency: `on-demand`. */
  readonly onDemand: lambda.Alias;
  readonly logGroup: logs.ILogGroup;
  readonly connections: ec2.Connections;

  /** @throws if a bound is out of its range, or a subnet is public */
  constructor(scope: Construct, id: string, props: PrivateFunctionProps) {
    super(scope, id);
    const { vpc, vpcSubnets, provisionedConcurrency } = props;
    checkWhole('memorySize', props.memorySize, 128, 10_240, 'MiB');
    checkWhole('timeout', props.timeout.toSeconds({ integral: false }), 1, 900, 'seconds');
    if (provisionedConcurrency) checkProvisionedConcurrency(provisionedConcurrency);
    if (vpc.selectSubnets(vpcSubnets).hasPublic) {
      throw new Error(
        `vpcSubnets: must be private or isolated subnets, got ${vpcSubnets ? 'a selection with public ones' : 'a VPC with public ones only'}. ` +
          'Select subnets of type PRIVATE_WITH_EGRESS or PRIVATE_ISOLATED.',
      );
    }

    this.logGroup = props.logGroup ?? new logs.LogGroup(this, 'Logs');
    this.function = new lambda.Function(this, 'Function', {
      code: props.code,
      handler: props.handler ?? 'index.handler',
      runtime: props.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout,
      environment: props.environment,
      vpc,
      vpcSubnets,
      securityGroups: [
        new ec2.SecurityGroup(this, 'SecurityGroup', {
          vpc,
          description: 'Function in private subnets',
          allowAllOutbound: false,
        }),
      ],
      tracing: lambda.Tracing.ACTIVE,
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel[props.logLevel ?? 'INFO'],
      // platform.report, with duration, memory and init time, is of level INFO.
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      // A version that is kept holds on to its network interfaces, and through them to the security group and subnets
      // that a later change wants to remove. A deployment that fails still has the version to go back to.
      currentVersionOptions: { removalPolicy: RemovalPolicy.DESTROY },
    });
    this.connections = this.function.connections;

    const version = this.function.currentVersion;
    this.live = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      version,
      provisionedConcurrentExecutions: provisionedConcurrency?.min,
    });
    this.onDemand = new lambda.Alias(this, 'OnDemand', { aliasName: 'on-demand', version });
    if (provisionedConcurrency) followLoad(this.live, provisionedConcurrency);
  }
}

/**
 * Application Auto Scaling makes its service-linked role itself, when the first alias of an account is registered.
 *
 * @see https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
 */
function followLoad(alias: lambda.Alias, { min, max, targetUtilization, schedules }: ProvisionedConcurrency): void {
  const scaling = alias.addAutoScaling({ minCapacity: min, maxCapacity: max });
  scaling.scaleOnUtilization({ utilizationTarget: targetUtilization ?? 0.7 });
  for (const schedule of schedules ?? []) {
    scaling.scaleOnSchedule(schedule.id, {
      schedule: appscaling.Schedule.expression(schedule.cron),
      minCapacity: schedule.min,
      maxCapacity: schedule.max,
    });
  }
}

function checkProvisionedConcurrency({ min, max, targetUtilization, schedules = [] }: ProvisionedConcurrency): void {
  checkWhole('provisionedConcurrency.min', min, 1, Number.POSITIVE_INFINITY, 'environments');
  checkWhole('provisionedConcurrency.max', max, min, Number.POSITIVE_INFINITY, 'environments');
  if (targetUtilization !== undefined && !(targetUtilization >= 0.1 && targetUtilization <= 0.9)) {
    throw new Error(
      `provisionedConcurrency.targetUtilization: must be from 0.1 to 0.9, got ${targetUtilization}. Give a share such as 0.7.`,
    );
  }
  for (const [index, schedule] of schedules.entries()) {
    const name = `provisionedConcurrency.schedules[${index}]`;
    checkWhole(`${name}.min`, schedule.min, min, max, 'environments');
    checkWhole(`${name}.max`, schedule.max, schedule.min, max, 'environments');
    if (!/^cron\(\S+( \S+){5}\)$/.test(schedule.cron)) {
      throw new Error(
        `${name}.cron: must be cron() with six fields, got "${schedule.cron}". Give one such as cron(15 13 ? * MON-FRI *), in UTC.`,
      );
    }
  }
}

function checkWhole(property: string, value: number, min: number, max: number, unit: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = Number.isFinite(max) ? `from ${min} to ${max}` : `of at least ${min}`;
  throw new Error(
    `${property}: must be a whole number ${range} (${unit}), got ${value}. Change it to one in that range.`,
  );
}
