import { type Text } from '../kit/language';
import { messages } from './messages';

/** Parts that this version does not know. */
const FORMER = '';

/**
 * Parts in the order of their deletion: a stack is deleted before the stacks whose values and security groups it uses. Stacks of
 * one line may be deleted at the same time. ops/test/deploy/parts.test.ts holds the order against the templates.
 */
const ORDER: readonly (readonly string[])[] = [
  // The dashboard shows the alarms of all other stacks.
  ['Dashboard'],
  // No run to sleep or to wake may begin while the other stacks are deleted.
  ['Sleep'],
  // CloudWatch refuses to delete an alarm that the composite alarm of this stack refers to.
  ['Operations'],
  [FORMER],
  // The stack of the REST API may own the role through which the WebSocket API writes its logs.
  ['HttpApi', 'WebSocketApi'],
  ['RestApi'],
  ['Function', 'Kubernetes'],
  ['Containers'],
  ['Registry'],
  ['Network'],
  // Alarms of all stacks have its topics as actions.
  ['Notifications'],
  // Logs, tables, images and topics are encrypted with its key.
  ['Encryption'],
];

/** Groups the names of parts in the order of their deletion. Parts that this version does not know come early. */
export function inOrderOfDeletion(parts: readonly string[]): string[][] {
  // A second load balancer has the stacks Registry2 and Containers2.
  const named = (name: string) => ORDER.findIndex((names) => names.includes(name));
  const rankOf = (part: string) => {
    const rank = named(part.replace(/\d+$/, ''));
    return rank < 0 ? named(FORMER) : rank;
  };
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
