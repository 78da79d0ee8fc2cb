import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { ALARM_SERIES, Sent, times } from '../support/alarm-series';
import {
  alarmOf,
  compositeState,
  EvaluationOptions,
  keyOf,
  State,
  statesOf,
  WatchedAlarm,
} from '../support/cloudwatch';
import { stacksOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

interface Resource {
  readonly variant: string;
  /** Stack, class of the construct, and id. */
  readonly key: string;
  /** Names of stack and resource, by which others refer to the alarm. */
  readonly id: string;
  readonly composite: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Values of outputs, by the names of stack and output. */
const OUTPUTS = new Map<string, unknown>();

/** All alarms and composite alarms of all variants, as they stand in the templates. */
const RESOURCES: readonly Resource[] = Object.entries(variants()).flatMap(([variant, config]) => {
  const { CfnAlarm, CfnCompositeAlarm, AlarmBase } = cloudwatch;
  const stage = stageOf(config);
  const templates = synthesized(config, stage);
  for (const [name, { stackName }] of Object.entries(stacksOf(stage))) {
    for (const [output, { Value }] of Object.entries<{ readonly Value: unknown }>(
      templates[name]?.toJSON().Outputs ?? {},
    ))
      OUTPUTS.set(`${stackName} ${output}`, Value);
  }
  return stage.node.findAll().flatMap((construct): Resource[] => {
    const composite = CfnCompositeAlarm.isCfnCompositeAlarm(construct);
    if (!composite && !CfnAlarm.isCfnAlarm(construct)) return [];
    const stack = Stack.of(construct);
    const logicalId = stack.getLogicalId(construct);
    const { node } = construct.node.scope instanceof AlarmBase ? construct.node.scope : construct;
    const key = `${stack.constructor.name.replace(/Stack$/, '')} ${node.scope?.constructor.name}/${node.id}`;
    const properties = templates[stack.node.id]?.toJSON().Resources[logicalId].Properties;
    return [{ variant, key, id: `${stack.stackName} ${logicalId}`, composite, properties }];
  });
});
const FOUND = RESOURCES.filter(({ composite }) => !composite).map(({ properties, ...rest }) => ({
  ...rest,
  alarm: alarmOf(properties),
}));
const KEYS = [...new Set(FOUND.map(({ key }) => key))].sort();

/** The alarms of a key, without those that differ only in the values of dimensions and in the name of the environment. */
function alarmsOf(key: string): WatchedAlarm[] {
  const alarms = FOUND.filter((found) => found.key === key).map(({ alarm }) => {
    const metrics = alarm.metrics.map(({ namespace, dimensions, ...metric }) => ({
      ...metric,
      namespace: namespace.replace(/^(Kumiki\/\w+\/).*/, '$1…'),
      dimensions: dimensions.map(({ Name }) => ({ Name, Value: '' })),
    }));
    return { ...alarm, metrics };
  });
  return [...new Map(alarms.map((alarm) => [JSON.stringify(alarm), alarm])).values()];
}

/** AWS does not say how far back CloudWatch looks, nor whether FILL fills a range without a point. No alarm may depend on it. */
function readingsOf({ expression = '' }: WatchedAlarm): EvaluationOptions[] {
  const fills = expression.includes('FILL') ? [true, false] : [false];
  return [2, 7].flatMap((extra) => fills.map((fillsEmpty) => ({ extra, fillsEmpty })));
}
const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;

/** States of each alarm of a key in each reading and from each state before, after parts that follow each other. */
function statesAfter(
  key: string,
  parts: readonly Sent[],
  from: readonly State[] = STATES,
  missing?: 'ignore',
): State[][] {
  return alarmsOf(key).flatMap((found) => {
    const alarm = { ...found, missing: missing ?? found.missing };
    const names = alarm.metrics.map(keyOf);
    const sent = Object.fromEntries(
      names.map((name) => [name, parts.flatMap((part) => part[name] ?? times(lengthOf(part), undefined))]),
    );
    // With these two settings, the state before does not matter.
    const before = ['breaching', 'notBreaching'].includes(alarm.missing) ? from.slice(0, 1) : from;
    return readingsOf(alarm).flatMap((reading) =>
      before.map((state) => statesOf(alarm, sent, { ...reading, from: state })),
    );
  });
}

/** Longer than every evaluation range. */
const LONG = 30;
const lengthOf = (sent: Sent) => Math.max(0, ...Object.values(sent).map((points) => points.length));
/** What an idle environment sends for some time. */
const idleFor = (count: number, idle: Readonly<Record<string, number>>): Sent => ({
  ...Object.fromEntries(Object.entries(idle).map(([name, value]) => [name, times(count, value)])),
  ...silentFor(count),
});
/** A metric that no alarm reads, so that the time passes. */
const silentFor = (count: number): Sent => ({ nothing: times(count, undefined) });
const endsOf = (states: readonly State[][]) => new Set(states.map((all) => all.at(-1)));

test('every alarm of every variant has a row, and every row an alarm', () => {
  expect(KEYS.length).toBeGreaterThan(10);
  expect(KEYS).toEqual(Object.keys(ALARM_SERIES).sort());
});

describe.each(Object.entries(ALARM_SERIES))('%s', (key, { every, rings, near, idle, silence }) => {
  test('reads the metrics of its row in its period', () => {
    for (const alarm of alarmsOf(key)) {
      // A service that releases in steps has two target groups. Here, both are in the same state.
      const read = [...new Set(alarm.metrics.map(keyOf))].sort();
      for (const sent of [...rings, near]) expect(Object.keys(sent).sort()).toEqual(read);
      expect(read).toEqual(expect.arrayContaining(Object.keys(idle)));
      expect(alarm.period).toBe(every);
    }
  });

  test('rings', () => {
    for (const sent of rings) expect(endsOf(statesAfter(key, [sent]))).toEqual(new Set(['ALARM']));
  });

  // AWS on FILL: "your metrics are being published with a slight delay, and the most recent minute never has data".
  test('rings also if the newest minute is always late', () => {
    for (const sent of every === 60 ? rings : []) {
      const ends = [0, 5, 15, 30].map((more) => {
        const held = Object.entries(sent).map(([name, points]) => [name, [...points, ...times(more, points.at(-1))]]);
        return statesAfter(key, [Object.fromEntries(held), silentFor(1)], ['OK']).map((all) => all.at(-1));
      });
      for (const [reading] of (ends[0] ?? []).entries()) expect(ends.map((all) => all[reading])).toContain('ALARM');
    }
  });

  test('does not ring for what is near', () => {
    for (const states of statesAfter(key, [idleFor(20, idle), near, idleFor(20, idle)], ['OK'])) {
      expect(states).not.toContain('ALARM');
      expect(states.at(-1)).toBe('OK');
    }
  });

  test('is OK in an idle environment, also after an alarm', () => {
    for (const before of [silentFor(1), ...rings])
      for (const states of statesAfter(key, [before, idleFor(LONG, idle)]))
        expect(new Set(states.slice(-10))).toEqual(new Set(['OK']));
  });

  // AWS's user guide says of the namespace AWS/DynamoDB that alarms ignore missing data by default, and its API reference that
  // they always do: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (TreatMissingData).
  if (JSON.stringify(rings).includes('AWS/DynamoDB')) {
    test('does not ring for ever if CloudWatch ignores missing data of DynamoDB', () => {
      for (const sent of rings) {
        const states = statesAfter(key, [sent, silentFor(LONG)], ['OK'], 'ignore');
        expect(endsOf(states)).toEqual(new Set(['OK']));
      }
    });
  }

  test('rings on silence, or has a partner that does, or a reason', () => {
    const ends = endsOf(statesAfter(key, [idleFor(LONG, idle), silentFor(LONG)]));
    expect(ends).toEqual(new Set([silence === 'rings' ? 'ALARM' : 'OK']));
    if (silence === 'rings') return;
    if ('healthy' in silence) return expect(silence.healthy).toMatch(/^[A-Z].{20,}\.$/);
    expect(ALARM_SERIES[silence.partner]?.silence).toBe('rings');
    expect(KEYS).toContain(silence.partner);
    if (silence.otherwise === undefined) expect(variantsWithout(key, silence.partner)).toEqual([]);
  });
});

describe('an alarm on two target groups of a service', () => {
  const [OF, IN] = ['AWS/ApplicationELB', 'by LoadBalancer, TargetGroup'];

  /** States in each reading, if the groups are in these states for some minutes or periods. */
  function endsWith(id: string, ...groups: readonly Readonly<Record<string, number>>[]): Set<State | undefined> {
    const found = FOUND.find(
      ({ key, alarm }) => key === `Containers TargetGroupAlarms/${id}` && alarm.expression?.startsWith('MAX('),
    )?.alarm;
    if (found === undefined) throw new Error(`${id} has no maximum over two groups.`);
    // By the dimension, and not by the id: an id could stand for a metric of the wrong group.
    const metrics = found.metrics.map((metric) => {
      const group = JSON.stringify(metric.dimensions.find(({ Name }) => Name === 'TargetGroup')?.Value);
      return { ...metric, name: `${metric.name} ${group.includes('AlternateTargetGroup') ? 2 : 1}` };
    });
    const sent = Object.fromEntries(
      groups.flatMap((group, index) =>
        Object.entries(group).map(([name, value]) => {
          const [metric = '', statistic = ''] = name.split(' ');
          return [`${OF} ${metric} ${index + 1} ${statistic} ${IN}`, times(LONG, value)];
        }),
      ),
    );
    const alarm = { ...found, metrics };
    const silent = Object.fromEntries(metrics.map((metric) => [keyOf(metric), times(LONG, undefined)]));
    expect(Object.keys(silent)).toEqual(expect.arrayContaining(Object.keys(sent)));
    return endsOf(readingsOf(alarm).map((reading) => statesOf(alarm, { ...silent, ...sent }, reading)));
  }

  test('does not ring for the empty group, and rings if no group has a healthy target', () => {
    expect(endsWith('NoHealthyTarget', {}, { 'HealthyHostCount Maximum': 2 })).toEqual(new Set(['OK']));
    expect(endsWith('NoHealthyTarget', { 'HealthyHostCount Maximum': 2 }, {})).toEqual(new Set(['OK']));
    expect(endsWith('NoHealthyTarget', {}, { 'HealthyHostCount Maximum': 0 })).toEqual(new Set(['ALARM']));
    expect(endsWith('NoHealthyTarget', {}, {})).toEqual(new Set(['ALARM']));
  });

  test('rings for errors and slow responses of 10 % of the requests, which all requests would dilute', () => {
    const old = { 'RequestCount Sum': 9_000, 'TargetResponseTime p99': 0.1 };
    const fine = { 'RequestCount Sum': 1_000, 'TargetResponseTime p99': 0.1, 'HTTPCode_Target_5XX_Count Sum': 20 };
    const bad = { 'RequestCount Sum': 1_000, 'TargetResponseTime p99': 3, 'HTTPCode_Target_5XX_Count Sum': 400 };
    const of = (group: typeof bad, id: string) => {
      const { 'HTTPCode_Target_5XX_Count Sum': errors, 'TargetResponseTime p99': time, ...requests } = group;
      return id === 'Latency'
        ? { ...requests, 'TargetResponseTime p99': time }
        : { ...requests, 'HTTPCode_Target_5XX_Count Sum': errors };
    };
    for (const id of ['TargetErrors', 'Latency']) {
      const before = id === 'Latency' ? old : { 'RequestCount Sum': 9_000 };
      for (const [now, state] of [
        [fine, 'OK'],
        [bad, 'ALARM'],
      ] as const) {
        expect(endsWith(id, before, of(now, id))).toEqual(new Set([state]));
        expect(endsWith(id, of(now, id), before)).toEqual(new Set([state]));
      }
    }
  });

  test('rings for an unhealthy target in either group', () => {
    expect(endsWith('UnhealthyTargets', { 'UnHealthyHostCount Minimum': 0 }, {})).toEqual(new Set(['OK']));
    expect(endsWith('UnhealthyTargets', {}, { 'UnHealthyHostCount Minimum': 1 })).toEqual(new Set(['ALARM']));
  });
});

describe('a composite alarm', () => {
  const composites = RESOURCES.filter(({ composite }) => composite).map(({ variant, id, properties }) => ({
    variant,
    rule: ruleOf(id, properties['AlarmRule']),
  }));

  test('rings when one of its alarms rings, and for nothing else', () => {
    for (const { variant, rule } of composites) {
      const children = Array.from(rule.matchAll(/"([^"]+)"/g), ([, child = '']) => child);
      const known = RESOURCES.filter((resource) => resource.variant === variant).map(({ id }) => id);
      expect(known).toEqual(expect.arrayContaining(children));
      expect(children.length).toBeGreaterThan(0);
      for (const state of ['OK', 'INSUFFICIENT_DATA'] as const) {
        expect(compositeState(rule, () => state)).toBe('OK');
        for (const ringing of children)
          expect(compositeState(rule, (child) => (child === ringing ? 'ALARM' : state))).toBe('ALARM');
      }
    }
  });

  test('understands AND, OR, NOT and brackets, and refuses the rest', () => {
    const states = (child: string) => (child === 'a' ? 'ALARM' : 'OK');
    expect(compositeState('ALARM("a") AND ALARM("b")', states)).toBe('OK');
    expect(compositeState('ALARM("b") OR (ALARM("a") AND NOT ALARM("b"))', states)).toBe('ALARM');
    expect(compositeState('OK("a") OR INSUFFICIENT_DATA("b") OR FALSE', states)).toBe('OK');
    expect(() => compositeState('ALARM("a") XOR ALARM("b")', states)).toThrow('XOR');
  });
});

/** A rule as text, with the names of stack and resource in the place of references. */
function ruleOf(id: string, rule: unknown): string {
  const [stackName] = id.split(' ');
  const [, parts = [rule]] = Object(rule)['Fn::Join'] ?? [];
  return parts.map((part: unknown) => (typeof part === 'string' ? part : targetOf(part, stackName ?? ''))).join('');
}

/** The alarm to which a value refers by name or ARN, in the same stack or by an output of another. */
function targetOf(reference: unknown, stackName: string): string {
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::GetStackOutput': output } = Object(reference);
  if (output !== undefined) {
    const value = OUTPUTS.get(`${output.StackName} ${output.OutputName}`);
    if (value !== undefined) return targetOf(value, output.StackName);
  }
  return `${stackName} ${Ref ?? attribute?.[0] ?? JSON.stringify(reference).replaceAll('"', "'")}`;
}

/** The variants that have an alarm but not its partner. */
function variantsWithout(key: string, partner: string): string[] {
  const having = (name: string) => new Set(FOUND.filter((found) => found.key === name).map(({ variant }) => variant));
  const partners = having(partner);
  return [...having(key)].filter((variant) => !partners.has(variant));
}
