import type { Cluster } from './cluster';
import type { Experiment } from './experiment';

export const clusterExperiments: readonly Experiment[] = [
  aboutCluster('eks describe-cluster', 'Kubernetes: control plane is active, not open to the world', {
    run: async (cluster) => {
      const { status, version, publicCidrs } = await cluster.describe();
      const open = publicCidrs?.find((cidr) => cidr.endsWith('/0'));
      return {
        status: `${status} ${version}`,
        problem:
          status === 'ACTIVE' ? open && `its API is open to ${open}` : `the cluster is ${status}, wait for ACTIVE`,
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
  return states.length === 0 ? 'the target group has no targets' : states.join(', ');
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
      if (cluster === undefined) throw new Error('the environment has no cluster');
      return run(cluster);
    },
  };
}
