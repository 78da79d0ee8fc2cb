import {
  CloudFormationClient,
  ListStackResourcesCommand,
  ListStacksCommand,
  StackStatus,
} from '@aws-sdk/client-cloudformation';
import { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';

export interface DeployedStack {
  readonly name: string;
  readonly status: string;
}

export interface DeployedResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** The stacks of an environment, also those that the app no longer has, and their resources. */
export interface Deployed {
  readonly stacks: readonly DeployedStack[];
  readonly resources: readonly DeployedResource[];
}

/** Statuses of stacks that exist. */
const EXISTING = Object.values(StackStatus).filter((status) => status !== 'DELETE_COMPLETE');

export async function deployedOf({ id, region }: EnvironmentConfig): Promise<Deployed> {
  const client = new CloudFormationClient(clientOptions(region));
  // The name of a part has no hyphen, unlike the stacks of another environment whose id begins with this one.
  const own = new RegExp(`^Kumiki-${id}-[A-Za-z0-9]+$`);
  const stacks: DeployedStack[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const page = await client.send(new ListStacksCommand({ StackStatusFilter: EXISTING, NextToken: token }));
    for (const { StackName: name = '', StackStatus: status = '' } of page.StackSummaries ?? []) {
      if (own.test(name)) stacks.push({ name, status });
    }
    token = page.NextToken;
  }
  const resources: DeployedResource[] = [];
  for (const { name: stack } of stacks) {
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await client.send(new ListStackResourcesCommand({ StackName: stack, NextToken: token }));
      for (const {
        LogicalResourceId: logicalId = '',
        ResourceType: type = '',
        ...found
      } of page.StackResourceSummaries ?? []) {
        const { PhysicalResourceId: physicalId, ResourceStatus } = found;
        if (physicalId === undefined || ResourceStatus === 'DELETE_COMPLETE') continue;
        resources.push({ stack, logicalId, physicalId, type });
      }
      token = page.NextToken;
    }
  }
  return { stacks, resources };
}

/** Number of resources of a type that belong to the environment already, so that no check counts them twice. */
export function countOf({ resources }: Deployed, type: string): number {
  return resources.filter((resource) => resource.type === type).length;
}
