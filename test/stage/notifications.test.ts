import { Template } from 'aws-cdk-lib/assertions';
import { EnvironmentConfig } from '../../lib/environment-config';
import { topicArnOf } from '../../lib/notifications';
import { isAffecting } from '../../lib/stacks/operations-stack';
import { fixtureOf } from '../support/fixture';
import { resourcesOf, stacksOf, stageOf, synthesized, templatesOf } from '../support/stage';
import { NOTICE_TOPIC, PAGE_TOPIC, variants } from '../support/variants';

const text = (value: unknown) => JSON.stringify(value);

/** The reference to a topic that the environment creates. */
function ownTopic(kind: string): object {
  const parts = [
    ['arn:', { Ref: 'AWS::Partition' }, ':sns:us-east-1:', { Ref: 'AWS::AccountId' }, `:Kumiki-trial-${kind}`],
  ];
  return { 'Fn::Join': ['', ...parts] };
}

/** The topics to which an alarm sends when it goes off. Fails if the alarm does not send there when it is over, too. */
function topicsOf({ Properties = {} }: { readonly Properties?: Record<string, unknown> }): unknown {
  expect(Properties['OKActions']).toEqual(Properties['AlarmActions']);
  return Properties['AlarmActions'];
}

function alarmsOf(templates: Record<string, Template>) {
  const ofType = (type: string) => resourcesOf(templates).filter(([, , { Type }]) => Type === type);
  const [composite] = ofType('AWS::CloudWatch::CompositeAlarm').filter(
    ([, , { Properties }]) => Properties?.['AlarmName'] === 'Kumiki-trial-UsersAffected',
  );
  const metric = ofType('AWS::CloudWatch::Alarm');
  const isUndelivered = ([stack, id]: readonly [string, string, object]) =>
    stack === 'Notifications' && /Undelivered/.test(id);
  return {
    composite: composite?.[2],
    undelivered: Object.fromEntries(
      metric.filter(isUndelivered).map(([, id, alarm]) => [id.replace(/Und.*/, ''), alarm]),
    ),
    others: metric.filter((alarm) => !isUndelivered(alarm)).map(([, , alarm]) => alarm),
  };
}

const { trial } = variants();
if (trial === undefined) throw new Error('There is no variant trial.');
const withNotifications = (notifications: EnvironmentConfig['notifications'], more: Partial<EnvironmentConfig> = {}) =>
  synthesized({ ...trial, ...more, notifications });

const page = { emails: ['on-call@example.com'] };
const notice = { emails: ['team@example.com'] };

test('only the alarm that users are affected pages, and every other alarm is a notice', () => {
  const { composite, undelivered, others } = alarmsOf(withNotifications({ page, notice }));
  expect(topicsOf(composite ?? {})).toEqual([ownTopic('page')]);
  expect(others.length).toBeGreaterThan(10);
  for (const alarm of others) expect(topicsOf(alarm)).toEqual([ownTopic('notice')]);
  expect(topicsOf(undelivered['Page'] ?? {})).toEqual([ownTopic('notice')]);
});

test('a notice that is not delivered sends no notice, because that would fail, too, without end', () => {
  const { undelivered } = alarmsOf(withNotifications({ page, notice }));
  expect(Object.keys(undelivered).sort()).toEqual(['Notice', 'Page']);
  expect(topicsOf(undelivered['Notice'] ?? {})).toBeUndefined();
});

test.each([{ page, notice }, { page }])(
  'a failed run to wake pages, because the actions of the page are off then, and its OK closes no incident: %j',
  (notifications) => {
    const sleep = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
    const failed = Object.values(
      withNotifications(notifications, { sleep })['Sleep']?.findResources('AWS::CloudWatch::Alarm') ?? {},
    );
    expect(failed.map(({ Properties }) => [Properties.AlarmActions, Properties.OKActions])).toEqual([
      [[ownTopic('page')], undefined],
    ]);
  },
);

test('without notices, only the alarm that users are affected has an action', () => {
  const { undelivered, others } = alarmsOf(withNotifications({ page }));
  for (const alarm of [...others, ...Object.values(undelivered)]) expect(topicsOf(alarm)).toBeUndefined();
});

test('topics that exist are used, and no topic is created for them', () => {
  const templates = withNotifications({ page: { topicArn: PAGE_TOPIC }, notice: { topicArn: NOTICE_TOPIC } });
  expect(resourcesOf(templates).filter(([, , { Type }]) => Type.startsWith('AWS::SNS'))).toEqual([]);
  for (const alarm of alarmsOf(templates).others) expect(topicsOf(alarm)).toEqual([NOTICE_TOPIC]);
});

test('the topics have the names that the alarms use, and share a key', () => {
  const template = withNotifications({ page, notice })['Notifications'];
  const topics = Object.values(template?.findResources('AWS::SNS::Topic') ?? {});
  expect(topics.map(({ Properties }) => Properties.TopicName)).toEqual(['Kumiki-trial-page', 'Kumiki-trial-notice']);
  expect(new Set(topics.map(({ Properties }) => text(Properties.KmsMasterKeyId))).size).toBe(1);
  template?.resourceCountIs('AWS::KMS::Key', 1);
});

test('the topics use the key of the environment, if there is one, and its policy lets CloudWatch encrypt', () => {
  const templates = withNotifications({ page, notice }, { encryption: 'customer-managed' });
  templates['Notifications']?.resourceCountIs('AWS::KMS::Key', 0);
  templates['Notifications']?.resourceCountIs('AWS::SNS::Topic', 2);
  templates['Encryption']?.resourceCountIs('AWS::KMS::Key', 1);
  expect(text(templates['Encryption']?.toJSON())).toContain('"cloudwatch.amazonaws.com"');
});

test('every stack is deployed after the topics, and destroyed before them', () => {
  const stage = stageOf({ ...trial, notifications: { page, notice } });
  templatesOf(stage);
  const { Notifications: notifications, ...others } = stacksOf(stage);
  for (const stack of Object.values(others)) expect(stack.dependencies).toContain(notifications);
});

test('the composite alarm refers to each alarm of which a stack says that users are affected, and is deployed after them', () => {
  const stage = stageOf(trial);
  const template = templatesOf(stage)['Operations'];
  const affecting = Object.values(stacksOf(stage)).filter(isAffecting);
  const [composite] = Object.values(template?.findResources('AWS::CloudWatch::CompositeAlarm') ?? {});
  const references = text(composite?.['Properties'].AlarmRule).match(/"Fn::GetStackOutput"/g);
  expect(references?.length).toBeGreaterThan(3);
  expect(references).toHaveLength(affecting.flatMap((stack) => stack.affecting).length);
  const dependencies = stacksOf(stage)['Operations']?.dependencies;
  for (const stack of affecting) {
    if (stack.affecting.length > 0) expect(dependencies).toContain(stack);
  }
});

test('a command sets off the alarm that users are affected, to test the way to people', () => {
  const scheduled = { webSocketApi: fixtureOf('lasting').webSocketApi };
  const outputs = withNotifications({ page }, scheduled)['Operations']?.toJSON()['Outputs'];
  // Errors of the REST API, because every environment has this alarm, and no deployment of a container service watches it.
  const alarm = '"Fn::GetStackOutput":\\{"StackName":"Kumiki-trial-RestApi",.*"OutputName":"\\w*AlarmsServerErrors';
  expect(text(outputs?.TestCommand)).toMatch(
    new RegExp(`aws cloudwatch set-alarm-state .*${alarm}.*--state-value ALARM`),
  );
});

test('the budget is for the tag of the environment, and notifies the addresses and the topic for notices', () => {
  const budget = { monthlyUsd: 150, emails: ['owner@example.com'] };
  const templates = withNotifications({ page, notice }, { budget });
  templates['Operations']?.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: { CostFilters: { TagKeyValue: ['user:kumiki:environment$trial'] } },
  });
  const [found] = Object.values(templates['Operations']?.findResources('AWS::Budgets::Budget') ?? {});
  for (const { Subscribers } of found?.['Properties'].NotificationsWithSubscribers ?? []) {
    expect(Subscribers).toEqual([
      { Address: 'owner@example.com', SubscriptionType: 'EMAIL' },
      { Address: ownTopic('notice'), SubscriptionType: 'SNS' },
    ]);
  }
  const policies = text(templates['Notifications']?.toJSON()).match(/budgets\.amazonaws\.com/g);
  // In the policy of the topic for notices, and in that of the key.
  expect(policies).toHaveLength(2);
});

test('AWS Budgets may not publish in an environment without a budget', () => {
  expect(text(withNotifications({ page, notice })['Notifications']?.toJSON())).not.toContain('budgets');
});

test('a budget of which nobody would be notified is refused', () => {
  expect(() => withNotifications({ page }, { budget: { monthlyUsd: 150 } })).toThrow(
    'budget.emails: must name at least one receiver, got none.',
  );
});

test('no topic is created where nothing would send to the topic', () => {
  const templates = withNotifications({ page, notice }, { alarms: false });
  expect(resourcesOf(templates).filter(([stack]) => stack === 'Notifications')).toEqual([]);
});

test.each(['page', 'notice'] as const)('nobody receives a %s by default', (kind) => {
  expect(topicArnOf(trial, kind)).toBeUndefined();
});

test('fails for one channel of Slack for pages and notices, because AWS accepts a channel once in an account', () => {
  const slack = { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' };
  expect(() => withNotifications({ page: { slack }, notice: { slack } })).toThrow(
    'notifications.notice.slack: must be another channel than that of notifications.page, got "C0123ABCD" for both. Give',
  );
  const others = { page: { slack }, notice: { slack: { ...slack, channelId: 'C0123ABCE' } } };
  withNotifications(others)['Notifications']?.resourceCountIs('AWS::Chatbot::SlackChannelConfiguration', 2);
});
