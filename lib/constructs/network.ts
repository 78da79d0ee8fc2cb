// Kumiki 0.2.0, network.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { CfnResource, CustomResourceProviderBase, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Way from private subnets to addresses outside the VPC. Every mode has the gateway endpoints of S3 and DynamoDB. */
export type NetworkEgress =
  /** NAT gateways, 1 (the default) to the number of zones: one is cheaper, one per zone survives the loss of a zone. */
  | { readonly mode: 'nat'; readonly gateways?: number | 'one-per-zone' }
  /**
   * One t4g.nano that translates addresses, without failover. A deployment after a new release of Amazon Linux replaces the
   * instance and interrupts egress for a minute or two.
   */
  | { readonly mode: 'nat-instance' }
  /** Interface endpoints for `endpointServices`, without internet. */
  | { readonly mode: 'endpoints' }
  /** No egress beside the gateway endpoints. */
  | { readonly mode: 'none' };

/** What translates the addresses of a zone or of the VPC: a NAT gateway or a NAT instance. */
export type NatTarget = { readonly natGatewayId: string } | { readonly instanceId: string };

/** A network for workloads, in a new or an existing VPC. */
export interface INetwork {
  readonly vpc: ec2.IVpc;
  /** Subnets for workloads. */
  readonly privateSubnets: ec2.SubnetSelection;
}

/** An existing VPC. All ids are given, because a lookup would need an account during synthesis. */
export interface ExistingNetwork {
  readonly vpcId: string;
  /** CIDR block of the VPC that holds the subnets. */
  readonly cidr: string;
  /** One private subnet for each zone, in the order of `availabilityZones`. */
  readonly privateSubnets: readonly {
    readonly subnetId: string;
    readonly cidr: string;
    readonly routeTableId: string;
  }[];
  /** CIDR blocks that the VPC is or will be routed with (peering, VPN); they must not overlap its own. @default none */
  readonly routedCidrs?: readonly string[];
}

export interface ExistingNetworkProps extends ExistingNetwork {
  /** Names of the zones of `privateSubnets`, at least 2, in the same order. */
  readonly availabilityZones: readonly string[];

  /**
   * Addresses that each private subnet must hold, by part: `{ 'function ENIs': 50, pods: 220 }`.
   *
   * @default nothing is planned
   */
  readonly plannedAddresses?: Readonly<Record<string, number>>;
}

export interface NetworkProps {
  /** CIDR block of the VPC, /16 to /28, as its network address: `10.0.0.0/16`. */
  readonly cidr: string;

  /**
   * Names of the availability zones, at least 2: `['eu-west-1a', 'eu-west-1b']`. All of them are used, without a lookup.
   * Do not change them on a deployed network, because the new subnets would overlap the old ones, which still exist then.
   */
  readonly availabilityZones: readonly string[];

  /**
   * Way from private subnets to addresses outside the VPC. A later change replaces no subnet.
   *
   * @default { mode: 'nat', gateways: 1 }
   * @throws if the mode is unknown, or `gateways` is not a whole number from 1 to the number of zones
   */
  readonly egress?: NetworkEgress;

  /**
   * Services that get an interface endpoint with private DNS in each private subnet, in the mode `endpoints` only. A service
   * may be named more than once, so that parts that use the same service stay independent. Each endpoint costs 0.01 USD
   * (us-east-1) per hour and zone.
   *
   * @default none
   * @see https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
   */
  readonly endpointServices?: readonly ec2.InterfaceVpcEndpointAwsService[];

  /** Prefix length of each public subnet, 16 to 28. @default 24 (251 usable addresses) */
  readonly publicPrefix?: number;
  /** Prefix length of each private subnet, 16 to 28. @default 20 (4091 usable addresses) */
  readonly privatePrefix?: number;
  /** Prefix length of each isolated subnet, 16 to 28. @default 24 (251 usable addresses) */
  readonly isolatedPrefix?: number;

  /** CIDR blocks that the VPC is or will be routed with (peering, VPN); they must not overlap its own. @default none */
  readonly routedCidrs?: readonly string[];

  /**
   * Addresses that each private subnet must hold, by part: `{ 'function ENIs': 50, pods: 220 }`. The construct adds the
   * addresses of interface endpoints.
   *
   * @default nothing is planned
   * @throws if a private subnet has fewer usable addresses; AWS reserves 5 addresses of each subnet
   * (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)
   */
  readonly plannedAddresses?: Readonly<Record<string, number>>;

  /** Log group of the flow log. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly flowLogGroup?: logs.ILogGroup;
}

/**
 * A VPC with public, private and isolated subnets in each zone, for workloads that run in the private ones.
 *
 * Without NAT, the VPC has no internet gateway and no public subnets, and private subnets have no route to the internet. The
 * address space of the public subnets stays reserved, so that a change of `egress` replaces no subnet. The network has IPv4
 * only.
 *
 * The default security group has no rules. The CDK's custom resource that removes the rules would leave a log group behind
 * (https://github.com/aws/aws-cdk/issues/29248), so this construct creates that log group in the template.
 *
 * @example
 * ```ts
 * const network = new Network(this, 'Network', {
 *   cidr: '10.0.0.0/16',
 *   availabilityZones: ['us-east-1a', 'us-east-1b'],
 *   egress: { mode: 'nat', gateways: 1 },
 *   plannedAddresses: { 'container tasks': 40 },
 * });
 * new ecs.Cluster(this, 'Cluster', { vpc: network.vpc });
 * ```
 */
export class Network extends Construct implements INetwork {
  /**
   * References an existing VPC with its private subnets, and creates no resource. The owner of the VPC is responsible for
   * egress, endpoints and flow log. `scope` has to be in a stack with resources, because `cdk deploy` deletes a stack without
   * resources.
   *
   * @throws if the zones or a CIDR block cannot work, or a private subnet has too few addresses for the plan
   */
  static fromExisting(scope: Construct, id: string, props: ExistingNetworkProps): INetwork {
    const zones = checkedZones(props.availabilityZones);
    checkExisting(props, zones, props.plannedAddresses ?? {});
    checkRouted(parseVpcCidr('cidr', props.cidr), props.routedCidrs);
    const vpc = ec2.Vpc.fromVpcAttributes(scope, id, {
      vpcId: props.vpcId,
      vpcCidrBlock: props.cidr,
      availabilityZones: zones,
      privateSubnetIds: props.privateSubnets.map((subnet) => subnet.subnetId),
      privateSubnetIpv4CidrBlocks: props.privateSubnets.map((subnet) => subnet.cidr),
      privateSubnetRouteTableIds: props.privateSubnets.map((subnet) => subnet.routeTableId),
    });
    return { vpc, privateSubnets: { subnets: vpc.privateSubnets } };
  }

  readonly vpc: ec2.IVpc;
  /** Subnets for workloads, the same for every egress. */
  readonly privateSubnets: ec2.SubnetSelection;
  /** NAT gateways, or the NAT instance, in the order of the zones; none with other modes of egress. */
  readonly natTargets: readonly NatTarget[];
  readonly flowLogGroup: logs.ILogGroup;

  /** @throws if the zones, a CIDR block, a prefix length, the plan or the number of gateways cannot work */
  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const zones = checkedZones(props.availabilityZones);
    const egress = props.egress ?? { mode: 'nat' };
    checkMode(egress.mode);
    const hasInternet = egress.mode === 'nat' || egress.mode === 'nat-instance';
    const endpointServices = new Map(
      egress.mode === 'endpoints' ? props.endpointServices?.map((service) => [service.shortName, service]) : [],
    );
    const groups: readonly ec2.SubnetConfiguration[] = [
      {
        name: 'private',
        subnetType: hasInternet ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED,
        cidrMask: checkedPrefix('privatePrefix', props.privatePrefix ?? 20),
      },
      {
        name: 'public',
        subnetType: ec2.SubnetType.PUBLIC,
        cidrMask: checkedPrefix('publicPrefix', props.publicPrefix ?? 24),
        mapPublicIpOnLaunch: false,
        reserved: !hasInternet,
      },
      {
        name: 'isolated',
        subnetType: ec2.SubnetType.PRIVATE_ISOLATED,
        cidrMask: checkedPrefix('isolatedPrefix', props.isolatedPrefix ?? 24),
      },
    ];
    const cidr = parseVpcCidr('cidr', props.cidr);
    checkRoom(cidr, zones.length, groups);
    checkRouted(cidr, props.routedCidrs);
    checkPlan('a private subnet', props.privatePrefix ?? 20, {
      ...props.plannedAddresses,
      ...(endpointServices.size > 0 && { 'interface endpoints': endpointServices.size }),
    });
    const gateways = egress.mode === 'nat' ? checkedGateways(egress.gateways ?? 1, zones.length) : 1;
    const natInstance = egress.mode === 'nat-instance' ? natInstanceProvider() : undefined;
    const natGateway = egress.mode === 'nat' ? ec2.NatProvider.gateway() : undefined;

    this.flowLogGroup = props.flowLogGroup ?? new logs.LogGroup(this, 'FlowLogGroup');
    // Only flow logs of this account may use the role, which prevents the confused deputy problem
    // (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html).
    const flowLogRole = new iam.Role(this, 'FlowLogRole', {
      assumedBy: new iam.ServicePrincipal('vpc-flow-logs.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });

    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(props.cidr),
      availabilityZones: zones,
      // Largest first, so that each block starts on a multiple of its size, and no addresses are lost between blocks.
      subnetConfiguration: [...groups].sort((a, b) => (a.cidrMask ?? 0) - (b.cidrMask ?? 0)),
      natGateways: hasInternet ? gateways : 0,
      natGatewayProvider: natInstance ?? natGateway,
      restrictDefaultSecurityGroup: true,
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
      flowLogs: {
        FlowLog: {
          destination: ec2.FlowLogDestination.toCloudWatchLogs(this.flowLogGroup, flowLogRole),
          trafficType: ec2.FlowLogTrafficType.ALL,
        },
      },
    });
    this.vpc = vpc;
    this.privateSubnets = { subnetGroupName: 'private' };
    ownProviderLogs(this);
    if (natInstance !== undefined) hardenNatInstance(natInstance, props.cidr);
    this.natTargets = [
      ...(natGateway?.configuredGateways ?? []).map(({ gatewayId }) => ({ natGatewayId: gatewayId })),
      ...(natInstance?.configuredGateways ?? []).map(({ gatewayId }) => ({ instanceId: gatewayId })),
    ];

    if (endpointServices.size > 0) {
      const securityGroup = new ec2.SecurityGroup(this, 'EndpointSecurityGroup', {
        vpc,
        description: 'Interface endpoints: HTTPS from the VPC',
        allowAllOutbound: false,
      });
      securityGroup.addIngressRule(ec2.Peer.ipv4(props.cidr), ec2.Port.tcp(443), 'HTTPS from the VPC');
      for (const [name, service] of endpointServices) {
        vpc.addInterfaceEndpoint(name, {
          service,
          subnets: this.privateSubnets,
          securityGroups: [securityGroup],
          privateDnsEnabled: true,
          open: false,
        });
      }
    }
  }
}

/** Addresses that AWS reserves in each subnet: network, router, DNS, future use, broadcast. */
const RESERVED_BY_AWS = 5;

/** Type of the NAT instance, which counts toward EC2's quota of vCPUs. */
export const NAT_INSTANCE_TYPE = 't4g.nano';

function natInstanceProvider(): ec2.NatInstanceProviderV2 {
  const userData = ec2.UserData.forLinux();
  userData.addCommands(
    // dnf runs out of 512 MiB of memory: https://github.com/amazonlinux/amazon-linux-2023/issues/404
    'dd if=/dev/zero of=/swapfile bs=1M count=512',
    'chmod 600 /swapfile',
    'mkswap /swapfile',
    'swapon /swapfile',
    ...ec2.NatInstanceProviderV2.DEFAULT_USER_DATA_COMMANDS,
  );
  return ec2.NatProvider.instanceV2({
    instanceType: new ec2.InstanceType(NAT_INSTANCE_TYPE),
    // CloudFormation resolves an SSM parameter, so the CDK looks nothing up.
    machineImage: ec2.MachineImage.latestAmazonLinux2023({ cpuType: ec2.AmazonLinuxCpuType.ARM_64 }),
    // STANDARD, because UNLIMITED bills surplus credits.
    creditSpecification: ec2.CpuCredits.STANDARD,
    // The public subnets assign no public addresses (https://github.com/aws/aws-cdk/issues/31711).
    associatePublicIpAddress: true,
    defaultAllowedTraffic: ec2.NatTrafficDirection.OUTBOUND_ONLY,
    userData,
  });
}

/** Applies settings for which the provider has no property. */
function hardenNatInstance(provider: ec2.NatInstanceProviderV2, cidr: string): void {
  provider.connections.allowFrom(ec2.Peer.ipv4(cidr), ec2.Port.allTraffic(), 'What is translated: from the VPC only');
  for (const { instance } of provider.gatewayInstances) {
    instance.metadataOptions = { httpTokens: 'required' };
    // The root device of Amazon Linux 2023.
    instance.blockDeviceMappings = [{ deviceName: '/dev/xvda', ebs: { encrypted: true, volumeType: 'gp3' } }];
  }
}

/**
 * Creates the log group of the function that removes the rules of the default security group.
 *
 * CloudFormation creates the log group before the function and deletes it after the function. Lambda delivers logs some time
 * after the last invocation, so the function also has to be denied to create the log group again.
 */
function ownProviderLogs(scope: Construct): void {
  const provider = Stack.of(scope).node.tryFindChild('Custom::VpcRestrictDefaultSGCustomResourceProvider');
  const handler = provider?.node.tryFindChild('Handler');
  if (!(provider instanceof CustomResourceProviderBase) || !CfnResource.isCfnResource(handler)) {
    throw new Error(
      'restrictDefaultSecurityGroup: the function behind it must have a log group, but this aws-cdk-lib has no function of the ' +
        'known name. Update ownProviderLogs in network.ts',
    );
  }
  // All networks of a stack share the function.
  if (provider.node.tryFindChild('LogGroup') !== undefined) return;
  const logGroup = new logs.LogGroup(provider, 'LogGroup', { removalPolicy: RemovalPolicy.DESTROY });
  handler.addPropertyOverride('LoggingConfig', { LogGroup: logGroup.logGroupName });
  provider.addToRolePolicy({ Effect: 'Deny', Action: 'logs:CreateLogGroup', Resource: '*' });
}

interface Block {
  readonly text: string;
  readonly prefix: number;
  readonly first: number;
  readonly size: number;
}

const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const CIDR = new RegExp(`^${OCTET}(\\.${OCTET}){3}/(3[0-2]|[12]?\\d)$`);

function parseCidr(property: string, text: string): Block {
  if (!CIDR.test(text)) {
    throw new Error(`${property}: must be an IPv4 CIDR block, got "${text}". Give a block such as 10.0.0.0/16`);
  }
  const [address = '', length = ''] = text.split('/');
  const first = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  if (first % size !== 0) {
    const network = first - (first % size);
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256);
    throw new Error(
      `${property}: must be a network address without host bits, got "${text}". Give ${octets.join('.')}/${prefix}`,
    );
  }
  return { text, prefix, first, size };
}

function parseVpcCidr(property: string, text: string): Block {
  const block = parseCidr(property, text);
  if (block.prefix < 16 || block.prefix > 28) {
    throw new Error(
      `${property}: a VPC must have a prefix length from 16 to 28, got "${text}". Give a block such as 10.0.0.0/16`,
    );
  }
  return block;
}

function overlap(a: Block, b: Block): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

function checkedZones(zones: readonly string[]): string[] {
  const unique = new Set(zones);
  if (unique.size < 2 || unique.size < zones.length || unique.has('')) {
    throw new Error(
      `availabilityZones: must be at least 2 different names, got [${zones.join(', ')}]. Give names such as us-east-1a, us-east-1b`,
    );
  }
  return [...zones];
}

function checkedPrefix(property: string, prefix: number): number {
  if (!Number.isInteger(prefix) || prefix < 16 || prefix > 28) {
    throw new Error(
      `${property}: must be a whole number from 16 to 28, got ${prefix}. Give a prefix length that AWS allows`,
    );
  }
  return prefix;
}

/** Without this check, a mistyped mode would mean: no egress. */
function checkMode(mode: NetworkEgress['mode']): void {
  const modes: Readonly<Record<NetworkEgress['mode'], true>> = {
    nat: true,
    'nat-instance': true,
    endpoints: true,
    none: true,
  };
  if (Object.hasOwn(modes, mode)) return;
  throw new Error(
    `egress.mode: must be one of ${Object.keys(modes).join(', ')}, got ${JSON.stringify(mode)}. Give { mode: 'nat' }, or leave egress out`,
  );
}

function checkedGateways(count: number | 'one-per-zone', zones: number): number {
  const gateways = count === 'one-per-zone' ? zones : count;
  if (!Number.isInteger(gateways) || gateways < 1 || gateways > zones) {
    throw new Error(
      `egress.gateways: must be a whole number from 1 to the ${zones} availability zones, got ${gateways}. ` +
        `Give 1 to save, ${zones} to survive the loss of a zone, or another mode to have no gateway`,
    );
  }
  return gateways;
}

function checkRoom(cidr: Block, zones: number, groups: readonly ec2.SubnetConfiguration[]): void {
  const needed = groups.reduce((sum, { cidrMask = 0 }) => sum + zones * 2 ** (32 - cidrMask), 0);
  if (needed > cidr.size) {
    const parts = groups.map(({ name, cidrMask }) => `${zones} ${name} /${cidrMask}`).join(' + ');
    throw new Error(
      `cidr: ${cidr.text} is too small for its subnets: needs ${needed} addresses (${parts}), has ${cidr.size}. ` +
        'Give cidr a shorter prefix or the subnets longer prefixes',
    );
  }
}

function checkRouted(cidr: Block, routedCidrs: readonly string[] = []): void {
  for (const [index, text] of routedCidrs.entries()) {
    const property = `routedCidrs[${index}]`;
    if (overlap(cidr, parseCidr(property, text))) {
      throw new Error(
        `${property}: must not overlap the VPC's ${cidr.text}, got "${text}". Give the VPC another CIDR block`,
      );
    }
  }
}

function checkPlan(subnet: string, prefix: number, planned: Readonly<Record<string, number>>): void {
  const parts = Object.entries(planned);
  const wrong = parts.find(([, count]) => !Number.isInteger(count) || count < 0);
  if (wrong !== undefined) {
    throw new Error(
      `plannedAddresses: "${wrong[0]}" must be a whole number of addresses, got ${wrong[1]}. Give 0 or more`,
    );
  }
  const needed = parts.reduce((sum, [, count]) => sum + count, 0);
  const usable = 2 ** (32 - prefix) - RESERVED_BY_AWS;
  if (needed > usable) {
    throw new Error(
      `plannedAddresses: ${subnet} must hold ${needed} addresses (${parts.map(([part, count]) => `${part} ${count}`).join(' + ')}), ` +
        `but a /${prefix} has ${usable} (${usable + RESERVED_BY_AWS} less the ${RESERVED_BY_AWS} that AWS reserves). ` +
        'Give larger private subnets or plan fewer addresses',
    );
  }
}

function checkExisting(
  { cidr: vpcCidr, privateSubnets }: ExistingNetwork,
  zones: readonly string[],
  planned: Readonly<Record<string, number>>,
): void {
  if (privateSubnets.length !== zones.length) {
    throw new Error(
      `privateSubnets: must be one for each of the ${zones.length} availability zones (${zones.join(', ')}), ` +
        `got ${privateSubnets.length}. Give them in the order of the zones`,
    );
  }
  const vpc = parseVpcCidr('cidr', vpcCidr);
  const blocks = privateSubnets.map(({ cidr }, index) => parseCidr(`privateSubnets[${index}].cidr`, cidr));
  for (const [index, block] of blocks.entries()) {
    const property = `privateSubnets[${index}].cidr`;
    if (!overlap(vpc, block) || block.prefix < vpc.prefix) {
      throw new Error(`${property}: must be inside cidr ${vpc.text}, got "${block.text}". Give the subnet's own block`);
    }
    const other = blocks.slice(0, index).find((earlier) => overlap(earlier, block));
    if (other !== undefined) {
      throw new Error(`${property}: must not overlap ${other.text}, got "${block.text}". Give each subnet's own block`);
    }
    checkPlan(privateSubnets[index]?.subnetId ?? property, block.prefix, planned);
  }
}
