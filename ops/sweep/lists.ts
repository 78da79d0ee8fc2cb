import { APIGatewayClient, GetAccountCommand, paginateGetRestApis } from '@aws-sdk/client-api-gateway';
import { ApiGatewayV2Client, GetApisCommand, GetVpcLinksCommand } from '@aws-sdk/client-apigatewayv2';
import { AutoScalingClient, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';
import {
  type AlarmType,
  CloudWatchClient,
  paginateDescribeAlarms,
  paginateListDashboards,
} from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import { ECRClient, paginateDescribeRepositories } from '@aws-sdk/client-ecr';
import { ECSClient, paginateListClusters } from '@aws-sdk/client-ecs';
import { EKSClient, paginateListClusters as paginateListEksClusters } from '@aws-sdk/client-eks';
import {
  ElasticLoadBalancingV2Client,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import {
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
  type ResourceTagMapping,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { paginateListBuckets, S3Client } from '@aws-sdk/client-s3';
import { clientOptions } from '../kit/client';
import type { Text } from '../kit/language';
import type { Kind, Resource } from './left-overs';
import { messages } from './messages';
import { clusterOf, ENVIRONMENT_TAG } from './names';
import { type Cost, priceOf } from './prices';

export type Tags = Readonly<Record<string, string>>;
/** Tags of the resources that AWS's index of tags knows, by their ARNs. */
export type TagIndex = ReadonlyMap<string, Tags>;

export interface Question {
  readonly id: string;
  readonly region: string;
  readonly tags: TagIndex;
}

/** A list of the account that may contain left-overs. */
export interface List {
  readonly what: Text;
  /** The action that the credentials must allow. */
  readonly action: string;
  /** ARNs of what the list has. The index of tags may name such resources for a while after they are gone. */
  readonly covers: RegExp;
  readonly ask: (question: Question) => Promise<Resource[]>;
}

/**
 * The resources with the tag of the environment, as AWS's index of tags has them. The index also has resources that were
 * deleted a while ago, so each has to be confirmed by the list of its service.
 *
 * @see https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
 * @see https://github.com/aws/aws-sdk/issues/302
 */
export async function askTags(id: string, region: string): Promise<TagIndex> {
  const client = new ResourceGroupsTaggingAPIClient(clientOptions(region));
  const found = new Map<string, Tags>();
  const filters = [
    { Key: ENVIRONMENT_TAG, Values: [id] },
    { Key: `kubernetes.io/cluster/${clusterOf(id)}`, Values: ['owned'] },
  ];
  for (const filter of filters) {
    for await (const { ResourceTagMappingList = [] } of paginateGetResources({ client }, { TagFilters: [filter] })) {
      for (const { ResourceARN = '', Tags = [] } of ResourceTagMappingList) found.set(ResourceARN, tagsOf(Tags));
    }
  }
  return found;
}

/** Resources of the index that no list has, such as an API. Only their console says whether they still exist. */
export function indexOnly(tags: TagIndex): Resource[] {
  return [...tags]
    .filter(([arn]) => !arn.includes(':cloudformation:') && !lists.some(({ covers }) => covers.test(arn)))
    .map(([arn, own]) => ({ kind: 'other', id: arn, arn, tags: own, cost: 'unknown', stays: messages.lookYourself }));
}

function tagsOf(tags: readonly { Key?: string; Value?: string }[] | ResourceTagMapping['Tags'] = []): Tags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** The items of all pages, for which the client has no paginator. */
async function allOf<Item>(ask: (token?: string) => Promise<{ Items?: Item[]; NextToken?: string }>): Promise<Item[]> {
  const found: Item[] = [];
  let token: string | undefined;
  do {
    const { Items = [], NextToken } = await ask(token);
    found.push(...Items);
    token = NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

/** Filters for each of the tags that EC2's resources of an environment may have. */
function ec2Filters(id: string): ec2.Filter[] {
  return [
    { Name: `tag:${ENVIRONMENT_TAG}`, Values: [id] },
    { Name: `tag:kubernetes.io/cluster/${clusterOf(id)}`, Values: ['owned'] },
    { Name: 'tag:aws:eks:cluster-name', Values: [clusterOf(id)] },
    { Name: 'tag:cluster.k8s.amazonaws.com/name', Values: [clusterOf(id)] },
  ];
}

interface Ec2List<Page, Item> {
  readonly kind: Kind;
  readonly action: string;
  readonly arn: string;
  readonly pages: (client: ec2.EC2Client, filter: ec2.Filter) => AsyncIterable<Page> | Promise<Iterable<Page>>;
  readonly items: (page: Page) => Item[] | undefined;
  readonly filters?: (id: string) => ec2.Filter[];
  readonly exists?: (item: Item) => boolean;
  readonly resource: (item: Item, region: string) => Partial<Resource> & { id: string | undefined };
}

function ec2List<Page, Item extends { Tags?: ec2.Tag[]; TagSet?: ec2.Tag[] }>(list: Ec2List<Page, Item>): List {
  const { kind, action, arn, pages, items, exists = () => true, resource, filters = ec2Filters } = list;
  return {
    what: messages[kind],
    action: `ec2:${action}`,
    covers: new RegExp(`:ec2:[^:]*:[^:]*:${arn}/`),
    ask: async ({ id, region }) => {
      const client = new ec2.EC2Client(clientOptions(region));
      const found = new Map<string, Resource>();
      for (const filter of filters(id)) {
        for await (const page of await pages(client, filter)) {
          for (const item of (items(page) ?? []).filter(exists)) {
            const { id: own = '', ...other } = resource(item, region);
            found.set(own, { kind, cost: 0, tags: tagsOf(item.Tags ?? item.TagSet), ...other, id: own });
          }
        }
      }
      return [...found.values()];
    },
  };
}

/** Every list that the command reads. */
export const lists: readonly List[] = [
  {
    what: messages.restApi,
    action: 'apigateway:GET',
    covers: /:apigateway:[^:]*:[^:]*:\/restapis\//,
    ask: async ({ region }) => {
      const found: Resource[] = [];
      for await (const { items = [] } of paginateGetRestApis(
        { client: new APIGatewayClient(clientOptions(region)) },
        {},
      )) {
        for (const { id = '', name = '', tags } of items) {
          found.push({ kind: 'restApi', id, name: `${id} (${name})`, tags, cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.api,
    action: 'apigateway:GET',
    covers: /:apigateway:[^:]*:[^:]*:\/apis\//,
    ask: async ({ region }) => {
      const client = new ApiGatewayV2Client(clientOptions(region));
      const items = await allOf(async (NextToken) => client.send(new GetApisCommand({ NextToken })));
      return items.map(({ ApiId: id = '', Name = '', Tags }) => ({
        kind: 'api',
        id,
        name: `${id} (${Name})`,
        tags: Tags,
        cost: 'use',
      }));
    },
  },
  {
    what: messages.vpcLink,
    action: 'apigateway:GET',
    covers: /:apigateway:[^:]*:[^:]*:\/vpclinks\//,
    ask: async ({ region }) => {
      const client = new ApiGatewayV2Client(clientOptions(region));
      const items = await allOf(async (NextToken) => client.send(new GetVpcLinksCommand({ NextToken })));
      return items.map(({ VpcLinkId: id = '', Tags }) => ({ kind: 'vpcLink', id, tags: Tags, cost: 0 }));
    },
  },
  {
    what: messages.cluster,
    action: 'eks:ListClusters',
    covers: /:eks:[^:]*:[^:]*:/,
    ask: async ({ region }) => {
      const found: Resource[] = [];
      for await (const { clusters = [] } of paginateListEksClusters(
        { client: new EKSClient(clientOptions(region)) },
        {},
      )) {
        const cost = priceOf('EKS control plane, standard support', 'hour', region);
        found.push(...clusters.map((id): Resource => ({ kind: 'cluster', id, cost })));
      }
      return found;
    },
  },
  {
    what: messages.function,
    action: 'lambda:ListFunctions',
    covers: /:lambda:[^:]*:[^:]*:function:/,
    ask: async ({ region, tags }) => {
      const found: Resource[] = [];
      for await (const { Functions = [] } of paginateListFunctions(
        { client: new LambdaClient(clientOptions(region)) },
        {},
      )) {
        for (const { FunctionName: id = '', FunctionArn: arn = '' } of Functions) {
          found.push({ kind: 'function', id, arn, tags: tags.get(arn), cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.alarm,
    action: 'cloudwatch:DescribeAlarms',
    covers: /:cloudwatch:[^:]*:[^:]*:alarm:/,
    ask: async ({ id, region, tags }) => {
      const client = new CloudWatchClient(clientOptions(region));
      const found: Resource[] = [];
      const price = priceOf('standard alarm', 'metric and month', region);
      // Application Auto Scaling names its alarms after what it scales: TargetTracking-service/CLUSTER/SERVICE-AlarmHigh-….
      for (const AlarmNamePrefix of [`Kumiki-${id}-`, 'TargetTracking-']) {
        const input = { AlarmNamePrefix, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] satisfies AlarmType[] };
        for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client }, input)) {
          for (const { AlarmName: name = '', AlarmArn: arn = '', Metrics = [] } of MetricAlarms) {
            const metrics = Math.max(1, Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length);
            const cost: Cost = typeof price === 'number' ? price * metrics : price;
            const serves = name.replace(/^TargetTracking-(?:service\/|function:)?/, '').split(/[/:]/);
            found.push({ kind: 'alarm', id: name, arn, tags: tags.get(arn), serves, cost });
          }
          for (const { AlarmName: name = '', AlarmArn: arn = '' } of CompositeAlarms) {
            found.push({ kind: 'alarm', id: name, arn, tags: tags.get(arn), cost: 'unknown' });
          }
        }
      }
      return found;
    },
  },
  {
    what: messages.dashboard,
    action: 'cloudwatch:ListDashboards',
    covers: /:cloudwatch:[^:]*:[^:]*:dashboard\//,
    ask: async ({ id, region }) => {
      const client = new CloudWatchClient(clientOptions(region));
      const found: Resource[] = [];
      const input = { DashboardNamePrefix: `Kumiki-${id}` };
      for await (const { DashboardEntries = [] } of paginateListDashboards({ client }, input)) {
        const cost = priceOf('dashboard', 'month', region);
        found.push(
          ...DashboardEntries.map(
            ({ DashboardName = '' }): Resource => ({ kind: 'dashboard', id: DashboardName, cost }),
          ),
        );
      }
      return found;
    },
  },
  {
    what: messages.loadBalancer,
    action: 'elasticloadbalancing:DescribeLoadBalancers',
    // A listener and a rule go with their load balancer.
    covers: /:elasticloadbalancing:[^:]*:[^:]*:(?:loadbalancer|listener|listener-rule)\//,
    ask: async ({ region, tags }) => {
      const client = new ElasticLoadBalancingV2Client(clientOptions(region));
      const found: Resource[] = [];
      for await (const { LoadBalancers = [] } of paginateDescribeLoadBalancers({ client }, {})) {
        for (const { LoadBalancerArn: arn = '', LoadBalancerName: name, Type } of LoadBalancers) {
          const cost = Type === 'application' ? priceOf('application load balancer', 'hour', region) : 'unknown';
          found.push({ kind: 'loadBalancer', id: arn, name, arn, tags: tags.get(arn), cost });
        }
      }
      return found;
    },
  },
  {
    what: messages.targetGroup,
    action: 'elasticloadbalancing:DescribeTargetGroups',
    covers: /:elasticloadbalancing:[^:]*:[^:]*:targetgroup\//,
    ask: async ({ region, tags }) => {
      const client = new ElasticLoadBalancingV2Client(clientOptions(region));
      const found: Resource[] = [];
      for await (const { TargetGroups = [] } of paginateDescribeTargetGroups({ client }, {})) {
        for (const { TargetGroupArn: arn = '', TargetGroupName: name } of TargetGroups) {
          found.push({ kind: 'targetGroup', id: arn, name, arn, tags: tags.get(arn), cost: 0 });
        }
      }
      return found;
    },
  },
  {
    what: messages.autoScalingGroup,
    action: 'autoscaling:DescribeAutoScalingGroups',
    covers: /:autoscaling:[^:]*:[^:]*:/,
    ask: async ({ id, region }) => {
      const client = new AutoScalingClient(clientOptions(region));
      const found = new Map<string, Resource>();
      for (const filter of ec2Filters(id)) {
        for await (const { AutoScalingGroups = [] } of paginateDescribeAutoScalingGroups(
          { client },
          { Filters: [filter] },
        )) {
          for (const { AutoScalingGroupName: name = '', Tags = [], Status } of AutoScalingGroups) {
            // A group has a status only while it is deleted.
            if (Status !== undefined) continue;
            found.set(name, { kind: 'autoScalingGroup', id: name, tags: tagsOf(Tags), cost: 0 });
          }
        }
      }
      return [...found.values()];
    },
  },
  ec2List({
    kind: 'instance',
    action: 'DescribeInstances',
    arn: 'instance',
    pages: (client, filter) => ec2.paginateDescribeInstances({ client }, { Filters: [filter] }),
    items: ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
    // EC2 lists a terminated instance for about an hour.
    exists: ({ State }) => !['terminated', 'shutting-down'].includes(State?.Name ?? ''),
    resource: ({ InstanceId, InstanceType = '' }, region) => ({
      id: InstanceId,
      name: `${InstanceId} (${InstanceType})`,
      cost: priceOf(InstanceType, 'hour', region),
    }),
  }),
  ec2List({
    kind: 'natGateway',
    action: 'DescribeNatGateways',
    arn: 'natgateway',
    pages: (client, filter) => ec2.paginateDescribeNatGateways({ client }, { Filter: [filter] }),
    items: ({ NatGateways }) => NatGateways,
    exists: ({ State }) => State !== 'deleted' && State !== 'deleting',
    resource: ({ NatGatewayId }, region) => ({ id: NatGatewayId, cost: priceOf('NAT gateway', 'hour', region) }),
  }),
  ec2List({
    kind: 'endpoint',
    action: 'DescribeVpcEndpoints',
    arn: 'vpc-endpoint',
    pages: (client, filter) => ec2.paginateDescribeVpcEndpoints({ client }, { Filters: [filter] }),
    items: ({ VpcEndpoints }) => VpcEndpoints,
    exists: ({ State }) => !/^delet/i.test(State ?? ''),
    resource: ({ VpcEndpointId, VpcEndpointType, SubnetIds = [] }, region) => ({
      id: VpcEndpointId,
      cost:
        VpcEndpointType === 'Gateway' ? 0 : priceOf('interface endpoint', 'hour and zone', region, SubnetIds.length),
    }),
  }),
  ec2List({
    kind: 'networkInterface',
    action: 'DescribeNetworkInterfaces',
    arn: 'network-interface',
    pages: (client, filter) => ec2.paginateDescribeNetworkInterfaces({ client }, { Filters: [filter] }),
    // Lambda names the function in the description, and gives no tags.
    filters: (id) => [...ec2Filters(id), { Name: 'description', Values: [`AWS Lambda VPC ENI-Kumiki-${id}-*`] }],
    items: ({ NetworkInterfaces }) => NetworkInterfaces,
    resource: ({ NetworkInterfaceId, Description = '', Status, Groups = [] }) => ({
      id: NetworkInterfaceId,
      name: `${NetworkInterfaceId} (${Description})`,
      serves: [
        Description.replace(/^AWS Lambda VPC ENI-/, '').replace(/-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, ''),
        ...Groups.map(({ GroupId = '' }) => GroupId),
      ],
      stays: Status === 'available' ? undefined : messages.interfaceInUse,
    }),
  }),
  ec2List({
    kind: 'address',
    action: 'DescribeAddresses',
    arn: 'elastic-ip',
    pages: async (client, filter) => [await client.send(new ec2.DescribeAddressesCommand({ Filters: [filter] }))],
    items: ({ Addresses }) => Addresses,
    resource: ({ AllocationId, PublicIp }, region) => ({
      id: AllocationId,
      name: `${AllocationId} (${PublicIp})`,
      serves: PublicIp === undefined ? [] : [PublicIp],
      cost: priceOf('public IPv4 address', 'hour', region),
    }),
  }),
  ec2List({
    kind: 'volume',
    action: 'DescribeVolumes',
    arn: 'volume',
    pages: (client, filter) => ec2.paginateDescribeVolumes({ client }, { Filters: [filter] }),
    items: ({ Volumes }) => Volumes,
    exists: ({ State }) => State !== 'deleting' && State !== 'deleted',
    resource: ({ VolumeId, VolumeType, Size = 0 }, region) => ({
      id: VolumeId,
      name: `${VolumeId} (${VolumeType}, ${Size} GB)`,
      cost: VolumeType === 'gp3' ? priceOf('gp3 volume', 'GB and month', region, Size) : 'unknown',
    }),
  }),
  ec2List({
    kind: 'launchTemplate',
    action: 'DescribeLaunchTemplates',
    arn: 'launch-template',
    pages: (client, filter) => ec2.paginateDescribeLaunchTemplates({ client }, { Filters: [filter] }),
    items: ({ LaunchTemplates }) => LaunchTemplates,
    resource: ({ LaunchTemplateId, LaunchTemplateName }) => ({ id: LaunchTemplateId, name: LaunchTemplateName }),
  }),
  ec2List({
    kind: 'securityGroup',
    action: 'DescribeSecurityGroups',
    arn: 'security-group',
    pages: (client, filter) => ec2.paginateDescribeSecurityGroups({ client }, { Filters: [filter] }),
    items: ({ SecurityGroups }) => SecurityGroups,
    resource: ({ GroupId, GroupName }) => ({ id: GroupId, name: `${GroupId} (${GroupName})` }),
  }),
  ec2List({
    kind: 'subnet',
    action: 'DescribeSubnets',
    arn: 'subnet',
    pages: (client, filter) => ec2.paginateDescribeSubnets({ client }, { Filters: [filter] }),
    items: ({ Subnets }) => Subnets,
    resource: ({ SubnetId, CidrBlock }) => ({ id: SubnetId, name: `${SubnetId} (${CidrBlock})` }),
  }),
  ec2List({
    kind: 'routeTable',
    action: 'DescribeRouteTables',
    arn: 'route-table',
    pages: (client, filter) => ec2.paginateDescribeRouteTables({ client }, { Filters: [filter] }),
    items: ({ RouteTables }) => RouteTables,
    resource: ({ RouteTableId }) => ({ id: RouteTableId }),
  }),
  ec2List({
    kind: 'internetGateway',
    action: 'DescribeInternetGateways',
    arn: 'internet-gateway',
    pages: (client, filter) => ec2.paginateDescribeInternetGateways({ client }, { Filters: [filter] }),
    items: ({ InternetGateways }) => InternetGateways,
    resource: ({ InternetGatewayId, Attachments = [] }) => ({
      id: InternetGatewayId,
      serves: Attachments.map(({ VpcId = '' }) => VpcId),
    }),
  }),
  ec2List({
    kind: 'vpc',
    action: 'DescribeVpcs',
    arn: 'vpc',
    pages: (client, filter) => ec2.paginateDescribeVpcs({ client }, { Filters: [filter] }),
    items: ({ Vpcs }) => Vpcs,
    resource: ({ VpcId, CidrBlock }) => ({ id: VpcId, name: `${VpcId} (${CidrBlock})` }),
  }),
  {
    what: messages.ecsCluster,
    action: 'ecs:ListClusters',
    // Services and tasks belong to a cluster and go with it. A task definition costs nothing.
    covers: /:ecs:[^:]*:[^:]*:/,
    ask: async ({ region, tags }) => {
      const found: Resource[] = [];
      for await (const { clusterArns = [] } of paginateListClusters(
        { client: new ECSClient(clientOptions(region)) },
        {},
      )) {
        for (const arn of clusterArns) {
          const id = arn.split('/').at(-1) ?? arn;
          found.push({ kind: 'ecsCluster', id, arn, tags: tags.get(arn), cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.table,
    action: 'dynamodb:ListTables',
    covers: /:dynamodb:[^:]*:[^:]*:table\//,
    ask: async ({ region, tags }) => {
      const found: Resource[] = [];
      for await (const { TableNames = [] } of paginateListTables(
        { client: new DynamoDBClient(clientOptions(region)) },
        {},
      )) {
        for (const id of TableNames) {
          const arn = [...tags.keys()].find((each) => each.endsWith(`:table/${id}`));
          found.push({ kind: 'table', id, arn, tags: arn === undefined ? undefined : tags.get(arn), cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.bucket,
    action: 's3:ListAllMyBuckets',
    covers: /:s3:::/,
    ask: async ({ region, tags }) => {
      const client = new S3Client({
        ...clientOptions(region),
        forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
      });
      const found: Resource[] = [];
      for await (const { Buckets = [] } of paginateListBuckets({ client }, { BucketRegion: region })) {
        for (const { Name: id = '' } of Buckets) {
          const arn = `arn:aws:s3:::${id}`;
          found.push({ kind: 'bucket', id, arn, tags: tags.get(arn), cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.repository,
    action: 'ecr:DescribeRepositories',
    covers: /:ecr:[^:]*:[^:]*:repository\//,
    ask: async ({ region, tags }) => {
      const found: Resource[] = [];
      for await (const { repositories = [] } of paginateDescribeRepositories(
        { client: new ECRClient(clientOptions(region)) },
        {},
      )) {
        for (const { repositoryName: id = '', repositoryArn: arn = '' } of repositories) {
          found.push({ kind: 'repository', id, arn, tags: tags.get(arn), cost: 'use' });
        }
      }
      return found;
    },
  },
  {
    what: messages.key,
    action: 'kms:DescribeKey',
    covers: /:kms:[^:]*:[^:]*:key\//,
    // An account may have thousands of keys without a tag, so the keys come from the index of tags.
    ask: async ({ region, tags }) => {
      const client = new KMSClient(clientOptions(region));
      const arns = [...tags.keys()].filter((arn) => /:kms:[^:]*:[^:]*:key\//.test(arn));
      const keys = arns.map(async (arn): Promise<Resource[]> => {
        const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: arn })).catch((error: unknown) => {
          if (error instanceof Error && error.name === 'NotFoundException') return { KeyMetadata: undefined };
          throw error;
        });
        if (KeyMetadata === undefined) return [];
        const pending = KeyMetadata.KeyState === 'PendingDeletion';
        const on = KeyMetadata.DeletionDate?.toISOString().slice(0, 10) ?? '?';
        return [
          {
            kind: 'key',
            id: arn.split('/').at(-1) ?? arn,
            arn,
            tags: tags.get(arn),
            cost: pending ? 0 : priceOf('key', 'month', region),
            stays: pending ? messages.keyPending({ on }) : undefined,
          },
        ];
      });
      return (await Promise.all(keys)).flat();
    },
  },
  {
    what: messages.role,
    action: 'iam:ListRoles, apigateway:GET',
    covers: /:iam::[^:]*:role\//,
    ask: async ({ region }) => {
      const { cloudwatchRoleArn } = await new APIGatewayClient(clientOptions(region)).send(new GetAccountCommand());
      const found: Resource[] = [];
      for await (const { Roles = [] } of paginateListRoles({ client: new IAMClient(clientOptions(region)) }, {})) {
        for (const { RoleName: id = '', Arn: arn } of Roles) {
          found.push({
            kind: 'role',
            id,
            arn,
            cost: 0,
            stays: arn === cloudwatchRoleArn ? messages.logRole : undefined,
          });
        }
      }
      return found;
    },
  },
  {
    what: messages.logGroup,
    action: 'logs:DescribeLogGroups',
    covers: /:logs:[^:]*:[^:]*:log-group:/,
    ask: async ({ region, tags }) => {
      const client = new CloudWatchLogsClient(clientOptions(region));
      const found: Resource[] = [];
      for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
        for (const { logGroupName: id = '', arn = '', storedBytes = 0 } of logGroups) {
          // The index of tags has the ARN without the :* at its end.
          const own = arn.replace(/:\*$/, '');
          const [, served = id] =
            /^(?:\/aws\/lambda\/|\/aws\/codebuild\/|API-Gateway-Execution-Logs_|\/aws\/eks\/)([^/]+)/.exec(id) ?? [];
          found.push({
            kind: 'logGroup',
            id,
            arn: own,
            tags: tags.get(own),
            serves: [served],
            cost: storedBytes === 0 ? 0 : 'use',
          });
        }
      }
      return found;
    },
  },
];
