import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from '../../../lib/kubernetes-release';
import { KUBECTL_PACKAGE, MINOR_VERSION } from '../../kubernetes-proof/build';

test('what is built is of the version of the clusters, and its kubectl of a package that is installed', () => {
  const { dependencies } = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8'));
  expect(MINOR_VERSION).toBe(KUBERNETES_VERSION);
  expect(Object.keys(dependencies)).toContain(KUBECTL_PACKAGE);
});
