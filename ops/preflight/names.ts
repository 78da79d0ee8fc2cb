import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import type { Deployed } from './deployed';
import { messages } from './messages';
import type { Outcome } from './outcome';
import type { Plan } from './plan';
import { clusterNames } from './quotas';
import { namesIn } from './stacks';

/**
 * Types whose names are unique in a region, with the property that has the name. The names of other types that have to be
 * unique are made by CloudFormation. Nobody asks for SNS topics, which would need another client.
 */
export const UNIQUE_NAMES: Readonly<Record<string, string>> = {
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::EKS::Cluster': 'Name',
};

/** A name that a template gives, so that a creation fails where the name is in use. */
export interface FixedName {
  readonly type: string;
  readonly name: string;
}

/** Names that the templates write out. CloudFormation makes all other names unique. */
export function fixedNames({ templates }: Pick<Plan, 'templates'>): FixedName[] {
  return Object.values(templates).flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type: type, Properties = {} }) => {
      const property = UNIQUE_NAMES[type];
      const name = property === undefined ? undefined : Properties[property];
      return typeof name === 'string' ? [{ type, name }] : [];
    }),
  );
}

/** Names that exist in the account and do not belong to a stack of the environment. */
export async function askTaken(config: EnvironmentConfig, plan: Plan, deployed: Deployed): Promise<FixedName[]> {
  const own = new Set(deployed.resources.map(({ physicalId }) => physicalId));
  const foreign = fixedNames(plan).filter(({ name }) => !own.has(name));
  const clusters = foreign.some(({ type }) => type === 'AWS::EKS::Cluster') ? await clusterNames(config) : [];
  const logs = new CloudWatchLogsClient(clientOptions(config.region));
  const taken = foreign.map(async (fixed) => {
    const { type, name } = fixed;
    if (type === 'AWS::EKS::Cluster') return clusters.includes(name) ? [fixed] : [];
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
    return logGroups.some(({ logGroupName }) => logGroupName === name) ? [fixed] : [];
  });
  return (await Promise.all(taken)).flat();
}

/** Checks that nothing has a name that a template gives. */
export function names({ region }: EnvironmentConfig, plan: Plan, taken: readonly FixedName[]): Outcome[] {
  const needed = fixedNames(plan).map(({ name }) => name);
  if (taken.length === 0) {
    return [
      { verdict: 'pass', there: needed.length === 0 ? messages.noFixedNames : messages.namesAreFree(namesOf(needed)) },
    ];
  }
  return taken.map(({ type, name }) => ({
    verdict: 'problem',
    needed: name,
    there: type === 'AWS::EKS::Cluster' ? messages.clusterExists : messages.logGroupExists,
    todo:
      type === 'AWS::EKS::Cluster'
        ? messages.deleteCluster({ command: `aws eks describe-cluster --region ${region} --name ${name}` })
        : messages.deleteLogGroup({
            command: `aws logs delete-log-group --region ${region} --log-group-name ${name}`,
          }),
  }));
}

const namesOf = (all: readonly string[]) => ({ names: namesIn(all) });

/** ARNs of the resources with the tag of the environment. */
export async function askTagged({ id, region }: EnvironmentConfig): Promise<string[]> {
  const client = new ResourceGroupsTaggingAPIClient(clientOptions(region));
  const TagFilters = [{ Key: 'kumiki:environment', Values: [id] }];
  const arns: string[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const page = await client.send(new GetResourcesCommand({ TagFilters, PaginationToken: token }));
    arns.push(...(page.ResourceTagMappingList ?? []).flatMap(({ ResourceARN }) => ResourceARN ?? []));
    token = page.PaginationToken === '' ? undefined : page.PaginationToken;
  }
  return arns;
}

/**
 * The warning about resources that an earlier deployment retained: a repository, a table, log groups, a bucket. Their names do
 * not clash, but they cost, and the new deployment does not use them.
 *
 * @param arns resources with the tag of an environment without stacks
 */
export function retained(arns: readonly string[]): Outcome {
  if (arns.length === 0) return { verdict: 'pass', there: messages.nothingRetained };
  const services = [...new Set(arns.map((arn) => arn.split(':')[2] ?? ''))].sort();
  return {
    verdict: 'warning',
    there: messages.retained({ number: arns.length, services: namesIn(services, 8) }),
    todo: messages.sweep,
  };
}
