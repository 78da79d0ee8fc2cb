import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

/** A construct that provides instances to a cluster. The service is created after the construct and deleted before it. */
export interface InstanceCapacity extends IConstruct {
  readonly capacityProviderName: string;
}

/**
 * Where tasks run. With both kinds, each has an ECS service of its own with `minTasks` to `maxTasks`, and the listener divides
 * the requests by `weight`: a strategy of ECS has capacity providers of Fargate or of instances, never of both.
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
     * demand, those beyond in proportion of the weights, 1 to 1000 each. The cluster has to have the capacity providers
     * FARGATE and FARGATE_SPOT. Switching Spot on or off replaces the service.
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
    /**
     * Cluster of the tasks on instances, where it is another one than that of the tasks on Fargate.
     *
     * @default `cluster` of the service
     */
    readonly cluster?: ecs.ICluster;
  };
}

export interface ContainerServiceProps {
  /** Cluster that the tasks run in, shared with other services or not. */
  readonly cluster: ecs.ICluster;

  readonly vpc: ec2.IVpc;

  /** Subnets of the tasks: private, with a way to the registry and to CloudWatch Logs (NAT or endpoints). */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Image of the container; it has to be built for `architecture`. An image from ECR grants the right to pull it. */
  readonly image: ecs.ContainerImage;

  /** Architecture that the image was built for. */
  readonly architecture: ecs.CpuArchitecture;

  /** CPU units of a task (1024 is one vCPU), one of the sizes of Fargate. @throws unless it is a whole number of at least 1 */
  readonly cpu: number;

  /**
   * MiB of a task, a size that Fargate offers with `cpu`.
   *
   * @throws unless it is a whole number of at least 1
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
   */
  readonly memoryMiB: number;

  /** Tasks at least; autoscaling raises the first task to as many. @throws unless it is a whole number of at least 1 */
  readonly minTasks: number;

  /** Tasks at most. @throws unless it is a whole number of at least `minTasks` */
  readonly maxTasks: number;

  /** Listener of the load balancer in front, whose security group alone may connect to the tasks. */
  readonly listener: elbv2.IApplicationListener;

  /** Path patterns of the requests that the service answers, as in `/history/*`. @throws unless there are 1 to 5 */
  readonly paths: readonly string[];

  /**
   * Order of the rule among the rules of the listener, lowest first.
   *
   * @throws unless it is a whole number from 1 to 50000 that no other rule of the listener has
   */
  readonly priority: number;

  /** Port that the container listens on, above 1024 because it does not run as root. Its variable is `PORT`. @default 8080 */
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
   * Time between SIGTERM and SIGKILL. The container's variable `STOP_TIMEOUT_MS` is two seconds less, in milliseconds.
   *
   * @default Duration.seconds(60)
   * @throws unless it is more than `deregistrationDelay` and at most 120 seconds, Fargate's limit
   */
  readonly stopTimeout?: Duration;

  /** Time in which requests in flight may finish on a task that leaves the load balancer. @default Duration.seconds(30) */
  readonly deregistrationDelay?: Duration;

  /** Security groups of the tasks. @default a group of their own that may connect to port 443, for the registry and the logs */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];

  /** CPU utilisation that target tracking holds, percent. @default 60 */
  readonly cpuTargetPercent?: number;

  /**
   * Requests a minute and task that target tracking holds. Measure what a task of your size sustains: this is a bound
   * for requests that wait rather than compute, CPU is the one for those that compute.
   *
   * @default 600
   */
  readonly requestsPerTargetPerMinute?: number;

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

/** The ECS service on one kind of capacity. */
export interface ServiceOnCapacity {
  readonly capacity: 'Fargate' | 'Ec2';
  readonly cluster: ecs.ICluster;
  readonly service: ecs.BaseService;
  readonly targetGroup: elbv2.ApplicationTargetGroup;
}

/**
 * A container in private subnets behind an Application Load Balancer that grows with its load: on Fargate, on instances or on
 * both, from one task definition.
 *
 * - A deployment starts as many new tasks as there are old ones and stops an old one only when a new one is healthy; a
 *   deployment that cannot get healthy is rolled back by the circuit breaker.
 * - A task that leaves is first taken out of the target group. It gets SIGTERM after `deregistrationDelay`, or at
 *   once when Spot takes its capacity away, and has `stopTimeout` to end. An init process passes the signal on.
 * - There is no health check inside the container: it would start a process every few seconds in a fraction of a vCPU to
 *   learn what the target group knows, and needs a shell in the image. The service replaces what the target group reports.
 * - The container has to keep idle connections open longer than the load balancer does, or callers see a 502 now and then.
 *
 * @example
 * ```ts
 * const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
 * const image = ecs.ContainerImage.fromEcrRepository(repository, '1.4.2');
 * const task = { image, architecture: ecs.CpuArchitecture.ARM64, cpu: 256, memoryMiB: 512 };
 * const rule = { listener, paths: ['/reports/*'], priority: 10 };
 * const scaling = { minTasks: 2, maxTasks: 10 };
 * const placement = { cluster: ecsCluster, vpc, vpcSubnets };
 * new ContainerService(this, 'Reports', { ...placement, ...task, ...rule, ...scaling });
 * ```
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export class ContainerService extends Construct implements ec2.IConnectable {
  /** Percent of its tasks that a service runs at most: a deployment starts as many new tasks as there are old ones. */
  private static readonly MAX_HEALTHY_PERCENT = 200;

  /** Tasks that run at most on one kind of capacity, during a deployment: for plans of addresses and of instances. */
  static tasksDuringDeployment(maxTasks: number): number {
    return Math.floor((maxTasks * ContainerService.MAX_HEALTHY_PERCENT) / 100);
  }

  /** One, or two with both kinds of capacity: Fargate first. */
  readonly services: readonly ServiceOnCapacity[];
  readonly taskDefinition: ecs.TaskDefinition;
  /** Command for a shell that replaces all tasks, one healthy set after the other. */
  readonly redeployCommand: string;
  /** Security group of the tasks. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ContainerServiceProps) {
    super(scope, id);
    const { cluster, port = 8080, exec = false } = props;
    const { stopTimeout = Duration.seconds(60), deregistrationDelay = Duration.seconds(30) } = props;
    const { fargate, ec2: instances } = props.capacity ?? { fargate: {} };
    checkWhole('cpu', props.cpu, 1, Number.POSITIVE_INFINITY, 'Give the CPU units of a task, as in 256');
    checkWhole('memoryMiB', props.memoryMiB, 1, Number.POSITIVE_INFINITY, 'Give the MiB of a task, as in 512');
    checkTasks(props.minTasks, props.maxTasks);
    checkStop(stopTimeout, deregistrationDelay);
    checkCapacity(fargate, instances);
    checkPaths(props.paths);
    checkWhole('priority', props.priority, 1, 50_000, 'Give one that no other rule of the listener has');

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
        // Two seconds to log what the container could not finish, before SIGKILL ends it.
        STOP_TIMEOUT_MS: `${stopTimeout.toMilliseconds() - 2_000}`,
      },
      user: '1000',
      readonlyRootFilesystem: !exec,
      linuxParameters: new ecs.LinuxParameters(this, 'LinuxParameters', { initProcessEnabled: true }),
      stopTimeout,
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'service',
        logGroup: props.logGroup ?? new logs.LogGroup(this, 'Logs'),
        // A service goes on answering while CloudWatch Logs does not; beyond the buffer, log lines are lost instead.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    });

    const securityGroups = props.securityGroups ? [...props.securityGroups] : [this.securityGroup(props.vpc)];
    this.connections = new ec2.Connections({ securityGroups });

    const common = {
      taskDefinition: this.taskDefinition,
      vpcSubnets: props.vpcSubnets,
      securityGroups,
      assignPublicIp: false,
      circuitBreaker: { rollback: true },
      minHealthyPercent: 100,
      maxHealthyPercent: ContainerService.MAX_HEALTHY_PERCENT,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: Duration.seconds(60),
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      // Explicitly false: a property that is left out of an update keeps the value it had.
      enableExecuteCommand: exec,
    } satisfies Partial<ecs.FargateServiceProps & ecs.Ec2ServiceProps>;
    const created: (Omit<ServiceOnCapacity, 'targetGroup'> & { scope: Construct; weight?: number })[] = [];
    if (fargate) {
      const { spot, weight } = fargate;
      const service = new ecs.FargateService(this, 'Service', {
        ...common,
        cluster,
        capacityProviderStrategies: spot && [
          { capacityProvider: 'FARGATE', base: props.minTasks, weight: spot.onDemandWeight },
          { capacityProvider: 'FARGATE_SPOT', weight: spot.spotWeight },
        ],
      });
      // Only with Spot does the service need what the cluster has beside itself: the association of the providers.
      if (spot) service.node.addDependency(cluster);
      created.push({ capacity: 'Fargate', scope: this, weight, cluster, service });
    }
    if (instances) {
      const { capacity, weight } = instances;
      const scope = new Construct(this, 'Ec2');
      const ec2Cluster = instances.cluster ?? cluster;
      const service = new ecs.Ec2Service(scope, 'Service', {
        ...common,
        cluster: ec2Cluster,
        capacityProviderStrategies: [{ capacityProvider: capacity.capacityProviderName, weight: 1 }],
        // Surviving the loss of a zone is worth more than full instances. Tasks can share CPU, but not memory.
        placementStrategies: [
          ecs.PlacementStrategy.spreadAcross(ecs.BuiltInAttributes.AVAILABILITY_ZONE),
          ecs.PlacementStrategy.packedByMemory(),
        ],
      });
      // The service is created after the association of the provider with the cluster and deleted before it.
      service.node.addDependency(capacity);
      created.push({ capacity: 'Ec2', scope, weight, cluster: ec2Cluster, service });
    }

    const weighted = created.map(({ scope, weight, ...part }) => {
      // The role alone is not enough to start a task: the policy that lets it pull the image has to exist, too.
      part.service.node.addDependency(this.taskDefinition.obtainExecutionRole());
      const targetGroup = new elbv2.ApplicationTargetGroup(scope, 'TargetGroup', {
        vpc: props.vpc,
        targetType: elbv2.TargetType.IP,
        protocol: elbv2.ApplicationProtocol.HTTP,
        port,
        targets: [part.service],
        deregistrationDelay,
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
      return { ...part, targetGroup, weight };
    });
    this.services = weighted;
    this.redeployCommand = created
      .map(
        ({ cluster: { clusterName }, service: { serviceName } }) =>
          `aws ecs update-service --cluster ${clusterName} --service ${serviceName} --force-new-deployment`,
      )
      .join(' && ');
    claimPriority(props.listener, props.priority, this);
    new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.listener,
      priority: props.priority,
      conditions: [elbv2.ListenerCondition.pathPatterns([...props.paths])],
      action:
        weighted.length > 1
          ? elbv2.ListenerAction.weightedForward(weighted)
          : elbv2.ListenerAction.forward(weighted.map(({ targetGroup }) => targetGroup)),
    });
    for (const { service, targetGroup } of weighted) scale(service, targetGroup, props);
  }

  private securityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Tasks of the container service',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'Registry and logs');
    return securityGroup;
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

/**
 * Marks a priority of a listener as taken, by a construct below the listener: CloudFormation would refuse the second rule of
 * a priority during the deployment. Rules are in the stack of their service, so that the listener does not know them.
 *
 * @throws if another construct has claimed the priority
 */
function claimPriority(listener: elbv2.IApplicationListener, priority: number, claimant: Construct): void {
  const id = `Priority${priority}`;
  const owner = listener.node.tryFindChild(id)?.node.tryGetContext('owner');
  if (owner !== undefined) {
    throw new Error(
      `priority: ${priority} of ${claimant.node.path} is the priority of ${owner}, too, on the same listener. Give each rule ` +
        'of a listener a priority of its own',
    );
  }
  new Construct(listener, id).node.setContext('owner', claimant.node.path);
}

function checkPaths(paths: readonly string[]): void {
  if (paths.length >= 1 && paths.length <= 5) return;
  throw new Error(
    `paths: must be 1 to 5 path patterns, got ${paths.length}. Give what the service answers, as in /history/*`,
  );
}

function checkWhole(property: string, value: number, min: number, max: number, advice: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = Number.isFinite(max) ? `from ${min} to ${max}` : `of at least ${min}`;
  throw new Error(`${property}: must be a whole number ${range}, got ${value}. ${advice}`);
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

function checkStop(stopTimeout: Duration, deregistrationDelay: Duration): void {
  const [stop, delay] = [stopTimeout.toSeconds(), deregistrationDelay.toSeconds()];
  if (!(stop > delay && stop <= 120)) {
    throw new Error(
      `stopTimeout: must be more than deregistrationDelay (${delay} seconds) and at most 120 seconds, got ${stop}. Requests ` +
        'may take as long as the delay: give the task that time and some more to end',
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
