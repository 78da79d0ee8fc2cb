import { explain, fail } from '../kit/errors';
import { Failure } from '../kit/language';
import { optionsOf } from '../kit/options';
import { targetOf } from '../kit/target';
import { runPreflight } from '../preflight/preflight';
import { deployCommand } from './command';
import { contextOf, surroundings } from './main';
import { messages } from './messages';
import { deploy } from './run';

/** Values of `--require-approval` of the CDK CLI. */
const APPROVALS = ['never', 'any-change', 'broadening', 'destructive'];

/** Deploys an environment: preflight, one question, `cdk deploy --all`. */
async function main(): Promise<void> {
  const values = optionsOf(deployCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
    yes: { type: 'boolean', default: false },
    confirm: { type: 'string' },
    'skip-preflight': { type: 'boolean', default: false },
    'require-approval': { type: 'string' },
    express: { type: 'boolean', default: false },
  });
  const { 'require-approval': requireApproval, 'skip-preflight': skipPreflight, yes, confirm, express } = values;
  if (requireApproval !== undefined && !APPROVALS.includes(requireApproval)) {
    throw new Failure(messages.badApproval({ value: requireApproval, known: APPROVALS.join(', ') }));
  }
  const { all, given } = contextOf(values);
  const config = targetOf(values, deployCommand, all);
  const context = { ...given, environment: config.id };
  try {
    process.exitCode = await deploy(
      config,
      { context, yes, confirm, skipPreflight, requireApproval, express },
      { ...surroundings('deploy'), preflight: runPreflight },
    );
  } catch (error) {
    fail(error, explain(error, config.id, config.region));
  }
}

if (require.main === module) main().catch(fail);
