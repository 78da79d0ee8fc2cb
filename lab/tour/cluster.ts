import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Experiment } from './experiments';

/** The Kubernetes cluster of an environment, as AWS's APIs and its stack tell of it: what is in it, kubectl tells. */
export interface Cluster {
  describe(): Promise<{
    readonly status?: string;
    readonly version?: string;
    /** Networks that reach its API over the internet; undefined if none does. */
    readonly publicCidrs?: readonly string[];
  }>;
  /** State of each set of manifests and each chart that the deployment applied. */
  applied(): Promise<readonly string[]>;
  /** State of each node as a target of the load balancer. */
  nodeStates(): Promise<readonly string[]>;
}

export interface ClusterOutputs {
  readonly stackName: string;
  readonly clusterName: string;
  readonly targetGroupArn: string;
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

export const clusterExperiments: readonly Experiment[] = [
  aboutCluster('eks describe-cluster', 'Kubernetes: control plane is there, not open to the world', {
    run: async (cluster) => {
      const { status, version, publicCidrs } = await cluster.describe();
      const open = publicCidrs?.find((cidr) => cidr.endsWith('/0'));
      return {
        status: `${status} ${version}`,
        problem: status === 'ACTIVE' ? open && `its API is reached from ${open}` : `it is ${status}, wait for ACTIVE`,
      };
    },
  }),
  aboutCluster('manifests and charts of the stack', 'Kubernetes: service and Cluster Autoscaler are applied', {
    needs: 'Kubernetes API',
    run: async (cluster) => {
      const states = await cluster.applied();
      const complete = states.filter((state) => /^(CREATE|UPDATE)_COMPLETE$/.test(state)).length;
      const all = complete === states.length && complete > 0;
      return { status: `${complete}/${states.length}`, problem: all ? undefined : list(states) };
    },
  }),
  aboutCluster('elbv2 describe-target-health, nodes', 'Kubernetes: the load balancer finds nodes healthy', {
    needs: 'Kubernetes API',
    run: async (cluster) => {
      const states = await cluster.nodeStates();
      const healthy = states.filter((state) => state === 'healthy').length;
      return {
        status: `${healthy}/${states.length} healthy`,
        problem: healthy > 0 ? undefined : `no healthy node: ${list(states)}`,
      };
    },
  }),
];

function list(states: readonly string[]): string {
  return states.length === 0 ? 'none at all' : states.join(', ');
}

function aboutCluster(
  path: string,
  proves: string,
  { needs, run }: Pick<Experiment, 'needs'> & { run(cluster: Cluster): ReturnType<Experiment['run']> },
): Experiment {
  return {
    path,
    proves,
    needs,
    appliesTo: ({ cluster }) => cluster !== undefined,
    run: ({ cluster }) => {
      if (cluster === undefined) throw new Error('no cluster');
      return run(cluster);
    },
  };
}
