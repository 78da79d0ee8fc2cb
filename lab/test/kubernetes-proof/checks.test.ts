import { buildApp } from '../../../container/src/app';
import { fixtures } from '../../../test/support/fixture';
import { figures, policy, probes, revision, termination } from '../../kubernetes-proof/checks';
import { MUTANTS } from '../../kubernetes-proof/mutants';
import { podOf } from '../../kubernetes-proof/pods';
import { Recorder } from '../../kubernetes-proof/recorder';
import { referenceOf } from '../../kubernetes-proof/reference';
import { Known, offlineSteps } from '../../kubernetes-proof/run';
import { Row } from '../../kubernetes-proof/table';
import { FINGERPRINT, fixtureCluster } from './fixture';

const cluster = fixtureCluster();
const [container] = podOf(cluster).spec.at('containers').list();
const prefixes = container
  ?.at('env')
  .list()
  .find((variable) => variable.at('name').text() === 'PATH_PREFIX');
const { server } = buildApp({ logLevel: 'silent', pathPrefixes: prefixes?.at('value').text().split(',') });
const service = { port: 8_080, get: async (path: string) => (await server.inject(path)).statusCode };
/** The end of the container service, which test/container/server.test.ts checks. */
const stop = { readiness: 503, requests: 200, seconds: 5, limitSeconds: 28, exitCode: 0 };
const known: Known = {
  reference: referenceOf(cluster, fixtures),
  loads: [],
  fingerprint: FINGERPRINT,
  container: Promise.resolve(service),
  stop: Promise.resolve(stop),
};

async function rowsOf(mutant = cluster): Promise<readonly Row[]> {
  const recorder = new Recorder({ step: jest.fn(), status: jest.fn(), line: jest.fn() });
  for (const step of offlineSteps(mutant, known)) await recorder.step(step);
  return recorder.rows;
}

const offline = offlineSteps(cluster, known).map(({ step }) => step);

test('the fixture passes all checks that need no control plane', async () => {
  expect((await rowsOf()).map(({ name, verdict, detail }) => [name, verdict, detail])).toEqual(
    offline.map((step) => [step, 'pass', undefined]),
  );
});

test.each(
  MUTANTS.flatMap(({ name, rows, change }) =>
    rows.filter((row) => offline.includes(row)).map((row) => ({ name, row, change })),
  ),
)('"$row" fails for $name', async ({ row, change }) => {
  const failed = (await rowsOf(change(cluster))).filter(({ verdict }) => verdict === 'FAIL');
  expect(failed.map(({ name }) => name)).toContain(row);
});

test('each row that needs no control plane fails for a mutant', () => {
  const rows = new Set(MUTANTS.flatMap((mutant) => mutant.rows));
  expect(offline.filter((step) => !rows.has(step))).toEqual([]);
});

test('names differences from the environment, and proves nothing for a cluster of another app', () => {
  const reference = referenceOf(cluster, fixtures);
  const smaller = { ...cluster, nodeGroup: { ...cluster.nodeGroup, minSize: 1, instanceTypes: ['t4g.large'] } };
  expect(() => figures(smaller, reference)).toThrow(
    'minNodes is 1, not 2; types is ["t4g.large"], not ["t4g.medium"].',
  );
  expect(referenceOf({ name: 'other' })).toBeUndefined();
  expect(() => figures(cluster, undefined)).toThrow(
    /^lib\/environments\.ts has no environment for the cluster kumiki-trial/,
  );
});

test('a given template is not compared with the current sources', () => {
  expect(revision(cluster, undefined)).toMatch(/^[0-9a-f]{12}…$/);
});

test('proves nothing about a policy where the subnets of the nodes are not in the templates', async () => {
  const nodeGroup = { ...cluster.nodeGroup, subnetCidrs: undefined };
  expect(() => policy({ ...cluster, nodeGroup })).toThrow(/Compare them by hand/);
  const rows = await rowsOf({ ...cluster, nodeGroup });
  expect(rows.find(({ name }) => name === 'policy')).toMatchObject({ verdict: 'not proven here' });
});

test('fails for a container service that listens on another port, or does not answer a probe', async () => {
  await expect(probes(cluster, { ...service, port: 80 })).rejects.toThrow(
    'The Service leads to port 8080 of the container, but the container listens on 80.',
  );
  await expect(probes(cluster, { ...service, get: async () => 503 })).rejects.toThrow(
    'startupProbe asks /healthz, but the container service answers 503.',
  );
});

test.each([
  [{ readiness: 200 }, 'The container service reports that it is ready after SIGTERM.'],
  [{ requests: 503 }, 'The container service answers 503 to a request right after SIGTERM.'],
  [{ exitCode: 1 }, 'The container service ends with exit code 1 after SIGTERM.'],
  [{ limitSeconds: 30 }, 'terminationGracePeriodSeconds is 35, less than 5 s before SIGTERM and the 30 s that'],
])('fails for a container service that does not end as a pod has to: %j', (different, message) => {
  expect(termination(cluster, stop)).toBe('5 s, SIGTERM, 5.0 s (28 at most), killed at 35 s');
  expect(() => termination(cluster, { ...stop, ...different })).toThrow(message);
});
