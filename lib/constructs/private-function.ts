// Kumiki 0.2.0, private-function.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface ProvisionedConcurrencySchedule {
  /** Construct id of the scheduled action, unique among the schedules. */
  readonly id: string;
  /** `cron(minutes hours day-of-month month day-of-week year)` of Application Auto Scaling, in UTC. */
  readonly cron: string;
  /** Bounds from that time on, both within the bounds of `ProvisionedConcurrency`. */
  readonly min: number;
  readonly max: number;
}

export interface ProvisionedConcurrency {
  /** Lower bound of initialised environments, at least 1. */
  readonly min: number;
  /** Upper bound of target tracking, at least `min`. It also limits the cost. */
  readonly max: number;
  /** Target utilisation of the initialised environments, 0.1 to 0.9. @default 0.7 */
  readonly targetUtilization?: number;
  /** Scheduled changes of the bounds. @default none */
  readonly schedules?: readonly ProvisionedConcurrencySchedule[];
}

export interface PrivateFunctionProps {
  /** VPC of the function. */
  readonly vpc: ec2.IVpc;
  /**
   * Subnets of the function's network interfaces, private or isolated. In a public subnet, a function reaches nothing outside
   * the VPC, because its interfaces get no public address.
   *
   * @default the private subnets, or the isolated ones of a VPC without private ones
   * @throws if a subnet is public
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Security groups of the function. This construct adds no rule to them; `connections` adds rules only if they are mutable.
   *
   * @default a new security group without outbound rules
   * @throws if the list is empty
   */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];
  /**
   * Role of the function, with the policy AWSLambdaVPCAccessExecutionRole, which the network interfaces need. If the role is
   * mutable, the right to send traces to X-Ray is added.
   *
   * @default a new role with these rights and that to write logs
   */
  readonly role?: iam.IRole;
  /** Bundled code. */
  readonly code: lambda.Code;
  /** @default index.handler */
  readonly handler?: string;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /** Architecture that `code` needs. Pure JavaScript runs on both. @default Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** Memory in MiB, 128 to 10240. CPU is in proportion: one vCPU at 1769 MiB. */
  readonly memorySize: number;
  /** Time after which Lambda ends an invocation: 1 second to 15 minutes. A REST API waits for 29 seconds at most. */
  readonly timeout: Duration;
  /**
   * Environment variables. A change publishes and initialises a new version, so leave out values that differ between two
   * builds of the same code.
   *
   * @default none
   */
  readonly environment?: Record<string, string>;
  /** Minimum level of the function's own log lines. @default INFO */
  readonly logLevel?: keyof typeof lambda.ApplicationLogLevel;
  /**
   * `ACTIVE` lets Lambda choose which invocations X-Ray traces. With `PASS_THROUGH`, only a request that is traced already leads
   * to a trace. Traces are billed.
   *
   * @default Tracing.ACTIVE
   */
  readonly tracing?: lambda.Tracing;
  /** Log group of the function. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
  /**
   * Environments of the `live` alias that are initialised ahead of requests, and billed whether used or not. They count
   * against the quota "Concurrent executions" of the account (reduced in a new account), part of which Lambda keeps
   * unallocated. The deployment fails if too little is left.
   *
   * @default none: every environment starts on demand
   */
  readonly provisionedConcurrency?: ProvisionedConcurrency;
  /**
   * Keep the versions of earlier deployments, so that `live` can go back to one of them without a deployment. They count
   * against the storage for code of the account, and are deleted with the function. Before the function moves to other subnets
   * or security groups, delete them: they keep the network interfaces.
   *
   * @default false: a deployment deletes the old version after the aliases have left it
   */
  readonly keepVersions?: boolean;
  /**
   * Something outside CloudFormation deletes the provisioned concurrency of the alias `live` and puts it again, such as a
   * schedule that lets the function sleep. The alias then has none in the template, because CloudFormation fails to update an
   * alias whose provisioned concurrency is gone. Put the lower bound once after the first deployment. Later deployments do not
   * wait for it: Lambda deallocates it from the old version, and allocates it to the new version.
   *
   * @default false
   * @see https://github.com/aws/aws-cdk/issues/29992 (ProvisionedConcurrencyConfigNotFoundException)
   */
  readonly sleeps?: boolean;
}

/**
 * A function in private subnets that APIs invoke through the alias `live`, with provisioned concurrency that follows the load.
 *
 * - By default the security group allows no outbound connection until `fn.connections.allowTo(peer, port)`. Security groups do
 *   not apply to logs and traces, which leave through the Lambda service, nor to names, which the VPC resolves.
 * - Keep the function and its security group in one stack, apart from the network: on deletion, Lambda takes up to 20 minutes
 *   to release the network interfaces, with the rights of `AWSLambdaVPCAccessExecutionRole`.
 *   https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 * - Provisioned concurrency belongs to an alias, never to `$LATEST`: invoke `live`. The alias `on-demand` runs the same version
 *   without provisioned concurrency, for comparison.
 * - A deployment takes some minutes longer with provisioned concurrency, because traffic moves when the new version is
 *   initialised. If its initialisation fails, the deployment fails.
 *   https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 *
 * @example
 * ```ts
 * const quotes = new PrivateFunction(this, 'Quotes', {
 *   vpc,
 *   code,
 *   memorySize: 512,
 *   timeout: Duration.seconds(5),
 *   provisionedConcurrency: { min: 1, max: 4 },
 * });
 * quotes.connections.allowTo(loadBalancer, ec2.Port.tcp(80));
 * new apigateway.LambdaRestApi(this, 'Api', { handler: quotes.live });
 * ```
 */
export class PrivateFunction extends Construct implements ec2.IConnectable {
  readonly function: lambda.Function;
  /** Alias to invoke: `live`. */
  readonly live: lambda.Alias;
  /** Alias of the same version without provisioned concurrency: `on-demand`. */
  readonly onDemand: lambda.Alias;
  readonly logGroup: logs.ILogGroup;
  readonly connections: ec2.Connections;

  /** @throws if a bound is out of its range, the level is unknown, or a subnet is public */
  constructor(scope: Construct, id: string, props: PrivateFunctionProps) {
    super(scope, id);
    const { vpc, vpcSubnets, provisionedConcurrency } = props;
    checkWhole('memorySize', props.memorySize, 128, 10_240, 'MiB');
    if (!props.timeout.isUnresolved()) {
      checkWhole('timeout', props.timeout.toSeconds({ integral: false }), 1, 900, 'seconds');
    }
    if (provisionedConcurrency) checkProvisionedConcurrency(provisionedConcurrency);
    const { logLevel = 'INFO' } = props;
    if (!Object.hasOwn(lambda.ApplicationLogLevel, logLevel)) {
      throw new Error(
        `logLevel: must be one of ${Object.keys(lambda.ApplicationLogLevel).join(', ')}, got ${JSON.stringify(logLevel)}. Give INFO.`,
      );
    }
    if (vpc.selectSubnets(vpcSubnets).hasPublic) {
      throw new Error(
        `vpcSubnets: must be private or isolated subnets, got ${vpcSubnets ? 'a selection with public ones' : 'a VPC with public ones only'}. ` +
          'Select subnets of type PRIVATE_WITH_EGRESS or PRIVATE_ISOLATED.',
      );
    }

    if (props.securityGroups?.length === 0) {
      throw new Error(
        'securityGroups: must have at least one group, got none. Give a group, or leave securityGroups out for a new one.',
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
      role: props.role,
      securityGroups: [
        ...(props.securityGroups ?? [
          new ec2.SecurityGroup(this, 'SecurityGroup', {
            vpc,
            description: 'Function in private subnets',
            allowAllOutbound: false,
          }),
        ]),
      ],
      tracing: props.tracing ?? lambda.Tracing.ACTIVE,
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel[logLevel],
      // Lambda logs platform.report, with duration, memory and init time, at level INFO.
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      // A retained version would keep its network interfaces, and through them the security group and subnets that a later
      // change wants to remove. A failed deployment can still roll back, because the old version is deleted last. The version
      // of a failed deployment is deleted in any case.
      currentVersionOptions: {
        removalPolicy: props.keepVersions ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
      },
    });
    this.connections = this.function.connections;

    const version = this.function.currentVersion;
    this.live = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      version,
      provisionedConcurrentExecutions: props.sleeps ? undefined : provisionedConcurrency?.min,
    });
    this.onDemand = new lambda.Alias(this, 'OnDemand', { aliasName: 'on-demand', version });
    if (provisionedConcurrency) followLoad(this.live, provisionedConcurrency);
  }
}

/**
 * Application Auto Scaling creates its service-linked role itself when the first alias of an account is registered.
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
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= min && value <= max)) return;
  const range = Number.isFinite(max) ? `from ${min} to ${max}` : `of at least ${min}`;
  throw new Error(`${property}: must be a whole number ${range} (${unit}), got ${value}. Give one in that range.`);
}
