import type { Text, Words } from '../kit/language';

/** What a check found. A warning concerns later or other deployments. A check that could not be made has not passed. */
export interface Outcome {
  readonly verdict: 'pass' | 'warning' | 'problem' | 'not checked';
  /** What the deployment needs; without it where a number or a name would say nothing. */
  readonly needed?: Words;
  /** What the account has. */
  readonly there: Text;
  /** What to do, where the check did not pass. */
  readonly todo?: Text;
}

/** A row of the table. */
export interface Checked extends Outcome {
  /** What was checked. */
  readonly check: Text;
  /** The check finds warnings only, so a deployment need not wait for it if it could not be made. */
  readonly advisory?: boolean;
}

/** Tells whether the deployment has to wait. A failed check and a missing check block, a warning does not. */
export function blocks({ verdict, advisory = false }: Pick<Checked, 'verdict' | 'advisory'>): boolean {
  return verdict === 'problem' || (verdict === 'not checked' && !advisory);
}
