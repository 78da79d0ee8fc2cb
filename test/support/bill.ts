import { Template } from 'aws-cdk-lib/assertions';
import { matches, read } from './documents';
import { fixtureOf } from './fixture';
import { Resource, resourcesOf, synthesized } from './stage';

/**
 * The arithmetic of docs/costs.md: prices from the page's own table of prices, quantities from the templates, and the tables
 * that both give. The page has to contain these tables in both languages.
 */

export const REGIONS = ['us-east-1', 'ap-northeast-1'] as const;
export type Region = (typeof REGIONS)[number];
export type Language = 'en' | 'ja';
export type Text = Readonly<Record<Language, string>>;

/** The regions as the tables name them, because a browser breaks the names of AWS at their hyphens. */
const REGION_NAMES: Readonly<Record<Region, Text>> = {
  'us-east-1': { en: 'Virginia', ja: '米国' },
  'ap-northeast-1': { en: 'Tokyo', ja: '東京' },
};
export type Templates = Readonly<Record<string, Template>>;

export const COSTS: Readonly<Record<Language, string>> = { en: 'docs/costs.md', ja: 'docs/costs.ja.md' };

/** Hours in a month, as AWS counts them. */
export const HOURS = 730;
const SECONDS = HOURS * 3600;
/** Runs of a schedule that starts every minute, in a month. */
export const MINUTES = HOURS * 60;

const PRICES = pricesOf('en');

/** The table of prices of a page: its rows without the words and the marks, by what and unit. */
export function pricesOf(language: Language): ReadonlyMap<string, Readonly<Record<Region, number | undefined>>> {
  const [, table = ''] = /^## (?:Prices|価格)\n\n((?:\|.*\n)+)/m.exec(read(COSTS[language])) ?? [];
  const [head = [], , ...rows] = matches(table, /^\| (.*) \|$/gm).map((line) => line.split(' | '));
  return new Map(
    rows.map(([what = '', unit = '', ...cells]) => {
      const usd = (region: Region) => {
        const [figure] = /^[\d.]+/.exec(cells[head.indexOf(REGION_NAMES[region][language]) - 2] ?? '') ?? [];
        return figure === undefined ? undefined : Number(figure);
      };
      return [`${what}, ${unit}`, { 'us-east-1': usd('us-east-1'), 'ap-northeast-1': usd('ap-northeast-1') }];
    }),
  );
}

/** Price from the table of docs/costs.md; undefined where the table has a dash. */
export function priceOf(name: string, region: Region): number | undefined {
  const price = PRICES.get(name);
  if (price === undefined)
    throw new Error(`docs/costs.md has no price "${name}". It has: ${[...PRICES.keys()].join('; ')}`);
  return price[region];
}

/** An amount of money as quantities of prices. */
type Amount = readonly (readonly [quantity: number, price: string])[];

/** USD for an amount; undefined if one of the prices is not known in the region. */
export function usdOf(amount: Amount, region: Region): number | undefined {
  return amount.reduce<number | undefined>((sum, [quantity, name]) => {
    const price = priceOf(name, region);
    return sum === undefined || price === undefined ? undefined : sum + quantity * price;
  }, 0);
}

/** Rounds to cents. Half a cent is rounded up, also where a binary fraction is a little below it (1.095). */
export const cents = (amount: number) => (Math.round(amount * 100 + 1e-9) / 100).toFixed(2);

/** USD for an amount in us-east-1, as the documents print it. */
export const usd = (...amount: Amount) => cents(usdOf(amount, 'us-east-1') ?? Number.NaN);
export const usdTokyo = (...amount: Amount) => cents(usdOf(amount, 'ap-northeast-1') ?? Number.NaN);

interface Priced {
  readonly name: Text;
  readonly amount: Amount;
}

export interface Line extends Priced {
  readonly quantity: Text;
}

const both = (text: string): Text => ({ en: text, ja: text });
const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
const regionsOf = (language: Language): readonly Region[] => (language === 'en' ? REGIONS : [...REGIONS].reverse());

/** The cell of an amount, rounded as it is printed, or a dash. */
function cellOf({ amount }: Priced, region: Region): string {
  const total = usdOf(amount, region);
  return total === undefined ? '–' : cents(total);
}

/** Sum of the cells, so that a reader who adds the column gets the same. */
export function sumOf(lines: readonly Priced[], region: Region): string {
  return lines.reduce((sum, line) => sum + (Number.parseFloat(cellOf(line, region)) || 0), 0).toFixed(2);
}

/** Rows of a table: name, the amount in each region, and the quantity; Tokyo is first in Japanese. */
export function rowsOf(lines: readonly Line[], language: Language): string[] {
  return lines.map((line) =>
    row(line.name[language], ...regionsOf(language).map((region) => cellOf(line, region)), line.quantity[language]),
  );
}

/** The row of a sum. */
export function sumRow(name: Text, lines: readonly Priced[], language: Language): string {
  return row(`**${name[language]}**`, ...regionsOf(language).map((region) => `**${sumOf(lines, region)}**`), '');
}

const PART: Text = { en: 'part', ja: '部品' };
const QUANTITY: Text = { en: 'quantity', ja: '数量' };
export const SUM: Text = { en: 'sum', ja: '合計' };

function tableOf(language: Language, ...rows: readonly string[]): string {
  const regions = regionsOf(language).map((region) => REGION_NAMES[region][language]);
  const head = row(PART[language], ...regions, QUANTITY[language]);
  return [head, '| --- | ---: | ---: | --- |', ...rows].join('\n');
}

export const ofType = (templates: Templates, type: string): Resource[] =>
  resourcesOf(templates).flatMap(([, , resource]) => (resource.Type === type ? [resource] : []));

const property = (resource: Resource | undefined, name: string) => resource?.Properties?.[name];

/** Number of metrics that an alarm is billed for: the metrics of its expression, or one. */
function metricsOf(alarm: Resource): number {
  const metrics = property(alarm, 'Metrics');
  return Array.isArray(metrics) ? metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}

export function alarmsOf(templates: Templates) {
  const alarms = ofType(templates, 'AWS::CloudWatch::Alarm');
  return {
    alarms: alarms.length,
    metrics: alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0),
    composites: ofType(templates, 'AWS::CloudWatch::CompositeAlarm').length,
    // A target tracking policy creates two alarms, one for scaling out and one for scaling in.
    tracking: 2 * ofType(templates, 'AWS::ApplicationAutoScaling::ScalingPolicy').length,
  };
}

/** Hours of a week in which schedules hold a minimum, by the minimum. The schedules name minute, hour and days. */
function hoursByMinimum(actions: readonly { Schedule: string; ScalableTargetAction: { MinCapacity: number } }[]) {
  const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
  const changes = actions.flatMap(({ Schedule, ScalableTargetAction }) => {
    const [, minute, hour, from, to] = /^cron\((\d+) (\d+) \? \* (\w+)-(\w+) \*\)$/.exec(Schedule) ?? [];
    if (from === undefined || to === undefined) throw new Error(`The test does not understand ${Schedule}.`);
    return days
      .map((_, day) => day)
      .slice(days.indexOf(from), days.indexOf(to) + 1)
      .map((day) => ({ at: day * 24 + Number(hour) + Number(minute) / 60, min: ScalableTargetAction.MinCapacity }));
  });
  const inOrder = changes.toSorted((a, b) => a.at - b.at);
  return inOrder.reduce((hours, { at, min }, index) => {
    const next = inOrder[index + 1]?.at ?? (inOrder[0]?.at ?? 0) + 168;
    return hours.set(min, (hours.get(min) ?? 0) + next - at);
  }, new Map<number, number>());
}

/** Parts that cost by the hour, without those of a cluster. */
export function idleLines(templates: Templates): Line[] {
  const nat = ofType(templates, 'AWS::EC2::NatGateway').length;
  const addresses = ofType(templates, 'AWS::EC2::EIP').length;
  const balancers = ofType(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer').length;
  const [task, ...otherTasks] = ofType(templates, 'AWS::ECS::TaskDefinition');
  const targets = ofType(templates, 'AWS::ApplicationAutoScaling::ScalableTarget');
  const service = targets.find((target) => property(target, 'ServiceNamespace') === 'ecs');
  const concurrency = targets.find((target) => property(target, 'ServiceNamespace') === 'lambda');
  const [stage] = ofType(templates, 'AWS::ApiGateway::Stage');
  if (otherTasks.length > 0) throw new Error('The page describes one service.');
  const tasks = Number(property(service, 'MinCapacity'));
  const vcpu = Number(property(task, 'Cpu')) / 1024;
  const gb = Number(property(task, 'Memory')) / 1024;
  const environments = Number(property(concurrency, 'MinCapacity'));
  const functionGb = memoryOf(templates, 'QuotesFunction');
  const cacheGb = property(stage, 'CacheClusterSize');
  const { alarms, metrics, composites, tracking } = alarmsOf(templates);
  const actions = property(concurrency, 'ScheduledActions');
  const minimums = hoursByMinimum(Array.isArray(actions) ? actions : []);
  const more = [...minimums].filter(([min]) => min > environments);
  return [
    {
      name: { en: 'NAT gateway', ja: 'NAT ゲートウェイ' },
      quantity: both(`${nat}`),
      amount: [[nat * HOURS, 'NAT gateway, hour']],
    },
    {
      name: { en: 'its public IPv4 address', ja: 'そのパブリック IPv4 アドレス' },
      quantity: both(`${addresses}`),
      amount: [[addresses * HOURS, 'public IPv4 address, hour']],
    },
    {
      name: { en: 'load balancer', ja: 'ロードバランサー' },
      quantity: { en: `${balancers}, without capacity units`, ja: `${balancers}（LCU を除く）` },
      amount: [[balancers * HOURS, 'application load balancer, hour']],
    },
    {
      name: { en: 'Fargate task, arm64', ja: 'Fargate タスク、arm64' },
      quantity: { en: `${tasks} of ${vcpu} vCPU and ${gb} GB`, ja: `${vcpu} vCPU と ${gb} GB を ${tasks} つ` },
      amount: [
        [tasks * vcpu * HOURS, 'Fargate arm64, vCPU, hour'],
        [tasks * gb * HOURS, 'Fargate arm64, GB, hour'],
      ],
    },
    {
      name: { en: 'provisioned concurrency, arm64', ja: 'プロビジョニング済み同時実行、arm64' },
      quantity: { en: `${environments} of ${functionGb} GB`, ja: `${functionGb} GB を ${environments} つ` },
      amount: [[environments * functionGb * SECONDS, 'provisioned concurrency, arm64, GB-second']],
    },
    ...more.map(
      ([min, hours]): Line => ({
        name: { en: 'more of it around the opening hours', ja: '取引時間の前後に増える分' },
        quantity: {
          en: `${min - environments} of ${functionGb} GB, ${hours} of 168 hours`,
          ja: `${functionGb} GB を ${min - environments} つ、168 時間のうち ${hours} 時間`,
        },
        amount: [
          [(min - environments) * functionGb * SECONDS * (hours / 168), 'provisioned concurrency, arm64, GB-second'],
        ],
      }),
    ),
    {
      name: { en: 'stage cache', ja: 'ステージキャッシュ' },
      quantity: both(`${cacheGb} GB`),
      amount: [[HOURS, `API cache, ${cacheGb} GB, hour`]],
    },
    {
      name: { en: 'alarms', ja: 'アラーム' },
      quantity: {
        en: `${alarms} by Kumiki on ${metrics} metrics, ${tracking} by target tracking`,
        ja: `${metrics} メトリクスに対する ${alarms} 個と、ターゲット追跡の ${tracking} 個`,
      },
      amount: [[metrics + tracking, 'standard alarm, metric and month']],
    },
    {
      name: { en: 'composite alarm', ja: '複合アラーム' },
      quantity: both(`${composites}`),
      amount: [[composites, 'composite alarm, month']],
    },
    {
      name: { en: 'dashboard', ja: 'ダッシュボード' },
      quantity: both(`${ofType(templates, 'AWS::CloudWatch::Dashboard').length}`),
      amount: [[ofType(templates, 'AWS::CloudWatch::Dashboard').length, 'dashboard, month']],
    },
  ];
}

/** Memory of a function in GB, by the beginning of its logical id. */
export function memoryOf(templates: Templates, id: string): number {
  const found = resourcesOf(templates).find(
    ([, logicalId, { Type }]) => Type === 'AWS::Lambda::Function' && logicalId.startsWith(id),
  );
  return Number(property(found?.[2], 'MemorySize')) / 1024;
}

/** Parts that a cluster adds. */
export function clusterLines(without: Templates, templates: Templates): Line[] {
  const [group] = ofType(templates, 'AWS::EKS::Nodegroup');
  const [template] = ofType(templates, 'AWS::EC2::LaunchTemplate');
  const { InstanceTypes, ScalingConfig } = group?.Properties ?? {};
  const nodes: number = Object(ScalingConfig).MinSize;
  const [type] = Array.isArray(InstanceTypes) ? InstanceTypes : [];
  const [device] = Object(property(template, 'LaunchTemplateData')).BlockDeviceMappings ?? [];
  const { VolumeSize: size, VolumeType: volume } = device?.Ebs ?? {};
  const clusters = ofType(templates, 'AWS::EKS::Cluster').length;
  const keys = ofType(templates, 'AWS::KMS::Key').length;
  const [more, less] = [alarmsOf(templates), alarmsOf(without)];
  const [alarms, metrics] = [more.alarms - less.alarms, more.metrics - less.metrics];
  return [
    {
      name: { en: 'control plane of EKS, standard support', ja: 'EKS のコントロールプレーン、標準サポート' },
      quantity: both(`${clusters}`),
      amount: [[clusters * HOURS, 'EKS control plane, standard support, hour']],
    },
    {
      name: { en: `nodes, ${type}`, ja: `ノード、${type}` },
      quantity: both(`${nodes}`),
      amount: [[nodes * HOURS, NODE_PRICES[type] ?? type]],
    },
    {
      name: { en: `their volumes, ${volume}`, ja: `そのボリューム、${volume}` },
      quantity: { en: `${nodes} of ${size} GB`, ja: `${size} GB を ${nodes} つ` },
      amount: [[nodes * size, VOLUME]],
    },
    {
      name: { en: 'key of the secrets', ja: 'シークレット用の KMS キー' },
      quantity: both(`${keys}`),
      amount: [[keys, 'key, month']],
    },
    {
      name: {
        en: 'alarms on the cluster and its targets',
        ja: 'クラスターとそのターゲットのアラーム',
      },
      quantity: { en: `${alarms} on ${metrics} metrics`, ja: `${metrics} メトリクスに対する ${alarms} 個` },
      amount: [[metrics, 'standard alarm, metric and month']],
    },
  ];
}

const NODE_PRICES: Readonly<Record<string, string>> = {
  't4g.medium': 't4g.medium, eight times t4g.nano, hour',
  'm7g.large': 'm7g.large, hour',
};
export const VOLUME = 'gp3 volume: 8 GB for a NAT instance, 20 GB for a node, GB and month';

/** One more node with its volume, by instance type. */
export const nodeOf = (type: string): Amount => [
  [HOURS, NODE_PRICES[type] ?? type],
  [20, VOLUME],
];

/** Templates of the configurations that the page prices. */
export const configurations = {
  sandbox: () => synthesized(fixtureOf('trial')),
  sandboxWithCluster: () => synthesized(fixtureOf('trial', { kubernetes: 'true' })),
  production: () => synthesized(fixtureOf('lasting', { kubernetes: 'false' })),
  productionWithCluster: () => synthesized(fixtureOf('lasting')),
};

/** The tables of parts that cost while idle. */
export function idleTables(language: Language): string[] {
  const sandbox = idleLines(configurations.sandbox());
  const cluster = clusterLines(configurations.sandbox(), configurations.sandboxWithCluster());
  const production = idleLines(configurations.production());
  const large = clusterLines(configurations.production(), configurations.productionWithCluster());
  return [
    tableOf(language, ...rowsOf(sandbox, language), sumRow(SUM, sandbox, language)),
    tableOf(language, ...rowsOf(cluster, language), sumRow(SUM, cluster, language)),
    tableOf(
      language,
      ...rowsOf(production, language),
      sumRow({ en: 'sum, without the cluster', ja: 'クラスターを除く合計' }, production, language),
      ...rowsOf(large, language),
      sumRow({ en: 'sum, with the cluster', ja: 'クラスターを含む合計' }, [...production, ...large], language),
    ),
  ];
}

/** What the examples assume. The page says the same in words. */
export const EXAMPLE = {
  requests: 10_000_000,
  /** Share of the requests that reach the function in spite of the cache. */
  missed: 0.5,
  /** Seconds of the function for a request. */
  duration: 0.02,
  /** GB of logs for a million requests: API Gateway's access log, and what Lambda writes for each run. */
  accessLog: 1,
  runLog: 1,
  students: 30,
  hours: 8,
  /** Requests of a student over each of both APIs. */
  own: 1_000,
  ticks: { hours: 1, everySeconds: 5 },
} as const;

const millions = (count: number) => count / 1_000_000;

/** Traces of a month for requests that come evenly: the first of each second, and 5 % of the others. */
export function tracesOf(requests: number): number {
  return SECONDS + 0.05 * (requests - SECONDS);
}

type Way = 'cached' | 'rest' | 'http';

/** What requests in a month cost beside the idle parts, by way. All of them are for one route of the function. */
export function requestLines(way: Way): Priced[] {
  const { requests, missed, duration, accessLog, runLog } = EXAMPLE;
  const runs = way === 'cached' ? requests * missed : requests;
  const gb = memoryOf(configurations.production(), 'QuotesFunction');
  return [
    {
      name: { en: 'requests', ja: 'リクエスト' },
      amount: [[millions(requests), way === 'http' ? 'HTTP API, million requests' : 'REST API, million requests']],
    },
    {
      name: { en: 'function, invocations', ja: '関数の実行回数' },
      amount: [[millions(runs), 'Lambda, million requests']],
    },
    {
      name: { en: 'function, duration', ja: '関数の実行時間' },
      amount: [[runs * duration * gb, 'Lambda duration, arm64, GB-second']],
    },
    {
      name: { en: 'logs', ja: 'ログ' },
      amount: [[millions(requests) * accessLog + millions(runs) * runLog, 'log events ingested, GB']],
    },
    {
      name: { en: 'traces', ja: 'トレース' },
      amount: [[millions(tracesOf(way === 'http' ? runs : requests)), 'trace, beyond the first 100,000, million']],
    },
    {
      name: { en: 'metrics of the method or route', ja: 'メソッドまたはルートのメトリクス' },
      amount: [[way === 'http' ? 6 : 7, 'custom metric, the first 10,000, metric and month']],
    },
  ];
}

const WAYS: readonly { way: Way; name: Text }[] = [
  { way: 'cached', name: { en: 'REST API, half from the cache', ja: 'REST API、半分はキャッシュ' } },
  { way: 'rest', name: { en: 'REST API', ja: 'REST API' } },
  { way: 'http', name: { en: 'HTTP API', ja: 'HTTP API' } },
];

/** USD of ten million requests in a month over each of the three ways, for a region. */
export function requestTable(language: Language, region: Region): string {
  const columns = WAYS.map(({ way }) => requestLines(way));
  const [first = []] = columns;
  return [
    row(REGION_NAMES[region][language], ...WAYS.map(({ name }) => name[language])),
    '| --- | ---: | ---: | ---: |',
    ...first.map(({ name }, index) =>
      row(name[language], ...columns.map((lines) => (lines[index] ? cellOf(lines[index], region) : ''))),
    ),
    row(`**${SUM[language]}**`, ...columns.map((lines) => `**${sumOf(lines, region)}**`)),
  ].join('\n');
}

/** Connections that get a tick every 5 s for a month, so that together they get the messages of the example. */
export const SUBSCRIBERS = Math.round(EXAMPLE.requests / (SECONDS / 5));

export function messageLines(): Line[] {
  const gb = memoryOf(configurations.production(), 'TickerFunction');
  return [
    {
      name: { en: 'messages', ja: 'メッセージ' },
      quantity: { en: '10 million', ja: '1,000 万件' },
      amount: [[millions(EXAMPLE.requests), 'WebSocket API, million messages']],
    },
    {
      name: { en: 'connection minutes', ja: '接続時間（分）' },
      quantity: { en: `${SUBSCRIBERS} connections all month`, ja: `1 か月間つながった ${SUBSCRIBERS} 接続` },
      amount: [[millions(SUBSCRIBERS * MINUTES), 'WebSocket API, million connection minutes']],
    },
    {
      name: { en: 'ticker', ja: 'ティッカー' },
      quantity: { en: `all month, ${Math.round(gb * 1024)} MiB`, ja: `1 か月間、${Math.round(gb * 1024)} MiB` },
      amount: tickerOf(gb, 60),
    },
  ];
}

/** A ticker that is started every minute for a month and runs for some seconds each time. */
export function tickerOf(gb: number, seconds: number): Amount {
  return [
    [MINUTES * seconds * gb, 'Lambda duration, arm64, GB-second'],
    [millions(MINUTES), 'Lambda, million requests'],
  ];
}

/** Metrics with detail of the APIs: 7 for a method, 6 for a route. */
export function detailedMetricsOf(templates: Templates) {
  const routes = (stack: string) =>
    resourcesOf(templates).filter(([name, , { Type }]) => name === stack && Type === 'AWS::ApiGatewayV2::Route').length;
  return [
    { api: 'REST API', count: ofType(templates, 'AWS::ApiGateway::Method').length, each: 7 },
    { api: 'HTTP API', count: routes('HttpApi'), each: 6 },
    { api: 'WebSocket API', count: routes('WebSocketApi'), each: 6 },
  ] as const;
}

/** Routes of domain/routes.ts for which the documents compute their figures. */
export const SHIPPED_ROUTES = 3;

/** Detailed metrics with the routes as shipped. One more route does not change the figures of the documents. */
export function metricsAsShipped(templates: Templates): number {
  const [rest, http, webSocket] = detailedMetricsOf(templates);
  const added = http.count - SHIPPED_ROUTES;
  return (rest.count - added) * rest.each + SHIPPED_ROUTES * http.each + webSocket.count * webSocket.each;
}

/** A day of a class with one sandbox for all, or with a sandbox for everybody. */
export function classLines(sandboxes: number): Priced[] {
  const { students, hours, own, duration, accessLog, runLog, ticks } = EXAMPLE;
  const templates = configurations.sandbox();
  const each = 2 * students * own;
  const share = (sandboxes * hours) / HOURS;
  const metrics = metricsAsShipped(templates);
  const tickerGb = 0.5;
  const messages = (students * ticks.hours * 3600) / ticks.everySeconds;
  return [
    {
      name: { en: 'idle parts', ja: 'アイドル時にも料金がかかる部品' },
      amount: idleLines(templates).flatMap(({ amount }) =>
        amount.map(([quantity, price]): [number, string] => [quantity * share, price]),
      ),
    },
    {
      name: { en: 'metrics of methods and routes', ja: 'メソッドとルートのメトリクス' },
      amount: [[metrics * share, 'custom metric, the first 10,000, metric and month']],
    },
    {
      name: { en: 'REST and HTTP API', ja: 'REST API と HTTP API' },
      amount: [
        [millions(each / 2), 'REST API, million requests'],
        [millions(each / 2), 'HTTP API, million requests'],
      ],
    },
    {
      name: { en: 'function, logs, traces', ja: '関数、ログ、トレース' },
      amount: [
        [millions(each), 'Lambda, million requests'],
        [each * duration * memoryOf(templates, 'QuotesFunction'), 'Lambda duration, arm64, GB-second'],
        [millions(each) * (accessLog + runLog), 'log events ingested, GB'],
        [millions(each), 'trace, beyond the first 100,000, million'],
      ],
    },
    {
      name: { en: 'WebSocket API', ja: 'WebSocket API' },
      amount: [
        [millions(messages), 'WebSocket API, million messages'],
        [millions(students * ticks.hours * 60), 'WebSocket API, million connection minutes'],
      ],
    },
    {
      name: { en: 'ticker', ja: 'ティッカー' },
      amount: [[sandboxes * ticks.hours * 3600 * tickerGb, 'Lambda duration, arm64, GB-second']],
    },
  ];
}

/** The day of the class: one sandbox for all and a sandbox for everybody, side by side. */
function classTable(language: Language): string {
  const [one, all] = [classLines(1), classLines(EXAMPLE.students)];
  const columns = regionsOf(language).flatMap((region) => [
    { region, lines: one, name: { en: 'one sandbox', ja: '共用' } },
    { region, lines: all, name: { en: `${EXAMPLE.students} sandboxes`, ja: `${EXAMPLE.students} 個` } },
  ]);
  return [
    row(
      PART[language],
      ...columns.map(
        ({ region, name }) => `${REGION_NAMES[region][language]}${language === 'en' ? ', ' : '、'}${name[language]}`,
      ),
    ),
    '| --- | ---: | ---: | ---: | ---: |',
    ...one.map((line, index) =>
      row(line.name[language], ...columns.map(({ lines, region }) => cellOf(lines[index] ?? line, region))),
    ),
    row(`**${SUM[language]}**`, ...columns.map(({ lines, region }) => `**${sumOf(lines, region)}**`)),
  ].join('\n');
}

/** What the messages of the example cost. The prices of Tokyo are not known. */
function messageTable(language: Language): string {
  const lines = messageLines();
  return [
    row(PART[language], QUANTITY[language], REGION_NAMES['us-east-1'][language]),
    '| --- | --- | ---: |',
    ...lines.map((line) => row(line.name[language], line.quantity[language], cellOf(line, 'us-east-1'))),
    row(`**${SUM[language]}**`, '', `**${sumOf(lines, 'us-east-1')}**`),
  ].join('\n');
}

/** The tables of the two examples. */
export function exampleTables(language: Language): string[] {
  return [
    ...regionsOf(language).map((region) => requestTable(language, region)),
    messageTable(language),
    classTable(language),
  ];
}
