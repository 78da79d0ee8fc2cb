import { count, Row, render } from '../../kit/table';

const rows: Row[] = [
  { path: 'GET /a', proves: 'one thing', status: '200', milliseconds: 12.4, verdict: 'pass', detail: 'not shown' },
  { path: 'GET /a/longer', proves: 'another', status: '500', milliseconds: 1234, verdict: 'FAIL', detail: 'why' },
  { path: 'state', proves: 'a third', status: 'READY', verdict: 'not modelled by this endpoint', detail: 'a record' },
];

test('aligns columns, then says what failed and counts', () => {
  expect(render(rows)).toBe(
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

test('never counts as passed what the endpoint does not model', () => {
  expect(count(rows)).toEqual({ passed: 1, failed: 1, notModelled: 1 });
});
