import type { Text } from '../../ops/kit/language';
import { messages } from './messages';

/** Features that an endpoint may record without providing them. */
export type Capability =
  | 'signatures'
  | 'cache'
  | 'provisioned concurrency'
  | 'initialization type'
  | 'target health'
  | 'instances'
  | 'Kubernetes API'
  | 'encoded slashes'
  | 'proxied headers';

/** Behaviour of ministack 1.5.33 for features that it does not provide. An experiment that needs one never passes. */
export const RECORDS_OF_MINISTACK: Readonly<Record<Capability, Text>> = {
  signatures: messages.anySignature,
  cache: messages.nothingIsCached,
  'provisioned concurrency': messages.nothingAhead,
  'initialization type': messages.startUnknown,
  'target health': messages.alwaysHealthy,
  instances: messages.noInstances,
  'Kubernetes API': messages.noKubernetesApi,
  'encoded slashes': messages.decodedPaths,
  'proxied headers': messages.lostHeaders,
};

/**
 * Features that the endpoint does not model, with its behaviour instead. An endpoint that does not identify itself as
 * ministack gets no allowances, and AWS gets none.
 */
export async function notModelled(endpoint: string | undefined): Promise<Readonly<Partial<Record<Capability, Text>>>> {
  if (endpoint === undefined) return {};
  try {
    const health = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(5_000) });
    return health.ok ? RECORDS_OF_MINISTACK : {};
  } catch {
    return {};
  }
}
