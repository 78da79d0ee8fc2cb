import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
  readonly policies?: readonly ScalingPolicy[];
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

interface Nodegroup {
  readonly AmiType: string;
  readonly InstanceTypes: readonly string[];
  readonly ScalingConfig: { readonly MinSize: number; readonly MaxSize: number };
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Subnets: readonly unknown[];
}

/** The only stack of an assembly with a cluster. @throws if there is none */
export function clusterOf(assembly: string): Cluster {
  const manifest: {
    readonly artifacts: Readonly<Record<string, { readonly properties?: { readonly templateFile?: string } }>>;
  } = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8'));
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
    const list: readonly KubernetesObject[] = JSON.parse(resolve(Manifest));
    return list;
  });
  return {
    version: resolve(cluster['Version']),
    objects: objects.toSorted((one, other) => rank(one) - rank(other)),
    charts: of('Custom::AWSCDK-EKS-HelmChart').map(({ Chart }) => resolve(Chart)),
    nodeGroup: nodeGroupOf(JSON.parse(JSON.stringify(group))),
  };
}

/** Namespaces first: what is in one is refused without it, and the resources of a template have no order. */
function rank({ kind }: KubernetesObject): number {
  return kind === 'Namespace' ? 0 : 1;
}

function nodeGroupOf({ AmiType, InstanceTypes, ScalingConfig, Labels, Subnets }: Nodegroup): NodeGroup {
  return {
    amiType: AmiType,
    instanceTypes: InstanceTypes,
    minSize: ScalingConfig.MinSize,
    maxSize: ScalingConfig.MaxSize,
    labels: Labels ?? {},
    zones: Subnets.length,
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

/** The autoscaler and the workload that it scales. @throws if a template has other than one of either */
export function scaledWorkload(objects: readonly KubernetesObject[]): { autoscaler: Autoscaler; workload: Workload } {
  return {
    autoscaler: JSON.parse(JSON.stringify(onlyOne(objects, 'HorizontalPodAutoscaler'))),
    workload: JSON.parse(JSON.stringify(onlyOne(objects, 'Deployment'))),
  };
}
