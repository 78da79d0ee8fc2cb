import { mapObjects, REVISION } from './deployment';
import { Cluster, KubernetesObject, Manifest } from './manifests';

/** A template with one defect, and the rows of the proof that have to fail. */
export interface Mutant {
  readonly name: string;
  /** Each of these rows has to fail. */
  readonly rows: readonly [string, ...string[]];
  readonly change: (cluster: Cluster) => Cluster;
}

type Path = readonly (string | number)[];

const POD: Path = ['spec', 'template', 'spec'];
const CONTAINER: Path = [...POD, 'containers', 0];
const BEHAVIOR: Path = ['spec', 'behavior'];
const FROM: Path = ['spec', 'ingress', 0, 'from'];
const SPREAD: Path = [...POD, 'topologySpreadConstraints'];
const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const NODES = { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ protocol: 'TCP', port: 8080 }] };

/**
 * Defects of a template that the API server accepts. Each has to fail a row of the proof. `npm test` tries the defects whose
 * rows need no control plane, and `npm run kubernetes:prove -- --mutants` tries all of them.
 */
export const MUTANTS: readonly Mutant[] = [
  set('1 pod at least', 'figures', 'HorizontalPodAutoscaler', ['spec', 'minReplicas'], 1),
  set('100 pods at most', 'figures', 'HorizontalPodAutoscaler', ['spec', 'maxReplicas'], 100),
  set(
    'target 50 %',
    'figures',
    'HorizontalPodAutoscaler',
    ['spec', 'metrics', 0, 'resource', 'target', 'averageUtilization'],
    50,
  ),
  set(
    'one pod up a period',
    'figures',
    'HorizontalPodAutoscaler',
    [...BEHAVIOR, 'scaleUp', 'policies'],
    [{ type: 'Pods', value: 1, periodSeconds: 15 }],
  ),
  set('up by the slower policy', 'figures', 'HorizontalPodAutoscaler', [...BEHAVIOR, 'scaleUp', 'selectPolicy'], 'Min'),
  set(
    'down at once',
    'figures',
    'HorizontalPodAutoscaler',
    [...BEHAVIOR, 'scaleDown', 'stabilizationWindowSeconds'],
    0,
  ),
  set(
    'all pods down a period',
    'figures',
    'HorizontalPodAutoscaler',
    [...BEHAVIOR, 'scaleDown', 'policies'],
    [{ type: 'Percent', value: 100, periodSeconds: 60 }],
  ),
  {
    ...set('requests of half the CPU', 'figures', 'Deployment', [...CONTAINER, 'resources', 'requests', 'cpu'], '125m'),
    rows: ['figures', 'nodes'],
  },
  set('no requests', 'figures', 'Deployment', [...CONTAINER, 'resources', 'requests'], undefined),
  {
    name: 'other agents on the nodes',
    rows: ['figures'],
    change: (cluster) => ({
      ...cluster,
      nodeGroup: { ...cluster.nodeGroup, observability: !cluster.nodeGroup.observability },
    }),
  },
  {
    name: 'one node fewer at most',
    rows: ['figures'],
    change: (cluster) => ({ ...cluster, nodeGroup: { ...cluster.nodeGroup, maxSize: cluster.nodeGroup.maxSize - 1 } }),
  },
  {
    ...set('no image-revision', 'revision', 'Deployment', ['spec', 'template', 'metadata', 'annotations'], undefined),
    rows: ['revision', 'rollout'],
  },
  set(
    'an image-revision that stays',
    'revision',
    'Deployment',
    ['spec', 'template', 'metadata', 'annotations', REVISION],
    '1',
  ),
  set('node port 30999', 'ports', 'Service', ['spec', 'ports', 0, 'nodePort'], 30_999),
  set('target port 9090', 'ports', 'Service', ['spec', 'ports', 0, 'targetPort'], 9_090),
  set('a Service of other pods', 'ports', 'Service', ['spec', 'selector'], { app: 'other' }),
  {
    name: 'a security group that is shut',
    rows: ['ports'],
    change: (cluster) => ({ ...cluster, exposure: { ...cluster.exposure, openPorts: [] } }),
  },
  set('a policy that blocks everything', 'policy', 'NetworkPolicy', ['spec', 'ingress'], []),
  set('a policy of another port', 'policy', 'NetworkPolicy', ['spec', 'ingress', 0, 'ports', 0, 'port'], 9_090),
  set('a policy that lets in more than nodes', 'policy', 'NetworkPolicy', ['spec', 'ingress'], [NODES]),
  set('a policy that lets everybody in', 'policy', 'NetworkPolicy', FROM, undefined),
  set('a policy of other pods', 'policy', 'NetworkPolicy', ['spec', 'podSelector'], { matchLabels: { app: 'other' } }),
  set(
    'a policy with a hole among the nodes',
    'policy',
    'NetworkPolicy',
    [...FROM, 1, 'ipBlock', 'except'],
    ['10.0.0.0/24'],
  ),
  set('a policy that lets other namespaces in', 'policy', 'NetworkPolicy', [...FROM, 0, 'namespaceSelector'], {}),
  set('a Service that keeps senders', 'policy', 'Service', ['spec', 'externalTrafficPolicy'], 'Local'),
  { name: 'no policy', rows: ['policy'], change: without('NetworkPolicy') },
  { name: 'no PDB', rows: ['budget', 'drain'], change: without('PodDisruptionBudget') },
  {
    name: 'two PDBs',
    rows: ['budget'],
    change: (cluster) => ({ ...cluster, manifests: [...cluster.manifests, ...cluster.manifests.map(budgetsOf)] }),
  },
  set('a PDB that allows all', 'budget', 'PodDisruptionBudget', ['spec', 'maxUnavailable'], '100%'),
  set('a PDB that allows none', 'budget', 'PodDisruptionBudget', ['spec', 'maxUnavailable'], 0),
  set('readiness path /nope', 'probes', 'Deployment', [...CONTAINER, 'readinessProbe', 'httpGet', 'path'], '/nope'),
  set('liveness path /nope', 'probes', 'Deployment', [...CONTAINER, 'livenessProbe', 'httpGet', 'path'], '/nope'),
  set('no readiness probe', 'probes', 'Deployment', [...CONTAINER, 'readinessProbe'], undefined),
  set('container port 9090', 'probes', 'Deployment', [...CONTAINER, 'ports', 0, 'containerPort'], 9_090),
  {
    name: 'a listener rule of another path',
    rows: ['probes'],
    change: (cluster) => ({ ...cluster, exposure: { ...cluster.exposure, paths: ['/pods/history/*'] } }),
  },
  set('no preStop', 'termination', 'Deployment', [...CONTAINER, 'lifecycle'], undefined),
  set('grace 1 s', 'termination', 'Deployment', [...POD, 'terminationGracePeriodSeconds'], 1),
  set('grace 30 s, as without one', 'termination', 'Deployment', [...POD, 'terminationGracePeriodSeconds'], undefined),
  set('another architecture', 'nodes', 'Deployment', [...POD, 'nodeSelector'], { 'kubernetes.io/arch': 's390x' }),
  set('no spread', 'zones', 'Deployment', SPREAD, undefined),
  set('a spread over nodes alone', 'zones', 'Deployment', SPREAD, [spread(HOSTNAME)]),
  set('a spread over zones alone', 'zones', 'Deployment', SPREAD, [spread(ZONE)]),
  set(
    'a spread of other pods',
    'zones',
    'Deployment',
    SPREAD,
    [ZONE, HOSTNAME].map((key) => spread(key, { labelSelector: { matchLabels: { app: 'other' } } })),
  ),
  set('pods that insist on a zone', 'zone lost', 'Deployment', [...SPREAD, 0, 'whenUnsatisfiable'], 'DoNotSchedule'),
  set(
    'a spread that counts pods from before',
    'zone back',
    'Deployment',
    SPREAD,
    [ZONE, HOSTNAME].map((key) => spread(key, { matchLabelKeys: undefined })),
  ),
  set('a misspelt field', 'create', 'Deployment', [...CONTAINER, 'livenesProbe'], {}),
  set(
    'privilege escalation',
    'create',
    'Deployment',
    [...CONTAINER, 'securityContext', 'allowPrivilegeEscalation'],
    true,
  ),
  set('replicas: 2', 'again', 'Deployment', ['spec', 'replicas'], 2),
  {
    name: 'no prune label',
    rows: ['again'],
    change: (cluster) => ({ ...cluster, manifests: cluster.manifests.map(({ objects }) => ({ objects })) }),
  },
  set('strategy Recreate', 'rollout', 'Deployment', ['spec', 'strategy'], { type: 'Recreate' }),
  set(
    'a rollout that takes pods first',
    'rollout',
    'Deployment',
    ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'],
    '25%',
  ),
  set(
    'a rollout of all pods at once',
    'rollout',
    'Deployment',
    ['spec', 'strategy', 'rollingUpdate', 'maxSurge'],
    '100%',
  ),
];

/** A constraint of the workload, with differences. */
function spread(topologyKey: string, different: object = {}): object {
  return {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'history' } },
    matchLabelKeys: ['pod-template-hash'],
    ...different,
  };
}

/** Sets a field of all objects of a kind. @param to the new value; undefined removes the field */
function set(name: string, row: string, kind: string, path: Path, to: unknown): Mutant {
  return {
    name,
    rows: [row],
    change: (cluster) =>
      mapObjects(cluster, (object) => {
        if (object.kind !== kind) return object;
        const copy: KubernetesObject = JSON.parse(JSON.stringify(object));
        const parent = path.slice(0, -1).reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), copy);
        const key = path.at(-1);
        if (typeof parent !== 'object' || parent === null || key === undefined) {
          throw new Error(`${name}: ${kind}.${path.slice(0, -1).join('.')} does not exist, so it cannot be changed.`);
        }
        if (to === undefined) Reflect.deleteProperty(parent, key);
        else Reflect.set(parent, key, to);
        return copy;
      }),
  };
}

function budgetsOf({ objects }: Manifest): Manifest {
  return { objects: objects.filter(({ kind }) => kind === 'PodDisruptionBudget') };
}

function without(kind: string): Mutant['change'] {
  return (cluster) => mapObjects(cluster, (object) => (object.kind === kind ? undefined : object));
}
