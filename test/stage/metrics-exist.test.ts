import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { alarmOf, keyOf, WatchedMetric } from '../support/cloudwatch';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

/**
 * Metrics that AWS documents, but that are not in AWS's list with these dimensions, or that have another statistic than the
 * list suggests: namespace, name, statistic and names of the dimensions, with AWS's page.
 */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  // The list has 5xx by ApiId only.
  'AWS/ApiGateway 5xx Sum by ApiId, Stage':
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html',
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

/** Metrics of the widgets of a dashboard: `[namespace, name, dimension, value, …, { stat }]`. References become a word. */
function metricsOfDashboard(body: unknown): WatchedMetric[] {
  const [, parts = [body]] = Object(body)['Fn::Join'] ?? [];
  const text = parts.map((part: unknown) => (typeof part === 'string' ? part : 'reference')).join('');
  return JSON.parse(text).widgets.flatMap(({ properties }: { properties: { metrics?: unknown[][]; stat?: string } }) =>
    (properties.metrics ?? []).flatMap((entry) => {
      const words = entry.filter((word) => typeof word === 'string');
      const [namespace, name, ...rest] = words;
      if (namespace === undefined || name === undefined) return [];
      const dimensions = rest.filter((_, index) => index % 2 === 0).map((Name) => ({ Name, Value: '' }));
      return [
        { id: '', namespace, name, statistic: Object(entry.at(-1)).stat ?? properties.stat ?? 'Average', dimensions },
      ];
    }),
  );
}

/** Metrics of all alarms and dashboards of all variants, by their key. */
const WATCHED = new Map(
  Object.values(variants())
    .flatMap((config) => resourcesOf(synthesized(config)))
    .flatMap(([, , { Type, Properties }]) => {
      if (Type === 'AWS::CloudWatch::Alarm') return alarmOf(Properties).metrics;
      return Type === 'AWS::CloudWatch::Dashboard' ? metricsOfDashboard(Properties?.['DashboardBody']) : [];
    })
    .map((metric) => [keyOf(metric), metric]),
);

const isOwn = ({ namespace }: WatchedMetric) => !namespace.startsWith('AWS/');
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
