import { smallestNode } from '../../lib/kubernetes-sizing';
import { KubernetesObject, NodeGroup } from './manifests';

const NAMESPACE = 'kube-system';

/**
 * A node of the group as EKS would let it join: the labels that EKS and the kubelet give, and what an instance of the
 * (smallest) type has to give to pods. Its kubelet is kwok's.
 *
 * @param index 0 for the first; they take turns in the zones
 */
export function nodeObject(group: NodeGroup, index: number): KubernetesObject {
  const name = `node-${index + 1}`;
  const { allocatable, maxPods } = smallestNode(group.instanceTypes);
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
        'topology.kubernetes.io/zone': `zone-${(index % group.zones) + 1}`,
        'eks.amazonaws.com/nodegroup': 'nodes',
        ...group.labels,
      },
      // How Metrics Server, and kwok, find the metrics of one node behind the one port of all of them.
      annotations: { 'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${name}/metrics/resource` },
    },
    status: {
      // What the system reserves is of no interest to the scheduler.
      capacity: resources,
      allocatable: resources,
      nodeInfo: { architecture: arch, operatingSystem: 'linux', ...UNKNOWN },
    },
  };
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

/** What runs on every node (vpc-cni, kube-proxy, the agents), as one DaemonSet with the requests of all of them. */
export function daemonSet(group: NodeGroup): KubernetesObject {
  const { cpuMillis, memoryMiB } = smallestNode(group.instanceTypes).daemons;
  const labels = { app: 'add-ons' };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'add-ons', namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'add-ons',
              image: 'add-ons',
              resources: { requests: { cpu: `${cpuMillis}m`, memory: `${memoryMiB}Mi` } },
            },
          ],
        },
      },
    },
  };
}
