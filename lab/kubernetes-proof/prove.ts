import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileSystem } from 'aws-cdk-lib';
import { containerContext } from '../../lib/sources';
import { fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { failureOf } from '../kit/command-failure';
import { adopt, ownVariables } from '../kit/endpoint';
import { root } from '../kit/folders';
import { endAll, onNpmEnd, ProcessGroup } from '../kit/processes/process-group';
import { terminal } from '../kit/terminal';
import { tools } from './build';
import { startContainer, stopContainer } from './container';
import { startControlPlane } from './control-plane';
import { Cluster, clusterOf } from './manifests';
import { proveMutants } from './mutation';
import { NotBuilt, workingFolder } from './paths';
import { DIVISOR } from './proof';
import { referenceOf, SCALE_DOWN, tableOf } from './reference';
import { Known, prove } from './run';
import { table } from './table';

const USAGE = 'Usage: npm run kubernetes:prove [-- --assembly cdk.out] [--mutants] [--json table.json]';

const say = terminal();
/** Folder of this run, which is removed at its end. */
let folder: string | undefined;

async function main(): Promise<void> {
  const values = optionsOf(USAGE, {
    assembly: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'string' },
  });
  say.line('Kumiki, the manifests of the templates on a Kubernetes control plane on 127.0.0.1\n');
  // Reads the assembly first, so that its errors are reported before a build.
  const given = values.assembly === undefined ? undefined : clusterOf(values.assembly);
  const working = workingFolder();
  folder = working;
  const programs = await tools(say);
  // Downloads needed the settings of the user. All later programs use this machine only.
  adopt(ownVariables());
  const cluster = given ?? clusterOf(await synthesize(working));
  if (!programs.version.startsWith(`${cluster.version}.`)) {
    throw new Error(
      `The cluster has Kubernetes ${cluster.version}, the proof ${programs.version}. Change the versions in ` +
        'lab/kubernetes-proof/go.mod to those of the cluster.',
    );
  }
  const from = performance.now();
  const known = knownOf(cluster, working, given === undefined);
  say.status('starting the control plane');
  const plane = await startControlPlane(programs, working);
  const { text } = await plane.kubectl(['version', '--client', '--output=json']);
  const { clientVersion }: { readonly clientVersion: { readonly gitVersion: string } } = JSON.parse(text);
  say.step('control plane', `Kubernetes v${programs.version}, kubectl ${clientVersion.gitVersion}`, from);
  if (!values.mutants) {
    const { stabilizationWindowSeconds = 300 } = SCALE_DOWN;
    say.line(
      `\n  This run divides all times of scaling down by ${DIVISOR}: the stabilisation window of ` +
        `${stabilizationWindowSeconds} s is ${stabilizationWindowSeconds / DIVISOR} s. All else is as in the template.\n`,
    );
  }
  const rows = await (values.mutants ? proveMutants : prove)(plane, cluster, known, say);
  say.step('total', '', from);
  say.line(`\n${table.render(rows, 'en', process.stdout.columns)}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ ...table.count(rows), rows }, null, 2));
  end(table.count(rows).failed > 0 ? 1 : 0);
}

/** @param own whether this run synthesized the template from the current sources */
function knownOf(cluster: Cluster, working: string, own: boolean): Known {
  const container = startContainer(cluster, working);
  const stop = stopContainer(cluster, working);
  // The row that needs the result reports a failure, which may be minutes later.
  for (const promise of [container, stop]) promise.catch(() => undefined);
  return {
    reference: referenceOf(cluster),
    loads: tableOf(readFileSync(join(root, 'docs', 'kubernetes.md'), 'utf8')).map(({ loadMillis }) => loadMillis),
    fingerprint: own ? FileSystem.fingerprint(containerContext()) : undefined,
    container,
    stop,
  };
}

/** Synthesizes the sandbox with its cluster. @returns the folder of the templates */
async function synthesize(working: string): Promise<string> {
  const from = performance.now();
  say.status('cdk synth');
  const assembly = join(working, 'cdk.out');
  const cdk = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const context = ['-c', 'environment=sandbox', '-c', 'kubernetes=true'];
  const lines: string[] = [];
  const { exited } = new ProcessGroup(
    process.execPath,
    [cdk, 'synth', '--quiet', ...context, '-o', assembly, '--no-notices', '--no-color'],
    { cwd: root, log: join(working, 'synth.log'), onLine: (line) => lines.push(line) },
  );
  if ((await exited) !== 0) throw new Error(['The synthesis failed:', ...failureOf(lines)].join('\n  '));
  say.step('synthesis', 'sandbox, -c kubernetes=true', from);
  return assembly;
}

/** Ends all programs and this process, which open connections would otherwise keep running. */
function end(code: number): never {
  endAll();
  process.exit(code);
}

process.on('exit', () => {
  // A program that was just killed may still write to the folder.
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    say.line();
    console.error('Interrupted. All programs of this run have ended.');
    end(130);
  });
}
onNpmEnd('kubernetes:prove', () => end(1));
main().catch((error: unknown) => {
  say.line();
  endAll();
  if (error instanceof NotBuilt) {
    console.error(error.message);
    process.exit(3);
  }
  fail(error);
});
