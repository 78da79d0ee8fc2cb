import { renderVerdicts } from '../../kubernetes-load/live';

test('shows the verdict before the link and the reason, which may be cut off', () => {
  expect(
    renderVerdicts([
      { link: 'load reached the pods', shown: true, detail: '600 requests answered' },
      { link: 'nodes shrank', shown: false, detail: 'no node had joined' },
    ]),
  ).toBe(
    [
      'shown      load reached the pods  600 requests answered',
      'not shown  nodes shrank           no node had joined',
    ].join('\n'),
  );
});
