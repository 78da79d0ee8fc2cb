import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { ApiAlarms } from '../../lib/constructs/api-alarms';
import { BuildAlarms } from '../../lib/constructs/build-alarms';
import { FunctionAlarms } from '../../lib/constructs/function-alarms';
import { LoadBalancerAlarms } from '../../lib/constructs/load-balancer-alarms';
import { NatAlarms } from '../../lib/constructs/nat-alarms';
import { ServiceAlarms } from '../../lib/constructs/service-alarms';
import { ServiceEventAlarms } from '../../lib/constructs/service-event-alarms';
import { TableAlarms } from '../../lib/constructs/table-alarms';
import { TargetGroupAlarms } from '../../lib/constructs/target-group-alarms';
import { TickerAlarms } from '../../lib/constructs/ticker-alarms';
import { WebSocketAlarms } from '../../lib/constructs/websocket-alarms';
import {
  alarmsOf,
  COSTS,
  cents,
  clusterLines,
  configurations,
  detailedMetricsOf,
  EXAMPLE,
  exampleTables,
  HOURS,
  idleLines,
  idleTables,
  Language,
  MINUTES,
  metricsAsShipped,
  nodeOf,
  ofType,
  pricesOf,
  REGIONS,
  Region,
  SHIPPED_ROUTES,
  sumOf,
  Templates,
  tickerOf,
  tracesOf,
  usd,
  usdTokyo,
  VOLUME,
} from '../support/bill';
import { DOCUMENTS, matches, READMES, read, twins, withoutCode } from '../support/documents';
import { fixtureOf, service, withEgress, withFurther } from '../support/fixture';
import { stageOf, synthesized } from '../support/stage';

// The fixtures have the parts of the shipped environments that the documents describe. An edit of lib/environments.ts does
// not change the documents, so it does not change this test either.

/** The first row of a document, as its cells, whose text matches. */
function rowOf(file: string, text: string | RegExp): string[] {
  const row = read(file)
    .split('\n')
    .find((line) => line.startsWith('|') && (typeof text === 'string' ? line.includes(text) : text.test(line)));
  if (row === undefined) throw new Error(`${file} has no row with ${text}.`);
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const amountsOf = (cells: readonly string[]) => cells.flatMap((cell) => cell.match(/\d+\.\d\d(?!\d)/g) ?? []);

const HOUR_NAT = [HOURS, 'NAT gateway, hour'] as const;
const HOUR_ADDRESS = [HOURS, 'public IPv4 address, hour'] as const;
const VOLUME_8 = [8, VOLUME] as const;
const endpoints = (count: number) => [2 * count * HOURS, 'interface endpoint, hour and zone'] as const;

describe.each(['en', 'ja'] as const)('the page on costs in %s', (language: Language) => {
  test('has the tables that the templates and its prices give', () => {
    const page = read(COSTS[language]);
    for (const table of [...idleTables(language), ...exampleTables(language)])
      expect(page).toContain(`\n\n${table}\n\n`);
  });

  test('has the price of one more node, of logs and of metrics of a cluster', () => {
    const page = read(COSTS[language]);
    const perDay = [365 / 12, 'log events ingested, GB'] as const;
    // A thousand metrics, each once a minute, at 0.21 a million.
    const observed = cents((1000 * MINUTES * 0.21) / 1_000_000);
    for (const figure of [usd(...nodeOf('t4g.medium')), usdTokyo(...nodeOf('t4g.medium'))])
      expect(page).toContain(figure);
    for (const figure of [usd(...nodeOf('m7g.large')), usdTokyo(...nodeOf('m7g.large'))])
      expect(page).toContain(figure);
    for (const figure of [usd(perDay), observed]) expect(page).toContain(figure);
  });

  test('names the sums of the sandbox and the assumptions of its examples in words', () => {
    const page = read(COSTS[language]);
    const sandbox = idleLines(configurations.sandbox());
    const cluster = clusterLines(configurations.sandbox(), configurations.sandboxWithCluster());
    const ofClass = (sum: string) => cents((Number(sum) * EXAMPLE.hours) / HOURS);
    const { students, own, ticks } = EXAMPLE;
    for (const text of [
      sumOf(sandbox, 'us-east-1'),
      sumOf(sandbox, 'ap-northeast-1'),
      ofClass(sumOf(cluster, 'us-east-1')),
      ofClass(sumOf(cluster, 'ap-northeast-1')),
      `${EXAMPLE.duration * 1000} ms`,
      `${EXAMPLE.accessLog} KB`,
      `${EXAMPLE.accessLog + EXAMPLE.runLog} KB`,
      own.toLocaleString('en'),
      (2 * students * own).toLocaleString('en'),
      ((students * ticks.hours * 3600) / ticks.everySeconds).toLocaleString('en'),
    ]) {
      expect(page).toContain(text);
    }
  });
});

test.each([...twins('docs/costs.md'), ...READMES])('%s keeps every figure and its mark on one line', (file) => {
  expect(matches(read(file), /(\d\s[¹²³⁴])/g).length).toBeGreaterThan(10);
  expect(matches(read(file), /(.*\d [¹²³⁴].*)/g)).toEqual([]);
});

test('the table of prices has the same figures in both languages', () => {
  expect([...pricesOf('ja').values()]).toEqual([...pricesOf('en').values()]);
  expect(pricesOf('en').size).toBeGreaterThan(20);
});

test('every API has detailed metrics, as the page says', () => {
  const templates = configurations.sandbox();
  const [stage, ...others] = ofType(templates, 'AWS::ApiGateway::Stage');
  expect(others).toEqual([]);
  // The entry for all methods applies to methods without an own entry.
  expect(stage?.Properties?.['MethodSettings']).toContainEqual(
    expect.objectContaining({ ResourcePath: '/*', HttpMethod: '*', MetricsEnabled: true }),
  );
  const settings = ofType(templates, 'AWS::ApiGatewayV2::Stage').map(
    ({ Properties }) => Properties?.['DefaultRouteSettings'],
  );
  const detailed = expect.objectContaining({ DetailedMetricsEnabled: true });
  expect(settings).toEqual([detailed, detailed]);
});

describe.each(twins('docs/costs.md'))('%s', (file) => {
  const usdOfMetrics = (count: number) => usd([count, 'custom metric, the first 10,000, metric and month']);

  test('has the number and the price of the detailed metrics of each API', () => {
    for (const { api, count, each } of detailedMetricsOf(configurations.sandbox())) {
      // The table of routes may grow, so the document has the price of one method or route. The WebSocket API is not in
      // the table.
      const units = api === 'WebSocket API' ? count : 1;
      const [, quantity = '', amount] = rowOf(file, `[${api}](https://docs`);
      expect(quantity.match(/\d+/g)?.map(Number)).toEqual([units, each]);
      expect(amount).toBe(usdOfMetrics(units * each));
    }
  });

  test('has the price of one more route, and the price of the sandbox for the number of routes that it names', () => {
    const line = read(file)
      .split(/\n(?:\n|\|)/)
      .find((text) => text.includes('](../domain/routes.ts)'));
    const [routePrice = 0, shipped = 0, others = 0, sum] = (line?.match(/\d+(\.\d+)?/g) ?? []).map(Number);
    const [rest, http, webSocket] = detailedMetricsOf(configurations.sandbox());
    const otherMetrics = others * rest.each + webSocket.count * webSocket.each;
    expect(shipped).toBe(SHIPPED_ROUTES);
    expect(routePrice.toFixed(2)).toBe(usdOfMetrics(rest.each + http.each));
    expect(others).toBe(rest.count - http.count);
    expect(sum?.toFixed(2)).toBe(usdOfMetrics(shipped * (rest.each + http.each) + otherMetrics));
    expect(line).toContain(cents((sum ?? 0) / HOURS));
  });

  test('has the price of the detailed metrics that a cluster adds, and production has the same metrics', () => {
    const total = (templates: Templates) =>
      detailedMetricsOf(templates).reduce((sum, { count, each }) => sum + count * each, 0);
    const withCluster = total(configurations.sandboxWithCluster());
    const added = usdOfMetrics(withCluster - total(configurations.sandbox()));
    expect(read(file)).toMatch(new RegExp(`(up to|最大) ${added}`));
    expect(total(configurations.productionWithCluster())).toBe(withCluster);
  });

  test('has the bounds of what traces cost', () => {
    const trace = 'trace, beyond the first 100,000, million';
    expect(read(file)).toContain(usd([1, trace]));
    expect(read(file)).toContain(usd([0.05, trace]));
    expect(tracesOf(HOURS * 3600)).toBe(HOURS * 3600);
  });
});

test.each(DOCUMENTS.filter((file) => file.includes('0006-egress-by-one-nat-gateway')))(
  '%s has the prices of the ways out of the VPC',
  (file) => {
    const nat = [HOUR_NAT, HOUR_ADDRESS];
    const instance = [HOUR_ADDRESS, [HOURS, 't4g.nano, hour'] as const, VOLUME_8];
    for (const [mode, amount] of [
      [/^\| `nat`[,、] ?1 \|/, nat],
      [/^\| `nat`[,、] ?2 \|/, [...nat, ...nat]],
      [/^\| `nat-instance` \|/, instance],
      [/^\| `endpoints`[,、] ?3 \|/, [endpoints(3)]],
    ] as const) {
      expect(amountsOf(rowOf(file, mode)).toSorted()).toEqual([usd(...amount), usdTokyo(...amount)].toSorted());
    }
  },
);

test.each(twins('docs/websocket.md'))('%s has the price of the sessions', (file) => {
  const connections = 100;
  const millions = (count: number) => count / 1_000_000;
  const periods = MINUTES * 12;
  // The prices of the table are on this page only.
  const table = cents(millions(61 * periods) * 0.125 + millions(periods) * 0.625);
  for (const [row, amount] of [
    [/0\.5 GB arm64/, usd(...tickerOf(0.5, 60))],
    [/0\.5 GB arm64/, usd(...tickerOf(0.5, 0.03))],
    [
      /1\.00 per million \| 0 \||100 万.*1\.00.*\| 0 \|/,
      usd([millions(connections * periods), 'WebSocket API, million messages']),
    ],
    [/0\.25/, usd([millions(connections * MINUTES), 'WebSocket API, million connection minutes'])],
    [/0\.625/, table],
    [/0\.30/, usd([3, 'custom metric, the first 10,000, metric and month'])],
    [/ 0\.10|（1 個 0\.10）/, usd([alarmsOfSessions(), 'standard alarm, metric and month'])],
  ] as const) {
    expect(rowOf(file, row)).toContain(amount);
  }
  expect(read(file)).toContain(usd(...tickerOf(1769 / 1024, 60)));
});

/** Metrics for which the alarms of the WebSocket API are billed. */
function alarmsOfSessions(scheduled = true): number {
  const { webSocketApi, ...trial } = fixtureOf('trial');
  if (webSocketApi === undefined) throw new Error('The fixture has no WebSocket API.');
  const { WebSocketApi: template } = synthesized({
    ...trial,
    webSocketApi: { ...webSocketApi, ticker: { ...webSocketApi.ticker, scheduled } },
  });
  return template === undefined ? Number.NaN : alarmsOf({ template }).metrics;
}

test.each(READMES)('%s has the price of every part', (file) => {
  for (const [construct, price] of Object.entries(partsOf('us-east-1'))) {
    const both = [price, partsOf('ap-northeast-1')[construct]].toSorted();
    const row = rowOf(file, `lib/constructs/${construct}.ts)`);
    expect(`${file}, ${construct}: ${amountsOf(row).toSorted()}`).toBe(`${file}, ${construct}: ${both}`);
  }
});

test.each(READMES)('%s has no amount that the page on costs does not have', (file) => {
  const tables = [...idleTables('en'), ...exampleTables('en')].join('\n');
  const parts = REGIONS.flatMap((region) => Object.values(partsOf(region)));
  // Versions such as "Python 3.10" are no amounts.
  const text = withoutCode(read(file)).replaceAll(/(?:Python|Node(?:\.js)?|Kubernetes|v)\s*\d+\.\d+|`[^`]*`/g, '');
  const amounts = matches(text, /(?<![\d.])(\d+\.\d\d)(?![\d.]*\d)/g);
  expect(amounts.length).toBeGreaterThan(10);
  expect(amounts.filter((amount) => ![...amountsOf([tables]), ...parts].includes(amount))).toEqual([]);
});

const trial = stageOf(fixtureOf('trial'));

/** Number of metrics for which the alarms below all constructs of a kind are billed. */
function metricsUnder(kind: new (...args: never[]) => Construct): number {
  const alarms = trial.node
    .findAll()
    .filter((construct) => construct instanceof kind)
    .flatMap((construct) => construct.node.findAll().filter((child) => child instanceof CfnAlarm));
  return alarms.reduce((sum, alarm) => {
    const metrics = alarm.stack.resolve(alarm.metrics);
    return sum + (Array.isArray(metrics) ? metrics.filter(({ metricStat }) => metricStat !== undefined).length : 1);
  }, 0);
}

/** Constructs with alarms in the sandbox. */
const ALARMS = [
  ['api-alarms', ApiAlarms],
  ['build-alarms', BuildAlarms],
  ['function-alarms', FunctionAlarms],
  ['load-balancer-alarms', LoadBalancerAlarms],
  ['nat-alarms', NatAlarms],
  ['service-alarms', ServiceAlarms],
  ['service-event-alarms', ServiceEventAlarms],
  ['table-alarms', TableAlarms],
  ['target-group-alarms', TargetGroupAlarms],
  ['ticker-alarms', TickerAlarms],
  ['websocket-alarms', WebSocketAlarms],
] as const;

/** USD of the parts of the sandbox that cost while idle, by construct. */
function partsOf(region: Region): Record<string, string> {
  const [nat, address, balancer, task, concurrency, cache] = idleLines(configurations.sandbox()).map(
    ({ amount }) => amount,
  );
  if (!nat || !address || !balancer || !task || !concurrency || !cache) throw new Error('A part is missing.');
  const alarms = (count: number) => [count, 'standard alarm, metric and month'] as const;
  const price = (...amount: typeof nat) => (region === 'us-east-1' ? usd(...amount) : usdTokyo(...amount));
  return {
    network: price(...nat, ...address),
    'private-load-balancer': price(...balancer),
    // The target tracking policies of the service and of the function have two alarms each.
    'container-service': price(...task, alarms(4)),
    'private-function': price(...concurrency, alarms(2)),
    'cached-rest-api': price(...cache),
    ...Object.fromEntries(ALARMS.map(([construct, kind]) => [construct, price(alarms(metricsUnder(kind)))])),
    'users-affected': price([1, 'composite alarm, month']),
    'environment-dashboard': price([1, 'dashboard, month']),
  };
}

test.each(['README.md', 'docs/deploy.md'].flatMap(twins))('%s has the price of a cluster', (file) => {
  const cluster = clusterLines(configurations.sandbox(), configurations.sandboxWithCluster());
  expect(read(file)).toContain(sumOf(cluster, 'us-east-1'));
});

test.each(twins('docs/choose-an-api.md'))('%s has the price of ten million requests and of the cache', (file) => {
  const figures = [
    usd([10, 'HTTP API, million requests']),
    usd([10, 'REST API, million requests']),
    usd([HOURS, 'API cache, 0.5 GB, hour']),
  ];
  for (const figure of figures) expect(read(file)).toContain(figure);
});

test.each(twins('docs/switches.md'))('%s has the price of every switch', (file) => {
  const hour = (name: string) => usd([HOURS, `${name}, hour`]);
  const [, , , task = [], concurrency = []] = idleLines(configurations.sandbox()).map(({ amount }) => amount);
  const alarms = (count: number) => usd([count, 'standard alarm, metric and month']);
  const metricsOf = (templates: Templates) => alarmsOf(templates).metrics;
  const { httpApi: _, ...withoutHttpApi } = fixtureOf('trial');
  const { webSocketApi: __, ...withoutWebSocketApi } = fixtureOf('trial');
  const metrics = metricsOf(configurations.sandbox());
  const withOneMore = synthesized(withFurther(fixtureOf('trial'), [service('reports', 110)]));
  const cluster = clusterLines(configurations.sandbox(), configurations.sandboxWithCluster());
  const endpointsOf = (capacity: string) => {
    const config = { ...fixtureOf('trial', { capacity }), network: withEgress({ mode: 'endpoints' }) };
    const all = ofType(synthesized(config), 'AWS::EC2::VPCEndpoint');
    return all.filter(({ Properties }) => Properties?.['VpcEndpointType'] === 'Interface').length;
  };
  const volume = [30, VOLUME] as const;
  const small = usd([4 * HOURS, 't4g.nano, hour'], volume);
  const detailed = metricsAsShipped(configurations.sandbox());
  for (const [text, ...amounts] of [
    ['gateways', usd(HOUR_NAT, HOUR_ADDRESS)],
    ["'nat-instance'", usd(HOUR_ADDRESS, [HOURS, 't4g.nano, hour'], VOLUME_8)],
    ["'endpoints'", usd(endpoints(endpointsOf('fargate')))],
    [/`both` の場合|or `both`: nine/, usd(endpoints(endpointsOf('ec2')))],
    ['`function.provisionedConcurrency`', usd(...concurrency), alarms(2)],
    ['`restApi.cache`', hour('API cache, 0.5 GB')],
    ['`capacity.ec2` |', small],
    ['`services` |', alarms(metricsOf(withOneMore) - metrics)],
    ['`services.minTasks`', usd(...task)],
    ['`services.cpu`', '0.25', usd(...task)],
    ['`httpApi` |', alarms(metrics - metricsOf(synthesized(withoutHttpApi))), usd([1, 'HTTP API, million requests'])],
    [
      '`webSocketApi` |',
      alarms(metrics - metricsOf(synthesized(withoutWebSocketApi))),
      usd([1, 'WebSocket API, million messages']),
    ],
    // Schedule, ticker and table of docs/websocket.md, and the alarms that a schedule adds.
    [
      '`webSocketApi.ticker.scheduled`',
      cents(0.04 + 0.02 + 0.01 + Number(alarms(alarmsOfSessions() - alarmsOfSessions(false)))),
    ],
    ['`webSocketApi.ticker.memoryMiB`', usd(...tickerOf(0.5, 60)), usd(...tickerOf(1769 / 1024, 60))],
    ['`kubernetes.enabled`', sumOf(cluster, 'us-east-1')],
    ['`kubernetes.nodes` |', usd(...nodeOf('t4g.medium')), usd(...nodeOf('m7g.large'))],
    [/^\| (load balancer|ロードバランサー) /, hour('application load balancer')],
    [/^\| ECS (service|サービス)/, usd(...task)],
    [/^\| REST API[ ,（]/, usd([1, 'REST API, million requests'])],
    [/^\| (flow log|新しい VPC)/, usd([1, 'log events ingested, GB'])],
    ['`alarms` |', alarms(1), usd([1, 'composite alarm, month'])],
    ['`notifications` |', usd([1, 'key, month'])],
    // The price of a metric of Container Insights is in the text of the page only.
    [
      '`observability` |',
      usd([detailed, 'custom metric, the first 10,000, metric and month']),
      usd([1, 'trace, beyond the first 100,000, million']),
      '0.07',
    ],
    ['`encryption` |', usd([1, 'key, month'])],
    ['`dashboard` |', usd([1, 'dashboard, month'])],
  ] as const) {
    const cells = rowOf(file, text);
    expect(`${cells[0]}: ${amountsOf(cells).toSorted()}`).toBe(`${cells[0]}: ${amounts.toSorted()}`);
  }
});
