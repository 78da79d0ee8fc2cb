/**
 * Milliseconds for one attempt at a call of AWS, connecting included in the second. An attempt that takes longer is an
 * error, which the SDK tries again; without `throwOnRequestTimeout` it is a warning, and the call waits on.
 */
export const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true } as const;
