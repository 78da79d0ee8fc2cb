import { KubernetesObject } from './manifests';
import { Value } from './value';

/** The fields of a pod that policies and services read: its labels, and its ports by name. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Port numbers by name. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Connections that a rule allows to a pod: from peers or from everywhere, to some or all ports. */
export interface Opening {
  /** CIDR blocks; undefined for all senders. */
  readonly blocks?: readonly { readonly cidr: string; readonly except: readonly string[] }[];
  /** Whether pods of other namespaces are among the peers. */
  readonly otherNamespaces: boolean;
  /** Ranges of TCP ports; undefined for all ports. */
  readonly ports?: readonly { readonly from: number; readonly to: number }[];
}

/**
 * The connections that all NetworkPolicies together allow to a pod; undefined if no policy selects the pod, because all
 * connections are then allowed.
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

/** Tells whether a policy applies to a direction. Without `policyTypes`, a policy applies to ingress. */
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

/** Resolves a port that is a number or the name of a port of the pod. @throws if no port has the name */
export function portOf(port: Value, { ports }: Pick<Pod, 'ports'>): number {
  const value = port.quantity();
  if (typeof value === 'number') return value;
  const number = ports.get(value);
  if (number === undefined) throw new Error(`${port.path} is "${value}", and no port of the container has this name.`);
  return number;
}

/** Tells whether a label selector selects a pod. @throws for an unknown operator */
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

/** Tells whether an IPv4 block contains all addresses of another one. */
export function isWithin(inner: string, outer: string): boolean {
  const [one, other] = [rangeOf(inner), rangeOf(outer)];
  return other.first <= one.first && one.last <= other.last;
}

/** Tells whether two IPv4 blocks have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [rangeOf(one), rangeOf(other)];
  return left.first <= right.last && right.first <= left.last;
}

/** @throws if the text is not an IPv4 block */
function rangeOf(cidr: string): { first: number; last: number } {
  const [, address = '', prefix = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr) ?? [];
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || Number(prefix) > 32) {
    throw new Error(`"${cidr}" is not a block of IPv4 addresses such as 10.0.0.0/16.`);
  }
  const size = 2 ** (32 - Number(prefix));
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = value - (value % size);
  return { first, last: first + size - 1 };
}
