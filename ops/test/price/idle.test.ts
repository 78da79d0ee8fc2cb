import { readFileSync } from 'node:fs';
import { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf, withEgress } from '../../../test/support/fixture';
import { synthesized } from '../../../test/support/stage';
import { idlePrice } from '../../price/idle';
import { pricesOf } from '../../price/prices';

/** The sums of docs/costs.md in a column, in the order of the page. */
function sumsOf(column: 1 | 2): number[] {
  const rows = readFileSync('docs/costs.md', 'utf8').match(/^\| \*\*sum.*\|$/gm) ?? [];
  return rows.map((row) => Number(/\d+\.\d\d/.exec(row.split('|')[column + 1] ?? '')?.[0]));
}

function priceIn(region: string, config: EnvironmentConfig) {
  const templates = Object.entries(synthesized(config)).map(([stack, template]) => [stack, template.toJSON()]);
  const prices = pricesOf(region);
  if (prices === undefined) throw new Error(`no prices for ${region}`);
  return idlePrice(config, Object.fromEntries(templates), prices);
}

const trial = fixtureOf('trial');

describe.each([
  ['us-east-1', 1],
  ['ap-northeast-1', 2],
] as const)('the idle price in %s', (region, column) => {
  test('is the sum that docs/costs.md has for the sandbox, with and without a cluster', () => {
    const [sandbox = 0, cluster = 0] = sumsOf(column);
    expect(priceIn(region, trial)).toEqual({ usd: sandbox, without: [] });
    expect(priceIn(region, fixtureOf('trial', { kubernetes: 'true' })).usd).toBeCloseTo(sandbox + cluster, 5);
  }, 60_000);

  test('is the sum that docs/costs.md has for production, with and without the cluster', () => {
    const [, , alone = 0, both = 0] = sumsOf(column);
    expect(priceIn(region, fixtureOf('lasting', { kubernetes: 'false' }))).toEqual({ usd: alone, without: [] });
    expect(priceIn(region, fixtureOf('lasting'))).toEqual({ usd: both, without: [] });
  }, 60_000);
});

test('names what has no price, instead of leaving it out silently', () => {
  expect(priceIn('us-east-1', fixtureOf('trial', { capacity: 'ec2' })).without).toEqual(['container instances']);
  expect(pricesOf('eu-west-1')).toBeUndefined();
}, 60_000);

test('has the instance, its address and its volume in place of a NAT gateway', () => {
  const prices = pricesOf('us-east-1') ?? new Map<string, number>();
  const price = (name: string) => prices.get(name) ?? Number.NaN;
  const gateway = 730 * price('NAT gateway, hour');
  const instance = 730 * price('t4g.nano, hour') + 8 * 0.08;
  // The gateway has alarms on four metrics, the instance on one.
  const alarms = -3 * price('standard alarm, metric and month');
  const withInstance = priceIn('us-east-1', { ...trial, network: withEgress({ mode: 'nat-instance' }) });
  expect(withInstance.without).toEqual([]);
  expect(withInstance.usd).toBeCloseTo(priceIn('us-east-1', trial).usd - gateway + instance + alarms, 1);
}, 60_000);
