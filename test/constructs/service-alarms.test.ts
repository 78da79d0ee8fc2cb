import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ServiceAlarms, ServiceAlarmsProps } from '../../lib/constructs/service-alarms';

function synthesize(props: Partial<ServiceAlarmsProps> = {}) {
  const stack = new Stack(new App(), 'Test');
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc: new ec2.Vpc(stack, 'Vpc') });
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Task');
  taskDefinition.addContainer('Worker', { image: ecs.ContainerImage.fromRegistry('worker') });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster,
    taskDefinition,
    minHealthyPercent: 100,
    circuitBreaker: { rollback: true },
  });
  const construct = new ServiceAlarms(stack, 'Alarms', { service, maxTasks: 4, ...props });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', construct.alarms.length);
  return { construct, template, service, stack };
}

const withInsights = synthesize();
const without = synthesize({ containerInsights: false });

/** The metric of a service, as the dimensions that AWS documents. */
const ofService = (Namespace: string, MetricName: string) => ({
  Namespace,
  MetricName,
  Dimensions: [
    { Name: 'ClusterName', Value: { Ref: Match.stringLikeRegexp('Cluster') } },
    { Name: 'ServiceName', Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('Service'), 'Name'] } },
  ],
});

const query = (Id: string, namespace: string, name: string) => ({
  Id,
  MetricStat: { Metric: ofService(namespace, name), Period: 60, Stat: 'Average' },
  ReturnData: false,
});

test('goes off when fewer tasks than desired ran for 15 minutes, and counts silence as no task', () => {
  withInsights.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    EvaluationPeriods: 15,
    DatapointsToAlarm: 15,
    TreatMissingData: 'breaching',
    Metrics: [
      Match.objectLike({ Expression: 'FILL(desired, 1) - FILL(running, 0)', ReturnData: true }),
      query('desired', 'ECS/ContainerInsights', 'DesiredTaskCount'),
      query('running', 'ECS/ContainerInsights', 'RunningTaskCount'),
    ],
  });
});

test('goes off when CPU or memory was at its bound for 10 minutes with the maximum number of tasks', () => {
  withInsights.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    EvaluationPeriods: 10,
    DatapointsToAlarm: 10,
    TreatMissingData: 'notBreaching',
    Metrics: [
      Match.objectLike({ Expression: 'IF(desired >= 4 AND (cpu > 85 OR memory > 85), 1, 0)', ReturnData: true }),
      query('desired', 'ECS/ContainerInsights', 'DesiredTaskCount'),
      query('cpu', 'AWS/ECS', 'CPUUtilization'),
      query('memory', 'AWS/ECS', 'MemoryUtilization'),
    ],
  });
});

test('has an alarm on the number of tasks and an alarm on the load', () => {
  const { alarms, belowDesired, atMaximum } = withInsights.construct;
  expect(alarms).toEqual([belowDesired, atMaximum]);
  expect(alarms.map(({ node }) => node.id)).toEqual(['BelowDesired', 'AtMaximum']);
});

test('watches the metrics that the CDK has for services', () => {
  const { namespace, metricName, dimensions } = without.service.metricCpuUtilization();
  without.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: namespace,
    MetricName: metricName,
    Dimensions: Object.entries(without.stack.resolve(dimensions)).map(([Name, Value]) => ({ Name, Value })),
  });
});

test('watches only CPU without Container Insights, which alone reports numbers of tasks', () => {
  expect(without.construct.alarms.map(({ node }) => node.id)).toEqual(['CpuAtBound']);
  expect([without.construct.atMaximum, without.construct.belowDesired]).toEqual([undefined, undefined]);
  without.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...ofService('AWS/ECS', 'CPUUtilization'),
    Statistic: 'Average',
    Period: 60,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 85,
    EvaluationPeriods: 10,
    DatapointsToAlarm: 10,
    TreatMissingData: 'notBreaching',
  });
});

test('takes other bounds', () => {
  const { template } = synthesize({ maxTasks: 20, belowDesiredMinutes: 30, boundPercent: 70 });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { EvaluationPeriods: 30, DatapointsToAlarm: 30 });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: Match.arrayWith([
      Match.objectLike({ Expression: 'IF(desired >= 20 AND (cpu > 70 OR memory > 70), 1, 0)' }),
    ]),
  });
});

test('says what happened and where to look first', () => {
  for (const { template } of [withInsights, without]) {
    for (const { Properties } of Object.values(template.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties.AlarmDescription).toMatch(/ for 1[05] minutes.* First look: /);
    }
  }
});

test('synthesizes without a warning', () => {
  expect(Annotations.fromStack(withInsights.stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test.each([
  [{ maxTasks: 0 }, 'maxTasks: must be a whole number of at least 1, got 0. Give the upper bound of autoscaling.'],
  [{ belowDesiredMinutes: 61 }, 'belowDesiredMinutes: must be a whole number from 1 to 60, got 61.'],
  [{ boundPercent: 101 }, 'boundPercent: must be more than 0 and at most 100, got 101.'],
])('fails for %j', (props, message) => {
  expect(() => synthesize(props)).toThrow(message);
});
