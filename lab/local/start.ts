import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathTo } from '../../domain/routes';
import { environmentOf } from '../../lib/context';
import { containerContext } from '../../lib/sources';
import { fail } from '../../ops/kit/errors';
import { Failure, languageOf, type Text, textOf, type Words, wordsIn } from '../../ops/kit/language';
import { optionsOf } from '../../ops/kit/options';
import { aligned } from '../../ops/kit/table';
import { askLeftOvers } from '../../ops/sweep/account';
import { linesOf } from '../../ops/sweep/lines';
import { messages as sweepMessages } from '../../ops/sweep/messages';
import { adopt, checkEndpoint, givenEndpoint, isRefused, localVariables, ownVariables } from '../kit/endpoint';
import { checkPackages, claimState, folders, logs, prepareFolders, removeTemporary, root } from '../kit/folders';
import { localEnvironments } from '../kit/local-environment';
import { endAll, onNpmEnd } from '../kit/processes/process-group';
import { terminal } from '../kit/terminal';
import { connect, connectionsOf, Deployment } from '../tour/deployment';
import { runExperiments } from '../tour/experiments';
import { table } from '../tour/table';
import { startCommand } from './commands';
import { Context, contextOf } from './context';
import { bootstrap, deploy, destroy, isBootstrapped, replacedTypes, synthesize } from './deploy';
import { startEmulator } from './emulator';
import { HistoryService, serve } from './history-service';
import { messages } from './messages';
import { standInsRow } from './probe';
import { pythonEnvironment } from './python';
import { claimRun, releaseRun, runFile, updateRun } from './run-file';

/** An event from outside that ends a run, with the exit code of the run. */
class Interruption extends Failure {
  constructor(
    text: Text,
    readonly exitCode: number,
  ) {
    super(text);
  }
}

/** Milliseconds between two checks of an endpoint that somebody else started. Nothing else reports its end. */
const WATCH_INTERVAL = 500;
/** Milliseconds between two checks of the emulator. Its process reports its end, but it may also hang. */
const OWN_WATCH_INTERVAL = 5_000;
/** Consecutive checks that may get no answer within 5 s. A busy endpoint misses some, because it has only one thread. */
const FAILURES = 6;

const say = terminal();
const interruption = new AbortController();
/** The current work, for the messages of an interruption. */
let phase = messages.starting;

async function main(): Promise<void> {
  const values = optionsOf(startCommand, {
    once: { type: 'boolean', default: false },
    connections: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
  });
  const connections = connectionsOf(values.connections);
  const context = contextOf(values.context);
  claimState();
  claimRun(runFile);
  updateRun(runFile, { context });
  // After the handler that ends the emulator, whose files these are.
  process.on('exit', () => {
    removeTemporary();
    releaseRun(runFile);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const serving = phase === messages.serving;
      const text = serving ? messages.ended : messages.endedWhile({ phase });
      interruption.abort(new Interruption(text, serving ? 0 : 130));
    });
  }
  onNpmEnd('start', () => interruption.abort(new Interruption(messages.npmEnded, 1)));
  const interrupted = new Promise<never>((_, reject) => {
    interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason));
  });
  try {
    await Promise.race([run(values.once, context, connections), interrupted]);
    endAll();
  } catch (error) {
    const reason = error instanceof Interruption ? error : ((await lostEndpoint()) ?? error);
    endAll();
    say.line();
    if (!(reason instanceof Interruption)) throw reason;
    (reason.exitCode === 0 ? console.log : console.error)(reason.text[languageOf()]);
    process.exit(reason.exitCode);
  }
  process.exit();
}

async function run(once: boolean, context: Context, connections?: number): Promise<void> {
  const from = performance.now();
  say.line(messages.title);
  prepareFolders();
  const given = givenEndpoint();
  const url = given === undefined ? await startEndpoint() : await useEndpoint(given);
  updateRun(runFile, { endpoint: url });
  const { id, region } = environmentOf(context, localEnvironments);

  phase = messages.asking;
  const bootstrapped = await isBootstrapped(region);
  phase = messages.synthesizing;
  say.status('cdk synth, cdk bootstrap');
  await Promise.all([synthesize(say, context), bootstrapped ? undefined : bootstrap(region, say)]);
  phase = messages.deploying;
  say.status('cdk deploy --all');
  await deploy(say);
  phase = messages.startingService;
  const deployment = await connect(id, region);
  const service = await runService(deployment);
  serveOnRequest(() => connect(id, region), service);
  updateRun(runFile, { service: service.digest, registered: true, ready: true });
  say.step(messages.deployed, '', from);
  printStandIns();

  phase = messages.sending;
  const rows = await runExperiments({ ...deployment, connections }, say.status);
  // The list of stand-ins is for this emulator. Another endpoint may know more types.
  if (given === undefined) rows.push(await standInsRow(region));
  say.line(`${table.render(rows, languageOf(), process.stdout.columns)}\n`);
  writeFileSync(join(folders.state, 'table.json'), table.json(rows));
  if (table.count(rows).failed > 0) process.exitCode = 1;
  if (once) {
    // What somebody else started keeps the deployment.
    if (given === undefined) await destroyAndSweep(id, region);
    return;
  }

  phase = messages.serving;
  printNextSteps(deployment, url);
  // Waits for an interruption.
  await new Promise(() => setInterval(() => undefined, 60_000));
}

/** Destroys the environment, and lists what is left as `npm run sweep` does. */
async function destroyAndSweep(id: string, region: string): Promise<void> {
  phase = messages.destroying;
  say.status('cdk destroy --all');
  await destroy(say);
  const from = performance.now();
  const swept = await askLeftOvers({ id, region }, []);
  const language = languageOf();
  // A key that is deleted after its waiting period, and the role of the account's logs, stay everywhere.
  const wrong = swept.leftOvers.filter(({ stays }) => stays === undefined).length;
  // The endpoint has no VPC links: a stand-in takes their place.
  const notRead = swept.notChecked.filter(({ what }) => what !== sweepMessages.vpcLink).length;
  const clean = wrong + swept.existing.length + notRead === 0;
  say.step(messages.leftOvers, clean ? messages.nothingLeft : messages.somethingLeft, from);
  if (clean) return;
  for (const line of linesOf(swept, language)) say.line(line);
  process.exitCode = 1;
}

/** Checks the endpoint that somebody else started, and watches it from now on. */
async function useEndpoint(url: string): Promise<string> {
  const from = performance.now();
  adopt(localVariables(url));
  await checkEndpoint(url);
  watchEndpoint(url, WATCH_INTERVAL);
  say.step(messages.endpoint, `${url} (AWS_ENDPOINT_URL)`, from);
  return url;
}

/** Starts the emulator. @returns its URL */
async function startEndpoint(): Promise<string> {
  checkPackages();
  phase = messages.installingEmulator;
  const commands = await pythonEnvironment({
    directory: folders.python,
    requirements: join(root, 'requirements.txt'),
    log: logs.python,
    onInstall: () => {
      const folder = relative(root, folders.python);
      say.line(messages.installing({ folder }));
    },
  });
  // From now on without the proxy of the installation, which would not reach the address of this machine.
  adopt(ownVariables());
  phase = messages.startingEmulator;
  const started = performance.now();
  const { url, group, exited } = await startEmulator({
    command: join(commands, 'python'),
    // -I ignores PYTHONHOME and PYTHONPATH.
    args: ['-I', join(root, 'lab', 'local', 'emulator.py')],
    temporary: folders.temporary,
    log: logs.emulator,
  });
  exited.then((code) => {
    interruption.abort(new Interruption(messages.emulatorEnded({ code, phase, log: logs.emulator }), 1));
  });
  adopt(localVariables(url));
  watchEndpoint(url, OWN_WATCH_INTERVAL, messages.logHint({ log: logs.emulator }));
  updateRun(runFile, { emulator: group });
  say.step(messages.emulator, url, started);
  return url;
}

async function watchEndpoint(url: string, interval: number, hint: Words = ''): Promise<void> {
  for (let failures = 0; !interruption.signal.aborted; ) {
    await sleep(interval, undefined, { ref: false });
    const error = await problemOf(url);
    failures = error === undefined ? 0 : failures + 1;
    if (isRefused(error) || failures === FAILURES) interruption.abort(lost(url, hint));
  }
}

/** The interruption, if the endpoint that somebody else started has ended. */
async function lostEndpoint(): Promise<Interruption | undefined> {
  const url = process.env.AWS_ENDPOINT_URL;
  if (url === undefined || phase === messages.starting) return undefined;
  return isRefused(await problemOf(url)) ? lost(url) : undefined;
}

function problemOf(url: string): Promise<unknown> {
  return checkEndpoint(url).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function lost(url: string, hint: Words = ''): Interruption {
  return new Interruption(messages.endpointLost({ url, phase, hint }), 1);
}

/** Runs the current code of the container service for the deployment. */
async function runService(deployment: Deployment, current?: HistoryService): Promise<HistoryService> {
  const from = performance.now();
  const service = await serve(deployment, join(containerContext(), 'server.cjs'), logs.service, current);
  if (service === current) return service;
  service.exited.then((code) => {
    if (service.replaced) return;
    interruption.abort(new Interruption(messages.serviceEnded({ code, phase, log: logs.service }), 1));
  });
  say.step(messages.container, `http://127.0.0.1:${service.port}`, from);
  return service;
}

/**
 * After a deployment, `npm run deploy:local` sends a signal. The container service is then registered with the new
 * deployment, and restarted if its code has changed.
 */
function serveOnRequest(deployed: () => Promise<Deployment>, service: HistoryService): void {
  let current = service;
  let done: Promise<void> = Promise.resolve();
  const refresh = async () => {
    try {
      current = await runService(await deployed(), current);
      updateRun(runFile, { service: current.digest, registered: true });
    } catch (error) {
      const problem = messages.previousServes({ problem: textOf(error) });
      say.line(problem);
      updateRun(runFile, { problem });
    }
  };
  process.on('SIGUSR2', () => {
    done = done.then(refresh);
  });
}

function printStandIns(): void {
  const replaced = replacedTypes();
  if (replaced.size === 0) return;
  const number = [...replaced.values()].reduce((sum, each) => sum + each, 0);
  say.line(messages.standIns({ number, types: replaced.size }));
}

function printNextSteps({ restApi, httpApi, webSocketApi, region }: Deployment, url: string): void {
  const curl = `curl -i --aws-sigv4 aws:amz:${region}:execute-api --user test:test`;
  const days = { days: 30 };
  for (const path of [pathTo('quote', 'KUMI'), pathTo('analysis', 'KUMI', days), pathTo('history', 'KUMI', days)]) {
    say.line(`${curl} '${restApi}${path}'`);
  }
  if (httpApi) say.line(`${curl} '${httpApi}${pathTo('quote', 'KUMI')}'`);
  const again = `AWS_ENDPOINT_URL=${url} npm run verify -- --environment local`;
  const steps: (readonly [Text, Words])[] = [
    [messages.endpointAt, url],
    ...(webSocketApi ? [[messages.webSocketApi, messages.signedInQuery({ url: webSocketApi })] as const] : []),
    [messages.deployChanged, 'npm run deploy:local'],
    [messages.tableAgain, again],
    [messages.learn, languageOf() === 'ja' ? 'docs/learning.ja.md' : 'docs/learning.md'],
    [messages.end, 'Ctrl-C'],
  ];
  const language = languageOf();
  const lines = steps.map((step) => step.map((words) => wordsIn(words, language)));
  say.line(`\n${aligned(lines).lines.join('\n')}`);
}

main().catch((error: unknown) => fail(error));
