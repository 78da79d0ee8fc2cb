// Kumiki 0.2.0, sleep.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Aws, Duration, Fn, Stack, TimeZone } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';

/** When the capacity sleeps. */
export interface SleepHours {
  /** Time zone of the times: a name of the IANA database, such as `Asia/Tokyo`. @throws if Node.js does not know the name */
  readonly timeZone: string;
  /** Time of every day from which the capacity sleeps: `20:00`. @throws unless it is from 00:00 to 23:59 */
  readonly from: string;
  /**
   * Time at which the capacity begins to wake: `08:00`. Requests are answered some minutes later, when all targets are healthy.
   *
   * @throws unless it is from 00:00 to 23:59, and at least 90 minutes before and after `from`
   */
  readonly until: string;
  /**
   * Days on which the capacity wakes. With `weekdays` (Monday to Friday), it sleeps all weekend.
   *
   * @throws unless it is one of the two words
   * @default 'weekdays'
   */
  readonly wakesOn?: 'weekdays' | 'every-day';
}

/** An ECS service with a scalable target. */
export interface SleepingService {
  /** Name of the service in the states: `history-fargate`. Unique among the services. */
  readonly name: string;
  readonly service: ecs.IBaseService;
  readonly targetGroup: elbv2.IApplicationTargetGroup;
  /** Tasks after waking: the lower bound of the scalable target. @throws unless it is a whole number of at least 1 */
  readonly minTasks: number;
}

/** A managed node group of EKS behind a target group. */
export interface SleepingNodeGroup {
  readonly clusterName: string;
  readonly nodegroupName: string;
  readonly targetGroup: elbv2.IApplicationTargetGroup;
  /** Nodes after waking: the lower bound of the group. @throws unless it is a whole number of at least 1 */
  readonly minNodes: number;
}

/**
 * An alias with provisioned concurrency that Application Auto Scaling changes. Give the alias none in its template, because
 * CloudFormation fails to update an alias whose provisioned concurrency was deleted.
 *
 * @see https://github.com/aws/aws-cdk/issues/29992
 */
export interface SleepingAlias {
  readonly alias: lambda.IAlias;
  /** Execution environments after waking: the lower bound of the scalable target. @throws unless it is a whole number of at least 1 */
  readonly min: number;
}

export interface SleepProps extends SleepHours {
  /** Listeners of Application Load Balancers that answer 503 while the capacity sleeps. */
  readonly listeners: readonly elbv2.IApplicationListener[];
  /** Order of the rule with the 503: lower than those of all other rules of the listeners. @default 1 */
  readonly priority?: number;
  /** @default none */
  readonly services?: readonly SleepingService[];
  /** @default none */
  readonly nodeGroup?: SleepingNodeGroup;
  /** @default none */
  readonly provisionedConcurrency?: SleepingAlias;
  /** Alarms whose actions are off while the capacity sleeps, so that nobody is notified. @default none */
  readonly alarms?: readonly cloudwatch.IAlarm[];
  /**
   * Beginning of the names of all `alarms`. It shortens the policy, which otherwise names every alarm.
   *
   * @default the policy names every alarm
   */
  readonly alarmNamePrefix?: string;
  /** Make an alarm on runs of the state machine that failed. @default true */
  readonly watched?: boolean;
  /** Record a trace of each run in X-Ray, which bills traces. @default true */
  readonly tracing?: boolean;
  /** @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
}

/**
 * Takes capacity to zero at night and at weekends, and back: tasks of ECS, nodes of EKS, and provisioned concurrency. A
 * state machine of Step Functions makes all calls in their order, and two schedules of EventBridge Scheduler start it with the
 * input `{"to":"asleep"}` or `{"to":"awake"}`. The same input starts it by hand.
 *
 * - Asleep: the actions of the alarms are off first, then the listeners answer 503, then the capacity goes.
 * - Awake: capacity is asked for first, and the 503 ends when every target group has its minimum of healthy targets. The
 *   actions of the alarms are on again ten minutes later. A run that leaves an alarm in ALARM fails, because an alarm
 *   sends nothing if its actions come back while it is in ALARM.
 * - A run can be repeated at any time. It changes only what is not yet as it should be, and never lowers the number of tasks,
 *   nodes or execution environments while waking. So after a failure, start the same run again. Do not start a run while
 *   another runs.
 * - Instances of an ECS capacity provider with managed scaling follow the tasks to zero, if the minimum of their group is 0.
 * - Autoscaling is suspended, and its bounds stay as CloudFormation has set them. Scheduled actions of the bounds that are due
 *   during the sleep do not take place.
 * - EKS evicts the pods of a node for at most 15 minutes, and does not respect PodDisruptionBudgets. Cluster Autoscaler, which
 *   runs on the nodes, may ask for a node again meanwhile. So the number is checked 15 minutes later, and set to zero again.
 *
 * A fixed response of a load balancer cannot have a header, so the 503 has no `Retry-After`: the body has the time.
 *
 * Step Functions bills the state transitions, and CloudWatch the two metrics of the alarm.
 *
 * @see https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html (no headers)
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-scaling-behavior.html
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html (PodDisruptionBudgets)
 *
 * @example
 * ```ts
 * const taskDefinition = new ecs.FargateTaskDefinition(this, 'Task');
 * const image = ecs.ContainerImage.fromEcrRepository(repository);
 * taskDefinition.addContainer('Web', { image, portMappings: [{ containerPort: 8080 }] });
 * const service = new ecs.FargateService(this, 'Web', { cluster: ecsCluster, taskDefinition });
 * service.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 10 });
 * const targetGroup = new elbv2.ApplicationTargetGroup(this, 'Targets', { vpc, port: 8080, targets: [service] });
 * const services = [{ name: 'web', service, targetGroup, minTasks: 2 }];
 * const hours = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
 * new Sleep(this, 'Sleep', { ...hours, listeners: [listener], services });
 * ```
 */
export class Sleep extends Construct {
  readonly stateMachine: sfn.StateMachine;
  /** Commands for a shell that start a run by hand. */
  readonly sleepCommand: string;
  readonly wakeCommand: string;
  readonly alarms: readonly cloudwatch.Alarm[];
  /** A run failed, so the capacity may be half asleep; undefined unless `watched`. */
  readonly failed?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: SleepProps) {
    super(scope, id);
    checkHours(props);
    const { services = [], nodeGroup, provisionedConcurrency, alarms = [], watched = true, priority = 1 } = props;
    if (props.listeners.length === 0) {
      throw new Error('listeners: must be at least one, got none. Give the listener that forwards to the services.');
    }
    for (const { name, minTasks } of services) checkMinimum(`services (${name}): minTasks`, minTasks);
    if (nodeGroup) checkMinimum('nodeGroup.minNodes', nodeGroup.minNodes);
    if (provisionedConcurrency) checkMinimum('provisionedConcurrency.min', provisionedConcurrency.min);

    const rules = props.listeners.map((listener, index) => {
      claimPriority(listener, priority, this);
      return new elbv2.ApplicationListenerRule(this, `Asleep${index === 0 ? '' : index + 1}`, {
        listener,
        priority,
        conditions: [elbv2.ListenerCondition.hostHeaders([NO_HOST])],
        action: elbv2.ListenerAction.fixedResponse(503, {
          contentType: 'application/json',
          messageBody: JSON.stringify({ message: messageOf(props) }),
        }),
      });
    });

    const states = new Construct(this, 'States');
    const steps = new Steps(states, props.alarmNamePrefix);
    const asleep = [
      ...steps.alarmActions('Silence', 'disableAlarmActions', alarms),
      ...rules.map((rule, index) => steps.answer503(numbered('Answer 503', index), rule, true)),
      ...services.flatMap((service) => steps.stopTasks(service)),
      ...(provisionedConcurrency ? steps.deleteProvisioned(provisionedConcurrency) : []),
      ...(nodeGroup ? [steps.nodes('Remove nodes', nodeGroup, 0)] : []),
      new sfn.Succeed(states, 'Asleep'),
    ];
    const awake = [
      ...(nodeGroup ? [steps.nodes('Add nodes', nodeGroup, nodeGroup.minNodes)] : []),
      ...services.map((service) => steps.startTasks(service)),
      ...(provisionedConcurrency ? steps.putProvisioned(provisionedConcurrency) : []),
      ...services.flatMap((service) => [
        steps.healthy(`Healthy ${service.name}`, service.targetGroup, service.minTasks),
        steps.scaling(`Scale ${service.name}`, scalableService(service), false),
      ]),
      ...(nodeGroup
        ? [
            steps.healthy('Healthy nodes', nodeGroup.targetGroup, nodeGroup.minNodes),
            // A healthy node may have no ready pod yet, and no metric or call outside Kubernetes shows one.
            new sfn.Wait(states, 'Wait for pods', { time: sfn.WaitTime.duration(PODS_START) }),
          ]
        : []),
      ...rules.map((rule, index) => steps.answer503(numbered('Forward', index), rule, false)),
      ...(alarms.length === 0
        ? []
        : [
            new sfn.Wait(states, 'Wait for alarms', { time: sfn.WaitTime.duration(ALARMS_SETTLE) }),
            ...steps.alarmActions('Listen', 'enableAlarmActions', alarms),
            ...steps.quiet(alarms),
          ]),
      new sfn.Succeed(states, 'Awake'),
    ];
    const unknown = new sfn.Fail(states, 'Unknown', {
      error: 'UnknownInput',
      cause: 'The input must be {"to":"asleep"} or {"to":"awake"}.',
    });
    const to = (value: string) =>
      sfn.Condition.and(sfn.Condition.isPresent('$.to'), sfn.Condition.stringEquals('$.to', value));
    const start = new sfn.Choice(states, 'Which way')
      .when(to('asleep'), chained(asleep))
      .when(to('awake'), chained(awake))
      .otherwise(unknown);

    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromChainable(start),
      // The loops of the states have no other bound.
      timeout: LONGEST_RUN,
      comment: 'Takes capacity to zero and back',
      logs: {
        destination: props.logGroup ?? vendedLog(this, 'Logs', 'states'),
        level: sfn.LogLevel.ALL,
        includeExecutionData: true,
      },
      tracingEnabled: props.tracing ?? true,
    });
    const command = (to: string) =>
      `aws stepfunctions start-execution --state-machine-arn ${this.stateMachine.stateMachineArn} --input '{"to":"${to}"}'`;
    this.sleepCommand = command('asleep');
    this.wakeCommand = command('awake');

    const role = new iam.Role(this, 'ScheduleRole', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    this.stateMachine.grantStartExecution(role);
    const schedule = (id: string, time: string, weekDay: string, to: string) =>
      new scheduler.Schedule(this, id, {
        description: `Starts a run to ${to}`,
        schedule: scheduler.ScheduleExpression.cron({
          ...hourAndMinute(time),
          weekDay,
          timeZone: TimeZone.of(props.timeZone),
        }),
        target: new StepFunctionsStartExecution(this.stateMachine, {
          input: scheduler.ScheduleTargetInput.fromObject({ to }),
          role: role.withoutPolicyUpdates(),
        }),
      });
    // Every evening, so that what a deployment or a person has woken at the weekend sleeps again.
    schedule('SleepSchedule', props.from, '*', 'asleep');
    schedule('WakeSchedule', props.until, props.wakesOn === 'every-day' ? '*' : 'MON-FRI', 'awake');

    this.failed = watched ? this.failureAlarm() : undefined;
    this.alarms = this.failed ? [this.failed] : [];
  }

  /**
   * Runs are rare, and a run reports both metrics only when it ends in such a way, so missing data is healthy. A schedule that
   * starts no run has no alarm: users notice the 503 of an environment that does not wake.
   */
  private failureAlarm(): cloudwatch.Alarm {
    const options = { period: Duration.minutes(5), statistic: cloudwatch.Stats.SUM };
    return new cloudwatch.Alarm(this, 'Failed', {
      metric: new cloudwatch.MathExpression({
        expression: 'FILL(failed, 0) + FILL(timedOut, 0)',
        usingMetrics: {
          failed: this.stateMachine.metricFailed(options),
          timedOut: this.stateMachine.metricTimedOut(options),
        },
        period: options.period,
        label: 'Runs that failed or took too long',
      }),
      threshold: 1,
      // FILL has a value before a late metric arrives, and one period alone would not be looked at again.
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `A run to sleep or to wake failed, or took more than ${LONGEST_RUN.toMinutes()} minutes, in 1 of 3 periods of 5 minutes. ` +
        'The capacity may be half asleep, and its alarms may send nothing. First look: the last failed execution of the state machine, and its last state.',
    });
  }
}

/**
 * A log group to which a service delivers. CloudWatch Logs has one policy for all of them in an account and region, of 5120
 * characters, and replaces the entries by one for groups whose names begin with `/aws/vendedlogs/`. The name differs each time
 * the stack is created, because a log group that is retained keeps its name.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
 */
function vendedLog(scope: Construct, id: string, service: string): logs.LogGroup {
  const creation = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
  const name = `${Stack.of(scope).stackName}-${id}-${scope.node.addr.slice(-8)}`;
  return new logs.LogGroup(scope, id, { logGroupName: `/aws/vendedlogs/${service}/${name}-${creation}` });
}

/** Host of no request, because no name ends with `.invalid`. @see https://www.rfc-editor.org/rfc/rfc2606 */
const NO_HOST = 'awake.invalid';

/** Longer than the longest evaluation of an alarm that ends with the first good value, and than the start of autoscaling. */
const ALARMS_SETTLE = Duration.minutes(10);

/** From a healthy node to a ready pod: the pull of the image and the start of the container. */
const PODS_START = Duration.minutes(2);

const LONGEST_RUN = Duration.minutes(90);

/** Names of alarms in one call. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DisableAlarmActions.html */
const ALARMS_PER_CALL = 100;

type Step = sfn.IChainable & { readonly endStates: sfn.INextable[] };

function chained(steps: readonly Step[]): sfn.IChainable {
  const [first, ...others] = steps;
  if (first === undefined) throw new Error('steps: must be at least one');
  let last: Step = first;
  for (const next of others) {
    for (const end of last.endStates) end.next(next);
    last = next;
  }
  return first;
}

interface Scalable {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

function scalableService({ service }: SleepingService): Scalable {
  return {
    ServiceNamespace: 'ecs',
    ResourceId: `service/${service.cluster.clusterName}/${service.serviceName}`,
    ScalableDimension: 'ecs:service:DesiredCount',
  };
}

function scalableAlias({ alias }: SleepingAlias): Scalable {
  return {
    ServiceNamespace: 'lambda',
    ResourceId: `function:${alias.version.lambda.functionName}:${alias.aliasName}`,
    ScalableDimension: 'lambda:function:ProvisionedConcurrency',
  };
}

/** Makes the states. Each call is an operation of an AWS SDK, with the rights for its resources only. */
class Steps {
  constructor(
    private readonly scope: Construct,
    private readonly alarmNamePrefix?: string,
  ) {}

  alarmActions(
    id: string,
    action: 'disableAlarmActions' | 'enableAlarmActions',
    alarms: readonly cloudwatch.IAlarm[],
  ): Step[] {
    return inGroups(alarms, ALARMS_PER_CALL).map((group, index) =>
      this.call(numbered(`${id} alarms`, index), 'cloudwatch', action, {
        parameters: { AlarmNames: group.map(({ alarmName }) => alarmName) },
        resources: this.alarmArns(group),
      }),
    );
  }

  /** Not the attribute of an alarm, so that another stack needs one reference for each alarm. */
  private alarmArns(alarms: readonly cloudwatch.IAlarm[]): string[] {
    const { alarmNamePrefix } = this;
    const names = alarmNamePrefix === undefined ? alarms.map(({ alarmName }) => alarmName) : [`${alarmNamePrefix}*`];
    return names.map((resourceName) =>
      Stack.of(this.scope).formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
  }

  /** Fails if an alarm is in ALARM. */
  quiet(alarms: readonly cloudwatch.IAlarm[]): Step[] {
    const broken = new sfn.Fail(this.scope, 'Alarms are on', {
      error: 'AlarmsAreOn',
      cause: 'The capacity is awake, and an alarm is in ALARM: aws cloudwatch describe-alarms --state-value ALARM',
    });
    return inGroups(alarms, ALARMS_PER_CALL).map((group, index) => {
      const id = numbered('Alarms in ALARM', index);
      const describe = this.call(id, 'cloudwatch', 'describeAlarms', {
        parameters: {
          AlarmNames: group.map(({ alarmName }) => alarmName),
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          StateValue: 'ALARM',
        },
        // CloudWatch returns composite alarms only to a permission for all alarms.
        resources: ['*'],
        // The whole answer, because a path to a list that is left out would fail the run.
        select: { 'found.$': '$' },
      });
      const none = new sfn.Pass(this.scope, `${id}: none`);
      const { isPresent } = sfn.Condition;
      describe.next(
        new sfn.Choice(this.scope, `${id}?`)
          .when(sfn.Condition.or(isPresent('$.found.MetricAlarms[0]'), isPresent('$.found.CompositeAlarms[0]')), broken)
          .otherwise(none),
      );
      return sfn.Chain.custom(describe, [none], none);
    });
  }

  /** Switches the rule by its condition, which a deployment with an unchanged rule leaves alone. */
  answer503(id: string, rule: elbv2.ApplicationListenerRule, on: boolean): Step {
    const condition = on
      ? { Field: 'path-pattern', PathPatternConfig: { Values: ['*'] } }
      : { Field: 'host-header', HostHeaderConfig: { Values: [NO_HOST] } };
    return this.call(id, 'elasticloadbalancingv2', 'modifyRule', {
      parameters: { RuleArn: rule.listenerRuleArn, Conditions: [condition] },
      resources: [rule.listenerRuleArn],
      iamAction: 'elasticloadbalancing:ModifyRule',
    });
  }

  stopTasks(service: SleepingService): Step[] {
    return [
      this.scaling(`Hold ${service.name}`, scalableService(service), true),
      this.updateTasks(`Stop ${service.name}`, service, 0),
    ];
  }

  /** Asks for the minimum, unless as many tasks or more are wanted already. */
  startTasks(service: SleepingService): Step {
    const { cluster, serviceName, serviceArn } = service.service;
    const describe = this.call(`Tasks of ${service.name}`, 'ecs', 'describeServices', {
      parameters: { Cluster: cluster.clusterName, Services: [serviceName] },
      resources: [serviceArn],
      select: { 'desired.$': '$.Services[0].DesiredCount' },
    });
    const update = this.updateTasks(`Start ${service.name}`, service, service.minTasks);
    const enough = new sfn.Pass(this.scope, `Enough tasks of ${service.name}`);
    describe.next(
      new sfn.Choice(this.scope, `Too few tasks of ${service.name}?`)
        .when(sfn.Condition.numberLessThan('$.desired', service.minTasks), update)
        .otherwise(enough),
    );
    return sfn.Chain.custom(describe, [update, enough], enough);
  }

  private updateTasks(id: string, { service }: SleepingService, DesiredCount: number) {
    return this.call(id, 'ecs', 'updateService', {
      parameters: { Cluster: service.cluster.clusterName, Service: service.serviceName, DesiredCount },
      resources: [service.serviceArn],
    });
  }

  /** Suspends or resumes autoscaling. The bounds are left out, so that they stay as they are. */
  scaling(id: string, scalable: Scalable, suspended: boolean) {
    return this.call(id, 'applicationautoscaling', 'registerScalableTarget', {
      parameters: {
        ...scalable,
        SuspendedState: {
          DynamicScalingInSuspended: suspended,
          DynamicScalingOutSuspended: suspended,
          ScheduledScalingSuspended: suspended,
        },
      },
      // The id of a scalable target is not in its resource's attributes.
      resources: [
        Stack.of(this.scope).formatArn({
          service: 'application-autoscaling',
          resource: 'scalable-target',
          resourceName: '*',
        }),
      ],
      iamAction: 'application-autoscaling:RegisterScalableTarget',
      statements: [alarmsOfAutoscaling()],
    });
  }

  deleteProvisioned(sleeping: SleepingAlias): Step[] {
    const remove = this.call('Delete provisioned concurrency', 'lambda', 'deleteProvisionedConcurrencyConfig', {
      parameters: qualified(sleeping),
      resources: [sleeping.alias.functionArn],
      final: NOT_FOUND,
    });
    const gone = new sfn.Pass(this.scope, 'No provisioned concurrency');
    remove.addCatch(gone, { errors: NOT_FOUND, resultPath: sfn.JsonPath.DISCARD });
    return [
      this.scaling('Hold provisioned concurrency', scalableAlias(sleeping), true),
      sfn.Chain.custom(remove, [remove, gone], gone),
    ];
  }

  /** Asks for the minimum, unless the alias has provisioned concurrency, and waits until Lambda has allocated it. */
  putProvisioned(sleeping: SleepingAlias): Step[] {
    const { alias, min } = sleeping;
    const subject = 'provisioned concurrency';
    const get = this.call(`State of ${subject}`, 'lambda', 'getProvisionedConcurrencyConfig', {
      parameters: qualified(sleeping),
      resources: [alias.functionArn],
      select: { 'status.$': '$.Status' },
      final: NOT_FOUND,
    });
    const put = this.call(`Put ${subject}`, 'lambda', 'putProvisionedConcurrencyConfig', {
      parameters: { ...qualified(sleeping), ProvisionedConcurrentExecutions: min },
      resources: [alias.functionArn],
    });
    const wait = this.waitASlice(`Wait for ${subject}`);
    get.addCatch(put, { errors: NOT_FOUND, resultPath: sfn.JsonPath.DISCARD });
    put.next(wait).next(get);
    const ready = new sfn.Pass(this.scope, `Ready: ${subject}`);
    get.next(
      new sfn.Choice(this.scope, `Ready ${subject}?`)
        .when(sfn.Condition.stringEquals('$.status', 'READY'), ready)
        .when(
          sfn.Condition.stringEquals('$.status', 'FAILED'),
          new sfn.Fail(this.scope, `Failed ${subject}`, {
            error: 'ProvisionedConcurrencyFailed',
            cause: 'Lambda could not allocate it: aws lambda get-provisioned-concurrency-config has the reason.',
          }),
        )
        .otherwise(wait),
    );
    return [sfn.Chain.custom(get, [ready], ready), this.scaling(`Scale ${subject}`, scalableAlias(sleeping), false)];
  }

  /**
   * Sets the number of nodes, and again if it is another number some time later. Waking ends at once when as many nodes are
   * wanted already.
   */
  nodes(id: string, { clusterName, nodegroupName }: SleepingNodeGroup, count: number): Step {
    const nodegroup = {
      parameters: { ClusterName: clusterName, NodegroupName: nodegroupName },
      resources: [
        Stack.of(this.scope).formatArn({
          service: 'eks',
          resource: 'nodegroup',
          // The name of a node group is followed by an id that CloudFormation does not know.
          resourceName: `${clusterName}/*`,
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        }),
      ],
    };
    const describe = this.call(`${id}: how many`, 'eks', 'describeNodegroup', {
      ...nodegroup,
      select: { 'min.$': '$.Nodegroup.ScalingConfig.MinSize', 'desired.$': '$.Nodegroup.ScalingConfig.DesiredSize' },
    });
    const { and, numberEquals, numberGreaterThanEquals } = sfn.Condition;
    const desired = count === 0 ? numberEquals('$.desired', 0) : numberGreaterThanEquals('$.desired', count);
    const update = this.call(id, 'eks', 'updateNodegroupConfig', {
      ...nodegroup,
      parameters: { ...nodegroup.parameters, ScalingConfig: { MinSize: count, DesiredSize: count } },
    });
    const done = new sfn.Pass(this.scope, `${id}: done`);
    describe.next(
      new sfn.Choice(this.scope, `${id}?`).when(and(numberEquals('$.min', count), desired), done).otherwise(update),
    );
    update
      .next(new sfn.Wait(this.scope, `${id}: wait`, { time: sfn.WaitTime.duration(count === 0 ? DRAINING : A_SLICE) }))
      .next(describe);
    return sfn.Chain.custom(describe, [done], done);
  }

  /**
   * Waits until a target group has a number of healthy targets.
   *
   * @see https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html (a filter is no reference path,
   * so it selects the result, and the choice looks at one of its elements)
   */
  healthy(id: string, { targetGroupArn }: elbv2.IApplicationTargetGroup, count: number): Step {
    const describe = this.call(id, 'elasticloadbalancingv2', 'describeTargetHealth', {
      parameters: { TargetGroupArn: targetGroupArn },
      // The operation supports no resources.
      resources: ['*'],
      iamAction: 'elasticloadbalancing:DescribeTargetHealth',
      select: { 'healthy.$': "$.TargetHealthDescriptions[?(@.TargetHealth.State == 'healthy')]" },
    });
    const done = new sfn.Pass(this.scope, `${id}: done`);
    describe.next(
      new sfn.Choice(this.scope, `${id}?`)
        .when(sfn.Condition.isPresent(`$.healthy[${count - 1}]`), done)
        .otherwise(this.waitASlice(`${id}: wait`).next(describe)),
    );
    return sfn.Chain.custom(describe, [done], done);
  }

  private waitASlice(id: string): sfn.Wait {
    return new sfn.Wait(this.scope, id, { time: sfn.WaitTime.duration(A_SLICE) });
  }

  private call(
    id: string,
    service: string,
    action: string,
    options: {
      readonly parameters: Record<string, unknown>;
      readonly resources: string[];
      /** @default derived from service and action */
      readonly iamAction?: string;
      /** Part of the answer that the next state reads. @default nothing */
      readonly select?: Record<string, string>;
      /** What the service demands of its caller besides the action. @default nothing */
      readonly statements?: iam.PolicyStatement[];
      /** Errors that are an answer, and are not tried again. @default none */
      readonly final?: string[];
    },
  ): tasks.CallAwsService {
    const { parameters, resources, iamAction, select, statements, final } = options;
    const task = new tasks.CallAwsService(this.scope, id, {
      service,
      action,
      parameters,
      iamResources: resources,
      iamAction,
      additionalIamStatements: statements,
      ...(select ? { resultSelector: select } : { resultPath: sfn.JsonPath.DISCARD }),
    });
    if (final) task.addRetry({ errors: final, maxAttempts: 0 });
    // Throttling, and updates of a node group that another update blocks. Seven minutes in all.
    task.addRetry({
      errors: [sfn.Errors.TASKS_FAILED],
      interval: Duration.seconds(10),
      backoffRate: 2,
      maxAttempts: 6,
      maxDelay: Duration.minutes(2),
    });
    return task;
  }
}

/**
 * Application Auto Scaling tries these actions without the name of an alarm, and refuses a caller who may not use them.
 *
 * @see https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
 */
function alarmsOfAutoscaling(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: ['cloudwatch:DeleteAlarms', 'cloudwatch:DescribeAlarms', 'cloudwatch:PutMetricAlarm'],
    resources: ['*'],
  });
}

/** Time between two looks at something that is about to be ready. */
const A_SLICE = Duration.seconds(20);

/** Time after which EKS terminates a node that is drained, and with it the pod of Cluster Autoscaler. */
const DRAINING = Duration.minutes(15);

/** Errors of Lambda for an alias without provisioned concurrency. */
const NOT_FOUND = ['Lambda.ProvisionedConcurrencyConfigNotFoundException', 'Lambda.ResourceNotFoundException'];

function qualified({ alias }: SleepingAlias) {
  return { FunctionName: alias.version.lambda.functionName, Qualifier: alias.aliasName };
}

function numbered(id: string, index: number): string {
  return index === 0 ? id : `${id} ${index + 1}`;
}

function inGroups<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(size * index, size * (index + 1)),
  );
}

function messageOf({ until, timeZone, wakesOn }: SleepHours): string {
  return `asleep until ${until} (${timeZone})${wakesOn === 'every-day' ? '' : ', Monday to Friday'}`;
}

function hourAndMinute(time: string): { hour: string; minute: string } {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return { hour: `${hour}`, minute: `${minute}` };
}

function checkHours({ timeZone, from, until, wakesOn = 'weekdays' }: SleepHours): void {
  if (!isTimeZone(timeZone)) {
    throw new Error(
      `timeZone: must be a name of the IANA time zone database, got "${timeZone}". Give a name such as Asia/Tokyo.`,
    );
  }
  if (!['weekdays', 'every-day'].includes(wakesOn)) {
    throw new Error(
      `wakesOn: must be weekdays or every-day, got "${wakesOn}". Give one of the two words, or leave it out for weekdays.`,
    );
  }
  const minutes = Object.entries({ from, until }).map(([property, time]) => {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) {
      throw new Error(`${property}: must be a time from 00:00 to 23:59, got "${time}". Give a time such as 20:00.`);
    }
    const { hour, minute } = hourAndMinute(time);
    return 60 * Number(hour) + Number(minute);
  });
  const apart = Math.abs((minutes[0] ?? 0) - (minutes[1] ?? 0));
  if (Math.min(apart, 24 * 60 - apart) < LONGEST_RUN.toMinutes()) {
    throw new Error(
      `until: must be at least ${LONGEST_RUN.toMinutes()} minutes before and after from (${from}), the longest run, got ` +
        `"${until}". Give times that are further apart.`,
    );
  }
}

/** Node.js also accepts no name at all, offsets such as +09:00, and names in lower case. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkMinimum(property: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new Error(
    `${property}: must be a whole number of at least 1, got ${value}. Give the number that runs while the capacity is awake.`,
  );
}

/**
 * Marks a priority of a listener as taken, by a construct below the listener, because CloudFormation would refuse a second rule
 * of the same priority during the deployment.
 *
 * @throws if another construct has claimed the priority
 */
function claimPriority(listener: elbv2.IApplicationListener, priority: number, claimant: Construct): void {
  const id = `Priority${priority}`;
  const owner = listener.node.tryFindChild(id)?.node.tryGetContext('owner');
  if (owner !== undefined) {
    throw new Error(
      `priority: ${priority} of ${claimant.node.path} is the priority of ${owner}, too, on the same listener. Give each rule ` +
        'of a listener a priority of its own',
    );
  }
  new Construct(listener, id).node.setContext('owner', claimant.node.path);
}
