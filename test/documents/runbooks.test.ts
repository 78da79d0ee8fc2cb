import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { EnvironmentConfig } from '../../lib/environment-config';
import { sectionOf } from '../../lib/runbook-links';
import { isAffecting } from '../../lib/stacks/operations-stack';
import { SleepStack } from '../../lib/stacks/sleep-stack';
import { widgetsOf } from '../support/dashboard';
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
/** Sections that name neither a part of the dashboard nor a saved query. */
const WITHOUT_DASHBOARD: Readonly<Record<string, string>> = {
  'build#build-failed': 'A build is not on the dashboard, and no saved query reads the log of CodeBuild.',
  'sleep#failed': 'Step Functions keeps the states of a run, and the runbook reads them there.',
};
/** Names in Japanese brackets that are not on the dashboard. */
const OTHER_NAMES = ['Amazon Q Developer in chat applications'];
/** Graphs that not every environment has, with those that it has in their place. A section names both. */
const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['traffic per minute', 'errors per minute', 'latency, s'].flatMap((signal) => {
      const [alone, withPods] = [`Services: ${signal}`, `Services and pods: ${signal}`];
      return [
        [alone, [withPods]],
        [withPods, [alone]],
      ];
    }),
  ),
  'Tasks: running and desired': ['Tasks: healthy'],
  'Tasks: healthy': ['Tasks: running and desired', 'EC2 instances of tasks'],
  'Nodes behind the load balancer': ['Tasks: running and desired', 'Tasks: healthy'],
  'EC2 instances of tasks': ['Tasks: healthy'],
  'Pods: ready, desired and waiting': ['Pods that wait for a node'],
  'Pods that wait for a node': ['Pods: ready, desired and waiting'],
};

const environments: Readonly<Record<string, EnvironmentConfig>> = {
  ...variants(),
  'with an alarm on silence': { ...fixtureOf('trial'), alarms: { silentAfterMinutes: 60 } },
};

interface Alarms {
  /** What the alarms say, without the first look. */
  readonly descriptions: Set<string>;
  wakes: boolean;
}

/** Alarms by their part of a runbook: `api#server-errors`. */
const alarms = new Map<string, Alarms>();

/** What a runbook can name of an environment. */
interface Named {
  /** Parts of runbooks for what the environment has: `api#server-errors`. */
  readonly sections: Set<string>;
  /** Titles of graphs and of parts of the dashboard. */
  readonly parts: readonly string[];
  /** Saved queries, without their folder. */
  readonly queries: readonly string[];
}
const named = new Map<string, Named>();

const templates: Record<string, Template>[] = [];
for (const [name, config] of Object.entries(environments)) {
  const stage = stageOf(config);
  const sectionsOfEnvironment = new Set(config.budget ? OTHER_SECTIONS : []);
  const paging: unknown[] = Object.values(stacksOf(stage)).flatMap((stack) => [
    ...(isAffecting(stack) ? stack.affecting : []),
    ...(stack instanceof SleepStack ? [stack.failed] : []),
  ]);
  for (const alarm of alarmsIn(stage)) {
    const { page, anchor } = sectionOf(alarm) ?? { page: 'no page', anchor: alarm.node.path };
    const known = alarms.get(`${page}#${anchor}`) ?? { descriptions: new Set(), wakes: false };
    const resource = alarm.node.defaultChild;
    if (resource instanceof cloudwatch.CfnAlarm || resource instanceof cloudwatch.CfnCompositeAlarm) {
      known.descriptions.add(resource.alarmDescription?.replace(/ First look: .*/s, '') ?? '');
    }
    known.wakes ||= paging.includes(alarm) || page === 'users-affected';
    alarms.set(`${page}#${anchor}`, known);
    sectionsOfEnvironment.add(`${page}#${anchor}`);
  }
  const stacks = synthesized(config, stage);
  templates.push(stacks);
  named.set(name, {
    sections: sectionsOfEnvironment,
    parts: widgetsOf(stacks).flatMap(({ properties: { title, markdown = '' } }) =>
      title === undefined ? matches(markdown, /^## (.+)$/gm) : [title],
    ),
    queries: resourcesOf(stacks).flatMap(([, , { Type, Properties }]) =>
      Type === 'AWS::Logs::QueryDefinition' ? [String(Properties?.['Name']).replace(/.*\//, '')] : [],
    ),
  });
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

/** Graphs and other parts of the dashboard that a text names: in italics, or in Japanese brackets. */
function dashboardPartsIn(text: string, language: Language): string[] {
  const names =
    language === 'md'
      ? matches(withoutCode(text).replaceAll(/\*\*[^*]+\*\*|`[^`]*`/g, ''), /\*([^*]+)\*/g)
      : matches(withoutCode(text), /「([ -~]+)」/g);
  return names.map((name) => name.replaceAll(/\s+/g, ' ')).filter((name) => !OTHER_NAMES.includes(name));
}

/** Saved queries that a text names, alone or as a list. */
const savedQueriesIn = (text: string) =>
  matches(text, /(?:saved\s+quer(?:y|ies)|保存済みクエリ)\s+((?:(?:,|and|or|、|と|\s)*`[\w-]+`)+)/gi).flatMap((list) =>
    matches(list, /`([^`]+)`/g),
  );

/** A part is on a dashboard, or the text names the graph that is there in its place. */
const isShown = (part: string, names: readonly string[], shown: readonly string[]) =>
  [part, ...(INSTEAD[part] ?? []).filter((each) => names.includes(each))].some((each) => shown.includes(each));

describe('in both languages', () => {
  const inEnglish = new Map(sections('md'));
  test.each(sections('ja.md'))(
    '%s names the same parts of the dashboard and the same saved queries',
    (section, text) => {
      const english = inEnglish.get(section) ?? '';
      const sorted = (names: readonly string[]) => [...new Set(names)].sort();
      expect(sorted(dashboardPartsIn(text, 'ja.md'))).toEqual(sorted(dashboardPartsIn(english, 'md')));
      expect(sorted(savedQueriesIn(text))).toEqual(sorted(savedQueriesIn(english)));
    },
  );
});

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

  test.each(sections(language))(
    '%s names what the dashboard of every environment with its alarm has',
    (section, text) => {
      const names = dashboardPartsIn(text, language);
      const missing = [...named].flatMap(([environment, { sections: those, parts }]) =>
        those.has(section)
          ? names.filter((part) => !isShown(part, names, parts)).map((part) => [environment, part])
          : [],
      );
      expect(missing).toEqual([]);
    },
  );

  test.each(sections(language))(
    '%s names only saved queries that every environment with its alarm has',
    (section, text) => {
      const names = savedQueriesIn(text);
      const missing = [...named].flatMap(([environment, { sections: those, queries }]) =>
        those.has(section)
          ? names.filter((query) => !queries.includes(query)).map((query) => [environment, query])
          : [],
      );
      expect(missing).toEqual([]);
    },
  );

  test('each section names a part of the dashboard or a saved query, unless there is a reason', () => {
    const without = sections(language)
      .filter(([, text]) => dashboardPartsIn(text, language).length + savedQueriesIn(text).length === 0)
      .map(([section]) => section);
    expect(Object.keys(WITHOUT_DASHBOARD)).toEqual(expect.arrayContaining(without));
  });

  test('the link to go back leads to the commands for it', () => {
    const links = pagesIn(language).flatMap((page) =>
      matches(read(`${FOLDER}/${page}.${language}`), /\[(?:go\s+back|元に戻し(?:ます)?)\]\(([^)]+)\)/g),
    );
    const [target] = language === 'md' ? ['../releases.md#go-back-by-hand'] : ['../releases.ja.md#手動で戻す'];
    expect(links.length).toBeGreaterThan(9);
    expect(links.filter((link) => link !== target)).toEqual([]);
  });

  test.each(['README', ...pagesIn(language)])('%s gives the CDK only stacks that an environment has', (page) => {
    const text = read(`${FOLDER}/${page}.${language}`);
    const stacks = matches(text, /\bcdk (?:diagnose|drift) "?sandbox\/([$\w]+)/g);
    const known = ['$PART', ...templates.flatMap((each) => Object.keys(each))];
    expect(matches(text, /\bcdk (diagnose|drift) /g)).toHaveLength(stacks.length);
    expect(stacks.filter((stack) => !known.includes(stack))).toEqual([]);
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
