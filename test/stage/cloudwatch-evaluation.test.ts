import * as fc from 'fast-check';
import { alarmOf, State, stateOf, statesOf } from '../support/cloudwatch';
import { Point, Series } from '../support/metric-math';

/** The tables of the page have 5 data points: `0` is not breaching, `X` is breaching, `-` is missing. */
const pointsOf = (text: string): Point[] =>
  text.split(' ').map((mark) => (mark === '-' ? undefined : mark === 'X' ? 10 : 0));

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

function plain(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    Namespace: 'Shop',
    MetricName: 'Failed',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 3,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    ...changes,
  };
}

/** An alarm on an expression over metrics of the given ids. The alarm is on while the result is above 0. */
function onExpression(Expression: string, ids: readonly string[], periods: readonly number[] = []) {
  const metrics = ids.map((Id, index) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric: { Namespace: 'Shop', MetricName: Id }, Period: periods[index] ?? 60, Stat: 'Sum' },
  }));
  return {
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    Metrics: [{ Id: 'result', Expression }, ...metrics],
  };
}

/** The values of an expression, found with an alarm whose threshold is each of them. */
function valuesOf(
  expression: string,
  series: Readonly<Record<string, Series>>,
  candidates: readonly number[],
): Point[] {
  const alarm = (changes: object) => alarmOf({ ...onExpression(expression, Object.keys(series)), ...changes });
  const missing = statesOf(alarm({ TreatMissingData: 'missing', Threshold: -1e9 }), series, { extra: 0 });
  return missing.map((state, index) => {
    if (state !== 'ALARM') return undefined;
    return candidates.find((Threshold) =>
      ['GreaterThanOrEqualToThreshold', 'LessThanOrEqualToThreshold'].every(
        (ComparisonOperator) =>
          statesOf(alarm({ Threshold, ComparisonOperator }), series, { extra: 0 })[index] === 'ALARM',
      ),
    );
  });
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, both tables of the page.
describe.each([
  [3, '0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  [3, '0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  [3, '- - - - -', 'INSUFFICIENT_DATA', 'retained', 'ALARM', 'OK'],
  [3, '0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [3, '- - X - -', 'ALARM', 'retained', 'ALARM', 'OK'],
  [2, '0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [2, '0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [2, '0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  [2, '- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  [2, '- - - X -', 'ALARM', 'retained', 'ALARM', 'OK'],
])("AWS's table of missing data, %i of 3, %s", (DatapointsToAlarm, text, ...expected) => {
  test.each(TREATMENTS.map((treatment, index) => [treatment, expected[index]]))(
    'as %s: %s',
    (TreatMissingData, state) => {
      const alarm = alarmOf(plain({ DatapointsToAlarm, TreatMissingData }));
      for (const current of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const)
        expect(stateOf(alarm, pointsOf(text), current)).toBe(state === 'retained' ? current : state);
    },
  );
});

test.each(['- - - - X', '- - - X -', '- - - X 0', '- - X - 0'])(
  '%s does not go into ALARM at once with 3 of 3',
  (text) => {
    const alarm = alarmOf(plain({ TreatMissingData: 'missing' }));
    for (const current of ['OK', 'INSUFFICIENT_DATA'] as const)
      expect(stateOf(alarm, pointsOf(text), current)).not.toBe('ALARM');
  },
);

test('M defaults to N, and a metric that is not given sends nothing', () => {
  expect(statesOf(alarmOf(plain()), { 'Shop Failed Sum by ': [9, 9, 9, 0] })).toEqual(['OK', 'OK', 'ALARM', 'OK']);
  expect(statesOf(alarmOf(plain()), { 'Shop Faild Sum by ': [9, 9, 9, 9] })).toEqual(['OK', 'OK', 'OK', 'OK']);
});

test.each([
  ['GreaterThanThreshold', [false, false, true]],
  ['GreaterThanOrEqualToThreshold', [false, true, true]],
  ['LessThanThreshold', [true, false, false]],
  ['LessThanOrEqualToThreshold', [true, true, false]],
])('%s compares as its name says', (ComparisonOperator, expected) => {
  const alarm = alarmOf(plain({ ComparisonOperator, EvaluationPeriods: 1 }));
  expect(statesOf(alarm, { 'Shop Failed Sum by ': [4, 5, 6] }).map((state) => state === 'ALARM')).toEqual(expected);
});

test('an alarm on a metric of DynamoDB without a setting ignores missing data', () => {
  const alarm = alarmOf(plain({ Namespace: 'AWS/DynamoDB', TreatMissingData: undefined, EvaluationPeriods: 1 }));
  expect(statesOf(alarm, { 'AWS/DynamoDB Failed Sum by ': [9, undefined, undefined, undefined, undefined] })).toEqual(
    Array(5).fill('ALARM'),
  );
});

test('a percentile of few samples leaves the state as it is, where the alarm says so', () => {
  const alarm = alarmOf(
    plain({ Statistic: undefined, ExtendedStatistic: 'p99', EvaluateLowSampleCountPercentile: 'ignore' }),
  );
  const series = { 'Shop Failed p99 by ': [9, 9, 9] };
  expect(statesOf(alarm, series, { samples: 999, from: 'OK' })).toEqual(['OK', 'OK', 'OK']);
  expect(statesOf(alarm, series, { samples: 1001, from: 'OK' })).toEqual(['OK', 'OK', 'ALARM']);
  expect(() => statesOf(alarm, series)).toThrow('Give `samples`');
});

const point = fc.option(fc.constantFrom(0, 10), { nil: undefined });
const settings = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .map(([m, n]) => ({ EvaluationPeriods: Math.max(m, n), DatapointsToAlarm: Math.min(m, n) }));
const stateBy = (treatment: string, range: Series, changes: object, current: State = 'OK') =>
  stateOf(alarmOf(plain({ ...changes, TreatMissingData: treatment })), range, current);

test('without missing points, the newest N points decide, and the treatment of missing data does not matter', () => {
  fc.assert(
    fc.property(settings, fc.array(fc.constantFrom(0, 10), { minLength: 8, maxLength: 8 }), (changes, range) => {
      const breaching = range.slice(-changes.EvaluationPeriods).filter((value) => value > 5).length;
      const expected = breaching >= changes.DatapointsToAlarm ? 'ALARM' : 'OK';
      for (const treatment of TREATMENTS) expect(stateBy(treatment, range, changes)).toBe(expected);
    }),
  );
});

test('what alarms with missing data as good alarms with each treatment, and what is OK with missing data as bad is OK with each', () => {
  fc.assert(
    fc.property(settings, fc.array(point, { minLength: 8, maxLength: 8 }), (changes, range) => {
      const states = TREATMENTS.map((treatment) => stateBy(treatment, range, changes));
      if (stateBy('notBreaching', range, changes) === 'ALARM') expect(new Set(states)).toEqual(new Set(['ALARM']));
      if (stateBy('breaching', range, changes) === 'OK') expect(new Set(states)).toEqual(new Set(['OK']));
    }),
  );
});

test('points before the evaluation range do not matter, unless missing data is ignored', () => {
  const treatment = fc.constantFrom('missing', 'breaching', 'notBreaching');
  const before = fc.array(point, { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(
      settings,
      treatment,
      before,
      fc.array(fc.constantFrom(0, 10), { minLength: 8 }),
      (changes, how, a, b) => {
        const alarm = alarmOf(plain({ ...changes, TreatMissingData: how }));
        const lastOf = (points: Series) => statesOf(alarm, { 'Shop Failed Sum by ': points }).at(-1);
        expect(lastOf([...a, ...b])).toBe(lastOf(b));
      },
    ),
  );
});

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, the examples of the page.
test.each([
  ['metric1 < metric2', [0, 0, 1, 0]],
  ['metric1 >= 30', [1, 0, 0, 0]],
  ['metric1 > 15 AND metric2 > 15', [1, 0, 0, 0]],
])("AWS's example of comparisons: %s", (expression, expected) => {
  const series = { metric1: [30, 20, 0, 0], metric2: [20, undefined, 20, undefined] };
  expect(valuesOf(expression, series, [0, 1])).toEqual(expected);
});

test.each([
  ['IF(metric1, metric2, metric3)', [30, 0, 20, undefined, undefined]],
  ['IF(metric1, 5, metric3)', [5, 5, 20, undefined, undefined]],
  ['IF(metric1, metric2, 5)', [30, 0, 5, 5, undefined]],
  ['IF(metric1, metric2)', [30, 0, undefined, undefined, undefined]],
])("AWS's example of IF: %s", (expression, expected) => {
  const series = {
    metric1: [1, 1, 0, 0, undefined],
    metric2: [30, undefined, 0, 0, 30],
    metric3: [0, 0, 20, undefined, 20],
  };
  expect(valuesOf(expression, series, [0, 5, 20, 30])).toEqual(expected);
});

test.each([
  ['a missing operand counts as 0', 'a + b', [3, 1, 2, undefined]],
  ['a scalar adds no points', 'a + 1', [2, 2, undefined, undefined]],
  ['a division by zero drops the point', 'a / b', [0.5, undefined, 0, undefined]],
  ['SUM of an array counts what is there', 'SUM([a, b])', [3, 1, 2, undefined]],
  ['MAX of an array', 'MAX([a, b])', [2, 1, 2, undefined]],
  ['MIN of METRICS()', 'MIN(METRICS())', [1, 1, 2, undefined]],
  ['METRICS with a part of the id', 'SUM(METRICS("a"))', [1, 1, undefined, undefined]],
  ['AVG counts a missing point as 0', 'AVG([a, b])', [1.5, 0.5, 1, undefined]],
])('%s: %s', (_, expression, expected) => {
  const series = { a: [1, 1, undefined, undefined], b: [2, undefined, 2, undefined] };
  expect(valuesOf(expression, series, [0, 0.5, 1, 1.5, 2, 3])).toEqual(expected);
});

test('FILL repeats the value before, and fills nothing before the first value', () => {
  const alarm = alarmOf({ ...onExpression('FILL(a, REPEAT)', ['a']), TreatMissingData: 'missing' });
  const states = statesOf(alarm, { a: [undefined, 2, undefined, 0, undefined] });
  expect(states).toEqual(['INSUFFICIENT_DATA', 'ALARM', 'ALARM', 'OK', 'OK']);
});

test('FILL fills missing points, and an empty range in one of the two readings only', () => {
  const alarm = alarmOf({ ...onExpression('FILL(a, 7)', ['a']), Threshold: 6, TreatMissingData: 'missing' });
  expect(statesOf(alarm, { a: [1, undefined, 1] })).toEqual(['OK', 'ALARM', 'OK']);
  const silent = { a: [undefined, undefined, undefined] };
  expect(statesOf(alarm, silent)).toEqual(Array(3).fill('INSUFFICIENT_DATA'));
  expect(statesOf(alarm, silent, { fillsEmpty: true })).toEqual(Array(3).fill('ALARM'));
});

test('operators bind as in JavaScript, with brackets and signs', () => {
  const operator = fc.constantFrom('+', '-', '*', '<', '>=');
  const { formula } = fc.letrec<{ formula: string }>((tie) => ({
    formula: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('a', 'b', '2'),
      fc.tuple(tie('formula'), operator, tie('formula')).map((parts) => parts.join(' ')),
      tie('formula').map((text) => `(${text})`),
      tie('formula').map((text) => `-(${text})`),
    ),
  }));
  const condition = fc
    .array(fc.tuple(formula, fc.constantFrom(' AND ', ' OR ')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([text, next], index) => (index + 1 < parts.length ? text + next : text)).join(''));
  fc.assert(
    fc.property(condition, fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), (text, a, b) => {
      const javascript = text.replaceAll('AND', '&&').replaceAll('OR', '||');
      const truth = Boolean(new Function('a', 'b', `return ${javascript}`)(a, b));
      const states = statesOf(alarmOf(onExpression(`IF(${text}, a - a + 1, a - a)`, ['a', 'b'])), {
        a: [a],
        b: [b],
      });
      expect(states).toEqual([truth ? 'ALARM' : 'OK']);
    }),
  );
});

test.each([
  ['LOG(a)', 'calls LOG, which is not modelled'],
  ['SUM(a)', 'AWS advises against'],
  ['a + c', 'names c, which is no metric of the alarm'],
  ['a + ', 'ends too early'],
  ['(a', 'needs ")"'],
  ['a b', 'does not expect "b"'],
  ['a % b', 'does not expect "% b"'],
  ['1 + 1', 'has to result in one time series'],
  ['[a, b]', 'has to result in one time series'],
])('fails for the expression %s', (expression, message) => {
  expect(() => statesOf(alarmOf(onExpression(expression, ['a', 'b'])), { a: [1], b: [1] })).toThrow(message);
});

test('fails for metrics of different periods, for several results, and for what it does not know', () => {
  expect(() => alarmOf(onExpression('a + b', ['a', 'b'], [60, 300]))).toThrow(
    'need the same period, got 60, 300 seconds',
  );
  const { Metrics, ...rest } = onExpression('a', ['a']);
  expect(() => alarmOf({ ...rest, Metrics: [...Metrics, { Id: 'second', Expression: 'a' }] })).toThrow('got 2');
  const series = { 'Shop Failed Sum by ': [1] };
  expect(() => statesOf(alarmOf(plain({ ComparisonOperator: 'Other' })), series)).toThrow('Other is not modelled');
  expect(() => statesOf(alarmOf(plain({ TreatMissingData: 'other' })), series)).toThrow('other is not modelled');
});
