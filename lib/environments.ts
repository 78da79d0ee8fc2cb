import { RemovalPolicy, StackProps } from 'aws-cdk-lib';
import type { ClusterAddOnsProps } from './constructs/cluster-add-ons';
import type { ExistingNetwork, NetworkEgress } from './constructs/network';
import type { ProvisionedConcurrency } from './constructs/private-function';
import { otherPartitionOf, zonesOf } from './zones';

/**
 * The environments and everything in which they differ. No other file asks which environment it is in:
 * a difference is a property here, typed, with its unit and its default.
 */

/** Where the image of the container service comes from. */
export type ImageConfig =
  /** Built from `container/` in the account during the deployment (CodeBuild): no Docker on the laptop. */
  | { readonly from: 'source' }
  /** Promoted: the digest (`sha256:` and 64 hex digits) of an image that this environment's repository holds. */
  | { readonly from: 'digest'; readonly digest?: string };

/** Tasks on Fargate. */
export interface FargateConfig {
  /** Share of tasks on Fargate Spot beyond the first `minTasks`, as weight against on-demand. @default no Spot */
  readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
}

/** Tasks on EC2 instances, of which there are none without tasks. */
export interface InstancesConfig {
  /** Types that lib/constructs/ec2-capacity.ts has on file, of the architecture of the image; the preferred one first. */
  readonly instanceTypes: readonly string[];
  /** Instances, upper bound of managed scaling; the construct says how many it takes for twice `maxTasks`. */
  readonly maxInstances: number;
  /** Instances on demand first, and percent on demand of those beyond; the rest on Spot. @default no Spot */
  readonly spot?: { readonly onDemandBase: number; readonly onDemandPercent: number };
  /** Whether the account setting `awsvpcTrunking` is on: more tasks on an instance. @default false */
  readonly trunking?: boolean;
}

/** Share of the requests, 0 to 999 against that of the other. */
interface Weighted {
  readonly weight: number;
}

/** Where tasks run: docs/ecs-capacity.md. With both, there are `minTasks` to `maxTasks` on each. */
export type CapacityConfig =
  | { readonly fargate: FargateConfig; readonly ec2?: undefined }
  | { readonly fargate?: undefined; readonly ec2: InstancesConfig }
  | { readonly fargate: FargateConfig & Weighted; readonly ec2: InstancesConfig & Weighted };

export interface WebSocketApiConfig {
  /** Symbols that a connection may subscribe to, 1 to 99: they change in one transaction with it, of up to 100 items. */
  readonly maxSymbols: number;
  /** Messages a second that a connection may send. */
  readonly messagesPerSecond: number;
  /** New connections and messages a second, and the burst, over all clients of a route. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  readonly ticker: {
    /** Seconds from one tick to the next: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60. */
    readonly everySeconds: number;
    /** Whether there are ticks without anybody asking: a run each minute, one that lasts while somebody is subscribed. */
    readonly scheduled: boolean;
    /**
     * MiB of the function, whose CPU is in proportion, one vCPU at 1769. It is what limits the connections: docs/websocket.md
     * says to how many. More than 1769 adds a second vCPU, which a function of one thread does not use. @default 512
     */
    readonly memoryMiB?: number;
  };
}

export interface HttpApiConfig {
  /** Requests per second and burst over all callers of a route. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /** The same for each route that has a history computed: /history, /k8s/history and /analysis. @default `throttle` */
  readonly historyThrottle?: { readonly rate: number; readonly burst: number };
  /** Web pages of these origins (`https://app.example.com`) may read answers. @default none */
  readonly cors?: { readonly origins: readonly string[] };
  /** Tokens instead of signatures: issuer (an https URL) and the audiences it names. @default IAM (SigV4) */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };
  /** A name of your own and a certificate for it, of this region. @default the name that API Gateway gives */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
  /** Refuse requests at the name that API Gateway gives; needs `domain`. @default false */
  readonly disableDefaultEndpoint?: boolean;
}

/** A cluster on EKS that runs the image of the container service, too: docs/kubernetes.md. */
export interface KubernetesConfig {
  /** Minor version, one that lib/kubernetes-release.ts has on file. @default its newest */
  readonly version?: string;
  /**
   * Networks (CIDR blocks) from which the API of the cluster is reached over the internet; never everybody.
   * @default none: it is reached from the VPC only
   */
  readonly publicCidrs?: readonly string[];
  /** ARN of the IAM role whose holders administrate the cluster with kubectl. @default nobody */
  readonly adminRoleArn?: string;
  /**
   * Have EKS refuse to delete the cluster. Only once it is there: a first deployment that fails could not be rolled back; and
   * to be taken back before `cdk destroy` (docs/kubernetes.md, the first deployment).
   *
   * @default false: termination protection of the stack, and EKS deletes no cluster that has a node group
   */
  readonly deletionProtection?: boolean;
  /** Versions of add-ons, `{ coredns: 'v1.13.2-eksbuild.1' }`. @default that of lib/kubernetes-release.ts for the observability, else those that EKS takes when it makes them */
  readonly addOnVersions?: ClusterAddOnsProps['versions'];
  /**
   * Keep logs of pods and nodes, and metrics of both, in CloudWatch. It takes 300m of CPU of each node, and is billed by use.
   *
   * @default false: logs are on the node and go with the pod
   */
  readonly observability?: boolean;
  readonly nodes: {
    /** Types that lib/kubernetes-sizing.ts has on file, of the architecture of the image; with Spot at least two. */
    readonly instanceTypes: readonly string[];
    /** Nodes, lower bound of Cluster Autoscaler: with 1, to lose a node is an outage of minutes. */
    readonly minNodes: number;
    /** Nodes, upper bound of Cluster Autoscaler. */
    readonly maxNodes: number;
    /** Spot instances instead of on-demand. @default false */
    readonly spot?: boolean;
    /**
     * Minor version of the nodes while an upgrade has reached the control plane only, up to three behind; not where there are
     * no nodes yet, or others are to replace them (docs/kubernetes.md, upgrade).
     *
     * @default that of the cluster
     */
    readonly version?: string;
  };
  readonly service: {
    /** Pods, lower bound of the Horizontal Pod Autoscaler. */
    readonly minPods: number;
    /** Pods, upper bound of the Horizontal Pod Autoscaler. */
    readonly maxPods: number;
    /** Thousandths of a vCPU that a pod asks for: what the target is a percentage of. */
    readonly cpuMillis: number;
    /** MiB that a pod asks for and may use. */
    readonly memoryMiB: number;
    /** Percent of `cpuMillis` at which the Horizontal Pod Autoscaler holds the pods. */
    readonly targetCpuPercent: number;
  };
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
  /**
   * ARN of an SNS topic of the region that receives a message when an alarm goes off and when it is over. Its policy, and
   * that of its key, have to let `cloudwatch.amazonaws.com` publish. @default nobody is told
   */
  readonly alarmTopicArn?: string;

  readonly network: {
    /** The VPC's CIDR block: /16 to /18 hold the subnets of two zones, the network construct says what it misses. */
    readonly cidr: string;
    readonly egress: NetworkEgress;
    /** CIDR blocks that the VPC will be routed with (peering, VPN) and must not overlap. @default none */
    readonly routedCidrs?: readonly string[];
    /**
     * Use this VPC instead of creating one. `cidr` and `egress` are then its owner's. To be chosen before the first
     * deployment: to switch a deployed environment would delete its VPC under the stacks that run in it.
     *
     * @default a new VPC
     */
    readonly existing?: ExistingNetwork;
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
    /** Where tasks run, or `-c capacity=fargate|ec2|both`. */
    readonly capacity: CapacityConfig;
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
    readonly provisionedConcurrency?: ProvisionedConcurrency;
  };

  readonly restApi: {
    /**
     * Stage cache of 0.5 GB; costs by the hour whether used or not. It most likely keeps errors too, so a TTL is also how
     * long one may outlive its cause: docs/decisions/0010. @default none
     */
    readonly cache?: { readonly quoteTtlSeconds: number; readonly historyTtlSeconds: number };
    /** Requests per second and burst over all callers of a method. */
    readonly throttle: { readonly rate: number; readonly burst: number };
    /**
     * The same for each method that has a history computed: /history, /k8s/history and /analysis. AWS does not say that
     * answers from the cache are not counted. @default `throttle`
     */
    readonly historyThrottle?: { readonly rate: number; readonly burst: number };
    /** ARN of a regional WAF web ACL to associate. @default none */
    readonly webAclArn?: string;
    /**
     * Whether this deployment owns the role through which API Gateway logs, a setting of the account and region.
     * In an account that others share, false: their owner made it, and it must be there.
     */
    readonly ownsApiAccount: boolean;
  };

  /** HTTP API over the same function and containers, with a VPC link of its own. @default none */
  readonly httpApi?: HttpApiConfig;

  /** Kubernetes beside ECS. It costs by the hour whether used or not. @default none, or `-c kubernetes=true` */
  readonly kubernetes?: KubernetesConfig;

  /** WebSocket API with sessions that receive ticks. Without connections it costs next to nothing. @default none */
  readonly webSocketApi?: WebSocketApiConfig;

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

/** What may be said from outside about an environment, all of it optional (`-c region=… -c zones=a,b -c capacity=…`, all of `CONTEXT_KEYS`). */
export interface EnvironmentOverrides {
  readonly region?: string;
  readonly zones?: string;
  readonly imageDigest?: string;
  /** Where tasks of the container service run: `fargate`, `ec2` or `both`. */
  readonly capacity?: string;
  /** Whether there is a Kubernetes cluster: `true` or `false`. */
  readonly kubernetes?: string;
  /** ARN of the IAM role whose holders administrate it. */
  readonly kubernetesAdmin?: string;
  /** Networks that reach its API over the internet, as `203.0.113.7/32,198.51.100.0/24`. */
  readonly kubernetesCidrs?: string;
  /** URL of the local endpoint (`AWS_ENDPOINT_URL`). */
  readonly endpointUrl?: string;
}

/** The keys of `-c` that the app reads. */
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

/** Keys without a prefix that the CDK CLI keeps for itself in cdk.json and cdk.context.json. */
const CLI_KEYS: readonly string[] = ['acknowledged-issue-numbers', 'cli-telemetry'];

/** The account of every AWS-compatible endpoint on one's own machine. */
const LOCAL_ACCOUNT = '000000000000';

/** Number of zones an environment spreads over unless it says otherwise. */
const ZONE_COUNT = 2;

type Definition = (
  at: { region: string; availabilityZones: readonly string[] } & EnvironmentOverrides,
) => EnvironmentConfig;

/** A sandbox that counts cents, and tasks of 0.25 vCPU. */
const SMALL = {
  fargate: { spot: { spotWeight: 3, onDemandWeight: 1 } },
  ec2: { instanceTypes: ['t4g.small'], maxInstances: 6 },
};

/** Steady CPU, and tasks of 0.5 vCPU. */
const STEADY = {
  fargate: {},
  ec2: { instanceTypes: ['m7g.large', 'c7g.large'], maxInstances: 24 },
};

/** Two nodes that do with the smallest type that runs the add-ons, Cluster Autoscaler and a few pods. */
const SMALL_CLUSTER: KubernetesConfig = {
  nodes: { instanceTypes: ['t4g.medium'], minNodes: 2, maxNodes: 4 },
  service: { minPods: 2, maxPods: 20, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
};

const STEADY_CLUSTER: KubernetesConfig = {
  observability: true,
  nodes: { instanceTypes: ['m7g.large'], minNodes: 3, maxNodes: 14 },
  service: { minPods: 3, maxPods: 60, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
};

const sandbox: Definition = ({ region, availabilityZones, capacity = 'fargate', ...at }) => ({
  id: 'sandbox',
  region,
  availabilityZones,
  disposable: true,
  logRetentionDays: 7,
  terminationProtection: false,
  network: { cidr: '10.0.0.0/16', egress: { mode: 'nat', gateways: 1 } },
  image: { from: 'source' },
  service: { minTasks: 1, maxTasks: 4, cpu: 256, memoryMiB: 512, capacity: capacityOf(capacity, SMALL) },
  loadBalancer: {},
  function: { memoryMiB: 512, logLevel: 'INFO', provisionedConcurrency: { min: 1, max: 4 } },
  restApi: {
    cache: { quoteTtlSeconds: 5, historyTtlSeconds: 60 },
    throttle: { rate: 50, burst: 100 },
    historyThrottle: { rate: 20, burst: 40 },
    ownsApiAccount: true,
  },
  httpApi: { throttle: { rate: 50, burst: 100 }, historyThrottle: { rate: 20, burst: 40 } },
  // Off: it costs more than all else here together (docs/costs.md).
  kubernetes: kubernetesOf(at, SMALL_CLUSTER, 'false'),
  webSocketApi: {
    maxSymbols: 20,
    messagesPerSecond: 10,
    throttle: { rate: 50, burst: 100 },
    ticker: { everySeconds: 5, scheduled: false },
  },
});

const definitions: Readonly<Record<string, Definition>> = {
  sandbox,
  production: ({ region, availabilityZones, imageDigest, capacity = 'fargate', ...at }) => ({
    id: 'production',
    region,
    availabilityZones,
    disposable: false,
    logRetentionDays: 90,
    terminationProtection: true,
    network: { cidr: '10.16.0.0/16', egress: { mode: 'nat', gateways: availabilityZones.length } },
    image: { from: 'digest', digest: imageDigest },
    service: { minTasks: 2, maxTasks: 20, cpu: 512, memoryMiB: 1024, capacity: capacityOf(capacity, STEADY) },
    loadBalancer: { accessLogDays: 90 },
    function: {
      memoryMiB: 1024,
      logLevel: 'WARN',
      provisionedConcurrency: {
        min: 2,
        max: 20,
        // While the exchanges are open, and a quarter of an hour before and after, in UTC: Tokyo 00:00 to 06:30, New York
        // 13:30 to 20:00 in summer and 14:30 to 21:00 in winter. Both halves of the year are covered, as schedules in UTC
        // know no daylight saving time.
        schedules: [
          { id: 'BeforeTokyo', cron: 'cron(45 23 ? * SUN-THU *)', min: 5, max: 20 },
          { id: 'AfterTokyo', cron: 'cron(45 6 ? * MON-FRI *)', min: 2, max: 20 },
          { id: 'BeforeNewYork', cron: 'cron(15 13 ? * MON-FRI *)', min: 5, max: 20 },
          { id: 'AfterNewYork', cron: 'cron(15 21 ? * MON-FRI *)', min: 2, max: 20 },
        ],
      },
    },
    restApi: {
      cache: { quoteTtlSeconds: 5, historyTtlSeconds: 60 },
      throttle: { rate: 500, burst: 1000 },
      historyThrottle: { rate: 100, burst: 200 },
      ownsApiAccount: false,
    },
    httpApi: { throttle: { rate: 500, burst: 1000 }, historyThrottle: { rate: 100, burst: 200 } },
    kubernetes: kubernetesOf(at, STEADY_CLUSTER, 'true'),
    webSocketApi: {
      maxSymbols: 20,
      messagesPerSecond: 10,
      throttle: { rate: 500, burst: 1000 },
      ticker: { everySeconds: 5, scheduled: true, memoryMiB: 1769 },
    },
  }),
  local: (at) => ({
    ...sandbox({ ...at, kubernetes: at.kubernetes ?? 'true' }),
    id: 'local',
    account: LOCAL_ACCOUNT,
    logRetentionDays: 1,
    network: { cidr: '10.32.0.0/16', egress: { mode: 'nat', gateways: 1 } },
    // Nothing is pulled there: the runner starts the container service itself.
    image: { from: 'digest', digest: `sha256:${'0'.repeat(64)}` },
    // The endpoint runs no schedules: the experiments invoke the function.
    webSocketApi: {
      maxSymbols: 20,
      messagesPerSecond: 10,
      throttle: { rate: 500, burst: 1000 },
      ticker: { everySeconds: 1, scheduled: false },
    },
    endpoint: {
      url: required(
        at.endpointUrl === '' ? undefined : at.endpointUrl,
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
 * @throws if no environment has that name, the region is in another partition than `aws` or has no known zones and none are
 * given, or an override is malformed.
 */
export function environment(name: string, overrides: EnvironmentOverrides = {}): EnvironmentConfig {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (definition === undefined) {
    throw new Error(
      `environment: "${name}" is not known. Give one of ${environmentNames.join(', ')}: -c environment=sandbox`,
    );
  }
  const region = overrides.region ?? 'us-east-1';
  const partition = otherPartitionOf(region);
  if (partition !== undefined) {
    throw new Error(
      `region: "${region}" is in the partition ${partition}, but only aws is served: the image is built from its public ` +
        'gallery. Give a region of aws, as in -c region=us-east-1',
    );
  }
  const availabilityZones = listOf(overrides.zones) ?? zonesOf(region).slice(0, ZONE_COUNT);
  const stranger = availabilityZones.find((zone) => !new RegExp(`^${region}(-[a-z]+-\\d)?[a-z]$`).test(zone));
  if (stranger !== undefined) {
    throw new Error(
      `zones: "${stranger}" is not an availability zone of ${region}. Give names such as -c zones=${region}a,${region}b`,
    );
  }
  return definition({ ...overrides, region, availabilityZones });
}

/**
 * Holds the context (`-c key=value`) against what the environment makes of it: a mistyped key would deploy another one.
 *
 * @throws if a key is not known and has no prefix (`aws:cdk:…`, `@aws-cdk/…`), or a digest is given that is not deployed
 */
export function checkContext(context: Readonly<Record<string, unknown>>, { id, image }: EnvironmentConfig): void {
  const stranger = Object.keys(context).find(
    (key) => !/[:@/]/.test(key) && ![...CONTEXT_KEYS, ...CLI_KEYS].includes(key),
  );
  if (stranger !== undefined) {
    throw new Error(
      `context: "${stranger}" is not known. Give -c with one of ${CONTEXT_KEYS.join(', ')}; where you gave none of that name, ` +
        'it is in cdk.context.json or ~/.cdk.json.',
    );
  }
  const { imageDigest } = context;
  if (imageDigest === undefined || (image.from === 'digest' && image.digest === imageDigest)) return;
  throw new Error(
    `imageDigest: environment ${id} deploys no image by a digest from outside. ` +
      'Leave it out, or name an environment that does: -c environment=production',
  );
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

function capacityOf(name: string, of: { fargate: FargateConfig; ec2: InstancesConfig }): CapacityConfig {
  const { fargate, ec2 } = of;
  const capacities: Readonly<Record<string, CapacityConfig>> = {
    fargate: { fargate },
    ec2: { ec2 },
    both: { fargate: { ...fargate, weight: 1 }, ec2: { ...ec2, weight: 1 } },
  };
  const names = Object.keys(capacities).join(', ');
  return required(
    Object.hasOwn(capacities, name) ? capacities[name] : undefined,
    `capacity: "${name}" is not known. Give one of ${names}: -c capacity=ec2`,
  );
}

/** The cluster of an environment, unless it is switched off. */
function kubernetesOf(
  { kubernetes, kubernetesAdmin, kubernetesCidrs }: EnvironmentOverrides,
  cluster: KubernetesConfig,
  otherwise: string,
): KubernetesConfig | undefined {
  // In cdk.json it may be written without quotes.
  const wanted = String(kubernetes ?? otherwise);
  if (wanted !== 'true' && wanted !== 'false') {
    throw new Error(`kubernetes: must be true or false, got "${wanted}". Give -c kubernetes=true`);
  }
  if (kubernetesAdmin !== undefined && !/^arn:[\w-]+:iam::\d{12}:role\/./.test(kubernetesAdmin)) {
    throw new Error(
      `kubernetesAdmin: must be the ARN of an IAM role, got "${kubernetesAdmin}". ` +
        'Give it as in -c kubernetesAdmin=arn:aws:iam::111122223333:role/Admin',
    );
  }
  if (wanted === 'true') {
    return { ...cluster, adminRoleArn: kubernetesAdmin, publicCidrs: listOf(kubernetesCidrs) };
  }
  for (const [key, value] of Object.entries({ kubernetesAdmin, kubernetesCidrs })) {
    if (value !== undefined) {
      throw new Error(`${key}: there is no cluster that it could apply to. Leave it out, or give -c kubernetes=true`);
    }
  }
  return undefined;
}

/** As text with commas on a command line, in cdk.json as a list, too. */
function listOf(value: unknown): readonly string[] | undefined {
  return value === undefined ? undefined : String(value).split(',');
}

function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}
