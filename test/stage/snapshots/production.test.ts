import { snapshotOf } from '../../support/snapshot';
import { configOf, synthesized } from '../../support/stage';

const templates = synthesized(configOf('production'));

test.each(Object.entries(templates))('deploys the %s stack as its snapshot says', (_, template) => {
  expect(snapshotOf(template)).toMatchSnapshot();
});
