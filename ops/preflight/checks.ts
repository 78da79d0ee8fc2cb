import { MAX_UNAVAILABLE_PERCENTAGE } from '../../lib/constructs/managed-node-group';
import { NAT_INSTANCE_TYPE } from '../../lib/constructs/network';
import { EnvironmentConfig } from '../../lib/environment-config';
import { serviceGroups } from '../../lib/services';
import { buildsOnArm, hasVpcLinks, isOnFile, missingIn, Zone } from '../../lib/zones';

// Rules for an account before a deployment, over the answers of the account. Nothing in this file calls AWS.

/** A warning concerns later or other deployments. A check that could not be made has not passed. */
export interface Outcome {
  readonly verdict: 'pass' | 'warning' | 'problem' | 'not checked';
  readonly says: string;
}

/** Tells whether the deployment has to wait. A failed check and a missing check block, a warning does not. */
export function blocks({ verdict }: Outcome): boolean {
  return verdict === 'problem' || verdict === 'not checked';
}

/** Executions that Lambda keeps for all functions of an account together. No function can reserve them. */
const UNRESERVED = 100;

/**
 * Checks the account for the provisioned concurrency of an environment. A new account has a reduced quota, often 10 as reported.
 *
 * @param unreserved `UnreservedConcurrentExecutions`: the limit of the account less the concurrency that
 * `PutFunctionConcurrency` reserved. It still contains the provisioned concurrency of other functions, which Lambda tells
 * only function by function.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export function concurrency({ function: { provisionedConcurrency } }: EnvironmentConfig, unreserved: number): Outcome {
  const { max = 0, schedules = [] } = provisionedConcurrency ?? {};
  const provisioned = Math.max(max, ...schedules.map((schedule) => schedule.max));
  if (provisioned === 0) return { verdict: 'pass', says: 'no concurrency is provisioned' };
  if (provisioned + UNRESERVED > unreserved) {
    return {
      verdict: 'problem',
      says:
        `${provisioned} provisioned and ${UNRESERVED} unreserved executions exceed the ${unreserved} of the account. ` +
        'Request more (Service Quotas, Lambda, "Concurrent executions"), or lower provisionedConcurrency in lib/environments.ts',
    };
  }
  return {
    verdict: 'pass',
    says: `room for ${provisioned} provisioned: ${unreserved} are not reserved. Subtract the provisioned concurrency of other functions`,
  };
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
    if (current === undefined) return { verdict: 'pass', says: 'this deployment creates the role' };
    if (owner === config.id) return { verdict: 'pass', says: current.arn };
    if (ownedByDisposable && !config.disposable) {
      return { verdict: 'pass', says: `this deployment replaces the role of ${owner}, ${current.arn}` };
    }
    return {
      verdict: 'problem',
      says:
        `the account has a role, ${current.arn}, which this deployment would replace. An account has only one: ` +
        'set restApi.ownsApiAccount to false in lib/environments.ts',
    };
  }
  if (current === undefined) {
    return {
      verdict: 'problem',
      says:
        `${role ? `the account names the role ${role.arn}, which no longer exists` : 'the account has no role for API Gateway logs'}, ` +
        'and this environment does not create one. Set restApi.ownsApiAccount to true in lib/environments.ts, or have the ' +
        'owner of the account run aws apigateway update-account',
    };
  }
  if (ownedByDisposable) {
    return {
      verdict: 'problem',
      says:
        `the role, ${current.arn}, belongs to the disposable environment ${owner}. When ${owner} is destroyed, logs stop ` +
        `without an error. Set restApi.ownsApiAccount to true here and to false in ${owner}`,
    };
  }
  if (current.exists === undefined) {
    return { verdict: 'not checked', says: `these credentials do not allow iam:GetRole on ${current.arn}` };
  }
  return { verdict: 'pass', says: current.arn };
}

/**
 * Checks that the zones of an environment have VPC links, and control planes of EKS if it has a cluster.
 *
 * @param account zones of the account in the region, by name and id
 */
export function zones(config: EnvironmentConfig, account: readonly Zone[]): Outcome {
  const { region, availabilityZones: names } = config;
  if (!hasVpcLinks(region)) return withoutVpcLinks(region);
  const serving = account.filter((zone) => missing(zone, config) === undefined).map(({ name }) => name);
  const usable = names.filter((name) => serving.includes(name));
  const proposed = [...usable, ...serving.filter((name) => !usable.includes(name)).sort()].slice(0, names.length);
  const flags = `-c region=${region} -c zones=${proposed.sort().join(',')}`;
  if (usable.length < names.length) {
    const reasons = names.flatMap((name) => {
      const zone = account.find((other) => other.name === name);
      if (zone === undefined)
        return [`the account has no zone ${name} (${account.map((other) => other.name).join(', ')})`];
      const lack = missing(zone, config);
      return lack === undefined ? [] : [`${name} is ${zone.id}, which has ${lack}`];
    });
    const remedy =
      proposed.length < names.length
        ? `Only ${proposed.length} of the ${names.length} zones that are needed have them: choose another region`
        : `Add to each cdk command: ${flags}`;
    return { verdict: 'problem', says: `${reasons.join('; ')}. ${remedy}` };
  }
  const ids = account.filter(({ name }) => names.includes(name)).map(({ name, id }) => `${name} is ${id}`);
  const hint = isOnFile(region) ? '' : `. Add to each cdk command: ${flags}`;
  return { verdict: 'pass', says: `${ids.join(', ')}: ${served(config)}${hint}` };
}

/** Checks the zones of the subnets of an existing VPC in the same way. */
export function existingSubnets(config: EnvironmentConfig, subnets: readonly (Zone & { subnetId: string })[]): Outcome {
  if (!hasVpcLinks(config.region)) return withoutVpcLinks(config.region);
  const lacking = subnets.flatMap((subnet) => {
    const lack = missing(subnet, config);
    return lack === undefined ? [] : [`${subnet.subnetId} is in ${subnet.id}, which has ${lack}`];
  });
  if (lacking.length > 0) {
    return { verdict: 'problem', says: `${lacking.join('; ')}. Name other subnets in network.existing` };
  }
  const ids = [...new Set(subnets.map(({ id }) => id))].sort();
  return { verdict: 'pass', says: `the subnets are in ${ids.join(', ')}: ${served(config)}` };
}

function missing(zone: Zone, config: EnvironmentConfig): string | undefined {
  return missingIn(zone, config.region, { kubernetes: config.kubernetes !== undefined });
}

function served(config: EnvironmentConfig): string {
  return `VPC links V2${config.kubernetes ? ' and control planes of EKS' : ''} are available`;
}

function withoutVpcLinks(region: string): Outcome {
  return {
    verdict: 'not checked',
    says:
      `AWS listed no VPC links V2 in ${region} when lib/zones.ts was written, so the APIs would not reach the containers. ` +
      'See docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html, Availability by Region',
  };
}

/** Checks that AWS documents ARM builds for the region, with which the images of the container services are built. */
export function imageBuild({ services, region }: EnvironmentConfig): Outcome {
  if (services.every(({ image }) => image.from !== 'source')) {
    return { verdict: 'pass', says: 'nothing is built, because every image is given by its digest' };
  }
  if (buildsOnArm(region)) return { verdict: 'pass', says: `CodeBuild builds ARM images in ${region}` };
  return {
    verdict: 'warning',
    says:
      `AWS does not document ARM builds of CodeBuild in ${region}. If they fail, build the image in ` +
      'another region and promote it by digest (docs/decisions/0004-image-built-in-the-account.md)',
  };
}

/** vCPUs of a part that count toward a quota, at its start and at its largest. */
export interface Demand {
  readonly what: string;
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
        if (number === undefined) throw new Error(`EC2 returned no vCPUs for ${type} in ${config.region}.`);
        return number;
      }),
    );
  const demands: Demand[] = [];
  if (hasNatInstance(network)) {
    demands.push({
      what: 'NAT instance',
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
      what: `${maxNodes} nodes, and ${beside} more during an update`,
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
      demands.push({ what: `${all} container instances`, spot: isSpot, start, most: all * size });
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
  const what = `at most ${most} (${counted.map((demand) => demand.what).join('; ')})`;
  if (most <= quota) {
    return { verdict: 'pass', says: `${name}: ${what} of the ${quota} vCPUs that all instances of the account share` };
  }
  const when = start > quota ? `The first deployment already takes ${start}. ` : '';
  return {
    verdict: 'warning',
    says:
      `${name}: the quota is ${quota} vCPUs, but this environment takes ${what}. ${when}Request more: aws service-quotas ` +
      `request-service-quota-increase --region ${region} --service-code ec2 --quota-code ${code} --desired-value ${most}`,
  };
}

/** The warning for a part that is deployed and now off: the next deployment deletes its stack. */
export function leftOver(stackName: string, property: string): Outcome {
  const keep =
    property === 'kubernetes'
      ? 'add -c kubernetes=true to each command, or write "kubernetes": true into the context of cdk.json'
      : `set ${property} in lib/environments.ts`;
  return {
    verdict: 'warning',
    says: `${stackName} is deployed, but ${property} is off, so cdk deploy deletes the stack. To keep it, ${keep}`,
  };
}

function hasNatInstance({ create }: EnvironmentConfig['network']): boolean {
  return create?.egress.mode === 'nat-instance';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
