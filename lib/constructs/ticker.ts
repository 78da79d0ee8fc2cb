// Kumiki 0.2.0, ticker.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';

export interface TickerProps {
  /**
   * Code of the function, bundled. The function reads `EVERY_SECONDS` and `RUN_SECONDS`, and should count the messages that
   * it gave up as a metric, because a run that gave some up is no error. A run that left out a period fails in the end.
   */
  readonly code: lambda.Code;
  /** Time from one tick to the next: whole seconds by which a minute can be divided. */
  readonly interval: Duration;
  /** Start the function every minute by a schedule. Otherwise the function ticks only when it is invoked. */
  readonly scheduled: boolean;
  /** Environment variables in addition to those above. @default none */
  readonly environment?: Record<string, string>;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /**
   * Memory in MiB, 128 to 10240. CPU is in proportion: one vCPU at 1769 MiB. A function that signs a request for each
   * connection needs CPU, which limits how many connections it can serve. One thread cannot use more than one vCPU.
   * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
   *
   * @default 512
   */
  readonly memorySize?: number;
  /**
   * Role of the function. If the role is mutable, the right to send traces to X-Ray is added.
   *
   * @default a new role that may write logs and send traces
   */
  readonly role?: iam.IRole;
  /**
   * `ACTIVE` lets Lambda choose which invocations X-Ray traces. With `PASS_THROUGH`, only a request that is traced already leads
   * to a trace. Traces are billed.
   *
   * @default Tracing.ACTIVE
   */
  readonly tracing?: lambda.Tracing;
  /** Log group of the function. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
}

/**
 * A function that works every few seconds. A schedule starts a run at most once a minute, so each run lasts a minute and
 * divides that minute itself, or ends at once if there is nothing to do.
 *
 * - EventBridge Scheduler starts a run at least once and up to a minute late, so two runs may overlap or leave a gap. The
 *   function has to ensure that only one run works at a time. Use a task on ECS if every tick has to be on the second.
 *   https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
 * - A failed run is not retried, because the next run starts within a minute.
 * - The function is in no VPC: DynamoDB and the management endpoint of a WebSocket API are AWS services, and the function reads
 *   nothing private. In a VPC, each run would hold a network interface and send every message through the NAT gateway.
 * - The log level is always INFO: metrics are lines of that level, and Lambda drops lines of lower levels.
 *
 * @example
 * ```ts
 * const ticker = new Ticker(this, 'Ticker', { code, interval: Duration.seconds(5), scheduled: true });
 * new CfnOutput(this, 'TickerFunction', { value: ticker.function.functionName });
 * ```
 */
export class Ticker extends Construct {
  readonly function: lambda.Function;
  /** Undefined unless `scheduled`. */
  readonly schedule?: scheduler.Schedule;

  /** @throws if a minute cannot be divided by `interval`, or the memory is out of range */
  constructor(scope: Construct, id: string, props: TickerProps) {
    super(scope, id);
    const memorySize = props.memorySize ?? 512;
    checkInterval(props.interval);
    if (
      !Token.isUnresolved(memorySize) &&
      !(Number.isInteger(memorySize) && memorySize >= 128 && memorySize <= 10_240)
    ) {
      throw new Error(
        `memorySize: must be a whole number from 128 to 10240 (MiB), got ${memorySize}. Give one in that range.`,
      );
    }

    this.function = new lambda.Function(this, 'Function', {
      code: props.code,
      handler: 'index.handler',
      runtime: props.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize,
      timeout: Duration.seconds(TIMEOUT_SECONDS),
      environment: {
        ...props.environment,
        EVERY_SECONDS: String(props.interval.toSeconds()),
        RUN_SECONDS: String(RUN_SECONDS),
      },
      role: props.role,
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      tracing: props.tracing ?? lambda.Tracing.ACTIVE,
      logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
    });
    if (props.scheduled) {
      // The role that the target would create could also invoke every version and alias.
      const role = new iam.Role(this, 'ScheduleRole', {
        assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
          conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
        }),
        inlinePolicies: {
          Invoke: new iam.PolicyDocument({
            statements: [
              new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.function.functionArn] }),
            ],
          }),
        },
      });
      this.schedule = new scheduler.Schedule(this, 'Schedule', {
        description: 'Starts a run of the ticker every minute',
        schedule: scheduler.ScheduleExpression.rate(Duration.minutes(1)),
        target: new LambdaInvoke(this.function, {
          role: role.withoutPolicyUpdates(),
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
      });
    }
  }
}

/** Length of a run, which is the shortest period of a schedule. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const RUN_SECONDS = 60;
/** A run starts its last period before its end, and has 16 s for the messages of a period. The rest is for the query of the receivers. */
const TIMEOUT_SECONDS = RUN_SECONDS + 30;

function checkInterval(interval: Duration): void {
  if (interval.isUnresolved()) return;
  const seconds = interval.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= 1 && RUN_SECONDS % seconds === 0) return;
  throw new Error(
    `interval: must be whole seconds by which ${RUN_SECONDS} can be divided, got ${seconds}. Give one such as Duration.seconds(5).`,
  );
}
