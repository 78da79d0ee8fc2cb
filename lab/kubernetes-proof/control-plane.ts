import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldPort, holdPort } from '../kit/processes/free-port';
import { ProcessGroup } from '../kit/processes/process-group';
import { Api, condition } from './api';
import { Tools } from './build';
import { KubernetesObject } from './manifests';
import { sources } from './paths';

/** Seconds between two looks of the autoscaler; EKS has Kubernetes' default, 15. */
export const SYNC_SECONDS = 5;
/** Seconds between two looks of Metrics Server at the nodes. */
export const METRIC_SECONDS = 10;

export interface ControlPlane {
  readonly api: Api;
  /** @param objects given to it as a file */
  readonly kubectl: (args: readonly string[], objects?: readonly KubernetesObject[]) => Promise<Result>;
  /** Makes objects of the proof's own. @throws with what kubectl says */
  readonly create: (objects: readonly KubernetesObject[]) => Promise<void>;
  /** Fulfilled with the reason when one of the programs ends, which none should. */
  readonly ended: Promise<string>;
}

export interface Result {
  readonly code: number;
  /** Both outputs. */
  readonly text: string;
}

const STARTED_WITHIN = 60_000;

/**
 * etcd, API server, controller manager, scheduler, kwok and Metrics Server on free ports of 127.0.0.1. All they write is in
 * `folder`; they end with this process.
 *
 * @throws if one of them ends or does not answer in time, with the last line of its log
 */
export async function startControlPlane(tools: Tools, folder: string): Promise<ControlPlane> {
  const pki = join(folder, 'pki');
  mkdirSync(pki);
  const made = new ProcessGroup(tools.helper, ['certificates', pki], { log: join(folder, 'helper.log') });
  if ((await made.exited) !== 0) throw new Error(`No certificates: ${lastLine(join(folder, 'helper.log'))}`);
  // All ports are held at once, so that no two are equal. Each one is released just before its program starts.
  const [etcd, peer, apiServer, kubelet, metrics] = await Promise.all([
    holdPort(),
    holdPort(),
    holdPort(),
    holdPort(),
    holdPort(),
  ]);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(apiServer.port, pki)), { mode: 0o600 });

  let tell: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const start = async (command: string, name: string, args: readonly string[], ...ports: readonly HeldPort[]) => {
    await Promise.all(ports.map(({ release }) => release()));
    const log = join(folder, `${name}.log`);
    const env = { PATH: process.env.PATH, TMPDIR: folder, HOME: folder };
    new ProcessGroup(command, args, { log, env, cwd: folder }).exited.then((code) => {
      tell(`${name} ended (exit code ${code}): ${lastLine(log)}`);
    });
  };
  const files = { pki, kubeconfig, folder };
  await start(tools.etcd, 'etcd', etcdFlags(etcd.port, peer.port, files), etcd, peer);
  await start(tools.apiServer, 'kube-apiserver', apiServerFlags(apiServer.port, etcd.port, files), apiServer);
  const api = new Api(apiServer.port, pki);
  await answered('The API server', ended, async () => (await api.send('GET', '/readyz')).status === 200);
  await start(tools.controllerManager, 'kube-controller-manager', controllerManagerFlags(files));
  await start(tools.scheduler, 'kube-scheduler', schedulerFlags(files));
  await start(tools.kwok, 'kwok', kwokFlags(kubelet.port, files), kubelet);
  await start(tools.metricsServer, 'metrics-server', metricsServerFlags(metrics.port, files), metrics);
  const namespace = `/api/v1/namespaces/${METRICS_SERVICE.namespace}`;
  await answered('The namespace of the system', ended, async () => (await api.send('GET', namespace)).status === 200);
  await publishMetrics(api, metrics.port, pki);
  const kubectl: ControlPlane['kubectl'] = (args, objects) =>
    runKubectl(tools.kubectl, folder, ['--kubeconfig', kubeconfig, ...args], objects);
  const create: ControlPlane['create'] = async (objects) => {
    const { code, text } = await kubectl(['create'], objects);
    if (code !== 0) throw new Error(text);
  };
  return { api, ended, kubectl, create };
}

/** Resolves when Metrics Server has values of its own; it needs a node first. */
export async function metricsAvailable({ api, ended }: ControlPlane): Promise<void> {
  await answered('The metrics API', ended, async () => {
    const service = await api.get(`/apis/apiregistration.k8s.io/v1/apiservices/${METRICS_API}`);
    return condition(service, 'Available')?.status === 'True';
  });
}

interface Files {
  readonly pki: string;
  readonly kubeconfig: string;
  readonly folder: string;
}

function etcdFlags(port: number, peer: number, { folder }: Files): string[] {
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  return [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level=warn'],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...[
      '--listen-peer-urls',
      peerUrl,
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster',
      `default=${peerUrl}`,
    ],
  ];
}

function apiServerFlags(port: number, etcd: number, { pki, folder }: Files): string[] {
  const file = (name: string) => join(pki, name);
  return [
    ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
    ...['--etcd-servers', `http://127.0.0.1:${etcd}`, '--cert-dir', folder],
    ...['--tls-cert-file', file('server.crt'), '--tls-private-key-file', file('server.key')],
    ...['--client-ca-file', file('ca.crt'), '--authorization-mode=Node,RBAC'],
    ...['--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=10.0.0.0/24'],
    ...['--service-account-key-file', file('service-accounts.key')],
    ...['--service-account-signing-key-file', file('service-accounts.key')],
    // As in EKS, whose own DaemonSets are: what refuses privileged pods is the pod security of their namespace.
    '--allow-privileged=true',
    // Endpoints may not hold 127.0.0.1, so nothing is to write them; the metrics API is found by name.
    ...['--endpoint-reconciler-type=none', '--enable-aggregator-routing=false'],
    ...['--requestheader-client-ca-file', file('ca.crt'), '--requestheader-allowed-names=front-proxy'],
    ...['--requestheader-username-headers=X-Remote-User', '--requestheader-group-headers=X-Remote-Group'],
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    ...['--proxy-client-cert-file', file('front-proxy.crt'), '--proxy-client-key-file', file('front-proxy.key')],
  ];
}

function controllerManagerFlags({ pki, kubeconfig }: Files): string[] {
  return [
    ...['--kubeconfig', kubeconfig, '--leader-elect=false', '--secure-port=0'],
    ...['--root-ca-file', join(pki, 'ca.crt')],
    ...['--service-account-private-key-file', join(pki, 'service-accounts.key')],
    `--horizontal-pod-autoscaler-sync-period=${SYNC_SECONDS}s`,
  ];
}

/**
 * Without the constraints that a scheduler adds to pods that have none of their own: spread or not, it is the manifest's
 * doing.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#internal-default-constraints
 */
function schedulerFlags({ kubeconfig, folder }: Files): string[] {
  const config = join(folder, 'kube-scheduler.json');
  const spread = { defaultingType: 'List', defaultConstraints: [] };
  const content = {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig },
    leaderElection: { leaderElect: false },
    profiles: [{ pluginConfig: [{ name: 'PodTopologySpread', args: spread }] }],
  };
  writeFileSync(config, JSON.stringify(content));
  return ['--config', config, '--secure-port=0'];
}

function kwokFlags(port: number, { pki, kubeconfig }: Files): string[] {
  return [
    ...['--kubeconfig', kubeconfig, '--config', join(sources, 'kwok.yaml'), '--manage-all-nodes'],
    // As kubelets do: without a lease, a node is taken for dead after 50 s, and none of its pods for ready.
    '--node-lease-duration-seconds=40',
    ...['--node-ip=127.0.0.1', `--node-port=${port}`, `--server-address=127.0.0.1:${port}`],
    ...['--tls-cert-file', join(pki, 'server.crt'), '--tls-private-key-file', join(pki, 'server.key')],
  ];
}

function metricsServerFlags(port: number, { pki, kubeconfig }: Files): string[] {
  return [
    ...['--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...[
      '--kubeconfig',
      kubeconfig,
      '--authentication-kubeconfig',
      kubeconfig,
      '--authorization-kubeconfig',
      kubeconfig,
    ],
    ...['--tls-cert-file', join(pki, 'server.crt'), '--tls-private-key-file', join(pki, 'server.key')],
    ...['--kubelet-certificate-authority', join(pki, 'ca.crt'), '--kubelet-use-node-status-port'],
    ...['--kubelet-preferred-address-types=InternalIP', '--kubelet-request-timeout=5s'],
    `--metric-resolution=${METRIC_SECONDS}s`,
  ];
}

const METRICS_API = 'v1beta1.metrics.k8s.io';
const METRICS_SERVICE = { name: 'metrics-server', namespace: 'kube-system' } as const;

async function publishMetrics(api: Api, port: number, pki: string): Promise<void> {
  await api.change('POST', `/api/v1/namespaces/${METRICS_SERVICE.namespace}/services`, {
    metadata: METRICS_SERVICE,
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  await api.change('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name: METRICS_API },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      service: { ...METRICS_SERVICE, port },
      caBundle: readFileSync(join(pki, 'ca.crt')).toString('base64'),
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
}

function kubeconfigOf(port: number, pki: string) {
  const name = 'kumiki-proof';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': join(pki, 'ca.crt') } },
    ],
    users: [{ name, user: { 'client-certificate': join(pki, 'admin.crt'), 'client-key': join(pki, 'admin.key') } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

let inputs = 0;

async function runKubectl(
  command: string,
  folder: string,
  args: readonly string[],
  objects?: readonly KubernetesObject[],
): Promise<Result> {
  const lines: string[] = [];
  const files: string[] = [];
  if (objects !== undefined) {
    inputs += 1;
    const file = join(folder, `input-${inputs}.json`);
    // One after the other, as the CDK's function writes them.
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join(''));
    files.push('-f', file);
  }
  // Its cache and settings are in the folder, too.
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const code = await new ProcessGroup(command, [...args, ...files], {
    log: join(folder, 'kubectl.log'),
    env,
    onLine: (line) => lines.push(line),
  }).exited;
  return { code, text: lines.join('\n') };
}

async function answered(what: string, ended: Promise<string>, check: () => Promise<boolean>): Promise<void> {
  let reason: string | undefined;
  ended.then((text) => {
    reason = text;
  });
  const deadline = performance.now() + STARTED_WITHIN;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (reason !== undefined) throw new Error(reason);
    if (performance.now() > deadline) throw new Error(`${what} did not answer within ${STARTED_WITHIN / 1_000} s.`);
    await sleep(100);
  }
}

function lastLine(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').at(-1)?.slice(0, 500) ?? '';
}
