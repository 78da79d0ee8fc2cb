import { explain, fail } from '../../ops/kit/errors';
import { languageOf } from '../../ops/kit/language';
import { optionsOf } from '../../ops/kit/options';
import { verifyCommand } from './command';
import { connect, connectionsOf } from './deployment';
import { runExperiments } from './experiments';
import { table } from './table';
import { targetOf } from './target';

/** Prints the table of `npm start` for a deployed environment, which is found by its stack outputs. */
async function main(): Promise<void> {
  const values = optionsOf(verifyCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    connections: { type: 'string' },
    json: { type: 'boolean' },
  });
  const connections = connectionsOf(values.connections);
  const { id, region } = targetOf(values, verifyCommand);
  try {
    const rows = await runExperiments({ ...(await connect(id, region)), connections });
    console.log(
      values.json
        ? table.json(rows, { environment: id, region })
        : table.render(rows, languageOf(), process.stdout.columns),
    );
    if (table.count(rows).failed > 0) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

main().catch(fail);
