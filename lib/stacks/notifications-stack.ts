import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic';
import { alarmsOf, EnvironmentStackProps } from '../environment-config';
import { inProperty } from '../in-property';
import { Kind, NewReceivers, topicName } from '../notifications';

export interface NotificationsStackProps extends EnvironmentStackProps {
  /** Receivers for whom the stack creates topics, by the kind of messages. */
  readonly receivers: readonly (readonly [Kind, NewReceivers])[];
}

/**
 * The way of messages to people: a topic for pages and a topic for notices, which share a key: the key of the environment, if
 * there is one.
 */
export class NotificationsStack extends Stack {
  /** Alarm on messages that did not reach their receivers, by the kind of messages. */
  readonly undelivered: ReadonlyMap<Kind, cloudwatch.Alarm>;

  constructor(scope: Construct, id: string, props: NotificationsStackProps) {
    super(scope, id, props);
    const { config, receivers } = props;
    let first: AlarmTopic | undefined;
    const undelivered = new Map<Kind, cloudwatch.Alarm>();
    for (const [kind, { topicArn: _, ...own }] of receivers) {
      const topicProps = {
        ...own,
        topicName: topicName(config, kind),
        encryptionKey: first?.encryptionKey ?? props.encryptionKey,
        budgets: kind === 'notice' && config.budget !== undefined,
        watched: alarmsOf(config) !== undefined,
      };
      const topic = inProperty(`notifications.${kind}`, () => new AlarmTopic(this, IDS[kind], topicProps));
      first ??= topic;
      for (const alarm of topic.alarms) undelivered.set(kind, alarm);
      new CfnOutput(this, `${IDS[kind]}TopicArn`, { value: topic.topic.topicArn, description: DESCRIPTIONS[kind] });
    }
    this.undelivered = undelivered;
  }
}

const IDS = { page: 'Page', notice: 'Notice' } as const;
const DESCRIPTIONS = {
  page: 'Topic of the alarm that wakes a person',
  notice: 'Topic of all other alarms',
} as const;
