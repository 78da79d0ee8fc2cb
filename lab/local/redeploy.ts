import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../ops/kit/errors';
import { Failure, languageOf } from '../../ops/kit/language';
import { optionsOf } from '../../ops/kit/options';
import { adopt, localVariables } from '../kit/endpoint';
import { endAll } from '../kit/processes/process-group';
import { terminal } from '../kit/terminal';
import { redeployCommand } from './commands';
import { deploy, synthesize } from './deploy';
import { messages } from './messages';
import { claimRun, type Run, readRun, redeployFile, releaseRun, runFile, updateRun } from './run-file';

/** Milliseconds within which `npm start` has to run and register the container service. */
const RESTART_TIMEOUT = 20_000;
/** Milliseconds between two checks whether `npm start` is still running. */
const WATCH_INTERVAL = 500;

/** Deploys the current code into the running `npm start`. */
async function main(): Promise<void> {
  optionsOf(redeployCommand, {});
  const say = terminal();
  const run = readRun(runFile);
  if (run?.endpoint === undefined || !run.ready) {
    throw new Failure(run ? messages.stillDeploying : messages.notRunning);
  }
  claimRun(redeployFile, ({ pid }) => messages.otherDeployment({ pid }));
  process.on('exit', () => releaseRun(redeployFile));
  const language = languageOf();
  let phase = messages.synthesizing;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say.line();
      console.error(messages.interrupted({ phase })[language]);
      process.exit(130);
    });
  }
  watchStart(run, () => {
    say.line();
    console.error(messages.startEnded({ phase })[language]);
    process.exit(1);
  });
  adopt(localVariables(run.endpoint));
  const from = performance.now();
  await synthesize(say, run.context);
  phase = messages.deploying;
  await deploy(say);

  // The service is registered again even if its code is the same, because a change of the load balancer or of the capacity
  // creates new, empty target groups.
  phase = messages.registering;
  updateRun(runFile, { registered: undefined, problem: undefined });
  process.kill(run.pid, 'SIGUSR2');
  const deadline = Date.now() + RESTART_TIMEOUT;
  let now = readRun(runFile);
  for (; !now?.registered; now = readRun(runFile)) {
    if (now?.problem !== undefined) throw new Failure(now.problem);
    if (Date.now() > deadline) {
      throw new Failure(messages.notRegistered);
    }
    await sleep(50);
  }
  say.step(messages.container, now.service === run.service ? messages.registered : messages.restarted);
  say.step(messages.deployed, run.endpoint, from);
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
