import { FileSystem } from 'aws-cdk-lib';
import { fixtureOf } from '../../../test/support/fixture';
import { synthesized } from '../../../test/support/stage';
import { Cluster, read, Template } from '../../kubernetes-proof/manifests';

/** The cluster of the fixture `trial`, as its templates describe it. */
export function fixtureCluster(): Cluster {
  const templates = Object.entries(synthesized(fixtureOf('trial', { kubernetes: 'true' })));
  const others = new Map(templates.map(([stack, template]): [string, Template] => [stack, template.toJSON()]));
  const kubernetes = others.get('Kubernetes');
  if (kubernetes === undefined) throw new Error('no cluster');
  return read(kubernetes, new Map([...others].map(([stack, template]) => [`Kumiki-trial-${stack}`, template])));
}

/** Fingerprint of the sources from which the tests synthesize the image. */
export const FINGERPRINT = FileSystem.fingerprint('container');
