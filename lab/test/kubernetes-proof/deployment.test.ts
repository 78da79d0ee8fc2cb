import { readFileSync } from 'node:fs';
import { CREATE, DELETE, inNamespace, run, update, withRevision } from '../../kubernetes-proof/deployment';
import { objectsOf } from '../../kubernetes-proof/manifests';
import { fixtureCluster } from './fixture';

const cluster = fixtureCluster();
const handler = readFileSync(
  'node_modules/aws-cdk-lib/custom-resource-handlers/dist/aws-eks-v2/kubectl-handler/apply/__init__.py',
  'utf8',
);

test('runs kubectl like the function that CloudFormation calls', () => {
  // The commands of the handler for Create, Update and Delete, and its way of writing the file.
  expect(handler).toContain("cmd = ['kubectl', verb, '--kubeconfig', kubeconfig, '-f', file] + list(opts)");
  expect(handler).toMatch(
    /kubectl_opts\.extend\(\['--save-config'\]\)\s+kubectl\('create', manifest_file, \*kubectl_opts\)/,
  );
  expect(handler).toMatch(
    /kubectl_opts\.extend\(\['--prune', '-l', prune_label\]\)\s+kubectl\('apply', manifest_file, \*kubectl_opts\)/,
  );
  expect(handler).toContain("kubectl('delete', manifest_file)");
  expect(handler).toContain('f.writelines(map(lambda obj: json.dumps(obj), manifest_list))');
  expect(CREATE).toEqual(['create', '--save-config']);
  expect(update({ pruneLabel: 'label' })).toEqual(['apply', '--prune', '-l', 'label']);
  expect(update({})).toEqual(['apply']);
  expect(DELETE).toEqual(['delete']);
});

test('the template has no option that changes the commands of the function', () => {
  const [manifest, ...others] = cluster.manifests;
  expect(others).toEqual([]);
  expect(manifest?.pruneLabel).toMatch(/^aws\.cdk\.eks\/prune-/);
  // kubectl prunes objects with the label that are not in the file, so an object without the label would never be removed.
  const labels = objectsOf(cluster).map(({ metadata }) => Object(metadata['labels'])[manifest?.pruneLabel ?? '']);
  expect(labels).toEqual(labels.map(() => ''));
});

test('runs kubectl once for each manifest, and stops at a failure', async () => {
  const { manifests } = cluster;
  const kubectl = jest.fn(async () => ({ code: 1, text: 'error: no' }));
  const twice = { manifests: [...manifests, ...manifests] };
  expect(await run({ kubectl }, twice, update)).toEqual({ code: 1, text: 'error: no' });
  expect(kubectl).toHaveBeenCalledTimes(1);
  kubectl.mockResolvedValue({ code: 0, text: 'well' });
  expect(await run({ kubectl }, twice, update)).toEqual({ code: 0, text: 'well\nwell' });
});

test('moves all objects of a cluster to another namespace', () => {
  const moved = objectsOf(inNamespace(cluster, 'elsewhere'));
  expect(
    new Set(moved.map(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : metadata.namespace))),
  ).toEqual(new Set(['elsewhere']));
});

test('another image changes only the pods', () => {
  const [before, after] = [cluster, withRevision(cluster, 'other')].map(
    (one) => new Map(objectsOf(one).map((object) => [object.kind, JSON.stringify(object)])),
  );
  const changed = [...(after ?? [])].filter(([kind, text]) => before?.get(kind) !== text).map(([kind]) => kind);
  expect(changed).toEqual(['Deployment']);
});
