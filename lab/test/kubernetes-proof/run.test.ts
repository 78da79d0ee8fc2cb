import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtures } from '../../../test/support/fixture';
import { Api } from '../../kubernetes-proof/api';
import { Lost, NotProven, Recorder, until } from '../../kubernetes-proof/recorder';
import { referenceOf } from '../../kubernetes-proof/reference';
import { Known, notProven, offlineSteps, prove } from '../../kubernetes-proof/run';
import { Row } from '../../kubernetes-proof/table';
import { FINGERPRINT, fixtureCluster } from './fixture';

const cluster = fixtureCluster();
const say = { step: jest.fn(), status: jest.fn(), line: jest.fn() };
const known: Known = {
  reference: referenceOf(cluster, fixtures),
  loads: [2_800],
  fingerprint: FINGERPRINT,
  container: Promise.resolve({ port: 8_080, get: async () => 200 }),
  stop: Promise.resolve({ readiness: 503, requests: 200, seconds: 5, limitSeconds: 28, exitCode: 0 }),
};

function lost() {
  const folder = mkdtempSync(join(tmpdir(), 'pki-'));
  for (const name of ['ca.crt', 'admin.crt', 'admin.key']) writeFileSync(join(folder, name), '');
  const never = () => new Promise<never>(() => undefined);
  return {
    api: new Api(1, folder),
    kubectl: never,
    create: never,
    ended: Promise.resolve('etcd ended (exit code 137)'),
  };
}

test('a control plane that ends is a failed row, and no further step runs', async () => {
  const rows = await prove(lost(), cluster, known, say);
  const failed = rows.filter(({ verdict }) => verdict === 'FAIL');
  expect(failed.map(({ detail }) => detail)).toEqual(['The control plane is gone: etcd ended (exit code 137)']);
  expect(rows.filter(({ verdict }) => verdict === 'not proven here').map(({ name }) => name)).toEqual([
    'cluster autoscaler',
    'pods that run',
    'network',
    'times',
    'EKS',
  ]);
});

test('a template without the objects of the steps fails their rows, and reports that the rest did not run', async () => {
  const rows = await prove(
    { ...lost(), ended: new Promise(() => undefined) },
    { ...cluster, manifests: [] },
    known,
    say,
  );
  const failed = rows.filter(({ verdict }) => verdict === 'FAIL');
  expect(failed.map(({ name }) => name)).toEqual([...offlineSteps(cluster, known).map(({ step }) => step), 'the rest']);
  expect(failed.at(-1)?.detail).toBe('The template must have one Deployment, but has 0.');
});

test('a step passes, fails with the reason, or is not proven', async () => {
  const recorder = new Recorder(say);
  const step = (name: string, work: () => string) => recorder.step({ step: name, proves: '', work });
  await step('one', () => 'seen');
  await step('two', () => {
    throw new Error('why');
  });
  await step('three', () => {
    throw new NotProven('not here');
  });
  expect(recorder.rows).toMatchObject([
    { name: 'one', result: 'seen', verdict: 'pass' },
    { name: 'two', detail: 'why', verdict: 'FAIL' },
    { name: 'three', detail: 'not here', verdict: 'not proven here' },
  ]);
});

test('a step that waits when the control plane ends fails, and ends the run', async () => {
  const recorder = new Recorder(say, Promise.resolve('gone'));
  const work = () => new Promise<never>(() => undefined);
  await expect(recorder.step({ step: 'one', proves: '', work })).rejects.toThrow(Lost);
  expect(recorder.rows).toMatchObject([{ name: 'one', verdict: 'FAIL', detail: 'The control plane is gone: gone' }]);
});

test('names the state that was not reached in time', async () => {
  await expect(until('pods', 0, async () => undefined)).rejects.toThrow('No pods within 0 s.');
});

test('lists only checks that passed in place of Cluster Autoscaler', () => {
  const row = (name: string, verdict: Row['verdict']) => ({ name, proves: '', result: '', verdict });
  const rows = [row('pending', 'pass'), row('node', 'FAIL'), row('load', 'pass')];
  const detailOf = (of: readonly Row[]) => notProven(of, cluster)[0]?.detail;
  expect(detailOf(rows)).toMatch(
    /Checked instead: the condition of pods for which it adds a node \(pending\)\. The Helm chart/,
  );
  expect(detailOf([])).toMatch(/Checked instead: nothing\. /);
});
