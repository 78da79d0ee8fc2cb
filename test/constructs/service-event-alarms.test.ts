import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ServiceEventAlarms } from '../../lib/constructs/service-event-alarms';

const ACCOUNT = '111122223333';
const REGION = 'us-west-2';

function synthesize(...names: string[]): Template {
  const stack = new Stack(new App(), 'Test', { env: { account: ACCOUNT, region: REGION } });
  const clusters = names.map((name) =>
    ecs.Cluster.fromClusterArn(stack, name, `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${name}`),
  );
  const { alarms } = new ServiceEventAlarms(stack, 'Events', { clusters });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** A value without joins and with the partition aws. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const { 'Fn::Join': join, Ref: ref } = value;
  if (ref === 'AWS::Partition') return 'aws';
  if (Array.isArray(join)) return join[1].map((part: unknown) => textOf(plain(part))).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * Whether EventBridge matches the event: every key of the pattern is in the event with one of the values; a list in the event
 * matches with any of its elements, also a list of objects.
 * https://github.com/aws/event-ruler#json-array-matching
 */
function matches(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(event)) return event.some((each) => matches(pattern, each));
  if (Array.isArray(pattern)) return pattern.some((each) => matches(each, event));
  if (!isObject(pattern)) return pattern === event;
  if (isObject(event)) return Object.entries(pattern).every(([key, each]) => matches(each, event[key]));
  const { prefix, ...others } = pattern;
  return typeof event === 'string' && Object.keys(others).length === 0 && event.startsWith(textOf(prefix));
}

/** Ids of the alarms whose rule matches the event. */
function rulesOf(template: Template): (event: unknown) => string[] {
  const rules = Object.entries(template.findResources('AWS::Events::Rule')).map(([id, { Properties }]) => ({
    id: id.replace(/^Events(\w+)Rule\w{8}$/, '$1'),
    pattern: plain(Properties.EventPattern),
  }));
  return (event) => rules.filter(({ pattern }) => matches(pattern, event)).map(({ id }) => id);
}

/** AWS's example: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html */
const deployment = (eventName: string, service = 'shop/web') => ({
  'detail-type': 'ECS Deployment State Change',
  source: 'aws.ecs',
  account: ACCOUNT,
  region: REGION,
  resources: [`arn:aws:ecs:${REGION}:${ACCOUNT}:service/${service}`],
  detail: { eventType: 'ERROR', eventName, deploymentId: 'ecs-svc/123', reason: 'ECS deployment circuit breaker: …' },
});

/** Shape of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html */
const stopped = (reason: string, { cluster = 'shop', lastStatus = 'STOPPED' } = {}) => ({
  'detail-type': 'ECS Task State Change',
  source: 'aws.ecs',
  account: ACCOUNT,
  region: REGION,
  resources: [`arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster}/1`],
  detail: {
    clusterArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`,
    containers: [
      { name: 'sidecar', lastStatus: 'STOPPED' },
      { name: 'web', lastStatus: 'STOPPED', reason },
    ],
    lastStatus,
    stoppedReason: 'Essential container in task exited',
  },
});

const OUT_OF_MEMORY = 'OutOfMemoryError: Container killed due to memory usage';
const template = synthesize('shop');
const rules = rulesOf(template);

describe('a failed deployment', () => {
  test('matches its rule', () => {
    expect(rules(deployment('SERVICE_DEPLOYMENT_FAILED'))).toEqual(['DeploymentFailed']);
  });

  test.each(['SERVICE_DEPLOYMENT_IN_PROGRESS', 'SERVICE_DEPLOYMENT_COMPLETED'])('is not %s', (eventName) => {
    expect(rules(deployment(eventName))).toEqual([]);
  });

  test.each(['other/web', 'shop-2/web', 'shop'])('of %s, a service of another cluster, does not count', (service) => {
    expect(rules(deployment('SERVICE_DEPLOYMENT_FAILED', service))).toEqual([]);
  });
});

describe('a task out of memory', () => {
  test('matches its rule by the reason of any container', () => {
    expect(rules(stopped(OUT_OF_MEMORY))).toEqual(['TaskOutOfMemory']);
  });

  test('counts once, when it has stopped', () => {
    expect(rules(stopped(OUT_OF_MEMORY, { lastStatus: 'DEPROVISIONING' }))).toEqual([]);
  });

  test('is no task that stopped for another reason, or of another cluster', () => {
    expect(rules(stopped('CannotPullContainerError: …'))).toEqual([]);
    expect(rules(stopped(OUT_OF_MEMORY, { cluster: 'other' }))).toEqual([]);
  });
});

test('watches the services and tasks of several clusters with the same two rules', () => {
  const both = synthesize('shop', 'instances');
  both.resourceCountIs('AWS::Events::Rule', 2);
  both.resourceCountIs('AWS::CloudWatch::Alarm', 2);
  expect(rulesOf(both)(stopped(OUT_OF_MEMORY, { cluster: 'instances' }))).toEqual(['TaskOutOfMemory']);
  expect(rulesOf(both)(deployment('SERVICE_DEPLOYMENT_FAILED', 'instances/web'))).toEqual(['DeploymentFailed']);
});

test('each rule has an alarm on its events of 5 minutes, and silence is healthy', () => {
  for (const rule of Object.keys(template.findResources('AWS::Events::Rule'))) {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Events',
      MetricName: 'TriggeredRules',
      Dimensions: [{ Name: 'RuleName', Value: { Ref: rule } }],
      Statistic: 'Sum',
      Period: 300,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      AlarmDescription: Match.stringLikeRegexp('First look: '),
    });
  }
});

test('EventBridge may write the events into the log group, whose own policy says so, and no function is needed', () => {
  const properties = (type: string) => Object.values(template.findResources(type)).map(({ Properties }) => Properties);
  const [{ LogGroupName, ResourcePolicyDocument } = {}] = properties('AWS::Logs::LogGroup');
  const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
  const name = textOf(plain(LogGroupName));
  expect(name).toMatch(/^\/aws\/events\/Test-Events-/);
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group`;
  expect(plain(ResourcePolicyDocument)).toMatchObject({
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `${arn}:${name}:*`,
      },
    ],
  });
  const target = { Arn: `${arn}:${JSON.stringify({ Ref: logGroup })}`, Id: 'Target0' };
  expect(properties('AWS::Events::Rule').map(({ Targets }) => plain(Targets))).toEqual([[target], [target]]);
  template.resourceCountIs('AWS::Logs::ResourcePolicy', 0);
  template.resourceCountIs('AWS::Lambda::Function', 0);
});

test('fails without a cluster', () => {
  expect(() => synthesize()).toThrow('clusters: must name at least one cluster, got none. Give an ECS cluster');
});
