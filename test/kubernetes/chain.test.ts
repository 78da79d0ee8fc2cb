import { environments } from '../../lib/environments';
import {
  addressesPerNode,
  checkRoom,
  nodeOf,
  nodesFor,
  podsPerNode,
  roomOf,
  settle,
  smallestNode,
} from '../../lib/kubernetes-sizing';
import { fixtureOf, fixtures } from '../support/fixture';

const { kubernetes } = fixtureOf('trial', { kubernetes: 'true' });
if (kubernetes === undefined) throw new Error('The environment trial has no cluster.');
const { nodes, service } = kubernetes;
const node = smallestNode(nodes.instanceTypes);
const chain = { ...nodes, ...service, pod: service };
/** A history of 365 days takes about 14 ms of CPU time: docs/kubernetes.md. */
const settledAt = (requestsPerSecond: number) => settle({ requestsPerSecond, cpuMsPerRequest: 14 }, chain, node);

test('pods may use the CPU and memory of a node of Amazon Linux 2023 that nodeadm does not reserve', () => {
  expect(nodeOf('t4g.medium').allocatable).toEqual({
    cpuMillis: 2_000 - 60 - 10,
    memoryMiB: Math.floor(4_096 * 0.925) - (255 + 11 * 17) - 100,
  });
  expect(nodeOf('m8g.large').allocatable.cpuMillis).toBe(2_000 - 60 - 10);
  expect(nodeOf('m7g.xlarge').allocatable.cpuMillis).toBe(4_000 - 60 - 10 - 5 - 5);
  expect(nodeOf('m7g.2xlarge').allocatable.cpuMillis).toBe(8_000 - 60 - 10 - 5 - 5 - 4 * 2.5);
});

test('the smallest node of several types has the least CPU and the least memory, even of different types', () => {
  const [cpu, memory] = [nodeOf('m7g.large').allocatable, nodeOf('c7g.xlarge').allocatable];
  expect([cpu.cpuMillis < memory.cpuMillis, memory.memoryMiB < cpu.memoryMiB]).toEqual([true, true]);
  expect(smallestNode(['m7g.large', 'c7g.xlarge']).allocatable).toEqual({
    cpuMillis: cpu.cpuMillis,
    memoryMiB: memory.memoryMiB,
  });
});

test('prefixes let a small node run 110 pods, for which single addresses would not suffice', () => {
  expect(nodeOf('t4g.medium').maxPods).toBe(110);
  // Seven prefixes, one spare prefix, and an address for each of three interfaces.
  expect(addressesPerNode('t4g.medium')).toBe((7 + 1) * 16 + 3);
});

test('a new node of the smallest type has room for seven pods, limited by CPU', () => {
  expect(podsPerNode(node, service)).toBe(7);
  expect(podsPerNode(node, { cpuMillis: 1, memoryMiB: 1_000 })).toBe(3);
  expect(podsPerNode(node, { cpuMillis: 1, memoryMiB: 1 })).toBe(107);
});

test('the smallest pods fill a node by their number, together with the six pods of the system', () => {
  const pods = [101, 102, 101 + 107, 101 + 108];
  expect(pods.map((count) => nodesFor(node, { cpuMillis: 1, memoryMiB: 1 }, count))).toEqual([1, 2, 2, 3]);
});

test('requests lead to replicas, and replicas to nodes', () => {
  expect([0, 10, 50, 100, 150, 200, 250].map((rate) => [rate, settledAt(rate)])).toEqual([
    [0, { replicas: 2, nodes: 2, pending: 0 }],
    [10, { replicas: 2, nodes: 2, pending: 0 }],
    [50, { replicas: 4, nodes: 2, pending: 0 }],
    [100, { replicas: 8, nodes: 2, pending: 0 }],
    [150, { replicas: 12, nodes: 3, pending: 0 }],
    [200, { replicas: 16, nodes: 3, pending: 0 }],
    [250, { replicas: 20, nodes: 4, pending: 0 }],
  ]);
});

test('the Horizontal Pod Autoscaler stops at its maximum, and Cluster Autoscaler at its own', () => {
  expect(settledAt(1_000)).toEqual({ replicas: 20, nodes: 4, pending: 0 });
  expect(settle({ requestsPerSecond: 250, cpuMsPerRequest: 14 }, { ...chain, maxNodes: 3 }, node)).toEqual({
    replicas: 20,
    nodes: 3,
    pending: 2,
  });
});

test('nodes without room for the system leave every replica pending', () => {
  const small = { ...node, allocatable: { cpuMillis: 200, memoryMiB: 3_000 } };
  expect(settle({ requestsPerSecond: 0, cpuMsPerRequest: 14 }, chain, small)).toEqual({
    replicas: 2,
    nodes: 4,
    pending: 2,
  });
});

test.each(Object.entries({ ...environments, ...fixtures }))(
  '%s: maxPods pods fit on maxNodes nodes of the smallest type',
  (_, environment) => {
    const { nodes: group, service: pod, observability } = environment.kubernetes ?? kubernetes;
    const least = smallestNode(group.instanceTypes, observability);
    expect(nodesFor(least, pod, pod.maxPods)).toBeLessThanOrEqual(group.maxNodes);
  },
);

test('collecting logs and metrics of pods takes a share of each node, and one more pod of the system', () => {
  const observed = smallestNode(['m7g.large'], true);
  expect(podsPerNode(smallestNode(['m7g.large']), service)).toBe(7);
  expect(podsPerNode(observed, service)).toBe(5);
  expect(roomOf(observed).cpuMillis).toBe(1_930 - 150 - 300);
  // Seven pods of the system at 100m leave 780m of the first node, for three pods, and 1480m of each other node, for five.
  expect([3, 4, 8, 9].map((pods) => nodesFor(observed, service, pods))).toEqual([1, 2, 2, 3]);
  expect([780, 781].map((cpuMillis) => nodesFor(observed, { cpuMillis, memoryMiB: 1 }, 1))).toEqual([1, 2]);
});

test('fails if maxPods pods do not fit on maxNodes nodes beside the agents for logs and metrics', () => {
  const cluster = { nodes: { instanceTypes: ['m7g.large'], maxNodes: 12 }, service: { ...service, maxPods: 60 } };
  expect(() => checkRoom(cluster)).not.toThrow();
  expect(() => checkRoom({ ...cluster, observability: true })).toThrow(
    'kubernetes.service.maxPods: 60 pods and the pods of the system need 13 nodes, but kubernetes.nodes.maxNodes is 12.',
  );
});

test('a pod that fits on no node needs infinitely many nodes', () => {
  expect(nodesFor(node, { cpuMillis: 1_781, memoryMiB: 256 }, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('fails for an unknown instance type, and for an empty list of types', () => {
  expect(() => nodeOf('x1.huge')).toThrow(
    /kubernetes\.nodes\.instanceTypes: "x1\.huge" is not on file\. Give one of t4g/,
  );
  expect(() => smallestNode([])).toThrow('kubernetes.nodes.instanceTypes: must name at least one type, got none');
});
