// What proves that a resource belongs to an environment. Nothing in this file calls AWS.

/** Names of the stacks of an environment, after `Kumiki-<environment>-`. A digit may follow, as in Containers2. */
export const STACK_PARTS = [
  'Network',
  'Registry',
  'Containers',
  'Kubernetes',
  'Function',
  'RestApi',
  'HttpApi',
  'WebSocketApi',
  'Notifications',
  'Operations',
  'Dashboard',
  'Sleep',
  'Encryption',
] as const;

/** The tag that every stack of an environment gives to its resources. */
export const ENVIRONMENT_TAG = 'kumiki:environment';

const PARTS = STACK_PARTS.join('|');

/** Tells whether a stack is a stack of the environment, and not one of an environment whose id starts with the same letters. */
export function isStackOf(id: string, stackName: string): boolean {
  return new RegExp(`^Kumiki-${escaped(id)}-(?:${PARTS})\\d*$`).test(stackName);
}

/** Name of the cluster on EKS. */
export function clusterOf(id: string): string {
  return `kumiki-${id}`;
}

/**
 * The stack whose name a resource carries in its own name, if the name can belong to no other environment.
 *
 * CloudFormation builds a name from those of the stack and of the resource, in lower case where a service demands it. AWS
 * services name their log groups after these resources.
 *
 * @param others ids of the other environments of lib/environments.ts
 */
export function stackNamedBy(id: string, name: string, others: readonly string[] = []): string | undefined {
  if (name.startsWith(`/aws/eks/${clusterOf(id)}/`) || name.startsWith(`/aws/containerinsights/${clusterOf(id)}/`)) {
    return `Kumiki-${id}-Kubernetes`;
  }
  // The dashboard has the name of the environment.
  if (name === `Kumiki-${id}`) return `Kumiki-${id}-Dashboard`;
  if (name === clusterOf(id)) return `Kumiki-${id}-Kubernetes`;
  const own = name.replace(/^\/aws\/(?:lambda|codebuild|ecs\/containerinsights|vendedlogs\/[a-z]+)\//, '');
  const part =
    new RegExp(`^Kumiki-${escaped(id)}-((?:${PARTS})\\d*)-`).exec(own)?.[1] ??
    lowerCasePart(own, id) ??
    (others.some((other) => squashed(other) === squashed(id)) ? undefined : squashedPart(own, id));
  if (part === undefined) return undefined;
  // The ids "a" and "a-Network" would both fit Kumiki-a-Network-Network-….
  const longer = others.filter((other) => other.toLowerCase().startsWith(`${id}-`.toLowerCase()));
  if (longer.some((other) => own.toLowerCase().startsWith(`kumiki-${other}-`.toLowerCase()))) return undefined;
  return `Kumiki-${id}-${part}`;
}

function lowerCasePart(name: string, id: string): string | undefined {
  const pattern = new RegExp(`^kumiki-${escaped(id.toLowerCase())}-(${PARTS.toLowerCase()})(\\d*)-`);
  const [, lower, digits = ''] = pattern.exec(name) ?? [];
  const part = STACK_PARTS.find((known) => known.toLowerCase() === lower);
  return part === undefined ? undefined : `${part}${digits}`;
}

/** `uniqueResourceName` of the CDK drops hyphens: the name of an ECS cluster is KumikisandboxContainers-History-…. */
function squashedPart(name: string, id: string): string | undefined {
  return new RegExp(`^Kumiki${escaped(squashed(id))}(Containers\\d*)-`).exec(name)?.[1];
}

function squashed(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9]/g, '');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
