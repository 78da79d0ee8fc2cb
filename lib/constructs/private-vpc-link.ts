import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export interface PrivateVpcLinkProps {
  /** The VPC of the load balancer. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets that receive the network interfaces of the link: private, one a zone. Zones that do not support VPC
   * links (`use1-az3` is one) have to be left out of the VPC.
   *
   * @default the private subnets of the VPC
   * @throws when one of them is public
   */
  readonly subnets?: ec2.SubnetSelection;
}

/**
 * The way from API Gateway (REST and HTTP APIs) to load balancers inside a VPC: a VPC link V2 with a security group of
 * its own, which may reach nothing until it is told so: `loadBalancer.connections.allowFrom(link, ec2.Port.tcp(80))`.
 *
 * - Subnets and security groups of a link cannot be changed. Another choice replaces the link, which lasts minutes, and
 *   every integration has to follow, in a new deployment of the API (`CachedRestApi` makes one).
 * - A link that carried nothing for 60 days becomes INACTIVE: API Gateway deletes its network interfaces and requests
 *   fail while it makes new ones on the next request.
 * - A link cannot be deleted while an integration of any deployed API names it: create it in the stack of the API, so
 *   that CloudFormation deletes stage, deployment, method and link in this order.
 * - In front of a Network Load Balancer with security groups, set its
 *   `enforceSecurityGroupInboundRulesOnPrivateLinkTraffic` to false or admit this link's security group.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html
 */
export class PrivateVpcLink extends Construct implements ec2.IConnectable {
  /** The link, for integrations. */
  readonly link: apigatewayv2.VpcLink;
  /** Where the link may connect to. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: PrivateVpcLinkProps) {
    super(scope, id);
    const subnets = props.vpc.selectSubnets(props.subnets);
    if (subnets.hasPublic) {
      throw new Error(
        `subnets: must be private, got public ones among ${subnets.subnets.map(({ node }) => node.path).join(', ')}. ` +
          'Select private subnets: the link needs no way to the internet.',
      );
    }

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'API Gateway VPC link',
      allowAllOutbound: false,
    });
    this.link = new apigatewayv2.VpcLink(this, 'Link', {
      vpc: props.vpc,
      subnets: { subnets: subnets.subnets },
      securityGroups: [securityGroup],
    });
    this.connections = securityGroup.connections;
  }
}
