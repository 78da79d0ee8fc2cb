import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { TargetGroupAlarms, TargetGroupAlarmsProps } from '../../lib/constructs/target-group-alarms';

function synthesize({ apart = false, ...props }: { apart?: boolean } & Partial<TargetGroupAlarmsProps> = {}) {
  const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'weak' } });
  const front = new Stack(app, 'Front');
  const stack = apart ? new Stack(app, 'Test') : front;
  const vpc = new ec2.Vpc(front, 'Vpc');
  const loadBalancer = new elbv2.ApplicationLoadBalancer(front, 'LoadBalancer', { vpc });
  const targetGroup = new elbv2.ApplicationTargetGroup(stack, 'Tasks', {
    vpc,
    port: 80,
    targetType: elbv2.TargetType.IP,
  });
  if (!apart) loadBalancer.addListener('Listener', { port: 80, defaultTargetGroups: [targetGroup] });
  const construct = new TargetGroupAlarms(stack, 'Alarms', {
    targetGroup,
    loadBalancer,
    firstLook: 'the events of the service.',
    ...props,
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', construct.alarms.length);
  return { construct, template, targetGroup, stack };
}

interface AlarmProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly unknown[];
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: Record<string, unknown> };
  }[];
}

/** The properties of the alarm with an id in the construct. */
function alarm({ template }: { template: Template }, id: string): AlarmProperties {
  const found = Object.entries(template.findResources('AWS::CloudWatch::Alarm')).find(([name]) =>
    name.startsWith(`Alarms${id}`),
  );
  return found?.[1]['Properties'] ?? {};
}

function metricsOf({ Metrics, ...plain }: AlarmProperties): Record<string, unknown>[] {
  return Metrics?.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : [])) ?? [{ ...plain }];
}

const withDefaults = synthesize();
const { template, targetGroup, stack } = withDefaults;
const withLatency = synthesize({ latency: { seconds: 2 } });

const DIMENSIONS = [
  { Name: 'LoadBalancer', Value: { 'Fn::GetAtt': [Match.anyValue(), 'LoadBalancerFullName'] } },
  { Name: 'TargetGroup', Value: { 'Fn::GetAtt': [Match.anyValue(), 'TargetGroupFullName'] } },
];

const ofTargetGroup = (Id: string, MetricName: string, Stat: string, Period: number) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions: DIMENSIONS }, Period, Stat },
  ReturnData: false,
});

test('goes off when no node of the load balancer has reported a healthy target for five minutes', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 5,
    Metrics: [
      Match.objectLike({ Expression: 'FILL(healthy, 0)', ReturnData: true }),
      ofTargetGroup('healthy', 'HealthyHostCount', 'Maximum', 60),
    ],
  });
});

test('goes off for a group without any data, because it has no targets', () => {
  expect(alarm(withDefaults, 'NoHealthyTarget')).toMatchObject({ TreatMissingData: 'breaching' });
});

test('goes off when the targets answer more than 5 % of the requests, and at least five, with a status of 5XX', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 5,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    Metrics: [
      Match.objectLike({ Expression: 'IF(errors >= 5, 100 * errors / requests, 0)', ReturnData: true }),
      ofTargetGroup('errors', 'HTTPCode_Target_5XX_Count', 'Sum', 300),
      ofTargetGroup('requests', 'RequestCount', 'Sum', 300),
    ],
  });
});

test('goes off when every node finds a target unhealthy in 3 of 10 minutes, in a row or not', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/ApplicationELB',
    MetricName: 'UnHealthyHostCount',
    Dimensions: DIMENSIONS,
    Statistic: 'Minimum',
    Period: 60,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    EvaluationPeriods: 10,
    DatapointsToAlarm: 3,
    TreatMissingData: 'notBreaching',
  });
});

test('goes off when the slowest 1 % of at least 100 requests took longer than the bound, twice in a row', () => {
  withLatency.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 2,
    EvaluationPeriods: 2,
    DatapointsToAlarm: 2,
    TreatMissingData: 'notBreaching',
    Metrics: [
      Match.objectLike({ Expression: 'IF(requests >= 100, time, 0)', ReturnData: true }),
      ofTargetGroup('requests', 'RequestCount', 'Sum', 300),
      ofTargetGroup('time', 'TargetResponseTime', 'p99', 300),
    ],
  });
});

test('watches the metrics that the CDK has for target groups', () => {
  const { metrics } = targetGroup;
  for (const [id, expected] of [
    ['NoHealthyTarget', [metrics.healthyHostCount()]],
    ['TargetErrors', [metrics.httpCodeTarget(elbv2.HttpCodeTarget.TARGET_5XX_COUNT), metrics.requestCount()]],
    ['UnhealthyTargets', [metrics.unhealthyHostCount()]],
    ['Latency', [metrics.requestCount(), metrics.targetResponseTime()]],
  ] as const) {
    const watched = metricsOf(alarm(withLatency, id));
    expect(watched).toHaveLength(expected.length);
    for (const [index, { namespace, metricName, dimensions = {} }] of expected.entries()) {
      expect(watched[index]).toMatchObject({ Namespace: namespace, MetricName: metricName });
      expect(watched[index]?.['Dimensions']).toHaveLength(Object.keys(dimensions).length);
      expect(watched[index]?.['Dimensions']).toContainEqual({
        Name: 'TargetGroup',
        Value: stack.resolve(dimensions['TargetGroup']),
      });
    }
  }
});

test('is billed for four metrics, and for six with the alarm on latency', () => {
  const billed = ({ template: each }: typeof withDefaults) =>
    Object.values(each.findResources('AWS::CloudWatch::Alarm')).flatMap((found) => metricsOf(found['Properties']))
      .length;
  expect([withDefaults, withLatency].map(billed)).toEqual([4, 6]);
});

test('has every alarm except the one on no healthy target for a rollback', () => {
  const ids = withLatency.construct.forRollback.map(({ node }) => node.id);
  expect(ids).toEqual(['TargetErrors', 'UnhealthyTargets', 'Latency']);
  expect(withLatency.construct.alarms).toEqual([
    withLatency.construct.noHealthyTarget,
    ...withLatency.construct.forRollback,
  ]);
});

test('takes other bounds', () => {
  const other = synthesize({
    targetErrors: { minErrors: 1 },
    unhealthyTargets: { minutes: 15, outOf: 15 },
    latency: { seconds: 0.5, minRequests: 1_000 },
  });
  const expressions = (id: string) => alarm(other, id).Metrics?.[0]?.Expression;
  expect(expressions('TargetErrors')).toBe('IF(errors >= 1, 100 * errors / requests, 0)');
  expect(expressions('Latency')).toBe('IF(requests >= 1000, time, 0)');
  expect(alarm(other, 'Latency')).toMatchObject({ Threshold: 0.5 });
  expect(alarm(other, 'UnhealthyTargets')).toMatchObject({ EvaluationPeriods: 15, DatapointsToAlarm: 15 });
});

test('has only the alarm on no healthy target if the others are switched off', () => {
  const { construct } = synthesize({ targetErrors: false, unhealthyTargets: false });
  expect(construct.alarms).toEqual([construct.noHealthyTarget]);
});

test('has the first thing to look at in its descriptions', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription:
      'No target was healthy for 5 minutes, so nobody is served. First look: the events of the service.',
  });
  for (const { node } of withLatency.construct.alarms) {
    expect(alarm(withLatency, node.id)).toMatchObject({ AlarmDescription: expect.stringContaining('. First look: ') });
  }
});

test('synthesizes without a warning', () => {
  expect(Annotations.fromStack(withLatency.stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test('uses the name of a load balancer of another stack without splitting an ARN', () => {
  const apart = synthesize({ apart: true });
  for (const { node } of apart.construct.alarms) {
    expect(metricsOf(alarm(apart, node.id))[0]?.['Dimensions']).toContainEqual({
      Name: 'LoadBalancer',
      Value: { 'Fn::GetStackOutput': expect.objectContaining({ OutputName: expect.stringContaining('FullName') }) },
    });
  }
});

test.each([
  [{ targetErrors: { minErrors: 0 } }, 'targetErrors.minErrors: must be a whole number of at least 1, got 0.'],
  [{ unhealthyTargets: { minutes: 11 } }, 'unhealthyTargets: must be whole numbers with 1 <= minutes <= outOf <= 60'],
  [{ unhealthyTargets: { outOf: 61 } }, 'got 3 of 61. Give { minutes: 3, outOf: 10 }, or leave it out.'],
  [{ latency: { seconds: 0 } }, 'latency.seconds: must be more than 0, got 0.'],
  [
    { latency: { seconds: 1, minRequests: 1.5 } },
    'latency.minRequests: must be a whole number of at least 1, got 1.5.',
  ],
] satisfies [Partial<TargetGroupAlarmsProps>, string][])('fails for %j', (props, message) => {
  expect(() => synthesize(props)).toThrow(message);
});
