import { APIGatewayClient, DeleteRestApiCommand } from '@aws-sdk/client-api-gateway';
import { ApiGatewayV2Client, DeleteApiCommand, DeleteVpcLinkCommand } from '@aws-sdk/client-apigatewayv2';
import { AutoScalingClient, DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DeleteAlarmsCommand, DeleteDashboardsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import { DeleteRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { DeleteClusterCommand, DeleteServiceCommand, ECSClient, paginateListServices } from '@aws-sdk/client-ecs';
import {
  DeleteClusterCommand as DeleteEksClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  paginateListNodegroups,
} from '@aws-sdk/client-eks';
import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import { KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { DeleteFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteBucketCommand, DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { clientOptions } from '../kit/client';
import { concernsAll } from '../kit/errors';
import { Failure, type Text } from '../kit/language';
import type { Kind, LeftOver, Resource } from './left-overs';
import { messages } from './messages';

/** Days that KMS waits before it deletes a key; the fewest that KMS accepts. A deletion can be cancelled until then. */
const PENDING_DAYS = 7;

/** Something else still uses the resource, or AWS wants fewer requests: API Gateway deletes a REST API every 30 s. */
const IN_USE =
  /DependencyViolation|ResourceInUse|InUse|OperationInProgress|UpdateInProgress|OperationAborted|BucketNotEmpty|IncorrectState|ClusterContains|DeleteConflict|Conflict|Throttl|TooManyRequests|RequestLimitExceeded/;
const GONE = /NotFound|NoSuch|DoesNotExist|InvalidTargetGroup$/;

export interface Removal {
  /** Waits before the next attempt. */
  readonly wait: (seconds: number) => Promise<void>;
  /** Tells whether the user has interrupted the command. */
  readonly interrupted: () => boolean;
  readonly onDeleted: (leftOver: LeftOver) => void;
  readonly onFailed: (leftOver: LeftOver, error: unknown) => void;
  readonly onWait: (number: number, seconds: number) => void;
  /** Called every minute instead of `onWait`, while AWS takes minutes to delete something. */
  readonly onSlow: (leftOver: LeftOver, minutes: number, most: number) => void;
}

/** Seconds between two attempts, and attempts in which nothing could be deleted before the command gives up. */
const WAIT = 15;
const ATTEMPTS = 8;

/**
 * Minutes that a kind may take. Until then, an attempt in which nothing could be deleted does not count.
 *
 * - EKS drains a node for up to 5 minutes, and deletes the cluster after its node groups. The waiters of AWS's CLI
 *   (`nodegroup-deleted`, then `cluster-deleted`) wait for up to 20 minutes each. Both together have 30 minutes here.
 * - A service of ECS holds its cluster until its tasks have stopped. The waiter `services-inactive` waits for up to 10 minutes.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html
 * @see https://docs.aws.amazon.com/cli/latest/reference/eks/wait/nodegroup-deleted.html
 * @see https://docs.aws.amazon.com/cli/latest/reference/ecs/wait/services-inactive.html
 */
const SLOW: Readonly<Partial<Record<Kind, number>>> = { cluster: 30, ecsCluster: 10 };

/** What is still there. */
export interface Rest {
  /** What could not be deleted for another reason than its use. */
  readonly failed: readonly LeftOver[];
  /** What the same command may delete later, because it was in use or because its turn did not come. */
  readonly later: readonly LeftOver[];
}

/**
 * Deletes left-overs in the order in which they depend on each other, and tries again while something still uses one of them.
 *
 * @param leftOvers in the order of `leftOversOf`; what stays is not deleted
 * @throws an error that every further request would meet, such as expired credentials
 */
export async function remove(leftOvers: readonly LeftOver[], region: string, removal: Removal): Promise<Rest> {
  const failed: LeftOver[] = [];
  let rest = leftOvers.filter(({ stays }) => stays === undefined);
  for (let attempt = 0, idle = 0; rest.length > 0 && !removal.interrupted(); attempt++) {
    const used: { leftOver: LeftOver; error: unknown }[] = [];
    for (const [index, leftOver] of rest.entries()) {
      if (removal.interrupted()) {
        return { failed, later: [...used.map((each) => each.leftOver), ...rest.slice(index)] };
      }
      try {
        await removers[leftOver.kind](leftOver, region);
        removal.onDeleted(leftOver);
      } catch (error) {
        if (concernsAll(error)) throw error;
        if (isNamed(error, GONE)) removal.onDeleted(leftOver);
        else if (isNamed(error, IN_USE)) used.push({ leftOver, error });
        else {
          failed.push(leftOver);
          removal.onFailed(leftOver, error);
        }
      }
    }
    const slow = used.find(({ leftOver: { kind } }) => attempt * WAIT < (SLOW[kind] ?? 0) * 60)?.leftOver;
    idle = slow === undefined && used.length === rest.length ? idle + 1 : 0;
    rest = used.map(({ leftOver }) => leftOver);
    if (rest.length === 0) break;
    if (idle === ATTEMPTS) {
      for (const { leftOver, error } of used) removal.onFailed(leftOver, error);
      break;
    }
    const minutes = (attempt * WAIT) / 60;
    if (slow === undefined) removal.onWait(rest.length, WAIT);
    else if (Number.isInteger(minutes)) removal.onSlow(slow, minutes, SLOW[slow.kind] ?? 0);
    await removal.wait(WAIT);
  }
  return { failed, later: rest };
}

function isNamed(error: unknown, names: RegExp): boolean {
  return error instanceof Error && names.test(error.name);
}

type Remover = (resource: Resource, region: string) => Promise<unknown>;

const inEc2 =
  (send: (client: ec2.EC2Client, resource: Resource) => Promise<unknown>): Remover =>
  (resource, region) =>
    send(new ec2.EC2Client(clientOptions(region)), resource);

const removers: Readonly<Record<Kind, Remover>> = {
  restApi: ({ id }, region) =>
    new APIGatewayClient(clientOptions(region)).send(new DeleteRestApiCommand({ restApiId: id })),
  api: ({ id }, region) => new ApiGatewayV2Client(clientOptions(region)).send(new DeleteApiCommand({ ApiId: id })),
  vpcLink: ({ id }, region) =>
    new ApiGatewayV2Client(clientOptions(region)).send(new DeleteVpcLinkCommand({ VpcLinkId: id })),
  dashboard: ({ id }, region) =>
    new CloudWatchClient(clientOptions(region)).send(new DeleteDashboardsCommand({ DashboardNames: [id] })),
  cluster: removeCluster,
  function: ({ id }, region) =>
    new LambdaClient(clientOptions(region)).send(new DeleteFunctionCommand({ FunctionName: id })),
  alarm: removeAlarm,
  loadBalancer: ({ id: LoadBalancerArn }, region) =>
    new ElasticLoadBalancingV2Client(clientOptions(region)).send(new DeleteLoadBalancerCommand({ LoadBalancerArn })),
  targetGroup: ({ id: TargetGroupArn }, region) =>
    new ElasticLoadBalancingV2Client(clientOptions(region)).send(new DeleteTargetGroupCommand({ TargetGroupArn })),
  autoScalingGroup: ({ id }, region) =>
    new AutoScalingClient(clientOptions(region)).send(
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true }),
    ),
  instance: inEc2((client, { id }) => client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))),
  natGateway: inEc2((client, { id }) => client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId: id }))),
  endpoint: inEc2(async (client, { id }) => {
    const { Unsuccessful: [refused] = [] } = await client.send(
      new ec2.DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }),
    );
    // EC2 answers with 200 although it has not deleted the endpoint.
    if (refused !== undefined) {
      const { Code: name = 'UnsuccessfulItem', Message } = refused.Error ?? {};
      throw Object.assign(new Error(Message ?? name), { name });
    }
  }),
  networkInterface: inEc2((client, { id }) =>
    client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
  ),
  address: inEc2(async (client, { id: AllocationId }) => {
    const { Addresses: [address] = [] } = await client.send(
      new ec2.DescribeAddressesCommand({ AllocationIds: [AllocationId] }),
    );
    // A NAT gateway that is being deleted keeps its address. EC2 then answers as if the credentials were wrong.
    if (address?.AssociationId !== undefined) throw inUse(AllocationId);
    await client.send(new ec2.ReleaseAddressCommand({ AllocationId }));
  }),
  volume: inEc2((client, { id }) => client.send(new ec2.DeleteVolumeCommand({ VolumeId: id }))),
  launchTemplate: inEc2((client, { id }) => client.send(new ec2.DeleteLaunchTemplateCommand({ LaunchTemplateId: id }))),
  securityGroup: inEc2((client, { id }) => client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }))),
  subnet: inEc2((client, { id }) => client.send(new ec2.DeleteSubnetCommand({ SubnetId: id }))),
  routeTable: inEc2((client, { id }) => client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: id }))),
  internetGateway: inEc2(async (client, { id: InternetGatewayId, serves = [] }) => {
    for (const VpcId of serves) await client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId }));
  }),
  vpc: inEc2((client, { id }) => client.send(new ec2.DeleteVpcCommand({ VpcId: id }))),
  ecsCluster: removeEcsCluster,
  table: ({ id }, region) => new DynamoDBClient(clientOptions(region)).send(new DeleteTableCommand({ TableName: id })),
  bucket: removeBucket,
  repository: ({ id }, region) =>
    new ECRClient(clientOptions(region)).send(new DeleteRepositoryCommand({ repositoryName: id, force: true })),
  key: ({ id }, region) =>
    new KMSClient(clientOptions(region)).send(
      new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: PENDING_DAYS }),
    ),
  role: removeRole,
  logGroup: ({ id }, region) =>
    new CloudWatchLogsClient(clientOptions(region)).send(new DeleteLogGroupCommand({ logGroupName: id })),
  other: async () => undefined,
};

function inUse(id: string, text: Text = messages.inUse({ id })): Error {
  return Object.assign(new Failure(text), { name: 'ResourceInUse' });
}

/** Deletes what goes with a resource. If it is gone in the meantime, the resource itself is still there. */
async function unlessGone(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!isNamed(error, GONE)) throw error;
  }
}

/** CloudWatch refuses to delete an alarm that a composite alarm names, by an error without a name of its own. */
async function removeAlarm({ id }: Resource, region: string): Promise<void> {
  try {
    await new CloudWatchClient(clientOptions(region)).send(new DeleteAlarmsCommand({ AlarmNames: [id] }));
  } catch (error) {
    throw error instanceof Error && /composite alarm/.test(error.message) ? inUse(id) : error;
  }
}

/** EKS refuses to delete a cluster with node groups. Until the cluster is gone, its network interfaces hold the subnets. */
async function removeCluster({ id: clusterName }: Resource, region: string): Promise<void> {
  const client = new EKSClient(clientOptions(region));
  const { cluster } = await client.send(new DescribeClusterCommand({ name: clusterName }));
  if (cluster?.status !== 'DELETING') {
    const groups: string[] = [];
    for await (const { nodegroups = [] } of paginateListNodegroups({ client }, { clusterName }))
      groups.push(...nodegroups);
    for (const nodegroupName of groups) await unlessGone(removeNodegroup(client, { clusterName, nodegroupName }));
    if (groups.length === 0) await client.send(new DeleteEksClusterCommand({ name: clusterName }));
  }
  throw inUse(clusterName, messages.deleting({ id: clusterName }));
}

async function removeNodegroup(
  client: EKSClient,
  group: { readonly clusterName: string; readonly nodegroupName: string },
): Promise<void> {
  const { nodegroup } = await client.send(new DescribeNodegroupCommand(group));
  if (nodegroup?.status !== 'DELETING') await client.send(new DeleteNodegroupCommand(group));
}

/**
 * ECS refuses to delete a cluster with services. A service that was deleted is not listed any more, but ECS refuses to delete
 * the cluster until its tasks have stopped.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
 */
async function removeEcsCluster({ id: cluster }: Resource, region: string): Promise<void> {
  const client = new ECSClient(clientOptions(region));
  const services: string[] = [];
  for await (const { serviceArns = [] } of paginateListServices({ client }, { cluster })) services.push(...serviceArns);
  for (const service of services) {
    await unlessGone(client.send(new DeleteServiceCommand({ cluster, service, force: true })));
  }
  if (services.length > 0) throw inUse(cluster, messages.deleting({ id: cluster }));
  await client.send(new DeleteClusterCommand({ cluster }));
}

async function removeBucket({ id: Bucket }: Resource, region: string): Promise<void> {
  const client = new S3Client({ ...clientOptions(region), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });
  for (let more = true; more; ) {
    // What was listed is deleted, so the next list begins with the rest.
    const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key = '', VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length > 0) {
      const { Errors: [denied] = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      if (denied !== undefined) throw new Error(`${denied.Key}: ${denied.Message}`);
    }
    more = page.IsTruncated ?? false;
  }
  await client.send(new DeleteBucketCommand({ Bucket }));
}

async function removeRole({ id: RoleName }: Resource, region: string): Promise<void> {
  const client = new IAMClient(clientOptions(region));
  for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, { RoleName })) {
    for (const { PolicyArn } of AttachedPolicies) {
      await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    }
  }
  for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, { RoleName })) {
    for (const PolicyName of PolicyNames) await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
  await client.send(new DeleteRoleCommand({ RoleName }));
}
