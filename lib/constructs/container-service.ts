import { Aws, Duration, Fn, Names, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

/** A cluster of instances and its capacity provider. */
export interface InstanceCapacity extends IConstruct {
  readonly cluster: ecs.ICluster;
  readonly capacityProviderName: string;
}

/**
 * Where tasks run. With both, each has a service of its own with `minTasks` to `maxTasks`, and the listener divides the
 * requests by `weight`: a strategy of ECS has capacity providers of Fargate or of instances, never of both.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#forward-actions
 */
export interface ServiceCapacity {
  /** On Fargate. */
  readonly fargate?: {
    /** Share of the requests against that of `ec2`, 0 to 999. @default 1 */
    readonly weight?: number;
    /**
     * Run part of the tasks on Fargate Spot, cheaper and taken away on two minutes' notice: the first `minTasks` are on
     * demand, those beyond in proportion of the weights, 1 to 1000 each. Switching it on or off replaces the service.
     *
     * @default every task on demand
     * @throws if a weight is out of its range
     * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
     */
    readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
  };
  /** On instances. */
  readonly ec2?: {
    /** Share of the requests against that of `fargate`, 0 to 999. @default 1 */
    readonly weight?: number;
    readonly capacity: InstanceCapacity;
  };
}

export interface ContainerServiceProps {
  readonly vpc: ec2.IVpc;

  /** Subnets of the tasks: private, with a way to the registry and to CloudWatch Logs (NAT or endpoints). */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Image of the container; it has to be built for `architecture`. An image from ECR grants the right to pull it. */
  readonly image: ecs.ContainerImage;

  /** Architecture that the image was built for. */
  readonly architecture: ecs.CpuArchitecture;

  /**
   * CPU units of a task (1024 is one vCPU).
   *
   * @throws unless Fargate offers it: 256, 512, 1024, 2048, 4096, 8192 or 16384
   */
  readonly cpu: number;

  /**
   * MiB of a task.
   *
   * @throws unless Fargate offers it with `cpu`; the error lists what it offers
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
   */
  readonly memoryMiB: number;

  /** Tasks at least; autoscaling raises the first task to as many. @throws unless it is a whole number of at least 1 */
  readonly minTasks: number;

  /** Tasks at most. @throws unless it is a whole number of at least `minTasks` */
  readonly maxTasks: number;

  /** Listener of the load balancer in front. Its security group gets the way to the tasks, and nobody else does. */
  readonly listener: elbv2.IApplicationListener;

  /** Path patterns of the requests that come here, 1 to 5, as in `/history/*`. */
  readonly paths: readonly string[];

  /** Order of the rule among those of the listener, 1 to 50000, lowest first. @default 100 */
  readonly priority?: number;

  /** Port that the container listens on, above 1024 because it does not run as root. It is told by `PORT`. @default 8080 */
  readonly port?: number;

  /** Path that answers 200 when a task can take requests, and anything else when not. @default /readyz */
  readonly healthCheckPath?: string;

  /** Environment variables of the container. No secrets: everyone who may describe the task definition reads them. @default none */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Where tasks run. To move them without an interruption, go over both: first with a weight of 0 for the new one, until
   * its tasks are healthy, because a group gets its share of the requests whether it has tasks or not.
   *
   * @default { fargate: {} }
   * @throws if it is neither `fargate` nor `ec2`, or a weight is out of its range
   */
  readonly capacity?: ServiceCapacity;

  /**
   * Seconds between SIGTERM and SIGKILL. The container is told two seconds less, in milliseconds, by `STOP_TIMEOUT_MS`.
   *
   * @default 60
   * @throws unless it is more than `deregistrationDelaySeconds` and at most 120, Fargate's limit
   */
  readonly stopTimeoutSeconds?: number;

  /** Seconds that the load balancer lets requests in flight finish on a task that leaves. @default 30 */
  readonly deregistrationDelaySeconds?: number;

  /** CPU utilisation that target tracking holds, percent. @default 60 */
  readonly cpuTargetPercent?: number;

  /**
   * Requests a minute and task that target tracking holds. Measure what a task of your size sustains: this is a bound
   * for requests that wait rather than compute, CPU is the one for those that compute.
   *
   * @default 600
   */
  readonly requestsPerTargetPerMinute?: number;

  /**
   * Metrics of cluster, service and tasks, billed by metric. DISABLED costs nothing and leaves those of ECS itself (CPU,
   * memory), which autoscaling uses.
   *
   * @default ecs.ContainerInsights.ENHANCED
   */
  readonly containerInsights?: ecs.ContainerInsights;

  /** Where the container logs to. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;

  /**
   * Allow `aws ecs execute-command`: a shell in a running container, for those whose IAM policy permits it. It needs a
   * root file system that can be written, so that is read-only only without.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
   */
  readonly exec?: boolean;
}

/** A service on one kind of capacity. */
export interface PlacedService {
  readonly capacity: 'Fargate' | 'Ec2';
  readonly cluster: ecs.ICluster;
  readonly service: ecs.BaseService;
  readonly targetGroup: elbv2.ApplicationTargetGroup;
}

/**
 * A container in private subnets behind an Application Load Balancer that grows with its load: on Fargate in a cluster of
 * its own, on instances in theirs, or on both, from one task definition.
 *
 * - A deployment starts as many new tasks as there are old ones and stops an old one only when a new one is healthy; one
 *   that cannot get healthy is rolled back by the circuit breaker.
 * - A task that leaves is first taken out of the target group. It gets SIGTERM after `deregistrationDelaySeconds`, or at
 *   once when Spot takes its capacity away, and has `stopTimeoutSeconds` to end. An init process passes the signal on.
 * - There is no health check inside the container: it would start a process every few seconds in a fraction of a vCPU to
 *   learn what the target group knows, and needs a shell in the image. The service replaces what the target group reports.
 * - The container has to keep idle connections open longer than the load balancer does, or callers see a 502 now and then.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export class ContainerService extends Construct implements ec2.IConnectable {
  /** One, or two with both kinds of capacity: Fargate first. */
  readonly services: readonly PlacedService[];
  readonly taskDefinition: ecs.TaskDefinition;
  /** For a shell: replaces all tasks, one healthy set after the other. */
  readonly redeployCommand: string;
  /** Security group of the tasks. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ContainerServiceProps) {
    super(scope, id);
    const { port = 8080, stopTimeoutSeconds = 60, deregistrationDelaySeconds = 30, exec = false } = props;
    const { fargate, ec2: instances } = props.capacity ?? { fargate: {} };
    checkSize(props.cpu, props.memoryMiB);
    checkTasks(props.minTasks, props.maxTasks);
    checkStop(stopTimeoutSeconds, deregistrationDelaySeconds);
    checkCapacity(fargate, instances);

    this.taskDefinition = new ecs.TaskDefinition(this, 'TaskDefinition', {
      compatibility: ecs.Compatibility.EC2_AND_FARGATE,
      cpu: `${props.cpu}`,
      memoryMiB: `${props.memoryMiB}`,
      runtimePlatform: {
        cpuArchitecture: props.architecture,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    this.taskDefinition.addContainer('Service', {
      image: props.image,
      portMappings: [{ containerPort: port }],
      environment: {
        ...props.environment,
        PORT: `${port}`,
        // Time to say what it could not finish before SIGKILL ends it without a word.
        STOP_TIMEOUT_MS: `${(stopTimeoutSeconds - 2) * 1_000}`,
      },
      user: '1000',
      readonlyRootFilesystem: !exec,
      linuxParameters: new ecs.LinuxParameters(this, 'LinuxParameters', { initProcessEnabled: true }),
      stopTimeout: Duration.seconds(stopTimeoutSeconds),
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'service',
        logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
        // A service goes on answering while CloudWatch Logs does not; beyond the buffer, log lines are lost instead.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    });

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Tasks of the container service',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'Registry and logs');
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    const common = {
      taskDefinition: this.taskDefinition,
      vpcSubnets: props.vpcSubnets,
      securityGroups: [securityGroup],
      assignPublicIp: false,
      circuitBreaker: { rollback: true },
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: Duration.seconds(60),
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      // Explicitly false: a property that is left out of an update keeps the value it had.
      enableExecuteCommand: exec,
    } satisfies Partial<ecs.FargateServiceProps & ecs.Ec2ServiceProps>;
    const placed: (Omit<PlacedService, 'targetGroup'> & { at: Construct; weight?: number })[] = [];
    if (fargate) {
      const { cluster, service } = this.onFargate(props, fargate.spot, common);
      placed.push({ capacity: 'Fargate', at: this, weight: fargate.weight, cluster, service });
    }
    if (instances) {
      const { capacity, weight } = instances;
      const at = new Construct(this, 'Ec2');
      const service = new ecs.Ec2Service(at, 'Service', {
        ...common,
        cluster: capacity.cluster,
        capacityProviderStrategies: [{ capacityProvider: capacity.capacityProviderName, weight: 1 }],
        // To survive the loss of a zone comes before filling instances; CPU has slack where memory has none.
        placementStrategies: [
          ecs.PlacementStrategy.spreadAcross(ecs.BuiltInAttributes.AVAILABILITY_ZONE),
          ecs.PlacementStrategy.packedByMemory(),
        ],
      });
      // After the association of the provider with the cluster, and gone before it.
      service.node.addDependency(capacity);
      placed.push({ capacity: 'Ec2', at, weight, cluster: capacity.cluster, service });
    }

    const weighted = placed.map(({ capacity, at, weight, cluster, service }) => {
      // The role alone is not enough to start a task: the policy that lets it pull has to be there.
      service.node.addDependency(this.taskDefinition.obtainExecutionRole());
      const targetGroup = new elbv2.ApplicationTargetGroup(at, 'TargetGroup', {
        vpc: props.vpc,
        targetType: elbv2.TargetType.IP,
        protocol: elbv2.ApplicationProtocol.HTTP,
        port,
        targets: [service],
        deregistrationDelay: Duration.seconds(deregistrationDelaySeconds),
        // Requests differ in cost by a factor of 100: round robin would queue short ones behind long ones.
        loadBalancingAlgorithmType: elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
        healthCheck: {
          path: props.healthCheckPath ?? '/readyz',
          healthyHttpCodes: '200',
          interval: Duration.seconds(10),
          timeout: Duration.seconds(5),
          healthyThresholdCount: 2,
          unhealthyThresholdCount: 3,
        },
      });
      return { capacity, cluster, service, targetGroup, weight };
    });
    this.services = weighted;
    this.redeployCommand = placed
      .map(
        ({ cluster: { clusterName }, service: { serviceName } }) =>
          `aws ecs update-service --cluster ${clusterName} --service ${serviceName} --force-new-deployment`,
      )
      .join(' && ');
    new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.listener,
      priority: props.priority ?? 100,
      conditions: [elbv2.ListenerCondition.pathPatterns([...props.paths])],
      action:
        weighted.length > 1
          ? elbv2.ListenerAction.weightedForward(weighted)
          : elbv2.ListenerAction.forward(weighted.map(({ targetGroup }) => targetGroup)),
    });
    for (const { service, targetGroup } of weighted) scale(service, targetGroup, props);
  }

  private onFargate(
    { vpc, listener, minTasks, containerInsights = ecs.ContainerInsights.ENHANCED }: ContainerServiceProps,
    spot: NonNullable<ServiceCapacity['fargate']>['spot'],
    common: Omit<ecs.FargateServiceProps, 'cluster'>,
  ): { cluster: ecs.Cluster; service: ecs.FargateService } {
    // Known before the cluster, and another in each life of the stack: what the service writes late, after the log group
    // was deleted, makes it anew, and would refuse its name to the next deployment.
    const life = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    const clusterName = Fn.join('-', [Names.uniqueResourceName(this, { maxLength: 240, separator: '-' }), life]);
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName, containerInsightsV2: containerInsights });
    if (containerInsights !== ecs.ContainerInsights.DISABLED) {
      // Container Insights would make this log group on its own, with the same retention of a day, and leave it behind:
      // metrics are made of its events, and one that is kept would be another in each life of the stack. To be there before
      // the cluster and gone after it, it needs a cluster whose name is known.
      const performance = new logs.LogGroup(this, 'Performance', {
        logGroupName: `/aws/ecs/containerinsights/${clusterName}/performance`,
        retention: logs.RetentionDays.ONE_DAY,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      cluster.node.addDependency(performance);
    }
    const service = new ecs.FargateService(this, 'Service', {
      ...common,
      cluster,
      capacityProviderStrategies: spot && [
        { capacityProvider: 'FARGATE', base: minTasks, weight: spot.onDemandWeight },
        { capacityProvider: 'FARGATE_SPOT', weight: spot.spotWeight },
      ],
    });
    if (spot) {
      // The cluster's own way of doing this has no order: created too late the service finds no provider, and deleted too
      // early "the specified capacity provider is in use".
      const providers = new ecs.CfnClusterCapacityProviderAssociations(this, 'CapacityProviders', {
        cluster: cluster.clusterName,
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [],
      });
      service.node.addDependency(providers);
      // In an account that is new to ECS the first cluster has its service-linked role made, which takes a while, and the
      // providers need it: the load balancer takes minutes, so they wait for that.
      providers.node.addDependency(listener);
    }
    return { cluster, service };
  }
}

function scale(
  service: ecs.BaseService,
  targetGroup: elbv2.ApplicationTargetGroup,
  props: Pick<ContainerServiceProps, 'minTasks' | 'maxTasks' | 'cpuTargetPercent' | 'requestsPerTargetPerMinute'>,
): void {
  const tasks = service.autoScaleTaskCount({ minCapacity: props.minTasks, maxCapacity: props.maxTasks });
  // A minute to see the effect of new tasks; five before taking away what may be needed again.
  const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(5) };
  tasks.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: props.cpuTargetPercent ?? 60, ...cooldowns });
  tasks.scaleOnRequestCount('Requests', {
    requestsPerTarget: props.requestsPerTargetPerMinute ?? 600,
    targetGroup,
    ...cooldowns,
  });
}

/** Memory in MiB that Fargate offers by CPU units: from, to, in steps of. */
const FARGATE_MEMORY: Readonly<Record<number, { from: number; to: number; step: number }>> = {
  256: { from: 512, to: 2_048, step: 512 },
  512: { from: 1_024, to: 4_096, step: 1_024 },
  1024: { from: 2_048, to: 8_192, step: 1_024 },
  2048: { from: 4_096, to: 16_384, step: 1_024 },
  4096: { from: 8_192, to: 30_720, step: 1_024 },
  8192: { from: 16_384, to: 61_440, step: 4_096 },
  16384: { from: 32_768, to: 122_880, step: 8_192 },
};

function checkSize(cpu: number, memoryMiB: number): void {
  const memory = FARGATE_MEMORY[cpu];
  if (memory === undefined) {
    throw new Error(
      `cpu: Fargate has no tasks of ${cpu} CPU units. Give one of ${Object.keys(FARGATE_MEMORY).join(', ')}`,
    );
  }
  const values: number[] = [];
  for (let value = memory.from; value <= memory.to; value += memory.step) {
    // The smallest size is the one with a gap: 512, 1024 and 2048.
    if (!(cpu === 256 && value === 1_536)) values.push(value);
  }
  if (!values.includes(memoryMiB)) {
    throw new Error(
      `memoryMiB: Fargate has no tasks of ${cpu} CPU units with ${memoryMiB} MiB. Give one of ${values.join(', ')}`,
    );
  }
}

function checkTasks(minTasks: number, maxTasks: number): void {
  if (!(Number.isInteger(minTasks) && minTasks >= 1)) {
    throw new Error(
      `minTasks: must be a whole number of at least 1, got ${minTasks}. Give 2 or more to survive the loss of a zone`,
    );
  }
  if (!(Number.isInteger(maxTasks) && maxTasks >= minTasks)) {
    throw new Error(
      `maxTasks: must be a whole number of at least minTasks (${minTasks}), got ${maxTasks}. Raise maxTasks or lower minTasks`,
    );
  }
}

function checkStop(stopTimeoutSeconds: number, deregistrationDelaySeconds: number): void {
  if (!(stopTimeoutSeconds > deregistrationDelaySeconds && stopTimeoutSeconds <= 120)) {
    throw new Error(
      `stopTimeoutSeconds: must be more than deregistrationDelaySeconds (${deregistrationDelaySeconds}) and at most 120, ` +
        `got ${stopTimeoutSeconds}. Requests may take up to the delay: give them that time and some to end`,
    );
  }
}

function checkCapacity(fargate: ServiceCapacity['fargate'], instances: ServiceCapacity['ec2']): void {
  if (fargate === undefined && instances === undefined) {
    throw new Error('capacity: must be fargate, ec2 or both, got neither. Give { fargate: {} }, or leave capacity out');
  }
  for (const [name, weight] of Object.entries({ fargate: fargate?.weight, ec2: instances?.weight })) {
    if (weight !== undefined && !(Number.isInteger(weight) && weight >= 0 && weight <= 999)) {
      throw new Error(
        `capacity.${name}.weight: must be a whole number from 0 to 999, got ${weight}. Give its share of the requests`,
      );
    }
  }
  // A provider of weight 0 gets no tasks, not even those of its base.
  for (const [name, weight] of Object.entries(fargate?.spot ?? {})) {
    if (!(Number.isInteger(weight) && weight >= 1 && weight <= 1_000)) {
      throw new Error(
        `capacity.fargate.spot.${name}: must be a whole number from 1 to 1000, got ${weight}. Leave spot out to run without Fargate Spot`,
      );
    }
  }
}
