import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestsOf, synthesize } from '../../../test/kubernetes/manifests';
import { scaledWorkload } from '../../kubernetes-proof/manifests';
import { fastestPath } from '../../kubernetes-proof/predictions';

const objects = manifestsOf(synthesize()).map((object) => ({ ...object, metadata: { name: object.kind } }));
const { scaleUp, scaleDown } = scaledWorkload(objects).autoscaler.spec.behavior;
const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'kubernetes.md'), 'utf8');

test('the workload scales up at once and as documented: 2, 6, 12, 20', () => {
  const path = fastestPath(scaleUp, 2, 20);
  expect(path).toEqual([2, 6, 12, 20]);
  expect(page).toContain(path.join(', '));
  expect(scaleUp.stabilizationWindowSeconds).toBe(0);
  expect(new Set(scaleUp.policies.map(({ periodSeconds }) => periodSeconds))).toEqual(new Set([15]));
});

test('the workload scales down after five minutes and as documented: 20, 10, 5, 2', () => {
  const path = fastestPath(scaleDown, 20, 2);
  expect(path).toEqual([20, 10, 5, 2]);
  expect(page).toContain(path.join(', '));
  expect(scaleDown.stabilizationWindowSeconds).toBe(300);
  expect(new Set(scaleDown.policies.map(({ periodSeconds }) => periodSeconds))).toEqual(new Set([60]));
});
