import { type Text } from '../kit/language';
import { messages } from './messages';

/**
 * Parts in the order of their deletion: a stack is deleted before the stacks whose values and security groups it uses. Stacks of
 * one line may be deleted at the same time. ops/test/deploy/parts.test.ts holds the order against the templates.
 */
const ORDER: readonly (readonly string[])[] = [
  // The stack of the REST API may own the role through which the WebSocket API writes its logs.
  ['HttpApi', 'WebSocketApi'],
  ['RestApi'],
  ['Function', 'Kubernetes'],
  ['Containers'],
  ['Registry'],
  ['Network'],
];

/** Groups the names of parts in the order of their deletion. A part that this version does not know comes first. */
export function inOrderOfDeletion(parts: readonly string[]): string[][] {
  // A second load balancer has the stacks Registry2 and Containers2.
  const rankOf = (part: string) => ORDER.findIndex((names) => names.includes(part.replace(/\d+$/, '')));
  const ranks = [...new Set(parts.map(rankOf))].toSorted((a, b) => a - b);
  return ranks.map((rank) => parts.filter((part) => rankOf(part) === rank));
}

/**
 * What AWS documents about the time that a part takes. This project has not measured deployments on AWS, and AWS documents no
 * time for the other parts.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html
 * @see https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
 */
export function expectedTime(part: string, cached: boolean): Text | undefined {
  if (part === 'RestApi') return cached ? messages.cacheTime : messages.vpcLinkTime;
  if (part === 'HttpApi') return messages.vpcLinkTime;
  return part === 'Kubernetes' ? messages.clusterTime : undefined;
}
