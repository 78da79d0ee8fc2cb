import { Resources } from '../../lib/kubernetes-sizing';
import { Item } from './api';
import { ControlPlane } from './control-plane';
import { KubernetesObject, NodeGroup } from './manifests';
import { mebibytes, millis, nodeOfGroup } from './predictions';
import { until } from './recorder';

const NAMESPACE = 'kube-system';
const ZONE = 'topology.kubernetes.io/zone';

/**
 * A node of the group as it would join in EKS: with the labels of EKS and the kubelet, and the resources of an instance of
 * the smallest type. Its kubelet is kwok.
 *
 * @param index 0 for the first node; nodes take turns in the zones
 * @param name a name that no earlier node had
 */
export function nodeObject(group: NodeGroup, index: number, name = `node-${index + 1}`): KubernetesObject {
  const { allocatable, maxPods } = nodeOfGroup(group);
  const arch = /ARM_64/.test(group.amiType) ? 'arm64' : 'amd64';
  const resources = { cpu: `${allocatable.cpuMillis}m`, memory: `${allocatable.memoryMiB}Mi`, pods: String(maxPods) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': arch,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': group.instanceTypes[0] ?? '',
        [ZONE]: zoneOf(group, index),
        'eks.amazonaws.com/nodegroup': 'nodes',
        ...group.labels,
      },
      // All nodes share one port, so Metrics Server and kwok find the metrics of a node by this path.
      annotations: { 'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${name}/metrics/resource` },
    },
    status: {
      // The scheduler ignores resources that are reserved for the system.
      capacity: resources,
      allocatable: resources,
      nodeInfo: { architecture: arch, operatingSystem: 'linux', ...UNKNOWN },
    },
  };
}

function zoneOf(group: NodeGroup, index: number): string {
  return `zone-${(index % group.zones) + 1}`;
}

const UNKNOWN = {
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  osImage: '',
  systemUUID: '',
};

/** One DaemonSet with the requests of all pods that run on every node (vpc-cni, kube-proxy, the agents). */
export function daemonSet(group: NodeGroup): KubernetesObject {
  const spec = { ...podSpec('add-ons', nodeOfGroup(group).daemons), hostNetwork: true };
  return systemObject('DaemonSet', 'add-ons', {}, { ...spec, priorityClassName: 'system-node-critical' });
}

/**
 * Deployments for the system pods beside the workload: coredns, metrics-server, Cluster Autoscaler, and the collection of
 * logs and metrics. Pods of one kind prefer different nodes, as in their add-ons and in their chart.
 */
export function systemDeployments(group: NodeGroup): KubernetesObject[] {
  const { system } = nodeOfGroup(group);
  const kinds = [...new Set(system.map((resources) => JSON.stringify(resources)))];
  return kinds.map((kind, index) => {
    const resources: Resources = JSON.parse(kind);
    const name = `system-${index + 1}`;
    const spread = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: name } },
    };
    const replicas = system.filter((other) => JSON.stringify(other) === kind).length;
    const priority = { priorityClassName: 'system-cluster-critical' };
    const spec = { ...podSpec(name, resources), ...priority, topologySpreadConstraints: [spread] };
    return systemObject('Deployment', name, { replicas }, spec);
  });
}

function systemObject(kind: string, name: string, more: object, spec: object): KubernetesObject {
  const labels = { app: name };
  const metadata = { name, namespace: NAMESPACE };
  const template = { metadata: { labels }, spec };
  return { apiVersion: 'apps/v1', kind, metadata, spec: { ...more, selector: { matchLabels: labels }, template } };
}

/** A pod with one container and these requests, which may run on any node. */
export function podSpec(name: string, { cpuMillis, memoryMiB }: Resources): object {
  const requests = { cpu: `${cpuMillis}m`, memory: `${memoryMiB}Mi` };
  return { tolerations: [{ operator: 'Exists' }], containers: [{ name, image: name, resources: { requests } }] };
}

/** The joined nodes, with the system pods on them. */
export class Nodes {
  /** Counts removed nodes too. Pods of a removed node would otherwise count for a new node with the same name. */
  private joined = 0;
  private readonly zones = new Map<string, string>();

  constructor(
    private readonly plane: ControlPlane,
    private readonly group: NodeGroup,
  ) {}

  /** Starts the minimum of nodes, with the pods of the system. */
  async start(): Promise<void> {
    await this.plane.create([daemonSet(this.group), ...systemDeployments(this.group)]);
    await this.joinUntil(this.group.minSize);
    await until('places for the pods of the system', 60, async () => {
      const pods = await this.plane.api.list(`/api/v1/namespaces/${NAMESPACE}/pods`);
      const scheduled = pods.filter(({ spec }) => spec?.nodeName !== undefined).length;
      return scheduled === nodeOfGroup(this.group).system.length + this.names.length ? true : undefined;
    });
  }

  get names(): string[] {
    return [...this.zones.keys()];
  }

  get zoneNames(): string[] {
    return [...new Set(this.zones.values())];
  }

  zone(node: string): string {
    return this.zones.get(node) ?? '';
  }

  in(zone: string): string[] {
    return this.names.filter((name) => this.zone(name) === zone);
  }

  async join(): Promise<string> {
    this.joined += 1;
    const name = `node-${this.joined}`;
    const node = nodeObject(this.group, this.zones.size, name);
    this.zones.set(name, zoneOf(this.group, this.zones.size));
    await this.plane.api.change('POST', '/api/v1/nodes', node);
    return name;
  }

  async joinUntil(number: number): Promise<void> {
    while (this.zones.size < number) await this.join();
  }

  /** Allows or forbids new pods on a node. */
  async open(name: string, open: boolean): Promise<void> {
    await this.plane.api.change('PATCH', `/api/v1/nodes/${name}`, { spec: { unschedulable: !open } }, MERGE);
  }

  /** Removes the latest nodes until the given number is left. */
  async removeUntil(number: number): Promise<void> {
    for (const name of this.names.slice(number)) {
      await this.plane.api.change('DELETE', `/api/v1/nodes/${name}`);
      this.zones.delete(name);
    }
  }

  /** Number of pods of a size that fit on a node beside its current pods, without those of a namespace. */
  async roomFor(pod: Resources, node: string, namespace: string): Promise<number> {
    const pods = await this.plane.api.list(`/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`);
    const others = pods.filter(({ metadata }) => metadata.namespace !== namespace).map(requestsOf);
    const { allocatable } = nodeOfGroup(this.group);
    const left = (of: keyof Resources) => allocatable[of] - others.reduce((sum, requests) => sum + requests[of], 0);
    return Math.floor(Math.min(left('cpuMillis') / pod.cpuMillis, left('memoryMiB') / pod.memoryMiB));
  }
}

const MERGE = 'application/merge-patch+json';

/** The requests of a pod. */
function requestsOf(pod: Item): Resources {
  const containers = pod.spec?.containers ?? [];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    cpuMillis: sum(containers.map(({ resources }) => millis(resources?.requests?.['cpu'] ?? 0))),
    memoryMiB: sum(containers.map(({ resources }) => mebibytes(resources?.requests?.['memory'] ?? 0))),
  };
}
