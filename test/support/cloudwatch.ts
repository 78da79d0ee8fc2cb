import { Expression, Series } from './metric-math';

/**
 * CloudWatch's evaluation of an alarm, for alarms as they stand in a template: the metrics, the math expression, M out of N,
 * and missing data. Written after these pages of AWS, and tested against their tables (test/stage/cloudwatch-evaluation.test.ts):
 *
 * - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 * - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 * - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html (metric-math.ts)
 * - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
 *
 * Where the pages leave something open, the evaluation takes an option, so that a test can try each reading.
 */

export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A metric that an alarm reads. */
export interface WatchedMetric {
  /** Id in the expression; empty for an alarm on one metric. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly statistic: string;
  readonly dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

export interface WatchedAlarm {
  readonly metrics: readonly WatchedMetric[];
  /** Math expression; undefined for an alarm on one metric. */
  readonly expression?: string;
  /** Seconds of a period. */
  readonly period: number;
  readonly comparison: string;
  readonly threshold: number;
  /** N: evaluation periods. */
  readonly periods: number;
  /** M: data points to alarm. */
  readonly datapoints: number;
  readonly missing: string;
  readonly lowSamples: string;
}

export interface EvaluationOptions {
  /**
   * Periods that CloudWatch reads beyond the evaluation periods. The page has an example with 3 evaluation periods and a range
   * of 5, and says that the number depends on the period.
   *
   * @default 2
   */
  readonly extra?: number;
  /**
   * Whether FILL fills a metric without any point in the range. The page is silent.
   *
   * @default false
   */
  readonly fillsEmpty?: boolean;
  /** @default 'INSUFFICIENT_DATA', as for a new alarm */
  readonly from?: State;
  /** Number of samples in every period, for alarms that ignore percentiles of few samples. */
  readonly samples?: number;
}

/** Namespace, name, statistic and names of the dimensions, for example `AWS/Lambda Errors Sum by FunctionName`. */
export function keyOf({ namespace, name, statistic, dimensions }: WatchedMetric): string {
  const names = dimensions.map(({ Name }) => Name).sort();
  return `${namespace} ${name} ${statistic} by ${names.join(', ')}`;
}

/** An entry of the property `Metrics`. */
interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly Period?: number;
  readonly ReturnData?: boolean;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: WatchedMetric['dimensions'];
    };
    readonly Period: number;
    readonly Stat?: string;
  };
}

/** Reads the properties of an `AWS::CloudWatch::Alarm`. */
export function alarmOf(properties: Readonly<Record<string, unknown>> = {}): WatchedAlarm {
  const { Metrics, EvaluationPeriods: periods, ...plain } = Object(properties);
  const queries: readonly Query[] = Metrics ?? [{ Id: '', MetricStat: { Metric: plain, Period: plain.Period } }];
  const stats = queries.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : [{ Id, ...MetricStat }]));
  const lengths = new Set([...stats, ...queries].flatMap(({ Period }) => Period ?? []));
  const [period, ...others] = lengths;
  if (period === undefined || others.length > 0)
    throw new Error(`All metrics of an alarm need the same period, got ${[...lengths].join(', ')} seconds.`);
  const [returned, ...more] = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (returned === undefined || more.length > 0)
    throw new Error(`An alarm watches one result, got ${queries.length === 0 ? 0 : 1 + more.length}.`);
  if (queries.length - stats.length > 1) throw new Error('An alarm with several expressions is not modelled.');
  if (plain.ThresholdMetricId !== undefined) throw new Error('Anomaly detection is not modelled.');
  return {
    metrics: stats.map(({ Id, Metric, Stat }) => ({
      id: Id,
      namespace: Metric.Namespace,
      name: Metric.MetricName,
      statistic: Stat ?? plain.Statistic ?? plain.ExtendedStatistic,
      dimensions: Metric.Dimensions ?? [],
    })),
    expression: Metrics === undefined ? undefined : (returned.Expression ?? returned.Id),
    period,
    comparison: plain.ComparisonOperator,
    threshold: plain.Threshold,
    periods,
    datapoints: plain.DatapointsToAlarm ?? periods,
    // "Alarms that evaluate metrics in the AWS/DynamoDB namespace default to ignore missing data."
    missing: plain.TreatMissingData ?? (JSON.stringify(stats).includes('"AWS/DynamoDB"') ? 'ignore' : 'missing'),
    lowSamples: plain.EvaluateLowSampleCountPercentile ?? 'evaluate',
  };
}

/**
 * States of an alarm after each period.
 *
 * @param series points by the key or by the id of each metric; a metric that is not named sends nothing
 */
export function statesOf(
  alarm: WatchedAlarm,
  series: Readonly<Record<string, Series>>,
  options: EvaluationOptions = {},
): State[] {
  const { extra = 2, from = 'INSUFFICIENT_DATA' } = options;
  const range = alarm.periods + extra;
  const length = Math.max(0, ...Object.values(series).map((points) => points.length));
  const states: State[] = [];
  for (let end = 1; end <= length; end += 1) {
    const ranges = alarm.metrics.map((metric) => {
      const points = series[metric.id] ?? series[keyOf(metric)] ?? [];
      return [metric.id, Array.from({ length: range }, (_, index) => points[end - range + index])] as const;
    });
    const result = new Expression(alarm.expression ?? '', new Map(ranges), options.fillsEmpty ?? false);
    const points = alarm.expression === undefined ? (ranges[0]?.[1] ?? []) : result.series();
    states.push(
      tooFewSamples(alarm, options) ? (states.at(-1) ?? from) : stateOf(alarm, points, states.at(-1) ?? from),
    );
  }
  return states;
}

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** The state after the points of an evaluation range, of which the last is the newest. */
export function stateOf(alarm: WatchedAlarm, range: Series, current: State): State {
  const { comparison, threshold, periods, datapoints, missing } = alarm;
  const breaches = COMPARISONS[comparison];
  if (breaches === undefined) throw new Error(`The comparison ${comparison} is not modelled.`);
  const real = range.flatMap((point, index) =>
    point === undefined ? [] : [{ breaching: breaches(point, threshold), age: range.length - index }],
  );
  // "The most recent real data points, including the necessary extra data points from farther back in the evaluation range."
  const breaching = real.slice(-periods).filter((point) => point.breaching).length;
  const toFill = Math.max(0, periods - real.length);
  if (breaching >= datapoints) return 'ALARM';
  if (toFill === 0 || missing === 'notBreaching') return 'OK';
  if (missing === 'breaching') return breaching + toFill >= datapoints ? 'ALARM' : 'OK';
  if (missing !== 'missing' && missing !== 'ignore') throw new Error(`TreatMissingData ${missing} is not modelled.`);
  if (real.some((point) => !point.breaching)) return 'OK';
  if (missing === 'ignore') return current;
  const [oldest] = real;
  if (oldest === undefined) return 'INSUFFICIENT_DATA';
  // "Alarms are designed to always go into ALARM state when the oldest available breaching datapoint is at least as old as
  // the value of Datapoints to Alarm, and all other more recent data points are breaching or missing." Of a younger point the
  // page says only that the state is not ALARM at once.
  return oldest.age >= datapoints ? 'ALARM' : current;
}

/** "This setting is used when there are fewer than 10/(1-percentile) data points", from p50 upwards. */
function tooFewSamples({ metrics, lowSamples }: WatchedAlarm, { samples }: EvaluationOptions): boolean {
  const [percent] = metrics.flatMap(({ statistic }) => /^p([\d.]+)$/.exec(statistic)?.slice(1) ?? []);
  if (lowSamples !== 'ignore' || percent === undefined) return false;
  if (samples === undefined) throw new Error('The alarm ignores percentiles of few samples. Give `samples`.');
  const share = Number(percent) / 100;
  return samples < 10 / Math.min(share, 1 - share);
}

/**
 * State of a composite alarm: ALARM while its rule is true, or OK. The rule names the alarms in double quotes.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
export function compositeState(rule: string, states: (alarm: string) => State): 'OK' | 'ALARM' {
  const tokens = rule.match(/\w+\("[^"]*"\)|\w+|[^\s\w]/g) ?? [];
  const anyOf = (): boolean => {
    const terms = [allOf()];
    while (tokens[0] === 'OR' && tokens.shift()) terms.push(allOf());
    return terms.includes(true);
  };
  const allOf = (): boolean => {
    const terms = [term()];
    while (tokens[0] === 'AND' && tokens.shift()) terms.push(term());
    return !terms.includes(false);
  };
  const term = (): boolean => {
    const token = tokens.shift() ?? '';
    const [, state, alarm] = /^(OK|ALARM|INSUFFICIENT_DATA)\("(.*)"\)$/.exec(token) ?? [];
    if (alarm !== undefined) return states(alarm) === state;
    if (token === 'NOT') return !term();
    if (token === 'TRUE' || token === 'FALSE') return token === 'TRUE';
    const value = token === '(' ? anyOf() : undefined;
    if (value === undefined || tokens.shift() !== ')') throw new Error(`The rule ${rule} does not expect "${token}".`);
    return value;
  };
  const value = anyOf();
  if (tokens.length > 0) throw new Error(`The rule ${rule} does not expect "${tokens.join(' ')}".`);
  return value ? 'ALARM' : 'OK';
}
