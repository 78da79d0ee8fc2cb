import { readFileSync } from 'node:fs';
import { breakEven, capacityTable, onFargate, onInstances, priceTable, types, words } from '../../bench/capacity';
import { Price, prices } from '../../bench/prices';

const [small, medium, large] = types;

test.each([
  ['en', 'docs/ecs-capacity.md'],
  ['ja', 'docs/ecs-capacity.ja.md'],
] as const)('the page in %s holds exactly the tables that the prices give', (language, file) => {
  const page = readFileSync(file, 'utf8');
  expect(page).toContain(`\n\n${capacityTable(words[language])}\n\n`);
  expect(page).toContain(`\n\n${priceTable(words[language])}\n\n`);
});

test('at the break-even an hour costs the same on both, and less above it', () => {
  for (const type of types) {
    for (const gb of [1, 2, 4]) {
      const utilization = breakEven(type, gb);
      if (utilization === undefined) continue;
      expect(onInstances(type, utilization)).toBeCloseTo(onFargate(gb), 10);
      expect(onInstances(type, utilization + 0.01)).toBeLessThan(onFargate(gb));
    }
  }
});

test('there is none where the memory is used up before, or where even a full instance costs more', () => {
  expect([small, medium, large].map((type) => type && breakEven(type, 4))).toEqual([
    undefined,
    expect.any(Number),
    undefined,
  ]);
});

test('an hour of a half used t4g.small, by hand', () => {
  // (0.0168 + 30 GB * 0.08 / 730) / (2 vCPU * 0.5)
  expect(small && onInstances(small, 0.5)).toBeCloseTo(0.0201, 4);
});

test('prices are those of costs.md, with the same mark where the page was not read', () => {
  const costs = readFileSync('docs/costs.md', 'utf8');
  const rows: readonly [string, Price, number][] = [
    ['Fargate arm64, vCPU | hour', prices.fargateVcpu, 1],
    ['Fargate arm64, GB | hour', prices.fargateGb, 1],
    ['gp3 volume: 8 GB for a NAT instance, 20 GB for a node | GB and month', prices.gp3, 1],
    ['t4g.nano | hour', prices['t4g.small'], 4],
    ['t4g.nano | hour', prices['t4g.medium'], 8],
    ['m7g.large | hour', prices['m7g.large'], 1],
  ];
  for (const [row, { usd, read, compared }, share] of rows) {
    expect(costs).toContain(`\n| ${row} | ${usd / share}${read === undefined ? '\u00a0⁴' : ''} |`);
    expect(read ?? compared).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(costs).toContain(read ?? compared);
  }
});
