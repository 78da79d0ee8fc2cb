import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Failure, type Text } from '../../ops/kit/language';
import { failureOf, saysDiskFull } from '../kit/command-failure';
import { LOCAL_ACCOUNT } from '../kit/endpoint';
import { folders, logs, root } from '../kit/folders';
import { ProcessGroup } from '../kit/processes/process-group';
import { Terminal } from '../kit/terminal';
import { Context } from './context';
import { messages } from './messages';
import { STAND_IN_KEY } from './stand-ins';

/** The path of the CDK CLI. npx would search for two seconds first. */
const CDK = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
/** The app of the environment local, in place of the app in cdk.json. */
const APP = 'node --no-warnings --import tsx lab/local/app.ts';
/** Milliseconds without output after which the log is named, and named again after the same time. */
const QUIET = 60_000;

/** Synthesizes the environment local with the given context. */
export async function synthesize(say: Terminal, context: Context = {}): Promise<void> {
  const from = performance.now();
  // A CLI that was killed leaves its lock. Only one CLI uses this folder at a time.
  for (const file of existsSync(folders.assembly) ? readdirSync(folders.assembly) : []) {
    if (file.endsWith('.lock')) rmSync(join(folders.assembly, file), { force: true });
  }
  const given = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  await cdk(messages.synthesis, logs.deploy, ['synth', '--quiet', '--app', APP, ...given, '-o', folders.assembly]);
  // The CLI does not deploy the template of a part that is switched off, because it has no resources.
  const deployed = templates().filter((file) =>
    readFileSync(join(folders.assembly, file), 'utf8').includes('"Resources"'),
  );
  say.step(messages.synthesis, messages.stacks({ number: deployed.length }), from);
}

/** Tells whether the bucket and the roles of CDK deployments exist. */
export async function isBootstrapped(region: string): Promise<boolean> {
  try {
    await new CloudFormationClient({ region }).send(new DescribeStacksCommand({ StackName: 'CDKToolkit' }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return false;
    throw error;
  }
}

export async function bootstrap(region: string, say: Terminal): Promise<void> {
  const from = performance.now();
  await cdk(messages.bootstrap, logs.bootstrap, ['bootstrap', `aws://${LOCAL_ACCOUNT}/${region}`, '--app', '']);
  say.step('bootstrap', 'CDKToolkit', from);
}

/** Deploys the output of `synthesize`, with a line for each finished stack. */
export async function deploy(say: Terminal): Promise<void> {
  const progress = stackProgress(say);
  const args = ['deploy', '--all', '--app', folders.assembly, '--require-approval', 'never'];
  let last = performance.now();
  const quiet = setInterval(() => {
    const seconds = Math.round((performance.now() - last) / 1_000);
    say.line(messages.quiet({ seconds, log: logs.deploy }));
  }, QUIET);
  const onLine = (line: string) => {
    last = performance.now();
    quiet.refresh();
    progress(line);
  };
  try {
    await cdk(messages.deployment, logs.deploy, [...args, '--progress', 'events', '--concurrency', '4'], onLine);
  } finally {
    clearInterval(quiet);
  }
}

/** Destroys the output of `synthesize`. */
export async function destroy(say: Terminal): Promise<void> {
  const from = performance.now();
  await cdk(messages.destruction, logs.deploy, ['destroy', '--all', '--force', '--app', folders.assembly]);
  say.step(messages.destruction, 'cdk destroy --all', from);
}

/** Resource types that stand-ins replaced in the synthesized templates, with the number of resources of each type. */
export function replacedTypes(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const file of templates()) {
    const template = readFileSync(join(folders.assembly, file), 'utf8');
    for (const [, type = ''] of template.matchAll(new RegExp(`"${STAND_IN_KEY}": "([^"]+)"`, 'g'))) {
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
  }
  return counts;
}

/** Reads the events of the CLI and prints a line for each finished stack. */
export function stackProgress(say: Terminal): (line: string) => void {
  const begun = new Map<string, number>();
  const resources = new Map<string, string>();
  return (line) => {
    // Network (Kumiki-local-Network): deploying... [2/5]
    const start = /\(([\w-]+)\): deploying\.\.\./.exec(line)?.[1];
    if (start !== undefined) begun.set(start, performance.now());
    // Kumiki-local-Network |  3/12 | 10:12:13 PM | CREATE_COMPLETE | AWS::EC2::VPC | …
    const [, stack, done, all] = /^([\w-]+) \|\s*(\d+)\/(\d+) \|/.exec(line) ?? [];
    if (stack !== undefined && all !== undefined) {
      resources.set(stack, all);
      say.status(`${stack} ${done}/${all}`);
    }
    //  ✅  Network (Kumiki-local-Network)
    const finished = /✅\s+\S+ \(([\w-]+)\)(.*)/.exec(line);
    if (finished?.[1] !== undefined) {
      const count = finished[2]?.includes('no changes')
        ? messages.noChanges
        : messages.resources({ number: resources.get(finished[1]) ?? '?' });
      say.step(finished[1].split('-').at(-1) ?? finished[1], count, begun.get(finished[1]));
    }
  };
}

async function cdk(step: Text, log: string, args: readonly string[], onLine?: (line: string) => void): Promise<void> {
  const lines: string[] = [];
  const code = await new ProcessGroup(process.execPath, [CDK, ...args, '--no-notices', '--no-color'], {
    cwd: root,
    log,
    onLine: (line) => {
      if (line.trim() !== '') lines.push(line);
      onLine?.(line);
    },
  }).exited;
  if (code === 0) return;
  if (saysDiskFull(lines)) {
    throw new Failure(messages.diskFull({ step, log }));
  }
  const shown = failureOf(lines).map((line) => `  ${line}`);
  throw new Failure(messages.stepFailed({ step, log, lines: shown.join('\n') }));
}

function templates(): string[] {
  return readdirSync(folders.assembly).filter((file) => file.endsWith('.template.json'));
}
