import type { Text } from '../kit/language';
import { messages } from './messages';
import { clusterOf, ENVIRONMENT_TAG, isStackOf, stackNamedBy } from './names';
import type { Cost } from './prices';
import { isSettled, type Stacks } from './stacks';

// Decides what is left of an environment. Nothing in this file calls AWS.

export const KINDS = [
  'restApi',
  'api',
  'vpcLink',
  'cluster',
  'ecsCluster',
  'function',
  'alarm',
  'dashboard',
  'loadBalancer',
  'targetGroup',
  'autoScalingGroup',
  'instance',
  'natGateway',
  'endpoint',
  'networkInterface',
  'address',
  'volume',
  'launchTemplate',
  'securityGroup',
  'subnet',
  'routeTable',
  'internetGateway',
  'vpc',
  'table',
  'bucket',
  'repository',
  'key',
  'role',
  'logGroup',
  'other',
] as const;
/** Kinds of resources, in the order in which they can be deleted. */
export type Kind = (typeof KINDS)[number];

/** Status of a stack that has only a change set, which nobody executed. Such a stack has no resources. */
export const ONLY_CHANGE_SET = 'REVIEW_IN_PROGRESS';

/** A resource that exists in the account. */
export interface Resource {
  readonly kind: Kind;
  /** Id that the deletion takes. */
  readonly id: string;
  /** Name that is printed. @default the id */
  readonly name?: string;
  readonly arn?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Names and ids of the resources that it serves, as a function has a log group. */
  readonly serves?: readonly string[];
  readonly cost: Cost;
  /** Why it stays, although it is left. */
  readonly stays?: Text;
}

export interface LeftOver extends Resource {
  /** Deleted stack that the resource belonged to, as far as it is known. */
  readonly stack?: string;
  /** What proves that the resource belongs to the environment. */
  readonly proof: 'tag' | 'stack' | 'name';
}

export interface Facts {
  readonly id: string;
  readonly stacks: Stacks;
  /** Ids of the other environments. */
  readonly others: readonly string[];
}

/** The resources of the environment that belong to no existing stack. */
export function leftOversOf(resources: readonly Resource[], facts: Facts): LeftOver[] {
  return resources
    .flatMap((resource) => {
      const owner = ownerOf(resource, facts);
      return owner === undefined || isInUse(resource, owner, facts) ? [] : [withReason({ ...resource, ...owner })];
    })
    .toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

/** A role belongs to no region, so a stack of the same name in another region may use it. */
function withReason(leftOver: LeftOver): LeftOver {
  const { kind, proof, stays } = leftOver;
  return kind === 'role' && proof === 'name' ? { ...leftOver, stays: stays ?? messages.otherRegion } : leftOver;
}

interface Owner {
  readonly stack?: string;
  readonly stackId?: string;
  readonly proof: LeftOver['proof'];
}

/** What proves that the resource belongs to the environment; undefined where nothing does. */
function ownerOf({ kind, id, name = id, arn, tags = {}, serves = [] }: Resource, facts: Facts): Owner | undefined {
  const { [ENVIRONMENT_TAG]: environment, 'aws:cloudformation:stack-name': stack } = tags;
  // The tag of another environment is a proof, too.
  if (environment !== undefined && environment !== facts.id) return undefined;
  // So is the stack of another app, which may give its resources our tag.
  if (stack !== undefined && !isStackOf(facts.id, stack)) return undefined;
  const isTagged = environment === facts.id;
  if (isTagged && stack !== undefined) {
    return { stack, stackId: tags['aws:cloudformation:stack-id'], proof: 'tag' };
  }
  if (isOfCluster(tags, clusterOf(facts.id))) return { stack: `Kumiki-${facts.id}-Kubernetes`, proof: 'tag' };
  for (const known of [id, name, arn, ...serves]) {
    const before = known === undefined ? undefined : facts.stacks.before.get(known);
    if (before !== undefined) return { stack: before, proof: 'stack' };
  }
  for (const known of [name, ...serves]) {
    const named = stackNamedBy(facts.id, known, facts.others);
    // A role may belong to a stack of the same name in another region.
    if (named !== undefined) return { stack: named, proof: isTagged && kind !== 'role' ? 'tag' : 'name' };
  }
  // The tag says which environment, but not which of its stacks.
  return isTagged ? { proof: 'tag' } : undefined;
}

/** The tags that EKS, its VPC CNI and Kubernetes give to what they create. */
function isOfCluster(tags: Readonly<Record<string, string>>, cluster: string): boolean {
  return (
    tags[`kubernetes.io/cluster/${cluster}`] === 'owned' ||
    ['aws:eks:cluster-name', 'eks:cluster-name', 'cluster.k8s.amazonaws.com/name'].some((key) => tags[key] === cluster)
  );
}

function isInUse(resource: Resource, owner: Owner, facts: Facts): boolean {
  const { id, name, arn, serves = [] } = resource;
  const { inUse } = facts.stacks;
  const existing = facts.stacks.existing.filter(({ status }) => status !== ONLY_CHANGE_SET);
  if ([id, name, arn, ...serves].some((known) => known !== undefined && inUse.has(known))) return true;
  if (isGivenUp(resource, owner, facts)) return false;
  const { stack, stackId, proof } = owner;
  // Without a stack, nothing says which of the stacks the resource belongs to.
  if (stack === undefined) return existing.length > 0;
  const current = existing.find((each) => each.name === stack);
  if (current === undefined) return false;
  // A stack of this name was created again. Its resources have its id, and CloudFormation lists them.
  return proof === 'stack' ? false : stackId === undefined || stackId === current.id;
}

/**
 * Whether CloudFormation gave an alarm up. CloudWatch refuses to delete an alarm that a composite alarm of another stack names.
 * During an update, CloudFormation then "removes the old resource from the stack and continues". CloudFormation lists every other
 * alarm that has the tag of the environment and the name of a stack.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
 */
function isGivenUp({ kind, id }: Resource, { proof }: Owner, { id: environment, others, stacks }: Facts): boolean {
  if (kind !== 'alarm' || proof !== 'tag') return false;
  const stack = stacks.existing.find(({ name }) => name === stackNamedBy(environment, id, others));
  return stack !== undefined && isSettled(stack);
}

/** The sum of the costs that are known. */
export function sumOf(leftOvers: readonly Resource[]): number {
  return leftOvers.reduce((sum, { cost }) => sum + (typeof cost === 'number' ? cost : 0), 0);
}
