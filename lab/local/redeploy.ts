import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { adopt, localVariables } from '../kit/endpoint';
import { endAll } from '../kit/processes/process-group';
import { terminal } from '../kit/terminal';
import { deploy, synthesize } from './deploy';
import { claimRun, type Run, readRun, redeployFile, releaseRun, runFile, updateRun } from './run-file';

/** Milliseconds within which `npm start` has to run and register the container service. */
const RESTART_TIMEOUT = 20_000;
/** Milliseconds between two checks whether `npm start` is still running. */
const WATCH_INTERVAL = 500;

/** Deploys the current code into the running `npm start`. */
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
    ({ pid }) => `Another deployment of changed code is running (process ${pid}). Wait for its end.`,
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

  // The service is registered again even if its code is the same, because a change of the load balancer or of the capacity
  // creates new, empty target groups.
  phase = 'registering the container service';
  updateRun(runFile, { registered: undefined, problem: undefined });
  process.kill(run.pid, 'SIGUSR2');
  const deadline = Date.now() + RESTART_TIMEOUT;
  let now = readRun(runFile);
  for (; !now?.registered; now = readRun(runFile)) {
    if (now?.problem !== undefined) throw new Error(now.problem);
    if (Date.now() > deadline) {
      throw new Error('The container service was not registered. See the terminal of npm start.');
    }
    await sleep(50);
  }
  say.step('container', now.service === run.service ? 'registered' : 'restarted');
  say.step('deployed', run.endpoint, from);
}

/** Calls `onEnd` when `npm start` has ended. The CLI would retry its endpoint many times before it noticed. */
function watchStart({ pid }: Run, onEnd: () => void): void {
  const watch = setInterval(() => {
    if (readRun(runFile)?.pid !== pid) onEnd();
  }, WATCH_INTERVAL);
  watch.unref();
}

main()
  .catch((error: unknown) => fail(error))
  .finally(endAll);
