import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { containerContext } from '../lib/sources';
import { fail } from '../tour/errors';
import { deploy, synthesize } from './deploy';
import { adopt, localVariables } from './endpoint';
import { digestOf } from './history-service';
import { endAll } from './process-group';
import { readRun, runFile } from './run-file';
import { terminal } from './terminal';

/** Milliseconds until `npm start` has to have the new container service running. */
const RESTART_TIMEOUT = 20_000;

/** Deploys the code as it is now into the `npm start` that is running. */
async function main(): Promise<void> {
  parseArgs({ options: {} });
  const say = terminal();
  const run = readRun(runFile);
  if (run?.endpoint === undefined || !run.ready) {
    throw new Error(
      run
        ? 'npm start is still deploying. Wait for its table and try again.'
        : 'Nothing is running. Run npm start first, in another terminal.',
    );
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  adopt(localVariables(run.endpoint));
  const from = performance.now();
  await synthesize(say);
  await deploy(say);

  const bundle = digestOf(join(containerContext(), 'server.cjs'));
  if (bundle !== run.service) {
    process.kill(run.pid, 'SIGUSR2');
    const deadline = Date.now() + RESTART_TIMEOUT;
    while (readRun(runFile)?.service !== bundle) {
      if (Date.now() > deadline)
        throw new Error('The container service did not start anew: see the terminal of npm start.');
      await sleep(50);
    }
    say.step('container', 'started anew');
  }
  say.step('deployed', run.endpoint, from);
}

main()
  .catch((error: unknown) => fail(error))
  .finally(endAll);
