import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, paginateListTasks, type Task } from '@aws-sdk/client-ecs';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { idPrefix, serviceGroups } from '../../lib/services';
import { Failure } from '../kit/language';
import { messages } from './messages';

export interface Running {
  readonly digest: string;
  readonly tasks: number;
}

/** Tasks that one request of DescribeTasks takes. */
const TASKS = 100;

/** Name of the image repository of a service. */
export async function repositoryOf(client: CloudFormationClient, config: EnvironmentConfig, service: string) {
  return output(client, config, 'Registry', service, 'RepositoryName');
}

/** Image in the task definition of a service, `<repository>:<tag>` or `<repository>@<digest>`. */
export async function imageOf(client: CloudFormationClient, config: EnvironmentConfig, service: string) {
  return output(client, config, 'Containers', service, 'ImageUri');
}

async function output(
  client: CloudFormationClient,
  config: EnvironmentConfig,
  part: string,
  service: string,
  name: string,
): Promise<string> {
  const group = serviceGroups(config.services).find(({ services }) => services.some((each) => each.name === service));
  const stack = `Kumiki-${config.id}-${part}${group?.suffix ?? ''}`;
  const key = `${idPrefix(service)}${name}`;
  const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  const value = found?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
  if (value === undefined) throw new Failure(messages.noOutput({ stack, output: key }));
  return value;
}

/**
 * The digest that the tasks of a service run, which is not always the newest in the repository.
 *
 * @param service its clusters, and the URI of its repository, by which its containers are known
 * @throws if no task runs, or tasks run different images
 */
export async function running(
  client: ECSClient,
  { clusters, repositoryUri }: { readonly clusters: readonly string[]; readonly repositoryUri: string },
  names: { readonly service: string; readonly environment: string },
): Promise<Running> {
  const digests: string[] = [];
  for (const cluster of clusters) {
    for (const { containers = [] } of await tasksOf(client, cluster)) {
      const own = containers.find(
        ({ image = '' }) => image.startsWith(`${repositoryUri}:`) || image.startsWith(`${repositoryUri}@`),
      );
      if (own?.imageDigest !== undefined) digests.push(own.imageDigest);
    }
  }
  const [digest, ...others] = new Set(digests);
  if (digest === undefined) throw new Failure(messages.noTask(names));
  if (others.length > 0) {
    const all = [digest, ...others];
    throw new Failure(messages.severalDigests({ ...names, number: all.length, digests: all.join(', ') }));
  }
  return { digest, tasks: digests.length };
}

async function tasksOf(client: ECSClient, cluster: string): Promise<Task[]> {
  const arns: string[] = [];
  for await (const { taskArns = [] } of paginateListTasks({ client }, { cluster, desiredStatus: 'RUNNING' })) {
    arns.push(...taskArns);
  }
  const tasks: Task[] = [];
  for (let first = 0; first < arns.length; first += TASKS) {
    const command = new DescribeTasksCommand({ cluster, tasks: arns.slice(first, first + TASKS) });
    tasks.push(...((await client.send(command)).tasks ?? []));
  }
  return tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING');
}
