/**
 * Options of every client: AWS throttles accounts with many resources, so each request is tried up to eight times, at a rate
 * that adapts to the answers.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function clientOptions(region: string) {
  const maxAttempts = Number(process.env.AWS_MAX_ATTEMPTS ?? 8);
  return { region, retryMode: 'adaptive', maxAttempts };
}
