import { asked, Container, Stop } from './container';
import { REVISION } from './deployment';
import { Cluster, objectsOf, onlyOne, ScalingRules, scaledWorkload } from './manifests';
import { isWithin, openingsOf, overlap, portOf, selects } from './network';
import { containerPortOf, podOf } from './pods';
import { chainOf } from './predictions';
import { NotProven } from './recorder';
import { DRAIN_SECONDS, QUARTER, Reference, SCALE_DOWN, SCALE_UP } from './reference';
import { Value } from './value';

// Checks of a template and of the container service that need no cluster. Each check returns its observation, and throws
// with the reason if the claim is false.

/** Compares the figures of the manifests with lib/environments.ts, and their pace with docs/kubernetes.md. */
export function figures(cluster: Cluster, reference: Reference | undefined): string {
  const chain = chainOf(cluster);
  const { scaleUp, scaleDown } = scaledWorkload(objectsOf(cluster)).autoscaler.spec.behavior;
  if (reference === undefined) {
    throw new NotProven(
      `lib/environments.ts has no environment for the cluster ${cluster.name}, so there is nothing to compare.`,
    );
  }
  const actual = {
    ...flat(chain),
    types: cluster.nodeGroup.instanceTypes,
    observability: cluster.nodeGroup.observability,
    up: rules(scaleUp, 0),
    down: rules(scaleDown, 300),
  };
  const expected = {
    ...flat(reference.chain),
    types: reference.instanceTypes,
    observability: reference.observability,
    up: rules(SCALE_UP, 0),
    down: rules(SCALE_DOWN, 300),
  };
  const differences = Object.entries(expected).flatMap(([name, value]) => {
    const found = JSON.stringify(Object.entries(actual).find(([other]) => other === name)?.[1]);
    return found === JSON.stringify(value) ? [] : [`${name} is ${found}, not ${JSON.stringify(value)}`];
  });
  if (differences.length > 0) throw new Error(`${differences.join('; ')}.`);
  const { minPods, maxPods, targetCpuPercent, pod } = chain;
  return `${minPods} to ${maxPods} pods of ${pod.cpuMillis}m at ${targetCpuPercent} %`;
}

function flat({ pod, minPods, maxPods, targetCpuPercent, minNodes, maxNodes }: ReturnType<typeof chainOf>) {
  return { minPods, maxPods, targetCpuPercent, minNodes, maxNodes, ...pod };
}

/** Rules with the defaults of Kubernetes filled in, so that equal rules are equal texts. */
function rules({ stabilizationWindowSeconds, selectPolicy = 'Max', policies }: ScalingRules, window: number) {
  const texts = policies.map(({ type, value, periodSeconds }) => `${value} ${type} in ${periodSeconds} s`);
  return { window: stabilizationWindowSeconds ?? window, selectPolicy, policies: texts.toSorted() };
}

/**
 * Checks that the template changes with the sources of the image. The tag is known only during the deployment, and the CLI
 * skips a stack whose template has not changed.
 *
 * @param fingerprint fingerprint of the sources of the template; undefined where they are not known
 */
export function revision(cluster: Cluster, fingerprint: string | undefined): string {
  const { metadata } = scaledWorkload(objectsOf(cluster)).workload.spec.template;
  const found = metadata.annotations?.[REVISION];
  if (found === undefined) {
    throw new Error(
      `Deployment.spec.template.metadata.annotations has no ${REVISION}, so a new image would not change the template.`,
    );
  }
  if (fingerprint !== undefined && found !== fingerprint) {
    throw new Error(`${REVISION} is ${found}, but the sources of the image have the fingerprint ${fingerprint}.`);
  }
  return `${found.slice(0, 12)}…${fingerprint === undefined ? '' : ', that of the sources'}`;
}

/** Checks the way from the load balancer to the pods: target group, security group, Service, container. */
export function ports(cluster: Cluster): string {
  const service = onlyOne(objectsOf(cluster), 'Service');
  const spec = new Value(service, service.kind).at('spec');
  const pod = podOf(cluster);
  const selector = spec.at('selector');
  const wanted = Object.keys(selector.fields());
  const mismatch = wanted.find((label) => pod.labels[label] !== selector.at(label).text());
  if (wanted.length === 0 || mismatch !== undefined || service.metadata.namespace !== pod.namespace) {
    throw new Error(
      `Service.spec.selector ${JSON.stringify(selector.fields())} does not select the pods: ${JSON.stringify(pod.labels)}.`,
    );
  }
  const target = containerPortOf(cluster);
  const [port] = spec.at('ports').list();
  const nodePort = port?.at('nodePort').number();
  const { targetPorts, openPorts } = cluster.exposure;
  const otherPort = targetPorts.find((candidate) => candidate !== nodePort);
  if (nodePort === undefined || targetPorts.length === 0 || otherPort !== undefined) {
    throw new Error(
      `The target group sends to port ${otherPort ?? 'none'} of the nodes, but the Service is at ${nodePort ?? 'none'}.`,
    );
  }
  if (!openPorts.some(({ from, to }) => from <= nodePort && nodePort <= to)) {
    throw new Error(`The security group of the nodes does not allow the load balancer at port ${nodePort}.`);
  }
  return `${nodePort} of the nodes -> ${target} of the pods`;
}

/**
 * Checks that the NetworkPolicy allows requests from the load balancer and no others. A node forwards a request to a pod on
 * any node and replaces the sender's address by its own, so the senders are the nodes. Nothing enforces the policy here. It
 * is read as Kubernetes documents it.
 *
 * @throws NotProven if the subnets of the nodes are not in the templates
 */
export function policy(cluster: Cluster): string {
  const objects = objectsOf(cluster);
  const pod = podOf(cluster);
  const port = containerPortOf(cluster);
  const openings = openingsOf(objects, pod);
  if (openings === undefined)
    throw new Error('No NetworkPolicy selects the pods, so every sender may connect to every port.');
  const service = new Value(onlyOne(objects, 'Service'), 'Service').at('spec');
  const traffic = service.at('externalTrafficPolicy').optional()?.text() ?? 'Cluster';
  if (traffic !== 'Cluster') {
    throw new Error(
      `Service.spec.externalTrafficPolicy is ${traffic}, so the senders would be addresses of the load balancer.`,
    );
  }
  const { subnetCidrs: subnets } = cluster.nodeGroup;
  if (subnets === undefined) {
    throw new NotProven('the subnets of the nodes belong to a network outside the templates. Compare them by hand.');
  }
  const shut = subnets.find(
    (subnet) =>
      !openings.some(
        ({ blocks, ports: open }) =>
          (open === undefined || open.some(({ from, to }) => from <= port && port <= to)) &&
          (blocks === undefined ||
            blocks.some(({ cidr, except }) => isWithin(subnet, cidr) && !except.some((hole) => overlap(hole, subnet)))),
      ),
  );
  if (shut !== undefined)
    throw new Error(`The NetworkPolicy does not allow the nodes of ${shut} at port ${port} of the pods.`);
  for (const { blocks, otherNamespaces, ports: open } of openings) {
    if (blocks === undefined) throw new Error('A rule of the NetworkPolicy allows every sender.');
    if (otherNamespaces) throw new Error('A rule of the NetworkPolicy allows pods of other namespaces.');
    const wide = blocks.find(({ cidr }) => !subnets.some((subnet) => isWithin(cidr, subnet)));
    if (wide !== undefined)
      throw new Error(`The NetworkPolicy allows ${wide.cidr}, which contains more than the nodes.`);
    if (open === undefined || open.some(({ from, to }) => from !== port || to !== port)) {
      throw new Error(`A rule of the NetworkPolicy opens more than port ${port}.`);
    }
  }
  return `${subnets.join(', ')} at ${port}, no others`;
}

/** The probes of the containers, with path and port. */
function probesOf(cluster: Cluster): { kind: string; path: string; port: number }[] {
  const pod = podOf(cluster);
  return pod.spec
    .at('containers')
    .list()
    .flatMap((container) =>
      ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((kind) => {
        const get = container.at(kind).optional()?.at('httpGet');
        if (get === undefined) return [];
        return [{ kind, path: get.at('path').optional()?.text() ?? '/', port: portOf(get.at('port'), pod) }];
      }),
    );
}

/** Checks that the container service answers 200 to the requests of kubelets and of the load balancer. */
export async function probes(cluster: Cluster, container: Container): Promise<string> {
  const found = probesOf(cluster);
  if (!found.some(({ kind }) => kind === 'readinessProbe')) {
    throw new Error('The container has no readinessProbe over HTTP, so a pod would be ready before it can answer.');
  }
  const port = containerPortOf(cluster);
  if (container.port !== port) {
    throw new Error(
      `The Service leads to port ${port} of the container, but the container listens on ${container.port}.`,
    );
  }
  for (const { kind, path, port: probed } of found) {
    if (probed !== container.port)
      throw new Error(`${kind} asks port ${probed}, but the container listens on ${container.port}.`);
    const status = await container.get(path);
    if (status !== 200) throw new Error(`${kind} asks ${path}, but the container service answers ${status}.`);
  }
  for (const pattern of cluster.exposure.paths) {
    const status = await container.get(asked(pattern));
    if (status !== 200)
      throw new Error(`The load balancer forwards ${asked(pattern)}, but the container service answers ${status}.`);
  }
  const paths = [...new Set(found.map(({ path }) => path))];
  return `${paths.join(', ')}, ${cluster.exposure.paths.length} paths of the load balancer`;
}

/** Seconds between the limit of the container itself and the grace period, in which the container logs the reason. */
const MARGIN = 1;

/** Checks the time of a terminating pod: removal from the Service, SIGTERM, answers to current requests, end. */
export function termination(cluster: Cluster, { readiness, requests, seconds, exitCode, limitSeconds }: Stop): string {
  const pod = podOf(cluster).spec;
  const grace = pod.at('terminationGracePeriodSeconds').optional()?.number() ?? 30;
  const [container] = pod.at('containers').list();
  const pause =
    container?.at('lifecycle').optional()?.at('preStop').optional()?.at('sleep').at('seconds').number() ?? 0;
  if (pause < DRAIN_SECONDS) {
    throw new Error(
      `lifecycle.preStop.sleep is ${pause} s, but it takes ${DRAIN_SECONDS} s until every node knows that a pod has left.`,
    );
  }
  if (readiness === 200) throw new Error('The container service reports that it is ready after SIGTERM.');
  if (requests !== 200) throw new Error(`The container service answers ${requests} to a request right after SIGTERM.`);
  if (exitCode !== 0) throw new Error(`The container service ends with exit code ${exitCode} after SIGTERM.`);
  if (pause + limitSeconds + MARGIN > grace) {
    throw new Error(
      `terminationGracePeriodSeconds is ${grace}, less than ${pause} s before SIGTERM and the ${limitSeconds} s that the ` +
        'container service takes at most after it.',
    );
  }
  return `${pause} s, SIGTERM, ${seconds.toFixed(1)} s (${limitSeconds} at most), killed at ${grace} s`;
}

/** Checks that one budget allows evictions, of a quarter of the pods at once. */
export function budget(cluster: Cluster): string {
  const { namespace, labels } = podOf(cluster);
  const budgets = objectsOf(cluster)
    .filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.namespace === namespace)
    .map((object) => new Value(object, object.kind).at('spec'))
    .filter((spec) => selects(spec.at('selector'), labels));
  const [spec] = budgets;
  // The API server refuses every eviction of a pod that two budgets select.
  if (spec === undefined || budgets.length > 1) {
    throw new Error(`${budgets.length} PodDisruptionBudgets select the pods, but exactly one must.`);
  }
  const most = spec.at('maxUnavailable').optional()?.quantity();
  if (most !== `${QUARTER * 100}%`) {
    throw new Error(`PodDisruptionBudget.spec.maxUnavailable is ${most ?? 'missing'}, not a quarter of the pods: 25%.`);
  }
  return `at most ${most} of the pods at once`;
}
