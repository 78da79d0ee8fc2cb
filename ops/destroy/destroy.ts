import type { Environments } from '../../lib/context';
import { environments } from '../../lib/environments';
import { contextOf, surroundings } from '../deploy/main';
import { explained } from '../kit/errors';
import { optionsOf } from '../kit/options';
import { start } from '../kit/start';
import { targetOf } from '../kit/target';
import { destroyCommand } from './command';
import { type DestroySurroundings, destroy } from './run';

/**
 * Deletes an environment, or one of its parts that is switched off.
 *
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  around: DestroySurroundings = surroundings('destroy'),
  known: Environments = environments,
): Promise<number> {
  const values = optionsOf(
    destroyCommand,
    {
      environment: { type: 'string' },
      region: { type: 'string' },
      context: { type: 'string', short: 'c', multiple: true },
      part: { type: 'string' },
      yes: { type: 'boolean', default: false },
      confirm: { type: 'string' },
    },
    args,
  );
  const { part, yes, confirm } = values;
  const { all, given } = contextOf(values);
  const config = targetOf(values, destroyCommand, all, known);
  try {
    return await destroy(config, { context: { ...given, environment: config.id }, part, yes, confirm }, around);
  } catch (error) {
    throw explained(error, config.id, config.region);
  }
}

if (require.main === module) void start(main);
