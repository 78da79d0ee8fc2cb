import { ApiGatewayV2Client, GetVpcLinksCommand } from '@aws-sdk/client-apigatewayv2';
import {
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { ContainerService } from '../../lib/constructs/container-service';
import { EnvironmentConfig } from '../../lib/environment-config';
import { FARGATE } from '../../lib/limits';
import { clientOptions } from '../kit/client';
import { Failure, type Text } from '../kit/language';
import { increaseOf } from './checks';
import type { Deployed } from './deployed';
import { messages } from './messages';
import type { Outcome } from './outcome';
import { ofType, type Plan } from './plan';

/**
 * A quota of a region, with the code that Service Quotas has for it. AWS's pages on the quotas of a service link to the codes;
 * the codes of CodeBuild and Fargate are from answers of ListServiceQuotas.
 */
export interface Quota {
  readonly what: Text;
  /** Code of the service in Service Quotas. */
  readonly service: string;
  readonly code: string;
  /** AWS's default, as documented. */
  readonly byDefault: number;
  /** What the environment needs; nothing is asked about a quota of which it needs nothing. */
  readonly needed: (config: EnvironmentConfig, plan: Plan) => number;
  /**
   * What others use. @default the row says that the quota is shared
   *
   * @param own physical ids of the resources of the environment
   */
  readonly others?: (config: EnvironmentConfig, own: ReadonlySet<string>) => Promise<number>;
  /** IAM actions of `others`. */
  readonly actions?: string;
}

export const QUOTAS: readonly Quota[] = [
  {
    // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-eips
    what: messages.elasticIps,
    service: 'ec2',
    code: 'L-0263D0A3',
    byDefault: 5,
    needed: (_, plan) => ofType(plan, 'AWS::EC2::EIP').length,
    others: othersAddresses,
    actions: 'ec2:DescribeAddresses',
  },
  {
    // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-gateways
    what: messages.natGateways,
    service: 'vpc',
    code: 'L-FE5A380F',
    byDefault: 5,
    needed: ({ availabilityZones }, plan) =>
      Math.ceil(ofType(plan, 'AWS::EC2::NatGateway').length / availabilityZones.length),
    others: othersNatGateways,
    actions: 'ec2:DescribeNatGateways, ec2:DescribeSubnets',
  },
  {
    // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-vpcs-subnets
    what: messages.vpcs,
    service: 'vpc',
    code: 'L-F678F1CE',
    byDefault: 5,
    needed: (_, plan) => ofType(plan, 'AWS::EC2::VPC').length,
    others: othersVpcs,
    actions: 'ec2:DescribeVpcs',
  },
  {
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    what: messages.loadBalancers,
    service: 'elasticloadbalancing',
    code: 'L-53DA6B97',
    byDefault: 50,
    needed: (_, plan) => ofType(plan, 'AWS::ElasticLoadBalancingV2::LoadBalancer').length,
    others: othersLoadBalancers,
    actions: 'elasticloadbalancing:DescribeLoadBalancers',
  },
  {
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    what: messages.vpcLinks,
    service: 'apigateway',
    code: 'L-608BDCD4',
    byDefault: 10,
    needed: (_, plan) => ofType(plan, 'AWS::ApiGatewayV2::VpcLink').length,
    others: othersVpcLinks,
    actions: 'apigateway:GET',
  },
  {
    // https://docs.aws.amazon.com/general/latest/gr/eks.html
    what: messages.eksClusters,
    service: 'eks',
    code: 'L-1194D53C',
    byDefault: 100,
    needed: (_, plan) => ofType(plan, 'AWS::EKS::Cluster').length,
    others: async (config, own) => (await clusterNames(config)).filter((name) => !own.has(name)).length,
    actions: 'eks:ListClusters',
  },
  {
    what: messages.fargateVcpus,
    service: 'fargate',
    code: 'L-3032A538',
    byDefault: FARGATE.onDemandVcpus,
    needed: (config) => fargateVcpus(config).onDemand,
  },
  {
    what: messages.fargateSpotVcpus,
    service: 'fargate',
    code: 'L-36FBB829',
    byDefault: FARGATE.spotVcpus,
    needed: (config) => fargateVcpus(config).spot,
  },
  {
    // https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html; builds beyond the quota wait for their turn.
    what: messages.armBuilds,
    service: 'codebuild',
    code: 'L-5ED1D25B',
    byDefault: 1,
    needed: (_, plan) => Math.min(1, ofType(plan, 'AWS::CodeBuild::Project').length),
  },
];

/** vCPUs of all Fargate tasks while every service has its most tasks and is being deployed. */
export function fargateVcpus({ capacity: { fargate }, services }: EnvironmentConfig): {
  onDemand: number;
  spot: number;
} {
  if (fargate === undefined) return { onDemand: 0, spot: 0 };
  const { spotWeight, onDemandWeight } = fargate.spot ?? { spotWeight: 0, onDemandWeight: 1 };
  return services.reduce(
    (sum, { cpu, minTasks, maxTasks }) => {
      const tasks = ContainerService.tasksDuringDeployment(maxTasks);
      // The first `minTasks` are on demand, the others by weight. Which kind gets the odd task is not known: both count it.
      const further = Math.max(0, tasks - minTasks) / (spotWeight + onDemandWeight);
      const onDemand = Math.min(tasks, minTasks) + Math.ceil(further * onDemandWeight);
      return {
        onDemand: sum.onDemand + (onDemand * cpu) / 1024,
        spot: sum.spot + (Math.ceil(further * spotWeight) * cpu) / 1024,
      };
    },
    { onDemand: 0, spot: 0 },
  );
}

/**
 * Compares a quota with what the environment needs. A warning at most, because Service Quotas does not always show what AWS
 * raised.
 *
 * @param others what others use; undefined where nobody counts it
 */
export function quotaRoom(region: string, quota: Quota, needed: number, value: number, others?: number): Outcome {
  const there = others === undefined ? messages.quotaShared({ value }) : messages.quotaUsed({ value, others });
  if (needed + (others ?? 0) <= value) return { verdict: 'pass', needed, there };
  const command = increaseOf(region, quota.service, quota.code, Math.ceil(needed + (others ?? 0)));
  return { verdict: 'warning', needed, there, todo: messages.requestMore({ command }) };
}

/** The outcome for a quota; none where the environment needs nothing of it. */
export async function askQuotaRoom(
  config: EnvironmentConfig,
  plan: Plan,
  deployed: Promise<Deployed>,
  quota: Quota,
): Promise<Outcome | undefined> {
  const needed = quota.needed(config, plan);
  if (needed === 0) return undefined;
  const own = new Set((await deployed).resources.map(({ physicalId }) => physicalId));
  const [value, others] = await Promise.all([
    askQuota(new ServiceQuotasClient(clientOptions(config.region)), quota),
    quota.others?.(config, own),
  ]);
  return quotaRoom(config.region, quota, needed, value, others);
}

/**
 * The value that applies to the account; AWS's default where the account has no value of its own.
 *
 * @param quota with the default that AWS documents, where Service Quotas knows none in the region
 */
export async function askQuota(
  client: ServiceQuotasClient,
  { service: ServiceCode, code: QuotaCode, byDefault }: Pick<Quota, 'service' | 'code'> & { byDefault?: number },
): Promise<number> {
  const quota = { ServiceCode, QuotaCode };
  const isUnknown = (error: unknown) => error instanceof Error && error.name === 'NoSuchResourceException';
  try {
    const { Quota: found } = await client.send(new GetServiceQuotaCommand(quota)).catch((error: unknown) => {
      if (!isUnknown(error)) throw error;
      return client.send(new GetAWSDefaultServiceQuotaCommand(quota));
    });
    if (found?.Value !== undefined) return found.Value;
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
  if (byDefault !== undefined) return byDefault;
  throw new Failure(messages.noQuota({ service: ServiceCode, code: QuotaCode }));
}

async function othersAddresses({ region }: EnvironmentConfig, own: ReadonlySet<string>): Promise<number> {
  const { Addresses = [] } = await new EC2Client(clientOptions(region)).send(new DescribeAddressesCommand({}));
  // CloudFormation calls an Elastic IP address by the address.
  return Addresses.filter(({ PublicIp = '', AllocationId = '' }) => !own.has(PublicIp) && !own.has(AllocationId))
    .length;
}

/** NAT gateways of others in the zone of the environment that has most of them. */
async function othersNatGateways(config: EnvironmentConfig, own: ReadonlySet<string>): Promise<number> {
  const client = new EC2Client(clientOptions(config.region));
  const subnets: string[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    // These states count toward the quota.
    const Filter = [{ Name: 'state', Values: ['pending', 'available', 'deleting'] }];
    const page = await client.send(new DescribeNatGatewaysCommand({ Filter, NextToken: token }));
    for (const { NatGatewayId = '', SubnetId } of page.NatGateways ?? []) {
      if (!own.has(NatGatewayId) && SubnetId !== undefined) subnets.push(SubnetId);
    }
    token = page.NextToken;
  }
  if (subnets.length === 0) return 0;
  const { Subnets = [] } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [...new Set(subnets)] }));
  const zoneOf = new Map(Subnets.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone]));
  const inZone = (zone: string) => subnets.filter((subnet) => zoneOf.get(subnet) === zone).length;
  return Math.max(...config.availabilityZones.map(inZone));
}

async function othersVpcs({ region }: EnvironmentConfig, own: ReadonlySet<string>): Promise<number> {
  const client = new EC2Client(clientOptions(region));
  let others = 0;
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const { Vpcs = [], NextToken } = await client.send(new DescribeVpcsCommand({ NextToken: token }));
    others += Vpcs.filter(({ VpcId = '' }) => !own.has(VpcId)).length;
    token = NextToken;
  }
  return others;
}

async function othersLoadBalancers({ region }: EnvironmentConfig, own: ReadonlySet<string>): Promise<number> {
  const client = new ElasticLoadBalancingV2Client(clientOptions(region));
  let others = 0;
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const { LoadBalancers = [], NextMarker } = await client.send(new DescribeLoadBalancersCommand({ Marker: token }));
    others += LoadBalancers.filter(
      ({ Type, LoadBalancerArn = '' }) => Type === 'application' && !own.has(LoadBalancerArn),
    ).length;
    token = NextMarker;
  }
  return others;
}

async function othersVpcLinks({ region }: EnvironmentConfig, own: ReadonlySet<string>): Promise<number> {
  const client = new ApiGatewayV2Client(clientOptions(region));
  let others = 0;
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const { Items = [], NextToken } = await client.send(new GetVpcLinksCommand({ NextToken: token }));
    others += Items.filter(({ VpcLinkId = '' }) => !own.has(VpcLinkId)).length;
    token = NextToken;
  }
  return others;
}

/** Names of all clusters of the region. */
export async function clusterNames({ region }: EnvironmentConfig): Promise<string[]> {
  const client = new EKSClient(clientOptions(region));
  const names: string[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const { clusters = [], nextToken } = await client.send(new ListClustersCommand({ nextToken: token }));
    names.push(...clusters);
    token = nextToken;
  }
  return names;
}
