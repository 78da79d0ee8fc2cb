/** A price with its source and date, so that a reader can check it. */
export interface Price {
  readonly usd: number;
  readonly unit: string;
  readonly region: string;
  /** Date on which the price was read on its page. Undefined where only `compared` is known. */
  readonly read?: string;
  /** Date on which the price was compared with other sources than its page: mark ⁴ of docs/costs.md. */
  readonly compared?: string;
  /** Page of AWS that has the price. */
  readonly page: keyof typeof PAGES;
}

/** Pages of AWS with prices. */
export const PAGES = {
  Fargate: 'https://aws.amazon.com/fargate/pricing/',
  EC2: 'https://aws.amazon.com/ec2/pricing/on-demand/',
  EBS: 'https://aws.amazon.com/ebs/pricing/',
} as const;

const READ = { region: 'us-east-1', read: '2026-11-23' };
/** The page needs a browser, so the price comes from elsewhere. */
const COMPARED = { region: 'us-east-1', compared: '2026-11-27' };

/** Prices on demand, for Linux on arm64. */
export const prices = {
  fargateVcpu: { usd: 0.03238, unit: 'vCPU-hour', page: 'Fargate', ...READ },
  fargateGb: { usd: 0.00356, unit: 'GB-hour', page: 'Fargate', ...READ },
  gp3: { usd: 0.08, unit: 'GB-month', page: 'EBS', ...COMPARED },
  // Prices within a family are in proportion to size: four and eight times the t4g.nano of docs/costs.md.
  't4g.small': { usd: 0.0168, unit: 'hour', page: 'EC2', ...COMPARED },
  't4g.medium': { usd: 0.0336, unit: 'hour', page: 'EC2', ...COMPARED },
  'm7g.large': { usd: 0.0816, unit: 'hour', page: 'EC2', ...COMPARED },
} satisfies Record<string, Price>;

/** Hours in a month, as AWS counts them. */
export const HOURS = 730;
