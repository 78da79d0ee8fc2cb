import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { buildApp } from '../container/src/app';
import { ClusterAutoscaler } from '../lib/constructs/cluster-autoscaler';
import { LOG_QUERIES, LogContent } from '../lib/log-queries';
import { fixtureOf } from './support/fixture';
import { flat, Line, parseQuery } from './support/logs-insights';
import { resourcesOf, synthesized } from './support/stage';

const ID = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';
const INVOCATION = '3f1c8b0e-2c5d-4a6e-9d7a-000000000001';
const TRACE = '1-5759e988-bd862e3fe1be46a994272793';

const trial = fixtureOf('trial', { kubernetes: 'true' });
const templates = synthesized({
  ...trial,
  kubernetes: trial.kubernetes && {
    ...trial.kubernetes,
    nodes: { ...trial.kubernetes.nodes, maxNodes: 8 },
    observability: true,
  },
});

/** A line of an access log: the format in the template, with values for the fields. */
function access(stack: 'RestApi' | 'HttpApi' | 'WebSocketApi', values: Readonly<Record<string, string>>): Line {
  const { [stack]: template } = templates;
  const [format] = (template ? resourcesOf({ [stack]: template }) : []).flatMap(([, , { Properties = {} }]) => {
    const setting = Object(Properties['AccessLogSetting'] ?? Properties['AccessLogSettings']);
    return typeof setting.Format === 'string' ? [setting.Format] : [];
  });
  const fields = Object.keys(JSON.parse(format ?? '{}'));
  for (const name of Object.keys(values)) expect(fields).toContain(name);
  // API Gateway writes `-` for an unknown value.
  return Object.fromEntries(fields.map((name) => [name, values[name] ?? '-']));
}

/** Lambda's report. @see https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report */
const report = (status: string, initDurationMs?: number): Line => ({
  time: '2026-11-27T12:00:00.000Z',
  type: 'platform.report',
  record: {
    requestId: INVOCATION,
    status,
    metrics: { durationMs: 12.5, billedDurationMs: 13, memorySizeMB: 512, maxMemoryUsedMB: 98, initDurationMs },
  },
});

/** An event of ECS. @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html */
const ecsEvent = (type: string, resource: string, detail: Line): Line => ({
  'detail-type': type,
  source: 'aws.ecs',
  resources: [`arn:aws:ecs:us-east-1:111122223333:${resource}`],
  detail,
});

/** Names that Logs Insights gives to the default fields. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html */
const flow = (action: string): Line => ({
  interfaceId: 'eni-1',
  srcAddr: '10.0.1.5',
  dstAddr: '203.0.113.9',
  srcPort: 50_000,
  dstPort: 443,
  protocol: 6,
  packets: 20,
  bytes: 4_249,
  action,
  logStatus: 'OK',
});

/** A line of a container as Fluent Bit sends it, with JSON parsed. @see https://docs.fluentbit.io/manual/pipeline/filters/kubernetes */
const podLine = (log: string, container: string, parsed?: Line): Line => ({
  log,
  kubernetes: { pod_name: `${container}-1`, container_name: container },
  ...(parsed && { log_processed: parsed }),
});

/** The lines that code prints to standard output, as Lambda collects them. */
async function printed(environment: Readonly<Record<string, string>>, work: () => Promise<unknown>): Promise<Line[]> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  const lines: string[] = [];
  const streams = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => lines.push(...String(chunk).trim().split('\n')) > 0),
  );
  try {
    await jest.isolateModulesAsync(async () => void (await work().catch(() => undefined)));
  } finally {
    for (const stream of streams) stream.mockRestore();
    process.env = before;
  }
  // Node prints warnings, which are no JSON.
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

const LAMBDA = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_LAMBDA_FUNCTION_NAME: 'function-1',
  _X_AMZN_TRACE_ID: `Root=${TRACE};Parent=53995c3f42cd8ad8;Sampled=1`,
  TABLE_NAME: 'table',
};
const invocation = { awsRequestId: INVOCATION, getRemainingTimeInMillis: () => 5_000 };

/** Example lines of every log group, printed by the code itself where it is ours. */
const lines = new Map<LogContent, readonly Line[]>();
const linesOf = (content: LogContent): readonly Line[] => lines.get(content) ?? [];

beforeAll(async () => {
  // Refuses every call, in the form of DynamoDB.
  const aws = createServer((_, response) => response.writeHead(400).end('{"__type":"ValidationException"}'));
  await new Promise<void>((listening) => void aws.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  const call = (name: string, event: unknown) => () =>
    jest.requireActual(`../lambda/${name}/index`).handler(event, invocation);
  const api = { httpMethod: 'GET', requestContext: { requestId: ID } };

  lines.set('quotes', [
    ...(await printed(
      { ...LAMBDA, POWERTOOLS_SERVICE_NAME: 'quotes' },
      call('quotes', { ...api, path: '/quotes/KUMI' }),
    )),
    // Without the address of the service, the route fails by an error that nobody throws on purpose.
    ...(await printed(
      { ...LAMBDA, POWERTOOLS_SERVICE_NAME: 'quotes' },
      call('quotes', { ...api, path: '/analysis/KUMI' }),
    )),
    report('success', 201.3),
    report('success'),
    report('timeout'),
  ]);
  const table = { ...LAMBDA, AWS_ENDPOINT_URL_DYNAMODB: url, CALLBACK_URL: `${url}/v1` };
  const message = { requestContext: { requestId: ID, connectionId: 'c1', eventType: 'MESSAGE' }, body: '{}' };
  lines.set('sessions', [
    ...(await printed({ ...table, POWERTOOLS_METRICS_NAMESPACE: 'Sessions' }, call('sessions', message))),
    report('success'),
    report('error'),
  ]);
  lines.set('ticker', [
    ...(await printed(
      { ...table, POWERTOOLS_METRICS_NAMESPACE: 'Ticker', EVERY_SECONDS: '60', RUN_SECONDS: '60' },
      call('ticker', { ticks: 1 }),
    )),
    // Printed with messages that are given up, and with messages that are sent: test/lambda.
    { level: 'WARN', message: 'messages given up', failed: 2, first: 'c1', sequence: 1, reason: 'Forbidden' },
    { level: 'INFO', _aws: {}, FunctionName: 'ticker', Posted: 3, Gone: 0, Failed: 0 },
    report('success'),
    report('error'),
  ]);
  aws.closeAllConnections();
  aws.close();

  const written: string[] = [];
  const { server } = buildApp({ logTo: { write: (line) => written.push(line) } });
  server.get('/broken', async () => {
    throw new Error('out of order');
  });
  for (const path of ['/history/ABC', '/history/abc', '/broken']) {
    await server.inject({
      url: path,
      headers: { 'x-request-id': ID, 'x-amzn-trace-id': `Self=1-67891234-12456789abcdef012345678;Root=${TRACE}` },
    });
  }
  const containers: Line[] = written.map((line) => JSON.parse(line));
  lines.set('services', containers);
  lines.set('pods', [
    ...written.map((line, index) => podLine(line, 'history', containers[index])),
    podLine('E1127 12:00:00.000000 1 static_autoscaler.go:1] Failed to scale up', ClusterAutoscaler.CONTAINER),
    podLine('I1127 12:00:00.000000 1 static_autoscaler.go:1] Starting main loop', ClusterAutoscaler.CONTAINER),
    podLine('Everything is well', 'other'),
  ]);

  const rest = { requestId: ID, method: 'GET', resourcePath: '/quotes/{symbol}', caller: 'arn:aws:iam::1:user/a' };
  lines.set('restApi', [
    access('RestApi', { ...rest, traceId: TRACE, status: '200', latency: '21', integrationLatency: '19' }),
    access('RestApi', { ...rest, status: '200', latency: '3' }),
    access('RestApi', { ...rest, status: '502', integrationStatus: '502', errorType: 'DEFAULT_5XX', latency: '30' }),
    access('RestApi', { ...rest, status: '429', errorType: 'THROTTLED', latency: '1' }),
  ]);
  const http = { requestId: ID, routeKey: 'GET /quotes/{symbol}', caller: 'arn:aws:iam::1:user/b' };
  lines.set('httpApi', [
    access('HttpApi', { ...http, status: '200', latency: '12', integrationLatency: '10' }),
    access('HttpApi', { ...http, status: '503', integrationError: 'timeout', latency: '30', integrationLatency: '29' }),
  ]);
  lines.set('webSocketApi', [
    access('WebSocketApi', { requestId: ID, route: '$connect', event: 'CONNECT', status: '200', connectionId: 'c1' }),
    access('WebSocketApi', { requestId: ID, route: '$connect', event: 'CONNECT', status: '403', connectionId: 'c2' }),
    access('WebSocketApi', { route: 'subscribe', status: '200', integrationStatus: '504', connectionId: 'c1' }),
  ]);
  lines.set('ecsEvents', [
    ecsEvent('ECS Deployment State Change', 'service/c/history', {
      eventType: 'ERROR',
      eventName: 'SERVICE_DEPLOYMENT_FAILED',
      reason: 'ECS deployment circuit breaker: task failed to start.',
    }),
    ecsEvent('ECS Task State Change', 'task/c/1', {
      group: 'service:history',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    }),
  ]);
  lines.set('network', [flow('ACCEPT'), flow('REJECT')]);
});

const queries = Object.entries(LOG_QUERIES).map(([name, { of, query, parameters = {} }]) => {
  const { Dashboard } = templates;
  const saved = (Dashboard ? resourcesOf({ Dashboard }) : []).find(
    ([, , { Properties }]) => Properties?.['Name'] === `Kumiki/trial/${name}`,
  );
  const text = String(saved?.[2].Properties?.['QueryString']);
  return { name, of, query, parameters, text, saved };
});
const named = (name: string, values: Readonly<Record<string, string>> = {}) => {
  const text = queries.find((query) => query.name === name)?.text ?? '';
  return parseQuery(Object.entries(values).reduce((all, [key, value]) => all.replaceAll(`{{${key}}}`, value), text));
};
/** The contents and positions of the example lines that a query finds. */
const found = (name: string, values?: Readonly<Record<string, string>>) =>
  (LOG_QUERIES[name]?.of ?? []).flatMap((content) =>
    linesOf(content).flatMap((line, index) => (named(name, values).read(line) ? [`${content} ${index}`] : [])),
  );

test('the queries are those that the runbooks name', () => {
  expect(queries.map(({ name }) => name)).toEqual([
    'one-request',
    'api-errors',
    'api-latency',
    'api-callers',
    'function-errors',
    'function-starts',
    'websocket-errors',
    'ticker',
    'container-errors',
    'container-latency',
    'service-events',
    'autoscaler-errors',
    'network-talkers',
  ]);
});

test.each(queries)('$name is saved, with the log groups of its contents', ({ saved, of }) => {
  expect(saved?.[2].Properties?.['LogGroupNames']).toHaveLength(of.length);
});

test.each(Object.entries(LOG_QUERIES))('%s names only fields that a log group of the query has', (name, { of }) => {
  const printedFields = new Set(of.flatMap((content) => linesOf(content).flatMap((line) => Object.keys(flat(line)))));
  expect(printedFields.size).toBeGreaterThan(5);
  expect(named(name).fields.filter((field) => !printedFields.has(field))).toEqual([]);
});

test('one-request finds the lines of one request by its id, from the API through function and container', () => {
  const lines = found('one-request', { id: ID });
  expect(lines).toEqual(
    expect.arrayContaining([
      'restApi 0',
      'httpApi 0',
      'webSocketApi 0',
      'quotes 0',
      'sessions 0',
      'services 0',
      'pods 0',
    ]),
  );
  expect(found('one-request', { id: 'another' })).toEqual([]);
});

test("one-request finds the lines of an invocation, with Lambda's report, by the id of the invocation", () => {
  expect(found('one-request', { id: INVOCATION })).toEqual(expect.arrayContaining(['quotes 0', 'quotes 3']));
});

test('one-request finds the lines of a trace by its id', () => {
  expect(found('one-request', { id: TRACE })).toEqual(
    expect.arrayContaining(['restApi 0', 'quotes 0', 'services 0', 'pods 0']),
  );
});

test.each<[string, readonly string[]]>([
  ['function-errors', ['quotes 1', 'quotes 5', 'sessions 0', 'sessions 1', 'sessions 4', 'ticker 0', 'ticker 6']],
  ['ticker', ['ticker 0', 'ticker 1', 'ticker 2', 'ticker 3', 'ticker 4', 'ticker 6']],
  ['api-errors', ['restApi 2', 'restApi 3', 'httpApi 1']],
  ['websocket-errors', ['webSocketApi 1', 'webSocketApi 2', 'sessions 0', 'sessions 1', 'sessions 4']],
  ['container-latency', ['services 0', 'services 1', 'services 3', 'pods 0', 'pods 1', 'pods 3']],
  ['container-errors', ['services 2', 'services 3', 'pods 2', 'pods 3']],
  ['service-events', ['ecsEvents 0', 'ecsEvents 1']],
  ['autoscaler-errors', ['pods 4']],
  ['network-talkers', ['network 0']],
  ['function-starts', ['quotes 3', 'quotes 4', 'quotes 5', 'sessions 3', 'sessions 4', 'ticker 5', 'ticker 6']],
])('%s finds what it is for, and nothing else', (name, expected) => {
  expect(found(name)).toEqual(expected);
});

test('a latency is a number for every request, and that of the integration only where the API waited for one', () => {
  const { read } = named('api-latency');
  expect(linesOf('restApi').map((line) => read(line)?.['ms'])).toEqual(['21', '3', '30', '1']);
  expect(linesOf('restApi').map((line) => read(line)?.['integrationMs'])).toEqual([
    '19',
    undefined,
    undefined,
    undefined,
  ]);
});

test('a route has the same name in the access logs of both APIs', () => {
  const routes = [...linesOf('restApi'), ...linesOf('httpApi')].map(
    (line) => named('api-latency').read(line)?.['route'],
  );
  expect(new Set(routes)).toEqual(new Set(['GET /quotes/{symbol}']));
});

test.each([
  ['a command that does not exist', 'fields a | where a = 1', '"where" is no command'],
  ['a function that does not exist', 'filter length(a) = 1', '"length" is no function'],
  ['a text without its end', 'filter a = "b', 'not understood'],
  ['a name with a hyphen that is not quoted', 'fields detail-type', 'not understood'],
  ['a missing bracket', 'filter (a = 1 or b = 2', 'expected )'],
])('the check of queries refuses %s', (_, text, message) => {
  expect(() => parseQuery(text)).toThrow(message);
});
