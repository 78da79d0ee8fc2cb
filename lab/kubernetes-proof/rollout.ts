import { QUARTER } from './reference';

/** What there was at one look. */
export interface Sample {
  /** Seconds, on a clock of the samples' own. */
  readonly at: number;
  /** Pods that are ready and have not been told to end. */
  readonly ready: number;
  /** Pods that have not been told to end. */
  readonly staying: number;
  /** Pods that the Deployment is to have. */
  readonly replicas: number;
}

/**
 * Whether a deployment of another image kept to what docs/kubernetes.md says: as many pods ready at all times as there
 * were, a quarter more at the most, and the number that the autoscaler had made of them.
 *
 * @param before pods that there were
 * @throws with the first that it did not keep to
 */
export function judge(samples: readonly Sample[], before: number): string {
  const most = before + Math.ceil(before * QUARTER);
  const [first] = samples;
  if (first === undefined) throw new Error('Nothing was seen of the deployment.');
  for (const { at, ready, staying, replicas } of samples) {
    const when = `${(at - first.at).toFixed(1)} s after it began`;
    if (replicas !== before) throw new Error(`The number of pods was set from ${before} to ${replicas}, ${when}.`);
    if (ready < before) throw new Error(`${ready} of ${before} pods were ready, ${when}.`);
    if (staying > most) throw new Error(`There were ${staying} pods, ${when}, where ${most} are a quarter more.`);
  }
  const least = Math.min(...samples.map(({ ready }) => ready));
  const greatest = Math.max(...samples.map(({ staying }) => staying));
  return `${least} ready at least, ${greatest} pods at most`;
}
