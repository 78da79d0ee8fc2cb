import { instanceTypeOf } from './instance-types';

/** Tasks of a service on instances. */
export interface TasksOnInstances {
  /** CPU units of a task (1024 is one vCPU). */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Tasks at most, including the new tasks that a deployment starts beside the old ones. */
  readonly tasks: number;
}

export interface Instances {
  readonly instanceTypes: readonly string[];
  readonly maxInstances: number;
  /** The account setting `awsvpcTrunking` is on. @default false */
  readonly trunking?: boolean;
  /** MiB of an instance that the ECS agent reserves. */
  readonly reservedMiB: number;
}

/**
 * Share of an instance's memory that Linux reports, and that ECS therefore registers. The documentation of ECS has 97 % for
 * an m4.large; small instances have less. This share is a safe estimate.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
 */
const VISIBLE_MEMORY = 0.9;

/**
 * Number of tasks of one size that fit on an instance of any of the types: the minimum by CPU, by memory and by network
 * interfaces.
 *
 * @param property property of the environment that holds the instances, for errors
 * @throws if no type is given, a type is not in lib/instance-types.ts, or a type does not hold one task
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
      // One interface belongs to the instance itself.
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
 * Checks that the tasks of all services fit on the instances. This count assumes that services do not share an instance: ECS
 * may mix their tasks, but does not guarantee an order of starts in which the tasks share instances.
 *
 * @throws if the tasks do not fit; the error names the number of instances that they need
 */
export function checkInstances(
  services: readonly TasksOnInstances[],
  instances: Instances,
  zones: number,
  property: string,
): void {
  // ECS spreads tasks over the zones first, so each zone may have one instance that is not full.
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
