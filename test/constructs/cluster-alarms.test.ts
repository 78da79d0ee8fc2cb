import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as logs from 'aws-cdk-lib/aws-logs';
import { ClusterAlarms, ClusterAlarmsProps } from '../../lib/constructs/cluster-alarms';

function synthesize({ observability = true, autoscaled = WEB }: Options = {}): Template {
  const stack = new Stack(new App(), 'Test');
  const applicationLogGroup = new logs.LogGroup(stack, 'Application');
  const { alarms } = new ClusterAlarms(stack, 'Alarms', {
    clusterName: 'shop',
    autoscaled,
    ...(observability && {
      observability: { applicationLogGroup, metricNamespace: 'Shop/Kubernetes/shop', autoscalerContainer: 'scaler' },
    }),
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

interface Options {
  readonly observability?: boolean;
  readonly autoscaled?: NonNullable<ClusterAlarmsProps['autoscaled']>;
}

const WEB = { name: 'web-shop', namespace: 'web', minPods: 2, maxPods: 20 };
const CLUSTER = [{ Name: 'ClusterName', Value: 'shop' }];
const template = synthesize();

/** Ids of the alarms below the construct. */
function idsOf(from: Template): string[] {
  return Object.keys(from.findResources('AWS::CloudWatch::Alarm')).map((id) => id.replace(/^Alarms(\w+)\w{8}$/, '$1'));
}

test('goes off when pods waited for a node in each of 15 minutes', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/EKS',
    MetricName: 'scheduler_pending_pods',
    Dimensions: CLUSTER,
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 15,
    DatapointsToAlarm: 15,
    TreatMissingData: 'notBreaching',
  });
});

test('has that alarm only without observability, because the other metrics need an agent', () => {
  expect(idsOf(synthesize({ observability: false }))).toEqual(['PodsPending']);
  expect(idsOf(template).sort()).toEqual(['AutoscalerErrors', 'NodesNotReady', 'PodsAtMaximum', 'PodsPending']);
});

test('goes off when a node failed by its conditions or called itself not ready for 5 minutes', () => {
  const metric = (id: string, name: string, statistic: string) => ({
    Id: id,
    MetricStat: {
      Metric: { Namespace: 'ContainerInsights', MetricName: name, Dimensions: CLUSTER },
      Period: 60,
      Stat: statistic,
    },
    ReturnData: false,
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: [
      Match.objectLike({ Expression: 'IF(failed > 0 OR ready < 1, 1, 0)', ReturnData: true }),
      metric('failed', 'cluster_failed_node_count', 'Maximum'),
      metric('ready', 'node_status_condition_ready', 'Minimum'),
    ],
    Threshold: 1,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 5,
    TreatMissingData: 'notBreaching',
  });
});

test('goes off when an autoscaler wanted its maximum of pods for 15 minutes', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'ContainerInsights',
    MetricName: 'replicas_desired',
    Dimensions: [...CLUSTER, { Name: 'Namespace', Value: 'web' }, { Name: 'PodName', Value: 'web-shop' }],
    Statistic: 'Minimum',
    Period: 60,
    Threshold: 20,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 15,
    DatapointsToAlarm: 15,
    TreatMissingData: 'notBreaching',
  });
});

test('has no alarm on a number of pods that is fixed, because it would never be over', () => {
  expect(idsOf(synthesize({ autoscaled: { ...WEB, minPods: 20 } }))).not.toContain('PodsAtMaximum');
});

test('goes off when Cluster Autoscaler logged errors in 3 of 4 periods of 5 minutes', () => {
  const [filter] = Object.values(template.findResources('AWS::Logs::MetricFilter'));
  expect(filter?.['Properties']).toEqual({
    LogGroupName: { Ref: expect.stringMatching(/^Application/) },
    FilterPattern: '{ ($.kubernetes.container_name = "scaler") && ($.log = "E*") }',
    MetricTransformations: [
      {
        MetricNamespace: 'Shop/Kubernetes/shop',
        MetricName: 'ClusterAutoscalerErrors',
        MetricValue: '1',
        Unit: 'Count',
      },
    ],
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Metrics: [
      Match.objectLike({ Expression: 'FILL(errors, 0)', ReturnData: true }),
      {
        Id: 'errors',
        MetricStat: {
          Metric: { Namespace: 'Shop/Kubernetes/shop', MetricName: 'ClusterAutoscalerErrors' },
          Period: 300,
          Stat: 'Sum',
        },
        ReturnData: false,
      },
    ],
    Threshold: 1,
    EvaluationPeriods: 4,
    DatapointsToAlarm: 3,
    TreatMissingData: 'notBreaching',
  });
});

test('each alarm has the first thing to look at in its description', () => {
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('First look: '),
  });
});
