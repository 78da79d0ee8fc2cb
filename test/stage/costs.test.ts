import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { fixtureOf } from '../support/fixture';
import { Resource, resourcesOf, synthesized } from '../support/stage';

// The fixtures have the parts of the shipped environments that the documents describe. An edit of lib/environments.ts does
// not change the documents, so it does not change this test either.
const sandbox = synthesized(fixtureOf('trial'));
const production = synthesized(fixtureOf('lasting'));
const ofType = (templates: Record<string, Template>, type: string): Resource[] =>
  resourcesOf(templates).flatMap(([, , resource]) => (resource.Type === type ? [resource] : []));

/** Prices in USD for a month, from docs/costs.md. */
const ALARM = 0.1;
const CUSTOM_METRIC = 0.3;

/** The numbers in the row whose first cell matches `name`, which covers both languages. */
function row(file: string, name: RegExp): { quantity: number[]; amounts: string[] } {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('|') && name.test(text.split('|')[1] ?? ''));
  const [, , quantity = '', ...amounts] = line?.split('|').map((cell) => cell.trim()) ?? [];
  return { quantity: (quantity.match(/\d+/g) ?? []).map(Number), amounts: amounts.filter((cell) => cell !== '') };
}

/** Number of metrics that an alarm is billed for: the metrics of its expression, or one. */
function metricsOf({ Properties }: Resource): number {
  const metrics = Properties?.['Metrics'];
  return Array.isArray(metrics) ? metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}

test.each(['docs/costs.md', 'docs/costs.ja.md'])(
  '%s has the number and the price of the alarms of the sandbox',
  (file) => {
    const alarms = ofType(sandbox, 'AWS::CloudWatch::Alarm');
    const metrics = alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0);
    // A target tracking policy creates two alarms, one for scaling out and one for scaling in.
    const tracking = 2 * ofType(sandbox, 'AWS::ApplicationAutoScaling::ScalingPolicy').length;
    const { quantity, amounts } = row(file, /^ (alarms|アラーム) $/);
    expect(quantity.toSorted((a, b) => a - b)).toEqual([tracking, alarms.length, metrics].toSorted((a, b) => a - b));
    const usd = ((metrics + tracking) * ALARM).toFixed(2);
    expect(amounts).toEqual([usd, usd]);
  },
);

/** Number of methods or routes with detailed metrics for each API, and the largest number of metrics of one. */
function detailed(templates: Record<string, Template>) {
  const [restStage, ...others] = ofType(templates, 'AWS::ApiGateway::Stage');
  const [httpStage, webSocketStage] = ['HttpApi', 'WebSocketApi'].map(
    (stack) => ofType({ stack: templates[stack] as Template }, 'AWS::ApiGatewayV2::Stage')[0]?.Properties ?? {},
  );
  expect(others).toEqual([]);
  // The entry for all methods applies to methods without an own entry.
  expect(restStage?.Properties?.['MethodSettings']).toContainEqual(
    expect.objectContaining({ ResourcePath: '/*', HttpMethod: '*', MetricsEnabled: true }),
  );
  const detailedMetrics = expect.objectContaining({ DetailedMetricsEnabled: true });
  expect(httpStage?.['DefaultRouteSettings']).toEqual(detailedMetrics);
  expect(webSocketStage?.['DefaultRouteSettings']).toEqual(detailedMetrics);
  const routes = (stack: string) => ofType({ stack: templates[stack] as Template }, 'AWS::ApiGatewayV2::Route').length;
  return [
    { api: 'REST API', count: ofType(templates, 'AWS::ApiGateway::Method').length, each: 7 },
    { api: 'HTTP API', count: routes('HttpApi'), each: 6 },
    { api: 'WebSocket API', count: routes('WebSocketApi'), each: 6 },
  ];
}

describe.each(['docs/costs.md', 'docs/costs.ja.md'])('%s', (file) => {
  test.each(detailed(sandbox))(
    'has the number and the price of the detailed metrics of the $api',
    ({ api, count, each }) => {
      const { quantity, amounts } = row(file, new RegExp(`\\[${api}\\]`));
      // The table of routes may grow, so the document has the price of one method or route. The WebSocket API is not in
      // the table.
      const units = api === 'WebSocket API' ? count : 1;
      expect(quantity).toEqual([units, each]);
      expect(amounts).toEqual([(units * each * CUSTOM_METRIC).toFixed(2)]);
    },
  );

  test('has the price of one more route, and the price of the sandbox for the number of routes that it names', () => {
    const line = readFileSync(file, 'utf8')
      .split(/\n(?:\n|\|)/)
      .find((text) => text.includes('](../domain/routes.ts)'));
    const [routePrice = 0, shipped = 0, others = 0, sum] = (line?.match(/\d+(\.\d+)?/g) ?? []).map(Number);
    const [rest, http, webSocket] = detailed(sandbox);
    if (!rest || !http || !webSocket) throw new Error('The sandbox does not have all three APIs.');
    const otherMetrics = others * rest.each + webSocket.count * webSocket.each;
    expect(routePrice).toBeCloseTo((rest.each + http.each) * CUSTOM_METRIC);
    expect(others).toBe(rest.count - http.count);
    expect(sum).toBeCloseTo(shipped * routePrice + otherMetrics * CUSTOM_METRIC);
  });

  test('has the price of the detailed metrics that a cluster adds, and production has the same metrics', () => {
    const total = (templates: Record<string, Template>) =>
      detailed(templates).reduce((sum, { count, each }) => sum + count * each * CUSTOM_METRIC, 0);
    const withCluster = synthesized(fixtureOf('trial', { kubernetes: 'true' }));
    const added = (total(withCluster) - total(sandbox)).toFixed(2);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`(up to|最大) ${added}`));
    expect(total(production)).toBe(total(withCluster));
  });
});
