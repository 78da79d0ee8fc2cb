import { matches, read } from './documents';

/** The rows, as their cells, of the table of a page whose header matches. */
export function rowsBelow(page: string, header: RegExp): string[][] {
  const table = (read(page).match(/(^\|.*\n)+/gm) ?? []).find((text) => header.test(text)) ?? '';
  const rows = matches(table, /^\| (.*) \|$/gm).map((row) => row.split(' | '));
  return rows.slice(2);
}

/** Security groups and addresses, with the cells of docs/security that stand for them in English and in Japanese. */
const PEERS: readonly (readonly [peers: readonly string[], english: string, japanese: string])[] = [
  [['Function/Quotes', 'RestApi/Link', 'HttpApi/Link'], 'function, both VPC links', '関数、両方の VPC リンク'],
  [['Containers/LoadBalancer'], 'load balancer', 'ロードバランサー'],
  [['Containers/History'], 'tasks', 'タスク'],
  [['Containers/History', 'Containers/Instances'], 'tasks, ECS instances', 'タスク、ECS インスタンス'],
  [['Kubernetes/Cluster by EKS'], 'nodes', 'ノード'],
  [['Kubernetes/Cluster by EKS'], 'nodes and pods', 'ノードと Pod'],
  [['Kubernetes/Cluster by EKS'], 'control plane, nodes, pods', 'コントロールプレーン、ノード、Pod'],
  [['Kubernetes/Cluster by EKS'], 'each other', '相互'],
  [['Kubernetes/ClusterKubectl'], 'function that applies manifests', 'マニフェストを適用する関数'],
  [
    ['Kubernetes/ClusterControlPlane', '0.0.0.0/0'],
    'control plane; any address',
    'コントロールプレーン、任意のアドレス',
  ],
  [['0.0.0.0/0'], 'any address', '任意のアドレス'],
  [['10.0.0.0/16'], 'the VPC', 'VPC'],
  [
    ['Network/NetworkEndpoint'],
    'interface endpoints, with `egress: endpoints`',
    'インターフェイスエンドポイント（`egress: endpoints`）',
  ],
  [['Network/NetworkVpcNat'], 'NAT instance', 'NAT インスタンス'],
  [
    ['Network/NetworkVpcNat'],
    'NAT instance, with `egress: nat-instance`',
    'NAT インスタンス（`egress: nat-instance`）',
  ],
];

function peersOf(cell: string): readonly string[] {
  const [peers] = PEERS.find(([, ...names]) => names.includes(cell)) ?? [[`unknown: ${cell}`]];
  return peers;
}

/** Connections that a row of docs/security permits, as `reachabilityOf` gives those of the templates. */
export function connectionsOf([from = '', to = '', ports = '']: readonly string[]): string[] {
  const each = /^(all|すべて)/.test(ports) ? ['all'] : matches(ports, /(\d+)/g).map((port) => `tcp ${port}`);
  return peersOf(from).flatMap((sender) =>
    peersOf(to).flatMap((receiver) => each.map((port) => `${sender} -> ${receiver} ${port}`)),
  );
}
