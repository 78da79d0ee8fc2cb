import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { HISTORY_SERVICE, pathPatterns, routesOfService } from '../../domain/routes';
import { ClusterAddOns } from '../constructs/cluster-add-ons';
import { ClusterAutoscaler } from '../constructs/cluster-autoscaler';
import { KubernetesCluster } from '../constructs/kubernetes-cluster';
import { KubernetesWorkload } from '../constructs/kubernetes-workload';
import { ManagedNodeGroup } from '../constructs/managed-node-group';
import { INetwork } from '../constructs/network';
import { NodePortTarget } from '../constructs/node-port-target';
import { IPrivateLoadBalancer } from '../constructs/private-load-balancer';
import { IServiceImage } from '../constructs/service-image';
import { TargetGroupAlarms } from '../constructs/target-group-alarms';
import { EnvironmentStackProps, KubernetesConfig } from '../environment-config';
import { kubernetesRelease } from '../kubernetes-release';
import { roomOf, smallestNode } from '../kubernetes-sizing';
import { KUBERNETES_PRIORITY } from '../services';

export interface KubernetesStackProps extends EnvironmentStackProps {
  readonly kubernetes: KubernetesConfig;
  readonly network: INetwork;
  readonly loadBalancer: IPrivateLoadBalancer;
  /** What pods run: the image of the tasks. */
  readonly image: IServiceImage;
  /** Changes with the sources of the image. */
  readonly imageRevision: string;
  /** In front of the paths that pods answer. */
  readonly pathPrefixes: readonly string[];
}

export class KubernetesStack extends Stack {
  constructor(scope: Construct, id: string, props: KubernetesStackProps) {
    super(scope, id, props);
    const { config, kubernetes, loadBalancer, image, pathPrefixes } = props;
    const placement = { vpc: props.network.vpc, vpcSubnets: props.network.privateSubnets };
    const isArm = image.architecture === ecs.CpuArchitecture.ARM64;
    const { version, kubectlLayer, clusterAutoscalerTag: imageTag, ...release } = kubernetesRelease(kubernetes.version);
    const clusterName = `kumiki-${config.id}`;
    const names = { clusterName, version, kubectlLayer: kubectlLayer(this, 'KubectlLayer') };
    const control = new KubernetesCluster(this, 'Cluster', { ...kubernetes, ...placement, ...names });
    const { cluster } = control;
    const architecture = isArm ? ec2.InstanceArchitecture.ARM_64 : ec2.InstanceArchitecture.X86_64;
    const group = { ...kubernetes.nodes, ...placement, kubernetesVersion: version, architecture };
    const nodes = new ManagedNodeGroup(this, 'Nodes', { cluster, ...group });
    const there = { cluster, nodes, clusterName, kubernetesVersion: version };
    const { observability } = kubernetes;
    const versions = {
      ...(observability && { 'amazon-cloudwatch-observability': release.observabilityVersion }),
      ...kubernetes.addOnVersions,
    };
    control.manifestsAfter(nodes, new ClusterAddOns(this, 'AddOns', { ...there, observability, versions }));
    new ClusterAutoscaler(this, 'Autoscaler', { ...there, imageTag });
    new KubernetesWorkload(this, 'History', {
      ...there,
      ...kubernetes.service,
      name: 'history',
      namespace: 'history',
      image: image.uri,
      imageRevision: props.imageRevision,
      architecture: isArm ? 'arm64' : 'amd64',
      environment: { SERVED_BY: `${config.id}-kubernetes`, PATH_PREFIX: pathPrefixes.join(',') },
      nodePort: 30_080,
      allowFromCidrs: placement.vpc.selectSubnets(placement.vpcSubnets).subnets.map((subnet) => subnet.ipv4CidrBlock),
      nodeAllocatable: roomOf(smallestNode(kubernetes.nodes.instanceTypes, observability)),
    });
    const exposure = new NodePortTarget(this, 'Exposure', {
      ...there,
      ...placement,
      loadBalancer,
      nodeSecurityGroup: cluster.clusterSecurityGroup,
      nodePort: 30_080,
      paths: pathPatterns(routesOfService(HISTORY_SERVICE), pathPrefixes),
      priority: KUBERNETES_PRIORITY,
    });
    const { targetGroup } = exposure;
    new TargetGroupAlarms(this, 'Alarms', {
      targetGroup,
      loadBalancer: loadBalancer.loadBalancer,
      firstLook: 'the health of the node group, then the targets: a healthy one is a node that kube-proxy calls so.',
    }).node.addDependency(exposure);
    for (const [name, value, description] of [
      ['ClusterName', clusterName, 'EKS cluster'],
      ['UpdateKubeconfigCommand', control.updateKubeconfigCommand, 'Makes kubectl use the cluster'],
      ['TargetGroupArn', targetGroup.targetGroupArn, 'Where nodes are registered'],
    ] as const) {
      new CfnOutput(this, name, { value, description });
    }
  }
}
