import { MAX_UNAVAILABLE_PERCENTAGE } from '../../lib/constructs/managed-node-group';
import { NAT_INSTANCE_TYPE } from '../../lib/constructs/network';
import { EnvironmentConfig } from '../../lib/environment-config';
import { serviceGroups } from '../../lib/services';
import { buildsOnArm, hasVpcLinks, isOnFile, missingIn, type ZonalPart, Zone } from '../../lib/zones';
import { Failure, joined, type Text } from '../kit/language';
import { messages } from './messages';
import type { Outcome } from './outcome';

// Rules for an account before a deployment, over the answers of the account. Nothing in this file calls AWS.

/** Executions that Lambda keeps for all functions of an account together. No function can reserve them. */
const UNRESERVED = 100;

/** Largest provisioned concurrency of an environment, with its schedules. */
export function provisionedBy({ function: { provisionedConcurrency } }: EnvironmentConfig): number {
  const { max = 0, schedules = [] } = provisionedConcurrency ?? {};
  return Math.max(max, ...schedules.map((schedule) => schedule.max));
}

/**
 * Checks the account for the provisioned concurrency of an environment. A new account has a reduced quota, often 10 as reported.
 *
 * @param unreserved `UnreservedConcurrentExecutions`: the limit of the account less the concurrency that
 * `PutFunctionConcurrency` reserved. It still contains the provisioned concurrency of functions that reserve none.
 * @param others provisioned concurrency of the functions of others that reserve none
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export function concurrency(config: EnvironmentConfig, unreserved: number, others = 0): Outcome {
  const provisioned = provisionedBy(config);
  if (provisioned === 0) return { verdict: 'pass', needed: 0, there: messages.nothingProvisioned };
  const needed = messages.provisionedNeeded({ provisioned, kept: UNRESERVED });
  const there = messages.concurrencyThere({ unreserved, others });
  if (provisioned + UNRESERVED > unreserved - others) {
    return { verdict: 'problem', needed, there, todo: messages.requestConcurrency };
  }
  return { verdict: 'pass', needed, there };
}

/** The role for the logs of API Gateway. An account has one in each region. */
export interface LogRole {
  readonly arn: string;
  /** Undefined where the credentials do not allow iam:GetRole. */
  readonly exists?: boolean;
}

/**
 * Checks that the account has a role for API Gateway logs, or that this deployment may create one.
 *
 * @param role the current role of the account
 * @param disposable ids of the disposable environments
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export function logRole(config: EnvironmentConfig, role: LogRole | undefined, disposable: readonly string[]): Outcome {
  const owned = config.restApi.ownsApiAccount;
  const current = role?.exists === false ? undefined : role;
  // CloudFormation derives the name of the role in lib/constructs/api-account.ts from the name of the stack.
  const owner = /\/Kumiki-(.+)-RestApi-/.exec(current?.arn ?? '')?.[1];
  const ownedByDisposable = owner !== undefined && owner !== config.id && disposable.includes(owner);
  if (owned) {
    if (current === undefined) return { verdict: 'pass', there: messages.createsRole };
    if (owner === config.id) return { verdict: 'pass', there: messages.roleIs({ arn: current.arn }) };
    if (ownedByDisposable && !config.disposable) {
      return { verdict: 'pass', there: messages.replacesRole({ owner, arn: current.arn }) };
    }
    return {
      verdict: 'problem',
      there: messages.wouldReplaceRole({ arn: current.arn }),
      todo: messages.disownRole,
    };
  }
  if (current === undefined) {
    return {
      verdict: 'problem',
      there: messages.needsRole({ why: role ? messages.roleIsGone({ arn: role.arn }) : messages.noRole }),
      todo: messages.createRole,
    };
  }
  if (ownedByDisposable) {
    return {
      verdict: 'problem',
      there: messages.disposableRole({ arn: current.arn, owner }),
      todo: messages.ownRole({ owner }),
    };
  }
  if (current.exists === undefined) {
    return {
      verdict: 'not checked',
      there: messages.roleNotAllowed({ arn: current.arn }),
      todo: messages.allow({ actions: 'iam:GetRole' }),
    };
  }
  return { verdict: 'pass', there: messages.roleIs({ arn: current.arn }) };
}

/**
 * Checks that the zones of an environment have VPC links, and control planes of EKS if it has a cluster.
 *
 * @param account zones of the account in the region, by name and id
 */
export function zones(config: EnvironmentConfig, account: readonly Zone[]): Outcome {
  const { region, availabilityZones: names } = config;
  if (!hasVpcLinks(region)) return withoutVpcLinks(region);
  const needed = joined(names);
  const serving = account.filter((zone) => missing(zone, config) === undefined).map(({ name }) => name);
  const usable = names.filter((name) => serving.includes(name));
  const proposed = [...usable, ...serving.filter((name) => !usable.includes(name)).sort()].slice(0, names.length);
  const flags = `-c region=${region} -c zones=${proposed.sort().join(',')}`;
  if (usable.length < names.length) {
    const reasons = names.flatMap((name) => {
      const zone = account.find((other) => other.name === name);
      if (zone === undefined) return [messages.noZone({ name, others: account.map((other) => other.name).join(', ') })];
      const lack = missing(zone, config);
      return lack === undefined ? [] : [messages.zoneLacks({ name, id: zone.id, lack })];
    });
    const remedy =
      proposed.length < names.length
        ? messages.tooFewZones({ found: proposed.length, needed: names.length })
        : messages.addFlags({ flags });
    return { verdict: 'problem', needed, there: joined(reasons, messages.reasons), todo: remedy };
  }
  const ids = account.filter(({ name }) => names.includes(name)).map(({ name, id }) => messages.zoneIs({ name, id }));
  const there = messages.available({ where: joined(ids), parts: served(config) });
  return { verdict: 'pass', needed, there, todo: isOnFile(region) ? undefined : messages.addFlags({ flags }) };
}

/** Checks the zones of the subnets of an existing VPC in the same way. */
export function existingSubnets(config: EnvironmentConfig, subnets: readonly (Zone & { subnetId: string })[]): Outcome {
  if (!hasVpcLinks(config.region)) return withoutVpcLinks(config.region);
  const lacking = subnets.flatMap((subnet) => {
    const lack = missing(subnet, config);
    return lack === undefined ? [] : [messages.subnetLacks({ subnet: subnet.subnetId, id: subnet.id, lack })];
  });
  if (lacking.length > 0) {
    return { verdict: 'problem', there: joined(lacking, messages.reasons), todo: messages.otherSubnets };
  }
  const ids = [...new Set(subnets.map(({ id }) => id))].sort();
  const where = messages.subnetsIn({ ids: ids.join(', ') });
  return { verdict: 'pass', there: messages.available({ where, parts: served(config) }) };
}

/** The services that a zone lacks. */
function missing(zone: Zone, config: EnvironmentConfig): Text | undefined {
  const lack = missingIn(zone, config.region, { kubernetes: config.kubernetes !== undefined });
  if (lack.length === 0) return undefined;
  return joined(
    lack.map((part) => PARTS[part]),
    messages.andNo,
  );
}

const PARTS: Readonly<Record<ZonalPart, Text>> = {
  'VPC links V2': messages.vpcLinks,
  'control planes of EKS': messages.controlPlanes,
};

function served(config: EnvironmentConfig): Text {
  return config.kubernetes ? joined([messages.vpcLinks, messages.controlPlanes], messages.and) : messages.vpcLinks;
}

function withoutVpcLinks(region: string): Outcome {
  return {
    verdict: 'not checked',
    there: messages.noVpcLinks({ region }),
    todo: messages.seeVpcLinks,
  };
}

/** Checks that AWS documents ARM builds for the region, with which the images of the container services are built. */
export function imageBuild({ services, region }: EnvironmentConfig): Outcome {
  if (services.every(({ image }) => image.from !== 'source')) {
    return { verdict: 'pass', there: messages.nothingBuilt };
  }
  if (buildsOnArm(region)) return { verdict: 'pass', there: messages.buildsOnArm({ region }) };
  return {
    verdict: 'warning',
    there: messages.armNotDocumented({ region }),
    todo: messages.promoteInstead,
  };
}

/** vCPUs of a part that count toward a quota, at its start and at its largest. */
export interface Demand {
  readonly what: Text;
  readonly spot: boolean;
  readonly start: number;
  readonly most: number;
}

/** A quota of EC2 on vCPUs of the standard families (A, C, D, H, I, M, R, T, Z). New accounts have 5 or fewer. */
export interface VcpuQuota {
  readonly code: string;
  readonly name: string;
  readonly spot: boolean;
}

/** @see https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
export const VCPU_QUOTAS: readonly VcpuQuota[] = [
  { code: 'L-1216C47A', name: 'Running On-Demand Standard instances', spot: false },
  { code: 'L-34B43A08', name: 'All Standard Spot Instance Requests', spot: true },
];

/** Instance types that an environment launches. */
export function instanceTypes({ kubernetes, capacity, network }: EnvironmentConfig): string[] {
  const types = [...(kubernetes?.nodes.instanceTypes ?? []), ...(capacity.ec2?.instanceTypes ?? [])];
  return [...new Set([...types, ...(hasNatInstance(network) ? [NAT_INSTANCE_TYPE] : [])])];
}

/**
 * The vCPUs of an environment that count toward the quotas.
 *
 * @param vcpus vCPUs of each of its instance types
 * @throws if `vcpus` lacks one of its instance types
 */
export function vcpuDemand(config: EnvironmentConfig, vcpus: Readonly<Record<string, number>>): Demand[] {
  const { kubernetes, network, capacity, services, availabilityZones } = config;
  const largest = (types: readonly string[]) =>
    Math.max(
      ...types.map((type) => {
        const number = vcpus[type];
        if (number === undefined) throw new Failure(messages.noVcpus({ type, region: config.region }));
        return number;
      }),
    );
  const demands: Demand[] = [];
  if (hasNatInstance(network)) {
    demands.push({
      what: messages.natInstance,
      spot: false,
      start: largest([NAT_INSTANCE_TYPE]),
      most: largest([NAT_INSTANCE_TYPE]),
    });
  }
  if (kubernetes) {
    const { instanceTypes: types, minNodes, maxNodes, spot = false } = kubernetes.nodes;
    // An update of the node group starts new nodes before it ends old ones: up to two in each zone, or as many as it may
    // replace at a time, whichever is more.
    // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    const replaced = Math.ceil((maxNodes * MAX_UNAVAILABLE_PERCENTAGE) / 100);
    const beside = Math.max(2 * availabilityZones.length, replaced);
    const size = largest(types);
    demands.push({
      what: messages.nodes({ nodes: maxNodes, more: beside }),
      spot,
      start: minNodes * size,
      most: (maxNodes + beside) * size,
    });
  }
  if (capacity.ec2) {
    const { instanceTypes: types, maxInstances, spot } = capacity.ec2;
    const base = spot?.onDemandBase ?? maxInstances;
    const onDemand = Math.min(
      maxInstances,
      base + Math.ceil(((spot?.onDemandPercent ?? 100) / 100) * Math.max(0, maxInstances - base)),
    );
    const size = largest(types);
    for (const [number, isSpot] of [
      [onDemand, false],
      [maxInstances - onDemand, true],
    ] as const) {
      if (number === 0) continue;
      // The services behind each load balancer have instances of their own.
      const all = number * serviceGroups(services).length;
      const start = size * serviceGroups(services).length;
      demands.push({ what: messages.containerInstances({ number: all }), spot: isSpot, start, most: all * size });
    }
  }
  return demands;
}

/** Compares a quota with the demands; undefined where none of them counts toward the quota. */
export function vcpuRoom(
  { code, name, spot }: VcpuQuota,
  demands: readonly Demand[],
  quota: number,
  region: string,
): Outcome | undefined {
  const counted = demands.filter((demand) => demand.spot === spot);
  if (counted.length === 0) return undefined;
  const [start, most] = [sum(counted.map((demand) => demand.start)), sum(counted.map((demand) => demand.most))];
  const parts = joined(
    counted.map((demand) => demand.what),
    messages.reasons,
  );
  const needed = messages.mostVcpus({ most, parts });
  if (most <= quota) {
    return { verdict: 'pass', needed, there: messages.enoughVcpus({ quota: name, value: quota }) };
  }
  const when = start > quota ? messages.alreadyTakes({ start }) : '';
  const command = increaseOf(region, 'ec2', code, most);
  return {
    verdict: 'warning',
    needed,
    there: messages.tooFewVcpus({ quota: name, value: quota, when }),
    todo: messages.requestMore({ command }),
  };
}

/** The command that asks for a larger quota. */
export function increaseOf(region: string, service: string, code: string, value: number): string {
  return (
    `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} ` +
    `--quota-code ${code} --desired-value ${value}`
  );
}

function hasNatInstance({ create }: EnvironmentConfig['network']): boolean {
  return create?.egress.mode === 'nat-instance';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
