import * as fc from 'fast-check';
import { environmentOf } from '../lib/context';
import { checkEnvironment } from '../lib/environment-checks';
import { EnvironmentConfig } from '../lib/environment-config';
import { fixtureOf, fixtures } from './support/fixture';
import { stageOf } from './support/stage';
import { variants } from './support/variants';

/** An environment with values that the type checker would refuse, as the CDK CLI takes them. */
const withValues = (values: Readonly<Record<string, unknown>>): EnvironmentConfig =>
  Object.assign(fixtureOf('trial'), values);

const PAGE = { emails: ['on-call@example.com'] };
const HOURS = { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' };
const CLUSTER = fixtureOf('trial', { kubernetes: 'true' }).kubernetes;
const THROTTLE = { rate: 50, burst: 100 };
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';

const routing = (cidr: string, ...routedCidrs: readonly string[]) => ({
  create: { cidr, egress: { mode: 'nat', gateways: 1 }, routedCidrs },
});

/** An object that JSON cannot have, such as a construct. */
const itself: { self?: unknown } = {};
itself.self = itself;

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
    { kubernetes: { ...CLUSTER, service: { ...CLUSTER?.service, rolloutMinutes } } },
    `kubernetes.service.rolloutMinutes: must be a whole number from 1 to 14, got ${JSON.stringify(rolloutMinutes)}.`,
  ]),
  [{ account: '22223333' }, 'account: must be the 12 digits of an account, got "22223333". aws sts'],
  [{ account: 123456789012 }, 'account: must be the 12 digits of an account, got 123456789012.'],
  [{ permissionsBoundary: '' }, 'permissionsBoundary: must be the name of a managed policy, not its ARN, got "".'],
  [{ permissionsBoundary: 'arn:aws:iam::123456789012:policy/KumikiBoundary' }, 'permissionsBoundary: must be the name'],
  [{ permissionsBoundary: 'a'.repeat(129) }, 'permissionsBoundary: must be the name'],
  [{ runbookUrl: 's3://x' }, 'runbookUrl: must be an https URL or a folder, without spaces, got "s3://x".'],
  [{ id: 'prod_eu' }, 'id: must be letters and digits with hyphens between, got "prod_eu". Rename the environment'],
  [
    { network: { create: { cidr: '10.0.0.0/16', egress: { mode: 'nat-instance', gateways: 1 } } } },
    'network.create.egress.gateways: must be left out with mode "nat-instance". Remove it',
  ],
  [{ region: 'us-east-11' }, 'region: must be a region of AWS, got "us-east-11". Give a name such as us-east-1'],
  [{ network: { existing: itself } }, 'network.existing.self: is not a property of an environment.'],
  [
    { runbookUrl: itself },
    'runbookUrl: must be an https URL or a folder, without spaces, got an object that contains itself.',
  ],
  [{ runbookUrl: '' }, 'runbookUrl: must be an https URL or a folder, without spaces, got "".'],
  [{ runbookUrl: 'https://wiki.example.com/our runbooks' }, 'runbookUrl: must be an https URL'],
  [
    { notifications: { notice: PAGE } },
    'notifications.page: must be an object, got undefined. Give receivers such as { emails: ["on-call@example.com"] }',
  ],
  [
    { notifications: { page: { topicArn: TOPIC, ...PAGE } } },
    'notifications.page.emails: must be left out beside topicArn, got ["on-call@example.com"]. Remove it',
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
  [
    { sleep: { ...HOURS, timeZone: 'Asia/Tokio' } },
    'sleep.timeZone: must be a name of the IANA time zone database, got "Asia/Tokio".',
  ],
  [{ sleep: { ...HOURS, until: '20:30' } }, 'sleep.until: must be at least 90 minutes before and after from'],
  [
    { network: { create: { cidr: '10.0.0.0/24', egress: { mode: 'nat' } } } },
    'network.create.cidr: 10.0.0.0/24 is too small for its subnets',
  ],
  [
    { network: { create: { cidr: '10.0.0.0/16', egress: { mode: 'nat', gateways: 5 } } } },
    'network.create.egress.gateways: must be a whole number from 1 to the 2 availability zones, got 5.',
  ],
  [
    { network: { existing: { vpcId: 'vpc-1', cidr: '10.0.0.0/16', privateSubnets: [] } } },
    'network.existing.privateSubnets: must be one for each of the 2 availability zones',
  ],
  [
    { function: { memoryMiB: 512, logLevel: 'INFO', provisionedConcurrency: { min: 5, max: 4 } } },
    'function.provisionedConcurrency.max: must be a whole number of at least 5 (environments), got 4.',
  ],
  [
    { httpApi: { throttle: THROTTLE, cors: { origins: ['a.example'] } } },
    'httpApi.cors.origins: must be scheme, host and port as browsers send them, got "a.example".',
  ],
  [{ httpApi: { throttle: THROTTLE, disableDefaultEndpoint: true } }, 'httpApi.disableDefaultEndpoint: needs domain'],
  [
    { network: routing('10.0.0.0/16', '172.16.0.0/12'), kubernetes: CLUSTER },
    'network.create.routedCidrs[0]: must not overlap the addresses of Services (10.100.0.0/16 or 172.20.0.0/16), got ' +
      '"172.16.0.0/12". Give kubernetes.serviceCidr, a private block of /12 to /24 that no network uses',
  ],
  [
    { network: routing('10.0.0.0/16', '192.168.1.0/24'), kubernetes: { ...CLUSTER, serviceCidr: '192.168.0.0/16' } },
    'network.create.routedCidrs[0]: must not overlap the addresses of Services (192.168.0.0/16), got "192.168.1.0/24".',
  ],
  [
    { network: routing('10.0.0.0/16'), kubernetes: { ...CLUSTER, serviceCidr: '10.0.128.0/20' } },
    'kubernetes.serviceCidr: must not overlap 10.0.0.0/16 of the VPC, got "10.0.128.0/20".',
  ],
  [{ kubernetes: { ...CLUSTER, publicCidrs: ['203.0.113.7'] } }, 'kubernetes.publicCidrs: must be IPv4 blocks'],
  [
    { kubernetes: { ...CLUSTER, nodes: { ...CLUSTER?.nodes, spot: true } } },
    'kubernetes.nodes.instanceTypes: must be at least two with spot, got "t4g.medium" only.',
  ],
  [
    { kubernetes: { ...CLUSTER, service: { ...CLUSTER?.service, cpuMillis: 100_000 } } },
    'kubernetes.service.cpuMillis, memoryMiB: a pod must fit on a node',
  ],
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

describe('a definition as in lib/environments.ts', () => {
  const CERTIFICATE = 'arn:aws:acm:eu-west-1:111122223333:certificate/00000000-0000-0000-0000-000000000000';
  const WEB_ACL = 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/kumiki/00000000';
  const SCHEDULE = { id: 'Morning', cron: 'cron(0 8 * * ? *)', min: 1, max: 2 };

  /** The stage's checks of the fixture `trial` with other values, by their paths. */
  function checked(values: Readonly<Record<string, unknown>>): EnvironmentConfig {
    const trial = structuredClone(fixtures.trial);
    for (const [path, value] of Object.entries(values)) put(trial, path.split('.'), value);
    const config = environmentOf({}, { trial });
    checkEnvironment(config);
    return config;
  }

  test.each<[string, Readonly<Record<string, unknown>>, string | RegExp]>([
    [
      'a mistyped mode of egress, which would delete the NAT',
      { 'network.create.egress.mode': 'Nat' },
      'network.create.egress.mode: must be one of nat, nat-instance, endpoints, none, got "Nat". Give { mode: \'nat\', gateways: 1 }',
    ],
    [
      'egress as a text',
      { 'network.create.egress': 'nat' },
      'network.create.egress: must be an object with mode, got "nat". Give { mode: \'nat\', gateways: 1 }',
    ],
    [
      'a number of gateways as a text',
      { 'network.create.egress.gateways': '2' },
      'network.create.egress.gateways: must be a whole number of at least 1 or "one-per-zone", got "2".',
    ],
    [
      'neither a new nor an existing VPC',
      { network: {} },
      'network.create: must be an object, got undefined. Give create',
    ],
    [
      'an existing VPC without its id',
      { network: { existing: {} } },
      'network.existing.vpcId: must be a text, got undefined.',
    ],
    [
      'a rate without a burst',
      { 'restApi.throttle': { rate: 50 } },
      'restApi.throttle.burst: must be a whole number of at least 1, got undefined. Give the requests that may come at once',
    ],
    [
      'a throttle of none',
      { 'httpApi.historyThrottle': { rate: 0, burst: 1 } },
      'httpApi.historyThrottle.rate: must be at least 1, got 0.',
    ],
    [
      'no throttle',
      { 'webSocketApi.throttle': undefined },
      'webSocketApi.throttle: must be an object with rate and burst, got undefined.',
    ],
    [
      'weights of 0 on both kinds of capacity',
      { 'capacity.use': 'both', 'capacity.fargate.weight': 0, 'capacity.ec2.weight': 0 },
      'capacity.fargate.weight: must be above 0 where capacity.ec2.weight is 0, got 0. Give one of the two a weight of 1',
    ],
    [
      'days that CloudWatch Logs does not have',
      { logRetentionDays: 8 },
      /^logRetentionDays: must be one of 1, 3, 5, 7, [\d, ]+ 3653, got 8\. /,
    ],
    ['days as a text', { logRetentionDays: '7' }, /^logRetentionDays: must be one of [\d, ]+, got "7"\. /],
    [
      'a level in lower case',
      { 'function.logLevel': 'info' },
      'function.logLevel: must be one of DEBUG, INFO, WARN, ERROR, got "info". Give INFO',
    ],
    [
      'Spot as a switch',
      { 'capacity.fargate.spot': true },
      'capacity.fargate.spot: must be an object, got true. Give { spotWeight',
    ],
    [
      'half of the weights of Spot',
      { 'capacity.fargate.spot': { spotWeight: 1 } },
      'capacity.fargate.spot.onDemandWeight: must be a whole number from 1 to 1000, got undefined. Leave spot out',
    ],
    [
      'two schedules of one id',
      { 'function.provisionedConcurrency.schedules': [SCHEDULE, SCHEDULE] },
      'function.provisionedConcurrency.schedules: must be schedules of different ids, got "Morning" twice. Give each schedule an id of its own',
    ],
    ...[
      '0 8 * * ? *',
      'cron(99 8 * * ? *)',
      'cron(0 8 * * * *)',
      'cron(0 8 ? * ? *)',
      'cron(0 8 * FOO ? *)',
      'cron(0 8 * * ?)',
    ].map((cron): [string, Readonly<Record<string, unknown>>, string] => [
      `the schedule ${cron}`,
      { 'function.provisionedConcurrency.schedules': [{ ...SCHEDULE, cron }] },
      `function.provisionedConcurrency.schedules[0].cron: must be cron() with six fields of Application Auto Scaling, got "${cron}".`,
    ]),
    [
      'a certificate without an ARN',
      { 'loadBalancer.https': { certificateArn: 'x', hostName: 'y' } },
      'loadBalancer.https.certificateArn: must be the ARN of a certificate of ACM, got "x". aws acm list-certificates prints it',
    ],
    ...(['loadBalancer.https', 'httpApi.domain'] as const).map(
      (property): [string, Readonly<Record<string, unknown>>, string] => [
        `a certificate of another region in ${property}`,
        { [property]: { [property === 'httpApi.domain' ? 'name' : 'hostName']: 'y', certificateArn: CERTIFICATE } },
        `${property}.certificateArn: must be in the region us-east-1 of the environment, got "${CERTIFICATE}". Give an ARN of us-east-1`,
      ],
    ),
    [
      'a domain without a certificate',
      { 'httpApi.domain': { name: 'x' } },
      'httpApi.domain.certificateArn: must be the ARN of a certificate of ACM, got undefined.',
    ],
    [
      'a web ACL without an ARN',
      { 'restApi.webAclArn': 'x' },
      'restApi.webAclArn: must be the ARN of a regional web ACL, got "x".',
    ],
    [
      'a web ACL of another region',
      { 'restApi.webAclArn': WEB_ACL },
      `restApi.webAclArn: must be in the region us-east-1 of the environment, got "${WEB_ACL}".`,
    ],
    [
      'runbooks without TLS',
      { runbookUrl: 'http://x' },
      'runbookUrl: must be an https URL or a folder, without spaces, got "http://x".',
    ],
    [
      'a misspelled property',
      { sleeep: HOURS },
      'sleeep: is not a property of an environment. Give sleep, or remove it',
    ],
    [
      'a bigint',
      { alarms: { silentAfterMinutes: 10n } },
      'alarms.silentAfterMinutes: must be a whole number from 5 to 1440, got "10".',
    ],
    [
      'a number that is none',
      { budget: { monthlyUsd: Number.NaN } },
      'budget.monthlyUsd: must be more than 0 USD, got NaN.',
    ],
    [
      'a misspelled property in place of a required one',
      { function: { memoryMB: 512, logLevel: 'INFO' } },
      'function.memoryMB: is not a property of an environment. Give memoryMiB, or remove it',
    ],
    [
      'a property of another tool',
      { stage: 'prod' },
      /^stage: is not a property of an environment\. Give one of region, account, .*, or remove it$/,
    ],
    [
      'a misspelled property within a property',
      { notifications: { page: PAGE, notic: PAGE } },
      'notifications.notic: is not a property of an environment. Give notice, or remove it',
    ],
    [
      'a misspelled property of receivers',
      { notifications: { page: { email: [] } } },
      'notifications.page.email: is not a property of an environment. Give emails, or remove it',
    ],
    [
      'a misspelled time without requests',
      { alarms: { silentAfterMinute: 10 } },
      'alarms.silentAfterMinute: is not a property of an environment.',
    ],
    [
      'a time without requests as a text',
      { alarms: { silentAfterMinutes: '10' } },
      'alarms.silentAfterMinutes: must be a whole number from 5 to 1440, got "10".',
    ],
    [
      'a misspelled property of a service, by its name',
      { 'services.0.release': { kind: 'canary', minutes: 15, bakeMinute: 5 } },
      'services.history.release.bakeMinute: is not a property of an environment. Give bakeMinutes, or remove it',
    ],
    [
      'steps in a release of one step',
      { 'services.0.release': { kind: 'blueGreen', minutes: 5 } },
      'services.history.release.minutes: must be left out with kind "blueGreen", got 5.',
    ],
    [
      'a release without its minutes',
      { 'services.0.release': { kind: 'canary' } },
      'services.history.release.minutes: must be a whole number from 1 to 1440, got undefined.',
    ],
    [
      'an unknown source of an image',
      { 'services.0.image': { from: 'tarball' } },
      'services.history.image.from: must be one of source, digest, got "tarball".',
    ],
    [
      'a service without a name, by its position',
      { 'services.0.name': undefined },
      'services[0].name: must be lower-case words',
    ],
    [
      'a path that does not begin with a slash',
      { 'services.0.routes': [{ path: 'a', query: [] }] },
      'services.history.routes[0].path: must be a path that begins with /, got "a".',
    ],
    [
      'CPU units as a text',
      { 'services.0.cpu': '256' },
      'services.history.cpu: must be a whole number of at least 1, got "256".',
    ],
    [
      'one type where a list belongs',
      { 'capacity.ec2.instanceTypes': 't4g.small' },
      'capacity.ec2.instanceTypes: must be a list, got "t4g.small". Give ["t4g.small"]',
    ],
    [
      'one zone',
      { availabilityZones: ['us-east-1a'] },
      'availabilityZones: must be at least 2 different names, got ["us-east-1a"].',
    ],
    [
      'an address that is a number',
      { notifications: { page: { endpoints: [5] } } },
      'notifications.page.endpoints[0]: must be an https URL, got 5.',
    ],
    [
      'seconds that do not divide a minute',
      { 'webSocketApi.ticker.everySeconds': 7 },
      'webSocketApi.ticker.everySeconds: must be whole seconds by which 60 can be divided, got 7.',
    ],
    [
      'too little memory',
      { 'function.memoryMiB': 100 },
      'function.memoryMiB: must be a whole number from 128 to 10240, got 100.',
    ],
    [
      'a cluster as a switch',
      { kubernetes: false },
      'kubernetes: must be an object, got false. Leave it out to switch it off',
    ],
    [
      'the version of an add-on that is not installed',
      {
        'kubernetes.enabled': true,
        'kubernetes.addOnVersions': { 'amazon-cloudwatch-observability': 'v6.4.0-eksbuild.1' },
      },
      'kubernetes.addOnVersions.amazon-cloudwatch-observability: must be left out without observability, got "v6.4.0-eksbuild.1".',
    ],
  ])('is refused for %s', (_, values, message) => {
    expect(() => checked(values)).toThrow(message);
    expect(() => checked(values)).toThrow(/^[^\n]+$/);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ...[
      'cron(00 08 * * ? *)',
      'cron(15/30 8-18 ? 1,JUL MON#1 2027)',
      'cron(0,30 */2 ? * MON-FRI,SUN 2027-2030)',
      'cron(0 8 L * ? *)',
      'cron(0 8 1,15W * ? *)',
      'cron(0 8 ? * 6L *)',
    ].map((cron): [string, Readonly<Record<string, unknown>>] => [
      `the schedule ${cron}`,
      { 'function.provisionedConcurrency.schedules': [{ ...SCHEDULE, cron }] },
    ]),
    ['runbooks in a folder', { runbookUrl: 'docs/our-runbooks' }],
    ['no weight on one kind of capacity', { 'capacity.use': 'both', 'capacity.fargate.weight': 0 }],
    ['an own topic', { notifications: { page: { topicArn: TOPIC } } }],
  ])('is accepted with %s', (_, values) => {
    expect(() => checked(values)).not.toThrow();
  });

  test('is refused in one line if any value is of another kind, or any required value is missing', () => {
    const places = Object.values(fixtures).flatMap((definition) =>
      pathsOf(definition).map((path) => ({ definition, path })),
    );
    const value = fc.oneof(
      fc.string(),
      fc.double({ noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.constant([]),
      fc.constant({}),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), value, ({ definition, path }, wrong) => {
        fc.pre(kindOf(wrong) !== kindOf(at(definition, path)));
        // The only values of two kinds, and the only ones that may be left out.
        fc.pre(path.at(-1) !== 'gateways' && !(wrong === undefined && OPTIONAL.test(path.join('.'))));
        const changed = structuredClone(definition);
        put(changed, path, wrong);
        const error = thrownBy(() => environmentOf({}, { changed }));
        expect(error).not.toBeInstanceOf(TypeError);
        expect(error).toHaveProperty('message', expect.stringMatching(/^[\w.[\] ()-]+: .*got .*\. [^\n]+$/));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Properties of the fixtures that an environment can be without. */
const OPTIONAL =
  /^(network\.create\.egress\.gateways|capacity\.fargate\.spot|loadBalancer\.accessLogDays|function\.provisionedConcurrency(\.schedules)?|restApi\.(cache|historyThrottle)|httpApi(\.historyThrottle)?|kubernetes(\.observability)?|webSocketApi(\.ticker\.memoryMiB)?)$/;

function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function put(target: object, path: readonly string[], value: unknown): void {
  const parent = at(target, path.slice(0, -1));
  if (typeof parent !== 'object' || parent === null) throw new Error(`${path.join('.')}: has no parent`);
  Reflect.set(parent, path.at(-1) ?? '', value);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

function thrownBy(code: () => unknown): unknown {
  try {
    code();
  } catch (error) {
    return error;
  }
  return undefined;
}
