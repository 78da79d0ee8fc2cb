import { Cluster, objectsOf, onlyOne } from './manifests';
import { Pod, portOf } from './network';
import { Value } from './value';

/** The pods of the workload, and their specification. */
export function podOf(cluster: Cluster): Pod & { readonly spec: Value } {
  const deployment = onlyOne(objectsOf(cluster), 'Deployment');
  const template = new Value(deployment, deployment.kind).at('spec').at('template');
  const labels = template.at('metadata').at('labels');
  const spec = template.at('spec');
  const ports = spec
    .at('containers')
    .list()
    .flatMap((container) => container.at('ports').optional()?.list() ?? []);
  return {
    namespace: deployment.metadata.namespace ?? 'default',
    labels: Object.fromEntries(Object.keys(labels.fields()).map((name) => [name, labels.at(name).text()])),
    ports: new Map(
      ports.flatMap((port) => {
        const name = port.at('name').optional()?.text();
        return name === undefined ? [] : [[name, port.at('containerPort').number()] as const];
      }),
    ),
    spec,
  };
}

/** Port of the container to which the only port of the Service leads. */
export function containerPortOf(cluster: Cluster): number {
  const service = onlyOne(objectsOf(cluster), 'Service');
  const [port, ...others] = new Value(service, service.kind).at('spec').at('ports').list();
  if (port === undefined || others.length > 0) throw new Error('The Service must have one port.');
  const pod = podOf(cluster);
  const target = portOf(port.at('targetPort').optional() ?? port.at('port'), pod);
  const open = pod.spec
    .at('containers')
    .list()
    .flatMap((container) => container.at('ports').optional()?.list() ?? []);
  if (!open.some((candidate) => candidate.at('containerPort').number() === target)) {
    throw new Error(`The Service leads to port ${target}, which the container does not have.`);
  }
  return target;
}
