// Kumiki 0.1.0, private-vpc-link.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export interface PrivateVpcLinkProps {
  /** VPC of the load balancer. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets for the network interfaces of the link: private, one in each zone. Leave out zones that do not support VPC
   * links, such as `use1-az3`.
   *
   * @default the private subnets of the VPC
   * @throws if a subnet is public
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the link. This construct adds no rule to them; `connections` adds rules only if they are mutable.
   *
   * @default a new security group without outbound rules
   * @throws if the list is empty
   */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];
}

/**
 * A VPC link V2: the way from REST and HTTP APIs to load balancers inside a VPC. By default the link reaches nothing until
 * `loadBalancer.connections.allowFrom(link, ec2.Port.tcp(80))`.
 *
 * - Subnets and security groups of a link cannot be changed. Other ones replace the link, which takes minutes, and every
 *   integration has to follow in a new deployment of the API (`CachedRestApi` creates that deployment).
 * - A link without traffic for 60 days becomes INACTIVE: API Gateway deletes the network interfaces, and requests fail
 *   while API Gateway creates new ones for the next request.
 * - A link cannot be deleted while an integration of any deployed API names it. Create the link in the stack of the API, so
 *   that CloudFormation deletes the stage, deployment, method and link in this order.
 * - In front of a Network Load Balancer with security groups, set
 *   `enforceSecurityGroupInboundRulesOnPrivateLinkTraffic` to false, or admit this link's security group.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html
 *
 * @example
 * ```ts
 * const link = new PrivateVpcLink(this, 'Link', { vpc });
 * const integration = new integrations.HttpAlbIntegration('Integration', listener, { vpcLink: link.link });
 * new apigatewayv2.HttpApi(this, 'Api', { defaultIntegration: integration });
 * listener.connections.allowFrom(link, ec2.Port.tcp(80));
 * ```
 */
export class PrivateVpcLink extends Construct implements ec2.IConnectable {
  /** The link, for integrations. */
  readonly link: apigatewayv2.VpcLink;
  /** Rules of the link's security groups. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: PrivateVpcLinkProps) {
    super(scope, id);
    const { vpc } = props;
    const { subnets, hasPublic } = vpc.selectSubnets(props.vpcSubnets);
    if (hasPublic) {
      throw new Error(
        `vpcSubnets: must be private, got public ones among ${subnets.map(({ node }) => node.path).join(', ')}. ` +
          'Select private subnets: the link needs no route to the internet.',
      );
    }
    if (props.securityGroups?.length === 0) {
      throw new Error(
        'securityGroups: must have at least one group, got none, which leaves open what the link reaches. ' +
          'Give a group, or leave securityGroups out.',
      );
    }

    const securityGroups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc,
        description: 'API Gateway VPC link',
        allowAllOutbound: false,
      }),
    ];
    this.link = new apigatewayv2.VpcLink(this, 'Link', {
      vpc,
      subnets: { subnets },
      securityGroups: [...securityGroups],
    });
    this.connections = new ec2.Connections({ securityGroups: [...securityGroups] });
  }
}
