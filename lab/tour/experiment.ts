import type { Text, Words } from '../../ops/kit/language';
import type { Capability } from './capabilities';
import type { Deployment } from './deployment';

/** The outcome of an experiment. */
export interface Observation {
  /** HTTP status, or the state that an API reported. */
  readonly status: Words;
  readonly milliseconds?: number;
  /** The difference from the expectation; undefined if there is none. */
  readonly problem?: Words;
}

export interface Experiment {
  /** The request or the call. */
  readonly path: Words;
  readonly proves: Text;
  /** A capability without which the outcome means nothing: an endpoint may record a setting and not act on it. */
  readonly needs?: Capability;
  /** Tells whether the environment has the part that the experiment needs. @default it always does */
  readonly appliesTo?: (deployment: Deployment) => boolean;
  run(deployment: Deployment): Promise<Observation>;
}
