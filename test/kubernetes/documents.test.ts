import { readFileSync } from 'node:fs';
import { KUBERNETES_VERSION, kubernetesRelease } from '../../lib/kubernetes-release';
import { addressesPerNode, nodeOf, podsPerNode, roomOf, settle, smallestNode } from '../../lib/kubernetes-sizing';
import { fixtureOf } from '../support/fixture';

// The fixture has the cluster of the sandbox as shipped. An edit of lib/environments.ts does not change the pages.
const { kubernetes } = fixtureOf('trial', { kubernetes: 'true' });
if (kubernetes === undefined) throw new Error('The fixture has no cluster.');
const { nodes, service } = kubernetes;
const node = smallestNode(nodes.instanceTypes);

/** CPU time of a history of 365 days, in milliseconds. */
const CPU_MS = 14;

function row(requestsPerSecond: number): string {
  const { replicas, nodes: count } = settle(
    { requestsPerSecond, cpuMsPerRequest: CPU_MS },
    { ...nodes, ...service, pod: service },
    node,
  );
  return `| ${requestsPerSecond} | ${requestsPerSecond * CPU_MS}m | ${replicas} | ${count} |`;
}

describe.each(['docs/kubernetes.md', 'docs/kubernetes.ja.md'])('%s', (file) => {
  const page = readFileSync(file, 'utf8');

  test('has the table of requests, pods and nodes that the sizing computes', () => {
    const rows = page.match(/^\| \d+ \| \d+m \| .*\|$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(5);
    expect(rows).toEqual(rows.map((line) => row(Number(/\d+/.exec(line)?.[0]))));
  });

  test('has the figures of the sandbox', () => {
    const [type = ''] = nodes.instanceTypes;
    const perPod = (service.cpuMillis * service.targetCpuPercent) / 100;
    for (const figure of [
      `${service.cpuMillis}m`,
      `${service.memoryMiB} MiB`,
      `${service.targetCpuPercent} %`,
      `${perPod}m`,
      `${roomOf(node).cpuMillis}m`,
      `**${podsPerNode(node, service)} `,
      `${podsPerNode(node, service) * service.memoryMiB} MiB`,
      type,
      `${addressesPerNode(type)}`,
      `${nodeOf(type).allocatable.memoryMiB} MiB`,
      `${CPU_MS} ms`,
    ]) {
      expect(page).toContain(figure);
    }
  });
});

describe.each(['docs/kubernetes-operations.md', 'docs/kubernetes-operations.ja.md'])('%s', (file) => {
  const page = readFileSync(file, 'utf8');

  test('has the end of support of the Kubernetes version, and the kubectl package of that version', () => {
    expect(page).toContain(`**${kubernetesRelease().standardSupportEnds}**`);
    expect(page).toContain(`Kubernetes ${KUBERNETES_VERSION}`);
    expect(page).toContain(`lambda-layer-kubectl-v${KUBERNETES_VERSION.replace('1.', '')}`);
  });
});
