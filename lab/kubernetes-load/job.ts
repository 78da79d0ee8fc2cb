import type { Job } from './models';
import { MANAGED_BY, type Workload } from './state';

/** Workers of one load pod. They send some hundred requests a second, which takes far less CPU than the limit of the pod. */
const WORKERS_PER_POD = 25;
/** Seconds within which the load pods have to start. They may wait for a new node, and pull an image. */
export const START_LIMIT = 300;
/** Seconds that the load may exceed its duration, for the last requests and the last line of the log. */
export const SLACK = 60;

/**
 * The number of workers that keep `max` pods above the HPA's target.
 *
 * `max` pods at the target use `max x request x target` cores. A worker has one request at a time, so it keeps at most one
 * pod busy. A busy pod uses one core, because Node.js computes on one thread, or its limit. The number is tripled because
 * kube-proxy chooses pods at random: some pods get several workers while others are idle.
 */
export function workersFor({
  max,
  request,
  target,
  limit = 1,
}: Pick<Workload, 'max' | 'request' | 'target' | 'limit'>) {
  return Math.ceil((3 * max * request * (target / 100)) / Math.min(1, limit));
}

export interface LoadOptions {
  readonly name: string;
  /** Address of the requests inside the cluster. */
  readonly url: string;
  readonly workers: number;
  readonly seconds: number;
}

/** The Job that creates the load from the image of the workload. The pod-security standard `restricted` allows it. */
export function loadJob(
  { namespace, app, image, placement }: Workload,
  { name, url, workers, seconds }: LoadOptions,
): Job {
  const pods = Math.ceil(workers / WORKERS_PER_POD);
  // NetworkPolicies can select the load pods by app.kubernetes.io/name. No selector of the workload matches them.
  const labels = { 'app.kubernetes.io/name': `${app}-load`, 'app.kubernetes.io/managed-by': MANAGED_BY };
  const environment = {
    URL: url,
    CONCURRENCY: String(Math.ceil(workers / pods)),
    SECONDS: String(seconds),
    // At first, few pods answer all workers. The ramp keeps the number of requests low enough to avoid timeouts.
    RAMP_SECONDS: String(Math.min(Math.max(10, workers), seconds / 4)),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: {
      completions: pods,
      parallelism: pods,
      // A retry would start a second load during the first.
      backoffLimit: 0,
      // If a run ends without a cleanup, these two end the load and remove the Job.
      activeDeadlineSeconds: Math.ceil(seconds) + START_LIMIT + SLACK,
      ttlSecondsAfterFinished: 300,
      template: {
        metadata: {
          labels,
          // Otherwise Cluster Autoscaler could evict the pod from a node that it removes, which would end the load.
          annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
        },
        spec: {
          ...placement,
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 10,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'load',
              image,
              command: ['node', 'load.cjs'],
              env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
              // The requests are small, so that the workload fills the nodes and not the load.
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    },
  };
}
