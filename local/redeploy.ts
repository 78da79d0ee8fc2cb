import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerContext } from '../lib/sources';
import { fail } from '../tour/errors';
import { optionsOf } from '../tour/options';
import { deploy, synthesize } from './deploy';
import { adopt, localVariables } from './endpoint';
import { digestOf } from './history-service';
import { endAll } from './process-group';
import { claimRun, readRun, redeployFile, releaseRun, runFile, updateRun } from './run-file';
import { terminal } from './terminal';

/** Milliseconds until `npm start` has to have the new container service running. */
const RESTART_TIMEOUT = 20_000;

/** Deploys the code as it is now into the `npm start` that is running. */
async function main(): Promise<void> {
  optionsOf('Usage: npm run deploy:local, while npm start runs', {});
  const say = terminal();
  const run = readRun(runFile);
  if (run?.endpoint === undefined || !run.ready) {
    throw new Error(
      run
        ? 'npm start is still deploying. Wait for its table and try again.'
        : 'Nothing is running. Run npm start first, in another terminal.',
    );
  }
  claimRun(
    redeployFile,
    ({ pid }) => `Changed code is being deployed already (process ${pid}). Wait until it is done.`,
  );
  process.on('exit', () => releaseRun(redeployFile));
  let phase = 'synthesizing';
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say.line();
      console.error(`Interrupted while ${phase}.`);
      process.exit(130);
    });
  }
  adopt(localVariables(run.endpoint));
  const from = performance.now();
  await synthesize(say, run.context);
  phase = 'deploying';
  await deploy(say);

  const bundle = digestOf(join(containerContext(), 'server.cjs'));
  if (bundle !== run.service) {
    phase = 'starting the container service anew';
    updateRun(runFile, { problem: undefined });
    process.kill(run.pid, 'SIGUSR2');
    const deadline = Date.now() + RESTART_TIMEOUT;
    for (let now = readRun(runFile); now?.service !== bundle; now = readRun(runFile)) {
      if (now?.problem !== undefined) throw new Error(`${now.problem}\nThe old one still serves.`);
      if (Date.now() > deadline) {
        throw new Error('The container service did not start anew: see the terminal of npm start.');
      }
      await sleep(50);
    }
    say.step('container', 'started anew');
  }
  say.step('deployed', run.endpoint, from);
}

main()
  .catch((error: unknown) => fail(error))
  .finally(endAll);
