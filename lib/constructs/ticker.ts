import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface TickerProps {
  /**
   * Code of the function, bundled. It reads `EVERY_SECONDS` and `RUN_SECONDS`, and writes the metrics `Posted`, `Gone`,
   * `Failed` and, where there were any, `LeftOut` of the namespace `Kumiki/Ticker` and the dimension `FunctionName` in the embedded metric format. A run
   * that left out a period fails in the end.
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
  /** Receives a message when an alarm goes off and when it is over. @default nobody is told */
  readonly topic?: sns.ITopic;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: logs.RetentionDays;
  /** What becomes of the log group when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
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
  readonly alarms: readonly cloudwatch.Alarm[];

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
      logGroup: new logs.LogGroup(this, 'Logs', {
        retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
        removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      }),
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
    this.alarms = this.createAlarms(props);
  }

  private createAlarms({ scheduled, topic }: TickerProps): cloudwatch.Alarm[] {
    const perMinute = { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) };
    const failed = new cloudwatch.Metric({
      ...perMinute,
      namespace: 'Kumiki/Ticker',
      metricName: 'Failed',
      dimensionsMap: { FunctionName: this.function.functionName },
    });
    const alarm = (id: string, metric: cloudwatch.Metric, options: Partial<cloudwatch.AlarmProps>) =>
      new cloudwatch.Alarm(this, id, {
        metric,
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        ...options,
      });
    const alarms = [
      alarm('Errors', this.function.metricErrors(perMinute), {
        alarmDescription:
          "Runs failed or left out a period in 3 of 5 minutes. First look: level ERROR in the function's log group (where a period took too long, its memory), then platform.report lines with status timeout or error.",
      }),
      alarm('Failed', failed, {
        alarmDescription:
          'Messages to connections that are there were given up in 3 of 5 minutes. First look: the reasons in lines of level WARN. No time left means more connections than its memory serves; LimitExceeded a throttle, or a client that does not read.',
      }),
      ...(scheduled
        ? [
            alarm('Silent', this.function.metricInvocations(perMinute), {
              comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
              // The schedule starts a run in each minute, but not always within it.
              datapointsToAlarm: 5,
              // Silence is no data. It makes a new alarm go off, too, until the first run, a minute later.
              treatMissingData: cloudwatch.TreatMissingData.BREACHING,
              alarmDescription:
                'No run was started for 5 minutes, or the schedule is new and its first run is to come. ' +
                'First look: the state of the schedule, its role, and Throttles of the function.',
            }),
          ]
        : []),
    ];
    if (topic) {
      for (const each of alarms) {
        each.addAlarmAction(new SnsAction(topic));
        each.addOkAction(new SnsAction(topic));
      }
    }
    return alarms;
  }
}

/** Of a run: the shortest period of a schedule. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const RUN_SECONDS = 60;
/** A run begins its last period before its end, and has 16 s for the messages of one; the rest is for who gets them. */
const TIMEOUT_SECONDS = RUN_SECONDS + 30;
