import { Duration, RemovalPolicy, StackProps } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { ServiceRoute } from '../domain/routes';
import type { SlackChannel } from './constructs/alarm-topic';
import type { ClusterAddOnsProps } from './constructs/cluster-add-ons';
import type { DeploymentSteps } from './constructs/container-service';
import type { ReleaseSteps } from './constructs/gradual-release';
import type { ExistingNetwork, NetworkEgress } from './constructs/network';
import type { ProvisionedConcurrency } from './constructs/private-function';
import type { SleepHours } from './constructs/sleep';

/**
 * VPC of an environment: a new VPC or an existing one. An existing VPC has no stack, because its owner is responsible for
 * egress, endpoints and flow log.
 *
 * Choose before the first deployment: a later update would fail, because a load balancer cannot move to another VPC.
 */
export type NetworkConfig =
  | { readonly create: NewNetworkConfig; readonly existing?: undefined }
  | { readonly existing: ExistingNetwork; readonly create?: undefined };

export interface NewNetworkConfig {
  /** CIDR block of the VPC. /16 to /18 hold the subnets of two zones; the network construct refuses a block that is too small. */
  readonly cidr: string;
  readonly egress: NetworkEgress;
  /** CIDR blocks of networks that the VPC will route to (peering, VPN), which must not overlap its own. @default none */
  readonly routedCidrs?: readonly string[];
}

/** Source of the image of a service. */
export type ImageConfig =
  /**
   * CodeBuild builds the image in the account during the deployment, without Docker on the laptop. `directory` is a folder of
   * the repository with a Dockerfile. @default the history service, bundled from `container/`
   */
  | { readonly from: 'source'; readonly directory?: string }
  /** An image is promoted (`npm run promote`): `digest` (`sha256:` and 64 hex digits) names an image in the repository of the service. */
  | { readonly from: 'digest'; readonly digest?: string };

/** A container service: docs/ecs-capacity.md, "A second service". */
export interface ServiceConfig {
  /**
   * Lower-case words with hyphens between, such as `reports`. The name is part of the ids of the service: a new name replaces
   * the service by a new one.
   */
  readonly name: string;
  readonly image: ImageConfig;
  /**
   * Order of the service's rule at the load balancer, 1 to 50000, lowest first, unique among the services; 200 is for
   * Kubernetes. The thousands choose the load balancer: services from 1000 to 1999 are behind the second load balancer, in
   * separate stacks.
   */
  readonly priority: number;
  /**
   * Routes of the service on the REST API and on the HTTP API, with the classes of cache and throttle of domain/routes.ts.
   *
   * @default only the routes of domain/routes.ts that name the service
   */
  readonly routes?: readonly Omit<ServiceRoute, 'by' | 'service'>[];
  /** Tasks, lower bound of autoscaling. */
  readonly minTasks: number;
  /** Tasks, upper bound of autoscaling. */
  readonly maxTasks: number;
  /** CPU units of a task (1024 is one vCPU). */
  readonly cpu: number;
  /** MiB of a task. */
  readonly memoryMiB: number;
  /**
   * Seconds within which 99 of 100 responses begin, up to 29. Slower responses set off an alarm, and roll a deployment back.
   * @default 2, the time that the quotes function waits for an answer
   */
  readonly latencySeconds?: number;
  /**
   * Second target group, and the strategy by which ECS moves the requests to the new tasks of a deployment, and back if an alarm
   * goes off meanwhile: docs/releases.md says in which order to switch the strategy on and off. Needs one kind of capacity.
   *
   * @default one target group, and new tasks replace the old ones in steps
   */
  readonly release?: DeploymentSteps;
  /**
   * Spans of the service in X-Ray, through a CloudWatch agent in each task: docs/tracing.md. The agent shares CPU and memory of
   * the task. Its image comes from the internet, so egress through endpoints is refused, and so is `observability: 'basic'`.
   *
   * @default none
   */
  readonly tracing?: {
    /** Image of the CloudWatch agent with its version, such as `public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300066.0b1367`. */
    readonly agentImage: string;
  };
}

/** Tasks on Fargate. */
export interface FargateConfig {
  /** Shares of Fargate Spot and on-demand among the tasks beyond the first `minTasks`, as weights. @default no Spot */
  readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
}

/** Tasks on EC2 instances. Without tasks, no instance runs. */
export interface InstancesConfig {
  /** Instance types from lib/instance-types.ts, for the architecture of the image; the preferred type first. */
  readonly instanceTypes: readonly string[];
  /** Instances, upper bound of managed scaling. Synthesis refuses a number that is too small for the tasks of a deployment. */
  readonly maxInstances: number;
  /** The first instances run on demand, and so does this percentage of the others; the rest is Spot. @default no Spot */
  readonly spot?: { readonly onDemandBase: number; readonly onDemandPercent: number };
  /** The account setting `awsvpcTrunking` is on, so that more tasks fit on an instance. @default false */
  readonly trunking?: boolean;
}

/** Share of the requests in proportion to the weight of the other kind of capacity, 0 to 999. */
interface Weighted {
  readonly weight: number;
}

/** Capacity that runs the tasks: docs/ecs-capacity.md. With both kinds, each runs `minTasks` to `maxTasks`. */
export type CapacityConfig =
  | { readonly fargate: FargateConfig; readonly ec2?: undefined }
  | { readonly fargate?: undefined; readonly ec2: InstancesConfig }
  | { readonly fargate: FargateConfig & Weighted; readonly ec2: InstancesConfig & Weighted };

export interface WebSocketApiConfig {
  /**
   * Symbols that a connection may subscribe to, 1 to 99, because the connection and its symbols change in one transaction of
   * up to 100 items.
   */
  readonly maxSymbols: number;
  /** Messages per second that a connection may send. */
  readonly messagesPerSecond: number;
  /** New connections and messages a second, and the burst, over all clients of a route. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  readonly ticker: {
    /** Seconds from one tick to the next: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60. */
    readonly everySeconds: number;
    /** A schedule starts the ticker each minute, and the run lasts while somebody is subscribed. Otherwise invoke it by hand. */
    readonly scheduled: boolean;
    /**
     * MiB of the function. CPU is in proportion: one vCPU at 1769 MiB. The CPU limits the number of connections
     * (docs/websocket.md has figures). More than 1769 adds a second vCPU, which a function of one thread does not use.
     * @default 512
     */
    readonly memoryMiB?: number;
  };
}

export interface HttpApiConfig {
  /** Requests per second and burst over all callers of a route. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /** Throttle of each route whose throttle class is `history` in domain/routes.ts. @default `throttle` */
  readonly historyThrottle?: { readonly rate: number; readonly burst: number };
  /** Web pages of these origins (`https://app.example.com`) may read answers. @default none */
  readonly cors?: { readonly origins: readonly string[] };
  /** Callers send tokens of this issuer (an https URL) for these audiences instead of signatures. @default IAM (SigV4) */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };
  /** Custom domain name with a certificate of this region. @default the name that API Gateway gives */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
  /** Refuse requests at the name that API Gateway gives; needs `domain`. @default false */
  readonly disableDefaultEndpoint?: boolean;
}

/** An EKS cluster that also runs the image of the history service: docs/kubernetes.md. */
export interface KubernetesConfig {
  /** Minor version, one of lib/kubernetes-release.ts. @default the newest of lib/kubernetes-release.ts */
  readonly version?: string;
  /**
   * Networks (CIDR blocks) that may reach the API of the cluster over the internet. The whole internet is refused.
   * @default none: only the VPC reaches the API
   */
  readonly publicCidrs?: readonly string[];
  /**
   * Addresses of Services inside the cluster: a private IPv4 block of /12 to /24 that neither the VPC nor a routed network has.
   * Choose before the first deployment: EKS cannot change them.
   *
   * @default EKS chooses 10.100.0.0/16 or 172.20.0.0/16
   */
  readonly serviceCidr?: string;
  /** ARN of the IAM role whose holders administer the cluster with kubectl. @default nobody */
  readonly adminRoleArn?: string;
  /**
   * EKS refuses to delete the cluster. Switch this on only after the first deployment, because a first deployment that fails
   * could not be rolled back, and switch it off before `cdk destroy` (docs/kubernetes-operations.md, deletion protection).
   *
   * @default false: the stack has termination protection, and EKS deletes no cluster that has a node group
   */
  readonly deletionProtection?: boolean;
  /**
   * Versions of add-ons, `{ coredns: 'v1.13.2-eksbuild.1' }`.
   *
   * @default the version of lib/kubernetes-release.ts for the observability; for other add-ons, EKS chooses the version when
   * it creates the add-on
   */
  readonly addOnVersions?: ClusterAddOnsProps['versions'];
  /**
   * Send logs and metrics of pods and nodes to CloudWatch. This takes 300m of CPU of each node, and is billed by use.
   *
   * @default false: logs stay on the node and are deleted with the pod
   */
  readonly observability?: boolean;
  readonly nodes: {
    /** Instance types from lib/instance-types.ts, for the architecture of the image; at least two with Spot. */
    readonly instanceTypes: readonly string[];
    /** Nodes, lower bound of Cluster Autoscaler. With 1, the loss of a node is an outage of minutes. */
    readonly minNodes: number;
    /** Nodes, upper bound of Cluster Autoscaler. */
    readonly maxNodes: number;
    /** Spot instances instead of on-demand. @default false */
    readonly spot?: boolean;
    /**
     * Minor version of the nodes during an upgrade, after the control plane was upgraded: up to three versions older than the
     * control plane. Leave `version` out if no nodes exist yet, or if new nodes are about to replace them
     * (docs/kubernetes-operations.md, upgrade).
     *
     * @default the version of the cluster
     */
    readonly version?: string;
  };
  readonly service: {
    /** Pods, lower bound of the Horizontal Pod Autoscaler. */
    readonly minPods: number;
    /** Pods, upper bound of the Horizontal Pod Autoscaler. */
    readonly maxPods: number;
    /** CPU request of a pod in thousandths of a vCPU. */
    readonly cpuMillis: number;
    /** Memory of a pod in MiB, as request and limit. */
    readonly memoryMiB: number;
    /** Percent of `cpuMillis` at which the Horizontal Pod Autoscaler holds the pods. */
    readonly targetCpuPercent: number;
    /**
     * Minutes, 1 to 14, in which all pods have to be ready after a change. Otherwise the deployment fails, and CloudFormation
     * applies the old objects again: docs/releases.md. Give it only after the first deployment, because a first deployment
     * that fails deletes the cluster.
     *
     * @default a deployment does not wait for the pods, and nothing goes back by itself
     */
    readonly rolloutMinutes?: number;
  };
}

/** Alarms of an environment. */
export interface AlarmsConfig {
  /**
   * Minutes without a request, 5 to 1440, after which the alarm on a silent API goes off. Give it only where requests never
   * stop.
   * @default no such alarm, because an idle environment is healthy
   */
  readonly silentAfterMinutes?: number;
}

/**
 * Receivers of messages: an SNS topic that exists, or receivers for whom the environment creates a topic.
 *
 * All values are in the templates and in this repository: give no URL that holds a password or a token, such as the URL of an
 * incoming webhook of a chat. The endpoint of a service that receives alarms (PagerDuty, Opsgenie) holds an integration key,
 * by which others could send false alarms: give such an endpoint only if everyone who reads the repository may know the key,
 * or create the topic yourself and give `topicArn`.
 */
export type ReceiversConfig =
  /**
   * ARN of a standard SNS topic of the region. The policies of the topic and of its key have to let
   * `cloudwatch.amazonaws.com` publish, and for a budget, `budgets.amazonaws.com`.
   */
  | {
      readonly topicArn: string;
      readonly emails?: undefined;
      readonly endpoints?: undefined;
      readonly slack?: undefined;
    }
  | {
      readonly topicArn?: undefined;
      /** Addresses. Each receives an e-mail with a link, and has to confirm once. @default none */
      readonly emails?: readonly string[];
      /** https URLs of services that confirm a subscription of SNS by themselves (PagerDuty, Opsgenie). @default none */
      readonly endpoints?: readonly string[];
      /**
       * Channel of Slack, through Amazon Q Developer in chat applications (formerly AWS Chatbot). Before the first deployment,
       * authorize the workspace once by hand in the console of that service. AWS accepts a channel once in an account, so pages
       * and notices need two channels, and so does every environment of the account. @default none
       */
      readonly slack?: SlackChannel;
    };

/**
 * Who is notified of what. `aws cloudwatch set-alarm-state` tests the whole way (the stack Operations prints the command).
 *
 * A new alarm sends a message when it is OK for the first time, so the first deployment sends one message for each alarm.
 */
export interface NotificationsConfig {
  /**
   * Notified at any hour when users are affected, and when this is over, by the composite alarm `UsersAffected`. With `sleep`,
   * also of a failed run to sleep or to wake, because `UsersAffected` may send nothing then.
   */
  readonly page: ReceiversConfig;
  /**
   * Notified of all other alarms and of the budget, which can wait until the morning.
   *
   * @default nobody: the other alarms have no action, so a page that SNS cannot deliver is seen in the console only
   */
  readonly notice?: ReceiversConfig;
}

/**
 * Budget of an environment. The cost is that of resources with the tag `kumiki:environment`: activate the tag once as a cost
 * allocation tag in the Billing console (in an organization, in the management account), at the earliest a day after the first
 * deployment, because the console lists a tag only after it was used. Cost without tags, such as much of data transfer, does
 * not count.
 */
export interface BudgetConfig {
  /** USD of a calendar month. Messages at 80 % and 100 % of the actual cost, and at 100 % of the forecast. */
  readonly monthlyUsd: number;
  /** Addresses, 10 at most. @default none: needs `notifications.notice`, which receives the messages in any case */
  readonly emails?: readonly string[];
}

/** Every difference between environments is a property here. No other file checks the name of the environment. */
export interface EnvironmentConfig {
  /** Id of the environment: part of the stack names, and value of `x-served-by`. No code compares it with a name. */
  readonly id: string;
  /** AWS Region. */
  readonly region: string;
  /** Names of the availability zones, at least 2. */
  readonly availabilityZones: readonly string[];
  /** Number (12 digits) of the only account that may receive this environment. @default any account of AWS */
  readonly account?: string;

  /** Data and logs (registry, tables, log groups) are deleted with their stack. */
  readonly disposable: boolean;
  /** Days that a log group keeps its events, one of the values that CloudWatch Logs accepts. */
  readonly logRetentionDays: number;
  /** CloudFormation refuses to delete the stacks until this is switched off. */
  readonly terminationProtection: boolean;
  /**
   * One dashboard in CloudWatch for the environment (docs/dashboard.md), and saved queries on its logs (docs/tracing.md).
   *
   * @default true
   */
  readonly dashboard?: boolean;
  /** Alarms on every part: docs/alarms.md. With false, the environment has no alarm. @default {} */
  readonly alarms?: AlarmsConfig | false;
  /**
   * Receivers of the messages of alarms, when an alarm goes off and when the alarm is over. @default none: alarms change their
   * state, and send nothing
   */
  readonly notifications?: NotificationsConfig;
  /** Budget of a month for the resources of the environment. @default none */
  readonly budget?: BudgetConfig;
  /**
   * Hours in which no tasks, instances, nodes and provisioned concurrency run, and the load balancer answers 503: docs/sleep.md.
   * Wake the environment before you remove `sleep`, because without it nothing would. @default never
   */
  readonly sleep?: SleepHours;
  /**
   * Folder or URL of the runbooks, to which the description of each alarm leads. @default 'docs/runbooks', the folder in this
   * repository
   */
  readonly runbookUrl?: string;

  /**
   * Name of a managed policy of the account that bounds the permissions of every role of the environment. The policies of
   * bin/account.ts let CloudFormation create a role only with `KumikiBoundary`. @default none
   */
  readonly permissionsBoundary?: string;

  /**
   * What is measured and recorded beyond the metrics that AWS publishes for free, and billed by use: docs/switches.md.
   *
   * - `full`: metrics of each method and route, X-Ray, Container Insights of ECS with enhanced observability, and the logs of
   *   the control plane of EKS
   * - `basic`: none of these. Alarms, access logs and the logs of functions and containers stay. With `basic`, nobody can tell
   *   afterwards who did what in the Kubernetes cluster.
   *
   * @default 'full'
   */
  readonly observability?: 'full' | 'basic';

  /**
   * Key that encrypts logs, tables, images, topics and the secrets of Kubernetes.
   *
   * - `aws-owned`: keys of AWS, at no cost (the secrets of Kubernetes have a key of their own)
   * - `customer-managed`: one key of this environment, whose use CloudTrail records, and whose policy the account decides. The
   *   access log of the load balancer keeps SSE-S3, the only kind that Elastic Load Balancing supports.
   *
   * Choose before the first deployment: a change replaces the image repositories and the cluster. A change back to `aws-owned`
   * deletes the key of a disposable environment after all stacks, and with it, what is left of the old logs can be read no more.
   *
   * @default 'aws-owned'
   */
  readonly encryption?: 'aws-owned' | 'customer-managed';

  readonly network: NetworkConfig;

  /** Capacity that runs the tasks of all services. `-c capacity=fargate|ec2|both` overrides it. */
  readonly capacity: CapacityConfig;

  /** The container services, among them `history`. */
  readonly services: readonly ServiceConfig[];

  readonly loadBalancer: {
    /** Days that a bucket keeps the access log of the load balancer. @default no access log, because API Gateway has one */
    readonly accessLogDays?: number;
    /**
     * HTTPS to the load balancer: a certificate of this region, and a name in the certificate that resolves to the load
     * balancer. @default HTTP inside the VPC
     */
    readonly https?: { readonly certificateArn: string; readonly hostName: string };
  };

  readonly function: {
    /** Memory in MiB. CPU is in proportion: one vCPU at 1769 MiB. */
    readonly memoryMiB: number;
    /** Lowest level that is logged. */
    readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
    /** @default none: every environment starts on demand */
    readonly provisionedConcurrency?: ProvisionedConcurrency;
    /**
     * A new version receives 10 % of the requests first: `{ kind: 'canary', minutes: 10 }`. The version is left again if one of
     * its alarms goes off meanwhile: docs/releases.md. Each deployment of the function takes so many minutes longer.
     *
     * @default none: all requests move at once, when the new version is initialised
     */
    readonly release?: ReleaseSteps;
  };

  readonly restApi: {
    /**
     * Stage cache of 0.5 GB, billed by the hour whether used or not. The cache most likely keeps errors, too, so an error may
     * outlive its cause by the TTL: docs/decisions/0010. @default none
     */
    readonly cache?: {
      /** Time to live, 1 to 3600 seconds, of the routes whose cache class is `quote` in domain/routes.ts. */
      readonly quoteTtlSeconds: number;
      /** The same for the routes whose cache class is `history`. */
      readonly historyTtlSeconds: number;
    };
    /** Requests per second and burst over all callers of a method. */
    readonly throttle: { readonly rate: number; readonly burst: number };
    /**
     * Throttle of each method whose route has the throttle class `history` in domain/routes.ts. Answers from the cache may
     * count, too, because AWS does not document that they do not. @default `throttle`
     */
    readonly historyThrottle?: { readonly rate: number; readonly burst: number };
    /** ARN of a regional WAF web ACL to associate. @default none */
    readonly webAclArn?: string;
    /**
     * This deployment owns the role through which API Gateway writes logs, a setting of the account and region. Give false in
     * a shared account: the role must exist already, and its owner keeps it.
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

/** Capacity of each kind. `use` chooses the kind, and `-c capacity=` overrides the choice. */
export interface CapacityDefinition {
  readonly use: 'fargate' | 'ec2' | 'both';
  /** Tasks on Fargate, and their share of the requests with `both`. @default weight 1 */
  readonly fargate: FargateConfig & { readonly weight?: number };
  /** Tasks on EC2 instances, and their share of the requests with `both`. @default weight 1 */
  readonly ec2: InstancesConfig & { readonly weight?: number };
}

/**
 * An environment as lib/environments.ts describes it. lib/context.ts derives an `EnvironmentConfig` from the definition and
 * the context: `-c` may choose another region, other zones, the capacity and the digest of the image, and switch the
 * Kubernetes cluster on or off.
 */
export interface EnvironmentDefinition
  extends Omit<EnvironmentConfig, 'id' | 'availabilityZones' | 'capacity' | 'kubernetes'> {
  /** Names of the availability zones in `region`, at least 2. @default the first two of `zonesOf(region)` */
  readonly availabilityZones?: readonly string[];
  readonly capacity: CapacityDefinition;
  /** Kubernetes cluster. `-c kubernetes=` overrides `enabled`. @default no cluster, and `-c kubernetes=true` is refused */
  readonly kubernetes?: KubernetesConfig & { readonly enabled: boolean };
}

/** Props that every stack of an environment has. */
export interface EnvironmentStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  /** Removal policy of data and logs. */
  readonly removalPolicy: RemovalPolicy;
  /** Key of data. @default keys of AWS */
  readonly encryptionKey?: kms.Key;
}

/** Whether what is measured beyond the free metrics is on. */
export function observesFully({ observability = 'full' }: Pick<EnvironmentConfig, 'observability'>): boolean {
  return observability === 'full';
}

/**
 * Steps of a release of the function; undefined if all requests move at once.
 *
 * @throws if the environment has no alarms
 */
export function functionReleaseOf(config: Pick<EnvironmentConfig, 'alarms' | 'function'>): ReleaseSteps | undefined {
  const { release } = config.function;
  if (release === undefined || alarmsOf(config)) return release;
  throw new Error(
    'function.release: needs alarms on which a release goes back, got alarms: false. Leave alarms out, or leave release out.',
  );
}

/** Alarms of an environment; undefined where it has none. */
export function alarmsOf({ alarms }: Pick<EnvironmentConfig, 'alarms'>): AlarmsConfig | undefined {
  return alarms === false ? undefined : (alarms ?? {});
}

/** Time without a request after which the alarm on a silent API goes off; undefined if there is no such alarm. */
export function silentAfter({ silentAfterMinutes: minutes }: AlarmsConfig): Duration | undefined {
  return minutes === undefined ? undefined : Duration.minutes(minutes);
}
