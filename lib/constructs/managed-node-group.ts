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
   * Minor version of the nodes, for an upgrade in two deployments: the control plane first, with the version that the nodes
   * have here; the nodes second, without it. EKS takes back a control plane whose nodes have not followed yet. It creates
   * nodes of the cluster's version only, so leave this out where the group is made or replaced.
   *
   * @default that of the cluster
   * @throws if it is not a minor version, newer than the cluster, or more than three minor versions older
   * @see https://kubernetes.io/releases/version-skew-policy/#kubelet
   */
  readonly version?: string;

  /** Subnets of the nodes and their pods: private, with a way to EKS, EC2, Systems Manager and the image registries. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Architecture of the machine image; that of the container images, too. */
  readonly architecture: ec2.InstanceArchitecture;

  /**
   * Instance types, the preferred one first. Several must be alike: Cluster Autoscaler takes any node of the group for what
   * the next one will hold.
   *
   * @throws if one is of another architecture, or of another kind or size than the first (m6g.large and m7g.large are alike)
   */
  readonly instanceTypes: readonly string[];

  /**
   * Nodes at least; so many at first, and so many again when this number or `maxNodes` changes. At least one, so that Cluster
   * Autoscaler, which runs on it, knows what a node holds without tags that say so.
   *
   * @throws if it is not a whole number of at least 1
   */
  readonly minNodes: number;

  /**
   * Nodes at most. An update has more for as long as it takes: new ones first.
   *
   * @throws if it is not a whole number of at least `minNodes`
   */
  readonly maxNodes: number;

  /**
   * Run the nodes as Spot Instances, which EC2 takes back on a notice of two minutes.
   *
   * @default false
   * @throws if there are fewer than two `instanceTypes`
   */
  readonly spot?: boolean;

  /**
   * GiB of a node's volume: images, logs and emptyDir volumes of its pods.
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
   * Percent of the nodes that an update replaces at a time, 1 to 100; one at least.
   *
   * @default 33
   */
  readonly maxUnavailablePercentage?: number;
}

/**
 * EKS nodes between `minNodes` and `maxNodes`, as many as Cluster Autoscaler asks for.
 *
 * - The group starts with `minNodes`, the desired size in the template: EKS creates no group whose scaling has a minimum and
 *   a maximum only. A deployment leaves the number that Cluster Autoscaler has set since, as CloudFormation updates what
 *   has changed in the template. A change of `minNodes` or `maxNodes` is one of the scaling, desired size included: it sets
 *   the group to `minNodes` nodes, so make it at low load (https://github.com/eksctl-io/eksctl/issues/3532).
 * - EKS tags the Auto Scaling group for the discovery by Cluster Autoscaler.
 * - An update (a new launch template or version) starts new nodes first and respects PodDisruptionBudgets: one that does
 *   not let a pod go for 15 minutes fails the update. EKS updates a version alone: a deployment that changes it together with
 *   sizes, labels, taints, tags or the launch template fails.
 * - A node that has not been ready for 30 minutes is replaced.
 * - Pods have no way to the role of their node. Who has to look at a node takes Session Manager: there is no key pair.
 *
 * The launch template names no security group, so that EKS gives the nodes that of the cluster, which lets control plane
 * and nodes reach each other on all ports: the API server reaches kubelets (10250) and metrics-server (10251).
 *
 * It has no user data either. EKS adds its own behind, with the number of pods that it calculates (110 for fewer than 30
 * vCPUs, when the VPC CNI assigns prefixes before the group is there); what comes last wins, so that another number here
 * would have no effect.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-eks-nodegroup-scalingconfig.html
 * @see https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
 * @see https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/
 */
export class ManagedNodeGroup extends Construct {
  readonly nodegroup: eks.Nodegroup;
  readonly nodegroupName: string;
  readonly amiType: eks.NodegroupAmiType;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: ManagedNodeGroupProps) {
    super(scope, id);
    const {
      cluster,
      architecture,
      minNodes,
      maxNodes,
      spot = false,
      diskGiB = 20,
      maxUnavailablePercentage = 33,
      version = props.kubernetesVersion,
    } = props;
    checkVersion(version, props.kubernetesVersion);
    checkTypes(props.instanceTypes, architecture, spot);
    checkCount('minNodes', minNodes, 1);
    checkCount('maxNodes', maxNodes, minNodes);
    checkCount('diskGiB', diskGiB, 20);
    checkCount('maxUnavailablePercentage', maxUnavailablePercentage, 1, 100);

    const launchTemplate = new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      // Not further than the node: pods are one hop away.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(diskGiB, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    Tags.of(launchTemplate).add('Name', `${cluster.clusterName}-${id}`);

    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        'AmazonEKSWorkerNodePolicy',
        'AmazonEC2ContainerRegistryPullOnly',
        'AmazonSSMManagedInstanceCore',
      ].map((name) => iam.ManagedPolicy.fromAwsManagedPolicyName(name)),
    });
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
      // Pods that a budget keeps would be killed after 15 minutes.
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

function minorOf(version: string): number {
  return Number(/^1\.([1-9]\d*)$/.exec(version)?.[1]);
}

function checkVersion(nodes: string, cluster: string): void {
  const behind = minorOf(cluster) - minorOf(nodes);
  if (behind >= 0 && behind <= 3) return;
  throw new Error(
    `version: nodes must be of the cluster's minor version (${cluster}) or up to three older, got "${nodes}". ` +
      'Leave it out, or give the version that the nodes have, until the next deployment takes them to that of the cluster',
  );
}

/** `m.large` of m7g.large: of one kind and size, the generations and makers of CPUs have the same CPUs and memory. */
function kindOf(type: string): string | undefined {
  return /^([a-z]+)\d+[a-z-]*(\.[0-9a-z-]+)$/.exec(type)?.slice(1).join('');
}

function checkTypes(types: readonly string[], architecture: ec2.InstanceArchitecture, spot: boolean): void {
  const [first] = types;
  if (first === undefined) {
    throw new Error('instanceTypes: must name at least one type, got none. Give one such as t4g.medium');
  }
  for (const type of types) {
    if (kindOf(type) === undefined) {
      throw new Error(`instanceTypes: must be types of EC2, got "${type}". Give one such as t4g.medium`);
    }
    const own = new ec2.InstanceType(type).architecture;
    if (own !== architecture) {
      throw new Error(
        `instanceTypes: "${type}" is ${own}, but the architecture of the image is ${architecture}. Give types of the image's architecture`,
      );
    }
    if (kindOf(type) !== kindOf(first)) {
      throw new Error(
        `instanceTypes: must all be of the kind and size of "${first}", got "${type}". Give other generations of it, such as ` +
          'm6g.large beside m7g.large, and other sizes a group of their own',
      );
    }
  }
  if (spot && new Set(types).size < 2) {
    throw new Error(
      `instanceTypes: must be at least two with spot, got "${first}" only. Give another generation of it: where EC2 is short of ` +
        'a type, it takes back all nodes of that type',
    );
  }
}

function checkCount(name: string, value: number, least: number, most?: number): void {
  if (Number.isInteger(value) && value >= least && value <= (most ?? value)) return;
  throw new Error(
    `${name}: must be a whole number ${most === undefined ? `of at least ${least}` : `from ${least} to ${most}`}, got ${value}. ` +
      `Give ${least} ${most === undefined ? 'or more' : `to ${most}`}`,
  );
}
