// Kumiki 0.2.0, alarm-topic.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnComponents, ArnFormat, Duration, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as chatbot from 'aws-cdk-lib/aws-chatbot';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** A channel of Slack, by the ids that Slack shows: `T0123ABCD` for the workspace, `C0123ABCD` for the channel. */
export interface SlackChannel {
  readonly workspaceId: string;
  readonly channelId: string;
}

export interface AlarmTopicProps {
  /**
   * Addresses that receive each message by e-mail. SNS asks each address once to confirm the subscription, and sends nothing
   * before that. Each address is in the template.
   *
   * @default none
   * @throws unless each is an address such as `on-call@example.com`
   */
  readonly emails?: readonly string[];

  /**
   * URLs (https) of services that confirm a subscription of SNS by themselves, such as PagerDuty and Opsgenie. Each URL is in
   * the template, where everyone who may read the stack can read it. Give no URL that holds a password, and no webhook of a
   * chat that accepts messages from everyone who knows the URL.
   *
   * @default none
   * @throws unless each is an https URL without a user name and a password
   */
  readonly endpoints?: readonly string[];

  /**
   * Channel of Slack, through Amazon Q Developer in chat applications (formerly AWS Chatbot). Authorize the workspace once by
   * hand in the console of that service before the first deployment, and invite the app to a private channel. Members of the
   * channel can read metrics and alarms by commands, and nothing else. AWS accepts a channel once in an account, so each topic
   * needs another channel.
   *
   * @default none
   */
  readonly slack?: SlackChannel;

  /** Name of the topic. A new name replaces the topic, and each address has to confirm again. @default a generated name */
  readonly topicName?: string;

  /**
   * Customer managed key of this app that encrypts the topic. The construct adds the publishers to the policy of the key.
   *
   * @default a new key
   */
  readonly encryptionKey?: kms.Key;

  /** Let AWS Budgets publish, too. @default false: only the CloudWatch alarms of this account and region publish */
  readonly budgets?: boolean;

  /** Create the alarm `Undelivered`. @default true */
  readonly watched?: boolean;

  /**
   * Removal policy of a new key. KMS deletes a key 30 days after the request.
   *
   * @default RemovalPolicy.DESTROY, because the key encrypts only messages on their way
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A topic that carries the messages of CloudWatch alarms to people.
 *
 * - The topic is encrypted with a customer managed key, because CloudWatch cannot use the AWS managed key `alias/aws/sns`: the
 *   action of the alarm would fail, and only the history of the alarm would show the failure. KMS rotates a new key each year.
 * - Only CloudWatch alarms of this account and region publish (and AWS Budgets on request), and only by TLS. Identities of the
 *   account publish if their own policies allow both the topic and the key.
 * - The alarm `Undelivered` goes off when SNS gives up a message, or when an attempt to reach an endpoint fails. Never send this
 *   alarm to its own topic: the message that the alarm is over would fail, too, and set off the alarm again, without end.
 * - SNS reports no metric without messages, so missing data is not breaching: a topic without messages is healthy. The metric
 *   does not count a message that CloudWatch was not allowed to publish. Test the whole way by
 *   `aws cloudwatch set-alarm-state` on an alarm that uses the topic.
 *
 * @see https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns (the key)
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (the policy of the key)
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html (the policy of the topic)
 * @see https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html (AWS Budgets)
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html (NumberOfNotificationsFailed)
 *
 * @example
 * ```ts
 * const onCall = new AlarmTopic(this, 'OnCall', { emails: ['on-call@example.com'] });
 * const errors = live.metricErrors().createAlarm(this, 'Errors', { threshold: 1, evaluationPeriods: 1 });
 * errors.addAlarmAction({ bind: () => ({ alarmActionArn: onCall.topic.topicArn }) });
 * ```
 */
export class AlarmTopic extends Construct {
  readonly topic: sns.Topic;
  /** Key that encrypts the topic, to share the key with another topic. */
  readonly encryptionKey: kms.Key;
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: AlarmTopicProps) {
    super(scope, id);
    const { emails = [], endpoints = [], slack } = props;
    checkReceivers(emails, endpoints, slack);
    this.encryptionKey =
      props.encryptionKey ??
      new kms.Key(this, 'Key', {
        description: 'Encrypts messages of alarms',
        enableKeyRotation: true,
        removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
      });
    this.topic = new sns.Topic(this, 'Topic', {
      topicName: props.topicName,
      masterKey: this.encryptionKey,
      enforceSSL: true,
    });
    this.allowPublisher('cloudwatch', {
      resource: 'alarm',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    if (props.budgets) {
      const anyBudget = { region: '', resource: '*', arnFormat: ArnFormat.NO_RESOURCE_NAME };
      this.allowPublisher('budgets', anyBudget);
    }
    for (const email of emails) this.topic.addSubscription(new subscriptions.EmailSubscription(email));
    for (const endpoint of endpoints) this.topic.addSubscription(new subscriptions.UrlSubscription(endpoint));
    if (slack) {
      new chatbot.SlackChannelConfiguration(this, 'Slack', {
        slackChannelConfigurationName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
        slackWorkspaceId: slack.workspaceId,
        slackChannelId: slack.channelId,
        notificationTopics: [this.topic],
        // Without a guardrail, the service takes AdministratorAccess as the limit of what the channel may do.
        guardrailPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('CloudWatchReadOnlyAccess')],
      });
    }
    this.alarms = (props.watched ?? true) ? [this.undelivered()] : [];
  }

  /**
   * Lets a service publish on behalf of this account. SNS encrypts with the rights of the publisher. The policy of the key
   * names the account only, because the policy of the topic limits the sources already, and because a key that refuses a
   * message does so unseen. (For EventBridge, which is no publisher here, SNS supports no condition in the policy of a key.)
   */
  private allowPublisher(service: string, source: Omit<ArnComponents, 'service'>): void {
    const stack = Stack.of(this);
    const principals = [new iam.ServicePrincipal(`${service}.amazonaws.com`)];
    const ofAccount = { StringEquals: { 'aws:SourceAccount': stack.account } };
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals,
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ...ofAccount, ArnLike: { 'aws:SourceArn': stack.formatArn({ service, ...source }) } },
      }),
    );
    this.encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ofAccount,
      }),
    );
  }

  private undelivered(): cloudwatch.Alarm {
    return new cloudwatch.Alarm(this, 'Undelivered', {
      metric: this.topic.metricNumberOfNotificationsFailed({
        statistic: cloudwatch.Stats.SUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        'SNS could not deliver a message of an alarm to a receiver within 5 minutes: somebody was not notified. ' +
        'First look: the subscriptions of the topic, and whether the address, the service or the channel still exists.',
    });
  }
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

function checkReceivers(
  emails: readonly string[],
  endpoints: readonly string[],
  slack: SlackChannel | undefined,
): void {
  if (emails.length + endpoints.length === 0 && slack === undefined) {
    throw new Error(
      'emails, endpoints, slack: must name at least one receiver, got none. Give an address, a URL or a channel, such as ' +
        "emails: ['on-call@example.com'].",
    );
  }
  const wrongEmail = emails.find((email) => !Token.isUnresolved(email) && !EMAIL.test(email));
  if (wrongEmail !== undefined) {
    throw new Error(`emails: must be addresses, got "${wrongEmail}". Give an address such as on-call@example.com.`);
  }
  const wrongEndpoint = endpoints.find((endpoint) => !Token.isUnresolved(endpoint) && !isPlainHttps(endpoint));
  if (wrongEndpoint !== undefined) {
    throw new Error(
      `endpoints: must be https URLs without a user name and a password, got "${wrongEndpoint.replace(/\/\/[^/]*@/, '//…@')}". ` +
        'Give the URL that the service shows for Amazon SNS.',
    );
  }
  for (const [name, value, shape] of [
    ['workspaceId', slack?.workspaceId, /^[0-9A-Z]{1,255}$/],
    ['channelId', slack?.channelId, /^[A-Za-z0-9]+$/],
  ] as const) {
    if (value === undefined || Token.isUnresolved(value) || shape.test(value)) continue;
    throw new Error(
      `slack.${name}: must be the id that Slack shows, in letters and digits, got "${value}". ` +
        'Copy the id from the details of the workspace or of the channel.',
    );
  }
}

function isPlainHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}
