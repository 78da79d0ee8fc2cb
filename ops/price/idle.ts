import { EnvironmentConfig } from '../../lib/environment-config';
import { HOURS, type Prices } from './prices';

/** A resource of a template. */
interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Templates by the names of their stacks. */
type Templates = Readonly<Record<string, { readonly Resources?: Readonly<Record<string, Resource>> }>>;

/** A part of the bill: quantities of prices. */
interface Line {
  readonly amount: readonly (readonly [quantity: number, price: string])[];
}

/** USD per month, and the prices that docs/costs.md does not have. */
export interface IdlePrice {
  readonly usd: number;
  readonly without: readonly string[];
}

const SECONDS = HOURS * 3_600;
const WEEK_HOURS = 168;
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const ADDRESS = 'public IPv4 address, hour';
const VOLUME = 'gp3 volume: 8 GB for a NAT instance, 20 GB for a node, GB and month';
const PROVISIONED = 'provisioned concurrency, arm64, GB-second';
/** Instance types by the names of their prices. */
const INSTANCES: Readonly<Record<string, string>> = { 't4g.medium': 't4g.medium, eight times t4g.nano, hour' };
/** GB of the volume of a NAT instance. */
const NAT_VOLUME = 8;

/**
 * What an environment costs in a month in which nobody uses it: the parts that AWS bills by the hour. Left out is what
 * docs/costs.md leaves out of its sums, such as logs, metrics, data and everything that is billed by use. A test holds the
 * result against the sums of that page.
 */
export function idlePrice(config: EnvironmentConfig, templates: Templates, prices: Prices): IdlePrice {
  const without = new Set<string>();
  let total = 0;
  for (const { amount } of linesOf(config, templates)) {
    let usd = 0;
    for (const [quantity, name] of amount) {
      const price = prices.get(name);
      if (price === undefined && quantity > 0) without.add(name);
      usd += quantity * (price ?? 0);
    }
    // Rounded as the page rounds its rows; half a cent may be a little less as a binary fraction.
    total += Math.round(usd * 100 + 1e-9);
  }
  return { usd: total / 100, without: [...without] };
}

function linesOf(config: EnvironmentConfig, templates: Templates): Line[] {
  const all = Object.values(templates).flatMap(({ Resources = {} }) => Object.values(Resources));
  const ofType = (type: string) => all.filter(({ Type }) => Type === type);
  const line = (...amount: Line['amount']): Line => ({ amount });
  const hours = (quantity: number, price: string) => [quantity * HOURS, price] as const;
  const natInstances = ofType('AWS::EC2::Instance');
  return [
    line(hours(ofType('AWS::EC2::NatGateway').length, 'NAT gateway, hour')),
    line(hours(ofType('AWS::EC2::EIP').length + natInstances.length, ADDRESS)),
    ...natInstances.map(({ Properties }) =>
      line(hours(1, instancePrice(String(Properties?.['InstanceType']))), [NAT_VOLUME, VOLUME]),
    ),
    ...ofType('AWS::EC2::VPCEndpoint').map(({ Properties }) => {
      const subnets = Properties?.['SubnetIds'];
      return line(hours(Array.isArray(subnets) ? subnets.length : 0, 'interface endpoint, hour and zone'));
    }),
    line(hours(ofType('AWS::ElasticLoadBalancingV2::LoadBalancer').length, 'application load balancer, hour')),
    ...tasks(config),
    ...provisioned(config),
    ...ofType('AWS::ApiGateway::Stage').flatMap(({ Properties }) => {
      const size = Properties?.['CacheClusterSize'];
      return size === undefined ? [] : [line([HOURS, `API cache, ${size} GB, hour`])];
    }),
    // Target tracking has two alarms of its own, one for each direction.
    line([
      ofType('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0) +
        2 * ofType('AWS::ApplicationAutoScaling::ScalingPolicy').length,
      'standard alarm, metric and month',
    ]),
    line([ofType('AWS::CloudWatch::CompositeAlarm').length, 'composite alarm, month']),
    line([ofType('AWS::CloudWatch::Dashboard').length, 'dashboard, month']),
    ...cluster(config),
    line([ofType('AWS::KMS::Key').length, 'key, month']),
  ];
}

function instancePrice(type: string): string {
  return INSTANCES[type] ?? `${type}, hour`;
}

function tasks({ services, capacity }: EnvironmentConfig): Line[] {
  return services.flatMap(({ minTasks, cpu, memoryMiB }): Line[] => [
    ...(capacity.fargate
      ? [
          {
            amount: [
              [((minTasks * cpu) / 1_024) * HOURS, 'Fargate arm64, vCPU, hour'],
              [((minTasks * memoryMiB) / 1_024) * HOURS, 'Fargate arm64, GB, hour'],
            ] as const,
          },
        ]
      : []),
    // The number of instances depends on how ECS places the tasks.
    ...(capacity.ec2 && minTasks > 0 ? [{ amount: [[1, 'container instances']] as const }] : []),
  ]);
}

function provisioned({ function: { memoryMiB, provisionedConcurrency } }: EnvironmentConfig): Line[] {
  if (provisionedConcurrency === undefined) return [];
  const { min, schedules = [] } = provisionedConcurrency;
  const seconds = (environments: number, weekHours: number) =>
    [environments * (memoryMiB / 1_024) * SECONDS * (weekHours / WEEK_HOURS), PROVISIONED] as const;
  const more = hoursByMinimum(schedules);
  if (more === undefined) return [{ amount: [seconds(min, WEEK_HOURS), [1, 'scheduled provisioned concurrency']] }];
  const further = [...more].filter(([minimum]) => minimum > min);
  return [
    { amount: [seconds(min, WEEK_HOURS)] },
    ...further.map(([minimum, weekHours]) => ({ amount: [seconds(minimum - min, weekHours)] })),
  ];
}

/**
 * Hours of a week by the minimum that schedules hold.
 *
 * @returns undefined for a schedule of another form than `cron(45 23 ? * SUN-THU *)`
 */
function hoursByMinimum(schedules: readonly { cron: string; min: number }[]): Map<number, number> | undefined {
  const changes: { at: number; min: number }[] = [];
  for (const { cron, min } of schedules) {
    const [, minute, hour, from = '', to = ''] = /^cron\((\d+) (\d+) \? \* (\w+)-(\w+) \*\)$/.exec(cron) ?? [];
    if (!DAYS.includes(from) || !DAYS.includes(to)) return undefined;
    for (let day = DAYS.indexOf(from); day <= DAYS.indexOf(to); day += 1) {
      changes.push({ at: day * 24 + Number(hour) + Number(minute) / 60, min });
    }
  }
  changes.sort((a, b) => a.at - b.at);
  const hours = new Map<number, number>();
  for (const [index, { at, min }] of changes.entries()) {
    const next = changes[index + 1]?.at ?? (changes[0]?.at ?? 0) + WEEK_HOURS;
    hours.set(min, (hours.get(min) ?? 0) + next - at);
  }
  return hours;
}

/** GB of the volume of a node, which is in the name of its price. */
const NODE_VOLUME = 20;

function cluster({ kubernetes }: EnvironmentConfig): Line[] {
  if (kubernetes === undefined) return [];
  const { minNodes, instanceTypes, spot = false } = kubernetes.nodes;
  const price = spot ? 'Spot instances' : instancePrice(instanceTypes[0] ?? '');
  return [
    { amount: [[HOURS, 'EKS control plane, standard support, hour']] },
    { amount: [[minNodes * HOURS, price]] },
    { amount: [[minNodes * NODE_VOLUME, VOLUME]] },
  ];
}

/** Metrics that an alarm is billed for. */
function metricsOf({ Properties }: Resource): number {
  const metrics = Properties?.['Metrics'];
  return Array.isArray(metrics) ? metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}
