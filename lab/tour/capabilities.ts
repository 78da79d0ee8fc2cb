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
const RECORDS_OF_MINISTACK: Readonly<Partial<Record<Capability, string>>> = {
  signatures: 'any Authorization header is accepted',
  cache: 'settings are stored, nothing is cached',
  'provisioned concurrency': 'the state is READY, but nothing is started ahead',
  'initialization type': 'functions do not learn how they were started',
  'target health': 'every target is reported as healthy',
  instances: 'groups are records without instances; a process of this machine answers in place of tasks',
  'Kubernetes API': 'clusters are records: there is no Kubernetes API, so no object is applied and no pod answers',
  'encoded slashes': 'paths are decoded before they are routed, so the path is that of another route',
  'proxied headers': 'only the content type of the headers of an HTTP backend is passed on',
};

/**
 * Features that the endpoint does not model, with its behaviour instead. An endpoint that does not identify itself as
 * ministack gets no allowances, and AWS gets none.
 */
export async function notModelled(
  endpoint: string | undefined,
): Promise<Readonly<Partial<Record<Capability, string>>>> {
  if (endpoint === undefined) return {};
  try {
    const health = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(5_000) });
    return health.ok ? RECORDS_OF_MINISTACK : {};
  } catch {
    return {};
  }
}
