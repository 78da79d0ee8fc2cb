import { RemovalPolicy, StackProps } from 'aws-cdk-lib';

/**
 * The environments and everything in which they differ. No other file asks which environment it is in:
 * a difference is a property here, typed, with its unit and its default.
 */

/** How private subnets reach what is outside the VPC. */
export type EgressConfig =
  /** NAT gateways, 1 to the number of zones. One is cheaper, one a zone survives the loss of a zone. */
  | { readonly mode: 'nat'; readonly gateways?: number }
  /** One small arm64 instance that translates addresses: a sandbox that counts cents, no failover. */
  | { readonly mode: 'nat-instance' }
  /** Interface endpoints for just the AWS services that the enabled parts call; no internet at all. */
  | { readonly mode: 'endpoints' }
  /** Nothing but the free gateway endpoints. An image cannot be pulled this way. */
  | { readonly mode: 'none' };

/** A VPC that is there already. Everything is named, because a lookup would need an account to synthesize. */
export interface ExistingVpcConfig {
  readonly vpcId: string;
  /** One CIDR block, as in `10.20.0.0/16`. */
  readonly cidr: string;
  /** Private subnets in the order of `availabilityZones`, each with its CIDR block (checked for size) and route table. */
  readonly privateSubnets: readonly {
    readonly subnetId: string;
    readonly cidr: string;
    readonly routeTableId: string;
  }[];
}

/** Where the image of the container service comes from. */
export type ImageConfig =
  /** Built from `container/` in the account during the deployment (CodeBuild): no Docker on the laptop. */
  | { readonly from: 'source' }
  /** Promoted: the digest (`sha256:` and 64 hex digits) of an image that this environment's repository holds. */
  | { readonly from: 'digest'; readonly digest?: string };

export interface ProvisionedConcurrencyConfig {
  /** Environments kept initialised, at least 1. */
  readonly min: number;
  /** Upper bound of target tracking, at least `min`. */
  readonly max: number;
  /** Utilisation that target tracking holds, 0.1 to 0.9. @default 0.7 */
  readonly targetUtilization?: number;
  /** Scheduled changes of the bounds (UTC cron of Application Auto Scaling). @default none */
  readonly schedules?: readonly {
    readonly id: string;
    readonly cron: string;
    readonly min: number;
    readonly max: number;
  }[];
}

export interface EnvironmentConfig {
  /** Id of the environment: prefix of the stack names, value of `x-served-by`. Never compared with anything. */
  readonly id: string;
  /** AWS Region. @default us-east-1, or `-c region=` */
  readonly region: string;
  /** Names of the availability zones, at least 2: `zonesOf(region)` unless given with `-c zones=a,b`. */
  readonly availabilityZones: readonly string[];
  /** Twelve digits of the only account that may receive this environment. @default any but 000000000000 */
  readonly account?: string;

  /** Whether data and logs (registry, log groups) go when their stack goes. @default false */
  readonly disposable: boolean;
  /** Days that every log group keeps its events; one of the values CloudWatch Logs accepts. */
  readonly logRetentionDays: number;
  /** Refuse `cdk destroy` of the stacks until switched off. */
  readonly terminationProtection: boolean;

  readonly network: {
    /** The VPC's CIDR block: /16 to /18 hold the subnets of two zones, the network construct says what it misses. */
    readonly cidr: string;
    readonly egress: EgressConfig;
    /** CIDR blocks that the VPC will be routed with (peering, VPN) and must not overlap. @default none */
    readonly routedCidrs?: readonly string[];
    /**
     * Use this VPC instead of creating one. `cidr` and `egress` are then its owner's. To be chosen before the first
     * deployment: to switch a deployed environment would delete its VPC under the stacks that run in it.
     *
     * @default a new VPC
     */
    readonly existing?: ExistingVpcConfig;
  };

  readonly image: ImageConfig;

  readonly service: {
    /** Tasks, lower bound of autoscaling. */
    readonly minTasks: number;
    /** Tasks, upper bound of autoscaling. */
    readonly maxTasks: number;
    /** CPU units a task (1024 is one vCPU). */
    readonly cpu: number;
    /** MiB a task. */
    readonly memoryMiB: number;
    /** Share of tasks on Fargate Spot beyond the first `minTasks`, as weight against on-demand. @default no Spot */
    readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
  };

  readonly loadBalancer: {
    /** Days that a bucket keeps the access log of the load balancer. @default no access log: API Gateway has one */
    readonly accessLogDays?: number;
    /** HTTPS to the load balancer: a certificate of this region and the name in it that resolves to the load balancer. @default HTTP inside the VPC */
    readonly https?: { readonly certificateArn: string; readonly hostName: string };
  };

  readonly function: {
    /** MiB; Lambda gives CPU in proportion, one vCPU at 1769. */
    readonly memoryMiB: number;
    /** Least severe level that is logged. */
    readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
    /** @default none: every environment starts on demand */
    readonly provisionedConcurrency?: ProvisionedConcurrencyConfig;
  };

  readonly restApi: {
    /** Stage cache of 0.5 GB; costs by the hour whether used or not. @default none */
    readonly cache?: { readonly quoteTtlSeconds: number; readonly historyTtlSeconds: number };
    /** Requests per second and burst over all callers of a method. */
    readonly throttle: { readonly rate: number; readonly burst: number };
    /** ARN of a regional WAF web ACL to associate. @default none */
    readonly webAclArn?: string;
    /**
     * Whether this deployment owns the role through which API Gateway logs, a setting of the account and region.
     * In an account that others share, false: their owner made it, and it must be there.
     */
    readonly ownsApiAccount: boolean;
  };

  /**
   * An AWS-compatible endpoint on this machine that the environment is deployed to.
   * @default AWS
   */
  readonly endpoint?: { readonly url: string };
}

/** What every stack of an environment is told. */
export interface EnvironmentStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  /** What becomes of data and logs when their stack goes. */
  readonly removalPolicy: RemovalPolicy;
}

/** Availability zones by name that have been seen to serve every part (VPC link, Fargate, EKS) in common regions. */
const ZONES: Readonly<Record<string, readonly string[]>> = {
  'us-east-1': ['us-east-1a', 'us-east-1b', 'us-east-1c'],
  'us-east-2': ['us-east-2a', 'us-east-2b', 'us-east-2c'],
  'us-west-2': ['us-west-2a', 'us-west-2b', 'us-west-2c'],
  'ca-central-1': ['ca-central-1a', 'ca-central-1b', 'ca-central-1d'],
  'sa-east-1': ['sa-east-1a', 'sa-east-1b', 'sa-east-1c'],
  'eu-west-1': ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
  'eu-west-2': ['eu-west-2a', 'eu-west-2b', 'eu-west-2c'],
  'eu-central-1': ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  'eu-north-1': ['eu-north-1a', 'eu-north-1b', 'eu-north-1c'],
  'ap-northeast-1': ['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d'],
  'ap-northeast-2': ['ap-northeast-2a', 'ap-northeast-2b', 'ap-northeast-2c'],
  'ap-northeast-3': ['ap-northeast-3a', 'ap-northeast-3b', 'ap-northeast-3c'],
  'ap-southeast-1': ['ap-southeast-1a', 'ap-southeast-1b', 'ap-southeast-1c'],
  'ap-southeast-2': ['ap-southeast-2a', 'ap-southeast-2b', 'ap-southeast-2c'],
  'ap-south-1': ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'],
};

/** What may be said from outside about an environment, all of it optional (`-c region=… -c zones=a,b -c imageDigest=…`). */
export interface EnvironmentOverrides {
  readonly region?: string;
  readonly zones?: string;
  readonly imageDigest?: string;
  /** URL of the local endpoint (`AWS_ENDPOINT_URL`). */
  readonly endpointUrl?: string;
}

/** The account of every AWS-compatible endpoint on one's own machine. */
const LOCAL_ACCOUNT = '000000000000';

/** Number of zones an environment spreads over unless it says otherwise. */
const ZONE_COUNT = 2;

type Definition = (
  at: { region: string; availabilityZones: readonly string[] } & EnvironmentOverrides,
) => EnvironmentConfig;

const sandbox: Definition = ({ region, availabilityZones }) => ({
  id: 'sandbox',
  region,
  availabilityZones,
  disposable: true,
  logRetentionDays: 7,
  terminationProtection: false,
  network: { cidr: '10.0.0.0/16', egress: { mode: 'nat', gateways: 1 } },
  image: { from: 'source' },
  service: { minTasks: 1, maxTasks: 4, cpu: 256, memoryMiB: 512, spot: { spotWeight: 3, onDemandWeight: 1 } },
  loadBalancer: {},
  function: { memoryMiB: 512, logLevel: 'INFO', provisionedConcurrency: { min: 1, max: 4 } },
  restApi: {
    cache: { quoteTtlSeconds: 5, historyTtlSeconds: 300 },
    throttle: { rate: 50, burst: 100 },
    ownsApiAccount: true,
  },
});

const definitions: Readonly<Record<string, Definition>> = {
  sandbox,
  production: ({ region, availabilityZones, imageDigest }) => ({
    id: 'production',
    region,
    availabilityZones,
    disposable: false,
    logRetentionDays: 90,
    terminationProtection: true,
    network: { cidr: '10.16.0.0/16', egress: { mode: 'nat', gateways: availabilityZones.length } },
    image: { from: 'digest', digest: imageDigest },
    service: { minTasks: 2, maxTasks: 20, cpu: 512, memoryMiB: 1024 },
    loadBalancer: { accessLogDays: 90 },
    function: {
      memoryMiB: 1024,
      logLevel: 'WARN',
      provisionedConcurrency: {
        min: 2,
        max: 20,
        // Ahead of the opening of the Tokyo (00:00 UTC) and New York (14:30 UTC in winter) exchanges.
        schedules: [
          { id: 'BeforeTokyo', cron: 'cron(45 23 ? * SUN-THU *)', min: 5, max: 20 },
          { id: 'BeforeNewYork', cron: 'cron(15 13 ? * MON-FRI *)', min: 5, max: 20 },
          { id: 'AfterNewYork', cron: 'cron(15 21 ? * MON-FRI *)', min: 2, max: 20 },
        ],
      },
    },
    restApi: {
      cache: { quoteTtlSeconds: 5, historyTtlSeconds: 3600 },
      throttle: { rate: 500, burst: 1000 },
      ownsApiAccount: false,
    },
  }),
  local: (at) => ({
    ...sandbox(at),
    id: 'local',
    account: LOCAL_ACCOUNT,
    logRetentionDays: 1,
    network: { cidr: '10.32.0.0/16', egress: { mode: 'nat', gateways: 1 } },
    // Nothing is pulled there: the runner starts the container service itself.
    image: { from: 'digest', digest: `sha256:${'0'.repeat(64)}` },
    endpoint: {
      url: required(
        at.endpointUrl,
        'environment local: needs an endpoint on this machine, but AWS_ENDPOINT_URL is not set. Run `npm start`, or set AWS_ENDPOINT_URL to a running one.',
      ),
    },
  }),
};

/** The names that `-c environment=` takes. */
export const environmentNames: readonly string[] = Object.keys(definitions);

/**
 * The configuration of an environment.
 *
 * @throws if no environment has that name, the region has no known zones and none are given, or an override is malformed.
 */
export function environment(name: string, overrides: EnvironmentOverrides = {}): EnvironmentConfig {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (definition === undefined) {
    throw new Error(
      `environment: "${name}" is not known. Give one of ${environmentNames.join(', ')}: -c environment=sandbox`,
    );
  }
  const region = overrides.region ?? 'us-east-1';
  const availabilityZones = overrides.zones?.split(',') ?? zonesOf(region).slice(0, ZONE_COUNT);
  const stranger = availabilityZones.find((zone) => !new RegExp(`^${region}(-[a-z]+-\\d)?[a-z]$`).test(zone));
  if (stranger !== undefined) {
    throw new Error(
      `zones: "${stranger}" is not an availability zone of ${region}. Give names such as -c zones=${region}a,${region}b`,
    );
  }
  return definition({ ...overrides, region, availabilityZones });
}

/**
 * Holds what is to be deployed against the account it would be deployed to.
 *
 * @param account account of the credentials at hand, undefined where there are none (a synth needs none)
 * @throws if the environment belongs to another account, or is not local and the account is that of a local endpoint
 */
export function checkAccount(config: EnvironmentConfig, account: string | undefined): void {
  const expected = config.account ?? (account === LOCAL_ACCOUNT ? 'a real account' : account);
  if (account === undefined || account === expected) return;
  throw new Error(
    `account: environment ${config.id} deploys to ${expected}, but the credentials are of ${account}. ` +
      'Unset AWS_ENDPOINT_URL, choose other credentials, or give -c environment=local',
  );
}

function zonesOf(region: string): readonly string[] {
  const zones = Object.hasOwn(ZONES, region) ? ZONES[region] : undefined;
  if (zones === undefined) {
    throw new Error(
      `region: no availability zones are on file for "${region}". Give them: -c region=${region} -c zones=${region}a,${region}b ` +
        `(aws ec2 describe-availability-zones --region ${region} lists them)`,
    );
  }
  return zones;
}

function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}
