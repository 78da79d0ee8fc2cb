import { EnvironmentConfig } from '../../lib/environment-config';
import { buildsOnArm, hasVpcLinks, isOnFile, missingIn, Zone } from '../../lib/zones';

/**
 * What an account has to have before a deployment, as rules over what it answers: no AWS in here.
 *
 * A warning is about what may go wrong later or somewhere else. What was not checked is not passed.
 */
export interface Outcome {
  readonly verdict: 'pass' | 'warning' | 'problem' | 'not checked';
  readonly says: string;
}

/** Whether to wait with the deployment: not for a warning, but for what nobody looked at. */
export function holdsUp({ verdict }: Outcome): boolean {
  return verdict === 'problem' || verdict === 'not checked';
}

/** Lambda keeps so many executions of an account that no function may have for itself. */
const UNRESERVED = 100;

/**
 * Whether there is room for the provisioned concurrency of an environment in an account. New accounts start with 10 or 50.
 *
 * @param unreserved `UnreservedConcurrentExecutions`: the account's limit without what `PutFunctionConcurrency` reserved. What
 * other functions have provisioned is in it, and Lambda tells that only function by function.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export function concurrency({ function: { provisionedConcurrency } }: EnvironmentConfig, unreserved: number): Outcome {
  const { max = 0, schedules = [] } = provisionedConcurrency ?? {};
  const provisioned = Math.max(max, ...schedules.map((schedule) => schedule.max));
  if (provisioned === 0) return { verdict: 'pass', says: 'none is provisioned' };
  if (provisioned + UNRESERVED > unreserved) {
    return {
      verdict: 'problem',
      says:
        `${provisioned} provisioned and the ${UNRESERVED} that stay unreserved do not fit into ${unreserved}. ` +
        'Ask for more (Service Quotas, Lambda, "Concurrent executions"), or lower provisionedConcurrency in lib/environments.ts',
    };
  }
  return {
    verdict: 'pass',
    says: `room for ${provisioned} provisioned: ${unreserved} are not reserved. If other functions have provisioned concurrency, subtract it`,
  };
}

/** The account's role for the logs of API Gateway, one for account and region. */
export interface LogRole {
  readonly arn: string;
  /** Undefined where the credentials may not ask. */
  readonly exists?: boolean;
}

/**
 * Whether the account's role for API Gateway logs stands in the way.
 *
 * @param role the role that the account has now
 * @param disposable ids of the environments that are deleted as a matter of course
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export function logRole(config: EnvironmentConfig, role: LogRole | undefined, disposable: readonly string[]): Outcome {
  const owned = config.restApi.ownsApiAccount;
  const there = role?.exists === false ? undefined : role;
  // As CloudFormation names the role of lib/constructs/api-account.ts.
  const owner = /\/Kumiki-(.+)-RestApi-/.exec(there?.arn ?? '')?.[1];
  const passing = owner !== undefined && owner !== config.id && disposable.includes(owner);
  if (owned) {
    if (there === undefined) return { verdict: 'pass', says: 'this deployment makes the role' };
    if (owner === config.id) return { verdict: 'pass', says: there.arn };
    if (passing && !config.disposable) {
      return { verdict: 'pass', says: `this deployment makes a role in place of that of ${owner}, ${there.arn}` };
    }
    return {
      verdict: 'problem',
      says:
        `the account has a role, ${there.arn}, which this deployment would replace. It has one owner: ` +
        'set restApi.ownsApiAccount to false in lib/environments.ts',
    };
  }
  if (there === undefined) {
    return {
      verdict: 'problem',
      says:
        `the account has no role for them${role ? `, only a setting that names one which is gone, ${role.arn},` : ','} and this ` +
        'environment is not to make it. Set restApi.ownsApiAccount in lib/environments.ts, or have the owner of the ' +
        'account run aws apigateway update-account',
    };
  }
  if (passing) {
    return {
      verdict: 'problem',
      says:
        `the role, ${there.arn}, is of environment ${owner}, which is deleted as a matter of course: whoever cleans up ` +
        `takes it away, and logs end without an error. Set restApi.ownsApiAccount to true here and to false in ${owner}`,
    };
  }
  if (there.exists === undefined) {
    return { verdict: 'not checked', says: `whether ${there.arn} exists: these credentials may not ask (iam:GetRole)` };
  }
  return { verdict: 'pass', says: there.arn };
}

/**
 * Whether the zones of an environment have what the parts need.
 *
 * @param account zones of the account in the region, by name and id
 */
export function zones(config: EnvironmentConfig, account: readonly Zone[]): Outcome {
  const { region, availabilityZones: names } = config;
  if (!hasVpcLinks(region)) return withoutVpcLinks(region);
  const serving = account.filter((zone) => missing(zone, config) === undefined).map(({ name }) => name);
  const kept = names.filter((name) => serving.includes(name));
  const proposed = [...kept, ...serving.filter((name) => !kept.includes(name)).sort()].slice(0, names.length);
  const flags = `-c region=${region} -c zones=${proposed.sort().join(',')}`;
  if (kept.length < names.length) {
    const reasons = names.flatMap((name) => {
      const zone = account.find((other) => other.name === name);
      if (zone === undefined)
        return [`the account has no zone ${name} (${account.map((other) => other.name).join(', ')})`];
      const lack = missing(zone, config);
      return lack === undefined ? [] : [`${name} is ${zone.id}, which has ${lack}`];
    });
    const remedy =
      proposed.length < names.length
        ? `Only ${proposed.length} zones serve, and ${names.length} are needed: choose another region`
        : `Give to each cdk command: ${flags}`;
    return { verdict: 'problem', says: `${reasons.join('; ')}. ${remedy}` };
  }
  const ids = account.filter(({ name }) => names.includes(name)).map(({ name, id }) => `${name} is ${id}`);
  const hint = isOnFile(region) ? '' : `. Give to each cdk command: ${flags}`;
  return { verdict: 'pass', says: `${ids.join(', ')}: ${served(config)}${hint}` };
}

/** The same for the subnets of a VPC that is there. */
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
  return `VPC links V2${config.kubernetes ? ' and control planes of EKS' : ''} are there`;
}

function withoutVpcLinks(region: string): Outcome {
  return {
    verdict: 'not checked',
    says:
      `AWS listed no VPC links V2 in ${region} when lib/zones.ts was written, so the APIs would not reach the containers. ` +
      'See docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html, Availability by Region',
  };
}

/** Whether AWS says that the image of the container service can be built in the region. */
export function imageBuild({ image, region }: EnvironmentConfig): Outcome {
  if (image.from !== 'source') return { verdict: 'pass', says: 'nothing is built: the image is given by its digest' };
  if (buildsOnArm(region)) return { verdict: 'pass', says: `CodeBuild builds ARM images in ${region}` };
  return {
    verdict: 'warning',
    says:
      `AWS does not say that CodeBuild builds ARM images in ${region}. If it does not, Containers fails: build the image in ` +
      'another region and promote it by digest (docs/decisions/0004-image-built-in-the-account.md)',
  };
}

/** vCPUs that a part takes of a quota, when it starts and at its largest. */
export interface Demand {
  readonly what: string;
  readonly spot: boolean;
  readonly start: number;
  readonly most: number;
}

/** A quota of EC2 on vCPUs of the standard families (A, C, D, H, I, M, R, T, Z); new accounts have 5, and less. */
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

/** What lib/constructs/network.ts makes. */
const NAT_INSTANCE = 't4g.nano';

/** Instance types that an environment launches; none where it has no instances. */
export function instanceTypes({ kubernetes, service, network }: EnvironmentConfig): string[] {
  const types = [...(kubernetes?.nodes.instanceTypes ?? []), ...(service.capacity.ec2?.instanceTypes ?? [])];
  return [...new Set([...types, ...(hasNatInstance(network) ? [NAT_INSTANCE] : [])])];
}

/**
 * What an environment takes of the quotas on vCPUs.
 *
 * @param vcpus vCPUs of each of its instance types
 * @throws if one is not among them
 */
export function vcpuDemand(config: EnvironmentConfig, vcpus: Readonly<Record<string, number>>): Demand[] {
  const { kubernetes, network, service, availabilityZones } = config;
  const largest = (types: readonly string[]) =>
    Math.max(
      ...types.map((type) => {
        const number = vcpus[type];
        if (number === undefined) throw new Error(`EC2 said nothing of the vCPUs of ${type} in ${config.region}.`);
        return number;
      }),
    );
  const demands: Demand[] = [];
  if (hasNatInstance(network)) {
    demands.push({ what: 'NAT instance', spot: false, start: largest([NAT_INSTANCE]), most: largest([NAT_INSTANCE]) });
  }
  if (kubernetes) {
    const { instanceTypes: types, minNodes, maxNodes, spot = false } = kubernetes.nodes;
    // An update of the node group starts new nodes first: up to two a zone, or the third of them that it may take at a time.
    // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    const beside = Math.max(2 * availabilityZones.length, Math.ceil(maxNodes / 3));
    const size = largest(types);
    demands.push({
      what: `${maxNodes} nodes, and ${beside} beside them during an update`,
      spot,
      start: minNodes * size,
      most: (maxNodes + beside) * size,
    });
  }
  if (service.capacity.ec2) {
    const { instanceTypes: types, maxInstances, spot } = service.capacity.ec2;
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
      demands.push({ what: `${number} container instances`, spot: isSpot, start: size, most: number * size });
    }
  }
  return demands;
}

/** Whether a quota is enough; undefined where the environment takes nothing of it. */
export function vcpuRoom(
  { code, name, spot }: VcpuQuota,
  demands: readonly Demand[],
  quota: number,
  region: string,
): Outcome | undefined {
  const taken = demands.filter((demand) => demand.spot === spot);
  if (taken.length === 0) return undefined;
  const [start, most] = [sum(taken.map((demand) => demand.start)), sum(taken.map((demand) => demand.most))];
  const what = `${most} at the most (${taken.map((demand) => demand.what).join('; ')})`;
  if (most <= quota) {
    return { verdict: 'pass', says: `${name}: ${what}, of ${quota} vCPUs that all instances of the account share` };
  }
  const when = start > quota ? `The ${start} of the first deployment do not fit either. ` : '';
  return {
    verdict: 'warning',
    says:
      `${name}: the quota is ${quota} vCPUs, and this takes ${what}. ${when}Ask for more: aws service-quotas ` +
      `request-service-quota-increase --region ${region} --service-code ec2 --quota-code ${code} --desired-value ${most}`,
  };
}

/** Switched off, but deployed: the next deployment deletes it. */
export function leftOver(stackName: string, property: string): Outcome {
  const keep =
    property === 'kubernetes'
      ? 'give -c kubernetes=true to each command, or write "kubernetes": true into the context of cdk.json'
      : `set ${property} in lib/environments.ts`;
  return {
    verdict: 'warning',
    says: `${stackName} is deployed, but ${property} is off: cdk deploy deletes it. To keep it, ${keep}`,
  };
}

function hasNatInstance({ create }: EnvironmentConfig['network']): boolean {
  return create?.egress.mode === 'nat-instance';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
