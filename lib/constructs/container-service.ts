import { Aws, Duration, Fn, Names, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

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
   * Run part of the tasks on Fargate Spot, cheaper and taken away on two minutes' notice: the first `minTasks` are on
   * demand, those beyond in proportion of the weights, 1 to 1000 each. Switching it on or off replaces the service.
   *
   * @default every task on demand
   * @throws if a weight is out of its range
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
   */
  readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };

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

  /** How long the container's logs are kept. @default logs.RetentionDays.ONE_MONTH */
  readonly logRetention?: logs.RetentionDays;

  /** What becomes of the container's logs when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Allow `aws ecs execute-command`: a shell in a running container, for those whose IAM policy permits it. It needs a
   * root file system that can be written, so that is read-only only without.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
   */
  readonly exec?: boolean;
}

/**
 * A container in private subnets behind an Application Load Balancer, on a cluster of its own, that grows with its load.
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
  readonly cluster: ecs.Cluster;
  readonly service: ecs.FargateService;
  readonly targetGroup: elbv2.ApplicationTargetGroup;
  readonly taskDefinition: ecs.TaskDefinition;
  /** Security group of the tasks. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ContainerServiceProps) {
    super(scope, id);
    const {
      vpc,
      vpcSubnets,
      minTasks,
      spot,
      port = 8080,
      stopTimeoutSeconds = 60,
      deregistrationDelaySeconds = 30,
      containerInsights = ecs.ContainerInsights.ENHANCED,
      exec = false,
    } = props;
    checkSize(props.cpu, props.memoryMiB);
    checkTasks(minTasks, props.maxTasks);
    checkStop(stopTimeoutSeconds, deregistrationDelaySeconds);
    if (spot) {
      checkWeight('spotWeight', spot.spotWeight);
      checkWeight('onDemandWeight', spot.onDemandWeight);
    }

    // Known before the cluster, and another in each life of the stack: what the service writes late, after the log group
    // was deleted, makes it anew, and would refuse its name to the next deployment.
    const life = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    const clusterName = Fn.join('-', [Names.uniqueResourceName(this, { maxLength: 240, separator: '-' }), life]);
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName, containerInsightsV2: containerInsights });
    if (containerInsights !== ecs.ContainerInsights.DISABLED) {
      // Container Insights would make this log group on its own, with the same retention, and leave it behind. To be there
      // before the cluster and gone after it, it needs a cluster whose name is known.
      const performance = new logs.LogGroup(this, 'Performance', {
        logGroupName: `/aws/ecs/containerinsights/${clusterName}/performance`,
        retention: logs.RetentionDays.ONE_DAY,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      this.cluster.node.addDependency(performance);
    }

    this.taskDefinition = new ecs.TaskDefinition(this, 'TaskDefinition', {
      compatibility: ecs.Compatibility.FARGATE,
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
        logGroup: new logs.LogGroup(this, 'Logs', {
          retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
          removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
        }),
        // A service goes on answering while CloudWatch Logs does not; beyond the buffer, log lines are lost instead.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    });

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Tasks of the container service',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'Registry and logs');
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    this.service = new ecs.FargateService(this, 'Service', {
      cluster: this.cluster,
      taskDefinition: this.taskDefinition,
      vpcSubnets,
      securityGroups: [securityGroup],
      assignPublicIp: false,
      capacityProviderStrategies: spot && [
        { capacityProvider: 'FARGATE', base: minTasks, weight: spot.onDemandWeight },
        { capacityProvider: 'FARGATE_SPOT', weight: spot.spotWeight },
      ],
      circuitBreaker: { rollback: true },
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: Duration.seconds(60),
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      // Explicitly false: a property that is left out of an update keeps the value it had.
      enableExecuteCommand: exec,
    });
    // The role alone is not enough to start a task: the policy that lets it pull has to be there.
    this.service.node.addDependency(this.taskDefinition.obtainExecutionRole());
    if (spot) {
      // The cluster's own way of doing this has no order: created too late the service finds no provider, and deleted too
      // early "the specified capacity provider is in use".
      const providers = new ecs.CfnClusterCapacityProviderAssociations(this, 'CapacityProviders', {
        cluster: this.cluster.clusterName,
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [],
      });
      this.service.node.addDependency(providers);
      // In an account that is new to ECS the first cluster has its service-linked role made, which takes a while, and the
      // providers need it: the load balancer takes minutes, so they wait for that.
      providers.node.addDependency(props.listener);
    }

    this.targetGroup = new elbv2.ApplicationTargetGroup(this, 'TargetGroup', {
      vpc,
      targetType: elbv2.TargetType.IP,
      protocol: elbv2.ApplicationProtocol.HTTP,
      port,
      targets: [this.service],
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
    new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.listener,
      priority: props.priority ?? 100,
      conditions: [elbv2.ListenerCondition.pathPatterns([...props.paths])],
      targetGroups: [this.targetGroup],
    });

    const tasks = this.service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: props.maxTasks });
    // A minute to see the effect of new tasks; five before taking away what may be needed again.
    const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(5) };
    tasks.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: props.cpuTargetPercent ?? 60, ...cooldowns });
    tasks.scaleOnRequestCount('Requests', {
      requestsPerTarget: props.requestsPerTargetPerMinute ?? 600,
      targetGroup: this.targetGroup,
      ...cooldowns,
    });
  }
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

/** A provider of weight 0 gets no tasks, not even those of its base. */
function checkWeight(name: string, weight: number): void {
  if (!(Number.isInteger(weight) && weight >= 1 && weight <= 1_000)) {
    throw new Error(
      `spot.${name}: must be a whole number from 1 to 1000, got ${weight}. Leave spot out to run without Fargate Spot`,
    );
  }
}
