// Kumiki 0.1.0, managed-node-group.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface ManagedNodeGroupProps {
  readonly cluster: eks.ICluster;

  /** Minor version of the cluster: `1.36`. */
  readonly kubernetesVersion: string;

  /**
   * Minor version of the nodes, for an upgrade in two deployments: the first upgrades the control plane and gives here the
   * version that the nodes have; the second leaves `version` out. EKS can take back a control plane whose nodes have not
   * followed yet. EKS creates nodes of the cluster's version only, so leave `version` out when the group is created or
   * replaced.
   *
   * @default the version of the cluster
   * @throws if it is not a minor version, newer than the cluster, or more than three minor versions older
   * @see https://kubernetes.io/releases/version-skew-policy/#kubelet
   */
  readonly version?: string;

  /** Private subnets of the nodes and their pods, with a route to EKS, EC2, Systems Manager and the image registries. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /**
   * Security groups of the nodes in addition to that of the cluster. This construct adds no rule to them. The launch
   * template then names the security group of the cluster too, because EKS adds that group only to a template that names
   * none.
   *
   * @default the security group of the cluster only
   * @see https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-security-groups
   */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];

  /**
   * Role of the nodes, which EC2 can assume and which lets nodes join the cluster, pull images and use Session Manager.
   * Nothing is added to the role.
   *
   * @default a new role with the three managed policies of AWS for these purposes
   */
  readonly role?: iam.IRole;

  /** Architecture of the machine image and of the container images. */
  readonly architecture: ec2.InstanceArchitecture;

  /**
   * Instance types, the preferred one first. Several types must be alike, because Cluster Autoscaler takes any node of the
   * group for a model of the next one.
   *
   * @throws if one is of another architecture, or of another kind or size than the first (m6g.large and m7g.large are alike)
   */
  readonly instanceTypes: readonly string[];

  /**
   * Lower bound of the number of nodes. The group starts with this number, and returns to it when `minNodes` or `maxNodes`
   * changes. At least one node is needed: Cluster Autoscaler runs on it, and learns from it what a node holds.
   *
   * @throws if it is not a whole number of at least 1
   */
  readonly minNodes: number;

  /**
   * Upper bound of the number of nodes. An update exceeds the bound while it runs, because new nodes start first.
   *
   * @throws if it is not a whole number of at least `minNodes`
   */
  readonly maxNodes: number;

  /**
   * Run the nodes as Spot Instances, which EC2 reclaims with a notice of two minutes.
   *
   * @default false
   * @throws if there are fewer than two `instanceTypes`
   */
  readonly spot?: boolean;

  /**
   * GiB of a node's volume, which holds images, logs and emptyDir volumes of the pods.
   *
   * @default 20
   * @throws if it is less than 20, the size of the machine image
   */
  readonly diskGiB?: number;

  /** Labels of the nodes. @default none */
  readonly labels?: Readonly<Record<string, string>>;

  /** Taints of the nodes. The pods of the add-ons coredns and metrics-server then need another group. @default none */
  readonly taints?: readonly eks.TaintSpec[];

  /**
   * Percentage of the nodes that an update replaces at a time, 1 to 100. EKS replaces at least one.
   *
   * @default 33
   */
  readonly maxUnavailablePercentage?: number;
}

/** Percent of the nodes that an update replaces at a time by default. */
export const MAX_UNAVAILABLE_PERCENTAGE = 33;

/**
 * EKS nodes between `minNodes` and `maxNodes`. Cluster Autoscaler decides how many.
 *
 * - The group starts with `minNodes`, the desired size in the template, because EKS creates no group whose scaling has only
 *   a minimum and a maximum. A deployment keeps the number that Cluster Autoscaler has set, because CloudFormation updates
 *   only what has changed in the template. A change of `minNodes` or `maxNodes` changes the scaling with the desired size,
 *   and sets the group to `minNodes` nodes: deploy it at low load (https://github.com/eksctl-io/eksctl/issues/3532).
 * - EKS tags the Auto Scaling group for the discovery by Cluster Autoscaler.
 * - An update (a new launch template or version) starts new nodes first and respects PodDisruptionBudgets. A budget that
 *   blocks an eviction for 15 minutes fails the update. EKS updates a version alone: a deployment fails if it changes the
 *   version together with sizes, labels, taints, tags or the launch template.
 * - EKS replaces a node that has not been ready for 30 minutes.
 * - Pods cannot use the role of their node. Use Session Manager for a shell on a node: nodes have no key pair.
 *
 * By default the launch template names no security group, so EKS gives the nodes the security group of the cluster. In that
 * group, control plane and nodes reach each other on all ports: the API server reaches kubelets (10250) and metrics-server
 * (10251).
 *
 * The launch template has no user data either. EKS appends its own, with the number of pods that EKS calculates (110 for
 * fewer than 30 vCPUs, if the VPC CNI assigns prefixes before the group exists). The last value wins, so another number of
 * pods here would have no effect.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-eks-nodegroup-scalingconfig.html
 * @see https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
 * @see https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/
 *
 * @example
 * ```ts
 * new ManagedNodeGroup(this, 'Nodes', {
 *   cluster,
 *   kubernetesVersion: '1.36',
 *   vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
 *   architecture: ec2.InstanceArchitecture.ARM_64,
 *   instanceTypes: ['m7g.large', 'm6g.large'],
 *   minNodes: 2,
 *   maxNodes: 10,
 *   spot: true,
 * });
 * ```
 */
export class ManagedNodeGroup extends Construct {
  readonly nodegroup: eks.Nodegroup;
  readonly nodegroupName: string;
  readonly amiType: eks.NodegroupAmiType;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: ManagedNodeGroupProps) {
    super(scope, id);
    const {
      cluster,
      architecture,
      minNodes,
      maxNodes,
      spot = false,
      diskGiB = 20,
      maxUnavailablePercentage = MAX_UNAVAILABLE_PERCENTAGE,
      version = props.kubernetesVersion,
    } = props;
    checkVersion(version, props.kubernetesVersion);
    checkTypes(props.instanceTypes, architecture, spot);
    checkCount('minNodes', minNodes, 1);
    checkCount('maxNodes', maxNodes, minNodes);
    checkCount('diskGiB', diskGiB, 20);
    checkCount('maxUnavailablePercentage', maxUnavailablePercentage, 1, 100);

    const { securityGroups: ownGroups = [] } = props;
    const securityGroups = ownGroups.length === 0 ? [] : [cluster.clusterSecurityGroup, ...ownGroups];
    const launchTemplate = new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      securityGroup: securityGroups[0],
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      // Pods are one hop further away than the node, so the answer does not reach them.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(diskGiB, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    for (const group of securityGroups.slice(1)) launchTemplate.addSecurityGroup(group);
    Tags.of(launchTemplate).add('Name', `${cluster.clusterName}-${id}`);

    this.role = props.role ?? newRole(this);
    this.amiType =
      architecture === ec2.InstanceArchitecture.ARM_64
        ? eks.NodegroupAmiType.AL2023_ARM_64_STANDARD
        : eks.NodegroupAmiType.AL2023_X86_64_STANDARD;
    this.nodegroup = new eks.Nodegroup(this, 'Nodegroup', {
      cluster,
      subnets: props.vpcSubnets,
      amiType: this.amiType,
      capacityType: spot ? eks.CapacityType.SPOT : eks.CapacityType.ON_DEMAND,
      instanceTypes: props.instanceTypes.map((type) => new ec2.InstanceType(type)),
      launchTemplateSpec: {
        id: launchTemplate.launchTemplateRef.launchTemplateId,
        version: launchTemplate.latestVersionNumber,
      },
      nodeRole: this.role,
      minSize: minNodes,
      maxSize: maxNodes,
      desiredSize: minNodes,
      labels: props.labels && { ...props.labels },
      taints: props.taints && [...props.taints],
      maxUnavailablePercentage,
      // With force, EKS would evict pods against their PodDisruptionBudget after 15 minutes.
      forceUpdate: false,
      enableNodeAutoRepair: true,
    });
    this.nodegroupName = this.nodegroup.nodegroupName;
    const resource = this.nodegroup.node.defaultChild;
    if (eks.CfnNodegroup.isCfnNodegroup(resource)) {
      resource.version = version;
    }
  }
}

function newRole(scope: Construct): iam.Role {
  const policies = ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly', 'AmazonSSMManagedInstanceCore'];
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: policies.map((name) => iam.ManagedPolicy.fromAwsManagedPolicyName(name)),
  });
}

function minorOf(version: string): number {
  return Number(/^1\.([1-9]\d*)$/.exec(version)?.[1]);
}

function checkVersion(nodes: string, cluster: string): void {
  const behind = minorOf(cluster) - minorOf(nodes);
  if (behind >= 0 && behind <= 3) return;
  throw new Error(
    `version: nodes must be of the cluster's minor version (${cluster}) or up to three older, got "${nodes}". ` +
      'Leave version out, or give the version that the nodes have, and upgrade them with the next deployment.',
  );
}

/** Kind and size, `m.large` for m7g.large. Types that share both have the same vCPUs and memory, whatever their generation or CPU. */
function kindOf(type: string): string | undefined {
  return /^([a-z]+)\d+[a-z-]*(\.[0-9a-z-]+)$/.exec(type)?.slice(1).join('');
}

function checkTypes(types: readonly string[], architecture: ec2.InstanceArchitecture, spot: boolean): void {
  const [first] = types;
  if (first === undefined) {
    throw new Error('instanceTypes: must name at least one type, got none. Give one such as t4g.medium.');
  }
  for (const type of types) {
    if (kindOf(type) === undefined) {
      throw new Error(`instanceTypes: must be types of EC2, got "${type}". Give one such as t4g.medium.`);
    }
    const own = new ec2.InstanceType(type).architecture;
    if (own !== architecture) {
      throw new Error(
        `instanceTypes: must be of the architecture of the image (${architecture}), got "${type}", which is ${own}. Give types of that architecture.`,
      );
    }
    if (kindOf(type) !== kindOf(first)) {
      throw new Error(
        `instanceTypes: must all be of the kind and size of "${first}", got "${type}". Give other generations of it, such as ` +
          'm6g.large beside m7g.large, and create another group for other sizes.',
      );
    }
  }
  if (spot && new Set(types).size < 2) {
    throw new Error(
      `instanceTypes: must be at least two with spot, got "${first}" only. Give another generation, too: where EC2 is short of ` +
        'a type, EC2 reclaims all nodes of that type.',
    );
  }
}

function checkCount(name: string, value: number, least: number, most?: number): void {
  if (Number.isInteger(value) && value >= least && value <= (most ?? value)) return;
  throw new Error(
    `${name}: must be a whole number ${most === undefined ? `of at least ${least}` : `from ${least} to ${most}`}, got ${value}. ` +
      `Give ${least} ${most === undefined ? 'or more' : `to ${most}`}.`,
  );
}
