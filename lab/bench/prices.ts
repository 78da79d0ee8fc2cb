/** A price with its source and date, so that a reader can check it. */
export interface Price {
  readonly usd: number;
  readonly unit: string;
  readonly region: string;
  /** Date of reading. */
  readonly read: string;
  readonly source: string;
}

const FARGATE = 'https://aws.amazon.com/fargate/pricing/';
const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/';
/** An article instead of AWS's own page, because that page needs a browser. */
const ARTICLE = 'https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/';
const EBS = 'https://aws.amazon.com/ebs/pricing/';

function price(usd: number, unit: string, source: string, read = '2026-11-23'): Price {
  return { usd, unit, region: 'us-east-1', read, source };
}

/** Prices on demand, for Linux on arm64. */
export const prices = {
  fargateVcpu: price(0.03238, 'vCPU-hour', FARGATE),
  fargateGb: price(0.00356, 'GB-hour', FARGATE),
  gp3: price(0.08, 'GB-month', EBS),
  // Prices within a family are in proportion to size: four and eight times the t4g.nano of docs/costs.md.
  't4g.small': price(0.0168, 'hour', EC2),
  't4g.medium': price(0.0336, 'hour', EC2),
  'm7g.large': price(0.0816, 'hour', ARTICLE, '2026-06-17'),
} satisfies Record<string, Price>;

/** Hours in a month, as AWS counts them. */
export const HOURS = 730;
