import { snapshotOf } from '../../support/snapshot';
import { configOf, synthesized } from '../../support/stage';

const templates = synthesized(configOf('production'));

test.each(Object.entries(templates))('the template of the %s stack matches its snapshot', (_, template) => {
  expect(snapshotOf(template)).toMatchSnapshot();
});
