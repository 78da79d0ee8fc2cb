import { createServer, IncomingMessage } from 'node:http';
import { AddressInfo } from 'node:net';
import { fixtureOf } from '../support/fixture';
import { Resource, resourcesOf, synthesized } from '../support/stage';
import { isOwn, resourcesOfVariants, watchedMetrics } from '../support/watched-metrics';

/** A line of the embedded metric format. */
interface MetricsLine {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

const FUNCTION_NAME = 'function-1';
const environmentBefore = { ...process.env };
const { WebSocketApi } = synthesized(fixtureOf('trial'));
const ALL = resourcesOfVariants();
const resources = WebSocketApi ? resourcesOf({ WebSocketApi }) : [];

/** Stands in for the table, which has one subscription, and for the API's connections, which refuse every message. */
const aws = createServer(async (request, response) => {
  const body = await textOf(request);
  const operation = String(request.headers['x-amz-target']).split('.')[1];
  if (request.url?.includes('@connections')) response.writeHead(403).end('{"message":"Forbidden"}');
  // A ValidationException (400), because the SDK does not retry this error.
  else if (body.includes('CONNECTION#failing')) response.writeHead(400).end('{"__type":"ValidationException"}');
  else response.end(operation === 'Query' ? pageOf(body) : '{}');
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function pageOf(query: string): string {
  const keys = query.includes('"SYMBOLS"')
    ? { sk: { S: 'KUMI' }, askedAt: { N: String(Date.now()) } }
    : { sk: { S: 'CONNECTION#c1' } };
  return JSON.stringify({ Items: [keys] });
}

beforeAll(() => new Promise<void>((listening) => void aws.listen(0, '127.0.0.1', listening)));

afterEach(() => {
  process.env = { ...environmentBefore };
});

afterAll(() => {
  aws.closeAllConnections();
  aws.close();
});

/** Returns the logical id and the environment of the only function whose logical id begins with `prefix`. */
function functionOf(prefix: string): { readonly id: string; readonly variables: Record<string, unknown> } {
  const [found, ...others] = resources.filter(
    ([, id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(prefix),
  );
  expect(others).toEqual([]);
  const [, id = '', resource] = found ?? [];
  return { id, variables: Object(Object(resource?.Properties?.['Environment'])['Variables']) };
}

/** Calls a handler in the environment of its function's template. Returns the metrics that the handler writes. */
async function metricsOf(handler: string, prefix: string, ...invocation: unknown[]): Promise<MetricsLine[]> {
  const url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  const { variables } = functionOf(prefix);
  // The other values are references to resources.
  const literals = Object.entries(variables).filter(([, value]) => typeof value === 'string');
  Object.assign(process.env, Object.fromEntries(literals), {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_DYNAMODB: url,
    AWS_LAMBDA_FUNCTION_NAME: FUNCTION_NAME,
    CALLBACK_URL: `${url}/v1`,
    TABLE_NAME: 'table',
  });
  const lines: string[] = [];
  const streams = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0),
  );
  try {
    await jest.isolateModulesAsync(() => jest.requireActual(`../../lambda/${handler}/index`).handler(...invocation));
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
  return lines.filter((line) => line.startsWith('{"_aws"')).map((line) => JSON.parse(line));
}

/** Returns the alarms on the metrics that the function itself writes. */
function alarmsOf(prefix: string): Resource[] {
  const { id } = functionOf(prefix);
  return resources
    .map(([, , resource]) => resource)
    .filter(({ Type, Properties = {} }) => {
      const own = isOwn({ namespace: String(Properties['Namespace']) });
      return (
        Type === 'AWS::CloudWatch::Alarm' && own && JSON.stringify(Properties['Dimensions']).includes(`"Ref":"${id}"`)
      );
    });
}

/** Returns namespace, metric and names of the dimensions of each alarm. */
function read(alarms: readonly Resource[]): unknown[] {
  return alarms.map(({ Properties: { Namespace, MetricName, Dimensions } = {} }) => ({
    Namespace,
    MetricName,
    dimensions: Array.isArray(Dimensions) ? Dimensions.map(({ Name }) => Name) : undefined,
  }));
}

/** Returns namespace, metric and names of the dimensions of each count in the lines. */
function written(lines: readonly MetricsLine[]): unknown[] {
  return lines.flatMap(({ _aws }) =>
    _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Metrics.flatMap(({ Name }) =>
        Dimensions.map((dimensions) => ({ Namespace, MetricName: Name, dimensions: [...dimensions] })),
      ),
    ),
  );
}

const TICK = ['ticker', 'TickerFunction', { ticks: 1 }, { awsRequestId: 'request-1' }] as const;
const FAILING_MESSAGE = [
  'sessions',
  'SessionsHandler',
  { requestContext: { connectionId: 'failing', eventType: 'MESSAGE' }, body: '{}' },
  { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 10_000 },
] as const;

test('the ticker counts its messages in the metrics that its alarm reads', async () => {
  const [line, ...others] = await metricsOf(...TICK);
  expect(others).toEqual([]);
  expect(line).toMatchObject({ level: 'INFO', FunctionName: FUNCTION_NAME, Posted: 0, Gone: 0, Failed: 1 });
  expect(line?._aws.CloudWatchMetrics[0]?.Metrics).toEqual(
    ['Posted', 'Gone', 'Failed'].map((Name) => ({ Name, Unit: 'Count' })),
  );
  const alarms = read(alarmsOf('TickerFunction'));
  expect(alarms).toEqual([{ Namespace: 'Kumiki/Ticker', MetricName: 'Failed', dimensions: ['FunctionName'] }]);
  expect(written(line ? [line] : [])).toEqual(expect.arrayContaining(alarms));
});

test('the sessions handler counts a failed message in the metric that its alarm reads, in a line that no log level drops', async () => {
  const [line, ...others] = await metricsOf(...FAILING_MESSAGE);
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    level: 'ERROR',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    FunctionName: FUNCTION_NAME,
    Failed: 1,
  });
  const alarms = read(alarmsOf('SessionsHandler'));
  expect(alarms).toEqual([{ Namespace: 'Kumiki/Sessions', MetricName: 'Failed', dimensions: ['FunctionName'] }]);
  expect(written(line ? [line] : [])).toEqual(alarms);
});

test('alarms and dashboards of every variant read no metric of this project that no handler and no filter writes', async () => {
  const filtered = ALL.flatMap(({ Type, Properties = {} }) => {
    const { MetricTransformations: transformations } = Properties;
    return Type === 'AWS::Logs::MetricFilter' && Array.isArray(transformations) ? transformations : [];
  });
  const available = [
    ...written([...(await metricsOf(...TICK)), ...(await metricsOf(...FAILING_MESSAGE))]),
    ...filtered.map(({ MetricNamespace, MetricName, Dimensions = [] }) => ({
      Namespace: MetricNamespace,
      MetricName,
      dimensions: Dimensions.map(({ Key }: { readonly Key: string }) => Key),
    })),
  ];
  const own = [...watchedMetrics(ALL).values()].filter(isOwn);
  expect(own.length).toBeGreaterThan(1);
  for (const { namespace, name, dimensions } of own) {
    const metric = { Namespace: namespace, MetricName: name, dimensions: dimensions.map(({ Name }) => Name) };
    expect(available).toContainEqual(metric);
  }
});
