import { readFileSync } from 'node:fs';
import { MUTANTS } from '../../kubernetes-proof/mutants';
import { verdict } from '../../kubernetes-proof/mutation';
import { Row } from '../../kubernetes-proof/table';
import { fixtureCluster } from './fixture';

const row = (name: string, verdict: Row['verdict'], detail?: string): Row => ({
  name,
  proves: '',
  result: '',
  verdict,
  detail,
});

test('a mutant passes when all its rows have failed, with the reason of the last one', () => {
  const seen = [row('ports', 'pass'), row('budget', 'FAIL', 'no budget'), row('drain', 'FAIL', 'none')];
  expect(verdict('no PDB', ['budget', 'drain'], seen, 1)).toMatchObject({
    proves: 'fails "budget", "drain"',
    result: 'none',
    verdict: 'pass',
  });
});

test('a mutant fails when one of its rows passed, did not run, or was not proven', () => {
  for (const seen of [[row('drain', 'pass')], [], [row('drain', 'not proven here')]]) {
    expect(verdict('no PDB', ['drain'], seen, 1)).toMatchObject({ verdict: 'FAIL', detail: '"drain" did not fail.' });
  }
  const half = verdict('no PDB', ['budget', 'drain'], [row('budget', 'FAIL', 'none'), row('drain', 'pass')], 1);
  expect(half).toMatchObject({ verdict: 'FAIL', detail: '"drain" did not fail. budget: none' });
  const other = [row('create', 'FAIL', 'refused')];
  expect(verdict('no PDB', ['drain'], other, 1).detail).toBe('"drain" did not fail. create: refused');
});

test('the unchanged template fails when any row fails', () => {
  expect(verdict('none', [], [row('ports', 'pass')], 1)).toMatchObject({ verdict: 'pass', result: '1 rows passed' });
  expect(verdict('none', [], [row('ports', 'FAIL', 'shut')], 1)).toMatchObject({
    verdict: 'FAIL',
    detail: 'ports: shut',
  });
});

test('each mutant differs from the template, and has a unique name', () => {
  const cluster = fixtureCluster();
  for (const { change } of MUTANTS) expect(change(cluster)).not.toEqual(cluster);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test('the documents state the number of mutants, and of those without a control plane', () => {
  const offline = new Set([...'figures revision ports policy budget probes termination'.split(' ')]);
  const without = MUTANTS.filter(({ rows }) => rows.every((name) => offline.has(name))).length;
  const read = (file: string) => readFileSync(file, 'utf8');
  expect(read('docs/kubernetes.md')).toContain(`breaks the template in ${MUTANTS.length} ways`);
  expect(read('docs/kubernetes.md')).toContain(`the ${without} that need no control plane`);
  expect(read('docs/kubernetes.ja.md')).toContain(`テンプレートを ${MUTANTS.length} 通りに`);
  expect(read('docs/kubernetes.ja.md')).toContain(`コントロールプレーンの要らない ${without} 通りは`);
});
