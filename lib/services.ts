import {
  HISTORY_SERVICE,
  isPath,
  KUBERNETES_PREFIX,
  pathPatterns,
  Route,
  routesOf,
  routesOfService,
  ServiceRoute,
  serviceOf,
} from '../domain/routes';
import { EnvironmentConfig, observesFully, ServiceConfig } from './environment-config';
import { checkFargateSize } from './fargate-sizes';
import { API_STACK, HTTP_API, LOAD_BALANCER, REST_API, SERVICES_PER_LOAD_BALANCER, STACK } from './limits';

/**
 * Priorities for each load balancer. The priority decides on the load balancer, and not the position in the list, because a
 * service that moves to another load balancer is replaced: adding or removing a service moves no other service.
 */
const PRIORITIES_PER_LOAD_BALANCER = 1_000;

/** Priority of the rule for the pods of the Kubernetes cluster, reserved in environments without a cluster, too. */
export const KUBERNETES_PRIORITY = 200;

/** Ids and outputs that the stacks of services have for each service, behind its prefix (`idPrefix`). */
const IDS_OF_A_SERVICE = [
  'Images',
  'RepositoryName',
  'RepositoryUri',
  'ServiceImage',
  'ImageUri',
  'FargateAlarms',
  'Ec2Alarms',
  'FargateServiceAlarms',
  'Ec2ServiceAlarms',
  'TargetGroupArn',
  'AlternateTargetGroupArn',
  'Weights',
  'RedeployCommand',
  'StopDeploymentCommand',
] as const;

/**
 * Ids that no service may lead to, because ContainersStack or RegistryStack has them, with every option, or the CDK adds them.
 * The ids of the history service are among them, because it has no prefix.
 */
const RESERVED_IDS: readonly string[] = [
  ...IDS_OF_A_SERVICE,
  'AccessLogs',
  'AutoScalingGroupName',
  'BootstrapVersion',
  'BuildAlarms',
  'Certificate',
  'CheckBootstrapVersion',
  'Default',
  'EventAlarms',
  'Exports',
  'InstanceAlarms',
  'Instances',
  'KeptWeightsReader',
  'LoadBalancer',
  'LoadBalancerAlarms',
  'LoadBalancerName',
  'LoadBalancerUrl',
  'Publish',
];

/** Services that share a load balancer, a cluster, a stack of repositories and a stack of services. */
export interface ServiceGroup {
  /** Suffix of the names of the stacks; empty for the first group. */
  readonly suffix: string;
  readonly services: readonly ServiceConfig[];
}

/** Groups the services by the load balancers that their priorities choose, in the order of the priorities. */
export function serviceGroups(services: readonly ServiceConfig[]): readonly ServiceGroup[] {
  const groups = new Map<number, ServiceConfig[]>();
  for (const service of services.toSorted((a, b) => a.priority - b.priority)) {
    const number = Math.floor(service.priority / PRIORITIES_PER_LOAD_BALANCER) + 1;
    groups.set(number, [...(groups.get(number) ?? []), service]);
  }
  return [...groups].map(([number, members]) => ({ suffix: number === 1 ? '' : String(number), services: members }));
}

/**
 * Prefix of the ids and outputs of a service, as in `ReportsTargetGroupArn`. The history service has no prefix, because it was
 * once the only service, and another id would replace its resources.
 */
export function idPrefix(service: string): string {
  return service === HISTORY_SERVICE ? '' : pascalCase(service);
}

export function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Routes of an environment for both APIs, including the routes that pods answer. */
export function routesOfEnvironment({ kubernetes, services }: EnvironmentConfig): readonly Route[] {
  const further = services.flatMap(({ name, routes = [] }) =>
    routes.map((route): ServiceRoute => ({ ...route, by: 'service', service: name })),
  );
  return routesOf({ kubernetes: kubernetes !== undefined, further });
}

/** Routes that container services on ECS answer. The routes of pods are left out, because pods have a separate rule. */
export function routesOnEcs(config: EnvironmentConfig): readonly Route[] {
  return routesOfEnvironment({ ...config, kubernetes: undefined });
}

/** Load balancers in front of the services that answer the routes. */
export function loadBalancersOf<LoadBalancer>(
  routes: readonly Route[],
  loadBalancerOf: (service: string) => LoadBalancer,
): ReadonlySet<LoadBalancer> {
  return new Set(routes.filter((route) => route.by === 'service').map((route) => loadBalancerOf(serviceOf(route))));
}

/**
 * Path patterns of the listener rule of a service: its routes below each prefix, without patterns that another pattern covers.
 * A `*` of a rule matches slashes, too.
 */
export function rulePaths(service: string, routes: readonly Route[], prefixes: readonly string[]): string[] {
  const patterns = pathPatterns(routesOfService(service, routes), prefixes);
  return [...new Set(patterns)].filter(
    (pattern) => !patterns.some((other) => other !== pattern && covers(other, pattern)),
  );
}

/** Returns true if a pattern of a listener rule matches every path that another pattern matches. A pattern covers itself. */
function covers(pattern: string, other: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(other);
}

/**
 * Checks the rules between services, which no single construct can check.
 *
 * @param pathPrefixes prefixes of the paths of requests to the load balancer, including the empty prefix
 * @throws if the history service is missing or not behind the first load balancer, a name or a priority is not unique, a path
 * or a digest is malformed, `maxTasks` is below `minTasks`, Fargate does not offer a size, a service could not be released as
 * it says, a rule hides the paths of another rule, or a load balancer or an API cannot hold the services
 */
export function checkServices(config: EnvironmentConfig, pathPrefixes: readonly string[]): void {
  const { services } = config;
  for (const [index, { name, priority }] of services.entries()) {
    if (services.findIndex((other) => other.name === name) !== index) {
      throw new Error(`services: "${name}" is the name of two services. Give each service a name of its own`);
    }
    if (priority === KUBERNETES_PRIORITY) {
      throw new Error(
        `services.${name}.priority: ${priority} is the priority of the rule for pods of the Kubernetes cluster. Give another priority`,
      );
    }
    const other = services.slice(0, index).find((service) => service.priority === priority);
    if (other !== undefined) {
      throw new Error(
        `services.${name}.priority: ${priority} is the priority of ${other.name}, too. Give each service a priority of its own`,
      );
    }
  }
  checkIds(services);
  for (const { name, image } of services) {
    if (name === HISTORY_SERVICE || image.from !== 'source' || image.directory !== undefined) continue;
    throw new Error(
      `services.${name}.image.directory: must be a folder with a Dockerfile, got none, and only ${HISTORY_SERVICE} has a default. ` +
        `Give a folder of the repository such as services/${name}`,
    );
  }
  for (const service of services) {
    checkTasks(service);
    checkDigest(service);
    checkTracing(service, config);
    checkRelease(service, config);
    checkFargateSize(service, `services.${service.name}`);
  }
  checkGroups(services);
  checkRoutes(routesOfEnvironment(config), serviceGroups(services).length);
  for (const { name } of services) checkRule(name, rulePaths(name, routesOnEcs(config), pathPrefixes));
  for (const group of serviceGroups(services)) checkOrder(rulesOf(group, config, pathPrefixes));
}

/** A listener rule, with the patterns of all routes that requests should reach through it. */
interface Rule {
  readonly owner: string;
  readonly priority: number;
  readonly paths: readonly string[];
  readonly routes: readonly string[];
}

/** Rules of the load balancer of a group, in the order in which the load balancer reads them. */
function rulesOf(group: ServiceGroup, config: EnvironmentConfig, prefixes: readonly string[]): readonly Rule[] {
  const onEcs = routesOnEcs(config);
  const rules = group.services.map(({ name, priority }): Rule => {
    const routes = pathPatterns(routesOfService(name, onEcs), prefixes);
    return { owner: name, priority, paths: rulePaths(name, onEcs, prefixes), routes };
  });
  if (config.kubernetes !== undefined && group.suffix === '') {
    const kubernetesPrefixes = prefixes.map((prefix) => `${prefix}${KUBERNETES_PREFIX}`);
    const paths = pathPatterns(routesOfService(HISTORY_SERVICE), kubernetesPrefixes);
    rules.push({ owner: 'the pods of the Kubernetes cluster', priority: KUBERNETES_PRIORITY, paths, routes: paths });
  }
  return rules.toSorted((a, b) => a.priority - b.priority);
}

/** A load balancer uses the first rule that matches, so no rule may match all paths of a route behind a later rule. */
function checkOrder(rules: readonly Rule[]): void {
  for (const [index, later] of rules.entries()) {
    for (const earlier of rules.slice(0, index)) {
      for (const wide of earlier.paths) {
        const narrow = later.routes.find((pattern) => covers(wide, pattern));
        if (narrow === undefined) continue;
        const remedy =
          narrow === wide
            ? 'Give one of the two another path'
            : `Give ${narrow} the lower priority of the two, or another path`;
        throw new Error(
          `services: ${narrow} of ${later.owner} (priority ${later.priority}) is never reached, because ${wide} of ` +
            `${earlier.owner} (priority ${earlier.priority}) matches the same paths first: a * matches slashes, too. ${remedy}`,
        );
      }
    }
  }
}

/** Checks the ids of all services, and not of those in one stack, so that a service can move behind another load balancer. */
function checkIds(services: readonly ServiceConfig[]): void {
  const owners = new Map<string, string>();
  for (const { name } of services) {
    const id = pascalCase(name);
    if (RESERVED_IDS.includes(id)) {
      throw new Error(
        `services: "${name}" leads to the id ${id}, which a part of the stacks has. Give the service another name`,
      );
    }
    for (const each of [id, ...IDS_OF_A_SERVICE.map((suffix) => `${idPrefix(name)}${suffix}`)]) {
      const other = owners.get(each);
      if (other !== undefined) {
        throw new Error(
          `services: "${name}" must lead to other ids than ${other}, got ${each} for both. Give one of them another name`,
        );
      }
      owners.set(each, name);
    }
  }
}

function checkGroups(services: readonly ServiceConfig[]): void {
  const groups = serviceGroups(services);
  const first = groups.find(({ suffix }) => suffix === '');
  if (!first?.services.some(({ name }) => name === HISTORY_SERVICE)) {
    throw new Error(
      `services: must have a service named ${HISTORY_SERVICE} with a priority below ${PRIORITIES_PER_LOAD_BALANCER}, because the ` +
        'quotes function reads histories from it through the first load balancer. Add the service as in the sandbox of ' +
        'lib/environments.ts',
    );
  }
  if (groups.length > LOAD_BALANCER.perRegion) {
    throw new Error(
      `services: the priorities lead to ${groups.length} load balancers, but a region has ${LOAD_BALANCER.perRegion} ` +
        '(lib/limits.ts). Give more services priorities of the same thousand, or ask AWS for a higher quota and change the limit',
    );
  }
  const crowded = groups.find((group) => group.services.length > SERVICES_PER_LOAD_BALANCER);
  if (crowded === undefined) return;
  const [{ priority } = { priority: 0 }] = crowded.services;
  const next = (Math.floor(priority / PRIORITIES_PER_LOAD_BALANCER) + 1) * PRIORITIES_PER_LOAD_BALANCER;
  throw new Error(
    `services: ${crowded.services.length} have a priority from ${next - PRIORITIES_PER_LOAD_BALANCER} to ${next - 1}, but a ` +
      `stack holds ${SERVICES_PER_LOAD_BALANCER} services with their load balancer (lib/limits.ts). Give the newest service a ` +
      `priority of at least ${next}, which puts it behind the next load balancer`,
  );
}

/** The construct refuses these values, too, but it does not know the service. */
function checkTasks({ name, minTasks, maxTasks }: ServiceConfig): void {
  if (maxTasks >= minTasks) return;
  throw new Error(
    `services.${name}.maxTasks: must be a whole number of at least minTasks (${minTasks}), got ${maxTasks}. Raise maxTasks or lower minTasks`,
  );
}

function checkTracing({ name, tracing, memoryMiB }: ServiceConfig, config: EnvironmentConfig): void {
  if (tracing === undefined) return;
  const property = `services.${name}.tracing`;
  if (!observesFully(config)) {
    throw new Error(
      `${property}: must be left out with observability "basic", which records no traces, got an agent. ` +
        'Remove tracing, or give observability: "full"',
    );
  }
  if (!/(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)$/.test(tracing.agentImage)) {
    throw new Error(
      `${property}.agentImage: must end with a version or a digest, got "${tracing.agentImage}". ` +
        'Give a version of https://gallery.ecr.aws/cloudwatch-agent/cloudwatch-agent',
    );
  }
  if (config.network.create?.egress.mode === 'endpoints') {
    throw new Error(
      `${property}: with network.create.egress "endpoints", tasks cannot reach the image of the agent, which public.ecr.aws has, ` +
        'or X-Ray. Use "nat" or "nat-instance", or leave tracing out',
    );
  }
  if (memoryMiB < 512) {
    throw new Error(
      `services.${name}.memoryMiB: must be at least 512 with tracing, of which the agent may take 128, got ${memoryMiB}. Raise it`,
    );
  }
}

function checkRelease({ name, release }: ServiceConfig, { alarms, sleep }: EnvironmentConfig): void {
  if (release === undefined) return;
  const property = `services.${name}.release`;
  if (alarms === false && release.kind !== 'rolling') {
    throw new Error(
      `${property}: needs alarms on which a release goes back, got alarms: false. Leave alarms out, or leave release out`,
    );
  }
  if (sleep) {
    throw new Error(
      `${property}: cannot sleep, because waking waits for tasks in one target group, got sleep. Leave sleep out, or leave release out`,
    );
  }
}

function checkDigest({ name, image }: ServiceConfig): void {
  if (image.from !== 'digest' || /^sha256:[0-9a-f]{64}$/.test(image.digest ?? '')) return;
  throw new Error(
    `services.${name}.image.digest: must be "sha256:" and 64 hexadecimal digits, got ${image.digest === undefined ? 'none' : `"${image.digest}"`}. ` +
      `Give the digest of the image to run${name === HISTORY_SERVICE ? ', as in -c imageDigest=sha256:…' : ''}; this lists the ` +
      'digests of a repository, newest last: aws ecr describe-images --repository-name NAME --query ' +
      '"sort_by(imageDetails,&imagePushedAt)[].imageDigest"',
  );
}

function checkRoutes(routes: readonly Route[], loadBalancers: number): void {
  const byPath = new Map<string, Route>();
  for (const route of routes) {
    if (!isPath(route.path)) {
      throw new Error(
        `services: each segment of a path must be text without {, }, * and ?, or a parameter in braces with a name of letters, ` +
          `digits and _, got ${route.path} of ${backendOf(route)}. Give a path such as /files/{file_id}`,
      );
    }
    // Parameters with different names in the same position are one resource of the API.
    const path = route.path.replaceAll(/\{\w+\}/g, '{}');
    const other = byPath.get(path);
    if (other !== undefined) {
      throw new Error(
        `services: ${backendOf(route)} and ${backendOf(other)} both answer ${route.path}. Give each route a path of its own`,
      );
    }
    byPath.set(path, route);
  }
  checkSiblings(routes);
  const stacks = apiStackResources(routes, loadBalancers);
  const fewer = 'Give fewer routes: AWS does not raise this limit';
  const quota = 'Give fewer routes, or ask AWS for a higher quota and change the limit in lib/limits.ts';
  for (const [kind, count, limit, remedy] of [
    ['resources of the stack RestApi', stacks.rest, STACK.resources, fewer],
    ['resources of the stack HttpApi', stacks.http, STACK.resources, fewer],
    ['resources of the REST API', pathResources(routes), REST_API.resources, quota],
    ['routes of the HTTP API', routes.length, HTTP_API.routes, quota],
  ] as const) {
    if (count <= limit) continue;
    throw new Error(`services: the routes take ${count} ${kind}, but the limit is ${limit} (lib/limits.ts). ${remedy}`);
  }
}

/** Resources that the stacks of the APIs have with every option, a few more than without (lib/limits.ts). */
export function apiStackResources(routes: readonly Route[], loadBalancers: number): { rest: number; http: number } {
  const { rest, http, functionPermissions } = API_STACK;
  const permissions = Math.min(routes.filter(({ by }) => by === 'function').length, functionPermissions);
  const common = ({ fixed, perRoute, perLoadBalancer }: typeof rest | typeof http) =>
    fixed + perRoute * routes.length + perLoadBalancer * loadBalancers + permissions;
  return { rest: common(rest) + pathResources(routes), http: common(http) };
}

/** Resources of the REST API: one for each beginning of a path, and one for unknown routes, counted as the empty beginning. */
function pathResources(routes: readonly Route[]): number {
  return new Set(
    routes.flatMap(({ path }) => path.split('/').map((_, index, segments) => segments.slice(0, index + 1).join('/'))),
  ).size;
}

/** API Gateway refuses parameters with different names below the same path, even if only one of the paths goes on. */
function checkSiblings(routes: readonly Route[]): void {
  const parameters = new Map([['', { segment: '{proxy+}', path: '/{proxy+}', owner: 'the answer to unknown routes' }]]);
  for (const route of routes) {
    const segments = route.path.split('/');
    for (const [index, segment] of segments.entries()) {
      if (!segment.startsWith('{')) continue;
      const parent = segments.slice(0, index).join('/');
      const other = parameters.get(parent);
      if (other === undefined) parameters.set(parent, { segment, path: route.path, owner: backendOf(route) });
      else if (other.segment !== segment) {
        throw new Error(
          `services: ${route.path} of ${backendOf(route)} and ${other.path} of ${other.owner} have different parameters below ` +
            `${parent || '/'}, but API Gateway allows one, got ${segment} and ${other.segment}. ` +
            (parent === ''
              ? 'Give a path that begins with a fixed segment'
              : `Give both the parameter ${other.segment}, or one of them another path`),
        );
      }
    }
  }
}

function checkRule(service: string, paths: readonly string[]): void {
  const wildcards = paths.join('').split('*').length - 1;
  const { valuesPerRule, wildcardsPerRule } = LOAD_BALANCER;
  if (paths.length >= 1 && paths.length <= valuesPerRule && wildcards <= wildcardsPerRule) return;
  throw new Error(
    `services.${service}.routes: the rule of the load balancer must have 1 to ${valuesPerRule} paths with at most ` +
      `${wildcardsPerRule} wildcards, got ${paths.length === 0 ? 'none' : paths.join(', ')}. Give routes with a common ` +
      `beginning, such as /${service}/{id} and /${service}/{id}/lines`,
  );
}

function backendOf(route: Route): string {
  return route.by === 'function' ? 'the quotes function' : serviceOf(route);
}
