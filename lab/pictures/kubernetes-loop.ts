import { podsPerNode, smallestNode } from '../../lib/kubernetes-sizing';
import { type Language } from '../../ops/kit/language';
import { Picture } from './svg';
import { words } from './words';

/** Figures of the loop. A test compares those of the cluster and of the autoscalers with a template. */
export const figures = {
  nodes: { instanceTypes: ['t4g.medium'], minNodes: 2, maxNodes: 4 },
  service: { minPods: 2, maxPods: 20, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
  /** Seconds between two looks: defaults of Metrics Server, the Horizontal Pod Autoscaler and Cluster Autoscaler. */
  metricsSeconds: 15,
  podsSeconds: 15,
  nodesSeconds: 10,
  /** Pods that one step adds at most: this share of those that run, or this number, whichever is more. */
  upPercent: 100,
  upPods: 4,
  downPercent: 50,
  /** Seconds for which fewer pods have to be enough. */
  windowSeconds: 300,
  /** Minutes for which a node has to be spare. */
  spareMinutes: 10,
};

/** Numbers of pods from one bound to the other, at the fastest. */
export function steps(direction: 'up' | 'down'): number[] {
  const { minPods, maxPods } = figures.service;
  const found = [direction === 'up' ? minPods : maxPods];
  for (let pods = found[0] ?? 0; direction === 'up' ? pods < maxPods : pods > minPods; found.push(pods)) {
    pods =
      direction === 'up'
        ? Math.min(maxPods, pods + Math.max((pods * figures.upPercent) / 100, figures.upPods))
        : Math.max(minPods, Math.floor((pods * figures.downPercent) / 100));
  }
  return found;
}

/** The loop from load to pods and nodes, and back. */
export function kubernetesLoop(language: Language): string {
  const say = words.loop;
  const { nodes, service } = figures;
  const t = (word: { readonly en: string; readonly ja: string }) => word[language];
  const every = (seconds: number) => (language === 'en' ? `every ${seconds} s` : `${seconds} 秒間隔`);
  const minutes = (count: number) => `${count} ${t(say.minutes)}`;
  const [type = ''] = nodes.instanceTypes;
  const fit = podsPerNode(smallestNode(nodes.instanceTypes), service);
  const threshold = (service.cpuMillis * service.targetCpuPercent) / 100;
  const picture = new Picture({
    width: 838,
    height: 682,
    size: 15,
    language,
    title: t(say.title),
    description: t(say.description),
  });
  const label = (x: number, y: number, text: string, anchor: 'start' | 'middle' = 'middle') =>
    picture.text(x, y, text, { stroke: 'request', anchor });
  picture
    .zone([12, 12, 814, 474], t(say.rises))
    .box([36, 56, 206, 92], 'compute', {
      name: t(say.pods),
      lines: [`${t(say.request)} ${service.cpuMillis}m`, `${t(say.above)} ${threshold}m${t(say.aboveEnd)}`],
      constructs: ['kubernetes-workload'],
    })
    .box([318, 56, 206, 92], 'watch', {
      name: 'Metrics Server',
      lines: [t(say.metrics), every(figures.metricsSeconds)],
      constructs: ['cluster-add-ons'],
    })
    .box([600, 56, 206, 92], 'api', {
      name: 'HPA',
      lines: [
        'Horizontal Pod Autoscaler',
        `${t(say.target)} ${service.targetCpuPercent} %${t(say.comma)}${every(figures.podsSeconds)}`,
      ],
      constructs: ['kubernetes-workload'],
    })
    .arrow('M242 102H316')
    .arrow('M524 102H598')
    .arrow('M703 148V192')
    .box([600, 194, 206, 92], 'plain', {
      name: t(say.scheduler),
      lines: [t(say.room), `${service.cpuMillis}m, ${service.memoryMiB} MiB`],
    })
    .box([318, 194, 206, 92], 'compute', {
      name: t(say.pending),
      lines: ['Insufficient cpu', `${t(say.fitBefore)}${fit}${t(say.fitAfter)}`],
      dashed: true,
    })
    .box([36, 194, 206, 92], 'api', {
      name: 'Cluster Autoscaler',
      lines: [every(figures.nodesSeconds), t(say.reads)],
      constructs: ['cluster-autoscaler'],
    })
    .arrow('M600 240H526')
    .arrow('M318 240H244')
    .arrow('M703 286V330')
    .arrow('M139 286V330')
    .box([36, 332, 206, 92], 'network', {
      name: t(say.group),
      lines: [`${nodes.minNodes}${t(say.to)}${nodes.maxNodes}${t(say.nodes)}`, type],
      constructs: ['managed-node-group'],
    })
    .box([318, 332, 206, 92], 'network', {
      name: t(say.node),
      lines: say.joins[language],
      constructs: ['node-port-target'],
    })
    .box([600, 332, 206, 92], 'compute', { name: t(say.more), lines: say.spread[language] })
    .arrow('M242 378H316')
    .arrow('M524 378H598')
    .arrow('M703 424V462H22V102H34');
  label(279, 92, t(say.cpu));
  label(561, 92, t(say.usage));
  label(712, 175, steps('up').join(', '), 'start');
  label(563, 230, t(say.no));
  label(281, 230, t(say.seen));
  label(712, 313, t(say.yes), 'start');
  label(148, 313, t(say.plusOne), 'start');
  label(279, 368, t(say.instance));
  label(561, 368, t(say.start));
  return picture
    .zone([12, 500, 814, 170], t(say.falls))
    .box([24, 540, 180, 112], 'plain', {
      name: t(say.window),
      lines: [...say.enough[language], minutes(figures.windowSeconds / 60)],
      constructs: ['kubernetes-workload'],
    })
    .box([228, 540, 180, 112], 'compute', {
      name: t(say.half),
      lines: [t(say.halfNote), steps('down').join(', ')],
    })
    .box([432, 540, 180, 112], 'plain', {
      name: t(say.spare),
      lines: [...say.spareNote[language], minutes(figures.spareMinutes)],
      constructs: ['cluster-autoscaler'],
    })
    .box([636, 540, 180, 112], 'network', {
      name: t(say.gone),
      lines: say.goneNote[language],
      constructs: ['node-port-target'],
    })
    .arrow('M204 596H226', 'back')
    .arrow('M408 596H430', 'back')
    .arrow('M612 596H634', 'back')
    .render();
}
