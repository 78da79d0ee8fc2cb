import { HISTORY_SERVICE } from '../domain/routes';
import {
  CapacityConfig,
  CapacityDefinition,
  EnvironmentConfig,
  EnvironmentDefinition,
  KubernetesConfig,
  ServiceConfig,
} from './environment-config';
import { checkDefinition } from './environment-schema';
import { environments } from './environments';
import { isRegionName, otherPartitionOf, zonesOf } from './zones';

/** Context of the app: `-c key=value` and the entries of cdk.json and cdk.context.json. */
export type Context = Readonly<Record<string, unknown>>;

export type Environments = Readonly<Record<string, EnvironmentDefinition>>;

/** Keys of `-c` that the app reads. */
const CONTEXT_KEYS: readonly string[] = [
  'environment',
  'region',
  'zones',
  'imageDigest',
  'capacity',
  'kubernetes',
  'kubernetesAdmin',
  'kubernetesCidrs',
];

/** Keys without a prefix that the CDK CLI writes into cdk.json and cdk.context.json for its own use. */
const CLI_KEYS: readonly string[] = ['acknowledged-issue-numbers', 'cli-telemetry'];

/** Number that no account of AWS has. */
const NO_ACCOUNT = '000000000000';

/** Number of zones of an environment that names no zones. */
const ZONE_COUNT = 2;

/**
 * Returns the environment that the context names, with the choices of the context applied.
 *
 * @param known environments that the context may name
 * @throws if a key of the context is not known, no environment has the name, the region is in another partition than `aws`,
 * the zones of the region are neither known nor given, or a value is malformed or has no effect on the environment
 */
export function environmentOf(context: Context, known: Environments = environments): EnvironmentConfig {
  checkKeys(context);
  const [first = ''] = Object.keys(known);
  const id = textOf(context, 'environment') ?? first;
  const definition = Object.hasOwn(known, id) ? known[id] : undefined;
  if (definition === undefined) {
    throw new Error(
      `environment: "${id}" is not known. Give one of ${Object.keys(known).join(', ')}: -c environment=${first}. ` +
        'To deploy to this machine, without an account, use npm start.',
    );
  }
  checkDefinition(definition);
  const { capacity } = definition;
  return {
    ...definition,
    id,
    ...placementOf(context, definition),
    services: servicesOf(context, id, definition.services),
    capacity: capacityOf(textOf(context, 'capacity') ?? capacity.use, capacity),
    kubernetes: kubernetesOf(context, definition.kubernetes),
  };
}

/**
 * Compares the account that an environment belongs to with the account that it would be deployed to.
 *
 * @param account account of the credentials; undefined without credentials, because a synth needs none
 * @throws if the environment belongs to another account, or if no account of AWS has this number and the environment does
 * not name the number
 */
export function checkAccount(config: EnvironmentConfig, account: string | undefined): void {
  const expected = config.account ?? (account === NO_ACCOUNT ? 'an account of AWS' : account);
  if (account === undefined || account === expected) return;
  throw new Error(
    `account: environment ${config.id} deploys to ${expected}, but the credentials belong to ${account}. ` +
      'Choose other credentials or another environment; `aws sts get-caller-identity` prints the account.',
  );
}

/** Refuses an unknown key, because the app would ignore a mistyped key and deploy something else than intended. */
function checkKeys(context: Context): void {
  const unknownKey = Object.keys(context).find(
    (key) => !/[:@/]/.test(key) && ![...CONTEXT_KEYS, ...CLI_KEYS].includes(key),
  );
  if (unknownKey === undefined) return;
  throw new Error(
    `context: "${unknownKey}" is not known. Give -c with one of ${CONTEXT_KEYS.join(', ')}. ` +
      'If you gave no such key, remove it from cdk.json, cdk.context.json or ~/.cdk.json.',
  );
}

function placementOf(
  context: Context,
  definition: EnvironmentDefinition,
): Pick<EnvironmentConfig, 'region' | 'availabilityZones'> {
  const region = textOf(context, 'region') ?? definition.region;
  if (!isRegionName(region)) {
    throw new Error(
      `region: must be the name of an AWS region, got "${region}". Give a region such as -c region=us-east-1, or correct ` +
        'region in lib/environments.ts',
    );
  }
  const partition = otherPartitionOf(region);
  if (partition !== undefined) {
    throw new Error(
      `region: "${region}" is in the partition ${partition}, but must be in aws, because the image is built from the public ` +
        'gallery of aws. Give a region such as -c region=us-east-1',
    );
  }
  const ownZones = region === definition.region ? definition.availabilityZones : undefined;
  const availabilityZones = listOf(context, 'zones') ?? ownZones ?? zonesOf(region).slice(0, ZONE_COUNT);
  if (availabilityZones.length < 2 || new Set(availabilityZones).size < availabilityZones.length) {
    throw new Error(
      `zones: must be at least 2 different names, got ${availabilityZones.join(',')}. Give names such as -c zones=${region}a,${region}b`,
    );
  }
  const wrongZone = availabilityZones.find((zone) => !new RegExp(`^${region}(-[a-z]+-\\d)?[a-z]$`).test(zone));
  if (wrongZone !== undefined) {
    throw new Error(
      `zones: "${wrongZone}" is not an availability zone of ${region}. Give names such as -c zones=${region}a,${region}b`,
    );
  }
  return { region, availabilityZones };
}

/** Services of the environment. The history service gets the digest that the context gives. */
function servicesOf(context: Context, id: string, services: readonly ServiceConfig[]): readonly ServiceConfig[] {
  const digest = textOf(context, 'imageDigest');
  if (digest === undefined) return services;
  const image = services.find(({ name }) => name === HISTORY_SERVICE)?.image;
  if (image?.from === 'digest' && (image.digest === undefined || image.digest === digest)) {
    return services.map((service) =>
      service.name === HISTORY_SERVICE ? { ...service, image: { ...image, digest } } : service,
    );
  }
  if (image?.from === 'digest') {
    const region = textOf(context, 'region');
    throw new Error(
      `imageDigest: environment ${id} has ${image.digest} for the history service, got ${digest}. Leave imageDigest out to ` +
        'deploy the first. To deploy the other, write it into lib/environments.ts: ' +
        `npm run promote -- --to ${id}${region === undefined ? '' : ` --region ${region}`} --digest ${digest}`,
    );
  }
  throw new Error(
    `imageDigest: environment ${id} takes no digest for the image of the history service from the context. ` +
      'Leave imageDigest out, or name an environment whose image is { from: "digest" }.',
  );
}

function capacityOf(use: string, definition: CapacityDefinition): CapacityConfig {
  const { weight: fargateWeight = 1, ...fargate } = definition.fargate;
  const { weight: ec2Weight = 1, ...ec2 } = definition.ec2;
  const capacities: Readonly<Record<string, CapacityConfig>> = {
    fargate: { fargate },
    ec2: { ec2 },
    both: { fargate: { ...fargate, weight: fargateWeight }, ec2: { ...ec2, weight: ec2Weight } },
  };
  const capacity = Object.hasOwn(capacities, use) ? capacities[use] : undefined;
  if (capacity !== undefined) return capacity;
  throw new Error(
    `capacity: "${use}" is not known. Give one of ${Object.keys(capacities).join(', ')}: -c capacity=ec2`,
  );
}

/** Kubernetes cluster of an environment; undefined where the cluster is switched off. */
function kubernetesOf(context: Context, definition: EnvironmentDefinition['kubernetes']): KubernetesConfig | undefined {
  const enabledText = textOf(context, 'kubernetes') ?? String(definition?.enabled ?? false);
  const admin = textOf(context, 'kubernetesAdmin');
  if (enabledText !== 'true' && enabledText !== 'false') {
    throw new Error(`kubernetes: must be true or false, got "${enabledText}". Give -c kubernetes=true`);
  }
  if (admin !== undefined && !/^arn:[\w-]+:iam::\d{12}:role\/./.test(admin)) {
    throw new Error(
      `kubernetesAdmin: must be the ARN of an IAM role, got "${admin}". ` +
        'Give an ARN such as -c kubernetesAdmin=arn:aws:iam::111122223333:role/Admin',
    );
  }
  const open = listOf(context, 'kubernetesCidrs')?.find((cidr) => cidr.endsWith('/0'));
  if (open !== undefined) {
    throw new Error(
      `kubernetesCidrs: must not admit the whole internet, got "${open}". ` +
        'Give the networks of your administrators, such as -c kubernetesCidrs=203.0.113.7/32',
    );
  }
  if (enabledText === 'false') {
    const unused = ['kubernetesAdmin', 'kubernetesCidrs'].find((key) => textOf(context, key) !== undefined);
    if (unused === undefined) return undefined;
    throw new Error(`${unused}: has no effect without a cluster. Leave ${unused} out, or give -c kubernetes=true`);
  }
  if (definition === undefined) {
    throw new Error(
      'kubernetes: the environment describes no cluster. Describe one in lib/environments.ts, or leave out -c kubernetes=true',
    );
  }
  const { enabled, ...cluster } = definition;
  return {
    ...cluster,
    adminRoleArn: admin ?? cluster.adminRoleArn,
    publicCidrs: listOf(context, 'kubernetesCidrs') ?? cluster.publicCidrs,
  };
}

/** Value of a key as text, as on a command line. In cdk.json, a value may also be a number, a boolean or a list. */
function textOf(context: Context, key: string): string | undefined {
  const { [key]: value } = context;
  return value === undefined ? undefined : String(value);
}

function listOf(context: Context, key: string): readonly string[] | undefined {
  return textOf(context, key)?.split(',');
}
