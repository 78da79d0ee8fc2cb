import { type Row, VerdictTable } from '../../kit/table';

const unproven = 'not modelled by this endpoint';
const rows: Row<typeof unproven>[] = [
  { name: 'GET /a', proves: 'one thing', result: '200', milliseconds: 12.4, verdict: 'pass', detail: 'not shown' },
  { name: 'GET /a/longer', proves: 'another', result: '500', milliseconds: 1234, verdict: 'FAIL', detail: 'why' },
  { name: 'state', proves: 'a third', result: 'READY', verdict: unproven, detail: 'a record' },
];
const table = new VerdictTable({ headings: ['path', 'status'], unit: 'ms', unproven, short: 'not modelled' });

test('aligns columns, then says why rows did not pass, and counts', () => {
  expect(table.render(rows)).toBe(
    [
      'path           what it proves  status    ms  verdict',
      '-------------  --------------  ------  ----  ------------',
      'GET /a         one thing       200       12  pass',
      'GET /a/longer  another         500     1234  FAIL',
      'state          a third         READY         not modelled',
      '',
      'FAIL: GET /a/longer: why',
      'not modelled: state: a record',
      '',
      '1 passed, 1 failed, 1 not modelled by this endpoint',
    ].join('\n'),
  );
});

test('gives times in seconds to tables of long steps, and the third verdict in full where it is short', () => {
  const steps = new VerdictTable({ headings: ['step', 'seen'], unit: 's', unproven: 'not proven here' });
  expect(
    steps.render([
      { name: 'load', proves: 'one thing', result: '7 pods', milliseconds: 180_000, verdict: 'pass' },
      { name: 'EKS', proves: 'another', result: '', verdict: 'not proven here', detail: 'no account' },
    ]),
  ).toBe(
    [
      'step  what it proves  seen        s  verdict',
      '----  --------------  ------  -----  ---------------',
      'load  one thing       7 pods  180.0  pass',
      'EKS   another                        not proven here',
      '',
      'not proven here: EKS: no account',
      '',
      '1 passed, 0 failed, 1 not proven here',
    ].join('\n'),
  );
});

test('never counts a row with the third verdict as passed', () => {
  expect(table.count(rows)).toEqual({ passed: 1, failed: 1, unproven: 1 });
});
