/** What an endpoint may keep as a record without doing it. */
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

/** Seen on ministack 1.5.33, with what it does instead. An experiment that needs one of these never counts as passed. */
const RECORDS_OF_MINISTACK: Readonly<Partial<Record<Capability, string>>> = {
  signatures: 'any Authorization header will do',
  cache: 'settings are stored, nothing is cached',
  'provisioned concurrency': 'answers READY and starts nothing ahead',
  'initialization type': 'functions are not told how they were started',
  'target health': 'every target is called healthy',
  instances: 'groups are records without instances; a process of this machine answers in place of tasks',
  'Kubernetes API': 'clusters are records: there is no Kubernetes API, so no object is applied and no pod answers',
  'encoded slashes': 'paths are decoded before they are routed, so this is another route',
  'proxied headers': 'of the headers of an HTTP backend only the content type is passed on',
};

/**
 * What the endpoint does not model, and what it does instead. Asked of the endpoint: one that does not say what it is
 * gets no allowances, and neither does AWS.
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
