import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from './value';

// Reads a template for the proof. The functions are pure, so that tests need no cluster.

/** An object of a manifest. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** A scaling policy: a number or a percentage of pods within a period. */
export interface ScalingPolicy {
  readonly type: string;
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  /** `Max` applies the most generous policy, `Min` the strictest. @default Max */
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
        readonly nodeSelector?: Readonly<Record<string, string>>;
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
  /** Number of subnets, which are in different zones. */
  readonly zones: number;
  /** Whether the agents for logs and metrics of pods run on the nodes. */
  readonly observability: boolean;
  /** CIDR blocks of the subnets; undefined if the network is not in the templates. */
  readonly subnetCidrs?: readonly string[];
}

/** The objects of one resource of the template, which one run of kubectl applies. */
export interface Manifest {
  readonly objects: readonly KubernetesObject[];
  /** Label by which kubectl finds and removes objects that have left the manifest. */
  readonly pruneLabel?: string;
}

/** The way from the load balancer to the nodes. */
export interface Exposure {
  /** Ports of the target groups of instances. */
  readonly targetPorts: readonly number[];
  /** Ports of nodes that their security group opens. */
  readonly openPorts: readonly { readonly from: number; readonly to: number }[];
  /** Path patterns of the rules of the listener. */
  readonly paths: readonly string[];
}

/** All parts of a template that concern Kubernetes. */
export interface Cluster {
  readonly name: string;
  readonly version: string;
  readonly manifests: readonly Manifest[];
  readonly exposure: Exposure;
  /** Names of the Helm charts, whose objects are not in the template. */
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

/** Reads the stack with a cluster from an assembly. @throws if there is no cluster or no assembly */
export function clusterOf(assembly: string): Cluster {
  const file = join(assembly, 'manifest.json');
  if (!existsSync(file)) {
    throw new Error(
      `${file} does not exist. Synthesize into that folder: npx cdk synth -c kubernetes=true -o ${assembly}`,
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
  throw new Error(`${assembly} has no cluster. Synthesize with -c kubernetes=true.`);
}

interface Artifact {
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

/**
 * Reads the template of a stack with a cluster.
 *
 * @param others templates of the stacks to which the template refers, by the name of the stack
 * @throws with the missing part
 */
export function read(template: Template, others: ReadonlyMap<string, Template> = new Map()): Cluster {
  const resources = Object.values(template.Resources ?? {});
  const propertiesOf = (type: string) =>
    resources.flatMap(({ Type, Properties }) => (Type === type && Properties ? [Properties] : []));
  const [cluster] = propertiesOf('AWS::EKS::Cluster');
  const [group] = propertiesOf('AWS::EKS::Nodegroup');
  if (cluster === undefined || group === undefined) throw new Error('The template has no cluster with a node group.');
  const manifests = propertiesOf('Custom::AWSCDK-EKS-KubernetesResource').map(({ Manifest, PruneLabel }): Manifest => {
    const list: readonly unknown[] = JSON.parse(resolve(Manifest));
    return { objects: list.map(objectOf), pruneLabel: PruneLabel === undefined ? undefined : resolve(PruneLabel) };
  });
  return {
    name: resolve(cluster['Name']),
    version: resolve(cluster['Version']),
    manifests: manifests.toSorted((one, other) => rank(one) - rank(other)),
    charts: propertiesOf('Custom::AWSCDK-EKS-HelmChart').map(({ Chart }) => resolve(Chart)),
    nodeGroup: {
      ...nodeGroupOf(new Value(group, 'AWS::EKS::Nodegroup'), (subnet) => cidrOf(subnet, template, others)),
      observability: propertiesOf('AWS::EKS::Addon').some(
        ({ AddonName }) => AddonName === 'amazon-cloudwatch-observability',
      ),
    },
    exposure: {
      targetPorts: propertiesOf('AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(({ TargetType, Port }) =>
        TargetType === 'instance' && typeof Port === 'number' ? [Port] : [],
      ),
      openPorts: propertiesOf('AWS::EC2::SecurityGroupIngress').flatMap(({ GroupId, FromPort, ToPort }) =>
        // EKS gives this security group to nodes whose launch template names no other.
        JSON.stringify(GroupId).includes('ClusterSecurityGroupId') &&
        typeof FromPort === 'number' &&
        typeof ToPort === 'number'
          ? [{ from: FromPort, to: ToPort }]
          : [],
      ),
      paths: propertiesOf('AWS::ElasticLoadBalancingV2::ListenerRule').flatMap((rule) =>
        new Value(rule, 'AWS::ElasticLoadBalancingV2::ListenerRule')
          .at('Conditions')
          .list()
          .flatMap((condition) => condition.at('PathPatternConfig').optional()?.at('Values').list() ?? [])
          .map((path) => path.text()),
      ),
    },
  };
}

/** All objects of the cluster, in the order of their application. */
export function objectsOf({ manifests }: Pick<Cluster, 'manifests'>): readonly KubernetesObject[] {
  return manifests.flatMap(({ objects }) => objects);
}

/** The CIDR block of a subnet of this stack or of another stack of the assembly. */
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

/** Namespaces come first, because their objects are refused without them, and resources of a template have no order. */
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
 * Resolves a string of a template. A value that is known only during a deployment becomes its own name in lower case, which
 * is also a valid image name.
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

/** The only object of a kind. @throws if there is not exactly one */
export function onlyOne(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [found, ...others] = objects.filter((object) => object.kind === kind);
  if (found === undefined || others.length > 0) {
    throw new Error(`The template must have one ${kind}, but has ${found === undefined ? 0 : others.length + 1}.`);
  }
  return found;
}

/**
 * The autoscaler and the workload that it scales.
 *
 * @throws unless there is exactly one of each, with all fields that the proof reads
 */
export function scaledWorkload(objects: readonly KubernetesObject[]): { autoscaler: Autoscaler; workload: Workload } {
  const autoscaler = onlyOne(objects, 'HorizontalPodAutoscaler');
  onlyOne(objects, 'Deployment');
  checkAutoscaler(autoscaler);
  return { autoscaler, workload: workloadOf(objects) };
}

/** The only Deployment. @throws unless there is exactly one, with all fields that the proof reads */
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
