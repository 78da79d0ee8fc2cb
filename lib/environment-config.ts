import { RemovalPolicy, StackProps } from 'aws-cdk-lib';
import type { ServiceRoute } from '../domain/routes';
import type { ClusterAddOnsProps } from './constructs/cluster-add-ons';
import type { ExistingNetwork, NetworkEgress } from './constructs/network';
import type { ProvisionedConcurrency } from './constructs/private-function';

/**
 * The VPC of an environment: a new one, or one that exists. An existing VPC has no stack: egress, endpoints and flow log are
 * its owner's.
 *
 * Choose before the first deployment: a deployed load balancer cannot move to another VPC, so an update would fail.
 */
export type NetworkConfig =
  | { readonly create: NewNetworkConfig; readonly existing?: undefined }
  | { readonly existing: ExistingNetwork; readonly create?: undefined };

export interface NewNetworkConfig {
  /** CIDR block of the VPC: /16 to /18 hold the subnets of two zones, the network construct says what it misses. */
  readonly cidr: string;
  readonly egress: NetworkEgress;
  /** CIDR blocks that the VPC will be routed with (peering, VPN) and must not overlap. @default none */
  readonly routedCidrs?: readonly string[];
}

/** Source of the image of a service. */
export type ImageConfig =
  /**
   * Built in the account during the deployment (CodeBuild), without Docker on the laptop: from `directory`, a folder of the
   * repository with a Dockerfile. @default the history service, bundled from `container/`
   */
  | { readonly from: 'source'; readonly directory?: string }
  /** Promoted: the digest (`sha256:` and 64 hex digits) of an image that the repository of the service holds. */
  | { readonly from: 'digest'; readonly digest?: string };

/** A container service: docs/ecs-capacity.md, "A second service". */
export interface ServiceConfig {
  /** Lower-case words with hyphens between, as in `reports`: part of its ids. A service with another name is another service. */
  readonly name: string;
  readonly image: ImageConfig;
  /**
   * Order of its rule at the load balancer, 1 to 50000, lowest first, which no other service has; 200 is for Kubernetes. The
   * thousands choose the load balancer: services from 1000 to 1999 are behind the second one, in stacks of their own.
   */
  readonly priority: number;
  /**
   * Its routes on the REST API and on the HTTP API, with the classes of cache and throttle of domain/routes.ts.
   *
   * @default none beside those of domain/routes.ts that name the service
   */
  readonly routes?: readonly Omit<ServiceRoute, 'by' | 'service'>[];
  /** Tasks, lower bound of autoscaling. */
  readonly minTasks: number;
  /** Tasks, upper bound of autoscaling. */
  readonly maxTasks: number;
  /** CPU units a task (1024 is one vCPU). */
  readonly cpu: number;
  /** MiB a task. */
  readonly memoryMiB: number;
}

/** Tasks on Fargate. */
export interface FargateConfig {
  /** Share of tasks on Fargate Spot beyond the first `minTasks`, as weight against on-demand. @default no Spot */
  readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
}

/** Tasks on EC2 instances, of which there are none without tasks. */
export interface InstancesConfig {
  /** Types that lib/instance-types.ts has on file, of the architecture of the image; the preferred one first. */
  readonly instanceTypes: readonly string[];
  /** Instances, upper bound of managed scaling; synthesis says how many the tasks of a deployment take. */
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
  /** The same for each of the routes whose throttle class is `history` in domain/routes.ts. @default `throttle` */
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
    /** Types that lib/instance-types.ts has on file, of the architecture of the image; with Spot at least two. */
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

/** Everything in which environments differ. No other file asks which environment it is in: a difference is a property here. */
export interface EnvironmentConfig {
  /** Id of the environment: prefix of the stack names, value of `x-served-by`. Never compared with anything. */
  readonly id: string;
  /** AWS Region. */
  readonly region: string;
  /** Names of the availability zones, at least 2. */
  readonly availabilityZones: readonly string[];
  /** Twelve digits of the only account that may receive this environment. @default any account of AWS */
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

  readonly network: NetworkConfig;

  /** Where the tasks of all services run, or `-c capacity=fargate|ec2|both`. */
  readonly capacity: CapacityConfig;

  /** The container services, among them `history`. */
  readonly services: readonly ServiceConfig[];

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
     * The same for each of the routes whose throttle class is `history` in domain/routes.ts. AWS does not document whether
     * answers from the cache are counted. @default `throttle`
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
}

/** Capacity for each way to run the tasks; `use` chooses, and `-c capacity=` chooses another one. */
export interface CapacityDefinition {
  readonly use: 'fargate' | 'ec2' | 'both';
  /** Tasks on Fargate, and their share of the requests with `both`. @default weight 1 */
  readonly fargate: FargateConfig & { readonly weight?: number };
  /** Tasks on EC2 instances, and their share of the requests with `both`. @default weight 1 */
  readonly ec2: InstancesConfig & { readonly weight?: number };
}

/**
 * An environment as lib/environments.ts describes it. lib/context.ts makes an `EnvironmentConfig` of it: `-c` may choose
 * another region, other zones, the capacity, the digest of the image, and whether there is a cluster.
 */
export interface EnvironmentDefinition
  extends Omit<EnvironmentConfig, 'id' | 'availabilityZones' | 'capacity' | 'kubernetes'> {
  /** Names of the availability zones in `region`, at least 2. @default the first two of `zonesOf(region)` */
  readonly availabilityZones?: readonly string[];
  readonly capacity: CapacityDefinition;
  /** The cluster, and whether there is one unless `-c kubernetes=` says otherwise. @default none, whatever `-c` says */
  readonly kubernetes?: KubernetesConfig & { readonly enabled: boolean };
}

/** Props that every stack of an environment has. */
export interface EnvironmentStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  /** What becomes of data and logs when their stack goes. */
  readonly removalPolicy: RemovalPolicy;
}
