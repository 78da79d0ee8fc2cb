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

/** Creates load in a cluster and follows it from pods to nodes and back. */
async function main(): Promise<void> {
  const options = loadOptions(optionsOf(USAGE, FLAGS));
  checkFiles(options);
  const context = options.context ?? (await currentContext());
  console.log(`Cluster: kubectl's context ${context}, namespace ${options.namespace}, Deployment ${options.app}`);
  if (!options.confirmed) await confirm(context, options);

  // Loaded late, because it takes the longest, but before a Ctrl-C, which also ends the compiler of tsx.
  const { plot }: typeof import('./plot') = require('./plot');
  const screen = live();
  let job: string | undefined;
  const leave = () => {
    const command = ['kubectl', `--context=${context}`, ...cleanUp(job ?? '', options.namespace)].join(' ');
    console.log(job === undefined ? 'Left. No Job had been created.' : `Left. To remove the Job: ${command}`);
    process.exit(130);
  };
  const stopping = stoppingOn({
    signals: process,
    outputs: [process.stdout, process.stderr],
    onStop: () => {
      if (job !== undefined) screen.line('Stopping after the removal of the Job. Press Ctrl-C again to leave at once.');
    },
    onLeave: leave,
  });
  const result = await run(kubectlOf(context), options, screen, stopping, (name) => {
    job = name;
  }).catch((error: unknown) => {
    if (!stopping.aborted) throw error;
    return leave();
  });

  // Printed before the files are written, because the disk may be full.
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
      'kubectl has no current context. Create one (aws eks update-kubeconfig --name kumiki-sandbox), or name one with --context NAME.',
    );
  });
  return name.trim();
}

/** Asks for a confirmation of the cluster. @throws unless the answer is yes */
async function confirm(context: string, { namespace, app, minutes }: Options): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new Error(
      `No terminal to confirm the cluster. Name it with --context ${context}, or accept the current one with --yes.`,
    );
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  asking.on('SIGINT', () => {
    console.log();
    process.exit(130);
  });
  const answer = await asking.question(
    `Put load on Deployment ${app} in namespace ${namespace} of this cluster for ${minutes} min? [y/N] `,
  );
  asking.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('Not confirmed, so no load was created.');
}

main().catch(fail);
