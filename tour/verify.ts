import { parseArgs } from 'node:util';
import { environment } from '../lib/environments';
import { adopt, localVariables } from '../local/endpoint';
import { connect, connectionsOf } from './deployment';
import { explain, fail } from './errors';
import { runExperiments } from './experiments';
import { count, render } from './table';

const USAGE = 'npm run verify -- --environment sandbox [--region eu-west-1] [--connections 100] [--json]';

/** The table of `npm start` for whatever is deployed, from its stack outputs. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      environment: { type: 'string' },
      region: { type: 'string' },
      connections: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (values.environment === undefined) throw new Error(`--environment is missing: ${USAGE}`);
  const connections = connectionsOf(values.connections);
  const url = process.env.AWS_ENDPOINT_URL;
  if (url !== undefined) adopt(localVariables(url));
  const { id, region } = environment(values.environment, { region: values.region, endpointUrl: url });
  try {
    const rows = await runExperiments({ ...(await connect(id, region)), connections });
    console.log(
      values.json ? JSON.stringify({ environment: id, region, ...count(rows), rows }, null, 2) : render(rows),
    );
    if (count(rows).failed > 0) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

main().catch(fail);
