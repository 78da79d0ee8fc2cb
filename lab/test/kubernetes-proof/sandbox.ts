import { FileSystem } from 'aws-cdk-lib';
import { configOf, synthesized } from '../../../test/support/stage';
import { Cluster, read, Template } from '../../kubernetes-proof/manifests';

/** The sandbox with its cluster, as its templates have it. */
export function sandboxCluster(): Cluster {
  const templates = Object.entries(synthesized(configOf('sandbox', { kubernetes: 'true' })));
  const others = new Map(templates.map(([stack, template]): [string, Template] => [stack, template.toJSON()]));
  const kubernetes = others.get('Kubernetes');
  if (kubernetes === undefined) throw new Error('no cluster');
  return read(kubernetes, new Map([...others].map(([stack, template]) => [`Kumiki-sandbox-${stack}`, template])));
}

/** Of the sources that the tests synthesize the image from. */
export const FINGERPRINT = FileSystem.fingerprint('container');
