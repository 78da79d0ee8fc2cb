import { alarmsOf, EnvironmentConfig } from './environment-config';
import { newReceivers } from './notifications';

/** Optional parts of an environment: the name of the stack, and the property of the environment that switches the part on. */
export const OPTIONAL_PARTS = [
  ['Notifications', 'notifications'],
  ['Operations', 'alarms'],
  ['Dashboard', 'dashboard'],
  ['Kubernetes', 'kubernetes'],
  ['HttpApi', 'httpApi'],
  ['WebSocketApi', 'webSocketApi'],
  ['Sleep', 'sleep'],
  // Last, because its key is deleted after everything that the key encrypts.
  ['Encryption', 'encryption'],
] as const;

export type OptionalPart = (typeof OPTIONAL_PARTS)[number][0];

type Parts = Pick<
  EnvironmentConfig,
  | 'id'
  | 'region'
  | 'dashboard'
  | 'kubernetes'
  | 'httpApi'
  | 'webSocketApi'
  | 'notifications'
  | 'alarms'
  | 'budget'
  | 'sleep'
  | 'encryption'
>;

/** Whether an environment has a part. */
export function hasPart(part: OptionalPart, config: Parts): boolean {
  switch (part) {
    case 'Dashboard':
      return config.dashboard ?? true;
    case 'Kubernetes':
      return config.kubernetes !== undefined;
    case 'HttpApi':
      return config.httpApi !== undefined;
    case 'WebSocketApi':
      return config.webSocketApi !== undefined;
    case 'Sleep':
      return config.sleep !== undefined;
    case 'Notifications':
      return newReceivers(config).length > 0;
    case 'Encryption':
      return config.encryption === 'customer-managed';
    case 'Operations':
      return alarmsOf(config) !== undefined || config.budget !== undefined;
  }
}
