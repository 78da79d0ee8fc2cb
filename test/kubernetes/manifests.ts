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

/** The template of a stack with all objects for a cluster. Every option that adds a field is set. */
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

/** Replaces values in a manifest that are known at deploy time only. */
const PLACEHOLDER = 'known-at-deploy-time';

/** The objects that a template applies to a cluster, in their order. */
export function manifestsOf(template: Template): KubernetesObject[] {
  const resources = Object.values(template.findResources('Custom::AWSCDK-EKS-KubernetesResource'));
  return resources.flatMap(({ Properties }) => JSON.parse(textOf(Properties.Manifest)));
}

/** Version and values of each Helm chart of a template. */
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

/** Minor version of the Kubernetes schema in the package kubernetes-models. */
export const SCHEMA_VERSION = '1.36';

/**
 * Compares objects with the OpenAPI schema of Kubernetes 1.36.0. Returns a line for each value of another type or form, each
 * missing property and each unknown property.
 *
 * The schema is that of the package kubernetes-models. Its README names Kubernetes 1.27.1, but its changelog names 1.36.0.
 * The schema of a pod confirms 1.36: it has `schedulingGroup`, which 1.36 added, and no `workloadRef`, which 1.36 removed.
 *
 * @see https://github.com/tommy351/kubernetes-models-ts/blob/master/first-party/kubernetes-models/CHANGELOG.md
 */
export function problemsOf(objects: readonly KubernetesObject[]): string[] {
  bundle([...new Set(objects.map(schemaOf))].filter((schema) => !validators.has(schema) && isSchema(schema)));
  return objects.flatMap((object) => {
    const validate = validators.get(schemaOf(object));
    if (validate === undefined) return [`${object.apiVersion} ${object.kind}: no such kind`];
    const { proxy, unread } = recordReads(object, '');
    validate(proxy);
    const errors = (validate.errors ?? []).map(({ instancePath, message, keyword, params }) =>
      [instancePath, message ?? `${keyword} ${JSON.stringify(params)}`].join(' '),
    );
    return [...errors, ...unread().map((path) => `${path} is not known`)].map((problem) => `${object.kind} ${problem}`);
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

/** Name of a schema: IoK8sApiAppsV1Deployment for `apps/v1 Deployment`, IoK8sApiCoreV1Service for `v1 Service`. */
function schemaOf({ apiVersion, kind }: KubernetesObject): string {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  const [name = ''] = group.split('.');
  return `IoK8sApi${capitalized(name)}${capitalized(version)}${kind}`;
}

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Validators that this process has bundled, by name of the schema. */
const validators = new Map<string, Validator>();

/** Bundles schemas into one CommonJS file, because the package consists of 900 ES modules and Jest loads no ES module. */
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
 * Records which properties of a value are read. The validators accept unknown properties but do not read them, so a property
 * that is unread after a validation is unknown.
 */
function recordReads(value: object, path: string): { proxy: object; unread: () => string[] } {
  const read = new Map<string | symbol, unknown>();
  const unreadInChildren: (() => string[])[] = [];
  const proxy = new Proxy(value, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (!Object.hasOwn(target, key) || typeof found !== 'object' || found === null) {
        read.set(key, found);
        return found;
      }
      if (!read.has(key)) {
        const child = recordReads(found, `${path}/${String(key)}`);
        read.set(key, child.proxy);
        unreadInChildren.push(child.unread);
      }
      return read.get(key);
    },
  });
  const unread = () => [
    ...Object.keys(value)
      .filter((key) => !read.has(key))
      .map((key) => `${path}/${key}`),
    ...unreadInChildren.flatMap((unreadInChild) => unreadInChild()),
  ];
  return { proxy, unread };
}
