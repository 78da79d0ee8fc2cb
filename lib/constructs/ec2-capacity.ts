// Kumiki 0.1.0, ec2-capacity.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

export interface Ec2CapacityProps {
  /**
   * Cluster of the instances. This construct associates the capacity provider of the instances, so the cluster must not have
   * others.
   *
   * @throws if a capacity provider is associated with it already
   */
  readonly cluster: ecs.ICluster;

  readonly vpc: ec2.IVpc;

  /**
   * Private subnets of the instances and their tasks, with a route to ECS, the registry, Systems Manager and CloudWatch Logs.
   */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Architecture of the machine image and of the container image. */
  readonly architecture: ecs.CpuArchitecture;

  /**
   * Instance types, the preferred type first. EC2 uses the other types if it lacks capacity for the preferred type.
   *
   * @throws if the list is empty, or a type has another architecture
   */
  readonly instanceTypes: readonly ec2.InstanceType[];

  /**
   * Upper bound of the number of instances. The lower bound is 0: no instance runs without tasks. A deployment that keeps all
   * old tasks until the new tasks are healthy needs room for both.
   *
   * @throws unless it is a whole number of at least 1
   */
  readonly maxInstances: number;

  /**
   * Run part of the instances as Spot Instances. The first `onDemandBase` instances run on demand, and so do `onDemandPercent`
   * (0 to 100) of the others. The agent drains the tasks of a Spot Instance on its two minutes' notice. More types in
   * `instanceTypes` make interruptions rarer.
   *
   * @default every instance on demand
   * @throws if a number is out of its range
   */
  readonly spot?: { readonly onDemandBase: number; readonly onDemandPercent: number };

  /** Security group of the instances. @default a new group that may connect to port 443 */
  readonly securityGroup?: ec2.ISecurityGroup;
}

/**
 * EC2 instances of an ECS cluster whose number follows the tasks, from 0 to `maxInstances`. Managed scaling has a target of
 * 100 %: no instance is spare, and a task without room waits for minutes until a new instance has started.
 *
 * Give the instances a cluster of their own, because the list of a cluster's capacity providers is one resource. CloudFormation
 * changes the list before it deletes the services that still use the old providers, and ECS refuses the change ("the specified
 * capacity provider is in use"). A service on instances is therefore removed together with its cluster.
 *
 * - Instances are protected while they run tasks, and drained before they end.
 * - A new launch template replaces the instances by an instance refresh that starts new instances first. Any deployment may
 *   bring a newer machine image, and so a new launch template.
 * - Use Session Manager for a shell: instances have no key pair and no inbound rule.
 * - Tasks have their own network interfaces (`awsvpc`), and cannot read the credentials of their instance.
 *
 * @example
 * ```ts
 * const instances = new Ec2Capacity(this, 'Instances', {
 *   cluster: ecsCluster,
 *   vpc,
 *   vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
 *   architecture: ecs.CpuArchitecture.ARM64,
 *   instanceTypes: [new ec2.InstanceType('m7g.large'), new ec2.InstanceType('c7g.large')],
 *   maxInstances: 6,
 * });
 * new CfnOutput(this, 'CapacityProvider', { value: instances.capacityProviderName });
 * ```
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
 */
export class Ec2Capacity extends Construct implements ec2.IConnectable {
  /** Memory of an instance, in MiB, that is reserved for the agent, Docker and the system. */
  static readonly RESERVED_MIB = 128;

  /** The cluster, marked as having EC2 capacity, because `ecs.Ec2Service` accepts no other cluster. */
  readonly cluster: ecs.ICluster;
  /**
   * Name for the capacity provider strategy of a service. The service has to depend on this construct, so that it is deleted
   * first.
   */
  readonly capacityProviderName: string;
  readonly autoScalingGroup: autoscaling.AutoScalingGroup;
  /** Security group of the instances, not of their tasks. */
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: Ec2CapacityProps) {
    super(scope, id);
    const { cluster, vpc, vpcSubnets, spot } = props;
    checkSpot(spot);
    checkTypes(props.instanceTypes, props.architecture);
    checkInstances(props.maxInstances);
    checkProviders(cluster, this);

    const securityGroup = props.securityGroup ?? this.securityGroup(vpc);
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    const launchTemplate = new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      // CloudFormation resolves an SSM parameter with each deployment. Patches of the image therefore need no lookup and no
      // change of the template.
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(
        props.architecture === ecs.CpuArchitecture.ARM64 ? ecs.AmiHardwareType.ARM : ecs.AmiHardwareType.STANDARD,
      ),
      role: instanceRole(this, cluster),
      securityGroup,
      userData: userData(cluster, spot !== undefined),
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      // Answers reach the instance only, because containers are one hop further away.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          // EC2 refuses a volume that is smaller than the snapshot of the image.
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
        launchTemplateOverrides: props.instanceTypes.map((instanceType) => ({ instanceType })),
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
        // Instances with tasks are protected, and their tasks are drained.
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
    // Not cluster.addAsgCapacityProvider, because it grants the instances rights that the task's execution role has already.
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

  private securityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Instances of the container service',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'ECS, registry, Systems Manager and logs');
    return securityGroup;
  }

  /**
   * Deletes the Auto Scaling group by force, so that the stack can be deleted. CloudFormation scales the group to zero and
   * waits. ECS leaves the protection on the instances when their capacity provider is deleted, so CloudFormation would wait
   * until it times out.
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
        // EC2 Auto Scaling returns this code if the group does not exist any more.
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

/**
 * Creates the role of the instances, for the ECS agent and Session Manager. The execution role of the task pulls images and
 * writes logs.
 */
function instanceRole(scope: Construct, cluster: ecs.ICluster): iam.Role {
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

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html */
function userData(cluster: ecs.ICluster, drainOnSpotNotice: boolean): ec2.UserData {
  const data = ec2.UserData.forLinux();
  const settings = [
    `ECS_CLUSTER=${cluster.clusterName}`,
    'ECS_AWSVPC_BLOCK_IMDS=true',
    `ECS_RESERVED_MEMORY=${Ec2Capacity.RESERVED_MIB}`,
    ...(drainOnSpotNotice ? ['ECS_ENABLE_SPOT_INSTANCE_DRAINING=true'] : []),
  ];
  data.addCommands(...settings.map((setting) => `echo ${setting} >> /etc/ecs/ecs.config`));
  return data;
}

function checkTypes(types: readonly ec2.InstanceType[], architecture: ecs.CpuArchitecture): void {
  if (types.length === 0) throw new Error('instanceTypes: must name at least one type, got none. Give t4g.small');
  for (const type of types) {
    const arm = type.architecture === ec2.InstanceArchitecture.ARM_64;
    if (arm === (architecture === ecs.CpuArchitecture.ARM64)) continue;
    throw new Error(
      `instanceTypes: "${type}" is ${arm ? 'ARM64' : 'X86_64'}, but the architecture of the image is ` +
        `${arm ? 'X86_64' : 'ARM64'}. Give types of the image's architecture`,
    );
  }
}

function checkInstances(maxInstances: number): void {
  if (Number.isInteger(maxInstances) && maxInstances >= 1) return;
  throw new Error(
    `maxInstances: must be a whole number of at least 1, got ${maxInstances}. Give enough instances for the tasks of a deployment`,
  );
}

/** Refuses a second association, because the later of two associations would replace the providers of the earlier one. */
function checkProviders(cluster: ecs.ICluster, scope: Construct): void {
  const stack = Stack.of(scope);
  const clusterName = JSON.stringify(stack.resolve(cluster.clusterName));
  const other = stack.node
    .findAll()
    .filter((construct) => construct instanceof ecs.CfnClusterCapacityProviderAssociations)
    .find((association) => JSON.stringify(stack.resolve(association.cluster)) === clusterName);
  if (other === undefined) return;
  throw new Error(
    `cluster: ${cluster.node.path} has its capacity providers from ${other.node.path}, and the list of providers is one ` +
      'resource. Give the instances a cluster of their own',
  );
}

function checkSpot(spot: Ec2CapacityProps['spot']): void {
  if (spot === undefined) return;
  for (const [name, value, max] of [
    ['onDemandBase', spot.onDemandBase, Number.POSITIVE_INFINITY],
    ['onDemandPercent', spot.onDemandPercent, 100],
  ] as const) {
    if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
      throw new Error(
        `spot.${name}: must be a whole number from 0${max === 100 ? ' to 100' : ''}, got ${value}. Leave spot out to run on demand only`,
      );
    }
  }
}
