import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';

const NAMES = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent', 'coredns', 'metrics-server'] as const;

export type ClusterAddOn = (typeof NAMES)[number];

const CNI_SERVICE_ACCOUNT = 'aws-node';

export interface ClusterAddOnsProps {
  /** A cluster without the self-managed forms of these add-ons. */
  readonly cluster: eks.ICluster;

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
}

/**
 * What each node and each pod needs, as EKS add-ons:
 *
 * - vpc-cni: addresses by prefixes of 16 (110 pods on a node that would have addresses for 17), one prefix warm; it also
 *   enforces NetworkPolicies. Its rights are those of its own service account, not of the nodes.
 * - kube-proxy, and eks-pod-identity-agent, through which pods get IAM roles.
 * - coredns and metrics-server, as EKS sets them up.
 *
 * metrics-server listens on 10251 for the control plane and asks kubelets on 10250. Both are open between the members of the
 * cluster's own security group.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
 */
export class ClusterAddOns extends Construct {
  /** Rights of the VPC CNI. */
  readonly cniRole: iam.Role;

  constructor(scope: Construct, id: string, props: ClusterAddOnsProps) {
    super(scope, id);
    const { cluster, nodes, versions = {} } = props;
    checkVersions(versions);

    // Tags that EKS Pod Identity sends; no pod can choose them.
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    const conditions = {
      StringEquals: {
        'aws:RequestTag/eks-cluster-arn': cluster.clusterArn,
        'aws:RequestTag/kubernetes-namespace': 'kube-system',
        'aws:RequestTag/kubernetes-service-account': CNI_SERVICE_ACCOUNT,
      },
    };
    this.cniRole = new iam.Role(this, 'CniRole', {
      assumedBy: new iam.ServicePrincipal('pods.eks.amazonaws.com', { conditions }).withSessionTags(),
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
        enableNetworkPolicy: 'true',
        env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
      }),
      podIdentityAssociations: [{ serviceAccount: CNI_SERVICE_ACCOUNT, roleArn: this.cniRole.roleArn }],
    });
    cni.node.addDependency(agent);
    // A node assigns prefixes if they are on when it starts, and EKS then counts its pods by them. On the way back, pods
    // have a network as long as there are nodes.
    nodes.node.addDependency(kubeProxy, cni);
    for (const name of ['coredns', 'metrics-server'] as const) {
      // Deployments: without a node they stay degraded, and the stack waits for them.
      add(name).node.addDependency(nodes);
    }
  }
}

function checkVersions(versions: Readonly<Record<string, string>>): void {
  for (const [name, version] of Object.entries(versions)) {
    if (!NAMES.some((known) => known === name)) {
      throw new Error(`versions: "${name}" is not an add-on of the cluster. Give one of ${NAMES.join(', ')}`);
    }
    if (!/^v\d+\.\d+\.\d+-eksbuild\.\d+$/.test(version)) {
      throw new Error(
        `versions: "${name}" must be at a version such as v1.2.3-eksbuild.1, got "${version}". This lists them: ` +
          `aws eks describe-addon-versions --addon-name ${name}`,
      );
    }
  }
}
