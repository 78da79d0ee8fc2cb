import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from '../../../lib/kubernetes-release';
import { KUBECTL_PACKAGE, MINOR_VERSION } from '../../kubernetes-proof/build';

test('builds the version of the clusters, with kubectl from an installed package', () => {
  const { dependencies } = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8'));
  expect(MINOR_VERSION).toBe(KUBERNETES_VERSION);
  expect(Object.keys(dependencies)).toContain(KUBECTL_PACKAGE);
});
