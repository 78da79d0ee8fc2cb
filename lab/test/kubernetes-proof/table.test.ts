import { render } from '../../kubernetes-proof/table';

test('aligns columns, says why rows failed or were not proven, and counts last', () => {
  expect(
    render([
      { step: 'apply', proves: 'one thing', result: '7 objects', seconds: 0.23, verdict: 'pass' },
      { step: 'load', proves: 'another', result: '', seconds: 180, verdict: 'FAIL', detail: 'no pods' },
      { step: 'nodes', proves: 'a third', result: '2 to 4', verdict: 'not proven here', detail: 'not to be had' },
    ]),
  ).toBe(
    [
      'step   what it proves  seen           s  verdict',
      '-----  --------------  ---------  -----  ---------------',
      'apply  one thing       7 objects    0.2  pass',
      'load   another                    180.0  FAIL',
      'nodes  a third         2 to 4            not proven here',
      '',
      'FAIL: load: no pods',
      'not proven here: nodes: not to be had',
      '',
      '1 passed, 1 failed, 1 not proven here',
    ].join('\n'),
  );
});
