import type { Job } from './models';
import { MANAGED_BY, type Workload } from './state';

/** Workers of one load pod: some hundred requests a second, far below what it may use of a core. */
const WORKERS_PER_POD = 25;
/** Seconds in which the load pods have to start: an image to pull, on a node that may have to be added first. */
export const START_LIMIT = 300;
/** Seconds that the load may take beyond its time: a request under way and the last line. */
export const SLACK = 60;

/**
 * Workers that keep `max` pods above the HPA's target.
 *
 * `max` pods at the target use `max x request x target` cores. A worker has one request under way, so it keeps at most one
 * pod busy, and a busy pod uses one core (Node computes on one thread), or its limit. Three times as many, since workers
 * meet in the same pod while others are idle: kube-proxy chooses at random.
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
  /** Where requests go, as the load pods see it. */
  readonly url: string;
  readonly workers: number;
  readonly seconds: number;
}

/** The Job that makes the load: the workload's image, within what the pod-security standard `restricted` allows. */
export function loadJob(
  { namespace, app, image, placement }: Workload,
  { name, url, workers, seconds }: LoadOptions,
): Job {
  const pods = Math.ceil(workers / WORKERS_PER_POD);
  // NetworkPolicies can name the load pods by app.kubernetes.io/name; no selector of the workload matches them.
  const labels = { 'app.kubernetes.io/name': `${app}-load`, 'app.kubernetes.io/managed-by': MANAGED_BY };
  const environment = {
    URL: url,
    CONCURRENCY: String(Math.ceil(workers / pods)),
    SECONDS: String(seconds),
    // Few pods answer all workers at first: not so many at once that one would wait longer than it does for an answer.
    RAMP_SECONDS: String(Math.min(Math.max(10, workers), seconds / 4)),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: {
      completions: pods,
      parallelism: pods,
      // A second try would start the load again in the middle of it.
      backoffLimit: 0,
      // Both for a run that ends without being able to clean up: the load stops, and the Job goes.
      activeDeadlineSeconds: Math.ceil(seconds) + START_LIMIT + SLACK,
      ttlSecondsAfterFinished: 300,
      template: {
        metadata: {
          labels,
          // Cluster Autoscaler would evict it from a node that it removes, and the load would be over.
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
              // Little beside the workload, so that it is the workload that fills the nodes.
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
