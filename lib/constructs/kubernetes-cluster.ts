// Kumiki 0.2.0, kubernetes-cluster.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Annotations, ArnFormat, CfnDeletionPolicy, RemovalPolicy, Stack, Tags, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct, IConstruct } from 'constructs';

export interface KubernetesClusterProps {
  /**
   * Name of the cluster as a literal, because the keys of IAM conditions and the name of the control plane's log group contain
   * it. The name cannot be changed on a deployed cluster.
   *
   * @throws unless it is 1 to 100 letters, digits, hyphens and underscores that begin with a letter or a digit
   */
  readonly clusterName: string;

  /**
   * Kubernetes version, `1.36`. A deployed cluster is upgraded by one minor version at a time. EKS can take an upgrade back
   * within 7 days if no node is newer than the old version. Whether CloudFormation does so when it rolls an update back is not
   * documented.
   *
   * @throws if it is not `1.` and a number
   */
  readonly version: string;

  /** Layer with kubectl and helm of the same minor version as `version`: `new KubectlV36Layer(…)`. */
  readonly kubectlLayer: lambda.ILayerVersion;

  readonly vpc: ec2.IVpc;

  /**
   * Private subnets of the control plane's interfaces and of the kubectl handler, with a route to EKS, STS, Lambda, S3 and the
   * registries of Helm charts.
   *
   * @throws if they are public or in fewer than two availability zones
   */
  readonly vpcSubnets: ec2.SubnetSelection;

  /**
   * Security group of the control plane's interfaces. This construct adds one rule to it, if it is mutable: HTTPS from the
   * kubectl handler.
   *
   * @default a new security group with that rule only
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /**
   * Security group of the kubectl handler, which needs HTTPS to the control plane, EKS, STS, Lambda, S3 and the registries of
   * Helm charts. This construct adds no rule to it.
   *
   * @default a new security group with HTTPS to all IPv4 addresses as its only rule
   */
  readonly kubectlSecurityGroup?: ec2.ISecurityGroup;

  /**
   * Role of the control plane, which EKS (`eks.amazonaws.com`) can assume, with the policy AmazonEKSClusterPolicy. Nothing is
   * added to the role.
   *
   * @default a new role with that policy
   */
  readonly role?: iam.IRole;

  /**
   * Key that encrypts secrets. It has to outlive the cluster.
   *
   * @default a new key that rotates each year and is deleted with the cluster
   */
  readonly secretsEncryptionKey?: kms.IKey;

  /**
   * Addresses of Services, a private IPv4 block of /12 to /24. Services have priority over hosts with the same address in
   * networks that are connected with the VPC, so give a block that none of them has. EKS cannot change it: another block is another cluster.
   *
   * @default EKS chooses 10.100.0.0/16 or 172.20.0.0/16
   * @throws if the block is malformed or of another size, or not private
   * @see https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
   */
  readonly serviceCidr?: string;

  /**
   * Public IPv4 blocks, such as `203.0.113.0/24`, that may reach the API server's public endpoint.
   *
   * @default no public endpoint
   * @throws if the list is empty, or a block is malformed, wider than /8 or not public
   */
  readonly publicCidrs?: readonly string[];

  /**
   * ARN of an IAM role that administers the cluster.
   *
   * @default none: only the kubectl handler of this stack has access, and principals with `eks:CreateAccessEntry` can grant it
   * @throws if it is not the ARN of a role (that of a session, `assumed-role`, is not)
   */
  readonly adminRoleArn?: string;

  /**
   * Let EKS refuse to delete the cluster, also for CloudFormation. Switch it on after the first deployment: one that fails after
   * the control plane could not be rolled back. Switch it off with a deployment before the stack is deleted: CloudFormation
   * would delete all other resources first, and then fail at the cluster.
   *
   * @default false
   * @see https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
   */
  readonly deletionProtection?: boolean;

  /**
   * Logs of the control plane, billed by volume. Most of it is the audit log: who asked the API server for what, day and night.
   *
   * @default all five types
   * @see https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
   */
  readonly logTypes?: readonly eks.ClusterLoggingTypes[];
}

/**
 * An EKS cluster without nodes: a control plane, its logs, and a function in the private subnets that applies manifests and
 * charts (the kubectl handler). Nodes come from node groups, not from Auto Mode. Networking, DNS and metrics come from
 * add-ons.
 *
 * - Access is by access entries only. The creator of the cluster (the role of CloudFormation) gets no access entry.
 * - The API server answers inside the VPC, and outside only to `publicCidrs`.
 * - Secrets are encrypted with a key that rotates each year.
 * - The version is in standard support: EKS upgrades an outdated cluster instead of billing six times as much.
 * - Objects that a change removes from a manifest are deleted from the cluster (`kubectl apply --prune`) if kubectl prunes
 *   their kind: workloads, Services, ConfigMaps, Secrets, Ingresses and Namespaces, but not NetworkPolicies, for example.
 *
 * The log group of the control plane has the name that EKS gives it, `/aws/eks/<cluster>/cluster`. Where that log group is
 * deleted with its stack (a property injector for `logs.LogGroup` says so; the CDK retains it by default), a deployment of a
 * new cluster also deletes the log group that an earlier cluster of the name left behind. So to switch a deployed cluster
 * to DESTROY deletes the logs that it has. Where the log group is retained, the next cluster of the name has to take it over
 * (`cdk deploy --import-existing-resources`).
 *
 * The security group of the control plane admits the kubectl handler. Between control plane and nodes, EKS creates another
 * group, `cluster.clusterSecurityGroup`, whose members reach each other on all ports.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
 * @see https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
 * @see https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
 *
 * @example
 * ```ts
 * const kubernetes = new KubernetesCluster(this, 'Cluster', {
 *   clusterName: 'shop',
 *   version: '1.36',
 *   kubectlLayer,
 *   vpc,
 *   vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
 *   adminRoleArn: 'arn:aws:iam::111122223333:role/Admin',
 * });
 * new CfnOutput(this, 'Kubeconfig', { value: kubernetes.updateKubeconfigCommand });
 * ```
 */
export class KubernetesCluster extends Construct {
  readonly cluster: eks.Cluster;
  /** Logs of the control plane. */
  readonly logGroup: logs.ILogGroup;
  /** Command that configures kubectl for this cluster, with `adminRoleArn` if given. */
  readonly updateKubeconfigCommand: string;
  private readonly barrier: IConstruct;

  constructor(scope: Construct, id: string, props: KubernetesClusterProps) {
    super(scope, id);
    const { clusterName, vpc, vpcSubnets, adminRoleArn } = props;
    check(props);

    // Otherwise EKS creates this log group itself, without retention, and leaves it behind.
    const logGroupName = `/aws/eks/${clusterName}/cluster`;
    this.logGroup = new logs.LogGroup(this, 'ControlPlaneLogs', { logGroupName });
    if (goesWithStack(this.logGroup)) this.logGroup.node.addDependency(this.sweep(logGroupName));
    const handler = props.kubectlSecurityGroup ?? newHandlerGroup(this, vpc);
    const controlPlane =
      props.securityGroup ??
      new ec2.SecurityGroup(this, 'ControlPlaneSecurityGroup', {
        vpc,
        description: 'Control plane of the cluster',
        // The control plane reaches nodes through the security group that EKS creates.
        allowAllOutbound: false,
      });
    controlPlane.addIngressRule(handler, ec2.Port.HTTPS, 'kubectl handler');

    this.cluster = new eks.Cluster(this, 'Cluster', {
      clusterName,
      version: eks.KubernetesVersion.of(props.version),
      vpc,
      vpcSubnets: [vpcSubnets],
      role: props.role,
      securityGroup: controlPlane,
      endpointAccess: endpointAccess(props.publicCidrs),
      serviceIpv4Cidr: serviceCidr(props.serviceCidr),
      bootstrapClusterCreatorAdminPermissions: false,
      defaultCapacityType: eks.DefaultCapacityType.NODEGROUP,
      defaultCapacity: 0,
      // EKS add-ons replace them, because those take a configuration and a version.
      bootstrapSelfManagedAddons: false,
      secretsEncryptionKey: props.secretsEncryptionKey ?? newSecretsKey(this, clusterName),
      // An empty list switches the logs off. Without the property, an update would keep the old value.
      clusterLogging: [...(props.logTypes ?? Object.values(eks.ClusterLoggingTypes))],
      kubectlProviderOptions: { kubectlLayer: props.kubectlLayer, securityGroups: [handler] },
      prune: true,
    });
    const resource = this.cluster.node.defaultChild;
    if (eks.CfnCluster.isCfnCluster(resource)) {
      resource.upgradePolicy = { supportType: 'STANDARD' };
      resource.deletionProtection = props.deletionProtection;
    }
    this.cluster.node.addDependency(this.logGroup);
    // The CDK tags subnets for a load balancer controller. The cluster has none, so the network need not change with it.
    for (const subnet of [...vpc.privateSubnets, ...vpc.publicSubnets]) {
      for (const role of ['elb', 'internal-elb']) Tags.of(subnet).remove(`kubernetes.io/role/${role}`);
    }
    Annotations.of(this.cluster).acknowledgeWarning(
      '@aws-cdk/aws-eks:clusterMustManuallyTagSubnet',
      'Nothing in the cluster creates load balancers.',
    );

    // Every manifest and chart depends on the barrier, which depends on the cluster and on the access entry of the handler.
    this.barrier = this.cluster.node.findChild('KubectlReadyBarrier');
    this.manifestsAfter(controlPlane, ...ownLogs(this.cluster));

    if (adminRoleArn !== undefined) this.cluster.grantClusterAdmin('Admin', adminRoleArn);
    this.updateKubeconfigCommand =
      `aws eks update-kubeconfig --name ${clusterName} --region ${Stack.of(this).region}` +
      (adminRoleArn === undefined ? '' : ` --role-arn ${adminRoleArn}`);
  }

  /**
   * Deletes the log group that an earlier cluster of the name left behind. EKS delivers events late, through a role of its
   * own, and so recreates the log group after a stack has deleted it. The next create would find the name taken.
   *
   * @see https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2763
   */
  private sweep(logGroupName: string): IConstruct {
    const logGroupArn = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${logGroupName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const sweep = new customresources.AwsCustomResource(this, 'Sweep', {
      resourceType: 'Custom::LeftOverLogGroup',
      onCreate: {
        service: 'CloudWatchLogs',
        action: 'deleteLogGroup',
        parameters: { logGroupName },
        physicalResourceId: customresources.PhysicalResourceId.of(logGroupName),
        ignoreErrorCodesMatching: 'ResourceNotFoundException',
      },
      installLatestAwsSdk: false,
      logGroup: new logs.LogGroup(this, 'SweepLogs'),
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['logs:DeleteLogGroup'], resources: [logGroupArn] }),
      ]),
    });
    sweep.grantPrincipal.addToPrincipalPolicy(noNewLogGroup());
    return sweep;
  }

  /**
   * Adds dependencies that every manifest and chart of the cluster waits for. Manifests are applied after them and deleted
   * before them. Give the nodes, so that pods can start, and end before the nodes are deleted; and the add-ons. By default the
   * CDK only waits for the control plane.
   */
  manifestsAfter(...dependencies: IConstruct[]): void {
    this.barrier.node.addDependency(...dependencies);
  }
}

/** @returns true if the log group is deleted with its stack, by its author or by a property injector of its scope */
function goesWithStack(logGroup: logs.ILogGroup): boolean {
  const resource = logGroup.node.defaultChild;
  return logs.CfnLogGroup.isCfnLogGroup(resource) && resource.cfnOptions.deletionPolicy === CfnDeletionPolicy.DELETE;
}

/**
 * The log groups of the functions that apply manifests. Creates those that the CDK does not create (a feature flag decides if
 * the CDK does). Otherwise Lambda creates them itself, without retention, and leaves them behind.
 */
function ownLogs(cluster: eks.Cluster): IConstruct[] {
  const functions = cluster.node.findAll().filter((node) => node instanceof lambda.Function);
  return functions.map((owner) => {
    const logGroup =
      owner.node.tryFindChild('LogGroup') ??
      new logs.LogGroup(owner, 'LogGroup', { logGroupName: `/aws/lambda/${owner.functionName}` });
    owner.addToRolePolicy(noNewLogGroup());
    return logGroup;
  });
}

function newHandlerGroup(scope: Construct, vpc: ec2.IVpc): ec2.SecurityGroup {
  const group = new ec2.SecurityGroup(scope, 'KubectlSecurityGroup', {
    vpc,
    description: 'kubectl handler of the cluster',
    allowAllOutbound: false,
  });
  group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'Control plane, EKS, STS, Lambda, S3 and chart registries');
  return group;
}

function newSecretsKey(scope: Construct, clusterName: string): kms.Key {
  return new kms.Key(scope, 'SecretsKey', {
    description: `Secrets of the cluster ${clusterName}`,
    enableKeyRotation: true,
    // Everything that the key has encrypted is deleted with the cluster.
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** Keeps a deleted log group deleted: a function's logs arrive some time after its last call, and would recreate the group. */
function noNewLogGroup(): iam.PolicyStatement {
  return new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['logs:CreateLogGroup'], resources: ['*'] });
}

function check({ clusterName, version, vpc, vpcSubnets, adminRoleArn }: KubernetesClusterProps): void {
  if (Token.isUnresolved(clusterName) || !/^[0-9A-Za-z][\w-]{0,99}$/.test(clusterName)) {
    throw new Error(
      'clusterName: must be 1 to 100 letters, digits, hyphens and underscores, the first a letter or a digit, and ' +
        `no token, got "${clusterName}". Give a literal such as "shop".`,
    );
  }
  if (!/^1\.[1-9]\d*$/.test(version)) {
    throw new Error(`version: must be a minor version of Kubernetes, got "${version}". Give one such as 1.36.`);
  }
  const { subnets, hasPublic } = vpc.selectSubnets(vpcSubnets);
  const zones = new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size;
  if (hasPublic || zones < 2) {
    throw new Error(
      `vpcSubnets: must be private subnets in at least two availability zones, got ${hasPublic ? 'public ones' : `${zones}`}. ` +
        'Give private subnets of two zones.',
    );
  }
  if (adminRoleArn !== undefined && !Token.isUnresolved(adminRoleArn)) {
    if (!/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(adminRoleArn)) {
      throw new Error(
        `adminRoleArn: must be the ARN of an IAM role, got "${adminRoleArn}". Give one such as arn:aws:iam::111122223333:role/Admin.`,
      );
    }
  }
}

/** Blocks that are not reached over the internet. @see https://www.iana.org/assignments/iana-ipv4-special-registry */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  // Multicast, and reserved.
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(parseCidr);

function endpointAccess(publicCidrs: readonly string[] | undefined): eks.EndpointAccess {
  if (publicCidrs === undefined) return eks.EndpointAccess.PRIVATE;
  if (publicCidrs.length === 0) {
    throw new Error(
      'publicCidrs: must name at least one block of addresses, got none. Leave publicCidrs out to have no public endpoint.',
    );
  }
  for (const cidr of publicCidrs) {
    const fail = (rule: string, action: string) => {
      throw new Error(`publicCidrs: must be ${rule}, got "${cidr}". ${action}.`);
    };
    if (cidr.endsWith('/0')) fail('closed to the world', 'Give the blocks from which the cluster is administered');
    const block = parseCidr(cidr);
    if (block === undefined) return fail('IPv4 blocks', 'Give the network address and its prefix, as 203.0.113.0/24');
    if (block.prefix < 8) fail('of /8 to /32', 'Give the blocks from which the cluster is administered');
    if (NOT_PUBLIC.some((other) => other !== undefined && overlap(block, other))) {
      fail('public addresses', 'Leave private networks out: those routed with the VPC reach the private endpoint');
    }
  }
  return eks.EndpointAccess.PUBLIC_AND_PRIVATE.onlyFrom(...publicCidrs);
}

function serviceCidr(cidr: string | undefined): string | undefined {
  if (cidr === undefined) return undefined;
  const block = parseCidr(cidr);
  const isPrivate = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']
    .map(parseCidr)
    .some((other) => block && other && block.prefix >= other.prefix && overlap(block, other));
  if (block === undefined || !isPrivate || block.prefix < 12 || block.prefix > 24) {
    throw new Error(
      `serviceCidr: must be a private IPv4 block of /12 to /24, got "${cidr}". Give one such as 172.20.0.0/16, or leave it out.`,
    );
  }
  return cidr;
}

interface Cidr {
  readonly address: number;
  readonly prefix: number;
}

/** @returns undefined unless the text is the network address of a block and its prefix */
function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const [prefix = 0, ...octets] = (match ?? []).slice(1).map(Number).reverse();
  const address = octets.reduceRight((sum, octet) => sum * 256 + octet, 0);
  const valid = match !== null && prefix <= 32 && octets.every((octet) => octet <= 255);
  return valid && address % 2 ** (32 - prefix) === 0 ? { address, prefix } : undefined;
}

function overlap(a: Cidr, b: Cidr): boolean {
  const size = 2 ** (32 - Math.min(a.prefix, b.prefix));
  return Math.floor(a.address / size) === Math.floor(b.address / size);
}
