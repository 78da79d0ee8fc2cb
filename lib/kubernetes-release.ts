import { KubectlV36Layer } from '@aws-cdk/lambda-layer-kubectl-v36';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** What belongs to one minor version of Kubernetes and moves with it: docs/kubernetes.md says how. */
export interface KubernetesRelease {
  /** Minor version of the cluster: `1.36`. */
  readonly version: string;
  /** Layer with kubectl and helm, of the same minor: the package of another one is tested with another API. */
  readonly kubectlLayer: (scope: Construct, id: string) => lambda.ILayerVersion;
  /** Tag of `registry.k8s.io/autoscaling/cluster-autoscaler`, which simulates the scheduler of this minor. */
  readonly clusterAutoscalerTag: string;
  /**
   * Version of the add-on amazon-cloudwatch-observability. Its configuration and role (lib/constructs/cluster-add-ons.ts) and
   * its requests (lib/kubernetes-sizing.ts) are those of one version: 6.0 and 6.1 start other agents, which have more to do.
   */
  readonly observabilityVersion: string;
  /**
   * Last day of standard support by EKS; after it, the cluster is upgraded by EKS (support type STANDARD).
   * @see https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
   */
  readonly standardSupportEnds: string;
}

const RELEASES: readonly KubernetesRelease[] = [
  {
    version: '1.36',
    kubectlLayer: (scope, id) => new KubectlV36Layer(scope, id),
    clusterAutoscalerTag: 'v1.36.1',
    // Seen by others as EKS's default for 1.36 in August 2026; whether EKS still has it: aws eks describe-addon-versions.
    observabilityVersion: 'v6.4.0-eksbuild.1',
    standardSupportEnds: '2027-08-02',
  },
];

/** The version that environments run unless they say otherwise. */
export const KUBERNETES_VERSION = '1.36';

/**
 * What goes with a version of Kubernetes.
 *
 * @throws if there is no kubectl layer for it here
 */
export function kubernetesRelease(version: string = KUBERNETES_VERSION): KubernetesRelease {
  const release = RELEASES.find((candidate) => candidate.version === version);
  if (release === undefined) {
    throw new Error(
      `kubernetes.version: "${version}" has no kubectl layer on file. Use one of ` +
        `${RELEASES.map((candidate) => candidate.version).join(', ')}, or enter its package, Cluster Autoscaler and end of ` +
        'support in lib/kubernetes-release.ts.',
    );
  }
  return release;
}
