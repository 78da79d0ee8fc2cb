/** Resources of an EC2 instance type for ECS tasks and for nodes of a Kubernetes cluster. */
export interface InstanceType {
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Network interfaces, one of which belongs to the instance itself. */
  readonly interfaces: number;
  /** Private IPv4 addresses of each interface. */
  readonly addressesPerInterface: number;
  /**
   * Branch interfaces where the account setting `awsvpcTrunking` is on: the maximum number of ECS tasks with their own
   * interface. Undefined for burstable types, because they support no trunk.
   */
  readonly branchInterfaces?: number;
}

/**
 * Instance types that an environment may name. vCPUs and memory come from AWS's list of instance types, interfaces and
 * addresses from the limits of AWS's VPC controller.
 *
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes
 * @see https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/aws/vpc/limits.go
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/eni-trunking-supported-instance-types.html
 */
const INSTANCE_TYPES: Readonly<Record<string, InstanceType>> = {
  't4g.small': { vcpus: 2, memoryMiB: 2_048, interfaces: 3, addressesPerInterface: 4 },
  't4g.medium': { vcpus: 2, memoryMiB: 4_096, interfaces: 3, addressesPerInterface: 6 },
  't4g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 12 },
  't4g.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, addressesPerInterface: 15 },
  'm6g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'm6g.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, addressesPerInterface: 15, branchInterfaces: 18 },
  'm7g.medium': { vcpus: 1, memoryMiB: 4_096, interfaces: 2, addressesPerInterface: 4, branchInterfaces: 4 },
  'm7g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'm7g.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, addressesPerInterface: 15, branchInterfaces: 18 },
  'm7g.2xlarge': { vcpus: 8, memoryMiB: 32_768, interfaces: 4, addressesPerInterface: 15, branchInterfaces: 38 },
  'm8g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'c7g.large': { vcpus: 2, memoryMiB: 4_096, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'c7g.xlarge': { vcpus: 4, memoryMiB: 8_192, interfaces: 4, addressesPerInterface: 15, branchInterfaces: 18 },
  't3.small': { vcpus: 2, memoryMiB: 2_048, interfaces: 3, addressesPerInterface: 4 },
  't3.medium': { vcpus: 2, memoryMiB: 4_096, interfaces: 3, addressesPerInterface: 6 },
  't3.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 12 },
  'm6i.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'm7i.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, addressesPerInterface: 10, branchInterfaces: 9 },
  'm7i.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, addressesPerInterface: 15, branchInterfaces: 18 },
};

/**
 * @param property property of the environment that names the type, for the error
 * @throws if the type is not in this file
 */
export function instanceTypeOf(name: string, property: string): InstanceType {
  const type = Object.hasOwn(INSTANCE_TYPES, name) ? INSTANCE_TYPES[name] : undefined;
  if (type === undefined) {
    throw new Error(
      `${property}: "${name}" is not on file. Give one of ${Object.keys(INSTANCE_TYPES).join(', ')}, or enter its vCPUs, ` +
        `memory and interfaces in lib/instance-types.ts (aws ec2 describe-instance-types --instance-types ${name})`,
    );
  }
  return type;
}
