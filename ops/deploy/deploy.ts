import type { Environments } from '../../lib/context';
import { environments } from '../../lib/environments';
import { explained } from '../kit/errors';
import { Failure } from '../kit/language';
import { optionsOf } from '../kit/options';
import { start } from '../kit/start';
import { targetOf } from '../kit/target';
import { runPreflight } from '../preflight/preflight';
import { deployCommand } from './command';
import { contextOf, surroundings } from './main';
import { messages } from './messages';
import { type DeploySurroundings, deploy } from './run';

/** Values of `--require-approval` of the CDK CLI. */
const APPROVALS = ['never', 'any-change', 'broadening', 'destructive'];

/**
 * Deploys an environment: preflight, one question, `cdk deploy --all`.
 *
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  around: DeploySurroundings = { ...surroundings('deploy'), preflight: runPreflight },
  known: Environments = environments,
): Promise<number> {
  const values = optionsOf(
    deployCommand,
    {
      environment: { type: 'string' },
      region: { type: 'string' },
      context: { type: 'string', short: 'c', multiple: true },
      yes: { type: 'boolean', default: false },
      confirm: { type: 'string' },
      'skip-preflight': { type: 'boolean', default: false },
      'require-approval': { type: 'string' },
      express: { type: 'boolean', default: false },
    },
    args,
  );
  const { 'require-approval': requireApproval, 'skip-preflight': skipPreflight, yes, confirm, express } = values;
  if (requireApproval !== undefined && !APPROVALS.includes(requireApproval)) {
    throw new Failure(messages.badApproval({ value: requireApproval, known: APPROVALS.join(', ') }));
  }
  const { all, given } = contextOf(values);
  const config = targetOf(values, deployCommand, all, known);
  const context = { ...given, environment: config.id };
  try {
    return await deploy(config, { context, yes, confirm, skipPreflight, requireApproval, express }, around);
  } catch (error) {
    throw explained(error, config.id, config.region);
  }
}

if (require.main === module) void start(main);
