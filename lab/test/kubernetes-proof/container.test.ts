import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll } from '../../kit/processes/process-group';
import { startContainer, stopContainer } from '../../kubernetes-proof/container';
import { mapObjects } from '../../kubernetes-proof/deployment';
import { Cluster } from '../../kubernetes-proof/manifests';
import { fixtureCluster } from './fixture';

const folder = mkdtempSync(join(tmpdir(), 'container-'));
afterAll(endAll);

/** The sandbox with changed variables of the container. */
function withVariables(variables: Readonly<Record<string, string>>): Cluster {
  const env = Object.entries({ PATH_PREFIX: '/v1/k8s,/k8s', LOG_LEVEL: 'info', ...variables });
  return mapObjects(fixtureCluster(), (object) => {
    if (object.kind !== 'Deployment') return object;
    const copy = JSON.parse(JSON.stringify(object));
    copy.spec.template.spec.containers[0].env = env.map(([name, value]) => ({ name, value }));
    return copy;
  });
}

test('starts with the variables of the template, and reports its end', async () => {
  const cluster = withVariables({ DRAIN_DELAY_MS: '1000', STOP_TIMEOUT_MS: '7000' });
  const stop = await stopContainer(cluster, folder);
  expect(stop).toMatchObject({ readiness: 503, requests: 200, exitCode: 0, limitSeconds: 7 });
  expect(stop.seconds).toBeGreaterThan(0.99);
});

test('answers on a free port where its default port is taken, and reports the default port', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const own = typeof address === 'object' ? address?.port : undefined;
  const container = await startContainer(withVariables({ PORT: String(own) }), folder);
  taken.close();
  expect(container.port).toBe(own);
  expect(await container.get('/k8s/history/KUMI?days=1')).toBe(200);
  expect(await container.get('/nope')).toBe(404);
});

test('fails with its output, if it does not start', async () => {
  await expect(startContainer(withVariables({ PORT: 'eighty' }), folder)).rejects.toThrow(
    'The container service does not start: PORT: must be a whole number from 0 to 65535, got "eighty".',
  );
});
