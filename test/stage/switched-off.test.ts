import { App } from 'aws-cdk-lib';
import { EnvironmentConfig } from '../../lib/environment-config';
import { OPTIONAL_PARTS } from '../../lib/optional-parts';
import { ReferenceStage } from '../../lib/reference-stage';
import { FunctionBundles } from '../../lib/sources';
import { fixtureOf } from '../support/fixture';
import { context, stacksOf, stageOf, synthesized } from '../support/stage';

const complete: EnvironmentConfig = {
  ...fixtureOf('trial', { kubernetes: 'true' }),
  notifications: { page: { emails: ['on-call@example.com'] } },
  encryption: 'customer-managed',
};
/** The parts whose stacks are deleted last. The stacks Operations and Sleep are deleted first. */
const LAST = OPTIONAL_PARTS.filter(([name]) => name !== 'Operations' && name !== 'Sleep');
/** Parts that are on where their property is left out. */
const OFF_BY_FALSE: readonly string[] = ['alarms', 'dashboard'];
const without = (...properties: readonly (typeof OPTIONAL_PARTS)[number][1][]): EnvironmentConfig => ({
  ...complete,
  ...Object.fromEntries(properties.map((property) => [property, OFF_BY_FALSE.includes(property) ? false : undefined])),
});

/** The templates that the CLI gets. They contain the resource CDKMetadata. */
function templatesForCli(config: EnvironmentConfig): Record<string, { Resources?: object }> {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: true });
  const bundles = new FunctionBundles();
  new ReferenceStage(app, config.id, {
    config,
    quotesCode: bundles.code('lambda/quotes/index.ts'),
    sessionsCode: bundles.code('lambda/sessions/index.ts'),
    tickerCode: bundles.code('lambda/ticker/index.ts'),
    containerDirectory: () => 'container',
  });
  const { stacks } = app.synth();
  return Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template]));
}

test('a part that is switched off is a stack without resources, so that the CLI deletes its deployed stack', () => {
  const templates = templatesForCli(
    without('kubernetes', 'httpApi', 'webSocketApi', 'notifications', 'alarms', 'dashboard', 'encryption'),
  );
  expect(templates['Kumiki-trial-RestApi']?.Resources).toHaveProperty('CDKMetadata');
  for (const [name] of OPTIONAL_PARTS) {
    expect(templates).toHaveProperty(`Kumiki-trial-${name}`);
    expect(templates[`Kumiki-trial-${name}`]?.Resources).toBeUndefined();
  }
});

test.each(LAST)(
  'the empty stack %s depends on all other stacks, so it is deleted after they are updated, and destroyed before them',
  (name, property) => {
    const stacks = stacksOf(stageOf(without(property)));
    const { [name]: emptyStack, ...others } = stacks;
    expect(Object.keys(others).length).toBeGreaterThan(6);
    expect(emptyStack?.dependencies.map(({ node }) => node.id).sort()).toEqual(Object.keys(others).sort());
    for (const other of Object.values(others)) expect(other.dependencies).not.toContain(emptyStack);
  },
);

test.each(LAST)(
  'switching off %s keeps every output of the other stacks, because the deployed stack still reads them',
  (name, property) => {
    const [deployed, changed] = [synthesized(complete), synthesized(without(property))];
    for (const [stack, template] of Object.entries(deployed)) {
      if (stack === name) continue;
      const outputs = Object.keys(template.toJSON()['Outputs'] ?? {});
      expect(Object.keys(changed[stack]?.toJSON()['Outputs'] ?? {})).toEqual(expect.arrayContaining(outputs));
    }
  },
);

test('the key is deleted after all other parts that are off, because their deployed stacks may use the key', () => {
  const { Encryption: encryption, ...others } = stacksOf(
    stageOf(without('notifications', 'webSocketApi', 'encryption')),
  );
  const earlier = encryption?.dependencies.map(({ node }) => node.id);
  expect(earlier?.sort()).toEqual(Object.keys(others).sort());
});

test('switching off all three parts keeps every output of the other stacks', () => {
  const [deployed, changed] = [synthesized(complete), synthesized(without('kubernetes', 'httpApi', 'webSocketApi'))];
  for (const stack of ['Network', 'Registry', 'Containers', 'Function', 'RestApi']) {
    const outputs = Object.keys(deployed[stack]?.toJSON()['Outputs']);
    expect(Object.keys(changed[stack]?.toJSON()['Outputs'])).toEqual(expect.arrayContaining(outputs));
  }
});

test('without sleep, the stack with the schedules is deleted before other stacks lose what it refers to', () => {
  const { Sleep: sleep, Encryption: _, Notifications: __, ...others } = stacksOf(stageOf(complete));
  expect(sleep?.dependencies.map(({ node }) => node.id)).toEqual(['Encryption', 'Notifications']);
  for (const stack of Object.values(others)) expect(stack.dependencies).toContain(sleep);
});

test('the stack that puts the others to sleep is deployed after all of them, and destroyed before them', () => {
  const sleep = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
  const { Sleep: stack, ...others } = stacksOf(stageOf({ ...complete, sleep }));
  const earlier = stack?.dependencies.map(({ node }) => node.id);
  expect(earlier).toEqual(expect.arrayContaining(['Containers', 'Kubernetes', 'Function', 'RestApi', 'Operations']));
  for (const other of Object.values(others)) expect(other.dependencies.includes(stack ?? other)).toBe(false);
});

test('without alarms, the stack with the composite alarm is deleted before the alarms, because CloudWatch requires this order', () => {
  const { Operations: operations, ...others } = stacksOf(stageOf(without('alarms', 'notifications', 'encryption')));
  expect(operations?.dependencies).toEqual([]);
  for (const stack of Object.values(others)) expect(stack.dependencies).toContain(operations);
});

test('without alarms, the stack with the budget loses its composite alarm before the alarms are deleted', () => {
  const receivers = { emails: ['owner@example.com'] };
  const stage = stageOf({
    ...without('alarms', 'encryption'),
    notifications: { page: receivers, notice: receivers },
    budget: { monthlyUsd: 150, ...receivers },
  });
  const { Operations: operations, Notifications: notifications, ...others } = stacksOf(stage);
  expect(operations?.dependencies).toEqual([notifications]);
  for (const stack of Object.values(others)) expect(stack.dependencies).toContain(operations);
});
