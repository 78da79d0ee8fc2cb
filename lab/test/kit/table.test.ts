import { aligned } from '../../../ops/kit/table';
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
      'verdict       what it proves  status    ms  path',
      '------------  --------------  ------  ----  -------------',
      'pass          one thing       200       12  GET /a',
      'FAIL          another         500     1234  GET /a/longer',
      'not modelled  a third         READY         state',
      '',
      'FAIL: GET /a/longer: why',
      'not modelled: state: a record',
      '',
      '1 passed, 1 failed, 1 not modelled by this endpoint',
    ].join('\n'),
  );
});

test('gives times in seconds to tables of long steps, whose observation is the widest column', () => {
  const steps = new VerdictTable({
    headings: ['step', 'seen'],
    last: 'result',
    unit: 's',
    unproven: 'not proven here',
  });
  expect(
    steps.render([
      { name: 'load', proves: 'one thing', result: '7 pods', milliseconds: 180_000, verdict: 'pass' },
      { name: 'EKS', proves: 'another', result: '', verdict: 'not proven here', detail: 'no account' },
    ]),
  ).toBe(
    [
      'verdict          what it proves  step      s  seen',
      '---------------  --------------  ----  -----  ------',
      'pass             one thing       load  180.0  7 pods',
      'not proven here  another         EKS',
      '',
      'not proven here: EKS: no account',
      '',
      '1 passed, 0 failed, 1 not proven here',
    ].join('\n'),
  );
});

test('aligns Japanese, whose characters are two columns wide', () => {
  expect(
    aligned([
      ['判定', 'パス'],
      ['合格', 'GET /a'],
      ['FAIL', 'GET /b'],
      ['未再現', 'GET /c'],
    ]).lines,
  ).toEqual(['判定    パス', '合格    GET /a', 'FAIL    GET /b', '未再現  GET /c']);
});

test('cuts the last column at the width of the terminal, or leaves out a column of which little would remain', () => {
  const full = table.render(rows).split('\n').slice(0, 5);
  const shown = (columns: number) => table.render(rows, 'en', columns).split('\n').slice(0, 5);
  expect(shown(57)).toEqual(full);
  expect(shown(55)).toEqual(full.map((line) => (line.length > 55 ? `${line.slice(0, 54)}…` : line)));
  expect(shown(46)).toEqual(full.map((line) => line.slice(0, 42).trimEnd()));
  expect(shown(40)).toEqual(full);
});

test('never counts a row with the third verdict as passed', () => {
  expect(table.count(rows)).toEqual({ passed: 1, failed: 1, unproven: 1 });
});
