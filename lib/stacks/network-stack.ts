import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { Network } from '../constructs/network';
import { EnvironmentStackProps } from '../environments';

export interface NetworkStackProps extends EnvironmentStackProps {
  /** Services that the enabled parts call, for egress by endpoints. */
  readonly endpointServices: ec2.InterfaceVpcEndpointAwsService[];
  /** What takes how many addresses in a private subnet. */
  readonly plannedAddresses: Record<string, number>;
}

export class NetworkStack extends Stack {
  readonly network: Network;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const { config } = props;
    this.network = new Network(this, 'Network', {
      ...config.network,
      availabilityZones: config.availabilityZones,
      endpointServices: props.endpointServices,
      plannedAddresses: props.plannedAddresses,
    });

    new CfnOutput(this, 'VpcId', { value: this.network.vpc.vpcId, description: 'VPC of this environment' });
    new CfnOutput(this, 'PrivateSubnetIds', {
      value: this.network.vpc.selectSubnets(this.network.privateSubnets).subnetIds.join(','),
      description: 'Private subnets, comma separated, one a zone',
    });
  }
}
