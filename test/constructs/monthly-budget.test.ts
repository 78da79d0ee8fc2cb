import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MonthlyBudget, MonthlyBudgetProps } from '../../lib/constructs/monthly-budget';

const OWNER = 'owner@example.com';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:notice';

function synthesize(props: Partial<MonthlyBudgetProps>): { Budget: object; NotificationsWithSubscribers: object[] } {
  const stack = new Stack(new App(), 'Test');
  new MonthlyBudget(stack, 'Budget', { monthlyUsd: 150, ...props });
  const [budget] = Object.values(Template.fromStack(stack).findResources('AWS::Budgets::Budget'));
  return budget?.['Properties'];
}

test('counts the cost of a month in USD for resources with a tag', () => {
  const tag = { key: 'shop:environment', value: 'sandbox' };
  expect(synthesize({ emails: [OWNER], tag }).Budget).toEqual({
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: 150, Unit: 'USD' },
    CostFilters: { TagKeyValue: ['user:shop:environment$sandbox'] },
  });
});

test('counts the whole account without a tag', () => {
  expect(synthesize({ emails: [OWNER] }).Budget).not.toHaveProperty('CostFilters');
});

test('notifies at 80 % and 100 % of the actual cost, and at 100 % of the forecast', () => {
  const notifications = synthesize({ emails: [OWNER] }).NotificationsWithSubscribers;
  const of = (NotificationType: string, Threshold: number) => ({
    Notification: { NotificationType, Threshold, ThresholdType: 'PERCENTAGE', ComparisonOperator: 'GREATER_THAN' },
    Subscribers: [{ Address: OWNER, SubscriptionType: 'EMAIL' }],
  });
  expect(notifications).toEqual([of('ACTUAL', 80), of('ACTUAL', 100), of('FORECASTED', 100)]);
});

test('notifies a topic beside the addresses', () => {
  for (const notification of synthesize({ emails: [OWNER], topicArn: TOPIC }).NotificationsWithSubscribers) {
    expect(notification).toMatchObject({
      Subscribers: [{ SubscriptionType: 'EMAIL' }, { Address: TOPIC, SubscriptionType: 'SNS' }],
    });
  }
});

test.each<[string, Partial<MonthlyBudgetProps>, string]>([
  [
    'no cost',
    { emails: [OWNER], monthlyUsd: 0 },
    'monthlyUsd: must be more than 0 USD, got 0. Give a number such as 150.',
  ],
  ['no number', { emails: [OWNER], monthlyUsd: Number.NaN }, 'monthlyUsd: must be more than 0 USD, got NaN.'],
  ['no receiver', {}, 'emails, topicArn: must name at least one receiver, got none.'],
  ['a malformed address', { emails: ['owner'] }, 'emails: must be addresses, got "owner".'],
  ['eleven addresses', { emails: Array(11).fill(OWNER) }, 'emails: must be at most 10 addresses, got 11.'],
])('fails for %s', (_, props, message) => {
  expect(() => synthesize(props)).toThrow(message);
});
