import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ClusterOutputs } from './outputs';

/** The Kubernetes cluster of an environment as seen through AWS's APIs. kubectl shows what runs inside the cluster. */
export interface Cluster {
  describe(): Promise<{
    readonly status?: string;
    readonly version?: string;
    /** Networks that reach its API over the internet; undefined if no network does. */
    readonly publicCidrs?: readonly string[];
  }>;
  /** State of each set of manifests and each chart that the deployment applied. */
  applied(): Promise<readonly string[]>;
  /** State of each node as a target of the load balancer. */
  nodeStates(): Promise<readonly string[]>;
}

export function clusterOf({ stackName, clusterName, targetGroupArn }: ClusterOutputs, region: string): Cluster {
  return {
    async describe() {
      const { cluster } = await new EKSClient({ region }).send(new DescribeClusterCommand({ name: clusterName }));
      const { endpointPublicAccess, publicAccessCidrs } = cluster?.resourcesVpcConfig ?? {};
      return {
        status: cluster?.status,
        version: cluster?.version,
        publicCidrs: endpointPublicAccess ? publicAccessCidrs : undefined,
      };
    },
    async applied() {
      const { StackResources = [] } = await new CloudFormationClient({ region }).send(
        new DescribeStackResourcesCommand({ StackName: stackName }),
      );
      return StackResources.filter(({ ResourceType }) => ResourceType?.startsWith('Custom::AWSCDK-EKS-')).map(
        ({ ResourceStatus }) => ResourceStatus ?? 'unknown',
      );
    },
    async nodeStates() {
      const { TargetHealthDescriptions = [] } = await new ElasticLoadBalancingV2Client({ region }).send(
        new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
      );
      return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State ?? 'unknown');
    },
  };
}
