import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from './value';

/** What the proof reads out of a template: pure, so that it is tested without a cluster. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** A policy of scaling: so many pods, or percent of the pods, within a period. */
export interface ScalingPolicy {
  readonly type: string;
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  /** `Max` allows what the most generous policy does, `Min` the strictest. @default Max */
  readonly selectPolicy?: string;
  readonly policies: readonly ScalingPolicy[];
}

export interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: { readonly name: string };
    readonly metrics: readonly {
      readonly resource: { readonly name: string; readonly target: { readonly averageUtilization: number } };
    }[];
    readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules };
  };
}

export interface Workload extends KubernetesObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly resources: { readonly requests: Readonly<Record<string, string | number>> };
        }[];
      };
    };
  };
}

export interface NodeGroup {
  readonly amiType: string;
  readonly instanceTypes: readonly string[];
  readonly minSize: number;
  readonly maxSize: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Subnets, and so zones, that its nodes are spread over. */
  readonly zones: number;
}

/** Everything that a template says of Kubernetes. */
export interface Cluster {
  readonly version: string;
  readonly objects: readonly KubernetesObject[];
  /** Names of the Helm charts; what is in them is not in the template. */
  readonly charts: readonly string[];
  readonly nodeGroup: NodeGroup;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** The only stack of an assembly with a cluster. @throws if there is none, or no assembly */
export function clusterOf(assembly: string): Cluster {
  const file = join(assembly, 'manifest.json');
  if (!existsSync(file)) {
    throw new Error(
      `There is no ${file}. Synthesize into that folder: npx cdk synth -c kubernetes=true -o ${assembly}`,
    );
  }
  const manifest: {
    readonly artifacts: Readonly<Record<string, { readonly properties?: { readonly templateFile?: string } }>>;
  } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { properties } of Object.values(manifest.artifacts)) {
    const file = properties?.templateFile === undefined ? undefined : join(assembly, properties.templateFile);
    if (file === undefined || !existsSync(file)) continue;
    const template: { readonly Resources?: Readonly<Record<string, Resource>> } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    const resources = Object.values(template.Resources ?? {});
    if (resources.some(({ Type }) => Type === 'AWS::EKS::Cluster')) return read(resources);
  }
  throw new Error(`There is no cluster in ${assembly}. Synthesize with -c kubernetes=true.`);
}

/** @throws naming what is missing */
export function read(resources: readonly Resource[]): Cluster {
  const of = (type: string) =>
    resources.flatMap(({ Type, Properties }) => (Type === type && Properties ? [Properties] : []));
  const [cluster] = of('AWS::EKS::Cluster');
  const [group] = of('AWS::EKS::Nodegroup');
  if (cluster === undefined || group === undefined) throw new Error('The template has no cluster with a node group.');
  const objects = of('Custom::AWSCDK-EKS-KubernetesResource').flatMap(({ Manifest }) => {
    const list: readonly unknown[] = JSON.parse(resolve(Manifest));
    return list.map(objectOf);
  });
  return {
    version: resolve(cluster['Version']),
    objects: objects.toSorted((one, other) => rank(one) - rank(other)),
    charts: of('Custom::AWSCDK-EKS-HelmChart').map(({ Chart }) => resolve(Chart)),
    nodeGroup: nodeGroupOf(new Value(group, 'AWS::EKS::Nodegroup')),
  };
}

/** Namespaces first: what is in one is refused without it, and the resources of a template have no order. */
function rank({ kind }: KubernetesObject): number {
  return kind === 'Namespace' ? 0 : 1;
}

function objectOf(value: unknown): KubernetesObject {
  const manifest = new Value(value, 'Manifest');
  const metadata = manifest.at('metadata');
  return {
    ...manifest.fields(),
    apiVersion: manifest.at('apiVersion').text(),
    kind: manifest.at('kind').text(),
    metadata: {
      ...metadata.fields(),
      name: metadata.at('name').text(),
      namespace: metadata.at('namespace').optional()?.text(),
    },
  };
}

function nodeGroupOf(group: Value): NodeGroup {
  const scaling = group.at('ScalingConfig');
  const labels = group.at('Labels').optional();
  return {
    amiType: group.at('AmiType').text(),
    instanceTypes: group
      .at('InstanceTypes')
      .list()
      .map((type) => type.text()),
    minSize: scaling.at('MinSize').number(),
    maxSize: scaling.at('MaxSize').number(),
    labels: Object.fromEntries(
      Object.keys(labels?.fields() ?? {}).map((name) => [name, labels?.at(name).text() ?? '']),
    ),
    zones: group.at('Subnets').list().length,
  };
}

/**
 * A string of a template; what is known only during a deployment becomes its name in lower case, which reads as the name of
 * an image, too.
 */
export function resolve(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts]: readonly unknown[] = value['Fn::Join'];
    if (Array.isArray(parts)) return parts.map(resolve).join(String(separator));
  }
  const words = JSON.stringify(Object.values(value)).match(/\w+/g) ?? [];
  return words.join('-').toLowerCase();
}

/** @throws if there is not exactly one */
export function onlyOne(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [found, ...others] = objects.filter((object) => object.kind === kind);
  if (found === undefined || others.length > 0) {
    throw new Error(`The template must have one ${kind}, it has ${found === undefined ? 0 : others.length + 1}.`);
  }
  return found;
}

/**
 * The autoscaler and the workload that it scales.
 *
 * @throws if a template has other than one of either, or one lacks what the proof goes by
 */
export function scaledWorkload(objects: readonly KubernetesObject[]): { autoscaler: Autoscaler; workload: Workload } {
  const autoscaler = onlyOne(objects, 'HorizontalPodAutoscaler');
  const workload = onlyOne(objects, 'Deployment');
  checkAutoscaler(autoscaler);
  checkWorkload(workload);
  return { autoscaler, workload };
}

function checkAutoscaler(object: KubernetesObject): asserts object is Autoscaler {
  const spec = new Value(object, object.kind).at('spec');
  for (const property of ['minReplicas', 'maxReplicas']) spec.at(property).number();
  spec.at('scaleTargetRef').at('name').text();
  for (const metric of spec.at('metrics').list()) {
    metric.at('resource').at('name').text();
    metric.at('resource').at('target').at('averageUtilization').number();
  }
  for (const direction of ['scaleUp', 'scaleDown']) {
    const rules = spec.at('behavior').at(direction);
    rules.at('stabilizationWindowSeconds').optional()?.number();
    rules.at('selectPolicy').optional()?.text();
    for (const policy of rules.at('policies').list()) {
      policy.at('type').text();
      for (const property of ['value', 'periodSeconds']) policy.at(property).number();
    }
  }
}

function checkWorkload(object: KubernetesObject): asserts object is Workload {
  const pod = new Value(object, object.kind).at('spec').at('template').at('spec');
  for (const container of pod.at('containers').list()) {
    const requests = container.at('resources').at('requests');
    for (const name of Object.keys({ cpu: 0, memory: 0, ...requests.fields() })) requests.at(name).quantity();
  }
}
