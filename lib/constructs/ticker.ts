import { Duration, Stack } from 'aws-cdk-lib';
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
  /** Seconds from one tick to the next: a whole number that 60 can be divided by. */
  readonly everySeconds: number;
  /** Whether the schedule starts the function every minute. Without, there are ticks when somebody invokes it. */
  readonly scheduled: boolean;
  /** Environment variables, apart from those named above. @default none */
  readonly environment?: Record<string, string>;
  /** @default Runtime.NODEJS_24_X */
  readonly runtime?: lambda.Runtime;
  /**
   * MiB, 128 to 10240. Lambda gives CPU in proportion, one vCPU at 1769, and that is what a function needs which signs a
   * request for each connection: it limits how many it can serve. One thread has no use for more than one vCPU.
   * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
   *
   * @default 512
   */
  readonly memorySize?: number;
  /** Where the function logs to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
}

/**
 * A function that does something every few seconds, of a schedule that can start it once a minute at most: each run
 * lasts a minute and divides it by itself, or ends at once where there is nothing to do.
 *
 * - EventBridge Scheduler starts a run at least once and up to a minute late, so two may overlap or leave a gap: the
 *   function has to see to it that only one works at a time. Who needs every tick on the second runs a task instead.
 *   https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
 * - Nothing is tried again: a run that failed is a minute old, and the next one is there.
 * - It is in no VPC: DynamoDB and the management endpoint of a WebSocket API are AWS services, and nothing private is
 *   read. In a VPC, a run of a minute would hold a network interface and pass every message through the NAT gateway.
 * - The level of its log is INFO, always: metrics are lines of that level, and Lambda drops what is below.
 */
export class Ticker extends Construct {
  readonly function: lambda.Function;
  /** Undefined unless `scheduled`. */
  readonly schedule?: scheduler.Schedule;

  /** @throws if a minute cannot be divided by `everySeconds`, or the memory is out of its range */
  constructor(scope: Construct, id: string, props: TickerProps) {
    super(scope, id);
    const { everySeconds } = props;
    const memorySize = props.memorySize ?? 512;
    if (!(Number.isInteger(everySeconds) && everySeconds >= 1 && RUN_SECONDS % everySeconds === 0)) {
      throw new Error(
        `everySeconds: must be a whole number that ${RUN_SECONDS} can be divided by, got ${everySeconds}. Give one such as 1, 5 or 60.`,
      );
    }
    if (!(Number.isInteger(memorySize) && memorySize >= 128 && memorySize <= 10_240)) {
      throw new Error(
        `memorySize: must be a whole number from 128 to 10240 (MiB), got ${memorySize}. Change it to one in that range.`,
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
        EVERY_SECONDS: String(everySeconds),
        RUN_SECONDS: String(RUN_SECONDS),
      },
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      tracing: lambda.Tracing.ACTIVE,
      logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
    });
    if (props.scheduled) {
      // The role that the target would make may invoke every version and alias, too.
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

/** Of a run: the shortest period of a schedule. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const RUN_SECONDS = 60;
/** A run begins its last period before its end, and has 16 s for the messages of one; the rest is for who gets them. */
const TIMEOUT_SECONDS = RUN_SECONDS + 30;
