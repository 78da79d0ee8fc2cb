import { Context } from '../../lib/context';
import { matches, read } from '../support/documents';
import { fixtureOf, fixtures } from '../support/fixture';
import { stageOf } from '../support/stage';

/** The rows of the table, in the order of the page. */
const ROWS: readonly { readonly name: keyof typeof fixtures; readonly context: Context }[] = [
  { name: 'trial', context: {} },
  { name: 'trial', context: { capacity: 'ec2' } },
  { name: 'trial', context: { kubernetes: 'true' } },
  { name: 'lasting', context: { kubernetes: 'false' } },
  { name: 'lasting', context: {} },
];

/** Addresses that AWS reserves in a subnet. */
const RESERVED = 5;

/** The number of addresses that a synthesis asks for when the subnets of an existing VPC are too small. */
function addressesOf(name: keyof typeof fixtures, context: Context): number {
  const subnets = ['10.20.0.0/28', '10.20.0.16/28'].map((cidr, index) => ({
    subnetId: `subnet-${index}`,
    cidr,
    routeTableId: `rtb-${index}`,
  }));
  const network = { existing: { vpcId: 'vpc-1', cidr: '10.20.0.0/16', privateSubnets: subnets } };
  try {
    stageOf({ ...fixtureOf(name, context), network });
  } catch (error) {
    return Number(/must hold (\d+) addresses/.exec(String(error))?.[1]);
  }
  throw new Error(`The subnets are large enough for ${name}.`);
}

const planned = ROWS.map(({ name, context }) => addressesOf(name, context));

test.each(['docs/existing-vpc.md', 'docs/existing-vpc.ja.md'])(
  '%s gives the addresses that a synthesis asks for',
  (file) => {
    const rows = matches(read(file), /^\| [^|]+ \| (\d+ \| \/\d+) \|$/gm);
    const prefix = (addresses: number) => 32 - Math.ceil(Math.log2(addresses + RESERVED));
    expect(rows).toEqual(planned.map((addresses) => `${addresses} | /${prefix(addresses)}`));
  },
);
