/** A price with its source and date, so that a reader can check it. */
export interface Price {
  readonly usd: number;
  readonly unit: string;
  readonly region: string;
  /** Date on which the price was read on the page `source`. Undefined where only `compared` is known. */
  readonly read?: string;
  /** Date on which the price was compared with other sources than `source`: mark ⁴ of docs/costs.md. */
  readonly compared?: string;
  /** Page of AWS that has the price. */
  readonly source: string;
}

const FARGATE = 'https://aws.amazon.com/fargate/pricing/';
const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/';
const EBS = 'https://aws.amazon.com/ebs/pricing/';

const READ = { region: 'us-east-1', read: '2026-11-23' };
/** The page needs a browser, so the price comes from elsewhere. */
const COMPARED = { region: 'us-east-1', compared: '2026-11-27' };

/** Prices on demand, for Linux on arm64. */
export const prices = {
  fargateVcpu: { usd: 0.03238, unit: 'vCPU-hour', source: FARGATE, ...READ },
  fargateGb: { usd: 0.00356, unit: 'GB-hour', source: FARGATE, ...READ },
  gp3: { usd: 0.08, unit: 'GB-month', source: EBS, ...COMPARED },
  // Prices within a family are in proportion to size: four and eight times the t4g.nano of docs/costs.md.
  't4g.small': { usd: 0.0168, unit: 'hour', source: EC2, ...COMPARED },
  't4g.medium': { usd: 0.0336, unit: 'hour', source: EC2, ...COMPARED },
  'm7g.large': { usd: 0.0816, unit: 'hour', source: EC2, ...COMPARED },
} satisfies Record<string, Price>;

/** Hours in a month, as AWS counts them. */
export const HOURS = 730;
