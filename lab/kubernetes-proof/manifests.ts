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
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
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
  /** Whether what keeps logs and metrics of pods runs on them. */
  readonly observability: boolean;
  /** CIDR blocks of these subnets; undefined if one is of a network that is not in the templates. */
  readonly subnetCidrs?: readonly string[];
}

/** What one resource of the template has applied, by one run of kubectl. */
export interface Manifest {
  readonly objects: readonly KubernetesObject[];
  /** By which kubectl finds what left the manifest, and removes it. */
  readonly pruneLabel?: string;
}

/** What leads from the load balancer to nodes. */
export interface Exposure {
  /** Ports of the target groups of instances. */
  readonly targetPorts: readonly number[];
  /** Ports of nodes that their security group lets others in at. */
  readonly openPorts: readonly { readonly from: number; readonly to: number }[];
  /** Path patterns of the rules of the listener. */
  readonly paths: readonly string[];
}

/** Everything that a template says of Kubernetes. */
export interface Cluster {
  readonly name: string;
  readonly version: string;
  readonly manifests: readonly Manifest[];
  readonly exposure: Exposure;
  /** Names of the Helm charts; what is in them is not in the template. */
  readonly charts: readonly string[];
  readonly nodeGroup: NodeGroup;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value?: unknown }>>;
}

/** The only stack of an assembly with a cluster. @throws if there is none, or no assembly */
export function clusterOf(assembly: string): Cluster {
  const file = join(assembly, 'manifest.json');
  if (!existsSync(file)) {
    throw new Error(
      `There is no ${file}. Synthesize into that folder: npx cdk synth -c kubernetes=true -o ${assembly}`,
    );
  }
  const manifest: { readonly artifacts: Readonly<Record<string, Artifact>> } = JSON.parse(readFileSync(file, 'utf8'));
  const templates = new Map(
    Object.entries(manifest.artifacts).flatMap(([id, { properties }]) => {
      const file = properties?.templateFile === undefined ? undefined : join(assembly, properties.templateFile);
      if (file === undefined || !existsSync(file)) return [];
      const template: Template = JSON.parse(readFileSync(file, 'utf8'));
      return [[properties?.stackName ?? id, template] as const];
    }),
  );
  for (const template of templates.values()) {
    const types = Object.values(template.Resources ?? {}).map(({ Type }) => Type);
    if (types.includes('AWS::EKS::Cluster')) return read(template, templates);
  }
  throw new Error(`There is no cluster in ${assembly}. Synthesize with -c kubernetes=true.`);
}

interface Artifact {
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

/** @param others templates of the stacks that this one refers to, by the name of the stack @throws naming what is missing */
export function read(template: Template, others: ReadonlyMap<string, Template> = new Map()): Cluster {
  const resources = Object.values(template.Resources ?? {});
  const of = (type: string) =>
    resources.flatMap(({ Type, Properties }) => (Type === type && Properties ? [Properties] : []));
  const [cluster] = of('AWS::EKS::Cluster');
  const [group] = of('AWS::EKS::Nodegroup');
  if (cluster === undefined || group === undefined) throw new Error('The template has no cluster with a node group.');
  const manifests = of('Custom::AWSCDK-EKS-KubernetesResource').map(({ Manifest, PruneLabel }): Manifest => {
    const list: readonly unknown[] = JSON.parse(resolve(Manifest));
    return { objects: list.map(objectOf), pruneLabel: PruneLabel === undefined ? undefined : resolve(PruneLabel) };
  });
  return {
    name: resolve(cluster['Name']),
    version: resolve(cluster['Version']),
    manifests: manifests.toSorted((one, other) => rank(one) - rank(other)),
    charts: of('Custom::AWSCDK-EKS-HelmChart').map(({ Chart }) => resolve(Chart)),
    nodeGroup: {
      ...nodeGroupOf(new Value(group, 'AWS::EKS::Nodegroup'), (subnet) => cidrOf(subnet, template, others)),
      observability: of('AWS::EKS::Addon').some(({ AddonName }) => AddonName === 'amazon-cloudwatch-observability'),
    },
    exposure: {
      targetPorts: of('AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(({ TargetType, Port }) =>
        TargetType === 'instance' && typeof Port === 'number' ? [Port] : [],
      ),
      openPorts: of('AWS::EC2::SecurityGroupIngress').flatMap(({ GroupId, FromPort, ToPort }) =>
        // What EKS gives to nodes unless their launch template names others.
        JSON.stringify(GroupId).includes('ClusterSecurityGroupId') &&
        typeof FromPort === 'number' &&
        typeof ToPort === 'number'
          ? [{ from: FromPort, to: ToPort }]
          : [],
      ),
      paths: of('AWS::ElasticLoadBalancingV2::ListenerRule').flatMap((rule) =>
        new Value(rule, 'AWS::ElasticLoadBalancingV2::ListenerRule')
          .at('Conditions')
          .list()
          .flatMap((condition) => condition.at('PathPatternConfig').optional()?.at('Values').list() ?? [])
          .map((path) => path.text()),
      ),
    },
  };
}

/** Every object of the cluster, in the order in which they are applied. */
export function objectsOf({ manifests }: Pick<Cluster, 'manifests'>): readonly KubernetesObject[] {
  return manifests.flatMap(({ objects }) => objects);
}

/** The block of a subnet of this stack or of another one of the assembly. */
function cidrOf(subnet: unknown, template: Template, others: ReadonlyMap<string, Template>): string | undefined {
  if (typeof subnet !== 'object' || subnet === null) return undefined;
  if ('Ref' in subnet) {
    const cidr = template.Resources?.[String(subnet.Ref)]?.Properties?.['CidrBlock'];
    return typeof cidr === 'string' ? cidr : undefined;
  }
  if (!('Fn::GetStackOutput' in subnet)) return undefined;
  const output = new Value(subnet['Fn::GetStackOutput'], 'Fn::GetStackOutput');
  const other = others.get(output.at('StackName').text());
  const value = other?.Outputs?.[output.at('OutputName').text()]?.Value;
  return other === undefined ? undefined : cidrOf(value, other, new Map());
}

/** Namespaces first: what is in one is refused without it, and the resources of a template have no order. */
function rank({ objects }: Manifest): number {
  return objects.some(({ kind }) => kind === 'Namespace') ? 0 : 1;
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

function nodeGroupOf(group: Value, cidr: (subnet: unknown) => string | undefined): Omit<NodeGroup, 'observability'> {
  const scaling = group.at('ScalingConfig');
  const labels = group.at('Labels').optional();
  const subnets = group.at('Subnets').list();
  const cidrs = subnets.flatMap((subnet) => cidr(subnet.raw()) ?? []);
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
    zones: subnets.length,
    subnetCidrs: cidrs.length === subnets.length ? cidrs : undefined,
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
  onlyOne(objects, 'Deployment');
  checkAutoscaler(autoscaler);
  return { autoscaler, workload: workloadOf(objects) };
}

/** The only Deployment. @throws if there is another number of them, or it lacks what the proof goes by */
export function workloadOf(objects: readonly KubernetesObject[]): Workload {
  const workload = onlyOne(objects, 'Deployment');
  checkWorkload(workload);
  return workload;
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
  const template = new Value(object, object.kind).at('spec').at('template');
  const labels = template.at('metadata').at('labels');
  for (const name of Object.keys(labels.fields())) labels.at(name).text();
  const annotations = template.at('metadata').at('annotations').optional();
  for (const name of Object.keys(annotations?.fields() ?? {})) annotations?.at(name).text();
  const pod = template.at('spec');
  for (const container of pod.at('containers').list()) {
    const requests = container.at('resources').at('requests');
    for (const name of Object.keys({ cpu: 0, memory: 0, ...requests.fields() })) requests.at(name).quantity();
  }
}
