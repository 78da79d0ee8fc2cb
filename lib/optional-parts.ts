/** Optional parts of an environment: the name of the stack, and the property of the environment that switches the part on. */
export const OPTIONAL_PARTS = [
  ['Kubernetes', 'kubernetes'],
  ['HttpApi', 'httpApi'],
  ['WebSocketApi', 'webSocketApi'],
] as const;
