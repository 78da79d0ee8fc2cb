import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { WatchedMetric } from '../support/cloudwatch';
import { isOwn, metricsOfDashboard, resourcesOfVariants, watchedMetrics } from '../support/watched-metrics';

/**
 * Metrics that AWS documents, but that are not in AWS's list with these dimensions, or that have another statistic than the
 * list suggests: namespace, name, statistic and names of the dimensions, with AWS's page.
 */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  // The list has these three by ApiId only, and two by route. The pages have "ApiId, Stage" for every metric.
  'AWS/ApiGateway 5xx Sum by ApiId, Stage':
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html',
  'AWS/ApiGateway ExecutionError Sum by ApiId, Stage':
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html',
  'AWS/ApiGateway IntegrationError Sum by ApiId, Stage':
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html',
  // The page has namespace and metric, and not the dimensions.
  'AWS/ECS/ManagedScaling CapacityProviderReservation Average by CapacityProviderName, ClusterName':
    'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html',
  // The list has no metrics of Container Insights.
  'ECS/ContainerInsights DesiredTaskCount Average by ClusterName, ServiceName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
  'ECS/ContainerInsights RunningTaskCount Average by ClusterName, ServiceName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
  'ContainerInsights cluster_failed_node_count Maximum by ClusterName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html',
  'ContainerInsights node_status_condition_ready Minimum by ClusterName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html',
  'ContainerInsights replicas_desired Minimum by ClusterName, Namespace, PodName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html',
};

/** Statistics that make sense for the one that AWS suggests: events are counted, and states are not added up. */
const STATISTICS: Readonly<Record<string, RegExp>> = {
  Sum: /^(Sum|SampleCount)$/,
  Average: /^(Average|Minimum|Maximum|p[\d.]+)$/,
  Maximum: /^(Average|Minimum|Maximum|p[\d.]+)$/,
};

/** Names of dimensions and suggested statistics that AWS publishes, by namespace and name of the metric. */
const PUBLISHED = published();

function published(): ReadonlyMap<string, readonly { readonly names: string; readonly statistic: string }[]> {
  const spec = loadAwsServiceSpecSync();
  const all = new Map<string, { readonly names: string; readonly statistic: string }[]>();
  for (const metric of spec.all('metric')) {
    const sets = spec.follow('usesDimensionSet', metric).map(({ entity }) => entity.dimensions.map(({ name }) => name));
    const key = `${metric.namespace} ${metric.name}`;
    const added = sets.map((names) => ({ names: names.sort().join(', '), statistic: metric.statistic }));
    all.set(key, [...(all.get(key) ?? []), ...added]);
  }
  return all;
}

const WATCHED = watchedMetrics(resourcesOfVariants());
// The metrics of this project are held against what handlers and filters write: test/lambda/metrics.test.ts.
const OF_AWS = [...WATCHED].filter(([, metric]) => !isOwn(metric)).sort();

/** What is wrong with a metric; undefined if AWS publishes it like this. */
function faultOf({ namespace, name, statistic, dimensions }: WatchedMetric): string | undefined {
  const entries = PUBLISHED.get(`${namespace} ${name}`);
  if (entries === undefined) return `AWS publishes no ${name} in ${namespace}`;
  const names = dimensions.map(({ Name }) => Name).sort();
  const fitting = entries.filter((entry) => entry.names === names.join(', '));
  if (fitting.length === 0) return `AWS publishes it by ${entries.map((entry) => entry.names).join(' or by ')}`;
  if (fitting.some((entry) => STATISTICS[entry.statistic]?.test(statistic))) return undefined;
  return `AWS suggests the statistic ${fitting.map((entry) => entry.statistic).join(' or ')}`;
}

test.each(OF_AWS)('AWS publishes %s', (key, metric) => {
  if (key in EXCEPTIONS) return expect(EXCEPTIONS[key]).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  expect(faultOf(metric)).toBeUndefined();
});

test('every exception is needed', () => {
  for (const key of Object.keys(EXCEPTIONS)) {
    const metric = WATCHED.get(key);
    expect(metric === undefined ? `no alarm reads ${key}` : faultOf(metric)).toMatch(/^AWS /);
  }
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
