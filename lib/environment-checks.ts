import type { ReleaseSteps } from './constructs/gradual-release';
import { EnvironmentConfig, ReceiversConfig } from './environment-config';

/**
 * Checks values that the type checker would refuse, because `cdk synth` and `cdk deploy` do not run the type checker, and
 * values that would fail only during the deployment.
 *
 * @throws with the property, the rule, the value and what to do
 */
export function checkEnvironment(config: EnvironmentConfig): void {
  checkKinds(config);
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
  checkRelease(config);
  checkRollout(config);
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

/** Checks kinds of values, because a part that is neither described nor left out would be on in one stack and off in another. */
function checkKinds(config: EnvironmentConfig): void {
  const { alarms, kubernetes } = config;
  if (alarms !== undefined && alarms !== false && !isObject(alarms)) {
    throw new Error(
      `alarms: must be false or an object, got ${text(alarms)}. Give false for no alarms, or leave it out for all alarms`,
    );
  }
  for (const [property, value] of Object.entries({
    notifications: config.notifications,
    budget: config.budget,
    sleep: config.sleep,
    httpApi: config.httpApi,
    webSocketApi: config.webSocketApi,
    kubernetes,
    'function.provisionedConcurrency': config.function.provisionedConcurrency,
    'function.release': config.function.release,
    'restApi.cache': config.restApi.cache,
    'loadBalancer.https': config.loadBalancer.https,
  })) {
    if (value === undefined || isObject(value)) continue;
    throw new Error(
      `${property}: must be an object, got ${text(value)}. Leave it out to switch it off: docs/switches.md has its values`,
    );
  }
  for (const [property, value, byDefault] of [
    ['disposable', config.disposable],
    ['terminationProtection', config.terminationProtection],
    ['restApi.ownsApiAccount', config.restApi.ownsApiAccount],
    ['dashboard', config.dashboard, true],
    ['capacity.ec2.trunking', config.capacity.ec2?.trunking, false],
    ['httpApi.disableDefaultEndpoint', config.httpApi?.disableDefaultEndpoint, false],
    ['kubernetes.observability', kubernetes?.observability, false],
    ['kubernetes.deletionProtection', kubernetes?.deletionProtection, false],
    ['kubernetes.nodes.spot', kubernetes?.nodes.spot, false],
    ...(config.webSocketApi ? [['webSocketApi.ticker.scheduled', config.webSocketApi.ticker.scheduled] as const] : []),
  ] as const) {
    if (typeof value === 'boolean' || (value === undefined && byDefault !== undefined)) continue;
    const remedy = byDefault === undefined ? 'Give one of the two' : `Leave it out for ${byDefault}`;
    throw new Error(`${property}: must be true or false, got ${text(value)}. ${remedy}`);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Minutes of the steps that CodeDeploy has, by their kind. */
const RELEASE_MINUTES: { readonly [Kind in ReleaseSteps['kind']]: readonly number[] } = {
  canary: [5, 10, 15, 30],
  linear: [1, 2, 3, 10],
};

/** The construct refuses these values, too, but it does not know their property. */
function checkRelease({ function: { release } }: EnvironmentConfig): void {
  if (release === undefined) return;
  const { kind, minutes } = release;
  if (!Object.hasOwn(RELEASE_MINUTES, kind)) {
    throw new Error(
      `function.release.kind: must be one of ${Object.keys(RELEASE_MINUTES).join(', ')}, got ${text(kind)}. Give one of them`,
    );
  }
  const known = RELEASE_MINUTES[kind];
  if (known.includes(minutes)) return;
  throw new Error(
    `function.release.minutes: must be one of ${known.join(', ')} for kind "${kind}", got ${text(minutes)}. ` +
      'Give minutes that CodeDeploy has',
  );
}

/** The construct refuses these values, too, but it does not know their property. */
function checkRollout({ kubernetes }: EnvironmentConfig): void {
  const minutes = kubernetes?.service.rolloutMinutes;
  if (minutes === undefined || (Number.isInteger(minutes) && minutes >= 1 && minutes <= 14)) return;
  throw new Error(
    `kubernetes.service.rolloutMinutes: must be a whole number from 1 to 14, got ${text(minutes)}. ` +
      'Give 10, or leave it out to not wait for the pods',
  );
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
  if (!isObject(receivers)) {
    throw new Error(
      `${property}: must be an object, got ${text(receivers)}. Give receivers such as { emails: ["on-call@example.com"] }`,
    );
  }
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
