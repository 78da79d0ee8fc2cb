// Kumiki 0.2.0, container-service.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, Lazy, Names, Size, Stack, TagManager } from 'aws-cdk-lib';
import * as applicationautoscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

/** A construct that provides instances to a cluster. The service is created after the construct and deleted before it. */
export interface InstanceCapacity extends IConstruct {
  readonly capacityProviderName: string;
}

/**
 * Capacity that runs the tasks. With both kinds, each kind has its own ECS service with `minTasks` to `maxTasks`, and the
 * listener divides the requests by `weight`, because a capacity provider strategy of ECS cannot mix Fargate and instances.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#forward-actions
 */
export interface ServiceCapacity {
  /** Tasks on Fargate. */
  readonly fargate?: {
    /** Share of the requests in proportion to the weight of `ec2`, 0 to 999. @default 1 */
    readonly weight?: number;
    /**
     * Run part of the tasks on Fargate Spot, which is cheaper, and which AWS takes away on two minutes' notice. The first
     * `minTasks` tasks run on demand, and the weights, 1 to 1000 each, divide the others. The cluster has to have the capacity
     * providers FARGATE and FARGATE_SPOT. Switching Spot on or off replaces the service.
     *
     * @default every task on demand
     * @throws if a weight is out of its range
     * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
     */
    readonly spot?: { readonly spotWeight: number; readonly onDemandWeight: number };
  };
  /** Tasks on instances. */
  readonly ec2?: {
    /** Share of the requests in proportion to the weight of `fargate`, 0 to 999. @default 1 */
    readonly weight?: number;
    readonly capacity: InstanceCapacity;
    /**
     * Cluster of the tasks on instances, if it differs from the cluster of the tasks on Fargate.
     *
     * @default `cluster` of the service
     */
    readonly cluster?: ecs.ICluster;
  };
}

/**
 * How the requests move from the old tasks to the new tasks of a deployment, by a strategy of Amazon ECS:
 *
 * - `rolling`: new tasks replace the old tasks in steps, and each new task gets its share of the requests.
 * - `blueGreen`: all requests move at once, when all new tasks are healthy.
 * - `canary`: 10 % of the requests move at once, and the other 90 % after `minutes`.
 * - `linear`: 10 % of the requests move at once, and 10 % more every `minutes`. The last 10 % follow after nine times as many minutes.
 *
 * After the last step, the old tasks run for `bakeMinutes` (15 by default), so that going back takes seconds. Alarms need as long:
 * an alarm on two periods of 5 minutes goes off after 10 minutes and the delay of its metrics.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html
 */
export type DeploymentSteps =
  | { readonly kind: 'rolling'; readonly minutes?: undefined; readonly bakeMinutes?: undefined }
  | { readonly kind: 'blueGreen'; readonly minutes?: undefined; readonly bakeMinutes?: number }
  | { readonly kind: 'canary' | 'linear'; readonly minutes: number; readonly bakeMinutes?: number };

export interface ContainerServiceProps {
  /** Cluster of the tasks. Other services may share it. */
  readonly cluster: ecs.ICluster;

  readonly vpc: ec2.IVpc;

  /** Private subnets of the tasks, with a route to the registry and to CloudWatch Logs (NAT or endpoints). */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Image of the container, built for `architecture`. An image from ECR grants the execution role to pull. */
  readonly image: ecs.ContainerImage;

  /** Architecture that the image was built for. */
  readonly architecture: ecs.CpuArchitecture;

  /** CPU units of a task (1024 is one vCPU), a size of Fargate. @throws unless it is a whole number of at least 1 */
  readonly cpu: number;

  /**
   * Memory of a task in MiB, a size that Fargate offers with `cpu`.
   *
   * @throws unless it is a whole number of at least 1
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
   */
  readonly memoryMiB: number;

  /**
   * Lower bound of the number of tasks. A new service starts with one task, and autoscaling raises the number.
   *
   * @throws unless it is a whole number of at least 1
   */
  readonly minTasks: number;

  /** Upper bound of the number of tasks. @throws unless it is a whole number of at least `minTasks` */
  readonly maxTasks: number;

  /** Listener of the load balancer in front. Only the security group of this load balancer may connect to the tasks. */
  readonly listener: elbv2.IApplicationListener;

  /** Path patterns of the requests that the service answers, such as `/history/*`. @throws unless it has 1 to 5 patterns */
  readonly paths: readonly string[];

  /**
   * Order of the rule among the rules of the listener, lowest first.
   *
   * @throws unless it is a whole number from 1 to 50000 that no other rule of the listener has
   */
  readonly priority: number;

  /** Port that the container listens on, above 1024, because the container does not run as root. Its variable is `PORT`. @default 8080 */
  readonly port?: number;

  /** Path that answers 200 if a task accepts requests, and another status if not. @default /readyz */
  readonly healthCheckPath?: string;

  /**
   * Environment variables of the container. Do not give secrets, because everyone with the right to describe the task
   * definition can read the variables.
   *
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Capacity that runs the tasks. To move tasks from one kind to the other without an interruption, deploy both kinds first.
   * Give the new kind a weight of 0 until its tasks are healthy, because a target group gets its share of the requests with or
   * without tasks.
   *
   * @default { fargate: {} }
   * @throws if it is neither `fargate` nor `ec2`, a weight is out of its range, or both weights are 0
   */
  readonly capacity?: ServiceCapacity;

  /**
   * Time between SIGTERM and SIGKILL. The container's variable `STOP_TIMEOUT_MS` is two seconds less, in milliseconds.
   *
   * @default Duration.seconds(60)
   * @throws unless it is more than `deregistrationDelay` and at most 120 seconds, Fargate's limit
   */
  readonly stopTimeout?: Duration;

  /** Time for requests in flight on a task that leaves the load balancer. @default Duration.seconds(30) */
  readonly deregistrationDelay?: Duration;

  /** Security groups of the tasks. @default a new group that may connect to port 443, for the registry and the logs */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];

  /** Target of the tasks' average CPU utilisation, in percent. @default 60 */
  readonly cpuTargetPercent?: number;

  /**
   * Target of the requests per minute and task. Measure the rate that a task of your size sustains. This target scales services
   * whose requests wait, and the CPU target scales services whose requests compute.
   *
   * @default 600
   */
  readonly requestsPerTargetPerMinute?: number;

  /** Log group of the container. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;

  /**
   * Run the CloudWatch agent beside the container, which sends spans of the container to X-Ray. The container sends them by OTLP
   * to the address in its variable `OTEL_EXPORTER_OTLP_ENDPOINT`. The agent has 32 CPU units of the task, which either container may
   * exceed while the other is idle.
   * The agent is not essential: if the agent ends, ECS starts the agent again, and the container goes on.
   *
   * @default none
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-OpenTelemetry-metrics.html
   */
  readonly traces?: {
    /** Image of the CloudWatch agent, for `architecture`. */
    readonly agent: ecs.ContainerImage;
    /** MiB beyond which the agent is ended, so that the agent takes no memory of the container. @default 128 */
    readonly memoryLimitMiB?: number;
  };

  /**
   * Allow `aws ecs execute-command`, a shell in a running container for principals whose IAM policy permits the command. It
   * needs a root file system that can be written, so the root file system is read-only only if this is false.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
   */
  readonly exec?: boolean;

  /**
   * Returns alarms on which a deployment fails and rolls back to the last completed deployment. Called once for each kind of
   * capacity, before the ECS service is created. The service depends on the alarms, so the alarms must not depend on the
   * service: alarms on metrics of the target group fit, and alarms on metrics of the service do not.
   *
   * - ECS watches the alarms while tasks are replaced and for some minutes afterwards, the bake time, so that every deployment
   *   takes some minutes longer. AWS: "the default bake time is less than 5 minutes".
   * - If an alarm is already in the ALARM state when a deployment starts, ECS ignores all alarms for this deployment, so that a
   *   deployment can fix what the alarm shows.
   * - The first deployment of a service has nothing to go back to.
   *
   * @default only the circuit breaker rolls back, on tasks that do not become healthy
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
   */
  rollbackAlarms?(target: TargetOnCapacity): readonly cloudwatch.IAlarm[];

  /**
   * Second target group, and the strategy by which ECS moves the requests between the two groups. After each deployment by a
   * strategy other than `rolling`, the other group has the requests.
   *
   * - Deploy `{ kind: 'rolling' }` first, and the strategy afterwards.
   * - To remove `release`, let the first group have the requests (`redeployCommand` moves them to the other group), then deploy
   *   `{ kind: 'rolling' }`, and then leave `release` out. Otherwise the rule would send the requests to a group without tasks.
   * - ECS changes the weights of the listener rule, and CloudFormation does not know. When the rule changes in the template, such
   *   as by a new path, CloudFormation writes the weights of the template: give the present weights in `weights`.
   * - Old and new tasks run side by side for the whole time, so that their average CPU is about half of the usual one, and the
   *   target of CPU does not add tasks. The target of requests does: measure it (`requestsPerTargetPerMinute`).
   * - The service needs one kind of capacity, because the rule has the weights of the two groups and not of the kinds.
   *
   * None of this was tried on AWS.
   *
   * @default one target group, and rolling
   * @throws if `minutes` is not a whole number from 1 to 1440, `bakeMinutes` is not one from 0 to 1440, the deployment would take
   * more than 33 hours, which CloudFormation refuses, or `capacity` has both kinds
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
   */
  readonly release?: DeploymentSteps & {
    /**
     * Returns the weights that the first and the second group should have in the rule. `rule` is a token for a text that changes
     * with every property of the rule that CloudFormation may change, tags included.
     *
     * @default 100 and 0: the requests go to the first group whenever the rule changes
     * @see https://github.com/aws/aws-cdk/issues/36649
     */
    weights?(groups: TargetGroups, rule: string): readonly [number, number];
  };
}

/** The target group of a service, and the group with which it alternates. */
export type TargetGroups = readonly [elbv2.ApplicationTargetGroup, elbv2.ApplicationTargetGroup];

/** Target group of the tasks on one kind of capacity. */
export interface TargetOnCapacity {
  readonly capacity: 'Fargate' | 'Ec2';
  readonly targetGroup: elbv2.ApplicationTargetGroup;
  /** Second group of a service with `release`: the tasks and the requests are in either group, and during a deployment in both. */
  readonly alternateTargetGroup?: elbv2.ApplicationTargetGroup;
}

/** ECS service on one kind of capacity. */
export interface ServiceOnCapacity extends TargetOnCapacity {
  readonly cluster: ecs.ICluster;
  readonly service: ecs.BaseService;
}

/**
 * A container in private subnets behind an Application Load Balancer, whose number of tasks follows the load: on Fargate, on
 * instances or on both, from one task definition.
 *
 * - A deployment starts new tasks, at most as many as run already, and stops an old task only after a new task is healthy. The
 *   circuit breaker rolls a deployment back whose tasks do not become healthy. With `rollbackAlarms`, a deployment whose tasks
 *   are healthy and answer with errors is rolled back, too.
 * - A task that is about to stop first leaves the target group. It receives SIGTERM after `deregistrationDelay`, or
 *   immediately when Spot takes its capacity away, and has `stopTimeout` to end. An init process passes the signal on.
 * - The container has no health check of its own, because the target group checks the task already. A health check in the
 *   container needs a shell in the image, and starts a process every few seconds in a fraction of a vCPU. The service replaces
 *   tasks that the target group reports as unhealthy.
 * - The container has to keep idle connections open for longer than the load balancer. Otherwise callers get a 502 now and
 *   then.
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
  /** Upper bound of running tasks during a deployment, in percent of the desired number. */
  private static readonly MAX_HEALTHY_PERCENT = 200;

  /** Maximum number of tasks on one kind of capacity during a deployment, for plans of addresses and instances. */
  static tasksDuringDeployment(maxTasks: number): number {
    return Math.floor((maxTasks * ContainerService.MAX_HEALTHY_PERCENT) / 100);
  }

  /** One service for each kind of capacity, Fargate first. */
  readonly services: readonly ServiceOnCapacity[];
  readonly taskDefinition: ecs.TaskDefinition;
  /** Log group of the container. */
  readonly logGroup: logs.ILogGroup;
  /** Command for a shell that replaces all tasks, one healthy set after the other. */
  readonly redeployCommand: string;
  /** Command for a shell that ends a deployment that is under way, and goes back to the last completed deployment. */
  readonly stopDeploymentCommand: string;
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
    checkRelease(props.release, fargate !== undefined && instances !== undefined);
    checkPaths(props.paths);
    checkWhole('priority', props.priority, 1, 50_000, 'Give a priority that no other rule of the listener has');

    this.taskDefinition = new ecs.TaskDefinition(this, 'TaskDefinition', {
      compatibility: ecs.Compatibility.EC2_AND_FARGATE,
      cpu: `${props.cpu}`,
      memoryMiB: `${props.memoryMiB}`,
      runtimePlatform: {
        cpuArchitecture: props.architecture,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    this.logGroup = props.logGroup ?? new logs.LogGroup(this, 'Logs');
    this.taskDefinition.addContainer('Service', {
      image: props.image,
      // Without units, a busy agent could take half of the CPU.
      cpu: props.traces && props.cpu - AGENT_CPU,
      portMappings: [{ containerPort: port }],
      environment: {
        ...props.environment,
        PORT: `${port}`,
        // The containers of a task share the loopback interface.
        ...(props.traces && { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }),
        // The remaining two seconds are for the log of unfinished requests, before SIGKILL ends the container.
        STOP_TIMEOUT_MS: `${stopTimeout.toMilliseconds() - 2_000}`,
      },
      user: '1000',
      readonlyRootFilesystem: !exec,
      linuxParameters: new ecs.LinuxParameters(this, 'LinuxParameters', { initProcessEnabled: true }),
      stopTimeout,
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'service',
        logGroup: this.logGroup,
        // The service keeps answering while CloudWatch Logs is unavailable, and loses the log lines that exceed the buffer.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    });

    if (props.traces) this.addTraces(props.traces);

    if (props.securityGroups?.length === 0) {
      // Without a group, the CDK would create one that may connect to everything.
      throw new Error(
        'securityGroups: must have at least one group, got none. Give a group, or leave securityGroups out for a new one.',
      );
    }
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
      // Explicitly false, because an update without the property keeps the old value.
      enableExecuteCommand: exec,
      ...strategyOf(props.release),
    } satisfies Partial<ecs.FargateServiceProps & ecs.Ec2ServiceProps>;
    // The target group and its alarms exist before the service, which takes the names of the alarms as a property. The method
    // enableDeploymentAlarms would report a possible circle for each name (and drops further names, aws-cdk#36308).
    const target = (scope: Construct, capacity: TargetOnCapacity['capacity']) => {
      const targetGroup = this.targetGroup(scope, 'TargetGroup', props, port, deregistrationDelay);
      const alternateTargetGroup =
        props.release && this.targetGroup(scope, 'AlternateTargetGroup', props, port, deregistrationDelay);
      const groups = { targetGroup, alternateTargetGroup };
      const alarmNames = (props.rollbackAlarms?.({ capacity, ...groups }) ?? []).map(({ alarmName }) => alarmName);
      const behavior = ecs.AlarmBehavior.ROLLBACK_ON_ALARM;
      return { groups, deploymentAlarms: alarmNames.length === 0 ? undefined : { alarmNames, behavior } };
    };
    const weighted: (ServiceOnCapacity & { weight?: number })[] = [];
    if (fargate) {
      const { spot, weight } = fargate;
      const { groups, deploymentAlarms } = target(this, 'Fargate');
      const service = new ecs.FargateService(this, 'Service', {
        ...common,
        cluster,
        deploymentAlarms,
        capacityProviderStrategies: spot && [
          { capacityProvider: 'FARGATE', base: props.minTasks, weight: spot.onDemandWeight },
          { capacityProvider: 'FARGATE_SPOT', weight: spot.spotWeight },
        ],
      });
      if (deploymentAlarms === undefined) watchNoAlarm(service);
      // A dependency on the cluster includes the association of its capacity providers, which only Spot needs.
      if (spot) service.node.addDependency(cluster);
      weighted.push({ capacity: 'Fargate', weight, cluster, service, ...groups });
    }
    if (instances) {
      const { capacity, weight } = instances;
      const scope = new Construct(this, 'Ec2');
      const ec2Cluster = instances.cluster ?? cluster;
      const { groups, deploymentAlarms } = target(scope, 'Ec2');
      const service = new ecs.Ec2Service(scope, 'Service', {
        ...common,
        cluster: ec2Cluster,
        deploymentAlarms,
        capacityProviderStrategies: [{ capacityProvider: capacity.capacityProviderName, weight: 1 }],
        // Zones before density, because surviving the loss of a zone is worth more than full instances. Packed by memory,
        // because tasks can share CPU, but not memory.
        placementStrategies: [
          ecs.PlacementStrategy.spreadAcross(ecs.BuiltInAttributes.AVAILABILITY_ZONE),
          ecs.PlacementStrategy.packedByMemory(),
        ],
      });
      if (deploymentAlarms === undefined) watchNoAlarm(service);
      // The service is created after the association of the provider with the cluster and deleted before it.
      service.node.addDependency(capacity);
      weighted.push({ capacity: 'Ec2', weight, cluster: ec2Cluster, service, ...groups });
    }

    this.services = weighted;
    this.redeployCommand = weighted
      .map(
        ({ cluster: { clusterName }, service: { serviceName } }) =>
          `aws ecs update-service --cluster ${clusterName} --service ${serviceName} --force-new-deployment`,
      )
      .join(' && ');
    // One command for each service, whether or not the others have a deployment.
    this.stopDeploymentCommand = weighted
      .map(({ cluster: { clusterName }, service: { serviceName } }) => {
        const running =
          `aws ecs list-service-deployments --cluster ${clusterName} --service ${serviceName} --status PENDING IN_PROGRESS ` +
          `--query 'serviceDeployments[0].serviceDeploymentArn' --output text`;
        return `aws ecs stop-service-deployment --stop-type ROLLBACK --service-deployment-arn "$(${running})"`;
      })
      .join('; ');
    claimPriority(props.listener, props.priority, this);
    // CloudFormation updates the rule when its tags or those of the stack change, too.
    const content = Lazy.string({
      produce: () =>
        JSON.stringify([props.paths, props.priority, tagsOf(rule.node.defaultChild), tagsOf(Stack.of(this))]),
    });
    const targets = weighted.flatMap((target) => shares(target, props.release, content));
    const rule: elbv2.ApplicationListenerRule = new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.listener,
      priority: props.priority,
      conditions: [elbv2.ListenerCondition.pathPatterns([...props.paths])],
      action:
        targets.length > 1
          ? elbv2.ListenerAction.weightedForward(targets)
          : elbv2.ListenerAction.forward(targets.map(({ targetGroup }) => targetGroup)),
    });
    for (const each of weighted) {
      const { service, targetGroup, alternateTargetGroup } = each;
      // The service waits for the role with its policy, because a task cannot start without the right to pull the image.
      service.node.addDependency(this.taskDefinition.obtainExecutionRole());
      if (alternateTargetGroup) {
        this.alternate(service, props.listener, rule, [targetGroup, alternateTargetGroup]);
      } else targetGroup.addTarget(service);
      scale(service, each, props);
    }
  }

  /** Lets ECS register the tasks in either group, and change the weights of the groups in the rule. */
  private alternate(
    service: ecs.BaseService,
    listener: elbv2.IApplicationListener,
    rule: elbv2.ApplicationListenerRule,
    groups: TargetGroups,
  ): void {
    const [targetGroup, alternateTargetGroup] = groups;
    // The rights of AWS's policy AmazonECSInfrastructureRolePolicyForLoadBalancers, for these groups, this rule and its listener.
    const role = new iam.Role(this, 'ReleaseRole', {
      description: 'Lets ECS move requests between the target groups of the service',
      assumedBy: new iam.ServicePrincipal('ecs.amazonaws.com'),
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new iam.PolicyStatement({ actions, resources }));
    // The operations that describe support no resources.
    allow(
      ['Listeners', 'Rules', 'TargetGroups', 'TargetHealth'].map((what) => `elasticloadbalancing:Describe${what}`),
      ['*'],
    );
    allow(
      ['elasticloadbalancing:RegisterTargets', 'elasticloadbalancing:DeregisterTargets'],
      groups.map(({ targetGroupArn }) => targetGroupArn),
    );
    allow(['elasticloadbalancing:ModifyRule'], [rule.listenerRuleArn]);
    allow(['elasticloadbalancing:ModifyListener'], [listener.listenerArn]);
    targetGroup.addTarget(
      service.loadBalancerTarget({
        containerName: 'Service',
        alternateTarget: new ecs.AlternateTarget('Alternate', {
          alternateTargetGroup,
          productionListener: ecs.ListenerRuleConfiguration.applicationListenerRule(rule),
          role,
        }),
      }),
    );
    // With the policy of the role, which a reference to the role does not include.
    service.node.addDependency(role);
  }

  private targetGroup(
    scope: Construct,
    id: string,
    { vpc, healthCheckPath = '/readyz' }: Pick<ContainerServiceProps, 'vpc' | 'healthCheckPath'>,
    port: number,
    deregistrationDelay: Duration,
  ): elbv2.ApplicationTargetGroup {
    return new elbv2.ApplicationTargetGroup(scope, id, {
      vpc,
      targetType: elbv2.TargetType.IP,
      protocol: elbv2.ApplicationProtocol.HTTP,
      port,
      deregistrationDelay,
      // Not round robin, because requests differ in cost by a factor of 100, and short requests would wait behind long ones.
      loadBalancingAlgorithmType: elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: healthCheckPath,
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
  }

  private addTraces({ agent, memoryLimitMiB = 128 }: NonNullable<ContainerServiceProps['traces']>): void {
    this.taskDefinition.addContainer('Traces', {
      image: agent,
      essential: false,
      enableRestartPolicy: true,
      cpu: AGENT_CPU,
      memoryLimitMiB,
      // Listens on 127.0.0.1:4318, its default.
      environment: { CW_CONFIG_CONTENT: JSON.stringify({ traces: { traces_collected: { otlp: {} } } }) },
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'traces',
        logGroup: this.logGroup,
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      }),
    });
    this.taskDefinition.addToTaskRolePolicy(
      new iam.PolicyStatement({ actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] }),
    );
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

/**
 * Says that a service watches no alarm. An update whose template does not mention alarms keeps the alarms of the service, which
 * may be gone by then. The L2 refuses an empty list.
 *
 * @see https://github.com/aws/aws-cdk/pull/25840 ("you must explicitly use the configuration")
 */
function watchNoAlarm(service: ecs.BaseService): void {
  const resource = service.node.defaultChild;
  if (!(resource instanceof ecs.CfnService)) {
    throw new Error(
      `${service.node.path}: its resource must be a CfnService. Adapt this construct to the new aws-cdk-lib.`,
    );
  }
  resource.addPropertyOverride('DeploymentConfiguration.Alarms', { AlarmNames: [], Enable: false, Rollback: false });
}

function tagsOf(construct: IConstruct | undefined): Record<string, string> {
  return TagManager.of(construct)?.tagValues() ?? {};
}

/** Groups of the rule, with their shares of the requests. */
function shares(
  { targetGroup, alternateTargetGroup, weight }: TargetOnCapacity & { weight?: number },
  release: ContainerServiceProps['release'],
  rule: string,
): elbv2.WeightedTargetGroup[] {
  if (alternateTargetGroup === undefined) return [{ targetGroup, weight }];
  const [first, second] = release?.weights?.([targetGroup, alternateTargetGroup], rule) ?? [100, 0];
  return [
    { targetGroup, weight: first },
    { targetGroup: alternateTargetGroup, weight: second },
  ];
}

function strategyOf(release: ContainerServiceProps['release']): Partial<ecs.FargateServiceProps & ecs.Ec2ServiceProps> {
  if (release === undefined) return {};
  if (release.kind === 'rolling') return { deploymentStrategy: ecs.DeploymentStrategy.ROLLING };
  const bakeTime = Duration.minutes(release.bakeMinutes ?? DEFAULT_BAKE_MINUTES);
  if (release.kind === 'blueGreen') return { deploymentStrategy: ecs.DeploymentStrategy.BLUE_GREEN, bakeTime };
  const steps = { stepPercent: STEP_PERCENT, stepBakeTime: Duration.minutes(release.minutes) };
  return release.kind === 'canary'
    ? { deploymentStrategy: ecs.DeploymentStrategy.CANARY, bakeTime, canaryConfiguration: steps }
    : { deploymentStrategy: ecs.DeploymentStrategy.LINEAR, bakeTime, linearConfiguration: steps };
}

/** Share of the requests that moves in a step. */
const STEP_PERCENT = 10;

const DEFAULT_BAKE_MINUTES = 15;

function scale(
  service: ecs.BaseService,
  { targetGroup, alternateTargetGroup: alternate }: TargetOnCapacity,
  props: Pick<ContainerServiceProps, 'minTasks' | 'maxTasks' | 'cpuTargetPercent' | 'requestsPerTargetPerMinute'>,
): void {
  const tasks = service.autoScaleTaskCount({ minCapacity: props.minTasks, maxCapacity: props.maxTasks });
  // One minute until the effect of new tasks shows. Five minutes before tasks are removed, because the load may return.
  const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(5) };
  tasks.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: props.cpuTargetPercent ?? 60, ...cooldowns });
  const { requestsPerTargetPerMinute: requestsPerTarget = 600 } = props;
  if (alternate === undefined) {
    tasks.scaleOnRequestCount('Requests', { requestsPerTarget, targetGroup, ...cooldowns });
    return;
  }
  const target = tasks.node.tryFindChild('Target');
  if (!(target instanceof applicationautoscaling.ScalableTarget)) {
    throw new Error(`${tasks.node.path}: must have a ScalableTarget. Adapt this construct to the new aws-cdk-lib.`);
  }
  // AWS's own metric for this target knows one group, and the L2 takes no expressions. The group without requests adds nothing.
  // https://github.com/aws-samples/sample-amazon-ecs-blue-green-deployment-patterns (ecs-bluegreen-autoscaling)
  const requestsOf = (id: string, group: elbv2.ApplicationTargetGroup) => ({
    id,
    returnData: false,
    metricStat: {
      stat: cloudwatch.Stats.SUM,
      metric: {
        namespace: 'AWS/ApplicationELB',
        metricName: 'RequestCountPerTarget',
        dimensions: [
          { name: 'TargetGroup', value: group.targetGroupFullName },
          { name: 'LoadBalancer', value: group.firstLoadBalancerFullName },
        ],
      },
    },
  });
  new applicationautoscaling.CfnScalingPolicy(target, 'Requests', {
    policyName: `${Names.uniqueId(target)}Requests`,
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.scalableTargetId,
    targetTrackingScalingPolicyConfiguration: {
      targetValue: requestsPerTarget,
      scaleInCooldown: cooldowns.scaleInCooldown.toSeconds(),
      scaleOutCooldown: cooldowns.scaleOutCooldown.toSeconds(),
      customizedMetricSpecification: {
        metrics: [
          requestsOf('first', targetGroup),
          requestsOf('second', alternate),
          { id: 'both', label: 'Requests per target', expression: 'first + second', returnData: true },
        ],
      },
    },
  });
}

/**
 * Marks a priority of a listener as taken, by a construct below the listener, because CloudFormation would refuse a second rule
 * of the same priority during the deployment. The listener itself does not know its rules, because they are in the stacks of
 * their services.
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
    `paths: must be 1 to 5 path patterns, got ${paths.length}. Give the paths that the service answers, such as /history/*`,
  );
}

/** CPU units of the CloudWatch agent. */
const AGENT_CPU = 32;

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
        'may take as long as the delay, so give the task more time than that to end',
    );
  }
}

function checkRelease(release: ContainerServiceProps['release'], bothKinds: boolean): void {
  if (release === undefined) return;
  if (bothKinds) {
    throw new Error(
      'release: must have one kind of capacity, got fargate and ec2. Leave one kind out of capacity, or leave release out',
    );
  }
  if (release.kind === 'rolling') return;
  const { bakeMinutes = DEFAULT_BAKE_MINUTES } = release;
  checkWhole('release.bakeMinutes', bakeMinutes, 0, A_DAY, 'Give 15, or leave it out');
  if (release.kind === 'blueGreen') return;
  const { minutes } = release;
  checkWhole('release.minutes', minutes, 1, A_DAY, 'Give 15 or more, so that alarms have data before the next step');
  const steps = release.kind === 'linear' ? 100 / STEP_PERCENT - 1 : 1;
  const total = steps * minutes + bakeMinutes;
  if (total <= LONGEST) return;
  throw new Error(
    `release: must take at most ${LONGEST} minutes with bakeMinutes, the limit of CloudFormation, got ${total}. Give fewer minutes`,
  );
}

const A_DAY = 1_440;

/** 33 hours: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-linearconfiguration.html */
const LONGEST = 33 * 60;

function checkCapacity(fargate: ServiceCapacity['fargate'], instances: ServiceCapacity['ec2']): void {
  if (fargate === undefined && instances === undefined) {
    throw new Error('capacity: must be fargate, ec2 or both, got neither. Give { fargate: {} }, or leave capacity out');
  }
  for (const [name, weight] of Object.entries({ fargate: fargate?.weight, ec2: instances?.weight })) {
    if (weight !== undefined && !(Number.isInteger(weight) && weight >= 0 && weight <= 999)) {
      throw new Error(
        `capacity.${name}.weight: must be a whole number from 0 to 999, got ${weight}. Give the share of the requests`,
      );
    }
  }
  if (fargate?.weight === 0 && instances?.weight === 0) {
    throw new Error('capacity: must have a weight of at least 1, got 0 for fargate and for ec2. Give one of them 1');
  }
  if (fargate?.spot === undefined) return;
  const { spotWeight, onDemandWeight } = fargate.spot;
  // A provider of weight 0 gets no tasks, not even the tasks of its base.
  for (const [name, weight] of Object.entries({ spotWeight, onDemandWeight })) {
    if (!(Number.isInteger(weight) && weight >= 1 && weight <= 1_000)) {
      throw new Error(
        `capacity.fargate.spot.${name}: must be a whole number from 1 to 1000, got ${weight}. Leave spot out to run without Fargate Spot`,
      );
    }
  }
}
