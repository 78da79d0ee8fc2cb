import { Template } from 'aws-cdk-lib/assertions';

/** A widget of a dashboard. References have become a word. */
export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    /** Text of a widget without a graph. */
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/** A search for metrics in a dashboard. */
export interface Search {
  readonly expression: string;
  readonly namespace: string;
  readonly dimensions: readonly string[];
  readonly name: string;
  readonly statistic: string;
}

/** A name as long as those that AWS generates: that of a load balancer has up to 53 characters, that of a cluster about 70. */
const REFERENCE = 'r'.repeat(90);

/** The widgets of the dashboard of an environment; none if it has no dashboard. */
export function widgetsOf(templates: Readonly<Record<string, Template>>): readonly Widget[] {
  const dashboards = Object.values(templates['Dashboard']?.findResources('AWS::CloudWatch::Dashboard') ?? {});
  return dashboards.flatMap(({ Properties: { DashboardBody: body } }) => {
    const parts: readonly unknown[] = typeof body === 'string' ? [body] : body['Fn::Join'][1];
    return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : REFERENCE)).join('')).widgets;
  });
}

/** The searches of widgets. */
export function searchesOf(widgets: readonly Widget[]): readonly Search[] {
  const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
  const expressions = metrics.flatMap((metric): string[] => Object(metric[0]).expression ?? []);
  return expressions.map((expression) => {
    const pattern = /SEARCH\('\{([^,}]+),([^}]+)\} MetricName="(\w+)" .*', '([\w.]+)'\)/;
    const [, namespace, dimensions, name, statistic] = pattern.exec(expression) ?? [];
    if (namespace === undefined || dimensions === undefined || name === undefined || statistic === undefined)
      throw new Error(`The test does not understand the expression ${expression}.`);
    return { expression, namespace, dimensions: dimensions.split(','), name, statistic };
  });
}

/** AWS's limits. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
const LIMITS = { widgets: 500, metricsOfWidget: 500, metrics: 2_500, alarmsOfWidget: 100, searchCharacters: 1_024 };
/** Series that a search returns at most, because the expression sorts and cuts them. */
const FOUND = 10;

/** Expects widgets within the limits of CloudWatch. */
export function checkLimits(widgets: readonly Widget[]): void {
  expect(widgets.length).toBeLessThanOrEqual(LIMITS.widgets);
  const metrics = widgets.map(
    (widget) => (widget.properties.metrics?.length ?? 0) + FOUND * searchesOf([widget]).length,
  );
  expect(Math.max(...metrics)).toBeLessThanOrEqual(LIMITS.metricsOfWidget);
  expect(metrics.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(LIMITS.metrics);
  for (const { properties } of widgets) {
    expect(properties.alarms?.length ?? 1).toBeGreaterThan(0);
    expect(properties.alarms?.length ?? 1).toBeLessThanOrEqual(LIMITS.alarmsOfWidget);
  }
  for (const { expression } of searchesOf(widgets)) {
    expect(expression.length).toBeLessThanOrEqual(LIMITS.searchCharacters);
  }
}
