// Kumiki 0.2.0, cluster-add-ons.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

const NAMES = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent', 'coredns', 'metrics-server'] as const;
const OBSERVABILITY = 'amazon-cloudwatch-observability';

export type ClusterAddOn = (typeof NAMES)[number] | typeof OBSERVABILITY;

/** Service accounts, with their namespaces, of the add-ons that get a role. */
const CNI = { namespace: 'kube-system', serviceAccount: 'aws-node' };
const AGENT = { namespace: 'amazon-cloudwatch', serviceAccount: 'cloudwatch-agent' };

export interface ClusterAddOnsProps {
  /** Cluster without the self-managed versions of these add-ons. */
  readonly cluster: eks.ICluster;

  /** Name of that cluster as a literal, because the names of the log groups contain it. */
  readonly clusterName: string;

  /**
   * Construct that creates the nodes. The nodes wait for the add-ons without which they cannot be ready, and the other add-ons
   * wait for the nodes.
   */
  readonly nodes: IConstruct;

  /**
   * Versions of add-ons, `{ coredns: 'v1.13.2-eksbuild.1' }`. The versions for a version of Kubernetes are listed by
   * `aws eks describe-addon-versions --kubernetes-version 1.36 --addon-name coredns`.
   *
   * @default EKS chooses the version when it creates the add-on, by the version of the cluster. An upgrade of the cluster does
   * not change it; kube-proxy may be up to three minor versions older than the cluster
   * @throws if the add-on is not installed, or the version has another form
   */
  readonly versions?: Readonly<Partial<Record<ClusterAddOn, string>>>;

  /**
   * Send logs and metrics of pods and nodes to CloudWatch: Container Insights with enhanced observability, as ECS has it.
   *
   * Each node needs 300m of CPU and 153 MiB for the agents, and the cluster 100m and 64 MiB more. Nodes need a route to
   * CloudWatch Logs and EC2. Metrics are billed by the observation, logs by the GB.
   *
   * @default false: logs stay on the node and are deleted with the pod
   */
  readonly observability?: boolean;

  /**
   * Role of the VPC CNI, which EKS Pod Identity gives to the service account `aws-node` in `kube-system`. Nothing is added to
   * the role.
   *
   * @default a new role with the policy AmazonEKS_CNI_Policy that only this service account of this cluster can assume
   */
  readonly cniRole?: iam.IRole;
}

/**
 * EKS add-ons that every node and every pod needs:
 *
 * - vpc-cni assigns addresses in prefixes of 16 (110 pods on a node that would have addresses for 17) and keeps one prefix
 *   free. It also enforces NetworkPolicies. Its service account has a role of its own, so the nodes need no such rights.
 * - kube-proxy, and eks-pod-identity-agent, through which pods get IAM roles.
 * - coredns and metrics-server, with the configuration of EKS.
 * - amazon-cloudwatch-observability, with `observability`: an agent and Fluent Bit on each node, and the agent's operator.
 *
 * metrics-server listens on 10251 for the control plane and queries kubelets on 10250. Both ports are open between the members
 * of the security group that EKS creates for the cluster.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
 *
 * @example
 * ```ts
 * new ClusterAddOns(this, 'AddOns', {
 *   cluster,
 *   clusterName: 'shop',
 *   nodes,
 *   versions: { coredns: 'v1.13.2-eksbuild.1' },
 *   observability: true,
 * });
 * ```
 */
export class ClusterAddOns extends Construct {
  /** Role of the VPC CNI. */
  readonly cniRole: iam.IRole;
  /** Log groups by their content, such as `application`; none without `observability`. */
  readonly logGroups: Readonly<Record<string, logs.LogGroup>>;

  constructor(scope: Construct, id: string, props: ClusterAddOnsProps) {
    super(scope, id);
    const { cluster, nodes, versions = {}, observability = false } = props;
    checkVersions(versions, observability ? [...NAMES, OBSERVABILITY] : NAMES);

    this.cniRole =
      props.cniRole ??
      new iam.Role(this, 'CniRole', {
        assumedBy: podsOf(cluster, CNI),
        managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonEKS_CNI_Policy')],
      });
    const add = (addonName: ClusterAddOn, settings: Partial<eks.CfnAddonProps> = {}) =>
      new eks.CfnAddon(this, addonName, {
        clusterName: cluster.clusterName,
        addonName,
        addonVersion: versions[addonName],
        // The template wins: the next update of the add-on resets changes made by hand.
        resolveConflicts: 'OVERWRITE',
        ...settings,
      });

    const kubeProxy = add('kube-proxy');
    const agent = add('eks-pod-identity-agent', {
      // Also run on nodes that are not ready: the VPC CNI makes them ready, and it gets its role through this agent.
      configurationValues: JSON.stringify({ tolerations: [{ operator: 'Exists' }] }),
    });
    const cni = add('vpc-cni', {
      configurationValues: JSON.stringify({
        // The controller of EKS adds the finalizer networking.k8s.aws/resources to each NetworkPolicy, and only it removes the
        // finalizer. Delete all policies before this is turned off: otherwise they and their namespaces can never be deleted.
        // https://github.com/aws/aws-network-policy-agent/issues/568
        enableNetworkPolicy: 'true',
        env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
      }),
      podIdentityAssociations: [{ serviceAccount: CNI.serviceAccount, roleArn: this.cniRole.roleArn }],
    });
    cni.node.addDependency(agent);
    // A node uses prefixes only if they are on when it starts, and EKS calculates the node's pods from them. On deletion, pods
    // have a network as long as nodes exist.
    nodes.node.addDependency(kubeProxy, cni);
    for (const name of ['coredns', 'metrics-server'] as const) {
      // These are Deployments. Without a node they stay degraded, and the stack would wait for them.
      add(name).node.addDependency(nodes);
    }

    this.logGroups = observability ? logGroups(this, props.clusterName) : {};
    if (observability) {
      const groups = Object.values(this.logGroups);
      const role = agentRole(this, cluster, groups);
      add(OBSERVABILITY, {
        configurationValues: JSON.stringify({
          // Metrics only. With Application Signals, on by default, the operator adds init containers with an SDK to the pods of
          // workloads. Neither the requests of these pods nor the pod security standard "restricted" allow for them.
          agent: { config: { logs: { metrics_collected: { kubernetes: { enhanced_container_insights: true } } } } },
          manager: { applicationSignals: { autoMonitor: { monitorAllServices: false } } },
        }),
        podIdentityAssociations: [{ serviceAccount: AGENT.serviceAccount, roleArn: role.roleArn }],
      }).node.addDependency(nodes, ...groups);
    }
  }
}

/** The pods of a service account of the cluster, by the tags that EKS Pod Identity sends. Pods cannot choose these tags. */
function podsOf(cluster: eks.ICluster, { namespace, serviceAccount }: typeof CNI): iam.IPrincipal {
  // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
  const conditions = {
    StringEquals: {
      'aws:RequestTag/eks-cluster-arn': cluster.clusterArn,
      'aws:RequestTag/kubernetes-namespace': namespace,
      'aws:RequestTag/kubernetes-service-account': serviceAccount,
    },
  };
  return new iam.ServicePrincipal('pods.eks.amazonaws.com', { conditions }).withSessionTags();
}

/**
 * The log groups that agent and Fluent Bit write to. Otherwise both would create them, without retention.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-setup-logs-FluentBit.html
 */
function logGroups(scope: Construct, clusterName: string): Record<string, logs.LogGroup> {
  const group = (content: string) =>
    new logs.LogGroup(scope, `Logs-${content}`, {
      logGroupName: `/aws/containerinsights/${clusterName}/${content}`,
    });
  return Object.fromEntries(['application', 'dataplane', 'host', 'performance'].map((name) => [name, group(name)]));
}

/**
 * The role of agent and Fluent Bit, with the actions that both call. The policy CloudWatchAgentServerPolicy would also let them
 * write to every log group of the account, create log groups, and send traces. Metrics are log events in the log group
 * "performance".
 *
 * Agent and Fluent Bit create a log group only when they cannot create a stream because the log group does not exist. Without
 * the right to do so, a log group that a stack has deleted stays deleted. Otherwise a late event would recreate it, and take
 * the name that the next stack needs.
 *
 * @see https://github.com/fluent/fluent-bit/pull/4826
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/awscontainerinsightreceiver
 */
function agentRole(scope: Construct, cluster: eks.ICluster, groups: readonly logs.LogGroup[]): iam.Role {
  return new iam.Role(scope, 'ObservabilityRole', {
    description: 'CloudWatch agent and Fluent Bit: write their log groups, read tags and volumes of nodes',
    assumedBy: podsOf(cluster, AGENT),
    // Inline, so that the role never exists without its policy.
    inlinePolicies: {
      Observability: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Write',
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: groups.map(({ logGroupArn }) => logGroupArn),
          }),
          // AWS asks for this right where metrics of Container Insights are missing, though the agent sends them as logs.
          new iam.PolicyStatement({
            sid: 'Metrics',
            actions: ['cloudwatch:PutMetricData'],
            resources: ['*'],
            conditions: { StringEquals: { 'cloudwatch:namespace': 'ContainerInsights' } },
          }),
          new iam.PolicyStatement({
            sid: 'Read',
            actions: ['ec2:DescribeTags', 'ec2:DescribeVolumes'],
            resources: ['*'],
          }),
        ],
      }),
    },
  });
}

function checkVersions(versions: Readonly<Record<string, string>>, names: readonly string[]): void {
  for (const [name, version] of Object.entries(versions)) {
    if (!names.includes(name)) {
      throw new Error(`versions: must name add-ons of the cluster, got "${name}". Give one of ${names.join(', ')}.`);
    }
    if (!/^v\d+\.\d+\.\d+-eksbuild\.\d+$/.test(version)) {
      throw new Error(
        `versions: "${name}" must have a version such as v1.2.3-eksbuild.1, got "${version}". Choose one of ` +
          `aws eks describe-addon-versions --addon-name ${name}.`,
      );
    }
  }
}
