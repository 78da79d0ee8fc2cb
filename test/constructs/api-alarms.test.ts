import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { ApiAlarms, ApiAlarmsProps, IApiStage } from '../../lib/constructs/api-alarms';

function synthesize(stageOf: (stack: Stack) => IApiStage, props: Partial<ApiAlarmsProps> = {}): Template {
  const stack = new Stack(new App(), 'Test');
  const { alarms } = new ApiAlarms(stack, 'Alarms', { stage: stageOf(stack), ...props });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

function rest(stack: Stack): apigateway.Stage {
  const api = new apigateway.RestApi(stack, 'Api', { restApiName: 'quotes', deployOptions: { stageName: 'v1' } });
  api.root.addMethod('GET');
  return api.deploymentStage;
}

function http(stack: Stack): apigatewayv2.HttpStage {
  const httpApi = new apigatewayv2.HttpApi(stack, 'Api', { createDefaultStage: false });
  return new apigatewayv2.HttpStage(stack, 'Stage', { httpApi, stageName: 'v1' });
}

const metric = (id: string, name: string, stat: string, dimensions: object[]) => ({
  Id: id,
  MetricStat: {
    Metric: { Namespace: 'AWS/ApiGateway', MetricName: name, Dimensions: dimensions },
    Period: 300,
    Stat: stat,
  },
  ReturnData: false,
});

/** Names and dimensions from the two pages on metrics in the developer guide. */
test.each<[string, (stack: Stack) => IApiStage, string, object]>([
  ['a REST API, by its name', rest, '5XXError', { Name: 'ApiName', Value: 'quotes' }],
  ['an HTTP API, by its id', http, '5xx', { Name: 'ApiId', Value: { Ref: Match.stringLikeRegexp('^Api') } }],
])('watches the share of 5XX among the answers of %s, without a division by 0', (_, stageOf, name, api) => {
  const dimensions = [api, { Name: 'Stage', Value: Match.anyValue() }];
  synthesize(stageOf).hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 5,
    EvaluationPeriods: 1,
    Metrics: [
      Match.objectLike({ Expression: 'IF(errors >= 5, 100 * errors / requests, 0)', ReturnData: true }),
      metric('errors', name, 'Sum', dimensions),
      metric('requests', 'Count', 'SampleCount', dimensions),
    ],
  });
});

/** Properties of the alarm with this id. */
function propertiesOf(template: Template, id: string) {
  const found = Object.entries(template.findResources('AWS::CloudWatch::Alarm')).filter(([logicalId]) =>
    logicalId.startsWith(`Alarms${id}`),
  );
  expect(found).toHaveLength(1);
  return found[0]?.[1]['Properties'];
}

/** Evaluates an expression like CloudWatch, whose operators are the same as those of JavaScript. */
function evaluate(expression: string, values: Readonly<Record<string, number | undefined>>): number {
  const functions = {
    IF: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
    FILL: (value: number | undefined, filling: number) => value ?? filling,
  };
  const scope = { ...functions, ...values };
  return new Function(...Object.keys(scope), `return ${expression}`)(...Object.values(scope));
}

test.each<[string, number, number, boolean]>([
  ['one stray error of an idle API', 1, 1, false],
  ['an outage that a few people have noticed', 5, 6, true],
  ['some errors of a busy API', 40, 1_000, false],
  ['an outage of one route among several', 100, 1_000, true],
])('%s: goes off or not', (_, errors, requests, goesOff) => {
  const { Metrics: metrics, Threshold: threshold } = propertiesOf(synthesize(rest), 'ServerErrors');
  expect(evaluate(metrics[0].Expression, { errors, requests }) > threshold).toBe(goesOff);
});

test.each(['ServerErrors', 'Latency', 'CacheHits'])(
  '%s treats missing data as not breaching, because it means no requests',
  (id) => {
    expect(propertiesOf(synthesize(rest, { cached: true }), id)['TreatMissingData']).toBe('notBreaching');
  },
);

test('goes off only at the given number of errors or more', () => {
  synthesize(http, { minErrors: 50 }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: Match.arrayWith([Match.objectLike({ Expression: Match.stringLikeRegexp('^IF\\(errors >= 50, ') })]),
    AlarmDescription: Match.stringLikeRegexp('at least 50, were of status 5XX.*First look: '),
  });
});

test.each<[string, (stack: Stack) => IApiStage, object]>([
  ['a REST API, by its name', rest, { Name: 'ApiName', Value: 'quotes' }],
  ['an HTTP API, by its id', http, { Name: 'ApiId', Value: { Ref: Match.stringLikeRegexp('^Api') } }],
])('watches the slowest 1 %% of the answers of %s in 2 of 3 periods of 5 minutes', (_, stageOf, api) => {
  const dimensions = [api, { Name: 'Stage', Value: Match.anyValue() }];
  synthesize(stageOf, { latency: Duration.seconds(1) }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 1_000,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    AlarmDescription: Match.stringLikeRegexp('at least 100 answers took more than 1000 ms .*First look: '),
    Metrics: [
      Match.objectLike({ ReturnData: true }),
      metric('slowest', 'Latency', 'p99', dimensions),
      metric('requests', 'Count', 'SampleCount', dimensions),
    ],
  });
});

test.each<[string, number, number, boolean]>([
  ['one slow call at night', 20_000, 1, false],
  ['the slowest 1 % of enough requests beyond the bound', 3_001, 100, true],
  ['the slowest 1 % of enough requests at the bound', 3_000, 5_000, false],
])('%s: counts as slow or not', (_, slowest, requests, slow) => {
  const { Metrics: metrics, Threshold: threshold } = propertiesOf(synthesize(rest), 'Latency');
  expect(evaluate(metrics[0].Expression, { slowest, requests }) > threshold).toBe(slow);
});

test('takes another number of requests as enough for the latency', () => {
  const { Metrics: metrics } = propertiesOf(synthesize(rest, { minRequests: 10 }), 'Latency');
  expect(metrics[0].Expression).toBe('IF(requests >= 10, slowest, 0)');
});

test('watches hits and misses of a cache, by name and stage of the REST API, over hours', () => {
  const dimensions = [
    { Name: 'ApiName', Value: 'quotes' },
    { Name: 'Stage', Value: Match.anyValue() },
  ];
  const perHour = (id: string, name: string) => {
    const { MetricStat, ...rest } = metric(id, name, 'Sum', dimensions);
    return { ...rest, MetricStat: { ...MetricStat, Period: 3_600 } };
  };
  synthesize(rest, { cached: true }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 10,
    EvaluationPeriods: 3,
    Metrics: [
      Match.objectLike({ ReturnData: true }),
      perHour('hits', 'CacheHitCount'),
      perHour('misses', 'CacheMissCount'),
    ],
    AlarmDescription: Match.stringLikeRegexp('^Fewer than 10 % .*First look: '),
  });
});

test.each<[string, number | undefined, number, boolean]>([
  ['few requests, none of them from the cache', 0, 3_599, false],
  ['enough requests, a tenth of them from the cache', 400, 3_600, false],
  ['enough requests, fewer from the cache', 300, 3_600, true],
  ['enough requests, and a cache that reports no hit', undefined, 3_600, true],
])('%s: counts as too few or not', (_, hits, misses, tooFew) => {
  const { Metrics: metrics, Threshold: threshold } = propertiesOf(synthesize(rest, { cached: true }), 'CacheHits');
  expect(evaluate(metrics[0].Expression, { hits, misses }) < threshold).toBe(tooFew);
});

test.each<[string, (stack: Stack) => IApiStage]>([
  ['a REST API', rest],
  ['an HTTP API', http],
])('goes off after the given minutes without a request to %s, also if it never had one', (_, stageOf) => {
  const silent = propertiesOf(synthesize(stageOf, { silentAfter: Duration.minutes(15) }), 'Silent');
  expect(silent).toMatchObject({
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    EvaluationPeriods: 15,
    DatapointsToAlarm: 15,
    TreatMissingData: 'breaching',
    AlarmDescription: expect.stringMatching(/^No request reached the API for 15 minutes.*First look: /),
    Metrics: [
      { Expression: 'FILL(requests, 0)', ReturnData: true },
      { Id: 'requests', MetricStat: { Metric: { MetricName: 'Count' }, Period: 60, Stat: 'SampleCount' } },
    ],
  });
  expect(evaluate(silent['Metrics'][0].Expression, { requests: undefined }) < silent['Threshold']).toBe(true);
  expect(evaluate(silent['Metrics'][0].Expression, { requests: 1 }) < silent['Threshold']).toBe(false);
});

test('has no alarm on a cache or on silence unless asked, and names each alarm', () => {
  const stack = new Stack(new App(), 'Test');
  const stage = rest(stack);
  const plain = new ApiAlarms(stack, 'Plain', { stage });
  expect(plain.alarms).toEqual([plain.serverErrors, plain.latency]);
  expect([plain.cacheHits, plain.silent]).toEqual([undefined, undefined]);
  const all = new ApiAlarms(stack, 'All', { stage, cached: true, silentAfter: Duration.minutes(5) });
  expect(all.alarms).toEqual([all.serverErrors, all.latency, all.cacheHits, all.silent]);
  expect(all.alarms.map(({ node }) => node.id)).toEqual(['ServerErrors', 'Latency', 'CacheHits', 'Silent']);
});

test('fails for a cache on a stage that has no metrics of one', () => {
  expect(() => synthesize(http, { cached: true })).toThrow(
    'cached: must be false for a stage without metrics of a cache, got true. Give the stage of a REST API, or leave',
  );
});

test.each([
  [Duration.minutes(4), '4'],
  [Duration.seconds(330), '5.5'],
  [Duration.minutes(1_441), '1441'],
])('fails for silence of %p, which CloudWatch cannot evaluate or tell from a late metric', (silentAfter, minutes) => {
  expect(() => synthesize(rest, { silentAfter })).toThrow(
    `silentAfter: must be whole minutes from 5 to 1440, got ${minutes}. Give the longest pause between two requests`,
  );
});

test('accepts silence of a day, which is the longest that CloudWatch evaluates in minutes', () => {
  const { EvaluationPeriods } = propertiesOf(synthesize(rest, { silentAfter: Duration.days(1) }), 'Silent');
  expect(EvaluationPeriods * 60).toBe(86_400);
});

test('fails for a latency of no time', () => {
  expect(() => synthesize(rest, { latency: Duration.seconds(0) })).toThrow(
    'latency: must be at least a millisecond, got 0 ms. Give the time that callers accept',
  );
});

test.each([0, 1.5, Number.NaN])('fails for a minimum of %p requests', (minRequests) => {
  expect(() => synthesize(rest, { minRequests })).toThrow(
    `minRequests: must be a whole number of at least 1, got ${minRequests}. Give 100, or 1 for an alarm on each slow`,
  );
});

test.each([0, 1.5, Number.NaN])('fails for a minimum of %p errors', (minErrors) => {
  expect(() => synthesize(rest, { minErrors })).toThrow(
    `minErrors: must be a whole number of at least 1, got ${minErrors}. Give 5, or 1 for an alarm on each stray`,
  );
});
