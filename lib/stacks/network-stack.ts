import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { NatAlarms } from '../constructs/nat-alarms';
import { Network } from '../constructs/network';
import { alarmsOf, EnvironmentStackProps, NewNetworkConfig } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';

export interface NetworkStackProps extends EnvironmentStackProps {
  readonly create: NewNetworkConfig;
  /** AWS services that the enabled parts call, for egress through endpoints. */
  readonly endpointServices: ec2.InterfaceVpcEndpointAwsService[];
  /** Number of addresses that each part takes in a private subnet. */
  readonly plannedAddresses: Record<string, number>;
}

export class NetworkStack extends Stack {
  readonly network: Network;
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const { config } = props;
    this.network = inProperty(
      'network.create',
      () =>
        new Network(this, 'Network', {
          ...props.create,
          availabilityZones: config.availabilityZones,
          endpointServices: props.endpointServices,
          plannedAddresses: props.plannedAddresses,
        }),
    );
    for (const [index, target] of alarmsOf(config) ? this.network.natTargets.entries() : []) {
      new NatAlarms(this, `Nat${index + 1}Alarms`, { target });
    }

    this.logGroups = { network: [this.network.flowLogGroup] };
    this.onDashboard = {
      natGatewayIds: this.network.natTargets.flatMap((each) => ('natGatewayId' in each ? [each.natGatewayId] : [])),
    };

    new CfnOutput(this, 'VpcId', { value: this.network.vpc.vpcId, description: 'VPC of this environment' });
    new CfnOutput(this, 'PrivateSubnetIds', {
      value: this.network.vpc.selectSubnets(this.network.privateSubnets).subnetIds.join(','),
      description: 'Private subnets, comma separated, one a zone',
    });
  }
}
