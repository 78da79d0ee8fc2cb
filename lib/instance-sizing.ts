import { instanceTypeOf } from './instance-types';

/** A service on instances: the size of a task, and how many run at most while a deployment starts new tasks beside the old ones. */
export interface TasksOnInstances {
  /** CPU units of a task (1024 is one vCPU). */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tasks: number;
}

export interface Instances {
  readonly instanceTypes: readonly string[];
  readonly maxInstances: number;
  /** Whether the account setting `awsvpcTrunking` is on. @default false */
  readonly trunking?: boolean;
  /** MiB of an instance that its agent withholds from tasks. */
  readonly reservedMiB: number;
}

/**
 * Share of the memory that the system sees. ECS registers the memory that Linux reports: 97 % of an m4.large by its
 * documentation, and less of small instances. This share is on the safe side.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
 */
const VISIBLE_MEMORY = 0.9;

/**
 * Tasks of one size that fit on an instance of any of the types: the least by CPU, by memory and by network interfaces.
 *
 * @param property that holds the instances in the environment, for errors
 * @throws if there is no type, a type is not on file, or a type does not hold one task
 */
export function tasksPerInstance(
  { cpu, memoryMiB }: Pick<TasksOnInstances, 'cpu' | 'memoryMiB'>,
  { instanceTypes, trunking = false, reservedMiB }: Omit<Instances, 'maxInstances'>,
  property: string,
): number {
  const counts = instanceTypes.map((name) => {
    const type = instanceTypeOf(name, `${property}.instanceTypes`);
    const fits = {
      'CPU units': Math.floor((type.vcpus * 1_024) / cpu),
      'MiB of memory': Math.floor((type.memoryMiB * VISIBLE_MEMORY - reservedMiB) / memoryMiB),
      // One interface is the instance's own.
      'network interfaces': (trunking ? type.branchInterfaces : undefined) ?? type.interfaces - 1,
    };
    const missing = Object.entries(fits).find(([, count]) => count < 1);
    if (missing !== undefined) {
      throw new Error(
        `${property}.instanceTypes: "${name}" has too few ${missing[0]} for a task of ${cpu} CPU units and ${memoryMiB} MiB. ` +
          'Give a larger type or a smaller task',
      );
    }
    return Math.min(...Object.values(fits));
  });
  if (counts.length === 0) {
    throw new Error(`${property}.instanceTypes: must name at least one type, got none. Give t4g.small`);
  }
  return Math.min(...counts);
}

/**
 * Checks that the tasks of all services fit on the instances. Services do not share an instance in this count: ECS may mix
 * their tasks, but no order of starts is guaranteed in which they do.
 *
 * @throws if they do not fit; the error says how many instances they take
 */
export function checkInstances(
  services: readonly TasksOnInstances[],
  instances: Instances,
  zones: number,
  property: string,
): void {
  // ECS spreads tasks over the zones first, so each zone can have an instance that is not full.
  const needed = services
    .map((service) => {
      const perInstance = tasksPerInstance(service, instances, property);
      return zones * Math.ceil(Math.ceil(service.tasks / zones) / perInstance);
    })
    .reduce((sum, count) => sum + count, 0);
  if (Number.isInteger(instances.maxInstances) && instances.maxInstances >= needed) return;
  const tasks = services.reduce((sum, service) => sum + service.tasks, 0);
  throw new Error(
    `${property}.maxInstances: must be a whole number of at least ${needed}, got ${instances.maxInstances}. During a ` +
      `deployment ${tasks} tasks run over ${zones} zones. Raise maxInstances, or give larger instanceTypes or trunking`,
  );
}
