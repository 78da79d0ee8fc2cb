// Kumiki 0.2.0, monthly-budget.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Token } from 'aws-cdk-lib';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

export interface MonthlyBudgetProps {
  /** Cost of a calendar month in USD. @throws unless it is more than 0 */
  readonly monthlyUsd: number;

  /**
   * Count only the cost of resources with this tag. The tag counts from the day on which it is activated as a cost allocation
   * tag in the Billing console of the account (in an organization, of its management account). Before that, no cost has the
   * tag, and the budget counts nothing.
   *
   * @default the cost of the whole account
   */
  readonly tag?: { readonly key: string; readonly value: string };

  /** Addresses that receive an e-mail, 10 at most, without a confirmation. @default none */
  readonly emails?: readonly string[];

  /**
   * ARN of a topic of this account that receives a message. The policies of the topic and of its key have to let
   * `budgets.amazonaws.com` publish. @default none
   */
  readonly topicArn?: string;
}

/**
 * A budget that notifies people when the cost of this month is above 80 % and 100 % of the budget, and when the cost at the
 * end of the month is forecast to be above 100 %.
 *
 * A budget stops nothing, and a message comes hours after the cost, because AWS updates the cost a few times a day.
 *
 * The name is generated: a change of the receivers replaces the budget, and CloudFormation creates the new budget first.
 * Not every region knows the resource type: CloudFormation refused the type in Zurich (eu-central-2) when the issue below was
 * written. A budget in any other region counts the cost of all regions.
 *
 * @see https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
 * @see https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
 * @see https://docs.aws.amazon.com/cli/latest/reference/budgets/create-budget.html (the format of a tag)
 * @see https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2177 (eu-central-2)
 *
 * @example
 * ```ts
 * const tag = { key: 'shop:environment', value: 'sandbox' };
 * new MonthlyBudget(this, 'Budget', { monthlyUsd: 150, tag, emails: ['owner@example.com'] });
 * ```
 */
export class MonthlyBudget extends Construct {
  readonly budget: budgets.CfnBudget;

  constructor(scope: Construct, id: string, props: MonthlyBudgetProps) {
    super(scope, id);
    const { monthlyUsd, tag, emails = [], topicArn } = props;
    check(monthlyUsd, emails, topicArn);
    const subscribers = [
      ...emails.map((address) => ({ address, subscriptionType: 'EMAIL' })),
      ...(topicArn === undefined ? [] : [{ address: topicArn, subscriptionType: 'SNS' }]),
    ];
    this.budget = new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: tag && { TagKeyValue: [`user:${tag.key}$${tag.value}`] },
      },
      notificationsWithSubscribers: THRESHOLDS.map(([notificationType, threshold]) => ({
        notification: {
          notificationType,
          threshold,
          thresholdType: 'PERCENTAGE',
          comparisonOperator: 'GREATER_THAN',
        },
        subscribers,
      })),
    });
  }
}

/** Percent of the budget. */
const THRESHOLDS = [
  ['ACTUAL', 80],
  ['ACTUAL', 100],
  ['FORECASTED', 100],
] as const;

/** Addresses of one notification. */
const MAX_EMAILS = 10;

function check(monthlyUsd: number, emails: readonly string[], topicArn: string | undefined): void {
  if (!Token.isUnresolved(monthlyUsd) && !(monthlyUsd > 0 && Number.isFinite(monthlyUsd))) {
    throw new Error(`monthlyUsd: must be more than 0 USD, got ${monthlyUsd}. Give a number such as 150.`);
  }
  if (emails.length === 0 && topicArn === undefined) {
    throw new Error(
      'emails, topicArn: must name at least one receiver, got none. Give an address, such as ' +
        "emails: ['owner@example.com'], or the ARN of a topic.",
    );
  }
  if (emails.length > MAX_EMAILS) {
    throw new Error(
      `emails: must be at most ${MAX_EMAILS} addresses, got ${emails.length}. Give the address of a mailing list.`,
    );
  }
  const wrong = emails.find((email) => !Token.isUnresolved(email) && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email));
  if (wrong !== undefined) {
    throw new Error(`emails: must be addresses, got "${wrong}". Give an address such as owner@example.com.`);
  }
}
