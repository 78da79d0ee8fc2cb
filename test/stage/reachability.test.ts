import { EnvironmentConfig } from '../../lib/environment-config';
import { pascalCase, serviceGroups } from '../../lib/services';
import { fixtureOf, service, withEgress, withFurther } from '../support/fixture';
import { reachabilityOf } from '../support/reachability';
import { synthesized } from '../support/stage';

function reachability(config = fixtureOf('trial')) {
  const templates = synthesized(config);
  return reachabilityOf(
    Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, template.toJSON()])),
  );
}

/** Permitted connections between the parts. Security groups refuse every other connection. */
function internalOf({ services }: EnvironmentConfig): string[] {
  return [
    'Function/Quotes -> Containers/LoadBalancer tcp 80',
    ...serviceGroups(services).flatMap(({ suffix, services: members }) => [
      `HttpApi/Link -> Containers${suffix}/LoadBalancer tcp 80`,
      `RestApi/Link -> Containers${suffix}/LoadBalancer tcp 80`,
      ...members.map(
        ({ name }) => `Containers${suffix}/LoadBalancer -> Containers${suffix}/${pascalCase(name)} tcp 8080`,
      ),
    ]),
  ];
}

/** Tasks fetch their image and write logs. The routes of their subnets decide whether that traffic leaves the VPC. */
function outboundOf({ services }: EnvironmentConfig): string[] {
  return serviceGroups(services).flatMap(({ suffix, services: members }) =>
    members.map(({ name }) => `Containers${suffix}/${pascalCase(name)} -> 0.0.0.0/0 tcp 443`),
  );
}

const INTERNAL = internalOf(fixtureOf('trial'));
const OUTBOUND = outboundOf(fixtureOf('trial'));

test.each([
  ['trial', fixtureOf('trial')],
  ['lasting without a cluster', fixtureOf('lasting', { kubernetes: 'false' })],
  [
    'three services behind two load balancers',
    withFurther(fixtureOf('trial'), [service('reports', 110), service('archive', 1_000)]),
  ],
])('%s: egress rules and ingress rules permit the same connections', (_, config) => {
  const { egress, ingress } = reachability(config);
  expect(egress).toEqual([...internalOf(config), ...outboundOf(config)].sort());
  expect(ingress).toEqual(internalOf(config).sort());
});

test('the expected connections include every load balancer and every service', () => {
  expect(internalOf(withFurther(fixtureOf('trial'), [service('reports', 110), service('archive', 1_000)]))).toEqual([
    'Function/Quotes -> Containers/LoadBalancer tcp 80',
    'HttpApi/Link -> Containers/LoadBalancer tcp 80',
    'RestApi/Link -> Containers/LoadBalancer tcp 80',
    'Containers/LoadBalancer -> Containers/History tcp 8080',
    'Containers/LoadBalancer -> Containers/Reports tcp 8080',
    'HttpApi/Link -> Containers2/LoadBalancer tcp 80',
    'RestApi/Link -> Containers2/LoadBalancer tcp 80',
    'Containers2/LoadBalancer -> Containers2/Archive tcp 8080',
  ]);
});

test('with a cluster, the load balancer reaches two ports of the nodes, and the kubectl function the control plane', () => {
  const { egress, ingress } = reachability(fixtureOf('lasting'));
  const cluster = [
    'Containers/LoadBalancer -> Kubernetes/Cluster by EKS tcp 30080',
    'Containers/LoadBalancer -> Kubernetes/Cluster by EKS tcp 10256',
    // Control plane, nodes and pods reach each other. Network policies decide which pods reach which.
    'Kubernetes/Cluster by EKS -> Kubernetes/Cluster by EKS all',
  ];
  expect(ingress).toEqual(
    [...INTERNAL, ...cluster, 'Kubernetes/ClusterKubectl -> Kubernetes/ClusterControlPlane tcp 443'].sort(),
  );
  expect(egress).toEqual(
    [
      ...INTERNAL,
      ...OUTBOUND,
      ...cluster,
      // Images, charts and the APIs of AWS, through the NAT gateway of a private subnet.
      'Kubernetes/Cluster by EKS -> 0.0.0.0/0 all',
      'Kubernetes/ClusterKubectl -> 0.0.0.0/0 tcp 443',
    ].sort(),
  );
});

test('interface endpoints accept HTTPS from the VPC only [N3]', () => {
  const trial = fixtureOf('trial');
  const { egress, ingress } = reachability({
    ...trial,
    network: withEgress({ mode: 'endpoints' }),
  });
  expect(egress).toEqual([...INTERNAL, ...OUTBOUND].sort());
  expect(ingress).toEqual([...INTERNAL, '10.0.0.0/16 -> Network/NetworkEndpoint tcp 443'].sort());
});

test('a NAT instance accepts traffic from the VPC only, and sends it anywhere [N2]', () => {
  const trial = fixtureOf('trial');
  const { egress, ingress } = reachability({ ...trial, network: withEgress({ mode: 'nat-instance' }) });
  expect(ingress).toEqual([...INTERNAL, '10.0.0.0/16 -> Network/NetworkVpcNat all'].sort());
  expect(egress).toEqual([...INTERNAL, ...OUTBOUND, 'Network/NetworkVpcNat -> 0.0.0.0/0 all'].sort());
});

test('a load balancer with a certificate is reached over HTTPS only', () => {
  const trial = fixtureOf('trial');
  const https = { certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/x', hostName: 'quotes.example.com' };
  const { egress } = reachability({ ...trial, loadBalancer: { https } });
  expect(egress.filter((row) => row.includes('-> Containers/LoadBalancer'))).toEqual([
    'Function/Quotes -> Containers/LoadBalancer tcp 443',
    'HttpApi/Link -> Containers/LoadBalancer tcp 443',
    'RestApi/Link -> Containers/LoadBalancer tcp 443',
  ]);
});

test('instances open connections over HTTPS only and accept none, and their tasks have the rules of Fargate', () => {
  const { egress, ingress } = reachability(fixtureOf('trial', { capacity: 'ec2' }));
  expect(egress).toEqual([...INTERNAL, ...OUTBOUND, 'Containers/Instances -> 0.0.0.0/0 tcp 443'].sort());
  expect(ingress).toEqual([...INTERNAL].sort());
});
