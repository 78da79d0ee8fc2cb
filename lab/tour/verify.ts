import { explain, fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { connect, connectionsOf } from './deployment';
import { runExperiments } from './experiments';
import { table } from './table';
import { targetOf } from './target';

const USAGE = 'Usage: npm run verify -- --environment sandbox [--region eu-west-1] [--connections 100] [--json]';

/** Prints the table of `npm start` for a deployed environment, which is found by its stack outputs. */
async function main(): Promise<void> {
  const values = optionsOf(USAGE, {
    environment: { type: 'string' },
    region: { type: 'string' },
    connections: { type: 'string' },
    json: { type: 'boolean' },
  });
  const connections = connectionsOf(values.connections);
  const { id, region } = targetOf(values, USAGE);
  try {
    const rows = await runExperiments({ ...(await connect(id, region)), connections });
    console.log(
      values.json
        ? JSON.stringify({ environment: id, region, ...table.count(rows), rows }, null, 2)
        : table.render(rows),
    );
    if (table.count(rows).failed > 0) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

main().catch(fail);
