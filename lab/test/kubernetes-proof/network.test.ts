import { isWithin, openingsOf, overlap, portOf, selects } from '../../kubernetes-proof/network';
import { Value } from '../../kubernetes-proof/value';

const pod = { namespace: 'history', labels: { app: 'history', tier: 'web' }, ports: new Map([['http', 8_080]]) };
const metadata = { name: 'history', namespace: 'history' };
const policyOf = (spec: object) => [{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }];
const selector = (value: object) => new Value(value, 'selector');

test.each([
  ['10.0.0.0/20', '10.0.0.0/16', true],
  ['10.0.0.0/16', '10.0.0.0/20', false],
  ['10.0.16.0/20', '10.0.0.0/20', false],
  ['10.0.15.255/32', '10.0.0.0/20', true],
  ['192.168.0.0/16', '0.0.0.0/0', true],
])('%s is within %s: %s', (inner, outer, expected) => {
  expect(isWithin(inner, outer)).toBe(expected);
});

test('blocks overlap where they share an address', () => {
  expect(overlap('10.0.0.0/16', '10.0.255.0/24')).toBe(true);
  expect(overlap('10.0.0.0/24', '10.0.1.0/24')).toBe(false);
  expect(() => overlap('10.0.0.0', '10.0.0.0/24')).toThrow('"10.0.0.0" is not a block of IPv4 addresses such as');
  expect(() => isWithin('10.0.0.300/32', '10.0.0.0/24')).toThrow('"10.0.0.300/32" is not a block');
});

test.each<[object, boolean]>([
  [{}, true],
  [{ matchLabels: { app: 'history' } }, true],
  [{ matchLabels: { app: 'history', tier: 'db' } }, false],
  [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['web', 'db'] }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }] }, false],
  [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
  [{ matchLabels: { app: 'history' }, matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
])('a selector takes pods by labels and expressions: %j', (value, expected) => {
  expect(selects(selector(value), pod.labels)).toBe(expected);
});

test('fails for an unknown operator or port name', () => {
  const odd = selector({ matchExpressions: [{ key: 'tier', operator: 'Like', values: ['w'] }] });
  expect(() => selects(odd, pod.labels)).toThrow(
    'selector.matchExpressions[0].operator is "Like", which is not known.',
  );
  expect(() => portOf(new Value('https', 'targetPort'), pod)).toThrow(
    'targetPort is "https", and no port of the container has this name.',
  );
});

test('without an ingress policy all connections are allowed, with one only those of its rules', () => {
  expect(openingsOf([], pod)).toBeUndefined();
  expect(openingsOf(policyOf({ podSelector: {}, policyTypes: ['Egress'] }), pod)).toBeUndefined();
  expect(openingsOf(policyOf({ podSelector: {} }), { ...pod, namespace: 'other' })).toBeUndefined();
  expect(openingsOf(policyOf({ podSelector: {} }), pod)).toEqual([]);
  expect(openingsOf(policyOf({ podSelector: {}, ingress: [{}] }), pod)).toEqual([
    { blocks: undefined, otherNamespaces: false, ports: undefined },
  ]);
});

test('reads blocks with exceptions, ports by name and ranges of ports, and ignores UDP', () => {
  const ingress = [
    {
      from: [{ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.1.0/24'] } }, { namespaceSelector: {} }],
      ports: [{ port: 'http' }, { port: 9_000, endPort: 9_010 }, { protocol: 'UDP', port: 53 }, { protocol: 'TCP' }],
    },
  ];
  expect(openingsOf(policyOf({ podSelector: {}, ingress }), pod)).toEqual([
    {
      blocks: [{ cidr: '10.0.0.0/16', except: ['10.0.1.0/24'] }],
      otherNamespaces: true,
      ports: [
        { from: 8_080, to: 8_080 },
        { from: 9_000, to: 9_010 },
        { from: 1, to: 65_535 },
      ],
    },
  ]);
});
