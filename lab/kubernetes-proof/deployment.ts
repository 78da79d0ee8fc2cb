import { ControlPlane, Result } from './control-plane';
import { Cluster, KubernetesObject, Manifest, objectsOf, workloadOf } from './manifests';

// What a deployment has done in the cluster. The function of the CDK that CloudFormation calls runs kubectl with one file,
// all objects of a manifest in their order, and these arguments; a test holds them to it.
// node_modules/aws-cdk-lib/custom-resource-handlers/dist/aws-eks-v2/kubectl-handler/apply/__init__.py

/** Name of the annotation of pods that changes with the image. */
export const REVISION = 'image-revision';

/** For a manifest that was not there. */
export const CREATE = ['create', '--save-config'] as const;

/** For one that has changed. */
export const update = ({ pruneLabel }: Pick<Manifest, 'pruneLabel'>) => [
  'apply',
  ...(pruneLabel === undefined ? [] : ['--prune', '-l', pruneLabel]),
];

/** For one that has left the template. */
export const DELETE = ['delete'] as const;

/** One run of kubectl for each manifest of a cluster, until one fails. @returns what they say */
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

/** A cluster with other objects. */
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

/** The objects of a cluster in another namespace, so that two of them have room in one cluster. */
export function inNamespace<T extends Pick<Cluster, 'manifests'>>(cluster: T, namespace: string): T {
  return mapObjects(cluster, (object) => {
    const { metadata, kind } = object;
    if (kind === 'Namespace') return { ...object, metadata: { ...metadata, name: namespace } };
    return metadata.namespace === undefined ? object : { ...object, metadata: { ...metadata, namespace } };
  });
}

/** The objects of a cluster as the sources of another image give them. @throws if none of them changes with it */
export function withRevision<T extends Pick<Cluster, 'manifests'>>(cluster: T, revision: string): T {
  const workload = workloadOf(objectsOf(cluster));
  const { template } = workload.spec;
  const annotations = template.metadata.annotations ?? {};
  if (annotations[REVISION] === undefined) {
    throw new Error(`The pods have no ${REVISION}: a deployment of another image would change nothing.`);
  }
  const metadata = { ...template.metadata, annotations: { ...annotations, [REVISION]: revision } };
  return mapObjects(cluster, (object) =>
    object === workload ? { ...workload, spec: { ...workload.spec, template: { ...template, metadata } } } : object,
  );
}
