/** Attempts for a request that AWS throttles or does not answer. The pauses between them grow to about a minute together. */
const ATTEMPTS = 8;

/**
 * The settings of every client of AWS. AWS throttles accounts with many resources, so a request has more attempts than the three
 * of the SDK. AWS recommends the mode `standard` for all workloads; `adaptive` also delays first attempts.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function clientOptions(region: string) {
  return { region, retryMode: 'standard', maxAttempts: Number(process.env.AWS_MAX_ATTEMPTS ?? ATTEMPTS) };
}
