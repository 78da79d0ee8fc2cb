import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { PrivateVpcLink, PrivateVpcLinkProps } from '../../lib/constructs/private-vpc-link';

function synthesize(
  props: Partial<PrivateVpcLinkProps> | ((vpc: ec2.Vpc) => Partial<PrivateVpcLinkProps>) = {},
  use?: (link: PrivateVpcLink, vpc: ec2.Vpc) => void,
): Template {
  const stack = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
  });
  const link = new PrivateVpcLink(stack, 'Link', { vpc, ...(typeof props === 'function' ? props(vpc) : props) });
  use?.(link, vpc);
  return Template.fromStack(stack);
}

const subnet = (kind: string, index: number) => ({
  Ref: Match.stringLikeRegexp(`^Vpc${kind}Subnet${index}Subnet`),
});

test('is a VPC link V2 in one private subnet a zone, with a security group of its own [V1]', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::ApiGatewayV2::VpcLink', {
    SubnetIds: [subnet('Private', 1), subnet('Private', 2)],
    SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('LinkSecurityGroup'), 'GroupId'] }],
  });
  template.resourceCountIs('AWS::ApiGateway::VpcLink', 0);
});

test('takes the subnets it is given, because they cannot be changed later [V3]', () => {
  synthesize({ vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }).hasResourceProperties(
    'AWS::ApiGatewayV2::VpcLink',
    { SubnetIds: [subnet('Isolated', 1), subnet('Isolated', 2)] },
  );
});

test('reaches nothing by default', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
    SecurityGroupIngress: Match.absent(),
  });
});

test('opens both sides for the one port of the one peer', () => {
  const template = synthesize({}, (link, vpc) => {
    const peer = new ec2.SecurityGroup(Stack.of(link), 'Peer', { vpc, allowAllOutbound: false });
    peer.connections.allowFrom(link, ec2.Port.tcp(80));
  });
  for (const type of ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']) {
    template.resourceCountIs(type, 1);
    template.hasResourceProperties(type, { IpProtocol: 'tcp', FromPort: 80, ToPort: 80 });
  }
});

test('uses the security groups that it is given, and adds no rule to them', () => {
  const template = synthesize((vpc) => ({
    securityGroups: [new ec2.SecurityGroup(Stack.of(vpc), 'Own', { vpc, allowAllOutbound: false })],
  }));
  template.hasResourceProperties('AWS::ApiGatewayV2::VpcLink', {
    SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^Own'), 'GroupId'] }],
  });
  template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
    SecurityGroupIngress: Match.absent(),
  });
});

test('opens the security groups that it is given when a peer allows the link', () => {
  const template = synthesize(
    (vpc) => ({ securityGroups: [new ec2.SecurityGroup(Stack.of(vpc), 'Own', { vpc, allowAllOutbound: false })] }),
    (link, vpc) => {
      const peer = new ec2.SecurityGroup(Stack.of(link), 'Peer', { vpc, allowAllOutbound: false });
      peer.connections.allowFrom(link, ec2.Port.tcp(80));
    },
  );
  template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
    GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Own'), 'GroupId'] },
    FromPort: 80,
  });
});

test('fails for an empty list of security groups', () => {
  expect(() => synthesize({ securityGroups: [] })).toThrow(
    'securityGroups: must have at least one group, got none, which leaves open what the link reaches. ' +
      'Give a group, or leave securityGroups out.',
  );
});

test('fails for public subnets', () => {
  expect(() => synthesize({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow(
    /vpcSubnets: must be private, got public ones among .*PublicSubnet1.* Select private subnets/,
  );
});
