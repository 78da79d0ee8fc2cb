import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { PrivateLoadBalancer, PrivateLoadBalancerProps } from '../../lib/constructs/private-load-balancer';

const SUBNETS = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

function create(props: (stack: Stack) => Partial<PrivateLoadBalancerProps> = () => ({})) {
  const stack = new Stack(new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'weak' } }), 'Test', {
    env: { region: 'eu-west-1' },
  });
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    subnetConfiguration: [{ name: 'Private', ...SUBNETS }],
  });
  const balancer = new PrivateLoadBalancer(stack, 'Balancer', { vpc, vpcSubnets: SUBNETS, ...props(stack) });
  return { stack, vpc, balancer };
}

function synthesize(props?: (stack: Stack) => Partial<PrivateLoadBalancerProps>): Template {
  return Template.fromStack(create(props).stack);
}

const https = (stack: Stack) => ({
  https: {
    certificate: acm.Certificate.fromCertificateArn(
      stack,
      'Certificate',
      'arn:aws:acm:eu-west-1:123456789012:certificate/1',
    ),
    hostName: 'history.example.internal',
  },
});

test('is internal, in the given subnets', () => {
  synthesize().hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Scheme: 'internal',
    Subnets: [{ Ref: Match.stringLikeRegexp('PrivateSubnet1') }, { Ref: Match.stringLikeRegexp('PrivateSubnet2') }],
  });
});

test('has the given security group, and creates none', () => {
  const template = synthesize((stack) => ({
    securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-12345678'),
  }));
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { SecurityGroups: ['sg-12345678'] });
  template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
});

test('drops headers and requests that HTTP servers interpret in different ways', () => {
  synthesize().hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    LoadBalancerAttributes: Match.arrayWith([
      { Key: 'idle_timeout.timeout_seconds', Value: '60' },
      { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
      { Key: 'routing.http.desync_mitigation_mode', Value: 'defensive' },
    ]),
  });
});

test('answers requests that match no rule with 404 in JSON', () => {
  synthesize().hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
    DefaultActions: [
      {
        Type: 'fixed-response',
        FixedResponseConfig: {
          StatusCode: '404',
          ContentType: 'application/json',
          MessageBody: '{"message":"no such route"}',
        },
      },
    ],
  });
});

test('listens with HTTP only unless it has a certificate', () => {
  const { stack, balancer } = create();
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
    Port: 80,
    Protocol: 'HTTP',
    Certificates: Match.absent(),
    SslPolicy: Match.absent(),
  });
  expect(balancer.port).toBe(80);
  expect(stack.resolve(balancer.url)).toEqual({
    'Fn::Join': ['', ['http://', { 'Fn::GetAtt': [expect.stringMatching(/^Balancer/), 'DNSName'] }]],
  });
});

test('listens with HTTPS only if it has a certificate, with TLS 1.2 or newer', () => {
  const { stack, balancer } = create(https);
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
    Port: 443,
    Protocol: 'HTTPS',
    Certificates: [{ CertificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1' }],
    SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-PQ-2025-09',
  });
  expect(balancer.port).toBe(443);
  expect(balancer.url).toBe('https://history.example.internal');
});

test('accepts and opens no connections by default', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    GroupDescription: 'Internal load balancer',
    SecurityGroupIngress: Match.absent(),
    SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32', Description: 'Disallow all traffic' })],
  });
  template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
});

test.each([
  ['HTTP', undefined, 80],
  ['HTTPS', https, 443],
])('lets a named caller reach the %s listener and no other port', (_, props, port) => {
  const { stack, vpc, balancer } = create(props);
  const caller = new ec2.SecurityGroup(stack, 'Caller', { vpc, allowAllOutbound: false });
  balancer.allowFrom(caller, 'Test caller');
  const template = Template.fromStack(stack);
  const rule = { Description: 'Test caller', IpProtocol: 'tcp', FromPort: port, ToPort: port };
  template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    ...rule,
    GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Balancer'), 'GroupId'] },
    SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Caller'), 'GroupId'] },
  });
  template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
    ...rule,
    GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Caller'), 'GroupId'] },
    DestinationSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Balancer'), 'GroupId'] },
  });
});

test('does not depend on a caller in a later stack, which contains all rules', () => {
  const { stack, vpc, balancer } = create();
  const later = new Stack(Stack.of(stack).node.root, 'Later', { env: { region: 'eu-west-1' } });
  balancer.allowFrom(new ec2.SecurityGroup(later, 'Caller', { vpc, allowAllOutbound: false }), 'Test caller');
  Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  Template.fromStack(later).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  expect(later.dependencies).toEqual([stack]);
  expect(stack.dependencies).toEqual([]);
});

test('writes access logs only to a given bucket', () => {
  const enabled = { Key: 'access_logs.s3.enabled', Value: 'true' };
  const attributes = (value: unknown) => ({ LoadBalancerAttributes: value });
  synthesize((stack) => ({ accessLogs: new s3.Bucket(stack, 'Logs') })).hasResourceProperties(
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    attributes(Match.arrayWith([enabled])),
  );
  synthesize().hasResourceProperties(
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    attributes(Match.not(Match.arrayWith([Match.objectLike({ Key: Match.stringLikeRegexp('access_logs') })]))),
  );
});

test.each([
  [undefined, 'false'],
  [true, 'true'],
])('is protected from deletion when deletionProtection is %p: %s', (deletionProtection, value) => {
  synthesize(() => ({ deletionProtection })).hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    LoadBalancerAttributes: Match.arrayWith([{ Key: 'deletion_protection.enabled', Value: value }]),
  });
});
