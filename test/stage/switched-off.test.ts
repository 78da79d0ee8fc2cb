import { App } from 'aws-cdk-lib';
import { EnvironmentConfig } from '../../lib/environment-config';
import { OPTIONAL_PARTS } from '../../lib/optional-parts';
import { ReferenceStage } from '../../lib/reference-stage';
import { FunctionBundles } from '../../lib/sources';
import { fixtureOf } from '../support/fixture';
import { context, stacksOf, stageOf, synthesized } from '../support/stage';

const on: EnvironmentConfig = fixtureOf('trial', { kubernetes: 'true' });
const without = (...properties: readonly (typeof OPTIONAL_PARTS)[number][1][]): EnvironmentConfig => ({
  ...on,
  ...Object.fromEntries(properties.map((property) => [property, undefined])),
});

/** Templates as the CLI gets them: with the metadata of the CDK, which is a resource. */
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

test('a part that is off is a stack without any resource: the CLI deletes what is deployed under its name', () => {
  const templates = templatesForCli(without('kubernetes', 'httpApi', 'webSocketApi'));
  expect(templates['Kumiki-trial-RestApi']?.Resources).toHaveProperty('CDKMetadata');
  for (const [name] of OPTIONAL_PARTS) {
    expect(templates).toHaveProperty(`Kumiki-trial-${name}`);
    expect(templates[`Kumiki-trial-${name}`]?.Resources).toBeUndefined();
  }
});

test.each(OPTIONAL_PARTS)(
  '%s, off, goes after all that leads to it was updated, and is destroyed first',
  (name, property) => {
    const stacks = stacksOf(stageOf(without(property)));
    const { [name]: off, ...others } = stacks;
    expect(Object.keys(others).length).toBeGreaterThan(6);
    expect(off?.dependencies.map(({ node }) => node.id).sort()).toEqual(Object.keys(others).sort());
    for (const other of Object.values(others)) expect(other.dependencies).not.toContain(off);
  },
);

test.each(OPTIONAL_PARTS)(
  '%s, off, leaves in the other stacks every output that it reads while it is deployed',
  (name, property) => {
    const [deployed, now] = [synthesized(on), synthesized(without(property))];
    for (const [stack, template] of Object.entries(deployed)) {
      if (stack === name) continue;
      const outputs = Object.keys(template.toJSON()['Outputs']);
      expect(Object.keys(now[stack]?.toJSON()['Outputs'])).toEqual(expect.arrayContaining(outputs));
    }
  },
);

test('parts that are all off keep each of these outputs', () => {
  const [deployed, now] = [synthesized(on), synthesized(without('kubernetes', 'httpApi', 'webSocketApi'))];
  for (const stack of ['Network', 'Registry', 'Containers', 'Function', 'RestApi']) {
    const outputs = Object.keys(deployed[stack]?.toJSON()['Outputs']);
    expect(Object.keys(now[stack]?.toJSON()['Outputs'])).toEqual(expect.arrayContaining(outputs));
  }
});
