import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { fixtureOf } from '../support/fixture';
import { Resource, resourcesOf, synthesized } from '../support/stage';

// The documents are about the shipped environments, whose parts these have: editing lib/environments.ts changes no document.
const sandbox = synthesized(fixtureOf('trial'));
const production = synthesized(fixtureOf('lasting'));
const ofType = (templates: Record<string, Template>, type: string): Resource[] =>
  resourcesOf(templates).flatMap(([, , resource]) => (resource.Type === type ? [resource] : []));

/** USD a month, of docs/costs.md. */
const ALARM = 0.1;
const CUSTOM_METRIC = 0.3;

/** Numbers in the cells of the row that begins with `name`, in either language. */
function row(file: string, name: RegExp): { quantity: number[]; amounts: string[] } {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('|') && name.test(text.split('|')[1] ?? ''));
  const [, , quantity = '', ...amounts] = line?.split('|').map((cell) => cell.trim()) ?? [];
  return { quantity: (quantity.match(/\d+/g) ?? []).map(Number), amounts: amounts.filter((cell) => cell !== '') };
}

/** The metrics that an alarm is billed for: those of its expression, or one. */
function metricsOf({ Properties }: Resource): number {
  const metrics = Properties?.['Metrics'];
  return Array.isArray(metrics) ? metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}

test.each(['docs/costs.md', 'docs/costs.ja.md'])('%s has the alarms of the sandbox at their price', (file) => {
  const alarms = ofType(sandbox, 'AWS::CloudWatch::Alarm');
  const metrics = alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0);
  // Target tracking makes an alarm for each of its directions.
  const tracking = 2 * ofType(sandbox, 'AWS::ApplicationAutoScaling::ScalingPolicy').length;
  const { quantity, amounts } = row(file, /^ (alarms|アラーム) $/);
  expect(quantity.toSorted((a, b) => a - b)).toEqual([tracking, alarms.length, metrics].toSorted((a, b) => a - b));
  const usd = ((metrics + tracking) * ALARM).toFixed(2);
  expect(amounts).toEqual([usd, usd]);
});

/** Methods or routes of each API whose detailed metrics are on, and how many metrics one has at the most. */
function detailed(templates: Record<string, Template>) {
  const [restStage, ...others] = ofType(templates, 'AWS::ApiGateway::Stage');
  const [httpStage, webSocketStage] = ['HttpApi', 'WebSocketApi'].map(
    (stack) => ofType({ stack: templates[stack] as Template }, 'AWS::ApiGatewayV2::Stage')[0]?.Properties ?? {},
  );
  expect(others).toEqual([]);
  // The entry for all methods covers those without one of their own.
  expect(restStage?.Properties?.['MethodSettings']).toContainEqual(
    expect.objectContaining({ ResourcePath: '/*', HttpMethod: '*', MetricsEnabled: true }),
  );
  const on = expect.objectContaining({ DetailedMetricsEnabled: true });
  expect(httpStage?.['DefaultRouteSettings']).toEqual(on);
  expect(webSocketStage?.['DefaultRouteSettings']).toEqual(on);
  const routes = (stack: string) => ofType({ stack: templates[stack] as Template }, 'AWS::ApiGatewayV2::Route').length;
  return [
    { api: 'REST API', count: ofType(templates, 'AWS::ApiGateway::Method').length, each: 7 },
    { api: 'HTTP API', count: routes('HttpApi'), each: 6 },
    { api: 'WebSocket API', count: routes('WebSocketApi'), each: 6 },
  ];
}

describe.each(['docs/costs.md', 'docs/costs.ja.md'])('%s', (file) => {
  test.each(detailed(sandbox))('has the detailed metrics of the $api at their price', ({ api, count, each }) => {
    const { quantity, amounts } = row(file, new RegExp(`\\[${api}\\]`));
    // The number of methods and routes follows from the table of routes, which may grow: they stand there one by one.
    const units = api === 'WebSocket API' ? count : 1;
    expect(quantity).toEqual([units, each]);
    expect(amounts).toEqual([(units * each * CUSTOM_METRIC).toFixed(2)]);
  });

  test('has the price of a route of the table, and that of the sandbox with as many as it says', () => {
    const line = readFileSync(file, 'utf8')
      .split(/\n(?:\n|\|)/)
      .find((text) => text.includes('](../domain/routes.ts)'));
    const [ofRoute = 0, shipped = 0, others = 0, sum] = (line?.match(/\d+(\.\d+)?/g) ?? []).map(Number);
    const [rest, http, webSocket] = detailed(sandbox);
    if (!rest || !http || !webSocket) throw new Error('The sandbox does not have all three APIs.');
    const ofOthers = others * rest.each + webSocket.count * webSocket.each;
    expect(ofRoute).toBeCloseTo((rest.each + http.each) * CUSTOM_METRIC);
    expect(others).toBe(rest.count - http.count);
    expect(sum).toBeCloseTo(shipped * ofRoute + ofOthers * CUSTOM_METRIC);
  });

  test('has what a cluster adds to them, and production has as many', () => {
    const total = (templates: Record<string, Template>) =>
      detailed(templates).reduce((sum, { count, each }) => sum + count * each * CUSTOM_METRIC, 0);
    const withCluster = synthesized(fixtureOf('trial', { kubernetes: 'true' }));
    const added = (total(withCluster) - total(sandbox)).toFixed(2);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`(up to|最大) ${added}`));
    expect(total(production)).toBe(total(withCluster));
  });
});
