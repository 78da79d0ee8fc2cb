import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldPort, holdPort } from '../kit/processes/free-port';
import { ProcessGroup } from '../kit/processes/process-group';
import { Api, condition } from './api';
import { Tools } from './build';
import { KubernetesObject } from './manifests';
import { sources } from './paths';

/** Seconds between two syncs of the autoscaler. EKS has the default of Kubernetes, 15. */
export const SYNC_SECONDS = 5;
/** Seconds between two readings of Metrics Server. */
export const METRIC_SECONDS = 10;

export interface ControlPlane {
  readonly api: Api;
  /** Runs kubectl. @param objects input of the command, as a file */
  readonly kubectl: (args: readonly string[], objects?: readonly KubernetesObject[]) => Promise<Result>;
  /** Creates objects that belong to the proof. @throws with the output of kubectl */
  readonly create: (objects: readonly KubernetesObject[]) => Promise<void>;
  /** Resolves to the reason when one of the programs ends, which is always an error. */
  readonly ended: Promise<string>;
}

export interface Result {
  readonly code: number;
  /** Both outputs. */
  readonly text: string;
}

const STARTED_WITHIN = 60_000;

/**
 * Starts etcd, API server, controller manager, scheduler, kwok and Metrics Server on free ports of 127.0.0.1. They write to
 * `folder` only, and end with this process.
 *
 * @throws if one of them ends or does not answer in time, with the last line of its log
 */
export async function startControlPlane(tools: Tools, folder: string): Promise<ControlPlane> {
  const pki = join(folder, 'pki');
  mkdirSync(pki);
  const certificates = new ProcessGroup(tools.helper, ['certificates', pki], { log: join(folder, 'helper.log') });
  if ((await certificates.exited) !== 0)
    throw new Error(`The certificates could not be created: ${lastLine(join(folder, 'helper.log'))}`);
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

  let reportEnd: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    reportEnd = resolve;
  });
  const start = async (command: string, name: string, args: readonly string[], ...ports: readonly HeldPort[]) => {
    await Promise.all(ports.map(({ release }) => release()));
    const log = join(folder, `${name}.log`);
    const env = { PATH: process.env.PATH, TMPDIR: folder, HOME: folder };
    new ProcessGroup(command, args, { log, env, cwd: folder }).exited.then((code) => {
      reportEnd(`${name} ended (exit code ${code}): ${lastLine(log)}`);
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

/** Waits until Metrics Server has values, which needs a node first. */
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
    // As in EKS, whose DaemonSets are privileged. The pod security of a namespace refuses privileged pods.
    '--allow-privileged=true',
    // Endpoints must not contain 127.0.0.1, so no reconciler writes them. The metrics API is found by name.
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
 * Turns off the constraints that a scheduler adds to pods without constraints, so that any spread comes from the manifest.
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
    // Kubelets renew a lease too. Without one, a node counts as dead after 50 s, and its pods as not ready.
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
    // The function of the CDK also writes one object after the other.
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join(''));
    files.push('-f', file);
  }
  // kubectl keeps its cache and settings in the folder.
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const code = await new ProcessGroup(command, [...args, ...files], {
    log: join(folder, 'kubectl.log'),
    env,
    onLine: (line) => lines.push(line),
  }).exited;
  return { code, text: lines.join('\n') };
}

async function answered(name: string, ended: Promise<string>, check: () => Promise<boolean>): Promise<void> {
  let reason: string | undefined;
  ended.then((text) => {
    reason = text;
  });
  const deadline = performance.now() + STARTED_WITHIN;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (reason !== undefined) throw new Error(reason);
    if (performance.now() > deadline) throw new Error(`${name} did not answer within ${STARTED_WITHIN / 1_000} s.`);
    await sleep(100);
  }
}

function lastLine(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').at(-1)?.slice(0, 500) ?? '';
}
