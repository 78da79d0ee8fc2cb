import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { FunctionAlarms, FunctionAlarmsProps } from '../../lib/constructs/function-alarms';

function synthesize(props: Partial<FunctionAlarmsProps> = {}): Template {
  const stack = new Stack(new App(), 'Test');
  const fn = new lambda.Function(stack, 'Fn', {
    code: lambda.Code.fromInline('exports.handler = async () => 1;'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  const alias = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: fn.currentVersion });
  const timeout = Duration.seconds(10);
  const { alarms } = new FunctionAlarms(stack, 'Alarms', { alias, timeout, provisioned: true, ...props });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const provisioned = synthesize();

/** The dimensions under which Lambda reports what is invoked through an alias. */
const DIMENSIONS = [
  { Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Fn') } },
  { Name: 'Resource', Value: { 'Fn::Join': ['', [{ Ref: Match.stringLikeRegexp('^Fn') }, ':live']] } },
];

test.each([
  ['throttles', { MetricName: 'Throttles', Statistic: 'Sum', Threshold: 1, EvaluationPeriods: 1 }],
  [
    'duration at 80 % of the timeout',
    { MetricName: 'Duration', ExtendedStatistic: 'p99', Threshold: 8_000, EvaluationPeriods: 5, DatapointsToAlarm: 3 },
  ],
  [
    'spillover that lasts',
    { MetricName: 'ProvisionedConcurrencySpilloverInvocations', Statistic: 'Sum', Threshold: 1, DatapointsToAlarm: 5 },
  ],
  [
    'utilisation that autoscaling does not bring down',
    {
      MetricName: 'ProvisionedConcurrencyUtilization',
      Statistic: 'Average',
      Threshold: 0.9,
      ComparisonOperator: 'GreaterThanThreshold',
      DatapointsToAlarm: 15,
    },
  ],
])('watches %s of the alias', (_, properties) => {
  provisioned.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Namespace: 'AWS/Lambda',
    Dimensions: DIMENSIONS,
    Period: 60,
    ...properties,
  });
});

test('watches the share of failed invocations of the alias, and does not divide by zero', () => {
  const metric = (name: string) => ({
    Id: name.toLowerCase(),
    MetricStat: {
      Metric: { Namespace: 'AWS/Lambda', MetricName: name, Dimensions: DIMENSIONS },
      Period: 300,
      Stat: 'Sum',
    },
    ReturnData: false,
  });
  provisioned.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    Metrics: [
      Match.objectLike({ Expression: 'IF(invocations > 0, 100 * errors / invocations, 0)', ReturnData: true }),
      metric('Errors'),
      metric('Invocations'),
    ],
  });
});

test('treats missing data as not breaching, and says what happened and where to look first', () => {
  provisioned.allResourcesProperties('AWS::CloudWatch::Alarm', {
    TreatMissingData: 'notBreaching',
    AlarmDescription: Match.stringLikeRegexp('^[A-Z].+\\. First look: .+\\.$'),
  });
});

test('has no alarm on metrics of provisioned concurrency where there is none', () => {
  const template = synthesize({ provisioned: false });
  template.resourceCountIs('AWS::CloudWatch::Alarm', 3);
  expect(JSON.stringify(template.findResources('AWS::CloudWatch::Alarm'))).not.toContain('ProvisionedConcurrency');
});

test('watches an alias of another stack under the same dimensions', () => {
  const stack = new Stack(new App(), 'Test');
  const arn = 'arn:aws:lambda:us-east-1:111122223333:function:quotes';
  const fn = lambda.Function.fromFunctionArn(stack, 'Fn', arn);
  const aliasVersion = lambda.Version.fromVersionAttributes(stack, 'Version', { lambda: fn, version: '7' });
  const alias = lambda.Alias.fromAliasAttributes(stack, 'Live', { aliasName: 'live', aliasVersion });
  new FunctionAlarms(stack, 'Alarms', { alias, timeout: Duration.seconds(10), provisioned: true });
  const template = Template.fromStack(stack);
  const dimensions = [
    { Name: 'FunctionName', Value: 'quotes' },
    { Name: 'Resource', Value: 'quotes:live' },
  ];
  for (const MetricName of ['Throttles', 'Duration', 'ProvisionedConcurrencyUtilization']) {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName, Dimensions: dimensions });
  }
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: Match.arrayWith([
      Match.objectLike({ MetricStat: { Metric: { MetricName: 'Errors', Dimensions: dimensions } } }),
    ]),
  });
});
