import { explain, fail } from '../../ops/kit/errors';
import { languageOf } from '../../ops/kit/language';
import { type Command, optionsOf } from '../../ops/kit/options';
import { connect, connectionsOf } from './deployment';
import { runExperiments } from './experiments';
import { messages } from './messages';
import { table } from './table';
import { targetOf } from './target';

export const command: Command<'environment' | 'region' | 'connections' | 'json'> = {
  name: 'npm run verify',
  usage: '-- --environment sandbox [--region eu-west-1] [--connections 100] [--json]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    connections: { form: '--connections NUMBER', help: messages.connectionsFlag },
    json: { form: '--json', help: messages.jsonFlag },
  },
};

/** Prints the table of `npm start` for a deployed environment, which is found by its stack outputs. */
async function main(): Promise<void> {
  const values = optionsOf(command, {
    environment: { type: 'string' },
    region: { type: 'string' },
    connections: { type: 'string' },
    json: { type: 'boolean' },
  });
  const connections = connectionsOf(values.connections);
  const { id, region } = targetOf(values, command);
  try {
    const rows = await runExperiments({ ...(await connect(id, region)), connections });
    console.log(values.json ? table.json(rows, { environment: id, region }) : table.render(rows, languageOf()));
    if (table.count(rows).failed > 0) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

if (require.main === module) main().catch(fail);
