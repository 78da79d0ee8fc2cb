import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { TargetGroupAlarms } from '../../lib/constructs/target-group-alarms';

function synthesize({ apart = false } = {}) {
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
  const { alarms } = new TargetGroupAlarms(stack, 'Alarms', {
    targetGroup,
    loadBalancer,
    firstLook: 'the events of the service.',
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return { template, targetGroup, stack };
}

const { template, targetGroup, stack } = synthesize();

function metricOf(metrics: { MetricStat?: { Metric: Record<string, unknown> } }[]): Record<string, unknown> {
  return metrics.find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat?.Metric ?? {};
}

test('goes off when no node of the load balancer has reported a healthy target for five minutes', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 5,
    Metrics: [
      Match.objectLike({ Expression: 'FILL(healthy, 0)', ReturnData: true }),
      {
        Id: 'healthy',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/ApplicationELB',
            MetricName: 'HealthyHostCount',
            Dimensions: [
              { Name: 'LoadBalancer', Value: { 'Fn::GetAtt': [Match.anyValue(), 'LoadBalancerFullName'] } },
              { Name: 'TargetGroup', Value: { 'Fn::GetAtt': [Match.anyValue(), 'TargetGroupFullName'] } },
            ],
          },
          Period: 60,
          Stat: 'Maximum',
        },
        ReturnData: false,
      },
    ],
  });
});

test('watches the metric that the CDK has for target groups', () => {
  const { namespace, metricName, dimensions = {} } = targetGroup.metrics.healthyHostCount();
  const [alarm] = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  const watched = metricOf(alarm?.['Properties'].Metrics);
  expect(watched).toMatchObject({ Namespace: namespace, MetricName: metricName });
  expect(watched['Dimensions']).toHaveLength(Object.keys(dimensions).length);
  expect(watched['Dimensions']).toContainEqual({
    Name: 'TargetGroup',
    Value: stack.resolve(dimensions['TargetGroup']),
  });
});

test('goes off for a group without any data, because it has no targets', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { TreatMissingData: 'breaching' });
});

test('has the first thing to look at in its description', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription:
      'No target was healthy for 5 minutes, so nobody is served. First look: the events of the service.',
  });
});

test('uses the name of a load balancer of another stack without splitting an ARN', () => {
  const [alarm] = Object.values(synthesize({ apart: true }).template.findResources('AWS::CloudWatch::Alarm'));
  expect(metricOf(alarm?.['Properties'].Metrics)['Dimensions']).toContainEqual({
    Name: 'LoadBalancer',
    Value: { 'Fn::GetStackOutput': expect.objectContaining({ OutputName: expect.stringContaining('FullName') }) },
  });
});
