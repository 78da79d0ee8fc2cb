import { fixtureOf } from '../../../test/support/fixture';
import { synthesized } from '../../../test/support/stage';
import { figures, kubernetesLoop, steps } from '../../pictures/kubernetes-loop';

const config = fixtureOf('trial', { kubernetes: 'true' });
const template = JSON.stringify(synthesized(config).Kubernetes?.toJSON());
/** The template without the quotes and backslashes of JSON inside JSON. */
const plain = template.replaceAll(/[\\"]/g, '');

test('the nodes and pods are those of the fixture, because a reader may edit an environment', () => {
  expect(config.kubernetes).toMatchObject({ nodes: figures.nodes, service: figures.service });
});

test('the bounds of the autoscaler are those of the template', () => {
  const { minPods, maxPods, targetCpuPercent } = figures.service;
  expect(plain).toContain(`averageUtilization:${targetCpuPercent}`);
  expect(plain).toContain(`minReplicas:${minPods}`);
  expect(plain).toContain(`maxReplicas:${maxPods}`);
});

test('the steps of the autoscaler are those of the template', () => {
  const { upPercent, upPods, podsSeconds, downPercent, windowSeconds } = figures;
  const behavior = /behavior:.*?policies.*?policies.*?]/.exec(plain)?.[0];
  expect(behavior).toContain(`periodSeconds:${podsSeconds},type:Percent,value:${upPercent}`);
  expect(behavior).toContain(`periodSeconds:${podsSeconds},type:Pods,value:${upPods}`);
  expect(behavior).toContain(`periodSeconds:60,type:Percent,value:${downPercent}`);
  expect(behavior).toContain(`stabilizationWindowSeconds:${windowSeconds}`);
  expect(steps('up')).toEqual([2, 6, 12, 20]);
  expect(steps('down')).toEqual([20, 10, 5, 2]);
});

test('a node is removed after the time of the template', () => {
  expect(plain).toContain(`scale-down-unneeded-time:${figures.spareMinutes * 60}s`);
});

test('no option of the template changes the interval of Cluster Autoscaler', () => {
  expect(figures.nodesSeconds).toBe(10);
  expect(plain).not.toContain('scan-interval');
});

test.each(['en', 'ja'] as const)('the picture in %s shows the figures', (language) => {
  const picture = kubernetesLoop(language);
  for (const figure of ['250m', '175m', '256 MiB', '70 %', '15 ', '2, 6, 12, 20', '20, 10, 5, 2', '10 ', '5 ', '7 ']) {
    expect(picture).toContain(figure);
  }
});
