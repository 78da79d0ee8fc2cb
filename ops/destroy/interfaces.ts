import {
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  type Filter,
} from '@aws-sdk/client-ec2';
import { clientOptions } from '../kit/client';

export interface Interface {
  readonly id: string;
  readonly status: string;
  readonly description: string;
}

/**
 * The description of an interface that Lambda created. A released interface has the type `interface` instead of `lambda`, so
 * that only the description tells whose it was: https://github.com/alchemy-run/alchemy/pull/937
 */
const OF_LAMBDA: Filter = { Name: 'description', Values: ['AWS Lambda VPC ENI*'] };

/** Filters of EC2 by the type of the resource that cannot be deleted. */
const USERS: Readonly<Record<string, string>> = {
  'AWS::EC2::SecurityGroup': 'group-id',
  'AWS::EC2::Subnet': 'subnet-id',
  'AWS::EC2::VPC': 'vpc-id',
};

/**
 * The network interfaces of functions in certain security groups.
 *
 * Lambda shares an interface among all functions and published versions with the same subnets and security groups, and releases
 * it when none of them is left. Then the interface is `available`, and Lambda deletes it after 20 minutes and more. Anybody with
 * ec2:DeleteNetworkInterface may delete it at once.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 * @see https://repost.aws/knowledge-center/lambda-hyperplane-vpc
 */
export class Interfaces {
  private readonly client: EC2Client;

  constructor(
    region: string,
    private readonly groups: readonly string[],
  ) {
    this.client = new EC2Client(clientOptions(region));
  }

  async ofLambda(): Promise<Interface[]> {
    if (this.groups.length === 0) return [];
    return this.list([OF_LAMBDA, { Name: 'group-id', Values: [...this.groups] }]);
  }

  /** Interfaces that use a security group, a subnet or a VPC; none for other types. */
  async usersOf(type: string, physicalId: string): Promise<Interface[]> {
    const { [type]: filter } = USERS;
    return filter === undefined ? [] : this.list([{ Name: filter, Values: [physicalId] }]);
  }

  /** Deletes those that Lambda has released. @returns the ids of the deleted ones, and the number of those that are left */
  async deleteReleased(): Promise<{ readonly deleted: string[]; readonly left: number }> {
    const all = await this.ofLambda();
    const deleted: string[] = [];
    for (const { id, status } of all) {
      if (status === 'available' && (await this.delete(id))) deleted.push(id);
    }
    return { deleted, left: all.length - deleted.length };
  }

  /** @returns false where Lambda uses the interface again, or has deleted it */
  private async delete(id: string): Promise<boolean> {
    try {
      await this.client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
      return true;
    } catch (error) {
      if (
        error instanceof Error &&
        /^Invalid(NetworkInterfaceID\.NotFound|NetworkInterface\.InUse|ParameterValue)$/.test(error.name)
      ) {
        return false;
      }
      throw error;
    }
  }

  private async list(Filters: Filter[]): Promise<Interface[]> {
    const found: Interface[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.client.send(new DescribeNetworkInterfacesCommand({ Filters, NextToken }));
      for (const {
        NetworkInterfaceId: id = '',
        Status: status,
        Description: description = '',
      } of page.NetworkInterfaces ?? []) {
        found.push({ id, status: status ?? '', description });
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found;
  }
}
