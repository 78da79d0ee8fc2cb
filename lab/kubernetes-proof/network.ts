import { KubernetesObject } from './manifests';
import { Value } from './value';

/** A pod as policies and services see it: its labels, and its ports by name. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Numbers of the ports that have a name. */
  readonly ports: ReadonlyMap<string, number>;
}

/** What lets connections in to a pod: a peer, or everybody, and ports, or all of them. */
export interface Opening {
  /** CIDR blocks; undefined for everybody. */
  readonly blocks?: readonly { readonly cidr: string; readonly except: readonly string[] }[];
  /** Whether pods of other namespaces are among the peers. */
  readonly otherNamespaces: boolean;
  /** TCP ports from and to; undefined for all. */
  readonly ports?: readonly { readonly from: number; readonly to: number }[];
}

/**
 * What the NetworkPolicies open for connections to a pod, all of them together; undefined if none selects it, so that
 * everybody may connect.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function openingsOf(objects: readonly KubernetesObject[], pod: Pod): readonly Opening[] | undefined {
  const policies = objects
    .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && (metadata.namespace ?? 'default') === pod.namespace)
    .map((object) => new Value(object, object.kind).at('spec'))
    .filter((spec) => selects(spec.at('podSelector'), pod.labels) && hasType(spec, 'Ingress'));
  if (policies.length === 0) return undefined;
  return policies.flatMap((spec) => (spec.at('ingress').optional()?.list() ?? []).map((rule) => openingOf(rule, pod)));
}

/** Whether a policy of a type applies: without `policyTypes` it is one of ingress. */
function hasType(spec: Value, type: string): boolean {
  const types = spec.at('policyTypes').optional()?.list() ?? [];
  return types.length === 0 ? type === 'Ingress' : types.some((candidate) => candidate.text() === type);
}

function openingOf(rule: Value, pod: Pod): Opening {
  const peers = rule.at('from').optional()?.list() ?? [];
  const ports = rule.at('ports').optional()?.list() ?? [];
  return {
    blocks:
      peers.length === 0
        ? undefined
        : peers.flatMap((peer) => {
            const block = peer.at('ipBlock').optional();
            const except = block?.at('except').optional()?.list() ?? [];
            return block ? [{ cidr: block.at('cidr').text(), except: except.map((cidr) => cidr.text()) }] : [];
          }),
    otherNamespaces: peers.some((peer) => peer.at('namespaceSelector').optional() !== undefined),
    ports:
      ports.length === 0
        ? undefined
        : ports
            .filter((port) => (port.at('protocol').optional()?.text() ?? 'TCP') === 'TCP')
            .map((port) => {
              const name = port.at('port').optional();
              if (name === undefined) return { from: 1, to: 65_535 };
              const from = portOf(name, pod);
              return { from, to: port.at('endPort').optional()?.number() ?? from };
            }),
  };
}

/** A port that is a number, or the name of one of the pod's. @throws if no port has the name */
export function portOf(port: Value, { ports }: Pick<Pod, 'ports'>): number {
  const value = port.quantity();
  if (typeof value === 'number') return value;
  const number = ports.get(value);
  if (number === undefined) throw new Error(`${port.path} is "${value}", and no port of the container has this name.`);
  return number;
}

/** Whether a selector of labels takes a pod. @throws for an operator that it does not know */
export function selects(selector: Value, labels: Readonly<Record<string, string>>): boolean {
  const wanted = selector.at('matchLabels').optional();
  const equal = Object.keys(wanted?.fields() ?? {}).every((key) => labels[key] === wanted?.at(key).text());
  const expressions = selector.at('matchExpressions').optional()?.list() ?? [];
  return (
    equal &&
    expressions.every((expression) => {
      const label = labels[expression.at('key').text()];
      const values = expression.at('values').optional()?.list() ?? [];
      const among = values.some((value) => value.text() === label);
      const operator = expression.at('operator').text();
      if (operator === 'In') return among;
      if (operator === 'NotIn') return !among;
      if (operator === 'Exists') return label !== undefined;
      if (operator === 'DoesNotExist') return label === undefined;
      throw new Error(`${expression.path}.operator is "${operator}", which is not known.`);
    })
  );
}

/** Whether each address of one block of IPv4 is in another one. */
export function isWithin(inner: string, outer: string): boolean {
  const [one, other] = [rangeOf(inner), rangeOf(outer)];
  return other.first <= one.first && one.last <= other.last;
}

/** Whether two blocks of IPv4 have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [rangeOf(one), rangeOf(other)];
  return left.first <= right.last && right.first <= left.last;
}

/** @throws if it is no block of IPv4 */
function rangeOf(cidr: string): { first: number; last: number } {
  const [, address = '', prefix = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr) ?? [];
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || Number(prefix) > 32) {
    throw new Error(`"${cidr}" is no block of IPv4 addresses such as 10.0.0.0/16.`);
  }
  const size = 2 ** (32 - Number(prefix));
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = value - (value % size);
  return { first, last: first + size - 1 };
}
