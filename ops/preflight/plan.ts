import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { EnvironmentConfig } from '../../lib/environment-config';
import { ReferenceStage } from '../../lib/reference-stage';
import { containerContext, FunctionBundles } from '../../lib/sources';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** What a deployment would make. */
export interface Plan {
  /** Templates by the names of their stacks. */
  readonly templates: Readonly<Record<string, Template>>;
  /** Version of the bootstrap stack that the templates need, and the SSM parameter with the version that is there. */
  readonly bootstrap: { readonly version: number; readonly parameter: string };
}

/**
 * Synthesizes the stacks of an environment in this process. Functions are not bundled, because nothing here reads their code.
 *
 * @throws the error of the synthesis, in one line, as `cdk deploy` prints it
 */
export function planOf(config: EnvironmentConfig): Plan {
  const outdir = mkdtempSync(join(tmpdir(), 'kumiki-preflight-'));
  try {
    const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8'));
    const app = new App({
      outdir,
      context: { ...context, 'aws:cdk:bundling-stacks': [] },
      analyticsReporting: false,
      treeMetadata: false,
      builtinCloudFormationValidation: false,
      autoSynth: false,
    });
    const bundles = new FunctionBundles();
    new ReferenceStage(app, config.id, {
      config,
      quotesCode: bundles.code('lambda/quotes/index.ts'),
      sessionsCode: bundles.code('lambda/sessions/index.ts'),
      tickerCode: bundles.code('lambda/ticker/index.ts'),
      containerDirectory: containerContext,
    });
    const { stacks } = app.synth();
    return {
      templates: Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template])),
      bootstrap: {
        version: Math.max(0, ...stacks.map((stack) => stack.requiresBootstrapStackVersion ?? 0)),
        parameter: stacks.flatMap((stack) => stack.bootstrapStackVersionSsmParameter ?? [])[0] ?? '',
      },
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Resources of a type in all templates. */
export function ofType({ templates }: Pick<Plan, 'templates'>, type: string): Resource[] {
  return Object.values(templates).flatMap(({ Resources = {} }) =>
    Object.values(Resources).filter(({ Type }) => Type === type),
  );
}
