import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LoadBalancerAlarms } from '../../lib/constructs/load-balancer-alarms';

function synthesize(errorsPerMinute?: number, targetGroups = 0) {
  const stack = new Stack(new App(), 'Test');
  const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc: new ec2.Vpc(stack, 'Vpc') });
  const noHealthyTarget = Array.from({ length: targetGroups }, (_, index) =>
    cloudwatch.Alarm.fromAlarmName(stack, `Service${index}`, `service-${index}`),
  );
  const construct = new LoadBalancerAlarms(stack, 'Alarms', { loadBalancer, errorsPerMinute, noHealthyTarget });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', construct.alarms.length);
  const [alarm] = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  const expected = loadBalancer.metrics.httpCodeElb(elbv2.HttpCodeElb.ELB_5XX_COUNT);
  return {
    properties: alarm?.['Properties'],
    dimensions: stack.resolve(expected.dimensions),
    expected,
    construct,
    noHealthyTarget,
    template,
  };
}

const { properties, dimensions, expected } = synthesize();

test('goes off when the load balancer itself answered five requests with a status of 5XX in 3 of 5 minutes', () => {
  expect(properties).toMatchObject({
    Namespace: 'AWS/ApplicationELB',
    MetricName: 'HTTPCode_ELB_5XX_Count',
    Statistic: 'Sum',
    Period: 60,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 5,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 3,
  });
});

test('watches the metric that the CDK has for load balancers', () => {
  expect(properties).toMatchObject({ Namespace: expected.namespace, MetricName: expected.metricName });
  expect(properties.Dimensions).toEqual([{ Name: 'LoadBalancer', Value: dimensions.LoadBalancer }]);
});

test('counts errors without the number of requests, which has no data without a target', () => {
  expect(properties).not.toHaveProperty('Metrics');
});

test('stays quiet without errors, for which AWS has no data', () => {
  expect(properties).toMatchObject({ TreatMissingData: 'notBreaching' });
});

test('has the first thing to look at in its description', () => {
  expect(properties.AlarmDescription).toMatch(/5 or more requests .* in 3 of 5 minutes\. First look: the health /);
});

test('takes another number of errors', () => {
  expect(synthesize(50).properties).toMatchObject({ Threshold: 50 });
});

test.each([0, 1.5, Number.NaN])('fails for %p errors in a minute', (errorsPerMinute) => {
  expect(() => synthesize(errorsPerMinute)).toThrow(
    `errorsPerMinute: must be a whole number of at least 1, got ${errorsPerMinute}. Give 5, or more for a busy load balancer.`,
  );
});

test('joins the alarms of several target groups in one composite alarm', () => {
  const { template, construct, noHealthyTarget } = synthesize(5, 2);
  expect(noHealthyTarget).not.toContain(construct.noHealthyTargets);
  template.hasResourceProperties('AWS::CloudWatch::CompositeAlarm', {
    // As CloudFormation names the other alarms.
    AlarmName: Match.stringLikeRegexp('^Test-NoHealthyTargets-\\w{8}$'),
    AlarmDescription: Match.stringLikeRegexp('^A target group .* First look: '),
  });
  const [composite] = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm'));
  const rule = JSON.stringify(composite?.['Properties'].AlarmRule);
  expect(rule).toMatch(/ALARM\(.*:alarm:service-0.*\) OR ALARM\(.*:alarm:service-1/);
});

test('takes the alarm of a single target group as it is, and has none without target groups', () => {
  const single = synthesize(5, 1);
  expect(single.construct.noHealthyTargets).toBe(single.noHealthyTarget[0]);
  expect(synthesize().construct.noHealthyTargets).toBeUndefined();
  single.template.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
});

test('fails for more alarms than a composite alarm may have', () => {
  expect(() => synthesize(5, 40)).not.toThrow();
  expect(() => synthesize(5, 101)).toThrow('noHealthyTarget: must have at most 100 alarms, got 101.');
});
