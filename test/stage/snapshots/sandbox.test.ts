import { snapshotOf } from '../../support/snapshot';
import { configOf, synthesized } from '../../support/stage';

const templates = synthesized(configOf('sandbox'));
// The cluster is off in the sandbox. Its snapshot is that of -c kubernetes=true.
const { Kubernetes } = synthesized(configOf('sandbox', { kubernetes: 'true' }));

test.each(Object.entries({ ...templates, Kubernetes }))('deploys the %s stack as its snapshot says', (_, template) => {
  expect(template && snapshotOf(template)).toMatchSnapshot();
});
