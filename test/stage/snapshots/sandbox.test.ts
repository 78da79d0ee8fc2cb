import { snapshotOf } from '../../support/snapshot';
import { configOf, synthesized } from '../../support/stage';

const templates = synthesized(configOf('sandbox'));
// The sandbox has no cluster by default, so the snapshot of the stack Kubernetes is taken with -c kubernetes=true.
const { Kubernetes } = synthesized(configOf('sandbox', { kubernetes: 'true' }));

test.each(Object.entries({ ...templates, Kubernetes }))(
  'the template of the %s stack matches its snapshot',
  (_, template) => {
    expect(template && snapshotOf(template)).toMatchSnapshot();
  },
);
