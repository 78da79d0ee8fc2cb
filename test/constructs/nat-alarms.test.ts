import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { NatAlarms, NatAlarmsProps } from '../../lib/constructs/nat-alarms';

function synthesize(target: NatAlarmsProps['target']): Template {
  const stack = new Stack(new App(), 'Test');
  const { alarms } = new NatAlarms(stack, 'Alarms', { target });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const gateway = synthesize({ natGatewayId: 'nat-1' });
const instance = synthesize({ instanceId: 'i-1' });
const NAT_GATEWAY = [{ Name: 'NatGatewayId', Value: 'nat-1' }];

test('goes off when the gateway had no source port in 5 of 15 minutes', () => {
  gateway.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/NATGateway',
    MetricName: 'ErrorPortAllocation',
    Dimensions: NAT_GATEWAY,
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 15,
    DatapointsToAlarm: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('goes off when the gateway dropped more than 0.01 percent of its packets in each of 5 minutes, and divides by no zero', () => {
  const metric = (id: string, name: string) => ({
    Id: id,
    MetricStat: {
      Metric: { Namespace: 'AWS/NATGateway', MetricName: name, Dimensions: NAT_GATEWAY },
      Period: 60,
      Stat: 'Sum',
    },
    ReturnData: false,
  });
  gateway.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: [
      Match.objectLike({
        Expression: 'IF(fromSource + fromDestination > 0, 100 * dropped / (fromSource + fromDestination), 0)',
        ReturnData: true,
      }),
      metric('dropped', 'PacketsDropCount'),
      metric('fromSource', 'PacketsInFromSource'),
      metric('fromDestination', 'PacketsInFromDestination'),
    ],
    Threshold: 0.01,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 5,
    DatapointsToAlarm: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('goes off when the NAT instance fails its status checks, or reports none, for 5 minutes', () => {
  instance.resourceCountIs('AWS::CloudWatch::Alarm', 1);
  instance.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/EC2',
    MetricName: 'StatusCheckFailed',
    Dimensions: [{ Name: 'InstanceId', Value: 'i-1' }],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 5,
    DatapointsToAlarm: 5,
    TreatMissingData: 'breaching',
  });
});

test('each alarm says what happened and the first thing to look at', () => {
  for (const template of [gateway, instance]) {
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('minutes.*First look: '),
    });
  }
});
