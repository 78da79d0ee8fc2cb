import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Sleep, SleepHours, SleepProps } from '../../lib/constructs/sleep';

const HOURS = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
const TASKS = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/tasks/0123456789abcdef';
const NODES = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/nodes/0123456789abcdef';

function synthesize(options: Partial<SleepProps> = {}): Template {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  new Sleep(stack, 'Sleep', { ...HOURS, ...partsOf(stack), ...options });
  return Template.fromStack(stack);
}

/** An environment of which every part sleeps. */
function partsOf(scope: Construct) {
  const vpc = ec2.Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId: 'vpc-12345', availabilityZones: ['us-east-1a'] });
  const quotes = new lambda.Function(scope, 'Quotes', {
    code: lambda.Code.fromInline('exports.handler = async () => {};'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  const alias = new lambda.Alias(scope, 'Live', { aliasName: 'live', version: quotes.currentVersion });
  const targetGroup = (targetGroupArn: string) =>
    elbv2.ApplicationTargetGroup.fromTargetGroupAttributes(scope, targetGroupArn, { targetGroupArn });
  const service = ecs.FargateService.fromFargateServiceAttributes(scope, 'Service', {
    cluster: ecs.Cluster.fromClusterAttributes(scope, 'Cluster', { clusterName: 'shop', vpc }),
    serviceArn: 'arn:aws:ecs:us-east-1:111122223333:service/shop/web',
  });
  const listenerArn = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8';
  const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-12345678');
  return {
    listeners: [
      elbv2.ApplicationListener.fromApplicationListenerAttributes(scope, 'Listener', { listenerArn, securityGroup }),
    ],
    services: [{ name: 'web', service, targetGroup: targetGroup(TASKS), minTasks: 2 }],
    nodeGroup: { clusterName: 'pods', nodegroupName: 'workers', targetGroup: targetGroup(NODES), minNodes: 3 },
    provisionedConcurrency: { alias, min: 4 },
    alarms: [
      cloudwatch.Alarm.fromAlarmArn(scope, 'Alarm', 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:no-target'),
    ],
  } satisfies Partial<SleepProps>;
}

/** What the state machine changes, as an AWS account would. Capacity is ready some seconds after it was asked for. */
class Account {
  seconds = 0;
  alarmActions = true;
  alarmsInAlarm: object[] = [];
  compositesInAlarm: object[] | undefined;
  answers503 = false;
  tasks = 2;
  nodes = { MinSize: 3, DesiredSize: 3 };
  /** Execution environments, 0 without a configuration. */
  provisioned = 4;
  readonly suspended = new Set<string>();
  /** Operations that fail, and the second until which they do. */
  readonly failing = new Map<string, number>();
  /** Seconds after which Cluster Autoscaler, whose node is still being drained, asks for another node, once. */
  asksForNodeAfter?: number;
  /** Seconds from the end of the 503 until its alarms are OK. */
  alarmsOkAfter = 0;
  allocation = 'READY';
  /** Operations that changed something, in their order. */
  readonly changes: string[] = [];
  /** Second of the last occurrence of each change. */
  readonly changedAt = new Map<string, number>();
  private readonly readyAt = { tasks: 0, nodes: 0, provisioned: 0 };
  private nodeAskedAt = Number.POSITIVE_INFINITY;

  call(operation: string, parameters: unknown): unknown {
    const run = this.operations[operation];
    if (run === undefined) throw new Error(`the account has no operation ${operation}`);
    if (this.seconds < (this.failing.get(operation) ?? 0)) throw new Failure('States.TaskFailed');
    return run(parameters);
  }

  wait(seconds: number): void {
    this.seconds += seconds;
    if (this.seconds < this.nodeAskedAt) return;
    this.nodes.DesiredSize = 1;
    this.nodeAskedAt = Number.POSITIVE_INFINITY;
  }

  private changed(change: string): void {
    this.changes.push(change);
    this.changedAt.set(change, this.seconds);
  }

  private areAlarmsOk(): boolean {
    return !this.answers503 && this.seconds >= (this.changedAt.get('no 503') ?? 0) + this.alarmsOkAfter;
  }

  private isReady(kind: keyof Account['readyAt']): boolean {
    return this.seconds >= this.readyAt[kind];
  }

  private readonly operations: Record<string, (parameters: unknown) => unknown> = {
    'cloudwatch:disableAlarmActions': () => {
      this.alarmActions = false;
      this.changed('alarms send nothing');
    },
    'cloudwatch:enableAlarmActions': () => {
      this.alarmActions = true;
      this.changed('alarms send');
    },
    'cloudwatch:describeAlarms': () => ({
      MetricAlarms: [...this.alarmsInAlarm, ...(this.areAlarmsOk() ? [] : [{ AlarmName: 'errors' }])],
      ...(this.compositesInAlarm && { CompositeAlarms: this.compositesInAlarm }),
    }),
    'elasticloadbalancingv2:modifyRule': (parameters) => {
      this.answers503 = at(parameters, '$.Conditions[0].Field') === 'path-pattern';
      this.changed(this.answers503 ? '503' : 'no 503');
    },
    'elasticloadbalancingv2:describeTargetHealth': (parameters) => {
      const kind = at(parameters, '$.TargetGroupArn') === TASKS ? 'tasks' : 'nodes';
      const count = kind === 'tasks' ? this.tasks : this.nodes.DesiredSize;
      const State = this.isReady(kind) ? 'healthy' : 'initial';
      // A target that is about to leave comes first, as it may in AWS.
      const leaving = { TargetHealth: { State: 'draining' } };
      return { TargetHealthDescriptions: [leaving, ...Array(count).fill({ TargetHealth: { State } })] };
    },
    'applicationautoscaling:registerScalableTarget': (parameters) => {
      const dimension = String(at(parameters, '$.ScalableDimension'));
      expect(parameters).not.toHaveProperty('MinCapacity');
      const suspended = at(parameters, '$.SuspendedState.DynamicScalingOutSuspended') === true;
      if (suspended) this.suspended.add(dimension);
      else this.suspended.delete(dimension);
      this.changed(`${suspended ? 'suspend' : 'resume'} ${dimension}`);
    },
    'ecs:describeServices': () => ({ Services: [{ DesiredCount: this.tasks }] }),
    'ecs:updateService': (parameters) => {
      this.tasks = Number(at(parameters, '$.DesiredCount'));
      this.readyAt.tasks = this.seconds + 130;
      this.changed(`${this.tasks} tasks`);
    },
    'lambda:getProvisionedConcurrencyConfig': () => {
      if (this.provisioned === 0) throw new Failure('Lambda.ProvisionedConcurrencyConfigNotFoundException');
      return { Status: this.isReady('provisioned') ? this.allocation : 'IN_PROGRESS' };
    },
    'lambda:putProvisionedConcurrencyConfig': (parameters) => {
      this.provisioned = Number(at(parameters, '$.ProvisionedConcurrentExecutions'));
      this.readyAt.provisioned = this.seconds + 90;
      this.changed(`${this.provisioned} environments`);
    },
    'lambda:deleteProvisionedConcurrencyConfig': () => {
      if (this.provisioned === 0) throw new Failure('Lambda.ProvisionedConcurrencyConfigNotFoundException');
      this.provisioned = 0;
      this.changed('no environments');
    },
    'eks:describeNodegroup': () => ({ Nodegroup: { ScalingConfig: this.nodes } }),
    'eks:updateNodegroupConfig': (parameters) => {
      const count = Number(at(parameters, '$.ScalingConfig.DesiredSize'));
      this.nodes = { MinSize: Number(at(parameters, '$.ScalingConfig.MinSize')), DesiredSize: count };
      this.readyAt.nodes = this.seconds + 200;
      this.changed(`${count} nodes`);
      if (count === 0 && this.asksForNodeAfter !== undefined) {
        this.nodeAskedAt = this.seconds + this.asksForNodeAfter;
        this.asksForNodeAfter = undefined;
      }
    },
  };
}

class Failure extends Error {}

/** A path of JSONPath: names, indexes, and the filter by a value of one property. */
function at(value: unknown, path: string): unknown {
  const filter = path.match(/^(.*)\[\?\(@\.([\w.]+) == '(\w+)'\)\]$/);
  if (filter) {
    const [, list = '', property = '', wanted] = filter;
    const found = at(value, list);
    return Array.isArray(found) ? found.filter((item) => at(item, `$.${property}`) === wanted) : undefined;
  }
  return path
    .split(/[.[\]]+/)
    .filter((name) => name !== '' && name !== '$')
    .reduce<unknown>((inner, name) => Object.entries(inner ?? {}).find(([key]) => key === name)?.[1], value);
}

interface State {
  readonly Type: 'Choice' | 'Task' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  readonly Next?: string;
  readonly Choices?: readonly (Rule & { readonly Next: string })[];
  readonly Default?: string;
  readonly Resource?: string;
  readonly Parameters?: object;
  readonly ResultSelector?: Record<string, string>;
  readonly ResultPath?: null;
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Retry?: readonly Retrier[];
  readonly Seconds?: number;
  readonly Error?: string;
}

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts: number;
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
}

interface Rule {
  readonly And?: readonly Rule[];
  readonly Or?: readonly Rule[];
  readonly Variable?: string;
  readonly IsPresent?: boolean;
  readonly StringEquals?: string;
  readonly NumericEquals?: number;
  readonly NumericLessThan?: number;
  readonly NumericGreaterThanEquals?: number;
}

interface Definition {
  readonly StartAt: string;
  readonly States: Record<string, State>;
  readonly TimeoutSeconds: number;
}

function definitionOf(template: Template): Definition {
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  if (machine === undefined) throw new Error('the template has no state machine');
  const [, parts] = machine['Properties'].DefinitionString['Fn::Join'];
  return JSON.parse(
    parts.map((part: unknown) => (typeof part === 'string' ? part : Object.values(part ?? {}).join('.'))).join(''),
  );
}

function holds(rule: Rule, input: unknown): boolean {
  if (rule.And) return rule.And.every((each) => holds(each, input));
  if (rule.Or) return rule.Or.some((each) => holds(each, input));
  const value = at(input, rule.Variable ?? '');
  if (rule.IsPresent !== undefined) return (value !== undefined) === rule.IsPresent;
  if (value === undefined) throw new Failure('States.Runtime');
  if (rule.StringEquals !== undefined) return value === rule.StringEquals;
  if (rule.NumericEquals !== undefined) return value === rule.NumericEquals;
  if (rule.NumericLessThan !== undefined) return Number(value) < rule.NumericLessThan;
  if (rule.NumericGreaterThanEquals !== undefined) return Number(value) >= rule.NumericGreaterThanEquals;
  throw new Error(`no such rule: ${JSON.stringify(rule)}`);
}

const template = synthesize();
const definition = definitionOf(template);

/** Runs the state machine against an account, and returns how the run ended. */
function run(account: Account, to: string): string {
  const start = account.seconds;
  let name: string | undefined = definition.StartAt;
  let input: unknown = { to };
  while (name !== undefined) {
    const state: State | undefined = definition.States[name];
    if (state === undefined) throw new Error(`no state ${name}`);
    if (account.seconds - start > definition.TimeoutSeconds) return 'TIMED_OUT';
    switch (state.Type) {
      case 'Succeed':
        return 'SUCCEEDED';
      case 'Fail':
        return state.Error ?? 'FAILED';
      case 'Wait':
        account.wait(state.Seconds ?? 0);
        name = state.Next;
        break;
      case 'Pass':
        name = state.Next;
        break;
      case 'Choice':
        name = state.Choices?.find((choice) => holds(choice, input))?.Next ?? state.Default;
        break;
      case 'Task': {
        const answer = callWithRetries(account, state);
        if (answer.error === undefined) {
          if (state.ResultPath === undefined) input = selected(state.ResultSelector ?? {}, answer.result);
          name = state.Next;
        } else {
          const { error } = answer;
          const caught = state.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes(error));
          if (caught === undefined) return error;
          name = caught.Next;
        }
      }
    }
  }
  throw new Error('the run ended in a state without a successor');
}

/** Calls an operation as a task does: the first retrier that names the error, or all errors, decides how often and when. */
function callWithRetries(
  account: Account,
  { Resource = '', Parameters, Retry = [] }: State,
): { readonly result?: unknown; readonly error?: string } {
  const operation = Resource.split(':').slice(-2).join(':');
  for (let attempts = 0; ; attempts++) {
    account.wait(1);
    try {
      return { result: account.call(operation, Parameters) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const retrier = Retry.find(({ ErrorEquals }) =>
        ErrorEquals.some((name) => name === error.message || name === 'States.TaskFailed'),
      );
      if (retrier === undefined || attempts >= retrier.MaxAttempts) return { error: error.message };
      const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY } = retrier;
      account.wait(Math.min(IntervalSeconds * BackoffRate ** attempts, MaxDelaySeconds));
    }
  }
}

function selected(selector: Record<string, string>, result: unknown): unknown {
  return Object.fromEntries(
    Object.entries(selector).map(([key, path]) => {
      const value = at(result, path);
      if (value === undefined) throw new Error(`${path} is not in the answer`);
      return [key.replace(/\.\$$/, ''), value];
    }),
  );
}

function asleep(): Account {
  const account = new Account();
  expect(run(account, 'asleep')).toBe('SUCCEEDED');
  account.changes.length = 0;
  account.changedAt.clear();
  return account;
}

test('capacity goes after the alarms are silent and the load balancer answers 503', () => {
  const account = new Account();
  expect(run(account, 'asleep')).toBe('SUCCEEDED');
  expect(account.changes).toEqual([
    'alarms send nothing',
    '503',
    'suspend ecs:service:DesiredCount',
    '0 tasks',
    'suspend lambda:function:ProvisionedConcurrency',
    'no environments',
    '0 nodes',
  ]);
});

test('the 503 ends only after all capacity is there, and the alarms send again at last', () => {
  const account = asleep();
  expect(run(account, 'awake')).toBe('SUCCEEDED');
  expect(account.changes).toEqual([
    '3 nodes',
    '2 tasks',
    '4 environments',
    'resume lambda:function:ProvisionedConcurrency',
    'resume ecs:service:DesiredCount',
    'no 503',
    'alarms send',
  ]);
  expect(account).toMatchObject({ tasks: 2, nodes: { MinSize: 3, DesiredSize: 3 }, provisioned: 4 });
});

test.each(['tasks', 'nodes'])('while the %s do not become healthy, the 503 stays until the run times out', (kind) => {
  const account = asleep();
  const { call } = account;
  account.call = (operation, parameters) => {
    const arn = at(parameters, '$.TargetGroupArn');
    return arn === (kind === 'tasks' ? TASKS : NODES)
      ? { TargetHealthDescriptions: [{ TargetHealth: { State: 'healthy' } }, { TargetHealth: { State: 'unhealthy' } }] }
      : call.call(account, operation, parameters);
  };
  expect(run(account, 'awake')).toBe('TIMED_OUT');
  expect(account).toMatchObject({ answers503: true, alarmActions: false });

  account.call = call;
  expect(run(account, 'awake')).toBe('SUCCEEDED');
  expect(account).toMatchObject({ answers503: false, alarmActions: true });
});

test.each([
  'eks:updateNodegroupConfig',
  'ecs:updateService',
  'lambda:putProvisionedConcurrencyConfig',
  'applicationautoscaling:registerScalableTarget',
  'elasticloadbalancingv2:modifyRule',
  'cloudwatch:enableAlarmActions',
])(
  'when waking fails at %s, nobody is sent to capacity that is not there, and the next run repairs it',
  (operation) => {
    const account = asleep();
    account.failing.set(operation, Number.POSITIVE_INFINITY);
    expect(run(account, 'awake')).toBe('States.TaskFailed');
    if (operation !== 'cloudwatch:enableAlarmActions') expect(account.answers503).toBe(true);
    expect(account.alarmActions).toBe(false);

    account.failing.clear();
    expect(run(account, 'awake')).toBe('SUCCEEDED');
    expect(account).toMatchObject({ answers503: false, alarmActions: true, tasks: 2, provisioned: 4 });
    expect(account.nodes).toEqual({ MinSize: 3, DesiredSize: 3 });
    expect(account.suspended.size).toBe(0);
  },
);

test.each([
  'cloudwatch:disableAlarmActions',
  'elasticloadbalancingv2:modifyRule',
  'applicationautoscaling:registerScalableTarget',
  'ecs:updateService',
  'lambda:deleteProvisionedConcurrencyConfig',
  'eks:updateNodegroupConfig',
])('when falling asleep fails at %s, the next run completes the sleep, and another run wakes', (operation) => {
  const account = new Account();
  account.failing.set(operation, Number.POSITIVE_INFINITY);
  expect(run(account, 'asleep')).toBe('States.TaskFailed');
  if (account.tasks === 0) expect(account.answers503).toBe(true);

  account.failing.clear();
  expect(run(account, 'asleep')).toBe('SUCCEEDED');
  expect(account).toMatchObject({ answers503: true, alarmActions: false, tasks: 0, provisioned: 0 });
  expect(account.nodes).toEqual({ MinSize: 0, DesiredSize: 0 });
  expect(run(account, 'awake')).toBe('SUCCEEDED');
});

test('waking what is awake lowers nothing', () => {
  const account = new Account();
  account.tasks = 7;
  account.nodes = { MinSize: 3, DesiredSize: 5 };
  account.provisioned = 9;
  expect(run(account, 'awake')).toBe('SUCCEEDED');
  expect(account).toMatchObject({ tasks: 7, nodes: { MinSize: 3, DesiredSize: 5 }, provisioned: 9 });
});

test('falling asleep twice changes no node and fails nowhere', () => {
  const account = asleep();
  expect(run(account, 'asleep')).toBe('SUCCEEDED');
  expect(account.changes).not.toContain('0 nodes');
});

test.each([1, 5, 14])(
  'a node that Cluster Autoscaler asks for after %d minutes, while its own node is drained, is removed, too',
  (minutes) => {
    const account = new Account();
    account.asksForNodeAfter = 60 * minutes;
    expect(run(account, 'asleep')).toBe('SUCCEEDED');
    account.wait(60 * 60);
    expect(account.nodes).toEqual({ MinSize: 0, DesiredSize: 0 });
  },
);

test('pods have two minutes to start on healthy nodes, before requests reach them', () => {
  const account = asleep();
  expect(run(account, 'awake')).toBe('SUCCEEDED');
  const healthy = (account.changedAt.get('3 nodes') ?? 0) + 200;
  expect((account.changedAt.get('no 503') ?? 0) - healthy).toBeGreaterThanOrEqual(120);
});

test.each([
  [9, 'SUCCEEDED'],
  [11, 'AlarmsAreOn'],
])('when an alarm is OK %d minutes after the 503, a run ends as %s', (minutes, outcome) => {
  const account = asleep();
  account.alarmsOkAfter = 60 * minutes;
  expect(run(account, 'awake')).toBe(outcome);
});

test.each([
  ['eks:updateNodegroupConfig', 6, 'SUCCEEDED'],
  ['eks:updateNodegroupConfig', 8, 'States.TaskFailed'],
  ['elasticloadbalancingv2:modifyRule', 6, 'SUCCEEDED'],
])('when AWS refuses %s for %d minutes, a run ends as %s', (operation, minutes, outcome) => {
  const account = asleep();
  const { call } = account;
  account.call = (name, parameters) => {
    if (name === operation && !account.failing.has(name)) account.failing.set(name, account.seconds + 60 * minutes);
    return call.call(account, name, parameters);
  };
  expect(run(account, 'awake')).toBe(outcome);
});

test('an alias without provisioned concurrency is an answer, and no error that is tried again', () => {
  const account = asleep();
  const before = account.seconds;
  expect(run(account, 'asleep')).toBe('SUCCEEDED');
  expect(account.seconds - before).toBeLessThan(60);
});

test('waking fails if Lambda cannot allocate provisioned concurrency, with the 503 still on', () => {
  const account = asleep();
  account.allocation = 'FAILED';
  expect(run(account, 'awake')).toBe('ProvisionedConcurrencyFailed');
  expect(account.answers503).toBe(true);
});

test('waking fails if an alarm stays in ALARM, because its actions came back too late to notify anybody', () => {
  const account = asleep();
  account.alarmsInAlarm = [{ AlarmName: 'no-target' }];
  expect(run(account, 'awake')).toBe('AlarmsAreOn');
  expect(account).toMatchObject({ answers503: false, alarmActions: true });
  const affected = asleep();
  affected.compositesInAlarm = [{ AlarmName: 'users-affected' }];
  expect(run(affected, 'awake')).toBe('AlarmsAreOn');
});

test.each(['', 'ASLEEP'])('a run with the input "%s" changes nothing and fails', (to) => {
  const account = new Account();
  expect(run(account, to)).toBe('UnknownInput');
  expect(account.changes).toEqual([]);
});

test('the rule answers 503 in JSON with the time of waking, and a deployment creates it for no request', () => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
    Priority: 1,
    Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['awake.invalid'] } }],
    Actions: [
      {
        Type: 'fixed-response',
        FixedResponseConfig: {
          StatusCode: '503',
          ContentType: 'application/json',
          MessageBody: '{"message":"asleep until 08:00 (Asia/Tokyo), Monday to Friday"}',
        },
      },
    ],
  });
});

test('it sleeps every evening and wakes on weekdays, in the time zone', () => {
  for (const [cron, to] of [
    ['cron(0 20 ? * * *)', 'asleep'],
    ['cron(0 8 ? * MON-FRI *)', 'awake'],
  ]) {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: cron,
      ScheduleExpressionTimezone: 'Asia/Tokyo',
      Target: { Input: JSON.stringify({ to }) },
    });
  }
  const daily = synthesize({ wakesOn: 'every-day', from: '01:30', until: '06:05' });
  daily.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'cron(5 6 ? * * *)' });
});

test('the role changes only the service, the node group, the alias, the rule and the alarms', () => {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  const statements: { Action: string | string[]; Resource: unknown }[] = policies.flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
  const everywhere = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
  // RegisterScalableTarget refuses a caller without the three rights to alarms.
  expect([...new Set(everywhere.filter((action) => !/^(logs|xray):/.test(action)))].sort()).toEqual([
    'cloudwatch:DeleteAlarms',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:PutMetricAlarm',
    'cloudwatch:describeAlarms',
    'elasticloadbalancing:DescribeTargetHealth',
  ]);
});

test('the alarm goes off on one failed run, and is quiet without runs', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: Match.arrayWith([
      Match.objectLike({ MetricStat: { Metric: { Namespace: 'AWS/States', MetricName: 'ExecutionsFailed' } } }),
      Match.objectLike({ MetricStat: { Metric: { Namespace: 'AWS/States', MetricName: 'ExecutionsTimedOut' } } }),
    ]),
    Threshold: 1,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 1,
    TreatMissingData: 'notBreaching',
  });
  synthesize({ watched: false }).resourceCountIs('AWS::CloudWatch::Alarm', 0);
});

test('runs are traced by X-Ray on request, and by default', () => {
  for (const [tracing, Enabled] of [
    [undefined, true],
    [true, true],
    [false, false],
  ] as const) {
    const traced = synthesize({ tracing });
    traced.hasResourceProperties('AWS::StepFunctions::StateMachine', { TracingConfiguration: { Enabled } });
    expect(JSON.stringify(traced.toJSON()).includes('xray:')).toBe(Enabled);
  }
});

test('without nodes, provisioned concurrency and alarms, no state mentions them', () => {
  const small = definitionOf(synthesize({ nodeGroup: undefined, provisionedConcurrency: undefined, alarms: [] }));
  expect(JSON.stringify(small)).not.toMatch(/eks|lambda|cloudwatch/);
});

test.each([
  [{ timeZone: 'Tokyo' }, 'timeZone: must be a name of the IANA time zone database, got "Tokyo"'],
  [{ from: '24:00' }, 'from: must be a time from 00:00 to 23:59, got "24:00"'],
  [{ until: '8:00' }, 'until: must be a time from 00:00 to 23:59, got "8:00"'],
  [{ from: '23:30', until: '00:30' }, 'until: must be at least 90 minutes before and after from (23:30)'],
  [{ listeners: [] }, 'listeners: must be at least one, got none'],
])('refuses %j', (options, message) => {
  expect(() => synthesize(options)).toThrow(message);
});

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ wakesOn: 'daily' }, 'wakesOn: must be weekdays or every-day, got "daily". Give one of the two words'],
  [{ timeZone: undefined }, 'timeZone: must be a name of the IANA time zone database, got "undefined"'],
  [{ timeZone: 'asia/tokyo' }, 'timeZone: must be a name of the IANA time zone database, got "asia/tokyo"'],
])('refuses %j, which a synthesis without a type check does not notice', (values, message) => {
  const stack = new Stack();
  const hours: SleepHours = { ...HOURS };
  const props = Object.assign({ ...hours, ...partsOf(stack) }, values);
  expect(() => new Sleep(stack, 'Sleep', props)).toThrow(message);
});

test('refuses to wake to no task', () => {
  const stack = new Stack();
  const { services, ...parts } = partsOf(stack);
  const none = services.map((service) => ({ ...service, minTasks: 0 }));
  expect(() => new Sleep(stack, 'Sleep', { ...HOURS, ...parts, services: none })).toThrow(
    'services (web): minTasks: must be a whole number of at least 1, got 0',
  );
});

test('refuses a priority that another rule of the listener has', () => {
  const stack = new Stack();
  const parts = partsOf(stack);
  new Sleep(stack, 'First', { ...HOURS, ...parts });
  expect(() => new Sleep(stack, 'Second', { ...HOURS, ...parts })).toThrow(
    'priority: 1 of Default/Second is the priority of Default/First',
  );
});

test('the log has a name below /aws/vendedlogs/, and another name each time the stack is created', () => {
  const [log] = Object.values(template.findResources('AWS::Logs::LogGroup'));
  const name = JSON.stringify(log?.['Properties'].LogGroupName);
  expect(name).toContain('/aws/vendedlogs/states/');
  expect(name).toContain('{"Ref":"AWS::StackId"}');
});
