// Kumiki 0.2.0, capacity-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';

export interface CapacityAlarmsProps {
  /** Cluster of the instances. */
  readonly cluster: ecs.ICluster;
  /** Capacity provider with managed scaling and a target of 100 percent. */
  readonly capacityProviderName: string;
  /** Upper bound of the number of instances, for the description. */
  readonly maxInstances: number;
}

/**
 * An alarm on instances of an ECS cluster that are too few for its tasks, for longer than new instances take to start.
 *
 * `CapacityProviderReservation` is 100 * instances needed / instances that run. It exceeds 100 while tasks wait for instances.
 * Managed scaling then adds instances, so a value above 100 lasts only if the Auto Scaling group is at its maximum, EC2 has no
 * capacity, or new instances do not join the cluster. The alarm does not compare the group with its maximum, because tasks wait
 * in each of these cases, and the metrics of the group would make the alarm more expensive.
 *
 * ECS waits for the warm-up of new instances (300 seconds) before it adds more, so the alarm needs a quarter of an hour. A task
 * that does not fit the smallest instance type leaves the metric at its target; the alarm on running tasks below the desired
 * number reports such a task. Missing data is not breaching: without a value, ECS asks for no instances.
 *
 * AWS documents the namespace and the formula of the metric, and not its dimensions. The dimensions are those of the alarms
 * that ECS creates for managed scaling. None of this was tried on AWS.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-scaling-behavior.html
 * @see https://aws.amazon.com/blogs/containers/deep-dive-on-amazon-ecs-cluster-auto-scaling/
 *
 * @example
 * ```ts
 * new CapacityAlarms(this, 'Alarms', { cluster: ecsCluster, capacityProviderName: 'instances', maxInstances: 6 });
 * ```
 */
export class CapacityAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: CapacityAlarmsProps) {
    super(scope, id);
    this.alarms = [
      new cloudwatch.Alarm(this, 'TasksWaiting', {
        metric: new cloudwatch.Metric({
          namespace: 'AWS/ECS/ManagedScaling',
          metricName: 'CapacityProviderReservation',
          dimensionsMap: {
            CapacityProviderName: props.capacityProviderName,
            ClusterName: props.cluster.clusterName,
          },
          statistic: cloudwatch.Stats.AVERAGE,
          period: Duration.minutes(1),
        }),
        threshold: 100,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: MINUTES,
        datapointsToAlarm: MINUTES,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription:
          `Tasks waited ${MINUTES} minutes for instances, of which there may be ${props.maxInstances}. ` +
          'First look: whether the Auto Scaling group is at its maximum, then its activities for a lack of capacity in EC2.',
      }),
    ];
  }
}

const MINUTES = 15;
