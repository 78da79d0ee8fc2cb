import { Failure, type Text, type Words } from '../../ops/kit/language';
import type { Cluster } from './cluster';
import type { Experiment } from './experiment';
import { messages, statements } from './messages';

export const clusterExperiments: readonly Experiment[] = [
  aboutCluster('eks describe-cluster', statements.controlPlane, {
    run: async (cluster) => {
      const { status, version, publicCidrs } = await cluster.describe();
      const open = publicCidrs?.find((cidr) => cidr.endsWith('/0'));
      return {
        status: `${status} ${version}`,
        problem:
          status === 'ACTIVE'
            ? open && messages.openControlPlane({ cidr: open })
            : messages.notActive({ status: status ?? '' }),
      };
    },
  }),
  aboutCluster(messages.manifests, statements.applied, {
    needs: 'Kubernetes API',
    run: async (cluster) => {
      const states = await cluster.applied();
      const complete = states.filter((state) => /^(CREATE|UPDATE)_COMPLETE$/.test(state)).length;
      const all = complete === states.length && complete > 0;
      return { status: `${complete}/${states.length}`, problem: all ? undefined : list(states) };
    },
  }),
  aboutCluster(messages.nodeTargets, statements.nodesHealthy, {
    needs: 'Kubernetes API',
    run: async (cluster) => {
      const states = await cluster.nodeStates();
      const healthy = states.filter((state) => state === 'healthy').length;
      return {
        status: messages.healthy({ healthy, all: states.length }),
        problem: healthy > 0 ? undefined : messages.noHealthyNode({ states: list(states) }),
      };
    },
  }),
];

function list(states: readonly string[]): Words {
  return states.length === 0 ? messages.noTargets : states.join(', ');
}

function aboutCluster(
  path: Words,
  proves: Text,
  { needs, run }: Pick<Experiment, 'needs'> & { run(cluster: Cluster): ReturnType<Experiment['run']> },
): Experiment {
  return {
    path,
    proves,
    needs,
    appliesTo: ({ cluster }) => cluster !== undefined,
    run: ({ cluster }) => {
      if (cluster === undefined) throw new Failure(messages.noCluster);
      return run(cluster);
    },
  };
}
