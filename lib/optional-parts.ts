/** Parts that an environment can be without: the name of the stack, and the property of the environment that turns it on. */
export const OPTIONAL_PARTS = [
  ['Kubernetes', 'kubernetes'],
  ['HttpApi', 'httpApi'],
  ['WebSocketApi', 'webSocketApi'],
] as const;
