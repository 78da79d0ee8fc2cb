import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { CapacityAlarms } from '../../lib/constructs/capacity-alarms';

function synthesize(): Template {
  const stack = new Stack(new App(), 'Test');
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc: new ec2.Vpc(stack, 'Vpc') });
  const { alarms } = new CapacityAlarms(stack, 'Alarms', {
    cluster,
    capacityProviderName: 'instances',
    maxInstances: 6,
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const template = synthesize();

test('goes off when ECS needed more instances than run in each of 15 minutes', () => {
  const [cluster] = Object.keys(template.findResources('AWS::ECS::Cluster'));
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/ECS/ManagedScaling',
    MetricName: 'CapacityProviderReservation',
    Dimensions: [
      { Name: 'CapacityProviderName', Value: 'instances' },
      { Name: 'ClusterName', Value: { Ref: cluster } },
    ],
    Statistic: 'Average',
    Period: 60,
    // 100 is the target: the instances that run are those that are needed, or both are none.
    Threshold: 100,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 15,
    DatapointsToAlarm: 15,
    TreatMissingData: 'notBreaching',
  });
});

test('names the upper bound of the instances and the first thing to look at', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription:
      'Tasks waited 15 minutes for instances, of which there may be 6. ' +
      'First look: whether the Auto Scaling group is at its maximum, then its activities for a lack of capacity in EC2.',
  });
});
