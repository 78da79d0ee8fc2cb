import { SavedQueries } from '../../lib/constructs/saved-queries';
import { EnvironmentConfig } from '../../lib/environment-config';
import {
  COMPOSITE_ALARM,
  CONTAINERS_STACK,
  FUNCTION,
  HTTP_API,
  LOAD_BALANCER,
  REST_API,
  ROLE,
  SECURITY_GROUP,
  SERVICES_PER_LOAD_BALANCER,
  STACK,
} from '../../lib/limits';
import { checkLimits, widgetsOf } from '../support/dashboard';
import { fixtureOf, withFurther } from '../support/fixture';
import { resourcesOf, stageOf, templatesOf } from '../support/stage';

/** A hundred services on both kinds of capacity, each built from source. These options lead to the largest templates. */
const { capacity } = fixtureOf('trial', { capacity: 'both' });
if (!capacity.fargate || !capacity.ec2) throw new Error('The environment must have both kinds of capacity.');
const templates = templatesOf(
  stageOf({
    ...withFurther(fixtureOf('trial', { kubernetes: 'true' }), 99),
    capacity: { fargate: capacity.fargate, ec2: { ...capacity.ec2, maxInstances: 30 } },
  }),
);
const resources = resourcesOf(templates);

/** Numbers of resources of a type, counted separately for each stack and each key that `keyOf` returns. */
function counts(type: string, keyOf: (stack: string, properties: Record<string, unknown>) => unknown): number[] {
  const found = new Map<string, number>();
  for (const [stack, , { Type, Properties = {} }] of resources) {
    if (Type !== type) continue;
    const key = JSON.stringify([stack, keyOf(stack, Properties)]);
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  expect(found.size).toBeGreaterThan(0);
  return [...found.values()];
}

const LOAD_BALANCERS = Math.ceil(100 / SERVICES_PER_LOAD_BALANCER);

const most = (values: readonly number[]) => Math.max(...values);

test('a hundred services have one ECS service for each kind of capacity, behind as few load balancers as the limits allow', () => {
  expect(resources.filter(([, , { Type }]) => Type === 'AWS::ECS::Service')).toHaveLength(200);
  const loadBalancers = counts('AWS::ElasticLoadBalancingV2::LoadBalancer', (stack) => stack);
  expect(loadBalancers).toEqual(Array.from({ length: LOAD_BALANCERS }, () => 1));
  expect(loadBalancers.length).toBeLessThanOrEqual(LOAD_BALANCER.perRegion);
});

test.each(Object.keys(templates))('%s is within the limits of a stack', (name) => {
  const { Resources = {}, Outputs = {}, Parameters = {} } = templates[name]?.toJSON() ?? {};
  expect(Object.keys(Resources).length).toBeLessThanOrEqual(STACK.resources);
  expect(Object.keys(Outputs).length).toBeLessThanOrEqual(STACK.outputs);
  expect(Object.keys(Parameters).length).toBeLessThanOrEqual(STACK.parameters);
  expect(Buffer.byteLength(JSON.stringify(templates[name]?.toJSON()))).toBeLessThanOrEqual(STACK.templateBytes);
});

test('the dashboard is within the limits of CloudWatch', () => {
  checkLimits(widgetsOf(templates));
});

test('the saved queries read the log group of every service, 50 log groups at most in a run', () => {
  const groups = new Map<string, unknown[]>();
  for (const [, , { Type, Properties = {} }] of resources) {
    if (Type !== 'AWS::Logs::QueryDefinition') continue;
    groups.set(String(Properties['Name']), [Properties['LogGroupNames']].flat());
  }
  expect(most([...groups.values()].map(({ length }) => length))).toBe(SavedQueries.MAX_LOG_GROUPS);
  const parts = ['container-errors', 'container-errors-2'].map((name) => groups.get(`Kumiki/trial/${name}`) ?? []);
  expect(new Set(parts.flat().map((name) => JSON.stringify(name))).size).toBe(100);
});

test('each load balancer is within its limits of rules, target groups and listeners', () => {
  const perStack = (type: string) => most(counts(`AWS::ElasticLoadBalancingV2::${type}`, (stack) => stack));
  expect(perStack('ListenerRule')).toBeLessThanOrEqual(LOAD_BALANCER.rules);
  expect(perStack('TargetGroup')).toBeLessThanOrEqual(LOAD_BALANCER.targetGroups);
  expect(perStack('Listener')).toBeLessThanOrEqual(LOAD_BALANCER.listeners);
});

test('each load balancer is within its limit of targets, while a deployment doubles the tasks', () => {
  const tasks = new Map<string, number>();
  for (const [stack, , { Type, Properties }] of resources) {
    if (Type !== 'AWS::ApplicationAutoScaling::ScalableTarget' || !stack.startsWith('Containers')) continue;
    tasks.set(stack, (tasks.get(stack) ?? 0) + 2 * Number(Properties?.['MaxCapacity']));
  }
  expect([...tasks.values()].length).toBe(LOAD_BALANCERS);
  expect(most([...tasks.values()])).toBeLessThanOrEqual(LOAD_BALANCER.targets);
});

test('each composite alarm is within its limit of children', () => {
  const rules = resources.filter(([, , { Type }]) => Type === 'AWS::CloudWatch::CompositeAlarm');
  const children = rules.map(
    ([, , { Properties }]) => JSON.stringify(Properties?.['AlarmRule']).split('ALARM(').length - 1,
  );
  expect(most(children)).toBe(2 * SERVICES_PER_LOAD_BALANCER);
  expect(most(children)).toBeLessThanOrEqual(COMPOSITE_ALARM.children);
});

describe('the estimate of the resources of a stack Containers', () => {
  const https = { certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1', hostName: 'a.example.com' };
  const largest: EnvironmentConfig = {
    ...fixtureOf('trial', { capacity: 'both' }),
    capacity: { fargate: capacity.fargate, ec2: { ...capacity.ec2, maxInstances: 30 } },
    loadBalancer: { accessLogDays: 90, https },
  };
  const resourcesOfStack = (config: EnvironmentConfig) =>
    Object.keys(templatesOf(stageOf(config))['Containers']?.toJSON().Resources ?? {}).length;

  test.each([2, 3])('is the number in the template of %i services with every option', (services) => {
    expect(resourcesOfStack(withFurther(largest, services - 1))).toBe(
      CONTAINERS_STACK.fixed + services * CONTAINERS_STACK.perService,
    );
  });

  test('is enough for services that are released in steps, which have one kind of capacity', () => {
    const release = { kind: 'canary', minutes: 10 } as const;
    const given = withFurther({ ...largest, capacity: fixtureOf('trial').capacity }, 2);
    const count = resourcesOfStack({ ...given, services: given.services.map((each) => ({ ...each, release })) });
    expect(count).toBeLessThanOrEqual(CONTAINERS_STACK.fixed + 3 * CONTAINERS_STACK.perService);
  });

  test('leaves no room for another service', () => {
    const { fixed, perService } = CONTAINERS_STACK;
    expect(fixed + SERVICES_PER_LOAD_BALANCER * perService).toBeLessThanOrEqual(STACK.resources);
    expect(fixed + (SERVICES_PER_LOAD_BALANCER + 1) * perService).toBeGreaterThan(STACK.resources);
  });
});

test('each security group is within the limit of rules for each direction', () => {
  for (const direction of ['Ingress', 'Egress'] as const) {
    const rules = counts(`AWS::EC2::SecurityGroup${direction}`, (_, { GroupId }) => GroupId);
    expect(most(rules)).toBeLessThanOrEqual(SECURITY_GROUP.rules);
  }
});

test('each API is within its limits of resources, routes, integrations and VPC links', () => {
  const perApi = (type: string) => most(counts(type, (_, { ApiId, RestApiId }) => ApiId ?? RestApiId));
  expect(perApi('AWS::ApiGateway::Resource')).toBeLessThanOrEqual(REST_API.resources);
  expect(perApi('AWS::ApiGatewayV2::Route')).toBeLessThanOrEqual(HTTP_API.routes);
  expect(perApi('AWS::ApiGatewayV2::Integration')).toBeLessThanOrEqual(HTTP_API.integrations);
  expect(counts('AWS::ApiGatewayV2::VpcLink', () => 'region').length).toBeLessThanOrEqual(HTTP_API.vpcLinksPerRegion);
});

test('each role is within the length of its inline policies, and each function within that of its policy', () => {
  const policies = resources.filter(([, , { Type }]) => Type === 'AWS::IAM::Policy');
  const lengths = new Map<string, number>();
  for (const [stack, , { Properties }] of policies) {
    const key = JSON.stringify([stack, Properties?.['Roles']]);
    // References are about as long as the ARNs that they stand for.
    const { length } = JSON.stringify(Properties?.['PolicyDocument']);
    lengths.set(key, (lengths.get(key) ?? 0) + length);
  }
  expect(most([...lengths.values()])).toBeLessThanOrEqual(ROLE.inlinePolicyCharacters);
  // A statement of a function's policy has about 400 bytes.
  const permissions = counts('AWS::Lambda::Permission', (_, { FunctionName }) => FunctionName);
  expect(most(permissions) * 400).toBeLessThanOrEqual(FUNCTION.policyBytes);
});

test('no two rules of a listener have the same priority', () => {
  const rules = counts('AWS::ElasticLoadBalancingV2::ListenerRule', (_, { ListenerArn, Priority }) => [
    ListenerArn,
    Priority,
  ]);
  expect(most(rules)).toBe(1);
});

test('no two rules have a path in common, those for tasks and for pods of the same service neither', () => {
  const rules = resources.filter(([, , { Type }]) => Type === 'AWS::ElasticLoadBalancingV2::ListenerRule');
  const paths = rules.flatMap(([, , { Properties }]) =>
    [...JSON.stringify(Properties?.['Conditions']).matchAll(/"(\/[^"]*)"/g)].map(([, path]) => path),
  );
  expect(paths).toContain('/k8s/history/*');
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

test('the images of a stack are built one after the other, because CodeBuild may allow one build at a time', () => {
  for (const [stack, template] of Object.entries(templates)) {
    const builds = Object.entries(template.findResources('Custom::CDKContainerImageBuild'));
    const ids = builds.map(([id]) => id);
    const waiting = builds.filter(([, { DependsOn = [] }]) => ids.some((id) => DependsOn.includes(id)));
    expect({ stack, first: builds.length - waiting.length }).toEqual({ stack, first: Math.min(1, builds.length) });
  }
});
