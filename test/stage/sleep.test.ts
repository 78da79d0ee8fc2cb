import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { EnvironmentConfig } from '../../lib/environment-config';
import { fixtureOf, service, withFurther } from '../support/fixture';
import { stacksOf, stageOf, templatesOf } from '../support/stage';

const HOURS = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
const config: EnvironmentConfig = { ...fixtureOf('trial', { capacity: 'both', kubernetes: 'true' }), sleep: HOURS };
const stage = stageOf(config);
const templates = templatesOf(stage);

interface State {
  readonly Resource?: string;
  readonly Parameters?: Record<string, unknown>;
}

/** The states, with `<stack output>` in place of a value of another stack. */
function statesOf(): Record<string, State> {
  const [machine] = Object.values(templates['Sleep']?.findResources('AWS::StepFunctions::StateMachine') ?? {});
  const parts: unknown[] = machine?.['Properties'].DefinitionString['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : referenceOf(part))).join('')).States;
}

function referenceOf(part: unknown): string {
  const { StackName, OutputName } = Object(part)['Fn::GetStackOutput'] ?? {};
  return StackName === undefined ? 'aws' : `<${StackName} ${OutputName}>`;
}

const calls = (action: string) =>
  Object.values(statesOf()).filter(({ Resource }) => Resource?.endsWith(`:${action}`) ?? false);

/** Ids of all alarms of stacks, which are part of the names of their outputs. */
function alarmsIn(...names: string[]): string[] {
  return Object.entries(stacksOf(stage))
    .filter(([name]) => names.includes(name))
    .flatMap(([, stack]) => stack.node.findAll())
    .flatMap((construct) =>
      construct instanceof cloudwatch.AlarmBase && construct.node.defaultChild instanceof cloudwatch.CfnAlarm
        ? [`${Stack.of(construct).stackName} ${Stack.of(construct).getLogicalId(construct.node.defaultChild)}`]
        : [],
    );
}

test('nobody is notified of what is asleep: the actions of its alarms, of the APIs and of the page are off', () => {
  const [silence, ...more] = calls('disableAlarmActions');
  expect(more).toEqual([]);
  const silent = JSON.stringify(silence?.Parameters);
  const alarms = alarmsIn('Containers', 'Kubernetes', 'RestApi', 'HttpApi');
  expect(alarms.length).toBeGreaterThan(20);
  for (const alarm of alarms) {
    const [stack, id] = alarm.split(' ');
    expect(silent).toContain(`<${stack} PublishOutputRef${id}`);
  }
  expect(silent).toMatch(/Kumiki-trial-(Operations|UsersAffected)/);
  expect(silent).not.toMatch(/Kumiki-trial-(Function|WebSocketApi|Network)/);
  expect(calls('enableAlarmActions').map(({ Parameters }) => Parameters)).toEqual([silence?.Parameters]);
});

test('the role may silence every alarm, also those with a name of their own', () => {
  const names = Object.values(templates).flatMap((template) =>
    ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      Object.values(template.findResources(type)).map(({ Properties }) => Properties.AlarmName),
    ),
  );
  const own = names.filter((name) => name !== undefined);
  // CloudFormation begins the others with the name of their stack.
  expect(names.length).toBeGreaterThan(own.length + 20);
  expect(own.length).toBeGreaterThan(1);
  for (const name of own) expect(name).toMatch(/^Kumiki-trial-/);
  expect(JSON.stringify(templates['Sleep']?.findResources('AWS::IAM::Policy'))).toContain(':alarm:Kumiki-trial-*');
});

test('tasks on both kinds of capacity, nodes and provisioned concurrency wake to their lower bounds', () => {
  const counts = calls('updateService').map(({ Parameters }) => Parameters?.['DesiredCount']);
  expect(counts.toSorted()).toEqual([0, 0, 1, 1]);
  expect(calls('updateNodegroupConfig').map(({ Parameters }) => Parameters?.['ScalingConfig'])).toEqual(
    expect.arrayContaining([
      { MinSize: 2, DesiredSize: 2 },
      { MinSize: 0, DesiredSize: 0 },
    ]),
  );
  expect(calls('putProvisionedConcurrencyConfig').map(({ Parameters }) => Parameters)).toEqual([
    expect.objectContaining({ Qualifier: 'live', ProvisionedConcurrentExecutions: 1 }),
  ]);
  expect(calls('describeTargetHealth')).toHaveLength(3);
});

test('a deployment while it sleeps finds no number of tasks and no provisioned concurrency in the templates', () => {
  templates['Containers']?.allResourcesProperties('AWS::ECS::Service', { DesiredCount: Match.absent() });
  templates['Function']?.allResourcesProperties('AWS::Lambda::Alias', { ProvisionedConcurrencyConfig: Match.absent() });
});

test('every load balancer answers 503', () => {
  const two = stageOf({ ...withFurther(fixtureOf('trial'), [service('archive', 1_000)]), sleep: HOURS });
  templatesOf(two)['Sleep']?.resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 2);
});

test('refuses a service with the priority of the 503', () => {
  const services = config.services.map((each) => ({ ...each, priority: 1 }));
  expect(() => stageOf({ ...config, services })).toThrow(/^priority: 1 of .* is the priority of .*History/);
});

test('refuses an alarm on silence, because requests stop at night', () => {
  expect(() => stageOf({ ...config, alarms: { silentAfterMinutes: 60 } })).toThrow(
    'alarms.silentAfterMinutes: must be left out with sleep, because requests stop at night, got 60.',
  );
});

test('an environment without alarms sleeps without calls to CloudWatch', () => {
  const silent = templatesOf(stageOf({ ...config, alarms: false }))['Sleep'];
  expect(JSON.stringify(silent?.toJSON())).not.toContain(':aws-sdk:cloudwatch:');
});
