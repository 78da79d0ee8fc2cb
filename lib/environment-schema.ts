import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { ApiAlarms } from './constructs/api-alarms';
import { EnvironmentConfig, EnvironmentDefinition } from './environment-config';
import { isRegionName } from './zones';

/**
 * The types of lib/environment-config.ts as schemas, because `cdk synth`, `npm start` and the commands strip types: nothing else
 * would refuse a misspelled property, or a value of another kind. The schemas also hold the rules that one value alone can break.
 * Rules on several values are in lib/environment-checks.ts and in the constructs.
 */

/** A value as it stands in the code, so that "5" differs from 5. */
export function text(value: unknown): string {
  // JSON has no NaN and no bigint.
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? String(value);
  } catch {
    // A construct, for example, refers to itself.
    return 'an object that contains itself';
  }
}

/** The error of every rule of a value: all issues of one value have the same rule. */
function says(rule: string, remedy: string) {
  return { error: ({ input }: { readonly input?: unknown }) => `must be ${rule}, got ${text(input)}. ${remedy}` };
}

function whole(min: number, max: number | undefined, remedy: string) {
  const error = says(`a whole number ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`, remedy);
  const bounded = z.int(error).min(min, error);
  return max === undefined ? bounded : bounded.max(max, error);
}

function pattern(form: RegExp, rule: string, remedy: string) {
  const error = says(rule, remedy);
  return z.string(error).regex(form, error);
}

function choice<const Choices extends readonly string[]>(choices: Choices, remedy: string) {
  return z.enum(choices, says(`one of ${choices.join(', ')}`, remedy));
}

function flag(byDefault?: boolean) {
  return z.boolean(
    says('true or false', byDefault === undefined ? 'Give one of the two' : `Leave it out for ${byDefault}`),
  );
}

function list<Element extends z.ZodType>(element: Element, remedy: string) {
  return z.array(element, says('a list', remedy));
}

/** A property that another one excludes. */
function absent(where: string) {
  return z.undefined(says(`left out ${where}`, 'Remove it')).optional();
}

const OFF = 'Leave it out to switch it off: docs/switches.md has its values';
const NEEDED = 'Give one as in the sandbox of lib/environments.ts';

/**
 * An object that has no properties but these.
 *
 * @param unused a property of another member of a union, and what excludes the property
 */
function part<Shape extends z.ZodRawShape>(
  shape: Shape,
  remedy = NEEDED,
  rule = 'an object',
  unused?: { readonly name: string; readonly when: string },
) {
  const names = Object.keys(shape);
  const { error } = says(rule, remedy);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return error(issue);
      if (unused !== undefined && issue.keys[0] === unused.name) return `must be left out ${unused.when}. Remove it`;
      const near = names.filter((known) => known.startsWith(issue.keys[0]?.slice(0, 3) ?? ''));
      const known = near.length > 0 ? near : names;
      return `is not a property of an environment. Give ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}, or remove it`;
    },
  });
}

/** A member of a union. `unused` is a property of another member, which `when` excludes. */
function member<Shape extends z.ZodRawShape>(shape: Shape, when: string, unused: string) {
  return part(shape, NEEDED, 'an object', { name: unused, when });
}

/** An error of a union whose members a property tells apart. */
function oneOf(property: string, choices: readonly string[], remedy: string) {
  return {
    error: ({ code, input }: { readonly code?: string; readonly input?: unknown }) => {
      const isObject = code === 'invalid_union' && typeof input === 'object' && input !== null;
      const [rule, value] = isObject
        ? [`one of ${choices.join(', ')}`, Reflect.get(input, property)]
        : [`an object with ${property}`, input];
      return `must be ${rule}, got ${text(value)}. ${remedy}`;
    },
  };
}

const name = z.string(says('a text', 'Give the name in quotes'));
const names = list(name, 'Give the names in square brackets');
const cidr = z.string(says('an IPv4 CIDR block', 'Give a block such as 10.0.0.0/16'));
const cidrs = list(cidr, 'Give ["10.0.0.0/16"]');
const certificateArn = pattern(
  /^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
  'the ARN of a certificate of ACM',
  'aws acm list-certificates prints it',
);
const rate = says('at least 1', 'Give the requests a second');
const throttle = part(
  { rate: z.number(rate).min(1, rate), burst: whole(1, undefined, 'Give the requests that may come at once') },
  'Give { rate: 50, burst: 100 }',
  'an object with rate and burst',
);

function withoutGateways<Mode extends string>(mode: Mode) {
  return member({ mode: z.literal(mode) }, `with mode "${mode}"`, 'gateways');
}

const gateways = says('a whole number of at least 1 or "one-per-zone"', 'Give 1 to save, or leave it out');
const egress = z.discriminatedUnion(
  'mode',
  [
    part({
      mode: z.literal('nat'),
      gateways: z.union([z.int(gateways).min(1, gateways), z.literal('one-per-zone')]).optional(),
    }),
    withoutGateways('nat-instance'),
    withoutGateways('endpoints'),
    withoutGateways('none'),
  ],
  oneOf('mode', ['nat', 'nat-instance', 'endpoints', 'none'], "Give { mode: 'nat', gateways: 1 }"),
);

const VPC = 'Give create for a new VPC, or existing';
const network = z.union([
  part(
    {
      create: part({ cidr, egress, routedCidrs: cidrs.optional() }, VPC),
      existing: absent('beside create'),
    },
    VPC,
    'an object with create or existing',
  ),
  part(
    {
      existing: part(
        {
          vpcId: name,
          cidr,
          privateSubnets: list(
            part({ subnetId: name, cidr, routeTableId: name }, 'Give a subnet as in docs/existing-vpc.md'),
            'Give a subnet for each zone, as in docs/existing-vpc.md',
          ),
          routedCidrs: cidrs.optional(),
        },
        'Give the VPC as in docs/existing-vpc.md',
      ),
      create: absent('beside existing'),
    },
    VPC,
    'an object with create or existing',
  ),
]);

const image = z.discriminatedUnion(
  'from',
  [
    member(
      {
        from: z.literal('source'),
        directory: z.string(says('a folder', 'Give a folder of the repository such as services/reports')).optional(),
      },
      'with from "source"',
      'digest',
    ),
    member(
      {
        from: z.literal('digest'),
        digest: z.string(says('"sha256:" and 64 hexadecimal digits', 'Give the digest of the image to run')).optional(),
      },
      'with from "digest"',
      'directory',
    ),
  ],
  oneOf('from', ['source', 'digest'], "Give { from: 'source' }, or { from: 'digest' } for an image that ran elsewhere"),
);

const bakeMinutes = whole(0, 1_440, 'Give 15, or leave it out').optional();
const KINDS = ['rolling', 'blueGreen', 'canary', 'linear'];
const serviceRelease = z.discriminatedUnion(
  'kind',
  [
    part({
      kind: z.literal('rolling'),
      minutes: absent('with kind "rolling"'),
      bakeMinutes: absent('with kind "rolling"'),
    }),
    part({ kind: z.literal('blueGreen'), minutes: absent('with kind "blueGreen"'), bakeMinutes }),
    part({
      kind: z.enum(['canary', 'linear']),
      minutes: whole(1, 1_440, 'Give 15 or more, so that alarms have data before the next step'),
      bakeMinutes,
    }),
  ],
  oneOf('kind', KINDS, 'Give one of them, or leave release out'),
);

// API Gateway waits 29 seconds, so a later answer reaches nobody.
const latency = says('more than 0 and at most 29', 'Give the time that callers wait at most, or leave it out');

const service = part(
  {
    name: pattern(
      /^(?=.{1,30}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      'lower-case words of letters and digits with hyphens between, of at most 30 characters',
      'Give a name such as reports',
    ),
    image,
    priority: whole(1, 50_000, 'Give a priority that no other service has'),
    routes: list(
      part(
        {
          path: z.templateLiteral(
            ['/', z.string()],
            says('a path that begins with /', 'Give a path such as /reports/{id}'),
          ),
          query: names,
          cache: choice(['quote', 'history'], 'Leave it out to not cache').optional(),
          throttle: choice(['history'], 'Leave it out for the limit of all other routes').optional(),
        },
        "Give { path: '/reports/{id}', query: [] }",
      ),
      'Give routes such as [{ path: "/reports/{id}", query: [] }]',
    ).optional(),
    minTasks: whole(1, undefined, 'Give 2 or more to survive the loss of a zone'),
    maxTasks: whole(1, undefined, 'Give minTasks or more'),
    cpu: whole(1, undefined, 'Give the CPU units of a task, such as 256'),
    memoryMiB: whole(1, undefined, 'Give the MiB of a task, such as 512'),
    latencySeconds: z.number(latency).positive(latency).max(29, latency).optional(),
    release: serviceRelease.optional(),
    tracing: part(
      { agentImage: z.string(says('an image with its version', 'docs/tracing.md has one')) },
      OFF,
    ).optional(),
  },
  "Give a service such as { name: 'reports', … }: docs/ecs-capacity.md",
);

const weight = whole(0, 999, 'Give the share of the requests');
const fargateShape = {
  spot: part(
    {
      spotWeight: whole(1, 1_000, 'Leave spot out to run without Fargate Spot'),
      onDemandWeight: whole(1, 1_000, 'Leave spot out to run without Fargate Spot'),
    },
    'Give { spotWeight: 3, onDemandWeight: 1 }, or leave it out to run without Fargate Spot',
  ).optional(),
};
const ec2Shape = {
  instanceTypes: list(name, 'Give ["t4g.small"]'),
  maxInstances: whole(1, undefined, 'Give a number such as 6'),
  spot: part(
    {
      onDemandBase: whole(0, undefined, 'Leave spot out to run on demand only'),
      onDemandPercent: whole(0, 100, 'Leave spot out to run on demand only'),
    },
    'Leave it out to run on demand only',
  ).optional(),
  trunking: flag(false).optional(),
};

const addOnVersion = pattern(
  /^v\d+\.\d+\.\d+-eksbuild\.\d+$/,
  'a version such as v1.2.3-eksbuild.1',
  'aws eks describe-addon-versions lists the versions of an add-on',
).optional();

const cluster = {
  version: z
    .string(says('a minor version as a text', 'Leave it out for the newest of lib/kubernetes-release.ts'))
    .optional(),
  publicCidrs: cidrs.optional(),
  serviceCidr: pattern(
    /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)(\.\d{1,3}){2,3}\/(1[2-9]|2[0-4])$/,
    'a private IPv4 block of /12 to /24',
    'Give a block that no network uses, or leave it out, and EKS chooses',
  ).optional(),
  adminRoleArn: pattern(
    /^arn:[\w-]+:iam::\d{12}:role\/./,
    'the ARN of an IAM role',
    'Give one such as arn:aws:iam::111122223333:role/Admin',
  ).optional(),
  deletionProtection: flag(false).optional(),
  addOnVersions: part(
    {
      'vpc-cni': addOnVersion,
      'kube-proxy': addOnVersion,
      'eks-pod-identity-agent': addOnVersion,
      coredns: addOnVersion,
      'metrics-server': addOnVersion,
      'amazon-cloudwatch-observability': addOnVersion,
    },
    'Leave it out, and EKS chooses',
  ).optional(),
  observability: flag(false).optional(),
  nodes: part({
    instanceTypes: list(name, 'Give ["t4g.medium"]'),
    minNodes: whole(1, undefined, 'Give 2 or more to survive the loss of a node'),
    maxNodes: whole(1, undefined, 'Give minNodes or more'),
    spot: flag(false).optional(),
    version: z.string(says('a minor version as a text', 'Leave it out for the version of the cluster')).optional(),
  }),
  service: part({
    minPods: whole(1, 10_000, 'Give 2, because without a pod there is no CPU use to scale by'),
    maxPods: whole(1, 10_000, 'Give minPods or more'),
    cpuMillis: whole(1, 1_000_000, 'Give 250 for a quarter of a vCPU'),
    memoryMiB: whole(1, 10_000_000, 'Give 256 for a quarter of a GiB'),
    targetCpuPercent: whole(1, 100, 'Give 70'),
    rolloutMinutes: whole(1, 14, 'Give 10, or leave it out to not wait for the pods').optional(),
  }),
};

const retentionDays: readonly number[] = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);
const retention = says(`one of ${retentionDays.join(', ')}`, 'Give days that CloudWatch Logs accepts');

const time = (remedy: string) => pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time from 00:00 to 23:59', remedy);

/**
 * Six fields, of which the day of the month or the day of the week is `?`.
 *
 * @see https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
 */
const CRON = cronOf({
  minutes: field('[0-5]?\\d'),
  hours: field('[01]?\\d|2[0-3]'),
  days: field('0?[1-9]|[12]\\d|3[01]', 'W', 'L', 'LW'),
  months: field('0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC'),
  weekdays: field('[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT', 'L|#[1-5]', 'L'),
  years: field('19[7-9]\\d|2[01]\\d\\d'),
});

/** Pattern of a list of values and ranges with or without a step, in which a value may have a suffix, and a word may stand for a value. */
function field(value: string, suffix = '', ...words: readonly string[]): string {
  const element = [`((\\*|${value})(-(${value}))?(/\\d+)?)`, `((${value})(${suffix}))`, ...words].join('|');
  return `(${element})(,(${element}))*`;
}

function cronOf(
  fields: Readonly<Record<'minutes' | 'hours' | 'days' | 'months' | 'weekdays' | 'years', string>>,
): RegExp {
  const { minutes, hours, days, months, weekdays, years } = fields;
  const dates = `(${days} ${months} \\?|\\? ${months} ${weekdays})`;
  return new RegExp(`^cron\\(${minutes} ${hours} ${dates} ${years}\\)$`, 'i');
}

const share = says('from 0.1 to 0.9', 'Give a share such as 0.7');
const provisionedConcurrency = part(
  {
    min: whole(1, undefined, 'Leave provisionedConcurrency out to have none'),
    max: whole(1, undefined, 'Give min or more'),
    targetUtilization: z.number(share).min(0.1, share).max(0.9, share).optional(),
    schedules: list(
      part(
        {
          id: pattern(/^[\w.-]{1,256}$/, 'a name of letters and digits', 'Give an id such as BeforeOpening'),
          cron: pattern(
            CRON,
            'cron() with six fields of Application Auto Scaling',
            'Give one such as cron(15 13 ? * MON-FRI *), in UTC',
          ),
          min: whole(0, undefined, 'Give a number in the bounds of provisionedConcurrency'),
          max: whole(0, undefined, 'Give a number in the bounds of provisionedConcurrency'),
        },
        'Give a schedule as in production of lib/environments.ts',
      ),
      'Give schedules as in production of lib/environments.ts',
    )
      .superRefine((schedules, context) => {
        const ids = schedules.map(({ id }) => id);
        const twice = ids.find((id, index) => ids.indexOf(id) !== index);
        if (twice === undefined) return;
        context.addIssue(
          `must be schedules of different ids, got ${text(twice)} twice. Give each schedule an id of its own`,
        );
      })
      .optional(),
  },
  OFF,
);

const RELEASE = 'Give { kind: "canary", minutes: 10 }, or leave it out to move all requests at once';
const minutesOf = (kind: string, minutes: readonly number[]) =>
  says(`one of ${minutes.join(', ')} for kind "${kind}"`, 'Give minutes that CodeDeploy has');
const functionRelease = z.discriminatedUnion(
  'kind',
  [
    part(
      { kind: z.literal('canary'), minutes: z.literal([5, 10, 15, 30], minutesOf('canary', [5, 10, 15, 30])) },
      RELEASE,
    ),
    part({ kind: z.literal('linear'), minutes: z.literal([1, 2, 3, 10], minutesOf('linear', [1, 2, 3, 10])) }, RELEASE),
  ],
  oneOf('kind', ['canary', 'linear'], RELEASE),
);

const httpApi = part(
  {
    throttle,
    historyThrottle: throttle.optional(),
    cors: part({ origins: names }, OFF).optional(),
    jwt: part({ issuer: name, audience: names }, OFF).optional(),
    domain: part({ name, certificateArn }, OFF).optional(),
    disableDefaultEndpoint: flag(false).optional(),
  },
  OFF,
);

const tick = says('whole seconds by which 60 can be divided', 'Give a number such as 5');
const webSocketApi = part(
  {
    maxSymbols: whole(1, 99, 'Give a number such as 20'),
    messagesPerSecond: whole(1, undefined, 'Give a number such as 10'),
    throttle,
    ticker: part({
      everySeconds: z
        .number(tick)
        .refine((seconds) => seconds > 0 && 60 % seconds === 0 && Number.isInteger(seconds), tick),
      scheduled: flag(),
      memoryMiB: whole(128, 10_240, 'Leave it out for 512').optional(),
    }),
  },
  OFF,
);

const addresses = list(
  z.string(says('an address', 'Give one such as on-call@example.com')),
  'Give ["on-call@example.com"]',
);
const endpoints = list(z.string(says('an https URL', 'Give the URL that the service shows')), 'Give ["https://…"]');
const RECEIVERS = 'Give receivers such as { emails: ["on-call@example.com"] }';
const besideTopic = absent('beside topicArn');
const receivers = z.union([
  part({ topicArn: name, emails: besideTopic, endpoints: besideTopic, slack: besideTopic }, RECEIVERS),
  part(
    {
      topicArn: absent('beside new receivers'),
      emails: addresses.optional(),
      endpoints: endpoints.optional(),
      slack: part({ workspaceId: name, channelId: name }, 'Give { workspaceId, channelId }').optional(),
    },
    RECEIVERS,
  ),
]);

const ttl = whole(1, 3_600, 'Leave cache out to not cache');
const usd = says('more than 0 USD', 'Give a number such as 150');
const { SILENT_MINUTES: SILENT } = ApiAlarms;
const ALARMS = 'Give false for no alarms, or leave it out for all alarms';

const region = says('a region of AWS', 'Give a name such as us-east-1');

/** Properties that a definition and an environment have in common. */
const common = {
  region: z.string(region).refine(isRegionName, region),
  account: pattern(/^\d{12}$/, 'the 12 digits of an account', 'aws sts get-caller-identity prints it').optional(),
  disposable: flag(),
  logRetentionDays: z.number(retention).refine((days) => retentionDays.includes(days), retention),
  terminationProtection: flag(),
  dashboard: flag(true).optional(),
  alarms: z
    .union([
      z.literal(false, says('false or an object', ALARMS)),
      part(
        {
          silentAfterMinutes: whole(
            SILENT.min,
            SILENT.max,
            'Give the longest pause between two requests and some more, or leave it out',
          ).optional(),
        },
        ALARMS,
        'false or an object',
      ),
    ])
    .optional(),
  notifications: part({ page: receivers, notice: receivers.optional() }, OFF).optional(),
  budget: part({ monthlyUsd: z.number(usd).positive(usd), emails: addresses.optional() }, OFF).optional(),
  sleep: part(
    {
      timeZone: z.string(says('a name of the IANA time zone database', 'Give a name such as Asia/Tokyo')),
      from: time('Give a time such as 20:00'),
      until: time('Give a time such as 08:00'),
      wakesOn: choice(['weekdays', 'every-day'], 'Leave it out for weekdays').optional(),
    },
    OFF,
  ).optional(),
  runbookUrl: pattern(
    /^(https:\/\/\S|(?![a-z][\w+.-]*:)[\w.])\S*$/i,
    'an https URL or a folder, without spaces',
    'Give an address such as https://wiki.example.com/kumiki, or leave it out',
  ).optional(),
  permissionsBoundary: pattern(
    /^[\w+=,.@-]{1,128}$/,
    'the name of a managed policy, not its ARN',
    'Give a name such as KumikiBoundary',
  ).optional(),
  observability: choice(['full', 'basic'], 'Leave it out for full').optional(),
  encryption: choice(['aws-owned', 'customer-managed'], 'Leave it out for aws-owned').optional(),
  network,
  services: list(service, NEEDED),
  loadBalancer: part(
    {
      accessLogDays: whole(1, undefined, 'Leave it out to keep no access log').optional(),
      https: part({ certificateArn, hostName: name }, OFF).optional(),
    },
    'Give {} for HTTP without an access log',
  ),
  function: part({
    memoryMiB: whole(128, 10_240, 'Give a number such as 512'),
    logLevel: choice(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'Give INFO'),
    provisionedConcurrency: provisionedConcurrency.optional(),
    release: functionRelease.optional(),
  }),
  restApi: part({
    cache: part({ quoteTtlSeconds: ttl, historyTtlSeconds: ttl }, OFF).optional(),
    throttle,
    historyThrottle: throttle.optional(),
    webAclArn: pattern(
      /^arn:[\w-]+:wafv2:[\w-]+:\d{12}:regional\/webacl\/[\w-]+\/[\w-]+$/,
      'the ARN of a regional web ACL',
      'aws wafv2 list-web-acls --scope REGIONAL prints it',
    ).optional(),
    ownsApiAccount: flag(),
  }),
  httpApi: httpApi.optional(),
  webSocketApi: webSocketApi.optional(),
};

const ENVIRONMENT = 'Give an environment as in lib/environments.ts';
const zones = list(name, 'Give ["us-east-1a", "us-east-1b"]').refine(
  (all) => all.length > 1 && new Set(all).size === all.length,
  says('at least 2 different names', 'Give ["us-east-1a", "us-east-1b"]'),
);

const definition = part(
  {
    ...common,
    availabilityZones: zones.optional(),
    capacity: part({
      use: choice(['fargate', 'ec2', 'both'], 'Give one of them'),
      fargate: part({ ...fargateShape, weight: weight.optional() }, 'Give {} for tasks on demand'),
      ec2: part({ ...ec2Shape, weight: weight.optional() }),
    }),
    kubernetes: part({ ...cluster, enabled: flag() }, OFF).optional(),
  },
  ENVIRONMENT,
);

const otherKind = absent('with one kind of capacity');
const environment = part(
  {
    ...common,
    id: pattern(
      /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/,
      'letters and digits with hyphens between',
      'Rename the environment in lib/environments.ts, for example to prod-eu',
    ),
    availabilityZones: zones,
    capacity: z.union([
      part({ fargate: part(fargateShape), ec2: otherKind }),
      part({ fargate: otherKind, ec2: part(ec2Shape) }),
      part({ fargate: part({ ...fargateShape, weight }), ec2: part({ ...ec2Shape, weight }) }),
    ]),
    kubernetes: part(cluster, OFF).optional(),
  },
  ENVIRONMENT,
);

/** A type without `readonly`, intersections and names, to compare it with another one. */
type Plain<T> = T extends readonly (infer Element)[]
  ? Plain<Element>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Properties that only one of two types has, or that have another type in each. */
type Differing<A, B> = {
  [Key in keyof A | keyof B]-?: Key extends keyof A & keyof B
    ? Same<Plain<A[Key]>, Plain<B[Key]>> extends true
      ? never
      : Key
    : Key;
}[keyof A | keyof B];
type Nothing<T extends never> = T;
/** An error here names a property that the interface and its schema describe differently. */
export type SchemasAgree = [
  Nothing<Differing<z.infer<typeof definition>, EnvironmentDefinition>>,
  Nothing<Differing<z.infer<typeof environment>, EnvironmentConfig>>,
];

/** @throws if a property of the definition is unknown, missing or of another kind */
export function checkDefinition(value: unknown): void {
  check(definition, value);
}

/** @throws if a property of the environment is unknown, missing or of another kind */
export function checkShape(value: unknown): void {
  check(environment, value);
}

function check(schema: z.ZodType, value: unknown): void {
  const { error } = schema.safeParse(value, { reportInput: true });
  if (error === undefined) return;
  const issues = error.issues.map(innermost);
  // A misspelled property explains a missing one.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return;
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const property = propertyOf([...issue.path, ...keys], value);
  throw new Error(`${property === '' ? 'environment' : property}: ${issue.message}`);
}

type Issue = z.core.$ZodIssue;

/** The first issue of the member of a union that the value resembles most: the member that lacks or excludes the fewest properties. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const lacks = (issues: readonly Issue[]) =>
    issues.reduce(
      (sum, { path, code }) => sum + (path.length > 1 || code === 'unrecognized_keys' ? 0 : path.length === 1 ? 1 : 9),
      0,
    );
  const [member] = [...issue.errors].sort((a, b) => lacks(a) - lacks(b));
  const inner = member?.find(({ code }) => code === 'unrecognized_keys') ?? member?.[0];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}

/** Path of a property. A service stands with its name: `services.history.cpu`. */
function propertyOf(path: readonly PropertyKey[], value: unknown): string {
  let at: unknown = value;
  let property = '';
  for (const key of path) {
    const next: unknown = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
    const named =
      property === 'services' && typeof next === 'object' && next !== null ? Reflect.get(next, 'name') : undefined;
    if (typeof named === 'string' && named !== '' && path.at(-1) !== 'name') property += `.${named}`;
    else if (typeof key === 'number') property += `[${key}]`;
    else property += `${property === '' ? '' : '.'}${String(key)}`;
    at = next;
  }
  return property;
}
