import { EnvironmentConfig, ReceiversConfig } from './environment-config';

/**
 * Checks values that the type checker would refuse, because `cdk synth` and `cdk deploy` do not run the type checker, and
 * values that would fail only during the deployment.
 *
 * @throws with the property, the rule, the value and what to do
 */
export function checkEnvironment(config: EnvironmentConfig): void {
  checkChoice('observability', config.observability, ['full', 'basic']);
  checkChoice('encryption', config.encryption, ['aws-owned', 'customer-managed']);
  checkPattern(
    'account',
    config.account,
    /^\d{12}$/,
    'the 12 digits of an account',
    'aws sts get-caller-identity prints it',
  );
  checkPattern(
    'permissionsBoundary',
    config.permissionsBoundary,
    /^[\w+=,.@-]{1,128}$/,
    'the name of a managed policy, not its ARN',
    'Give a name such as KumikiBoundary',
  );
  checkPattern(
    'runbookUrl',
    config.runbookUrl,
    /^(https:\/\/|[\w.])[^\s]*$/,
    'an https URL or a folder, without spaces',
    'Give an address such as https://wiki.example.com/kumiki, or leave it out',
  );
  const { notifications, budget } = config;
  if (notifications !== undefined) {
    if (notifications.page === undefined) {
      throw new Error(
        'notifications.page: must name who is notified when users are affected, got none. Give page beside notice, or leave ' +
          'notifications out',
      );
    }
    for (const kind of ['page', 'notice'] as const) checkReceivers(`notifications.${kind}`, notifications[kind]);
  }
  if (budget !== undefined) {
    checkList('budget.emails', budget.emails);
    if ((budget.emails ?? []).length === 0 && notifications?.notice === undefined) {
      throw new Error(
        'budget.emails: must name at least one receiver, got none. Give an address such as owner@example.com, or notifications.notice',
      );
    }
  }
}

function checkChoice(property: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new Error(
    `${property}: must be one of ${choices.join(', ')}, got ${text(value)}. Leave it out for ${choices[0]}`,
  );
}

function checkPattern(property: string, value: unknown, pattern: RegExp, rule: string, remedy: string): void {
  if (value === undefined || (typeof value === 'string' && pattern.test(value))) return;
  throw new Error(`${property}: must be ${rule}, got ${text(value)}. ${remedy}`);
}

function checkReceivers(property: string, receivers: ReceiversConfig | undefined): void {
  if (receivers === undefined) return;
  const { topicArn, emails, endpoints, slack } = receivers;
  if (topicArn !== undefined && [emails, endpoints, slack].some((value) => value !== undefined)) {
    throw new Error(
      `${property}: must be topicArn or new receivers, got both. Subscribe the new receivers to your topic, or leave topicArn out`,
    );
  }
  checkList(`${property}.emails`, emails);
  checkList(`${property}.endpoints`, endpoints);
  const webhook = endpoints?.find((endpoint) => /^https:\/\/hooks\.slack\.com\//i.test(endpoint));
  if (webhook !== undefined) {
    throw new Error(
      `${property}.endpoints: must confirm a subscription of SNS, which a webhook of Slack does not, got hooks.slack.com. ` +
        'Give the channel as slack: { workspaceId, channelId }',
    );
  }
}

function checkList(property: string, list: unknown): void {
  if (list === undefined) return;
  if (!Array.isArray(list))
    throw new Error(`${property}: must be a list, got ${text(list)}. Give ["on-call@example.com"]`);
  const twice = list.find((value, index) => list.indexOf(value) !== index);
  if (twice === undefined) return;
  throw new Error(`${property}: must name each receiver once, got ${text(twice)} twice. Remove one of the two`);
}

/** A value as it stands in the code, so that "5" differs from 5. */
function text(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
