import { contextOf, surroundings } from '../deploy/main';
import { explain, fail } from '../kit/errors';
import { optionsOf } from '../kit/options';
import { targetOf } from '../kit/target';
import { destroyCommand } from './command';
import { destroy } from './run';

/** Deletes an environment, or one of its parts that is switched off. */
async function main(): Promise<void> {
  const values = optionsOf(destroyCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
    part: { type: 'string' },
    yes: { type: 'boolean', default: false },
    confirm: { type: 'string' },
  });
  const { part, yes, confirm } = values;
  const { all, given } = contextOf(values);
  const config = targetOf(values, destroyCommand, all);
  try {
    const context = { ...given, environment: config.id };
    process.exitCode = await destroy(config, { context, part, yes, confirm }, surroundings('destroy'));
  } catch (error) {
    fail(error, explain(error, config.id, config.region));
  }
}

if (require.main === module) main().catch(fail);
