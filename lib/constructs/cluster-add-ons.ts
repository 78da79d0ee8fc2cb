import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

const NAMES = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent', 'coredns', 'metrics-server'] as const;
const OBSERVABILITY = 'amazon-cloudwatch-observability';

export type ClusterAddOn = (typeof NAMES)[number] | typeof OBSERVABILITY;

/** Service accounts of the add-ons that get a role, and their namespaces. */
const CNI = { namespace: 'kube-system', serviceAccount: 'aws-node' };
const AGENT = { namespace: 'amazon-cloudwatch', serviceAccount: 'cloudwatch-agent' };

export interface ClusterAddOnsProps {
  /** A cluster without the self-managed forms of these add-ons. */
  readonly cluster: eks.ICluster;

  /** Name of that cluster, known when the code is written: the names of the log groups hold it. */
  readonly clusterName: string;

  /** The nodes: they wait for the add-ons without which they cannot be ready, and the others wait for them. */
  readonly nodes: IConstruct;

  /**
   * Versions, `{ coredns: 'v1.13.2-eksbuild.1' }`, of those that are to be pinned. EKS has them for a version of
   * Kubernetes: `aws eks describe-addon-versions --kubernetes-version 1.36 --addon-name coredns`.
   *
   * @default the one that EKS takes by default for the version of the cluster when the add-on is created. It stays as it is
   * when the cluster is upgraded; kube-proxy may lag by up to three minor versions
   * @throws if the add-on is not one of these, or the version is not of that form
   */
  readonly versions?: Readonly<Partial<Record<ClusterAddOn, string>>>;

  /**
   * Keep the logs of pods and nodes, and metrics of both, in CloudWatch: Container Insights with enhanced observability, as
   * a cluster of ECS has it. Without it, logs are on the node and go with the pod.
   *
   * Each node needs 300m of CPU and 153 MiB for it, the cluster 100m and 64 MiB more; nodes need a way to CloudWatch Logs
   * and EC2. Metrics are billed by the observation, logs by the GB.
   *
   * @default false
   */
  readonly observability?: boolean;
}

/**
 * What each node and each pod needs, as EKS add-ons:
 *
 * - vpc-cni: addresses by prefixes of 16 (110 pods on a node that would have addresses for 17), one prefix warm; it also
 *   enforces NetworkPolicies. Its rights are those of its own service account, not of the nodes.
 * - kube-proxy, and eks-pod-identity-agent, through which pods get IAM roles.
 * - coredns and metrics-server, as EKS sets them up.
 * - amazon-cloudwatch-observability, if it is wanted: an agent and Fluent Bit on each node, and the operator of the agent.
 *
 * metrics-server listens on 10251 for the control plane and asks kubelets on 10250. Both are open between the members of the
 * cluster's own security group.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
 */
export class ClusterAddOns extends Construct {
  /** Rights of the VPC CNI. */
  readonly cniRole: iam.Role;
  /** Log groups of the observability, by what they hold; empty without it. */
  readonly logGroups: Readonly<Record<string, logs.LogGroup>>;

  constructor(scope: Construct, id: string, props: ClusterAddOnsProps) {
    super(scope, id);
    const { cluster, nodes, versions = {}, observability = false } = props;
    checkVersions(versions, observability ? [...NAMES, OBSERVABILITY] : NAMES);

    this.cniRole = new iam.Role(this, 'CniRole', {
      assumedBy: podsOf(cluster, CNI),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonEKS_CNI_Policy')],
    });
    const add = (addonName: ClusterAddOn, settings: Partial<eks.CfnAddonProps> = {}) =>
      new eks.CfnAddon(this, addonName, {
        clusterName: cluster.clusterName,
        addonName,
        addonVersion: versions[addonName],
        // The code decides: what was changed by hand is set back with the next update.
        resolveConflicts: 'OVERWRITE',
        ...settings,
      });

    const kubeProxy = add('kube-proxy');
    const agent = add('eks-pod-identity-agent', {
      // On nodes that are not ready, too: they become it by the VPC CNI, which gets its rights through the agent.
      configurationValues: JSON.stringify({ tolerations: [{ operator: 'Exists' }] }),
    });
    const cni = add('vpc-cni', {
      configurationValues: JSON.stringify({
        // The controller of EKS puts the finalizer networking.k8s.aws/resources on each NetworkPolicy, and is the only one
        // to take it off: delete the policies before this is turned off, or they, and their namespaces, never go.
        // https://github.com/aws/aws-network-policy-agent/issues/568
        enableNetworkPolicy: 'true',
        env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
      }),
      podIdentityAssociations: [{ serviceAccount: CNI.serviceAccount, roleArn: this.cniRole.roleArn }],
    });
    cni.node.addDependency(agent);
    // A node assigns prefixes if they are on when it starts, and EKS then counts its pods by them. On the way back, pods
    // have a network as long as there are nodes.
    nodes.node.addDependency(kubeProxy, cni);
    for (const name of ['coredns', 'metrics-server'] as const) {
      // Deployments: without a node they stay degraded, and the stack waits for them.
      add(name).node.addDependency(nodes);
    }

    this.logGroups = observability ? logGroups(this, props.clusterName) : {};
    if (observability) {
      const groups = Object.values(this.logGroups);
      const role = agentRole(this, cluster, groups);
      add(OBSERVABILITY, {
        configurationValues: JSON.stringify({
          // Metrics only. Application Signals, on by default, would have the operator put an SDK into the pods of others by
          // init containers, for which neither their requests nor the pod security standard "restricted" make room.
          agent: { config: { logs: { metrics_collected: { kubernetes: { enhanced_container_insights: true } } } } },
          manager: { applicationSignals: { autoMonitor: { monitorAllServices: false } } },
        }),
        podIdentityAssociations: [{ serviceAccount: AGENT.serviceAccount, roleArn: role.roleArn }],
      }).node.addDependency(nodes, ...groups);
    }
  }
}

/** The pods of a service account of the cluster, by the tags that EKS Pod Identity sends; no pod can choose them. */
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
 * The log groups that agent and Fluent Bit write to. They would make them on their own, and keep events for ever.
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
 * What agent and Fluent Bit call, instead of the policy CloudWatchAgentServerPolicy, which lets them write to every log group
 * of the account, make groups, and send traces: metrics are log events in the group "performance".
 *
 * They make a group only if a stream of it cannot be made because it is not there. That they may not do so has log groups
 * that a stack has deleted stay deleted: a late event would take the name that the next stack needs.
 *
 * @see https://github.com/fluent/fluent-bit/pull/4826
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/awscontainerinsightreceiver
 */
function agentRole(scope: Construct, cluster: eks.ICluster, groups: readonly logs.LogGroup[]): iam.Role {
  return new iam.Role(scope, 'ObservabilityRole', {
    description: 'CloudWatch agent and Fluent Bit: write their log groups, read tags and volumes of nodes',
    assumedBy: podsOf(cluster, AGENT),
    // Inline, so that the role never is without them.
    inlinePolicies: {
      Observability: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Write',
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: groups.map(({ logGroupArn }) => logGroupArn),
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
      throw new Error(`versions: "${name}" is not an add-on of the cluster. Give one of ${names.join(', ')}`);
    }
    if (!/^v\d+\.\d+\.\d+-eksbuild\.\d+$/.test(version)) {
      throw new Error(
        `versions: "${name}" must be at a version such as v1.2.3-eksbuild.1, got "${version}". This lists them: ` +
          `aws eks describe-addon-versions --addon-name ${name}`,
      );
    }
  }
}
