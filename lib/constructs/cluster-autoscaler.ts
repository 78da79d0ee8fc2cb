// Kumiki 0.2.0, cluster-autoscaler.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, Stack, Token } from 'aws-cdk-lib';
import { CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';

export interface ClusterAutoscalerProps {
  /** A cluster with a kubectl provider, the add-on `eks-pod-identity-agent` and authentication mode API. */
  readonly cluster: eks.ICluster;

  /**
   * Name of that cluster as a literal, because the name is part of the key of an IAM condition, which cannot be a reference.
   *
   * @throws if it is a token
   */
  readonly clusterName: string;

  /**
   * Construct that creates the nodes for Cluster Autoscaler, which is installed after it and deleted before it. Cluster
   * Autoscaler scales all managed node groups of the cluster, because EKS tags their Auto Scaling groups for discovery.
   */
  readonly nodes: IConstruct;

  /** Minor version of the cluster: `1.36`. */
  readonly kubernetesVersion: string;

  /**
   * Tag of the image `registry.k8s.io/autoscaling/cluster-autoscaler`: `v1.36.1`. Cluster Autoscaler simulates the scheduler
   * of its own minor version, which therefore has to be that of the cluster.
   *
   * @throws if the minor version is not that of the cluster
   * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/README.md#releases
   */
  readonly imageTag: string;

  /**
   * Time for which a node is spare before it is removed, and time after an addition in which no node is removed. A shorter
   * time saves money after a peak, and costs another start when the next peak comes soon.
   *
   * @default Duration.minutes(10), after the 5 minutes that a Horizontal Pod Autoscaler waits before it removes pods
   * @throws unless it is between 1 and 60 minutes
   */
  readonly scaleDownAfter?: Duration;

  /**
   * Role that EKS Pod Identity gives to Cluster Autoscaler (service account `cluster-autoscaler` in `kube-system`). Nothing is
   * added to the role.
   *
   * @default a new role that only this service account of this cluster can assume, and that changes only groups with the tag
   * that this cluster owns them
   */
  readonly role?: iam.IRole;
}

/**
 * Cluster Autoscaler for managed node groups. It adds nodes for pods that find no room, and removes nodes whose pods fit
 * elsewhere.
 *
 * The minimum and maximum of the node group are the bounds of the scaling. Keep the desired size of the group at its minimum
 * in the template: a deployment that changes the desired size or a bound sets the group to the desired size, whatever
 * Cluster Autoscaler has set before.
 *
 * - Two replicas run, of which one acts. The other takes over within some 20 seconds, also when the node of the first is
 *   drained, because the first does not give back its lease of 15 seconds.
 * - EKS Pod Identity gives credentials to this service account of this cluster and to nothing else. They allow changes only to
 *   Auto Scaling groups with the tag that this cluster owns them.
 * - Helm rolls a failed installation back, so that the next one starts from the release that ran before.
 *
 * Cluster Autoscaler is free of charge. Its image comes from registry.k8s.io, so nodes need a route to the internet. Its chart
 * is listed at kubernetes.github.io and comes from github.com, which redirects to githubusercontent.com: the kubectl handler
 * needs a route to all three whenever the chart or its values change.
 *
 * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
 *
 * @example
 * ```ts
 * new ClusterAutoscaler(this, 'Autoscaler', {
 *   cluster,
 *   clusterName: 'shop',
 *   nodes,
 *   kubernetesVersion: '1.36',
 *   imageTag: 'v1.36.1',
 *   scaleDownAfter: Duration.minutes(5),
 * });
 * ```
 */
export class ClusterAutoscaler extends Construct {
  /** Version of the Helm chart. */
  static readonly CHART_VERSION = '9.59.0';
  /** Namespace of EKS's own add-ons, in which tools look for the ConfigMap `cluster-autoscaler-status`. */
  static readonly NAMESPACE = 'kube-system';
  /** Name of the container, for the search in logs. */
  static readonly CONTAINER = 'cluster-autoscaler';

  readonly role: iam.IRole;
  readonly chart: eks.HelmChart;

  constructor(scope: Construct, id: string, props: ClusterAutoscalerProps) {
    super(scope, id);
    check(props);
    const { cluster, clusterName } = props;

    this.role = props.role ?? podRole(this, clusterName);
    // The association does not wait for the nodes. It reaches the cluster some seconds late, and a pod that starts earlier
    // has no credentials until it is replaced. The nodes take minutes to start, which is more than enough.
    const association = new CfnPodIdentityAssociation(this, 'PodIdentity', {
      clusterName: cluster.clusterName,
      namespace: ClusterAutoscaler.NAMESPACE,
      serviceAccount: NAME,
      roleArn: this.role.roleArn,
    });

    this.chart = new eks.HelmChart(this, 'Chart', {
      cluster,
      repository: 'https://kubernetes.github.io/autoscaler',
      chart: 'cluster-autoscaler',
      version: ClusterAutoscaler.CHART_VERSION,
      release: NAME,
      namespace: ClusterAutoscaler.NAMESPACE,
      createNamespace: false,
      // Wait until the pods run: otherwise the first peak would show that a pod cannot start.
      wait: true,
      atomic: true,
      // Applies to the start and again to the rollback, which together stay below the 15 minutes of the function for Helm.
      timeout: Duration.minutes(5),
      values: chartValues(props, Stack.of(this).region),
    });
    this.chart.node.addDependency(association, props.nodes);
  }
}

/** Name of the release, of the objects of the chart and of the service account. */
const NAME = 'cluster-autoscaler';

function check({ clusterName, kubernetesVersion, imageTag, scaleDownAfter }: ClusterAutoscalerProps): void {
  if (Token.isUnresolved(clusterName)) {
    throw new Error(
      'clusterName: must be a literal, got a token. Give the cluster a name of your own, and repeat that name here.',
    );
  }
  if (!new RegExp(`^v${kubernetesVersion.replace('.', '\\.')}\\.\\d+$`).test(imageTag)) {
    throw new Error(
      `imageTag: must be v${kubernetesVersion}.N, of the minor version of the cluster, got "${imageTag}". ` +
        'Choose a release of that minor: https://github.com/kubernetes/autoscaler/releases',
    );
  }
  if (scaleDownAfter === undefined || scaleDownAfter.isUnresolved()) return;
  const minutes = scaleDownAfter.toMinutes({ integral: false });
  if (minutes < 1 || minutes > 60) {
    throw new Error(`scaleDownAfter: must be 1 to 60 minutes, got ${minutes}. Give Duration.minutes(10).`);
  }
}

/**
 * The actions of the policy that the documentation recommends, all of them and no others.
 *
 * @see https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.36.1/cluster-autoscaler/cloudprovider/aws/README.md#full-cluster-autoscaler-features-policy-recommended
 */
function podRole(scope: Construct, clusterName: string): iam.Role {
  const clusterArn = Stack.of(scope).formatArn({ service: 'eks', resource: 'cluster', resourceName: clusterName });
  return new iam.Role(scope, 'Role', {
    description: 'Cluster Autoscaler: reads about node groups, changes those of its cluster',
    // EKS Pod Identity sends these tags; pods cannot choose them.
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    assumedBy: new iam.ServicePrincipal('pods.eks.amazonaws.com', {
      conditions: {
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': clusterArn,
          'aws:RequestTag/kubernetes-namespace': ClusterAutoscaler.NAMESPACE,
          'aws:RequestTag/kubernetes-service-account': NAME,
        },
      },
    }).withSessionTags(),
    // Inline, so that the role never exists without its policy.
    inlinePolicies: {
      NodeGroups: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Read',
            actions: [
              'autoscaling:DescribeAutoScalingGroups',
              'autoscaling:DescribeAutoScalingInstances',
              'autoscaling:DescribeLaunchConfigurations',
              'autoscaling:DescribeScalingActivities',
              'ec2:DescribeImages',
              'ec2:DescribeInstanceTypes',
              'ec2:DescribeLaunchTemplateVersions',
              'ec2:GetInstanceTypesFromInstanceRequirements',
              'eks:DescribeNodegroup',
            ],
            resources: ['*'],
          }),
          new iam.PolicyStatement({
            sid: 'Scale',
            actions: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
            resources: ['*'],
            conditions: {
              StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${clusterName}`]: 'owned' },
            },
          }),
        ],
      }),
    },
  });
}

/** Spreads the replicas if possible. Cluster Autoscaler also has to start on the only node, because it adds the second. */
const spreadOver = (topologyKey: string) => ({
  topologyKey,
  maxSkew: 1,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: { 'app.kubernetes.io/instance': NAME } },
});

/**
 * Values of the chart, and flags of Cluster Autoscaler below `extraArgs`.
 *
 * @see https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-chart-9.59.0/cluster-autoscaler/charts/cluster-autoscaler/README.md#values
 * @see https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.36.1/cluster-autoscaler/FAQ.md#what-are-the-parameters-to-ca
 */
function chartValues({ clusterName, imageTag, scaleDownAfter }: ClusterAutoscalerProps, region: string) {
  const spare = `${(scaleDownAfter ?? Duration.minutes(10)).toSeconds()}s`;
  return {
    fullnameOverride: NAME,
    // Also the name of the container.
    nameOverride: ClusterAutoscaler.CONTAINER,
    cloudProvider: 'aws',
    // Becomes AWS_REGION: pods cannot read the region from the instance metadata, because the hop limit is 1.
    awsRegion: region,
    autoDiscovery: { clusterName },
    rbac: { serviceAccount: { create: true, name: NAME } },
    // The default tag of the chart is of another minor version.
    image: { tag: imageTag },
    extraArgs: {
      // Choose the node group that the waiting pods fill best.
      expander: 'least-waste',
      // Node groups of one kind, such as one in each zone, grow evenly.
      'balance-similar-node-groups': true,
      // CoreDNS and Metrics Server may move within their disruption budgets: otherwise each keeps a node for an hour more.
      'skip-nodes-with-system-pods': false,
      // Otherwise an emptyDir, such as that of Metrics Server, would keep a node forever. A pod that must keep its emptyDir has
      // the annotation cluster-autoscaler.kubernetes.io/safe-to-evict: "false".
      'skip-nodes-with-local-storage': false,
      // Pods that run on every node would count as use: a tenth of a small node's CPU.
      'ignore-daemonsets-utilization': true,
      'scale-down-unneeded-time': spare,
      'scale-down-delay-after-add': spare,
      // Two replicas must never act at once.
      'leader-elect': true,
    },
    replicaCount: 2,
    podDisruptionBudget: { maxUnavailable: 1 },
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(spreadOver),
    // Cluster Autoscaler has to run when other pods find no room, so it starts before them and is not evicted for them.
    priorityClassName: 'system-cluster-critical',
    resources: {
      // Cluster Autoscaler holds all pods and nodes in memory. The request is the chart's example, the limit that of the
      // manifest for AWS.
      requests: { cpu: '100m', memory: '300Mi' },
      // No limit for CPU: throttling would delay the scaling.
      limits: { memory: '600Mi' },
    },
    securityContext: {
      runAsNonRoot: true,
      // The image would run as root.
      runAsUser: 65_534,
      runAsGroup: 65_534,
      // The group that may read the tokens of the service account and of Pod Identity.
      fsGroup: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containerSecurityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // On the pods, not on the service: each replica has its own metrics, and only the acting replica's are meaningful.
    podAnnotations: {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '8085',
      'prometheus.io/path': '/metrics',
    },
  };
}
