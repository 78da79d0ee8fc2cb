import { Aws } from 'aws-cdk-lib';
import { alarmsOf, EnvironmentConfig, ReceiversConfig } from './environment-config';

/** Kinds of messages: a page wakes a person, and a notice waits until the morning. */
export const KINDS = ['page', 'notice'] as const;
export type Kind = (typeof KINDS)[number];

/** Receivers for whom the environment creates a topic. */
export type NewReceivers = Exclude<ReceiversConfig, { readonly topicArn: string }>;

type Notified = Pick<EnvironmentConfig, 'id' | 'region' | 'alarms' | 'notifications' | 'budget'>;

/**
 * Name of a topic that the environment creates. Alarms name the topic and do not refer to the stack of the topic, because the
 * CLI skips a stack whose template did not change: a topic that was created again under another name would receive nothing.
 */
export function topicName({ id }: Pick<EnvironmentConfig, 'id'>, kind: Kind): string {
  return `Kumiki-${id}-${kind}`;
}

/** ARN of the topic for messages of a kind; undefined where nobody receives them. */
export function topicArnOf(config: Notified, kind: Kind): string | undefined {
  const receivers = config.notifications?.[kind];
  if (receivers === undefined) return undefined;
  if (receivers.topicArn !== undefined) {
    checkTopicArn(receivers.topicArn, config.region, `notifications.${kind}.topicArn`);
    return receivers.topicArn;
  }
  return `arn:${Aws.PARTITION}:sns:${config.region}:${Aws.ACCOUNT_ID}:${topicName(config, kind)}`;
}

/**
 * Receivers for whom the environment creates topics, by the kind of messages. Nobody, if nothing would send to the topics.
 *
 * @throws if both kinds have the same channel of Slack
 */
export function newReceivers(config: Notified): readonly (readonly [Kind, NewReceivers])[] {
  if (alarmsOf(config) === undefined && config.budget === undefined) return [];
  checkChannels(config);
  return KINDS.flatMap((kind) => {
    const receivers = config.notifications?.[kind];
    return receivers === undefined || receivers.topicArn !== undefined ? [] : [[kind, receivers] as const];
  });
}

/**
 * @throws if pages and notices have the same channel, because AWS accepts a channel once in an account: "Slack channel with ID …
 * has already been configured for AWS account"
 * @see https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1155
 */
function checkChannels({ notifications }: Notified): void {
  const [page, notice] = [notifications?.page.slack, notifications?.notice?.slack];
  if (page === undefined || notice === undefined) return;
  if (page.workspaceId !== notice.workspaceId || page.channelId !== notice.channelId) return;
  throw new Error(
    `notifications.notice.slack: must be another channel than that of notifications.page, got "${notice.channelId}" for both. ` +
      'Give notices a channel of their own, or leave slack out of notifications.page or notifications.notice.',
  );
}

/** @throws unless the ARN names a standard SNS topic of the region, because CloudWatch sends to no other topic */
function checkTopicArn(topicArn: string, region: string, property: string): void {
  if (new RegExp(`^arn:aws[\\w-]*:sns:${region}:\\d{12}:[\\w-]+$`).test(topicArn)) return;
  throw new Error(
    `${property}: must be the ARN of a standard SNS topic of ${region}, got "${topicArn}". ` +
      `Give an ARN such as arn:aws:sns:${region}:123456789012:alarms, or leave ${property} out.`,
  );
}
