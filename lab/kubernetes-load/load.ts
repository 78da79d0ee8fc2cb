import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { kubectlOf } from './kubectl';
import { live, renderVerdicts } from './live';
import { checkFiles, FLAGS, loadOptions, type Options, USAGE } from './options';
import { cleanUp, run } from './run';
import { stoppingOn } from './stopping';
import { REACHED } from './verdicts';

/** Load in a cluster, and what became of it: from pods to nodes and back. */
async function main(): Promise<void> {
  const options = loadOptions(optionsOf(USAGE, FLAGS));
  checkFiles(options);
  const context = options.context ?? (await currentContext());
  console.log(`Cluster: kubectl's context ${context}, namespace ${options.namespace}, Deployment ${options.app}`);
  if (!options.confirmed) await confirm(context, options);

  // Loaded late, as it takes longer than all else; but before Ctrl-C, which ends the compiler of tsx too.
  const { plot }: typeof import('./plot') = require('./plot');
  const screen = live();
  let job: string | undefined;
  const leave = () => {
    const command = ['kubectl', `--context=${context}`, ...cleanUp(job ?? '', options.namespace)].join(' ');
    console.log(job === undefined ? 'Left; no Job had been made.' : `Left. To remove the Job: ${command}`);
    process.exit(130);
  };
  const stopping = stoppingOn({
    signals: process,
    outputs: [process.stdout, process.stderr],
    onStop: () => {
      if (job !== undefined) screen.line('Stopping: the Job is removed first. Once more to leave at once.');
    },
    onLeave: leave,
  });
  const result = await run(kubectlOf(context), options, screen, stopping, (name) => {
    job = name;
  }).catch((error: unknown) => {
    if (!stopping.aborted) throw error;
    return leave();
  });

  // First of all, as a disk may be full by now.
  console.log(`\n${renderVerdicts(result.verdicts)}\n`);
  writeFileSync(options.json, `${JSON.stringify({ context, ...result }, null, 2)}\n`);
  writeFileSync(options.svg, plot(result));
  console.log(`Timeline: ${options.json}\nPlot:     ${options.svg}`);
  if (stopping.aborted) process.exitCode = 130;
  else if (result.stopped !== undefined) fail(new Error(result.stopped));
  else if (!result.verdicts.find(({ link }) => link === REACHED)?.shown) process.exitCode = 1;
}

async function currentContext(): Promise<string> {
  const name = await kubectlOf(undefined)(['config', 'current-context']).catch((error: Error) => {
    if (!/current-context is not set/.test(error.message)) throw error;
    throw new Error(
      'kubectl has no current context. Make one (aws eks update-kubeconfig --name kumiki-sandbox), or give --context NAME.',
    );
  });
  return name.trim();
}

/** @throws unless a person says yes */
async function confirm(context: string, { namespace, app, minutes }: Options): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new Error(
      `Nobody is here to confirm the cluster. Name it: --context ${context}, or take it as it is: --yes.`,
    );
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  asking.on('SIGINT', () => {
    console.log();
    process.exit(130);
  });
  const answer = await asking.question(
    `Load Deployment ${app} in namespace ${namespace} there for ${minutes} min? [y/N] `,
  );
  asking.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('Nothing was done.');
}

main().catch(fail);
