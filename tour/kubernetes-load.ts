import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fail } from './errors';
import { kubectlOf } from './kubernetes/kubectl';
import { live, renderVerdicts } from './kubernetes/live';
import { FLAGS, loadOptions, type Options, USAGE } from './kubernetes/options';
import { cleanUp, run } from './kubernetes/run';
import { REACHED } from './kubernetes/verdicts';
import { optionsOf } from './options';

/** Load in a cluster, and what became of it: from pods to nodes and back. */
async function main(): Promise<void> {
  const options = loadOptions(optionsOf(USAGE, FLAGS));
  const context = options.context ?? (await currentContext());
  console.log(`Cluster: kubectl's context ${context}, namespace ${options.namespace}, Deployment ${options.app}`);
  if (!options.confirmed) await confirm(context, options);

  const screen = live();
  const stopping = new AbortController();
  let job: string | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) {
        screen.line('Stopping: the Job is removed first. Once more to leave at once.');
        return stopping.abort();
      }
      const command = ['kubectl', `--context=${context}`, ...cleanUp(job ?? '', options.namespace)].join(' ');
      console.log(job === undefined ? 'Left; no Job had been made.' : `Left. To remove the Job: ${command}`);
      process.exit(130);
    });
  }
  const result = await run(kubectlOf(context), options, screen, stopping.signal, (name) => {
    job = name;
  });

  writeFileSync(options.json, `${JSON.stringify({ context, ...result }, null, 2)}\n`);
  // Loaded here, as it takes longer than all else.
  const { plot }: typeof import('./kubernetes/plot') = require('./kubernetes/plot');
  writeFileSync(options.svg, plot(result));
  console.log(`\n${renderVerdicts(result.verdicts)}\n\nTimeline: ${options.json}\nPlot:     ${options.svg}`);
  if (stopping.signal.aborted) process.exitCode = 130;
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
  const answer = await asking.question(
    `Load Deployment ${app} in namespace ${namespace} there for ${minutes} min? [y/N] `,
  );
  asking.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('Nothing was done.');
}

main().catch(fail);
