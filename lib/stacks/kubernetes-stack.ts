import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { HISTORY_SERVICE, pathPatterns, routesOfService } from '../../domain/routes';
import { ClusterAddOns } from '../constructs/cluster-add-ons';
import { ClusterAlarms } from '../constructs/cluster-alarms';
import { ClusterAutoscaler } from '../constructs/cluster-autoscaler';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { KubernetesCluster } from '../constructs/kubernetes-cluster';
import { KubernetesWorkload } from '../constructs/kubernetes-workload';
import { ManagedNodeGroup } from '../constructs/managed-node-group';
import { INetwork } from '../constructs/network';
import { NodePortTarget } from '../constructs/node-port-target';
import { IPrivateLoadBalancer } from '../constructs/private-load-balancer';
import { IServiceImage } from '../constructs/service-image';
import type { SleepingNodeGroup } from '../constructs/sleep';
import { TargetGroupAlarms } from '../constructs/target-group-alarms';
import { alarmsOf, EnvironmentStackProps, KubernetesConfig, observesFully } from '../environment-config';
import { inProperty } from '../in-property';
import { kubernetesRelease } from '../kubernetes-release';
import { roomOf, smallestNode } from '../kubernetes-sizing';
import { LogGroups } from '../log-queries';
import { KUBERNETES_PRIORITY } from '../services';

export interface KubernetesStackProps extends EnvironmentStackProps {
  readonly kubernetes: KubernetesConfig;
  readonly network: INetwork;
  readonly loadBalancer: IPrivateLoadBalancer;
  /** Image of the pods, which the tasks on ECS run, too. */
  readonly image: IServiceImage;
  /** Text that changes with the sources of the image. */
  readonly imageRevision: string;
  /** Prefixes of the paths that the pods answer. */
  readonly pathPrefixes: readonly string[];
}

/** An EKS cluster that runs the image of the history service, behind the load balancer of the container services. */
export class KubernetesStack extends Stack {
  /** Alarms that mean that users are affected. */
  readonly affecting: readonly cloudwatch.IAlarm[];
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  /** Nodes, for the stack that lets them sleep. */
  readonly sleeping: SleepingNodeGroup;

  constructor(scope: Construct, id: string, props: KubernetesStackProps) {
    super(scope, id, props);
    const { config, kubernetes, loadBalancer, image, pathPrefixes } = props;
    const { vpc, privateSubnets: vpcSubnets } = props.network;
    const release = kubernetesRelease(kubernetes.version);
    const kubernetesVersion = release.version;
    const clusterName = `kumiki-${config.id}`;
    const isArm = image.architecture === ecs.CpuArchitecture.ARM64;
    const { observability } = kubernetes;

    const kubernetesCluster = inProperty(
      'kubernetes',
      () =>
        new KubernetesCluster(this, 'Cluster', {
          clusterName,
          version: kubernetesVersion,
          kubectlLayer: release.kubectlLayer(this, 'KubectlLayer'),
          vpc,
          vpcSubnets,
          publicCidrs: kubernetes.publicCidrs,
          serviceCidr: kubernetes.serviceCidr,
          adminRoleArn: kubernetes.adminRoleArn,
          deletionProtection: kubernetes.deletionProtection,
          logTypes: observesFully(config) ? undefined : [],
          secretsEncryptionKey: props.encryptionKey,
        }),
    );
    const { cluster } = kubernetesCluster;
    const nodes = inProperty(
      'kubernetes.nodes',
      () =>
        new ManagedNodeGroup(this, 'Nodes', {
          ...kubernetes.nodes,
          cluster,
          kubernetesVersion,
          vpcSubnets,
          architecture: isArm ? ec2.InstanceArchitecture.ARM_64 : ec2.InstanceArchitecture.X86_64,
        }),
    );
    const addOns = new ClusterAddOns(this, 'AddOns', {
      cluster,
      clusterName,
      nodes,
      observability,
      versions: {
        ...(observability && { 'amazon-cloudwatch-observability': release.observabilityVersion }),
        ...kubernetes.addOnVersions,
      },
    });
    kubernetesCluster.manifestsAfter(nodes, addOns);
    new ClusterAutoscaler(this, 'Autoscaler', {
      cluster,
      clusterName,
      nodes,
      kubernetesVersion,
      imageTag: release.clusterAutoscalerTag,
    });

    const { rolloutMinutes, ...service } = kubernetes.service;
    inProperty(
      'kubernetes.service',
      () =>
        new KubernetesWorkload(this, 'History', {
          ...service,
          cluster,
          nodes,
          kubernetesVersion,
          name: 'history',
          namespace: 'history',
          image: image.uri,
          imageRevision: props.imageRevision,
          rolloutTimeout: rolloutMinutes === undefined ? undefined : Duration.minutes(rolloutMinutes),
          architecture: isArm ? 'arm64' : 'amd64',
          environment: { SERVED_BY: `${config.id}-kubernetes`, PATH_PREFIX: pathPrefixes.join(',') },
          nodePort: NODE_PORT,
          allowFromCidrs: vpc.selectSubnets(vpcSubnets).subnets.map((subnet) => subnet.ipv4CidrBlock),
          nodeAllocatable: roomOf(smallestNode(kubernetes.nodes.instanceTypes, observability)),
        }),
    );
    const exposure = new NodePortTarget(this, 'Exposure', {
      vpc,
      clusterName,
      nodes,
      nodeSecurityGroup: cluster.clusterSecurityGroup,
      nodePort: NODE_PORT,
      loadBalancer,
      paths: pathPatterns(routesOfService(HISTORY_SERVICE), pathPrefixes),
      priority: KUBERNETES_PRIORITY,
    });
    const { targetGroup } = exposure;
    const { nodegroupName } = nodes;
    this.sleeping = { clusterName, nodegroupName, targetGroup, minNodes: kubernetes.nodes.minNodes };
    this.affecting = alarmsOf(config) ? [this.alarms(exposure, loadBalancer)] : [];
    const { application: applicationLogGroup } = addOns.logGroups;
    this.logGroups = { pods: applicationLogGroup ? [applicationLogGroup] : [] };
    this.onDashboard = {
      pods: {
        label: 'pods',
        targetGroup: exposure.targetGroup,
        loadBalancer: loadBalancer.loadBalancer,
        clusterName,
        ...kubernetes.nodes,
        watched: observability ? { ...kubernetes.service, namespace: 'history', deployment: 'history' } : undefined,
      },
    };
    if (alarmsOf(config)) {
      new ClusterAlarms(this, 'ClusterAlarms', {
        clusterName,
        observability: applicationLogGroup && {
          applicationLogGroup,
          metricNamespace: `Kumiki/Kubernetes/${clusterName}`,
          autoscalerContainer: ClusterAutoscaler.CONTAINER,
        },
        autoscaled: { ...kubernetes.service, name: 'history', namespace: 'history' },
      });
    }

    for (const [name, value, description] of [
      ['ClusterName', clusterName, 'EKS cluster'],
      ['UpdateKubeconfigCommand', kubernetesCluster.updateKubeconfigCommand, 'Makes kubectl use the cluster'],
      ['TargetGroupArn', exposure.targetGroup.targetGroupArn, 'Where nodes are registered'],
    ] as const) {
      new CfnOutput(this, name, { value, description });
    }
  }

  /**
   * The targets are nodes, and a node without a ready pod is healthy, too, because kube-proxy forwards to the pods of other
   * nodes. An unhealthy node is one whose kube-proxy does not answer, or one that Cluster Autoscaler is about to remove. The
   * latter lasts while the pods of the node move, so the alarm needs more minutes than for tasks.
   */
  private alarms(
    exposure: NodePortTarget,
    { loadBalancer }: Pick<IPrivateLoadBalancer, 'loadBalancer'>,
  ): cloudwatch.Alarm {
    const alarms = new TargetGroupAlarms(this, 'Alarms', {
      targetGroup: exposure.targetGroup,
      loadBalancer,
      firstLook: 'the health of the node group, then the targets: a healthy one is a node that kube-proxy calls so.',
      unhealthyTargets: { minutes: 15, outOf: 15 },
      latency: { seconds: LATENCY_SECONDS },
    });
    alarms.node.addDependency(exposure);
    return alarms.noHealthyTarget;
  }
}

/** Bound of the slowest 1 % of the responses, as for the tasks on ECS. */
const LATENCY_SECONDS = 2;

/** Port of every node that leads to the pods. */
const NODE_PORT = 30_080;
