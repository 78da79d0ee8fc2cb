import { App } from 'aws-cdk-lib';
import { checkAccount } from './context';
import { EnvironmentConfig } from './environment-config';
import { ReferenceStage } from './reference-stage';
import { containerContext, FunctionBundles } from './sources';

/**
 * Runs a CDK app whose errors are one line each, with the stack of calls only where the variable DEBUG is set.
 *
 * @param build adds the stages of the app
 */
export function runApp(build: (app: App) => void): void {
  try {
    // The same rules run in the tests, over every environment; here they would add seconds to each synth.
    const app = new App({ builtinCloudFormationValidation: false });
    build(app);
    // Here and not when the process ends, so that an error of the synthesis is reported as briefly.
    app.synth();
  } catch (error) {
    console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * The stacks of an environment, with the code of this repository.
 *
 * @throws if the credentials of the CDK CLI are of an account that the environment does not deploy to
 */
export function buildStage(app: App, config: EnvironmentConfig): ReferenceStage {
  // The CDK CLI sets the variable when there are credentials; a synth without credentials passes.
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
