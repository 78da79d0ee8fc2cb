import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { adopt, localVariables } from '../kit/endpoint';
import { endAll } from '../kit/processes/process-group';
import { terminal } from '../kit/terminal';
import { deploy, synthesize } from './deploy';
import { claimRun, type Run, readRun, redeployFile, releaseRun, runFile, updateRun } from './run-file';

/** Milliseconds until `npm start` has to have the container service running and registered. */
const RESTART_TIMEOUT = 20_000;
/** Milliseconds between two looks whether `npm start` is still there. */
const WATCH_INTERVAL = 500;

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
  watchStart(run, () => {
    say.line();
    console.error(`npm start has ended while ${phase}, and its endpoint with it. Start it again: npm start`);
    process.exit(1);
  });
  adopt(localVariables(run.endpoint));
  const from = performance.now();
  await synthesize(say, run.context);
  phase = 'deploying';
  await deploy(say);

  // Also where its code is the same: a changed load balancer or capacity has target groups that are new, and empty.
  phase = 'registering the container service';
  updateRun(runFile, { registered: undefined, problem: undefined });
  process.kill(run.pid, 'SIGUSR2');
  const deadline = Date.now() + RESTART_TIMEOUT;
  let now = readRun(runFile);
  for (; !now?.registered; now = readRun(runFile)) {
    if (now?.problem !== undefined) throw new Error(now.problem);
    if (Date.now() > deadline) {
      throw new Error('The container service was not registered: see the terminal of npm start.');
    }
    await sleep(50);
  }
  say.step('container', now.service === run.service ? 'registered' : 'started anew');
  say.step('deployed', run.endpoint, from);
}

/** Calls back when `npm start` has ended, which the CLI would find out by many attempts to reach its endpoint. */
function watchStart({ pid }: Run, ended: () => void): void {
  const watch = setInterval(() => {
    if (readRun(runFile)?.pid !== pid) ended();
  }, WATCH_INTERVAL);
  watch.unref();
}

main()
  .catch((error: unknown) => fail(error))
  .finally(endAll);
