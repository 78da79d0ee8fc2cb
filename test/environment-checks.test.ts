import { checkEnvironment } from '../lib/environment-checks';
import { EnvironmentConfig } from '../lib/environment-config';
import { fixtureOf } from './support/fixture';
import { stageOf } from './support/stage';
import { variants } from './support/variants';

/** An environment with values that the type checker would refuse, as the CDK CLI takes them. */
const withValues = (values: Readonly<Record<string, unknown>>): EnvironmentConfig =>
  Object.assign(fixtureOf('trial'), values);

const PAGE = { emails: ['on-call@example.com'] };
const HOURS = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ observability: 'none' }, 'observability: must be one of full, basic, got "none". Leave it out for full'],
  [
    { encryption: 'kms' },
    'encryption: must be one of aws-owned, customer-managed, got "kms". Leave it out for aws-owned',
  ],
  [{ alarms: 'off' }, 'alarms: must be false or an object, got "off". Give false for no alarms'],
  [{ alarms: true }, 'alarms: must be false or an object, got true.'],
  [{ sleep: false }, 'sleep: must be an object, got false. Leave it out to switch it off'],
  [{ budget: 150 }, 'budget: must be an object, got 150.'],
  [{ notifications: ['a@example.com'] }, 'notifications: must be an object, got ["a@example.com"].'],
  [{ httpApi: null }, 'httpApi: must be an object, got null.'],
  [{ notifications: { page: 'a@example.com' } }, 'notifications.page: must be an object, got "a@example.com".'],
  [{ dashboard: 'no' }, 'dashboard: must be true or false, got "no". Leave it out for true'],
  [{ disposable: 'false' }, 'disposable: must be true or false, got "false". Give one of the two'],
  [{ terminationProtection: undefined }, 'terminationProtection: must be true or false, got undefined.'],
  [
    { function: { memoryMiB: 512, logLevel: 'INFO', release: { kind: 'canary', minutes: 7 } } },
    'function.release.minutes: must be one of 5, 10, 15, 30 for kind "canary", got 7.',
  ],
  [
    { function: { memoryMiB: 512, logLevel: 'INFO', release: { kind: 'linear', minutes: 5 } } },
    'function.release.minutes: must be one of 1, 2, 3, 10 for kind "linear", got 5.',
  ],
  [
    { function: { memoryMiB: 512, logLevel: 'INFO', release: { kind: 'steps', minutes: 10 } } },
    'function.release.kind: must be one of canary, linear, got "steps".',
  ],
  ...[0, 15, 1.5, '10'].map((rolloutMinutes): [Readonly<Record<string, unknown>>, string] => [
    { kubernetes: { nodes: {}, service: { rolloutMinutes } } },
    `kubernetes.service.rolloutMinutes: must be a whole number from 1 to 14, got ${JSON.stringify(rolloutMinutes)}.`,
  ]),
  [{ account: '22223333' }, 'account: must be the 12 digits of an account, got "22223333". aws sts'],
  [{ account: 123456789012 }, 'account: must be the 12 digits of an account, got 123456789012.'],
  [{ permissionsBoundary: '' }, 'permissionsBoundary: must be the name of a managed policy, not its ARN, got "".'],
  [{ permissionsBoundary: 'arn:aws:iam::123456789012:policy/KumikiBoundary' }, 'permissionsBoundary: must be the name'],
  [{ permissionsBoundary: 'a'.repeat(129) }, 'permissionsBoundary: must be the name'],
  [{ runbookUrl: '' }, 'runbookUrl: must be an https URL or a folder, without spaces, got "".'],
  [{ runbookUrl: 'https://wiki.example.com/our runbooks' }, 'runbookUrl: must be an https URL'],
  [
    { notifications: { notice: PAGE } },
    'notifications.page: must name who is notified when users are affected, got none.',
  ],
  [
    { notifications: { page: { topicArn: TOPIC, ...PAGE } } },
    'notifications.page: must be topicArn or new receivers, got both.',
  ],
  [
    { notifications: { page: { emails: 'a@example.com' } } },
    'notifications.page.emails: must be a list, got "a@example.com".',
  ],
  [
    { notifications: { page: PAGE, notice: { emails: ['a@example.com', 'a@example.com'] } } },
    'notifications.notice.emails: must name each receiver once, got "a@example.com" twice.',
  ],
  [
    { notifications: { page: { endpoints: ['https://hooks.slack.com/services/T0/B0/x'] } } },
    'notifications.page.endpoints: must confirm a subscription of SNS, which a webhook of Slack does not, got hooks.slack.com.',
  ],
  [
    { budget: { monthlyUsd: 100, emails: ['a@example.com', 'a@example.com'] } },
    'budget.emails: must name each receiver once',
  ],
])('refuses %j in one line', (values, message) => {
  expect(() => checkEnvironment(withValues(values))).toThrow(message);
  expect(() => checkEnvironment(withValues(values))).toThrow(/^[^\n]+$/);
});

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ notifications: { page: { emails: ['nobody'] } } }, 'notifications.page.emails: must be addresses, got "nobody".'],
  [
    { notifications: { page: PAGE, notice: {} } },
    'notifications.notice.emails, endpoints, slack: must name at least one receiver',
  ],
  [{ budget: { monthlyUsd: 0, ...PAGE } }, 'budget.monthlyUsd: must be more than 0 USD, got 0.'],
  [{ sleep: { ...HOURS, wakesOn: 'daily' } }, 'sleep.wakesOn: must be weekdays or every-day, got "daily".'],
  [{ sleep: { ...HOURS, from: '24:00' } }, 'sleep.from: must be a time from 00:00 to 23:59, got "24:00".'],
  [{ sleep: { ...HOURS, until: '20:30' } }, 'sleep.until: must be at least 90 minutes before and after from'],
  [{ sleep: { from: '20:00', until: '08:00' } }, 'sleep.timeZone: must be a name of the IANA time zone database'],
  [{ budget: { monthlyUsd: 100 } }, 'budget.emails: must name at least one receiver, got none. Give an address'],
])('names the property of the environment in an error of a construct: %j', (values, message) => {
  expect(() => stageOf(withValues(values))).toThrow(message);
});

test('a stage checks its environment before it creates anything', () => {
  expect(() => stageOf(withValues({ observability: 'none' }))).toThrow('observability: must be one of');
});

test.each(Object.entries(variants()))('accepts the environment %s', (_, config) => {
  expect(() => checkEnvironment(config)).not.toThrow();
});
