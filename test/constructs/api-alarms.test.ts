import { App, Stack } from 'aws-cdk-lib';
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

/** Evaluates an expression like CloudWatch, whose operators are the same as those of JavaScript. */
function evaluate(expression: string, errors: number, requests: number): number {
  const IF = (condition: boolean, yes: number, no: number) => (condition ? yes : no);
  return new Function('IF', 'errors', 'requests', `return ${expression}`)(IF, errors, requests);
}

test.each<[string, number, number, boolean]>([
  ['one stray error of an idle API', 1, 1, false],
  ['an outage that a few people have noticed', 5, 6, true],
  ['some errors of a busy API', 40, 1_000, false],
  ['an outage of one route among several', 100, 1_000, true],
])('%s: goes off or not', (_, errors, requests, goesOff) => {
  const [alarm] = Object.values(synthesize(rest).findResources('AWS::CloudWatch::Alarm'));
  const { Metrics: metrics, Threshold: threshold } = alarm?.['Properties'] ?? {};
  expect(evaluate(metrics[0].Expression, errors, requests) > threshold).toBe(goesOff);
});

test('treats missing data as not breaching, because it means no requests', () => {
  synthesize(http).hasResourceProperties('AWS::CloudWatch::Alarm', { TreatMissingData: 'notBreaching' });
});

test('goes off only at the given number of errors or more', () => {
  synthesize(http, { minErrors: 50 }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: Match.arrayWith([Match.objectLike({ Expression: Match.stringLikeRegexp('^IF\\(errors >= 50, ') })]),
    AlarmDescription: Match.stringLikeRegexp('at least 50, were of status 5XX.*First look: '),
  });
});

test.each([0, 1.5, Number.NaN])('fails for a minimum of %p errors', (minErrors) => {
  expect(() => synthesize(rest, { minErrors })).toThrow(
    `minErrors: must be a whole number of at least 1, got ${minErrors}. Give 5, or 1 for an alarm on each stray`,
  );
});
