/**
 * Milliseconds for one attempt at a call of AWS, connecting included in the second. An attempt that takes longer is an
 * error, which the SDK tries again; without `throwOnRequestTimeout` it is a warning, and the call waits on.
 */
export const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true } as const;

/** Attempts at a call of the table. The SDK has 4 by default, which last longer than a message may take. */
export const STORE_ATTEMPTS = 3;

/**
 * Milliseconds of an invocation that are kept for its answer. A message takes four to six calls, one after the other: each
 * may be slow without being an error, so what bounds them together is that all calls end when only this time is left.
 */
export const ANSWER_MS = 1_000;
