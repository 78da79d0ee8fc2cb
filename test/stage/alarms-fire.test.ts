import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { alarmOf, keyOf, State, statesOf, WatchedAlarm } from '../support/cloudwatch';
import { Point, Series } from '../support/metric-math';
import { stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

/** Points by metric: namespace, name, statistic and names of the dimensions. A metric that is left out sends nothing. */
type Sent = Readonly<Record<string, Series>>;

interface Row {
  /** Seconds of a period, so that the series below mean what they say. */
  readonly every: 60 | 300;
  /** What must lead to ALARM, as the last state. */
  readonly rings: Sent;
  /** What comes near and must not ring. */
  readonly near: Sent;
  /** What an idle, healthy environment sends in every period. */
  readonly idle: Readonly<Record<string, number>>;
  /**
   * What happens when all metrics stop: this alarm rings itself; another alarm rings, which is named; or silence is healthy,
   * with the reason. `otherwise` is the reason in an environment without the partner.
   */
  readonly silence: 'rings' | { readonly partner: string; readonly otherwise?: string } | { readonly healthy: string };
}

const times = (count: number, ...points: readonly Point[]): Point[] => Array(count).fill(points).flat();
const NOTHING = {};

const byAlias = (name: string, statistic = 'Sum') => `AWS/Lambda ${name} ${statistic} by FunctionName, Resource`;
const byFunction = (name: string, statistic = 'Sum') => `AWS/Lambda ${name} ${statistic} by FunctionName`;
const HEALTHY = 'AWS/ApplicationELB HealthyHostCount Maximum by LoadBalancer, TargetGroup';
const REST = {
  errors: 'AWS/ApiGateway 5XXError Sum by ApiName, Stage',
  count: 'AWS/ApiGateway Count SampleCount by ApiName, Stage',
};
const HTTP = {
  errors: 'AWS/ApiGateway 5xx Sum by ApiId, Stage',
  count: 'AWS/ApiGateway Count SampleCount by ApiId, Stage',
};

const WITHOUT_CALLS = 'AWS reports the metric with calls only, and without a call nothing can fail.';
const NO_TARGET = 'Containers TargetGroupAlarms/NoHealthyTarget';

const noHealthyTarget: Row = {
  every: 60,
  // The last target is deregistered, so the metric ends.
  rings: { [HEALTHY]: [...times(10, 2), ...times(5, undefined)] },
  near: { [HEALTHY]: [...times(10, 2), ...times(4, 0), 1, ...times(4, undefined), 1, 1] },
  idle: { [HEALTHY]: 1 },
  silence: 'rings',
};

const serverErrors = ({ errors, count }: typeof REST): Row => ({
  every: 300,
  rings: { [errors]: [0, 0, 6], [count]: [100, 100, 100] },
  // Four errors of four requests are too few, and five of a hundred are not more than 5 %.
  near: { [errors]: [4, 0, 5, 0], [count]: [4, 100, 100, 1000] },
  idle: NOTHING,
  silence: { partner: NO_TARGET },
});

/** Each alarm by the stack, the class of its construct and its id. */
const ROWS: Readonly<Record<string, Row>> = {
  [NO_TARGET]: noHealthyTarget,
  'Kubernetes TargetGroupAlarms/NoHealthyTarget': noHealthyTarget,
  'RestApi ApiAlarms/ServerErrors': serverErrors(REST),
  'HttpApi ApiAlarms/ServerErrors': serverErrors(HTTP),
  'Function FunctionAlarms/Errors': {
    every: 300,
    rings: { [byAlias('Errors')]: [0, 6], [byAlias('Invocations')]: [100, 100] },
    near: { [byAlias('Errors')]: [0, 5, 0], [byAlias('Invocations')]: [100, 100, 0] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'Function FunctionAlarms/Throttles': {
    every: 60,
    rings: { [byAlias('Throttles')]: [0, 0, 1] },
    near: { [byAlias('Throttles')]: [0, 0, undefined, 0] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'Function FunctionAlarms/Duration': {
    every: 60,
    rings: { [byAlias('Duration', 'p99')]: [200, 4000, 300, 4100, 4200] },
    near: { [byAlias('Duration', 'p99')]: [200, 5000, 3999, 200, 5000, 200, 3999, 200] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'Function FunctionAlarms/Spillover': {
    every: 60,
    rings: { [byAlias('ProvisionedConcurrencySpilloverInvocations')]: [...times(5, 0), ...times(5, 1)] },
    near: {
      [byAlias('ProvisionedConcurrencySpilloverInvocations')]: [...times(8, 0), ...times(4, 50), ...times(8, 0)],
    },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'Function FunctionAlarms/Utilization': {
    every: 60,
    rings: { [byAlias('ProvisionedConcurrencyUtilization', 'Average')]: [...times(5, 0.2), ...times(15, 0.95)] },
    near: { [byAlias('ProvisionedConcurrencyUtilization', 'Average')]: [...times(14, 1), 0.9, ...times(14, 1), 0.5] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'WebSocketApi WebSocketAlarms/Errors': {
    every: 60,
    rings: { [byFunction('Errors')]: [0, 1, 0, 0, 1] },
    near: { [byFunction('Errors')]: [0, 9, 0, 0, 0, 0, 9, 0] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'WebSocketApi WebSocketAlarms/Throttles': {
    every: 60,
    rings: { [byFunction('Throttles')]: [0, 1, 0, 0, 1] },
    near: { [byFunction('Throttles')]: [0, 9, 0, 0, 0, 0, 9, 0] },
    idle: NOTHING,
    silence: { healthy: WITHOUT_CALLS },
  },
  'WebSocketApi WebSocketAlarms/Failed': {
    every: 60,
    // The handler writes the count only when a message failed.
    rings: { 'Kumiki/Sessions Failed Sum by FunctionName': [1, undefined, undefined, 1] },
    near: { 'Kumiki/Sessions Failed Sum by FunctionName': [9, ...times(12, undefined), 9, undefined] },
    idle: NOTHING,
    silence: { healthy: 'The handler writes the metric only when a message failed.' },
  },
  'WebSocketApi TickerAlarms/Errors': {
    every: 60,
    rings: { [byFunction('Errors')]: [0, 0, 1, 1, 1] },
    near: { [byFunction('Errors')]: [0, 1, 0, 0, 1, 0, 0, 1, 0, 0] },
    idle: { [byFunction('Errors')]: 0 },
    silence: { partner: 'WebSocketApi TickerAlarms/Silent', otherwise: 'Nothing starts the ticker but a person.' },
  },
  'WebSocketApi TickerAlarms/Failed': {
    every: 60,
    rings: { 'Kumiki/Ticker Failed Sum by FunctionName': [0, 0, 2, 2, 2] },
    near: { 'Kumiki/Ticker Failed Sum by FunctionName': [0, 9, 9, 0, 0, 0, 0] },
    idle: { 'Kumiki/Ticker Failed Sum by FunctionName': 0 },
    silence: { partner: 'WebSocketApi TickerAlarms/Silent', otherwise: 'Nothing starts the ticker but a person.' },
  },
  'WebSocketApi TickerAlarms/Silent': {
    every: 60,
    rings: { [byFunction('Invocations')]: [...times(8, 1), ...times(12, undefined)] },
    // The schedule starts a run for each minute, but not always within that minute.
    near: { [byFunction('Invocations')]: times(5, 1, undefined, 2, undefined, undefined, 3) },
    idle: { [byFunction('Invocations')]: 1 },
    silence: 'rings',
  },
};

interface Found {
  readonly variant: string;
  readonly key: string;
  readonly alarm: WatchedAlarm;
}

/** All alarms of all variants, as they stand in the templates. */
const FOUND: readonly Found[] = Object.entries(variants()).flatMap(([variant, config]) => {
  const stage = stageOf(config);
  const templates = synthesized(config, stage);
  return stage.node.findAll().flatMap((construct): Found[] => {
    if (!cloudwatch.CfnAlarm.isCfnAlarm(construct)) return [];
    const stack = Stack.of(construct);
    const owner = construct.node.scope instanceof cloudwatch.Alarm ? construct.node.scope : construct;
    const key = `${stack.constructor.name.replace(/Stack$/, '')} ${owner.node.scope?.constructor.name}/${owner.node.id}`;
    const resource = templates[stack.node.id]?.toJSON().Resources[stack.getLogicalId(construct)];
    return [{ variant, key, alarm: alarmOf(resource?.Properties) }];
  });
});
const KEYS = [...new Set(FOUND.map(({ key }) => key))].sort();

/** The alarms of a key, without those that differ only in the values of dimensions. */
function alarmsOf(key: string): WatchedAlarm[] {
  const alarms = FOUND.filter((found) => found.key === key).map(({ alarm }) => {
    const metrics = alarm.metrics.map((metric) => ({
      ...metric,
      dimensions: metric.dimensions.map(({ Name }) => ({ Name, Value: '' })),
    }));
    return { ...alarm, metrics };
  });
  return [...new Map(alarms.map((alarm) => [JSON.stringify(alarm), alarm])).values()];
}

/** AWS does not say how far back CloudWatch looks, nor whether FILL fills a range without a point. No alarm may depend on it. */
const READINGS = [2, 3, 7].flatMap((extra) => [true, false].map((fillsEmpty) => ({ extra, fillsEmpty })));
const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;

/** States of each alarm of a key in each reading and from each state before, after parts that follow each other. */
function statesAfter(key: string, parts: readonly Sent[], from: readonly State[] = STATES): State[][] {
  return alarmsOf(key).flatMap((alarm) => {
    const names = alarm.metrics.map(keyOf);
    const sent = Object.fromEntries(
      names.map((name) => [name, parts.flatMap((part) => part[name] ?? times(lengthOf(part), undefined))]),
    );
    return READINGS.flatMap((reading) => from.map((state) => statesOf(alarm, sent, { ...reading, from: state })));
  });
}

const LONG = 40;
const lengthOf = (sent: Sent) => Math.max(0, ...Object.values(sent).map((points) => points.length));
/** What an idle environment sends for some time. */
const idleFor = (count: number, { idle }: Row): Sent => ({
  ...Object.fromEntries(Object.entries(idle).map(([name, value]) => [name, times(count, value)])),
  ...silentFor(count),
});
/** A metric that no alarm reads, so that the time passes. */
const silentFor = (count: number): Sent => ({ nothing: times(count, undefined) });
const endsOf = (states: readonly State[][]) => new Set(states.map((all) => all.at(-1)));

test('every alarm of every variant has a row, and every row an alarm', () => {
  expect(KEYS.length).toBeGreaterThan(10);
  expect(KEYS).toEqual(Object.keys(ROWS).sort());
});

describe.each(Object.entries(ROWS))('%s', (key, row) => {
  test('reads the metrics of its row in its period', () => {
    const keys = new Set([row.rings, row.near].flatMap((sent) => Object.keys(sent)));
    for (const alarm of alarmsOf(key)) {
      expect(new Set(alarm.metrics.map(keyOf))).toEqual(keys);
      expect([...keys]).toEqual(expect.arrayContaining(Object.keys(row.idle)));
      expect(alarm.period).toBe(row.every);
    }
  });

  test('rings', () => {
    expect(endsOf(statesAfter(key, [row.rings]))).toEqual(new Set(['ALARM']));
  });

  // AWS on FILL: "your metrics are being published with a slight delay, and the most recent minute never has data".
  test('rings also if the newest point is always late', () => {
    const states = [0, 5, 10, 20, 30].map((more) => {
      const held = Object.entries(row.rings).map(([name, points]) => [
        name,
        [...points, ...times(more, points.at(-1))],
      ]);
      return statesAfter(key, [Object.fromEntries(held), silentFor(1)], ['OK']).map((all) => all.at(-1));
    });
    for (const [reading] of (states[0] ?? []).entries()) expect(states.map((all) => all[reading])).toContain('ALARM');
  });

  test('does not ring for what is near', () => {
    for (const states of statesAfter(key, [idleFor(20, row), row.near, idleFor(20, row)], ['OK'])) {
      expect(states).not.toContain('ALARM');
      expect(states.at(-1)).toBe('OK');
    }
  });

  test('is OK in an idle environment, also after an alarm', () => {
    for (const before of [silentFor(1), row.rings])
      for (const states of statesAfter(key, [before, idleFor(LONG, row)]))
        expect(new Set(states.slice(-10))).toEqual(new Set(['OK']));
  });

  test('rings on silence, or has a partner that does, or a reason', () => {
    const { silence } = row;
    const ends = endsOf(statesAfter(key, [idleFor(LONG, row), silentFor(LONG)]));
    expect(ends).toEqual(new Set([silence === 'rings' ? 'ALARM' : 'OK']));
    if (silence === 'rings') return;
    if ('healthy' in silence) return expect(silence.healthy).toMatch(/^[A-Z].{20,}\.$/);
    expect(ROWS[silence.partner]?.silence).toBe('rings');
    if (silence.otherwise === undefined) expect(variantsWithout(key, silence.partner)).toEqual([]);
    expect(KEYS).toContain(silence.partner);
  });
});

/** The variants that have an alarm but not its partner. */
function variantsWithout(key: string, partner: string): string[] {
  const having = (name: string) => new Set(FOUND.filter((found) => found.key === name).map(({ variant }) => variant));
  const partners = having(partner);
  return [...having(key)].filter((variant) => !partners.has(variant));
}
