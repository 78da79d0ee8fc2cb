import { ControlPlane, Result } from './control-plane';
import { Cluster, KubernetesObject, Manifest, objectsOf, workloadOf } from './manifests';

// The commands of a deployment in the cluster. CloudFormation calls a function of the CDK, which runs kubectl with these
// arguments and one file with all objects of a manifest in order. A test compares the arguments with the function:
// node_modules/aws-cdk-lib/custom-resource-handlers/dist/aws-eks-v2/kubectl-handler/apply/__init__.py

/** Name of the annotation of pods that changes with the image. */
export const REVISION = 'image-revision';

/** Arguments for a new manifest. */
export const CREATE = ['create', '--save-config'] as const;

/** Arguments for a changed manifest. */
export const update = ({ pruneLabel }: Pick<Manifest, 'pruneLabel'>) => [
  'apply',
  ...(pruneLabel === undefined ? [] : ['--prune', '-l', pruneLabel]),
];

/** Arguments for a manifest that has left the template. */
export const DELETE = ['delete'] as const;

/** Runs kubectl for each manifest of a cluster until one run fails. @returns their output */
export async function run(
  { kubectl }: Pick<ControlPlane, 'kubectl'>,
  { manifests }: Pick<Cluster, 'manifests'>,
  args: (manifest: Manifest) => readonly string[],
): Promise<Result> {
  const texts: string[] = [];
  for (const manifest of manifests) {
    const { code, text } = await kubectl(args(manifest), manifest.objects);
    texts.push(text);
    if (code !== 0) return { code, text: texts.join('\n') };
  }
  return { code: 0, text: texts.join('\n') };
}

/** Changes or removes objects of a cluster. */
export function mapObjects<T extends Pick<Cluster, 'manifests'>>(
  cluster: T,
  change: (object: KubernetesObject) => KubernetesObject | undefined,
): T {
  const manifests = cluster.manifests.map((manifest) => ({
    ...manifest,
    objects: manifest.objects.flatMap((object) => change(object) ?? []),
  }));
  return { ...cluster, manifests };
}

/** Moves the objects of a cluster to another namespace, so that one control plane can hold several sets. */
export function inNamespace<T extends Pick<Cluster, 'manifests'>>(cluster: T, namespace: string): T {
  return mapObjects(cluster, (object) => {
    const { metadata, kind } = object;
    if (kind === 'Namespace') return { ...object, metadata: { ...metadata, name: namespace } };
    return metadata.namespace === undefined ? object : { ...object, metadata: { ...metadata, namespace } };
  });
}

/** The cluster after a release whose pods do not become ready: no node has the label that they ask for. */
export function withoutReadyPods<T extends Pick<Cluster, 'manifests'>>(cluster: T, revision: string): T {
  const next = withRevision(cluster, revision);
  const workload = workloadOf(objectsOf(next));
  const { template } = workload.spec;
  const spec = { ...template.spec, nodeSelector: { [REVISION]: revision } };
  return mapObjects(next, (object) =>
    object === workload ? { ...workload, spec: { ...workload.spec, template: { ...template, spec } } } : object,
  );
}

/** The cluster after a change of the image. @throws if no object depends on the image */
export function withRevision<T extends Pick<Cluster, 'manifests'>>(cluster: T, revision: string): T {
  const workload = workloadOf(objectsOf(cluster));
  const { template } = workload.spec;
  const annotations = template.metadata.annotations ?? {};
  if (annotations[REVISION] === undefined) {
    throw new Error(`The pods have no annotation ${REVISION}, so a deployment of another image would change nothing.`);
  }
  const metadata = { ...template.metadata, annotations: { ...annotations, [REVISION]: revision } };
  return mapObjects(cluster, (object) =>
    object === workload ? { ...workload, spec: { ...workload.spec, template: { ...template, metadata } } } : object,
  );
}
