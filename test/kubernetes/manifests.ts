import { existsSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import { App, Aws, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { ClusterAutoscaler } from '../../lib/constructs/cluster-autoscaler';
import { KubernetesWorkload } from '../../lib/constructs/kubernetes-workload';
import { kubernetesRelease } from '../../lib/kubernetes-release';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [property: string]: unknown;
}

/** A stack with all that is applied to a cluster, with every option that adds something. */
export function synthesize(): Template {
  const stack = new Stack(new App(), 'Stack');
  const cluster = eks.Cluster.fromClusterAttributes(stack, 'Cluster', {
    clusterName: 'example',
    kubectlProvider: eks.KubectlProvider.fromKubectlProviderAttributes(stack, 'Kubectl', {
      serviceToken: 'arn:aws:lambda:eu-west-1:111111111111:function:kubectl',
    }),
  });
  const { version, clusterAutoscalerTag } = kubernetesRelease();
  const common = { cluster, nodes: new Construct(stack, 'Nodes'), kubernetesVersion: version };
  new ClusterAutoscaler(stack, 'Autoscaler', { ...common, clusterName: 'example', imageTag: clusterAutoscalerTag });
  new KubernetesWorkload(stack, 'Workload', {
    ...common,
    name: 'history',
    namespace: 'history',
    image: `${Aws.ACCOUNT_ID}.example/history:1`,
    imageRevision: 'revision',
    architecture: 'arm64',
    environment: { SERVED_BY: 'example' },
    cpuMillis: 250,
    memoryMiB: 256,
    minPods: 2,
    maxPods: 20,
    nodePort: 30_080,
    allowFromCidrs: ['10.0.0.0/16'],
  });
  return Template.fromStack(stack);
}

/** What stands in a manifest for what is known at deploy time only. */
const PLACEHOLDER = 'known-at-deploy-time';

/** The objects that a template applies to a cluster, in order. */
export function manifestsOf(template: Template): KubernetesObject[] {
  const resources = Object.values(template.findResources('Custom::AWSCDK-EKS-KubernetesResource'));
  return resources.flatMap(({ Properties }) => JSON.parse(textOf(Properties.Manifest)));
}

/** The values that a template gives to a Helm chart. */
export function helmChartsOf(template: Template): { version: string; values: Record<string, unknown> }[] {
  const resources = Object.values(template.findResources('Custom::AWSCDK-EKS-HelmChart'));
  return resources.map(({ Properties }) => ({
    version: Properties.Version,
    values: JSON.parse(textOf(Properties.Values)),
  }));
}

function textOf(value: string | { 'Fn::Join'?: [string, (string | object)[]] }): string {
  if (typeof value === 'string') return value;
  const [delimiter, parts] = value['Fn::Join'] ?? ['', [PLACEHOLDER]];
  return parts.map(textOf).join(delimiter);
}

/** Minor version of Kubernetes whose schema is in the package. */
export const SCHEMA_VERSION = '1.36';

/**
 * What the OpenAPI schema of Kubernetes 1.36.0 has against objects: values of another type or form, properties that are
 * missing, and properties that it does not know.
 *
 * By the package kubernetes-models, whose README says 1.27.1 and whose changelog 1.36.0. What it knows of a pod says the
 * latter: `schedulingGroup`, which came with 1.36, and no `workloadRef`, which went with it.
 *
 * @see https://github.com/tommy351/kubernetes-models-ts/blob/master/first-party/kubernetes-models/CHANGELOG.md
 */
export function problemsOf(objects: readonly KubernetesObject[]): string[] {
  bundle([...new Set(objects.map(schemaOf))].filter((schema) => !validators.has(schema) && isSchema(schema)));
  return objects.flatMap((object) => {
    const validate = validators.get(schemaOf(object));
    if (validate === undefined) return [`${object.apiVersion} ${object.kind}: no such kind`];
    const { watched, unread } = watch(object, '');
    validate(watched);
    const refused = (validate.errors ?? []).map(({ instancePath, message, keyword, params }) =>
      [instancePath, message ?? `${keyword} ${JSON.stringify(params)}`].join(' '),
    );
    return [...refused, ...unread().map((path) => `${path} is not known`)].map(
      (problem) => `${object.kind} ${problem}`,
    );
  });
}

interface Validator {
  (data: unknown): boolean;
  readonly errors?: readonly {
    instancePath: string;
    message?: string;
    keyword: string;
    params: Record<string, unknown>;
  }[];
}

/** `apps/v1 Deployment` is IoK8sApiAppsV1Deployment, `v1 Service` is IoK8sApiCoreV1Service. */
function schemaOf({ apiVersion, kind }: KubernetesObject): string {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  const [name = ''] = group.split('.');
  return `IoK8sApi${capitalized(name)}${capitalized(version)}${kind}`;
}

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** What has been bundled in this process. */
const validators = new Map<string, Validator>();

/** The schemas are 900 ES modules, of which these need some dozens: in one file, as Jest takes none of the kind. */
function bundle(schemas: readonly string[]): void {
  if (schemas.length === 0) return;
  const { outputFiles } = buildSync({
    stdin: {
      contents: schemas.map((schema) => `export { validate as ${schema} } from '${pathOf(schema)}';`).join('\n'),
      resolveDir: __dirname,
    },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
  });
  const module = { exports: {} };
  compileFunction(outputFiles[0]?.text ?? '', ['module', 'require'])(module, require);
  for (const [schema, validator] of Object.entries<Validator>(module.exports)) validators.set(schema, validator);
}

const pathOf = (schema: string) => `kubernetes-models/_schemas/${schema}`;

function isSchema(schema: string): boolean {
  return existsSync(`node_modules/${pathOf(schema)}.js`);
}

/**
 * The schema does not refuse what it does not know, but its validator does not read it either: what nobody has asked for
 * after a validation is unknown.
 */
function watch(value: object, path: string): { watched: object; unread: () => string[] } {
  const read = new Map<string | symbol, unknown>();
  const below: (() => string[])[] = [];
  const watched = new Proxy(value, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (!Object.hasOwn(target, key) || typeof found !== 'object' || found === null) {
        read.set(key, found);
        return found;
      }
      if (!read.has(key)) {
        const child = watch(found, `${path}/${String(key)}`);
        read.set(key, child.watched);
        below.push(child.unread);
      }
      return read.get(key);
    },
  });
  const unread = () => [
    ...Object.keys(value)
      .filter((key) => !read.has(key))
      .map((key) => `${path}/${key}`),
    ...below.flatMap((child) => child()),
  ];
  return { watched, unread };
}
