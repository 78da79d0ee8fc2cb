import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { sectionOf } from '../../lib/runbook-links';
import { anchorOf, matches, read, withoutCode } from '../support/documents';
import { fixtureOf } from '../support/fixture';
import { alarmsIn, resourcesOf, stacksOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const FOLDER = 'docs/runbooks';
const LANGUAGES = ['md', 'ja.md'] as const;
type Language = (typeof LANGUAGES)[number];
const LEADS: Readonly<Record<Language, readonly string[]>> = {
  md: ['For users.', 'Confirm.', 'Do.', 'Over when.'],
  'ja.md': ['利用者への影響。', '確認。', '対処。', '収束の判断。'],
};
/** Messages that no alarm sends. */
const OTHER_SECTIONS = ['notifications#budget'];
const SAVED_QUERIES = [
  ...['one-request', 'api-errors', 'api-latency', 'api-callers', 'function-errors', 'function-starts'],
  ...['websocket-errors', 'ticker', 'container-errors', 'container-latency', 'service-events', 'autoscaler-errors'],
  'network-talkers',
];

const environments = [...Object.values(variants()), { ...fixtureOf('trial'), alarms: { silentAfterMinutes: 60 } }];

interface Alarms {
  /** What the alarms say, without the first look. */
  readonly descriptions: Set<string>;
  wakes: boolean;
}

/** Alarms by their part of a runbook: `api#server-errors`. */
const alarms = new Map<string, Alarms>();
for (const config of environments) {
  const stage = stageOf(config);
  const affecting: unknown[] = Object.values(stacksOf(stage)).flatMap((stack) =>
    'affecting' in stack && Array.isArray(stack.affecting) ? stack.affecting : [],
  );
  for (const alarm of alarmsIn(stage)) {
    const { page, anchor } = sectionOf(alarm) ?? { page: 'no page', anchor: alarm.node.path };
    const known = alarms.get(`${page}#${anchor}`) ?? { descriptions: new Set(), wakes: false };
    const resource = alarm.node.defaultChild;
    if (resource instanceof cloudwatch.CfnAlarm || resource instanceof cloudwatch.CfnCompositeAlarm) {
      known.descriptions.add(resource.alarmDescription?.replace(/ First look: .*/s, '') ?? '');
    }
    known.wakes ||= affecting.includes(alarm) || page === 'users-affected';
    alarms.set(`${page}#${anchor}`, known);
  }
}

const pagesIn = (language: Language) =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.md') && file.endsWith('.ja.md') === (language === 'ja.md'))
    .map((file) => file.replace(`.${language}`, ''))
    .filter((page) => page !== 'README');

/** Parts of a page by `page#anchor`: the text below each heading of the second level. */
function sectionsOf(page: string, language: Language): [string, string][] {
  const [, ...parts] = read(`${FOLDER}/${page}.${language}`).split(/^## /m);
  return parts.map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return [`${page}#${anchorOf(heading)}`, lines.join('\n')];
  });
}

const sections = (language: Language) => pagesIn(language).flatMap((page) => sectionsOf(page, language));

/** Figures of a text, without code and links, and without the status codes of HTTP. */
const figuresOf = (text: string) =>
  matches(
    withoutCode(text)
      .replace(/`[^`]*`/g, '')
      .replace(/\]\([^)]*\)/g, ''),
    /(?<![\w.-])(\d[\d,]*(?:\.\d+)?)(?![\w-])/g,
  )
    .map((figure) => figure.replaceAll(',', ''))
    .filter((figure) => !/^[45]\d\d$/.test(figure));

describe.each(LANGUAGES)('in %s', (language) => {
  test('each alarm has its part of a runbook, and no part is without an alarm', () => {
    expect(
      sections(language)
        .map(([section]) => section)
        .sort(),
    ).toEqual([...alarms.keys(), ...OTHER_SECTIONS].sort());
  });

  test.each(sections(language))('%s has its four parts in order', (_, text) => {
    const leads = matches(withoutCode(text), /^\*\*([^*]+)\*\*/gm);
    expect(leads).toEqual(LEADS[language]);
  });

  test.each(sections(language).filter(([section]) => alarms.has(section)))(
    '%s has the figures of its alarm, and says first no others',
    (section, text) => {
      const descriptions = [...(alarms.get(section)?.descriptions ?? [])].map(figuresOf);
      const common = descriptions[0]?.filter((figure) => descriptions.every((each) => each.includes(figure))) ?? [];
      expect(figuresOf(text)).toEqual(expect.arrayContaining(common));
      const [, first = ''] = text.split(/^\*\*[^*]+\*\*/m);
      expect(figuresOf(first).filter((figure) => !descriptions.flat().includes(figure))).toEqual([]);
    },
  );

  test('the index has one row for each alarm, and says which wake a person', () => {
    const rows = Array.from(
      read(`${FOLDER}/README.${language}`).matchAll(
        /^\| \[([^\]]+)\]\(([\w-]+)\.(?:ja\.)?md#([\w-]+)\) \|[^|]+\| ([^|]+) \|/gm,
      ),
      ([, heading = '', page, anchor, wakes]) => [`${page}#${anchor}`, anchorOf(heading), wakes],
    );
    const [yes, no] = language === 'md' ? ['yes', 'no'] : ['はい', 'いいえ'];
    expect(rows.toSorted()).toEqual(
      Array.from(alarms, ([section, { wakes }]) => [section, section.split('#')[1], wakes ? yes : no]).toSorted(),
    );
  });

  test.each(['README', ...pagesIn(language)])('%s names only saved queries that the environment has', (page) => {
    const text = read(`${FOLDER}/${page}.${language}`);
    const named = matches(text, /(?:saved\s+quer(?:y|ies)|保存済みクエリ)\s+`([^`]+)`/g);
    expect(named.filter((name) => !SAVED_QUERIES.includes(name))).toEqual([]);
  });
});

/**
 * Runs the commands of a page, with the functions that the page defines. No program is started: there is no PATH, `aws`
 * notes its arguments, and every other program prints a number.
 */
function runOf(page: string): { commands: string[][]; problems: string[] } {
  const blocks = matches(read(`${FOLDER}/${page}.md`), /^ *```sh\n(.*?)^ *```$/gms);
  const script = [
    'aws() { printf "%s\\0" "$@" >&3; printf "\\n\\0" >&3; echo 1; }',
    'command_not_found_handle() { echo 1; }',
    ...blocks,
    // What a page defines for its reader is run, too.
    'for name in $(compgen -A function); do',
    '  case $name in aws | command_not_found_handle) ;; *) "$name" a b c d ;; esac',
    'done',
  ].join('\n');
  const run = spawnSync('/bin/bash', ['--norc', '-u'], {
    input: script,
    encoding: 'utf8',
    cwd: tmpdir(),
    timeout: 20_000,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: '/nonexistent', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
  });
  const commands = (run.output[3] ?? '').split('\n\0').map((command) => command.split('\0').slice(0, -1));
  return {
    commands: commands.filter(({ length }) => length > 0),
    problems: [
      ...(run.stderr.match(/.*(?:unbound variable|syntax error|bad substitution|unexpected).*/g) ?? []),
      ...(run.error ? [run.error.message] : []),
    ],
  };
}

/** Services whose name on the command line is not the name of their client. */
const CLIENTS: Readonly<Record<string, string>> = {
  apigateway: 'api-gateway',
  autoscaling: 'auto-scaling',
  elbv2: 'elastic-load-balancing-v2',
  logs: 'cloudwatch-logs',
  resourcegroupstaggingapi: 'resource-groups-tagging-api',
};

/**
 * Commands of the AWS CLI that are no operation of a client of this project, with the options that their pages have:
 * https://docs.aws.amazon.com/cli/latest/reference/SERVICE/COMMAND.html
 */
const OTHER_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'application-autoscaling describe-scalable-targets': ['service-namespace', 'resource-ids', 'scalable-dimension'],
  'application-autoscaling describe-scaling-activities': ['service-namespace', 'resource-id', 'scalable-dimension'],
  'application-autoscaling describe-scaling-policies': ['service-namespace', 'resource-id', 'scalable-dimension'],
  'application-autoscaling register-scalable-target': [
    ...['service-namespace', 'resource-id', 'scalable-dimension', 'min-capacity', 'max-capacity'],
  ],
  'budgets describe-budget': ['account-id', 'budget-name'],
  'ce get-cost-and-usage': ['time-period', 'granularity', 'filter', 'metrics', 'group-by'],
  'configure export-credentials': ['format'],
  'eks update-kubeconfig': ['name', 'role-arn', 'alias'],
  'logs tail': ['since', 'follow', 'format', 'filter-pattern', 'log-stream-names', 'log-stream-name-prefix'],
  'scheduler get-schedule': ['name', 'group-name'],
  'scheduler update-schedule': [
    ...['name', 'state', 'schedule-expression', 'flexible-time-window', 'description', 'target', 'group-name'],
  ],
  'sns list-subscriptions-by-topic': ['topic-arn'],
  'stepfunctions describe-execution': ['execution-arn', 'included-data'],
  'stepfunctions get-execution-history': ['execution-arn', 'max-results', 'reverse-order', 'include-execution-data'],
  'stepfunctions list-executions': ['state-machine-arn', 'status-filter', 'max-results'],
  'stepfunctions start-execution': ['state-machine-arn', 'name', 'input'],
  'sns subscribe': ['topic-arn', 'protocol', 'notification-endpoint'],
};

/** Options that every command has, or that belong to pagination by the CLI. */
const GLOBAL_OPTIONS = [
  'output',
  'query',
  'region',
  'profile',
  'endpoint-url',
  'no-cli-pager',
  'cli-binary-format',
  'max-items',
];

const kebab = (name: string) =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();

/** Options of an operation, and those that it requires; undefined if no client has the operation. */
async function operationOf(service: string, operation: string) {
  const client = `@aws-sdk/client-${CLIENTS[service] ?? service}`;
  if (!existsSync(`node_modules/${client}`)) return undefined;
  const exported: Record<string, unknown> = await import(client);
  const command = `${operation.replaceAll('-', '')}command`;
  const [, Command] = Object.entries(exported).find(([name]) => name.toLowerCase() === command) ?? [];
  if (typeof Command !== 'function') return undefined;
  // The model of AWS: [kind, namespace, name, traits, input, output], and [kind, …, members, types, number required].
  const { schema } = Reflect.construct(Command, [{}]);
  const input = typeof schema[4] === 'function' ? schema[4]() : schema[4];
  if (!Array.isArray(input[4])) return { options: [], required: [] };
  const options = input[4].map(kebab);
  return { options, required: options.slice(0, typeof input[6] === 'number' ? input[6] : 0) };
}

const runs = new Map(['README', ...pagesIn('md')].map((page) => [page, runOf(page)]));

test.each([...runs])('%s defines every variable and function that its commands use', (_, { problems }) => {
  expect(problems).toEqual([]);
});

test.each([...runs])('%s calls the AWS CLI with operations and options that exist', async (_, { commands }) => {
  const wrong: string[] = [];
  for (const [service = '', operation = '', ...rest] of commands) {
    const command = `${service} ${operation}`;
    const given = rest.filter((word) => /^--[a-z]/.test(word)).map((word) => word.slice(2));
    const others = OTHER_COMMANDS[command];
    const known = others ? { options: others, required: [] } : await operationOf(service, operation);
    if (known === undefined) wrong.push(`${command}: no such operation`);
    for (const option of given) {
      const plain = option.replace(/^no-/, '');
      if (!known || [...known.options, ...GLOBAL_OPTIONS].some((each) => each === option || each === plain)) continue;
      wrong.push(`${command}: no option --${option}`);
    }
    // The CLI takes the required body of an operation from positional arguments in a few cases only.
    for (const option of known?.required ?? []) {
      if (!given.includes(option)) wrong.push(`${command}: without --${option}`);
    }
  }
  expect(commands.length).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});

/**
 * Metrics that `@aws-cdk/aws-service-spec` does not have.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html
 */
const OTHER_METRICS = ['Read', 'Write'].flatMap((kind) =>
  ['KeyRangeThroughput', 'AccountLimit', 'MaxOnDemandThroughput'].map(
    (limit) => `AWS/DynamoDB ${kind}${limit}ThrottleEvents`,
  ),
);

test('every metric on the pages is one that AWS or a function publishes', async () => {
  const db = await loadAwsServiceSpec();
  const published = new Set([
    ...Array.from(db.all('metric'), ({ namespace, name }) => `${namespace} ${name}`),
    ...OTHER_METRICS,
  ]);
  const ofFunctions = ['sessions', 'ticker'].map((name) => read(`lambda/${name}/index.ts`)).join('');
  const asked = [...runs.values()]
    .flatMap(({ commands }) => commands.filter(([, operation]) => operation === 'get-metric-statistics'))
    .map((command) => ['--namespace', '--metric-name'].map((option) => command[command.indexOf(option) + 1] ?? ''))
    .filter(([namespace]) => namespace !== 'a');
  expect(asked.length).toBeGreaterThan(10);
  const unknown = asked.filter(([namespace = '', name]) =>
    namespace.startsWith('Kumiki/') ? !ofFunctions.includes(`${name}: `) : !published.has(`${namespace} ${name}`),
  );
  expect(unknown).toEqual([]);
});

const templates = environments.map((config) => synthesized(config));
const resources = templates.flatMap(resourcesOf).map(([stack, , { Type }]) => `${stack} ${Type}`);
const outputs = templates
  .flatMap((stacks) => Object.entries(stacks))
  .flatMap(([stack, template]) => Object.keys(template.toJSON().Outputs ?? {}).map((output) => `${stack} ${output}`));
const known = new Set([...resources, ...outputs]);

test.each([...runs])('%s reads outputs and resources that the stacks have', (_, { commands }) => {
  const asked = commands
    .filter(([service]) => service === 'cloudformation')
    .flatMap((command) => {
      const stack = command[command.indexOf('--stack-name') + 1]?.replace('Kumiki-sandbox-', '');
      const query = command[command.indexOf('--query') + 1] ?? '';
      return matches(query, /(?:OutputKey|ResourceType)=='([^']+)'/g).map((name) => `${stack} ${name}`);
    });
  // The test calls each function of a page with the arguments a, b, c and d.
  expect(asked.filter((name) => name !== 'a b' && !known.has(name))).toEqual([]);
});
