import { Duration, Stack, Token } from 'aws-cdk-lib';
import { CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';

export interface ClusterAutoscalerProps {
  /** With a kubectl provider, the add-on `eks-pod-identity-agent` and authentication mode API. */
  readonly cluster: eks.ICluster;

  /**
   * Name of that cluster, spelled out: it is part of the key of an IAM condition, where a reference cannot be.
   *
   * @throws if it is a token
   */
  readonly clusterName: string;

  /**
   * What makes the nodes that Cluster Autoscaler runs on: it is installed after them and gone before them. All managed node
   * groups of the cluster are scaled, because EKS tags their groups for it.
   */
  readonly nodes: IConstruct;

  /** Minor version of the cluster: `1.36`. */
  readonly kubernetesVersion: string;

  /**
   * Tag of the image `registry.k8s.io/autoscaling/cluster-autoscaler`: `v1.36.1`. It simulates the scheduler of its minor
   * version, so it is of the cluster's.
   *
   * @throws if it is of another minor version than the cluster
   * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/README.md#releases
   */
  readonly imageTag: string;

  /**
   * How long a node is spare before it goes, and how long after the last one was added none goes. Shorter saves money
   * after a peak and pays for a new start when the next one comes soon.
   *
   * @default Duration.minutes(10), after the 5 minutes that a Horizontal Pod Autoscaler waits before it removes pods
   * @throws unless it is between 1 and 60 minutes
   */
  readonly scaleDownAfter?: Duration;
}

/**
 * Cluster Autoscaler for managed node groups: adds nodes for pods that find no room, removes nodes whose pods fit elsewhere.
 *
 * The node group's minimum and maximum are its bounds. Keep the desired size of the group at its minimum in the template: a
 * deployment that changes it, or one of the bounds, sets the group to that size, whatever was scaled before.
 *
 * - Two replicas, of which one acts: the other takes over within some 20 seconds, when a node with the first is drained, too,
 *   because the lease of 15 seconds is not given back.
 * - Credentials by EKS Pod Identity, for this service account of this cluster and nothing else. It changes groups that are
 *   tagged as owned by this cluster, no others.
 * - A failed installation is rolled back by Helm, so that the next one starts from what ran before.
 *
 * Cost: none of its own. Its image comes from registry.k8s.io, so nodes need a way to the internet. Its chart is listed at
 * kubernetes.github.io and comes from github.com, which redirects to githubusercontent.com: the kubectl handler needs a way
 * to all three, whenever the chart or its values change.
 *
 * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
 */
export class ClusterAutoscaler extends Construct {
  /** Version of the Helm chart. */
  static readonly CHART_VERSION = '9.59.0';
  /** In kube-system, where EKS's own add-ons are, and where tools look for the ConfigMap `cluster-autoscaler-status`. */
  static readonly NAMESPACE = 'kube-system';

  readonly role: iam.Role;
  readonly chart: eks.HelmChart;

  constructor(scope: Construct, id: string, props: ClusterAutoscalerProps) {
    super(scope, id);
    check(props);
    const { cluster, clusterName } = props;

    this.role = podRole(this, clusterName);
    // Not after the nodes: the association reaches the cluster with some seconds' delay, and a pod that starts before it has
    // no credentials for the rest of its life. The minutes that the nodes take are more than enough.
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
      // Installed means running: without waiting, a pod that cannot start would be found out by the first peak.
      wait: true,
      atomic: true,
      // For the start and again for the way back, which together stay below the 15 minutes of the function that runs Helm.
      timeout: Duration.minutes(5),
      values: chartValues(props, Stack.of(this).region),
    });
    this.chart.node.addDependency(association, props.nodes);
  }
}

/** Of the release, the objects of the chart and the service account. */
const NAME = 'cluster-autoscaler';

function check({ clusterName, kubernetesVersion, imageTag, scaleDownAfter }: ClusterAutoscalerProps): void {
  if (Token.isUnresolved(clusterName)) {
    throw new Error(
      'clusterName: must be spelled out, got a token. Give the cluster a name of your own and repeat it.',
    );
  }
  if (!new RegExp(`^v${kubernetesVersion.replace('.', '\\.')}\\.\\d+$`).test(imageTag)) {
    throw new Error(
      `imageTag: must be v${kubernetesVersion}.N, of the minor version of the cluster, got "${imageTag}". ` +
        'Choose a release of that minor: https://github.com/kubernetes/autoscaler/releases',
    );
  }
  const minutes = scaleDownAfter?.toMinutes({ integral: false }) ?? 10;
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
    // Tags that EKS Pod Identity sends; no pod can choose them.
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
    // Inline, so that the role never is without them.
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

/** Spread, if there is a choice: Cluster Autoscaler has to start on the only node, too, as it is what adds the second. */
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
    nameOverride: NAME,
    cloudProvider: 'aws',
    // Becomes AWS_REGION: pods have no way to the instance metadata, which would say it (hop limit 1).
    awsRegion: region,
    autoDiscovery: { clusterName },
    rbac: { serviceAccount: { create: true, name: NAME } },
    // The chart's own is of its own minor version.
    image: { tag: imageTag },
    extraArgs: {
      // Of several node groups the one that the waiting pods fill best.
      expander: 'least-waste',
      // Node groups of one kind, such as one a zone, grow evenly.
      'balance-similar-node-groups': true,
      // CoreDNS and Metrics Server may move, within their disruption budgets: else each keeps a node for an hour more.
      'skip-nodes-with-system-pods': false,
      // An emptyDir, as Metrics Server has, would keep a node for ever. A pod that must keep its own says so by the annotation
      // cluster-autoscaler.kubernetes.io/safe-to-evict: "false".
      'skip-nodes-with-local-storage': false,
      // What runs on every node anyway would count as use: a tenth of a small node's CPU.
      'ignore-daemonsets-utilization': true,
      'scale-down-unneeded-time': spare,
      'scale-down-delay-after-add': spare,
      // So that two replicas never act at once.
      'leader-elect': true,
    },
    replicaCount: 2,
    podDisruptionBudget: { maxUnavailable: 1 },
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(spreadOver),
    // It starts when nothing else finds room: it goes before other pods, and is not evicted for them.
    priorityClassName: 'system-cluster-critical',
    resources: {
      // It keeps all pods and nodes in memory; the request is the chart's example, the limit that of the manifest for AWS.
      requests: { cpu: '100m', memory: '300Mi' },
      // None for CPU: slowed down, it would be late.
      limits: { memory: '600Mi' },
    },
    securityContext: {
      runAsNonRoot: true,
      // The image would run as root.
      runAsUser: 65_534,
      runAsGroup: 65_534,
      // Reads the tokens of its service account and of Pod Identity.
      fsGroup: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containerSecurityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // On the pods, not on the service: each replica has its own metrics, and only those of the one that acts say something.
    podAnnotations: {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '8085',
      'prometheus.io/path': '/metrics',
    },
  };
}
