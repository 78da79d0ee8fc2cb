import { cents, HOURS, REGIONS, usdOf } from '../support/bill';
import { read } from '../support/documents';

/** From 20:00 to 08:00 between working days, and from Friday to Monday. */
const ASLEEP = (4 * 12 + (4 + 48 + 8)) / (7 * 24);
const asleep = (quantity: number) => quantity * ASLEEP;

const FARGATE = [
  [asleep(HOURS * 0.25), 'Fargate arm64, vCPU, hour'],
  [asleep(HOURS * 0.5), 'Fargate arm64, GB, hour'],
] as const;
const PROVISIONED = [[asleep(HOURS * 3600 * 0.5), 'provisioned concurrency, arm64, GB-second']] as const;
const NODES = [[asleep(HOURS * 2), 't4g.medium, eight times t4g.nano, hour']] as const;
const VOLUMES = [[asleep(2 * 20), 'gp3 volume: 8 GB for a NAT instance, 20 GB for a node, GB and month']] as const;

const ROWS = [
  FARGATE,
  PROVISIONED,
  [...FARGATE, ...PROVISIONED],
  NODES,
  VOLUMES,
  [...FARGATE, ...PROVISIONED, ...NODES, ...VOLUMES],
];

test.each([
  ['docs/sleep.md', REGIONS],
  ['docs/sleep.ja.md', REGIONS.toReversed()],
] as const)('%s has the saving that follows from the prices', (page, regions) => {
  const table = read(page).match(/^\| [^|]+ \| \**\d+\.\d\d\** \| \**\d+\.\d\d\** \|$/gm) ?? [];
  const figures = table.map((row) => row.match(/\d+\.\d\d/g));
  expect(figures).toEqual(ROWS.map((amount) => regions.map((region) => cents(usdOf(amount, region) ?? Number.NaN))));
});
