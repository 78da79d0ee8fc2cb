import { Aws, Duration, Fn, Names, RemovalPolicy } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

export interface Ec2CapacityProps {
  readonly vpc: ec2.IVpc;

  /** Subnets of the instances and their tasks: private, with a way to ECS, the registry, Systems Manager and CloudWatch Logs. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Architecture of the machine image; that of the container image, too. */
  readonly architecture: ecs.CpuArchitecture;

  /**
   * Instance types, the preferred one first: with several, the others stand in where it is short.
   *
   * @throws if one is not on file, is of another architecture or does not hold a task
   */
  readonly instanceTypes: readonly string[];

  /** CPU units of a task (1024 is one vCPU), to see that it fits. */
  readonly cpu: number;

  /** MiB of a task, to see that it fits. */
  readonly memoryMiB: number;

  /** Tasks at most. A deployment that keeps all old tasks until the new ones are healthy needs room for twice as many. */
  readonly maxTasks: number;

  /**
   * Instances at most; at least there are none, and none without tasks.
   *
   * @throws unless twice `maxTasks` fit on as many, spread over the zones; the error says how many it takes
   */
  readonly maxInstances: number;

  /**
   * Run part of the instances as Spot Instances: the first `onDemandBase` are on demand, and `onDemandPercent` (0 to 100)
   * of those beyond. Their tasks are drained on the notice of two minutes. More types in `instanceTypes` make it rarer.
   *
   * @default every instance on demand
   * @throws if a number is out of its range
   */
  readonly spot?: { readonly onDemandBase: number; readonly onDemandPercent: number };

  /**
   * Whether the account setting `awsvpcTrunking` is on, which gives an instance network interfaces for more tasks. It is no
   * resource of CloudFormation: `aws ecs put-account-setting-default --name awsvpcTrunking --value enabled`. Burstable
   * types (t3, t4g) do not have it.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-eni.html
   */
  readonly trunking?: boolean;

  /** Metrics of the cluster; billed by metric. @default ecs.ContainerInsights.ENHANCED */
  readonly containerInsights?: ecs.ContainerInsights;
}

/**
 * An ECS cluster of EC2 instances that follows its tasks: from none to `maxInstances` and back, by managed scaling with a
 * target of 100 % (no spare instance; a task that finds no room waits for a new one, which takes minutes).
 *
 * The cluster is its own, because the list of a cluster's capacity providers is one resource: CloudFormation changes it
 * before it deletes the services that still use the old providers, and ECS refuses ("the specified capacity provider is in
 * use"). So a service leaves with its cluster.
 *
 * - Instances are protected while they run tasks, and drained before they end.
 * - A new launch template (a newer machine image, with any deployment) replaces the instances by an instance refresh that
 *   starts new ones first.
 * - Who has to look at an instance takes Session Manager: there is no key pair and no way in.
 * - Tasks have interfaces of their own (`awsvpc`) and no way to the credentials of their instance.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
 */
export class Ec2Capacity extends Construct implements ec2.IConnectable {
  readonly cluster: ecs.ICluster;
  /** For the capacity provider strategy of a service, which has to depend on this construct to be deleted before it. */
  readonly capacityProviderName: string;
  readonly autoScalingGroup: autoscaling.AutoScalingGroup;
  /** Tasks that fit on one instance, of the smallest type. */
  readonly tasksPerInstance: number;
  /** Security group of the instances, not of their tasks. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: Ec2CapacityProps) {
    super(scope, id);
    const { vpc, vpcSubnets, spot, containerInsights = ecs.ContainerInsights.ENHANCED } = props;
    checkSpot(spot);
    this.tasksPerInstance = checkedTasksPerInstance(props);
    checkInstances(props, this.tasksPerInstance, vpc.selectSubnets(vpcSubnets).subnets.length);

    // Known before the cluster, and another in each life of the stack: what the service writes late, after the log group
    // was deleted, makes it anew, and would refuse its name to the next deployment.
    const life = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    const clusterName = Fn.join('-', [Names.uniqueResourceName(this, { maxLength: 240, separator: '-' }), life]);
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName, containerInsightsV2: containerInsights });
    if (containerInsights !== ecs.ContainerInsights.DISABLED) {
      // Container Insights would make this log group on its own, with the same retention of a day, and leave it behind:
      // metrics are made of its events, and one that is kept would be another in each life of the stack.
      const performance = new logs.LogGroup(this, 'Performance', {
        logGroupName: `/aws/ecs/containerinsights/${clusterName}/performance`,
        retention: logs.RetentionDays.ONE_DAY,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      cluster.node.addDependency(performance);
    }

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Instances of the container service',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'ECS, registry, Systems Manager and logs');
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    const launchTemplate = new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      // An SSM parameter that CloudFormation resolves with each deployment: no lookup, and patches without a change here.
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(
        props.architecture === ecs.CpuArchitecture.ARM64 ? ecs.AmiHardwareType.ARM : ecs.AmiHardwareType.STANDARD,
      ),
      role: instanceRole(this, cluster),
      securityGroup,
      userData: userData(cluster, spot !== undefined),
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      // Not further than the instance: containers are one hop away.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          // The size of the image's own snapshot; less is refused.
          volume: ec2.BlockDeviceVolume.ebs(30, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    this.autoScalingGroup = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc,
      vpcSubnets,
      minCapacity: 0,
      maxCapacity: props.maxInstances,
      mixedInstancesPolicy: {
        launchTemplate,
        launchTemplateOverrides: props.instanceTypes.map((type) => ({ instanceType: new ec2.InstanceType(type) })),
        instancesDistribution: {
          onDemandAllocationStrategy: autoscaling.OnDemandAllocationStrategy.PRIORITIZED,
          onDemandBaseCapacity: spot?.onDemandBase ?? 0,
          onDemandPercentageAboveBaseCapacity: spot?.onDemandPercent ?? 100,
          spotAllocationStrategy: autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
        },
      },
      updatePolicy: autoscaling.UpdatePolicy.instanceRefresh({
        strategy: autoscaling.InstanceRefreshStrategy.ROLLING,
        minHealthyPercentage: 100,
        maxHealthyPercentage: 200,
        instanceWarmup: Duration.seconds(60),
        // All of them are protected; their tasks are drained.
        scaleInProtectedInstances: autoscaling.ScaleInProtectedInstances.REFRESH,
      }),
    });

    const provider = new ecs.AsgCapacityProvider(this, 'Provider', {
      autoScalingGroup: this.autoScalingGroup,
      enableManagedScaling: true,
      targetCapacityPercent: 100,
      enableManagedTerminationProtection: true,
      enableManagedDraining: true,
    });
    provider.node.addDependency(this.forceDelete());
    this.capacityProviderName = provider.capacityProviderName;
    // Not by cluster.addAsgCapacityProvider, which gives the instances rights that the execution role of the task has.
    new ecs.CfnClusterCapacityProviderAssociations(this, 'Providers', {
      cluster: cluster.clusterName,
      capacityProviders: [provider.capacityProviderName],
      defaultCapacityProviderStrategy: [],
    });
    this.cluster = ecs.Cluster.fromClusterAttributes(this, 'Ec2Cluster', {
      clusterName: cluster.clusterName,
      clusterArn: cluster.clusterArn,
      vpc,
      hasEc2Capacity: true,
    });
  }

  /**
   * Lets the stack go. CloudFormation scales the group to zero and waits, but ECS leaves the protection on the instances
   * when their capacity provider goes, so that it would wait for ever.
   *
   * @see https://github.com/aws/aws-cdk/issues/18179
   * @see https://github.com/aws/containers-roadmap/issues/2862
   */
  private forceDelete(): customresources.AwsCustomResource {
    const { autoScalingGroupArn, autoScalingGroupName } = this.autoScalingGroup;
    const forceDelete = new customresources.AwsCustomResource(this, 'ForceDelete', {
      resourceType: 'Custom::ForceDeleteAutoScalingGroup',
      onDelete: {
        service: 'AutoScaling',
        action: 'deleteAutoScalingGroup',
        parameters: { AutoScalingGroupName: autoScalingGroupName, ForceDelete: true },
        // It is gone already.
        ignoreErrorCodesMatching: 'ValidationError',
      },
      installLatestAwsSdk: false,
      logGroup: new logs.LogGroup(this, 'ForceDeleteLogs'),
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['autoscaling:DeleteAutoScalingGroup'], resources: [autoScalingGroupArn] }),
      ]),
    });
    forceDelete.node.addDependency(this.autoScalingGroup);
    return forceDelete;
  }
}

/** What the ECS agent calls, and Session Manager. Images are pulled and logs written with the execution role of the task. */
function instanceRole(scope: Construct, cluster: ecs.Cluster): iam.Role {
  const role = new iam.Role(scope, 'InstanceRole', {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
  });
  const allow = (actions: string[], resource: string, conditions?: Record<string, unknown>) =>
    role.addToPolicy(new iam.PolicyStatement({ actions, resources: [resource], conditions }));
  allow(['ecs:RegisterContainerInstance', 'ecs:DeregisterContainerInstance'], cluster.clusterArn);
  allow(
    ['ecs:SubmitAttachmentStateChanges', 'ecs:SubmitContainerStateChange', 'ecs:SubmitTaskStateChange'],
    cluster.clusterArn,
  );
  // UpdateContainerInstancesState: the agent drains its own instance on a Spot notice.
  allow(['ecs:Poll', 'ecs:StartTelemetrySession', 'ecs:UpdateContainerInstancesState'], '*', {
    ArnEquals: { 'ecs:cluster': cluster.clusterArn },
  });
  allow(['ecs:DiscoverPollEndpoint'], '*');
  return role;
}

/** MiB that tasks may not have: for the agent, Docker and the system. */
const RESERVED_MIB = 128;

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html */
function userData(cluster: ecs.Cluster, drainOnSpotNotice: boolean): ec2.UserData {
  const data = ec2.UserData.forLinux();
  const settings = [
    `ECS_CLUSTER=${cluster.clusterName}`,
    'ECS_AWSVPC_BLOCK_IMDS=true',
    `ECS_RESERVED_MEMORY=${RESERVED_MIB}`,
    ...(drainOnSpotNotice ? ['ECS_ENABLE_SPOT_INSTANCE_DRAINING=true'] : []),
  ];
  data.addCommands(...settings.map((setting) => `echo ${setting} >> /etc/ecs/ecs.config`));
  return data;
}

interface Instance {
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Network interfaces, of which one is the instance's own. */
  readonly interfaces: number;
  /** Tasks with interfaces of their own where `awsvpcTrunking` is on; the same as without where undefined. */
  readonly trunkedTasks?: number;
}

/**
 * Types of moderate sizes: interfaces and branch interfaces of a trunk as AWS publishes them for its own controller.
 *
 * @see https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/aws/vpc/limits.go
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/eni-trunking-supported-instance-types.html
 */
const INSTANCES: Readonly<Record<string, Instance>> = {
  't4g.small': { vcpus: 2, memoryMiB: 2_048, interfaces: 3 },
  't4g.medium': { vcpus: 2, memoryMiB: 4_096, interfaces: 3 },
  't4g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3 },
  't4g.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4 },
  'm7g.medium': { vcpus: 1, memoryMiB: 4_096, interfaces: 2, trunkedTasks: 4 },
  'm7g.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, trunkedTasks: 9 },
  'm7g.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, trunkedTasks: 18 },
  'm7g.2xlarge': { vcpus: 8, memoryMiB: 32_768, interfaces: 4, trunkedTasks: 38 },
  'c7g.large': { vcpus: 2, memoryMiB: 4_096, interfaces: 3, trunkedTasks: 9 },
  'c7g.xlarge': { vcpus: 4, memoryMiB: 8_192, interfaces: 4, trunkedTasks: 18 },
  't3.small': { vcpus: 2, memoryMiB: 2_048, interfaces: 3 },
  't3.medium': { vcpus: 2, memoryMiB: 4_096, interfaces: 3 },
  'm7i.large': { vcpus: 2, memoryMiB: 8_192, interfaces: 3, trunkedTasks: 9 },
  'm7i.xlarge': { vcpus: 4, memoryMiB: 16_384, interfaces: 4, trunkedTasks: 18 },
};

/**
 * Share of the memory that the system sees. ECS registers what Linux reports: 97 % of an m4.large by its documentation,
 * less of small instances. On the safe side.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
 */
const VISIBLE_MEMORY = 0.9;

/** Tasks that fit on an instance by CPU, by memory and by network interfaces: the least of the three, of the least type. */
function checkedTasksPerInstance(props: Ec2CapacityProps): number {
  const { architecture, instanceTypes, cpu, memoryMiB, trunking = false } = props;
  if (instanceTypes.length === 0)
    throw new Error('instanceTypes: must name at least one type, got none. Give t4g.small');
  const counts = instanceTypes.map((type) => {
    const instance = Object.hasOwn(INSTANCES, type) ? INSTANCES[type] : undefined;
    if (instance === undefined) {
      throw new Error(
        `instanceTypes: "${type}" is not on file. Give one of ${Object.keys(INSTANCES).join(', ')}, or add it to INSTANCES ` +
          `(aws ec2 describe-instance-types --instance-types ${type})`,
      );
    }
    const arm = new ec2.InstanceType(type).architecture === ec2.InstanceArchitecture.ARM_64;
    if (arm !== (architecture === ecs.CpuArchitecture.ARM64)) {
      throw new Error(
        `instanceTypes: "${type}" is ${arm ? 'ARM64' : 'X86_64'}, but the architecture of the image is ` +
          `${arm ? 'X86_64' : 'ARM64'}. Give types of the image's architecture`,
      );
    }
    const fits = {
      'CPU units': Math.floor((instance.vcpus * 1_024) / cpu),
      'MiB of memory': Math.floor((instance.memoryMiB * VISIBLE_MEMORY - RESERVED_MIB) / memoryMiB),
      'network interfaces': (trunking ? instance.trunkedTasks : undefined) ?? instance.interfaces - 1,
    };
    const missing = Object.entries(fits).find(([, count]) => count < 1);
    if (missing !== undefined) {
      throw new Error(
        `instanceTypes: "${type}" has too few ${missing[0]} for a task of ${cpu} CPU units and ${memoryMiB} MiB. ` +
          'Give a larger type or a smaller task',
      );
    }
    return Math.min(...Object.values(fits));
  });
  return Math.min(...counts);
}

function checkInstances({ maxTasks, maxInstances }: Ec2CapacityProps, perInstance: number, zones: number): void {
  // Spread over the zones first, so each zone can have an instance that is not full.
  const needed = zones * Math.ceil(Math.ceil((2 * maxTasks) / zones) / perInstance);
  if (!(Number.isInteger(maxInstances) && maxInstances >= needed)) {
    throw new Error(
      `maxInstances: must be a whole number of at least ${needed}, got ${maxInstances}. ${perInstance} tasks fit on an ` +
        `instance, and a deployment runs twice maxTasks (${maxTasks}) over ${zones} zones. Raise maxInstances, or give ` +
        'larger instanceTypes or trunking',
    );
  }
}

function checkSpot(spot: Ec2CapacityProps['spot']): void {
  if (spot === undefined) return;
  for (const [name, value, most] of [
    ['onDemandBase', spot.onDemandBase, Number.POSITIVE_INFINITY],
    ['onDemandPercent', spot.onDemandPercent, 100],
  ] as const) {
    if (!(Number.isInteger(value) && value >= 0 && value <= most)) {
      throw new Error(
        `spot.${name}: must be a whole number from 0${most === 100 ? ' to 100' : ''}, got ${value}. Leave spot out to run on demand only`,
      );
    }
  }
}
