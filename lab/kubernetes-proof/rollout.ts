import { QUARTER } from './reference';

/** One observation of a rollout. */
export interface Sample {
  /** Seconds since a moment that all samples share. */
  readonly at: number;
  /** Pods that are ready and not terminating. */
  readonly ready: number;
  /** Pods that are not terminating. */
  readonly staying: number;
  /** Replicas of the Deployment. */
  readonly replicas: number;
}

/**
 * Checks that a deployment of another image kept the rules in docs/kubernetes.md: never fewer ready pods than before, at most
 * a quarter more, and the number of replicas that the autoscaler had set.
 *
 * @param before number of pods before the deployment
 * @throws with the first rule that was broken
 */
export function judge(samples: readonly Sample[], before: number): string {
  const most = before + Math.ceil(before * QUARTER);
  const [first] = samples;
  if (first === undefined) throw new Error('The deployment was not observed.');
  for (const { at, ready, staying, replicas } of samples) {
    const when = `${(at - first.at).toFixed(1)} s after it began`;
    if (replicas !== before) throw new Error(`The number of pods was set from ${before} to ${replicas}, ${when}.`);
    if (ready < before) throw new Error(`${ready} of ${before} pods were ready, ${when}.`);
    if (staying > most) throw new Error(`There were ${staying} pods, ${when}, but a quarter more is ${most}.`);
  }
  const least = Math.min(...samples.map(({ ready }) => ready));
  const greatest = Math.max(...samples.map(({ staying }) => staying));
  return `${least} ready at least, ${greatest} pods at most`;
}
