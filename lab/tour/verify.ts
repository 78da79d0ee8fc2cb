import { Failure, languageOf } from '../../ops/kit/language';
import { optionsOf } from '../../ops/kit/options';
import { start } from '../../ops/kit/start';
import { INTERRUPTED, terminal, untilAborted } from '../../ops/kit/terminal';
import { verifyCommand } from './command';
import { connect, connectionsOf } from './deployment';
import { runExperiments } from './experiments';
import { messages } from './messages';
import { table } from './table';
import { explainAt, targetOf } from './target';

/** Prints the table of `npm start` for a deployed environment, which is found by its stack outputs. */
async function main(args: readonly string[]): Promise<number> {
  const values = optionsOf(
    verifyCommand,
    {
      environment: { type: 'string' },
      region: { type: 'string' },
      connections: { type: 'string' },
      json: { type: 'boolean' },
    },
    args,
  );
  const connections = connectionsOf(values.connections);
  const target = targetOf(values, verifyCommand);
  const { id, region } = target;
  const { signal } = terminal();
  const experiments = async () => runExperiments({ ...(await connect(id, region)), connections });
  try {
    const rows = await untilAborted(signal, experiments());
    console.log(
      values.json
        ? table.json(rows, { environment: id, region })
        : table.render(rows, languageOf(), process.stdout.columns),
    );
    return table.count(rows).failed > 0 ? 1 : 0;
  } catch (error) {
    if (!signal.aborted) throw new Failure(explainAt(target, error), { cause: error });
    console.error(messages.interrupted[languageOf()]);
    return INTERRUPTED;
  }
}

void start(main);
