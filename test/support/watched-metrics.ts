import { alarmOf, keyOf, WatchedMetric } from './cloudwatch';
import { Resource, resourcesOf, synthesized } from './stage';
import { variants } from './variants';

/** All resources of all variants. */
export function resourcesOfVariants(): Resource[] {
  return Object.values(variants())
    .flatMap((config) => resourcesOf(synthesized(config)))
    .map(([, , resource]) => resource);
}

/** The metrics that alarms and dashboards of any variant read, by their key. */
export function watchedMetrics(resources: readonly Resource[]): ReadonlyMap<string, WatchedMetric> {
  const metrics = resources.flatMap(({ Type, Properties }) => {
    if (Type === 'AWS::CloudWatch::Alarm') return alarmOf(Properties).metrics;
    return Type === 'AWS::CloudWatch::Dashboard' ? metricsOfDashboard(Properties?.['DashboardBody']) : [];
  });
  return new Map(metrics.map((metric) => [keyOf(metric), metric]));
}

/** Metrics of this project, in contrast to those of AWS. */
export const isOwn = ({ namespace }: Pick<WatchedMetric, 'namespace'>) => namespace.startsWith('Kumiki/');

/**
 * Metrics of the widgets of a dashboard: `[namespace, name, dimension, value, …, { stat }]`, where references become a word.
 * An entry that shortens by `.` or `...` is an error, because the CDK writes none.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function metricsOfDashboard(body: unknown): WatchedMetric[] {
  const [, parts = [body]] = Object(body)['Fn::Join'] ?? [];
  const text = parts.map((part: unknown) => (typeof part === 'string' ? part : 'reference')).join('');
  const widgets: readonly { readonly properties?: { metrics?: unknown[][]; stat?: string } }[] =
    JSON.parse(text).widgets;
  return widgets.flatMap(({ properties = {} }) =>
    (properties.metrics ?? []).flatMap((entry) => {
      const [namespace, name, ...rest] = entry.filter((word) => typeof word === 'string');
      // An expression has no namespace.
      if (namespace === undefined || name === undefined) return [];
      if ([namespace, name, ...rest].some((word) => /^\.+$/.test(word)))
        throw new Error(`The test does not understand the metric ${JSON.stringify(entry)}.`);
      const dimensions = rest.filter((_, index) => index % 2 === 0).map((Name) => ({ Name, Value: '' }));
      const statistic: string = Object(entry.at(-1)).stat ?? properties.stat ?? 'Average';
      return [{ id: '', namespace, name, statistic, dimensions }];
    }),
  );
}
