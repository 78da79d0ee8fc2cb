import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { checkLimits, searchesOf, Widget, widgetsOf } from '../support/dashboard';
import { fixtureOf, service, withFurther } from '../support/fixture';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const few = Object.entries(variants()).map(([name, config]): [string, readonly Widget[]] => [
  name,
  widgetsOf(synthesized(config)),
]);
/** Services behind two load balancers, of which more than a graph has lines for. */
const crowd = [0, 1, 2, 3, 4, 5, 6].map((index) => service(`reports-${index}`, (index < 6 ? 110 : 1_000) + index));
const crowded = widgetsOf(synthesized(withFurther(fixtureOf('trial'), crowd)));
const dashboards = [...few, ['with eight services', crowded] as const];
const titles = (widgets: readonly Widget[]) => widgets.flatMap(({ properties: { title } }) => title ?? []);
const metricsOf = ({ properties: { metrics = [] } }: Widget) => metrics.length;

test.each(dashboards)('%s: the dashboard is within the limits of CloudWatch', (_, widgets) => {
  expect(widgets.length).toBeGreaterThan(15);
  checkLimits(widgets);
});

test.each(dashboards)('%s: the widgets lie within 24 columns, and none on another', (_, widgets) => {
  for (const [index, { x, y, width, height }] of widgets.entries()) {
    expect(x + width).toBeLessThanOrEqual(24);
    for (const other of widgets.slice(index + 1)) {
      const overlaps =
        x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height;
      expect(overlaps).toBe(false);
    }
  }
});

test.each(dashboards)('%s: a graph has the room of a quarter of the window, and a legend that fits', (_, widgets) => {
  for (const widget of widgets.filter(({ type }) => type === 'metric')) {
    expect(widget.width).toBeGreaterThanOrEqual(6);
    expect(metricsOf(widget)).toBeGreaterThan(0);
    expect(metricsOf(widget)).toBeLessThanOrEqual(12);
  }
});

test('the dashboard begins with what to read, and with the alarms that mean that users are affected', () => {
  const widgets = widgetsOf(synthesized(fixtureOf('trial')));
  expect(widgets[0]?.type).toBe('text');
  expect(widgets[1]?.properties.title).toBe('Users are affected');
  // The composite alarm and its children.
  expect(widgets[1]?.properties.alarms?.length).toBeGreaterThan(4);
});

test.each([
  ['the HTTP API', { httpApi: undefined }, /HTTP|APIs/],
  ['the WebSocket API', { webSocketApi: undefined }, /WebSocket|Sessions|Table|Ticker/],
  ['the cluster', { kubernetes: undefined }, /[Pp]ods|Nodes/],
  ['the cache', { restApi: { ...fixtureOf('trial').restApi, cache: undefined } }, /Cache/],
  ['alarms', { alarms: false }, /affected|ALARM/],
  ['Container Insights', { observability: 'basic' }, /running and desired|EC2 instances/],
] as const)('without %s, its parts are not on the dashboard', (_, change, part) => {
  const complete = fixtureOf('trial', { kubernetes: 'true', capacity: 'both' });
  expect(titles(widgetsOf(synthesized(complete))).join('\n')).toMatch(part);
  expect(titles(widgetsOf(synthesized({ ...complete, ...change }))).join('\n')).not.toMatch(part);
});

test('an environment without a dashboard has no resource for it', () => {
  const { Dashboard: dashboard } = synthesized({ ...fixtureOf('trial'), dashboard: false });
  expect(dashboard?.toJSON()['Resources']).toBeUndefined();
});

test('a second service is a line in the same graphs', () => {
  const graphs = (count: number) => {
    const further = Array.from({ length: count }, (_, index) => service(`reports-${index}`, 110 + index));
    const widgets = widgetsOf(synthesized(withFurther(fixtureOf('trial'), further)));
    const found = widgets.find(({ properties: { title } }) => title === 'Services: latency, s');
    return { titles: titles(widgets), lines: found?.properties.metrics?.map((metric) => Object(metric.at(-1)).label) };
  };
  expect(graphs(1).titles).toEqual(graphs(0).titles);
  expect(graphs(1).lines).toEqual(['history', 'reports-0']);
});

test('the search for log groups has the beginning of every name that a template gives', () => {
  const templates = synthesized(fixtureOf('lasting'));
  const [{ expression } = { expression: '' }] = searchesOf(widgetsOf(templates)).filter(
    ({ name }) => name === 'IncomingBytes',
  );
  const terms = Array.from(expression.matchAll(/LogGroupName=(\S+?)[ )]/g), ([, term = '']) => term);
  const names = resourcesOf(templates)
    .filter(([, , { Type }]) => Type === 'AWS::Logs::LogGroup')
    .map(([, , { Properties }]) => JSON.stringify(Properties?.['LogGroupName'] ?? ''))
    .filter((name) => /containerinsights|aws\/eks/.test(name));
  expect(names.length).toBeGreaterThanOrEqual(2);
  expect(names.filter((name) => !terms.some((term) => name.includes(term)))).toEqual([]);
  expect(terms).toContain('Kumiki-lasting');
});

const spec = loadAwsServiceSpecSync();
/** Metrics that are not in AWS's list, with AWS's page. */
const DOCUMENTED = {
  'ECS/ContainerInsights RunningTaskCount by ClusterName, ServiceName':
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
};

test('every search finds metrics that AWS publishes with the dimensions of the search', () => {
  const searches = searchesOf(dashboards.flatMap(([, widgets]) => widgets));
  const names = [...new Set(searches.map(({ name }) => name))].sort();
  expect(names).toEqual([
    'CPUUtilization',
    'HTTPCode_Target_5XX_Count',
    'IncomingBytes',
    'MemoryUtilization',
    'RequestCount',
    'RunningTaskCount',
    'TargetResponseTime',
  ]);
  for (const { namespace, name, dimensions } of searches) {
    if (`${namespace} ${name} by ${dimensions.join(', ')}` in DOCUMENTED) continue;
    const published = [...spec.all('metric')]
      .filter((metric) => metric.namespace === namespace && metric.name === name)
      .flatMap((metric) => spec.follow('usesDimensionSet', metric))
      .map(({ entity }) => entity.dimensions.map((dimension) => dimension.name).sort());
    expect(published).toContainEqual([...dimensions].sort());
  }
});
