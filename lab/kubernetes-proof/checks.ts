import { asked, Container, Stop } from './container';
import { REVISION } from './deployment';
import { Cluster, objectsOf, onlyOne, ScalingRules, scaledWorkload } from './manifests';
import { isWithin, openingsOf, overlap, portOf, selects } from './network';
import { containerPortOf, podOf } from './pods';
import { chainOf } from './predictions';
import { NotTold } from './recorder';
import { DRAIN_SECONDS, QUARTER, Reference, SCALE_DOWN, SCALE_UP } from './reference';
import { Value } from './value';

// What can be told from a template, and from the container service, without a cluster. Each returns what was seen, and
// throws with the reason why it is not as it has to be.

/** Whether the figures of the manifests are those of lib/environments.ts, and their pace that of docs/kubernetes.md. */
export function figures(cluster: Cluster, reference: Reference | undefined): string {
  const chain = chainOf(cluster);
  const { scaleUp, scaleDown } = scaledWorkload(objectsOf(cluster)).autoscaler.spec.behavior;
  if (reference === undefined) {
    throw new NotTold(
      `lib/environments.ts has no environment of the cluster ${cluster.name}: nothing to compare with.`,
    );
  }
  const is = {
    ...flat(chain),
    types: cluster.nodeGroup.instanceTypes,
    observability: cluster.nodeGroup.observability,
    up: rules(scaleUp, 0),
    down: rules(scaleDown, 300),
  };
  const should = {
    ...flat(reference.chain),
    types: reference.instanceTypes,
    observability: reference.observability,
    up: rules(SCALE_UP, 0),
    down: rules(SCALE_DOWN, 300),
  };
  const differences = Object.entries(should).flatMap(([name, value]) => {
    const found = JSON.stringify(Object.entries(is).find(([other]) => other === name)?.[1]);
    return found === JSON.stringify(value) ? [] : [`${name} is ${found}, not ${JSON.stringify(value)}`];
  });
  if (differences.length > 0) throw new Error(`${differences.join('; ')}.`);
  const { minPods, maxPods, targetCpuPercent, pod } = chain;
  return `${minPods} to ${maxPods} pods of ${pod.cpuMillis}m at ${targetCpuPercent} %`;
}

function flat({ pod, minPods, maxPods, targetCpuPercent, minNodes, maxNodes }: ReturnType<typeof chainOf>) {
  return { minPods, maxPods, targetCpuPercent, minNodes, maxNodes, ...pod };
}

/** Rules with what Kubernetes takes where nothing is said, so that equal ones are equal text. */
function rules({ stabilizationWindowSeconds, selectPolicy = 'Max', policies }: ScalingRules, window: number) {
  const texts = policies.map(({ type, value, periodSeconds }) => `${value} ${type} in ${periodSeconds} s`);
  return { window: stabilizationWindowSeconds ?? window, selectPolicy, policies: texts.toSorted() };
}

/**
 * Whether the template changes with the sources of the image: the tag is known only during the deployment, and the CLI
 * skips a stack whose template is what it was.
 *
 * @param fingerprint of the sources that the template was synthesized with; undefined where they are not known
 */
export function revision(cluster: Cluster, fingerprint: string | undefined): string {
  const { metadata } = scaledWorkload(objectsOf(cluster)).workload.spec.template;
  const found = metadata.annotations?.[REVISION];
  if (found === undefined) {
    throw new Error(
      `Deployment.spec.template.metadata.annotations has no ${REVISION}: a new image would leave the template as it is.`,
    );
  }
  if (fingerprint !== undefined && found !== fingerprint) {
    throw new Error(`${REVISION} is ${found}, where the sources of the image have the fingerprint ${fingerprint}.`);
  }
  return `${found.slice(0, 12)}…${fingerprint === undefined ? '' : ', that of the sources'}`;
}

/** Whether what the load balancer sends to a node reaches the pods: target group, security group, Service, container. */
export function ports(cluster: Cluster): string {
  const service = onlyOne(objectsOf(cluster), 'Service');
  const spec = new Value(service, service.kind).at('spec');
  const pod = podOf(cluster);
  const selector = spec.at('selector');
  const wanted = Object.keys(selector.fields());
  const stranger = wanted.find((label) => pod.labels[label] !== selector.at(label).text());
  if (wanted.length === 0 || stranger !== undefined || service.metadata.namespace !== pod.namespace) {
    throw new Error(
      `Service.spec.selector ${JSON.stringify(selector.fields())} does not select the pods: ${JSON.stringify(pod.labels)}.`,
    );
  }
  const target = containerPortOf(cluster);
  const [port] = spec.at('ports').list();
  const nodePort = port?.at('nodePort').number();
  const { targetPorts, openPorts } = cluster.exposure;
  const missed = targetPorts.find((candidate) => candidate !== nodePort);
  if (nodePort === undefined || targetPorts.length === 0 || missed !== undefined) {
    throw new Error(
      `The target group sends to port ${missed ?? 'none'} of the nodes, the Service is at ${nodePort ?? 'none'}.`,
    );
  }
  if (!openPorts.some(({ from, to }) => from <= nodePort && nodePort <= to)) {
    throw new Error(`The security group of the nodes does not let the load balancer in at port ${nodePort}.`);
  }
  return `${nodePort} of the nodes -> ${target} of the pods`;
}

/**
 * Whether the NetworkPolicy lets in what comes from the load balancer, and nobody else. A node forwards to a pod on any
 * node and puts its own address in place of the sender's, so the senders are the nodes. Nothing enforces it here: it is
 * read as Kubernetes documents it.
 *
 * @throws NotTold if the subnets of the nodes are not in the templates
 */
export function policy(cluster: Cluster): string {
  const objects = objectsOf(cluster);
  const pod = podOf(cluster);
  const port = containerPortOf(cluster);
  const openings = openingsOf(objects, pod);
  if (openings === undefined)
    throw new Error('No NetworkPolicy selects the pods: everybody may connect to every port.');
  const service = new Value(onlyOne(objects, 'Service'), 'Service').at('spec');
  const traffic = service.at('externalTrafficPolicy').optional()?.text() ?? 'Cluster';
  if (traffic !== 'Cluster') {
    throw new Error(
      `Service.spec.externalTrafficPolicy is ${traffic}: the senders would be the load balancer's addresses.`,
    );
  }
  const { subnetCidrs: subnets } = cluster.nodeGroup;
  if (subnets === undefined) {
    throw new NotTold('the subnets of the nodes are of a network that is not in the templates: compare them by hand.');
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
    throw new Error(`The NetworkPolicy keeps the nodes of ${shut} from port ${port} of the pods.`);
  for (const { blocks, otherNamespaces, ports: open } of openings) {
    if (blocks === undefined) throw new Error('A rule of the NetworkPolicy lets everybody in.');
    if (otherNamespaces) throw new Error('A rule of the NetworkPolicy lets pods of other namespaces in.');
    const wide = blocks.find(({ cidr }) => !subnets.some((subnet) => isWithin(cidr, subnet)));
    if (wide !== undefined) throw new Error(`The NetworkPolicy lets in ${wide.cidr}, which is more than nodes.`);
    if (open === undefined || open.some(({ from, to }) => from !== port || to !== port)) {
      throw new Error(`A rule of the NetworkPolicy opens more than port ${port}.`);
    }
  }
  return `${subnets.join(', ')} at ${port}, nobody else`;
}

/** The probes of the containers: which, path and port. */
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

/** Whether the container service answers 200 where kubelets and the load balancer ask. */
export async function probes(cluster: Cluster, container: Container): Promise<string> {
  const found = probesOf(cluster);
  if (!found.some(({ kind }) => kind === 'readinessProbe')) {
    throw new Error('The container has no readinessProbe over HTTP: a pod would be ready before it can answer.');
  }
  const port = containerPortOf(cluster);
  if (container.port !== port) {
    throw new Error(`The Service leads to port ${port} of the container, which listens on ${container.port}.`);
  }
  for (const { kind, path, port: probed } of found) {
    if (probed !== container.port) throw new Error(`${kind} asks port ${probed}; the container has ${container.port}.`);
    const status = await container.get(path);
    if (status !== 200) throw new Error(`${kind} asks ${path}, which the container service answers ${status}.`);
  }
  for (const pattern of cluster.exposure.paths) {
    const status = await container.get(asked(pattern));
    if (status !== 200) throw new Error(`The load balancer forwards ${asked(pattern)}: it is answered ${status}.`);
  }
  const paths = [...new Set(found.map(({ path }) => path))];
  return `${paths.join(', ')}, ${cluster.exposure.paths.length} paths of the load balancer`;
}

/** Seconds between the end that the container gives itself and the one that it is given: the time to say why. */
const MARGIN = 1;

/** Whether a pod that goes has the time for it: out of the Service, told to end, what is under way answered, ended. */
export function termination(cluster: Cluster, { readiness, requests, seconds, exitCode, limitSeconds }: Stop): string {
  const pod = podOf(cluster).spec;
  const grace = pod.at('terminationGracePeriodSeconds').optional()?.number() ?? 30;
  const [container] = pod.at('containers').list();
  const pause =
    container?.at('lifecycle').optional()?.at('preStop').optional()?.at('sleep').at('seconds').number() ?? 0;
  if (pause < DRAIN_SECONDS) {
    throw new Error(
      `lifecycle.preStop.sleep is ${pause} s, where it takes ${DRAIN_SECONDS} s until every node knows that a pod has left.`,
    );
  }
  if (readiness === 200) throw new Error('The container service says that it is ready after SIGTERM.');
  if (requests !== 200) throw new Error(`A request that comes right after SIGTERM is answered ${requests}.`);
  if (exitCode !== 0) throw new Error(`The container service ends with exit code ${exitCode} after SIGTERM.`);
  if (pause + limitSeconds + MARGIN > grace) {
    throw new Error(
      `terminationGracePeriodSeconds is ${grace}: less than ${pause} s before SIGTERM and the ${limitSeconds} s after it that ` +
        'the container service takes at the most.',
    );
  }
  return `${pause} s, SIGTERM, ${seconds.toFixed(1)} s (${limitSeconds} at most), killed at ${grace} s`;
}

/** Whether a budget lets pods go by evictions, and a quarter of them at once. */
export function budget(cluster: Cluster): string {
  const { namespace, labels } = podOf(cluster);
  const budgets = objectsOf(cluster)
    .filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.namespace === namespace)
    .map((object) => new Value(object, object.kind).at('spec'))
    .filter((spec) => selects(spec.at('selector'), labels));
  const [spec] = budgets;
  // Of pods with two, none is evicted: the API server refuses all.
  if (spec === undefined || budgets.length > 1) {
    throw new Error(`${budgets.length} PodDisruptionBudgets select the pods, it must be one.`);
  }
  const most = spec.at('maxUnavailable').optional()?.quantity();
  if (most !== `${QUARTER * 100}%`) {
    throw new Error(`PodDisruptionBudget.spec.maxUnavailable is ${most ?? 'missing'}, not a quarter of the pods: 25%.`);
  }
  return `at most ${most} of the pods at once`;
}
