import { App } from 'aws-cdk-lib';
import { checkAccount } from './context';
import { EnvironmentConfig } from './environment-config';
import { ReferenceStage } from './reference-stage';
import { containerContext, FunctionBundles } from './sources';

/**
 * Runs a CDK app. Each error is printed as one line; the variable DEBUG adds the stack trace.
 *
 * @param build adds the stages of the app
 */
export function runApp(build: (app: App) => void): void {
  try {
    // The tests run the same rules over every environment. Here the rules would add seconds to each synth.
    const app = new App({ builtinCloudFormationValidation: false, autoSynth: false });
    build(app);
    // Not at the end of the process (autoSynth): the CDK would print errors of the synthesis in full, and after an error in
    // a stack would synthesize the stacks before it.
    app.synth();
  } catch (error) {
    console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * Creates the stacks of an environment with the code of this repository.
 *
 * @throws if the credentials of the CDK CLI belong to an account that the environment does not deploy to
 */
export function buildStage(app: App, config: EnvironmentConfig): ReferenceStage {
  // The CDK CLI sets the variable only if credentials are present: a synth without credentials passes.
  checkAccount(config, process.env.CDK_DEFAULT_ACCOUNT);
  const bundles = new FunctionBundles();
  return new ReferenceStage(app, config.id, {
    config,
    quotesCode: bundles.code('lambda/quotes/index.ts'),
    sessionsCode: bundles.code('lambda/sessions/index.ts'),
    tickerCode: bundles.code('lambda/ticker/index.ts'),
    containerDirectory: containerContext,
  });
}
