/**
 * Milliseconds for one attempt at a call of AWS; `requestTimeout` includes connecting. An attempt that takes longer is an
 * error, after which the SDK tries again. Without `throwOnRequestTimeout` the SDK only warns and waits on.
 */
export const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true } as const;

/** Attempts at a call of the table. The SDK's default of 4 attempts lasts longer than a message may take. */
export const STORE_ATTEMPTS = 3;

/**
 * Milliseconds of an invocation that are reserved for its answer. A message takes four to six calls, one after the other,
 * and each may be slow without being an error. All calls therefore end when only this time is left.
 */
export const ANSWER_MS = 1_000;
