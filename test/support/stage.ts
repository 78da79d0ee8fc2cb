import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Context, environmentOf } from '../../lib/context';
import { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { ReferenceStage } from '../../lib/reference-stage';
import { FunctionBundles } from '../../lib/sources';
import { DIGEST } from './fixture';

/** The context of cdk.json. A test without this context would synthesize another template than a deployment [P3]. */
export const context: Record<string, unknown> = JSON.parse(readFileSync('cdk.json', 'utf8')).context;

/** An environment of lib/environments.ts. If it deploys an image by digest and names none, a digest is added. */
export function configOf(name: keyof typeof environments, overrides: Context = {}): EnvironmentConfig {
  const needsDigest = environments[name].services.some(
    ({ image }) => image.from === 'digest' && image.digest === undefined,
  );
  return environmentOf({ environment: name, ...(needsDigest && { imageDigest: DIGEST }), ...overrides });
}

/** The stage of a configuration before synthesis. Functions are not bundled and templates are not validated. */
export function stageOf(config: EnvironmentConfig, sources: { quotesCode?: lambda.Code } = {}): ReferenceStage {
  const app = new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
    treeMetadata: false,
  });
  const bundles = new FunctionBundles();
  return new ReferenceStage(app, config.id, {
    config,
    quotesCode: sources.quotesCode ?? bundles.code('lambda/quotes/index.ts'),
    sessionsCode: bundles.code('lambda/sessions/index.ts'),
    tickerCode: bundles.code('lambda/ticker/index.ts'),
    containerDirectory: () => 'container',
  });
}

/** The stacks of a stage by their short names, in the order in which they are deployed. */
export function stacksOf(stage: ReferenceStage): Record<string, Stack> {
  return Object.fromEntries(stage.node.children.filter(Stack.isStack).map((stack) => [stack.node.id, stack]));
}

/** The templates of a stage by the short names of its stacks. */
export function templatesOf(stage: ReferenceStage): Record<string, Template> {
  return Object.fromEntries(Object.entries(stacksOf(stage)).map(([name, stack]) => [name, Template.fromStack(stack)]));
}

/**
 * The templates of a configuration. The first test file that needs them synthesizes the stage and stores the templates in
 * the folder for temporary files, which is new for each run of the tests (jest.config.cjs). The other files read them.
 *
 * @param stage the stage of the configuration, if the caller has created it already
 */
export function synthesized(config: EnvironmentConfig, stage?: ReferenceStage): Record<string, Template> {
  const name = createHash('sha256').update(JSON.stringify(config)).digest('hex');
  const file = join(tmpdir(), `stage-${name}.json`);
  if (!existsSync(file)) {
    const templates = Object.entries(templatesOf(stage ?? stageOf(config))).map(([stack, template]) => [
      stack,
      template.toJSON(),
    ]);
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(Object.fromEntries(templates)));
    renameSync(`${file}.${process.pid}`, file);
  }
  const templates = Object.entries<Record<string, unknown>>(JSON.parse(readFileSync(file, 'utf8')));
  return Object.fromEntries(templates.map(([stack, template]) => [stack, Template.fromJSON(template)]));
}

/** All alarms and composite alarms of a stage, without those that a stack refers to by name. */
export function alarmsIn(stage: ReferenceStage): cloudwatch.AlarmBase[] {
  return stage.node
    .findAll()
    .filter((node): node is cloudwatch.AlarmBase => node instanceof cloudwatch.AlarmBase)
    .filter(({ node }) => node.defaultChild !== undefined);
}

/** All resources of a stage, as [stack, logical id, resource]. */
export function resourcesOf(templates: Record<string, Template>): [string, string, Resource][] {
  return Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries<Resource>(template.toJSON().Resources ?? {}).map(
      ([id, resource]) => [stack, id, resource] as [string, string, Resource],
    ),
  );
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: string | string[];
}
