import {
  CloudFormationClient,
  paginateListStackResources,
  paginateListStacks,
  type StackStatus,
} from '@aws-sdk/client-cloudformation';
import { isStackOf } from './names';

/**
 * Types whose ids prove where a resource came from. The id of a stage is its name, "v1", which proves nothing. The id of an
 * Elastic IP address is the address, which AWS may have given to somebody else since.
 */
export const TELLING: readonly string[] = [
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::VpcLink',
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::CodeBuild::Project',
  'AWS::DynamoDB::Table',
  'AWS::EC2::Instance',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::LaunchTemplate',
  'AWS::EC2::NatGateway',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCEndpoint',
  'AWS::ECR::Repository',
  'AWS::ECS::Cluster',
  'AWS::EKS::Cluster',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
];

export interface ExistingStack {
  readonly name: string;
  readonly id: string;
  readonly status: StackStatus | 'unknown';
}

/** What CloudFormation knows of an environment: its stacks, and which resources each of them has, or had. */
export interface Stacks {
  readonly existing: readonly ExistingStack[];
  /** Names, ids and ARNs of the resources of existing stacks. */
  readonly inUse: ReadonlySet<string>;
  /** Names, ids and ARNs of resources of deleted stacks, with the name of the stack. */
  readonly before: ReadonlyMap<string, string>;
}

/**
 * Asks CloudFormation for the stacks of an environment. CloudFormation remembers a deleted stack for 90 days, and with it the
 * id of each resource: this proves that a log group belonged to the environment, even if its name does not say so.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
 */
export async function askStacks(client: CloudFormationClient, id: string): Promise<Stacks> {
  const existing: ExistingStack[] = [];
  const deleted: { name: string; id: string }[] = [];
  for await (const { StackSummaries = [] } of paginateListStacks({ client }, {})) {
    for (const { StackName: name = '', StackId: stackId = '', StackStatus: status = 'unknown' } of StackSummaries) {
      if (!isStackOf(id, name)) continue;
      if (status === 'DELETE_COMPLETE') deleted.push({ name, id: stackId });
      else existing.push({ name, id: stackId, status });
    }
  }
  const inUse = new Set<string>();
  const before = new Map<string, string>();
  // One after the other, because CloudFormation throttles an account that asks for many stacks at once.
  for (const stack of existing) {
    const resources = await resourcesOf(client, stack.id);
    // An update gives a resource up that it cannot delete.
    const own = isSettled(stack) ? resources.filter(({ status }) => !/^DELETE_/.test(status)) : resources;
    for (const { id: used } of own) inUse.add(used);
  }
  for (const stack of deleted) {
    for (const { id: known, type } of await resourcesOf(client, stack.id)) {
      if (TELLING.includes(type)) before.set(known, stack.name);
    }
  }
  return { existing, inUse, before };
}

/** Whether the last operation on the stack has succeeded or was rolled back. */
export function isSettled({ status }: ExistingStack): boolean {
  return status.endsWith('_COMPLETE');
}

interface StackResource {
  readonly id: string;
  readonly type: string;
  readonly status: string;
}

async function resourcesOf(client: CloudFormationClient, StackName: string): Promise<StackResource[]> {
  const found: StackResource[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    for (const {
      PhysicalResourceId: id,
      ResourceStatus: status = '',
      ResourceType: type = '',
    } of StackResourceSummaries) {
      // A resource that could not be created may have the name of one that belongs to somebody else.
      if (id !== undefined && id !== '' && status !== 'CREATE_FAILED') found.push({ id, type, status });
    }
  }
  return found;
}
