import { KubectlV36Layer } from '@aws-cdk/lambda-layer-kubectl-v36';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** Versions that belong to one minor version of Kubernetes and are upgraded together (docs/kubernetes-operations.md, upgrade). */
export interface KubernetesRelease {
  /** Minor version of the cluster: `1.36`. */
  readonly version: string;
  /** Layer with kubectl and helm of the same minor version: other versions are tested with the API of another Kubernetes. */
  readonly kubectlLayer: (scope: Construct, id: string) => lambda.ILayerVersion;
  /** Tag of `registry.k8s.io/autoscaling/cluster-autoscaler`, which simulates the scheduler of this minor version. */
  readonly clusterAutoscalerTag: string;
  /**
   * Version of the add-on amazon-cloudwatch-observability. The configuration and role of the add-on
   * (lib/constructs/cluster-add-ons.ts) and its requests (lib/kubernetes-sizing.ts) fit this version only: 6.0 and 6.1 start
   * other agents with more work.
   */
  readonly observabilityVersion: string;
  /**
   * Last day of standard support by EKS. After this day, EKS upgrades the cluster (support type STANDARD).
   * @see https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
   */
  readonly standardSupportEnds: string;
}

const RELEASES: readonly KubernetesRelease[] = [
  {
    version: '1.36',
    kubectlLayer: (scope, id) => new KubectlV36Layer(scope, id),
    clusterAutoscalerTag: 'v1.36.1',
    // Users reported this version as EKS's default for 1.36 in August 2026. Check that EKS still offers the version with
    // aws eks describe-addon-versions.
    observabilityVersion: 'v6.4.0-eksbuild.1',
    standardSupportEnds: '2027-08-02',
  },
];

/** Default version of the cluster. */
export const KUBERNETES_VERSION = '1.36';

/**
 * Returns the release for a minor version of Kubernetes.
 *
 * @throws if this file has no kubectl layer for the version
 */
export function kubernetesRelease(version: string = KUBERNETES_VERSION): KubernetesRelease {
  const release = RELEASES.find((candidate) => candidate.version === version);
  if (release === undefined) {
    throw new Error(
      `kubernetes.version: "${version}" has no kubectl layer on file. Give one of ` +
        `${RELEASES.map((candidate) => candidate.version).join(', ')}, or enter its package, Cluster Autoscaler and end of ` +
        'support in lib/kubernetes-release.ts.',
    );
  }
  return release;
}
