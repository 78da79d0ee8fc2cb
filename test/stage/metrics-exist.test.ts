import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { WatchedMetric } from '../support/cloudwatch';
import { isOwn, metricsOfDashboard, resourcesOfVariants, watchedMetrics } from '../support/watched-metrics';

/** Metrics that AWS documents on a page, and that are not in AWS's list with these dimensions. */
const DOCUMENTED: readonly {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly by: string;
  /** The statistic that suits, as in AWS's list. */
  readonly statistic: 'Sum' | 'Average';
  readonly page: string;
}[] = [
  {
    namespace: 'AWS/ApiGateway',
    names: ['4xx', '5xx'],
    by: 'ApiId, Stage',
    statistic: 'Sum',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html',
  },
  {
    namespace: 'AWS/ApiGateway',
    names: ['ConnectCount', 'MessageCount', 'IntegrationError', 'ClientError', 'ExecutionError'],
    by: 'ApiId, Stage',
    statistic: 'Sum',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html',
  },
  {
    // The page has namespace and metric, and not the dimensions.
    namespace: 'AWS/ECS/ManagedScaling',
    names: ['CapacityProviderReservation'],
    by: 'CapacityProviderName, ClusterName',
    statistic: 'Average',
    page: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html',
  },
  {
    namespace: 'ECS/ContainerInsights',
    names: ['DesiredTaskCount', 'RunningTaskCount', 'PendingTaskCount'],
    by: 'ClusterName, ServiceName',
    statistic: 'Average',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
  },
  {
    namespace: 'ECS/ContainerInsights',
    names: ['ContainerInstanceCount'],
    by: 'ClusterName',
    statistic: 'Average',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
  },
  {
    namespace: 'ContainerInsights',
    names: ['cluster_failed_node_count', 'cluster_node_count', 'node_status_condition_ready'],
    by: 'ClusterName',
    statistic: 'Average',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html',
  },
  {
    namespace: 'ContainerInsights',
    names: ['replicas_desired', 'replicas_ready'],
    by: 'ClusterName, Namespace, PodName',
    statistic: 'Average',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html',
  },
];

/** Statistics that make sense for the one that AWS suggests: events are counted, and states are not added up. */
const STATISTICS: Readonly<Record<string, RegExp>> = {
  Sum: /^(Sum|SampleCount)$/,
  Average: /^(Average|Minimum|Maximum|p[\d.]+)$/,
  Maximum: /^(Average|Minimum|Maximum|p[\d.]+)$/,
};

interface Published {
  readonly key: string;
  /** Names of the dimensions, sorted. */
  readonly by: string;
  readonly statistic: string;
}

/** What AWS's list has: each metric with each of its sets of dimensions. */
const LISTED = listed();

function listed(): readonly Published[] {
  const spec = loadAwsServiceSpecSync();
  return spec.all('metric').flatMap((metric) => {
    const { namespace, name, statistic } = metric;
    return spec.follow('usesDimensionSet', metric).map(({ entity: { dimensions } }) => {
      const names = dimensions.map((dimension) => dimension.name);
      return { key: `${namespace} ${name}`, by: names.sort().join(', '), statistic };
    });
  });
}

const ON_PAGES = DOCUMENTED.flatMap(({ namespace, names, ...rest }) =>
  names.map((name) => ({ key: `${namespace} ${name}`, ...rest })),
);
const PUBLISHED: readonly Published[] = [...LISTED, ...ON_PAGES];

const WATCHED = watchedMetrics(resourcesOfVariants());
// The metrics of this project are held against what handlers and filters write: test/lambda/metrics.test.ts.
const OF_AWS = [...WATCHED].filter(([, metric]) => !isOwn(metric)).sort();

/** What is wrong with a metric; undefined if AWS publishes it like this. */
function faultOf({ namespace, name, statistic, dimensions }: WatchedMetric): string | undefined {
  const entries = PUBLISHED.filter(({ key }) => key === `${namespace} ${name}`);
  if (entries.length === 0) return `AWS publishes no ${name} in ${namespace}`;
  const by = dimensions.map(({ Name }) => Name).sort();
  const fitting = entries.filter((entry) => entry.by === by.join(', '));
  if (fitting.length === 0) return `AWS publishes it by ${entries.map((entry) => entry.by).join(' or by ')}`;
  if (fitting.some((entry) => STATISTICS[entry.statistic]?.test(statistic))) return undefined;
  return `AWS suggests the statistic ${fitting.map((entry) => entry.statistic).join(' or ')}`;
}

test.each(OF_AWS)('AWS publishes %s', (_, metric) => {
  expect(faultOf(metric)).toBeUndefined();
});

test("no metric is taken from a page that AWS's list has, too", () => {
  const known = new Set(LISTED.map(({ key, by }) => `${key} by ${by}`));
  expect(ON_PAGES.filter(({ key, by }) => known.has(`${key} by ${by}`))).toEqual([]);
});

test('the metrics of a dashboard are read, and its expressions are not', () => {
  const metrics = [
    [{ expression: 'a / b', label: 'share' }],
    ['AWS/Lambda', 'Errors', 'FunctionName', 'reference', { stat: 'Sum', id: 'a' }],
    ['AWS/Lambda', 'Duration', 'FunctionName', 'reference', 'Resource', 'live'],
  ];
  const body = JSON.stringify({
    widgets: [{ type: 'text', properties: { markdown: '# Shop' } }, { properties: { metrics, stat: 'p99' } }],
  });
  const [before = '', after = ''] = body.split('reference', 2);
  const parts = {
    'Fn::Join': ['', [before, { Ref: 'Function' }, after, body.slice(before.length + after.length + 9)]],
  };
  const named = (...names: string[]) => names.map((Name) => ({ Name, Value: '' }));
  expect(metricsOfDashboard(parts)).toEqual([
    { id: '', namespace: 'AWS/Lambda', name: 'Errors', statistic: 'Sum', dimensions: named('FunctionName') },
    {
      id: '',
      namespace: 'AWS/Lambda',
      name: 'Duration',
      statistic: 'p99',
      dimensions: named('FunctionName', 'Resource'),
    },
  ]);
  const shortened = JSON.stringify({ widgets: [{ properties: { metrics: [['.', 'Errors']] } }] });
  expect(() => metricsOfDashboard(shortened)).toThrow('does not understand');
});

test('a metric that AWS does not publish, other dimensions or a senseless statistic is found', () => {
  const metric: WatchedMetric = {
    id: '',
    namespace: 'AWS/Lambda',
    name: 'Errors',
    statistic: 'Sum',
    dimensions: [{ Name: 'FunctionName', Value: '' }],
  };
  expect(faultOf(metric)).toBeUndefined();
  expect(faultOf({ ...metric, name: 'Error' })).toBe('AWS publishes no Error in AWS/Lambda');
  expect(faultOf({ ...metric, dimensions: [{ Name: 'Function', Value: '' }] })).toMatch(
    /^AWS publishes it by FunctionName or/,
  );
  expect(faultOf({ ...metric, statistic: 'Maximum' })).toBe('AWS suggests the statistic Sum');
});
