// Kumiki 0.2.0, service-event-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Aws, Duration, Fn, Names, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface ServiceEventAlarmsProps {
  /**
   * ECS clusters whose services and tasks are watched. Other clusters of the account do not count.
   *
   * @throws if the list is empty
   */
  readonly clusters: readonly ecs.ICluster[];
}

/**
 * Alarms on what ECS reports only as an event: a deployment that failed, and a task that stopped because a container was out of
 * memory. A log group keeps the events, so that the cause can be read later, when ECS no longer lists the task.
 *
 * - `DeploymentFailed`: the circuit breaker, or an alarm of the deployment, ended a deployment. ECS sends the event for services
 *   with a deployment circuit breaker.
 * - `TaskOutOfMemory`: the kernel ended a container that exceeded its memory. ECS starts another task, so callers may notice
 *   nothing but failed requests.
 *
 * EventBridge reports `TriggeredRules` of a rule only when the rule matches an event. Missing data is therefore not breaching,
 * and silence is healthy. An alarm is over some minutes after the last event.
 *
 * The policy that lets EventBridge write belongs to the log group. A policy of the account, as the CDK's target for log groups
 * creates it by a function, would take one of the 10 policies of the account and region. AWS documents the policy of a log group
 * for services in general; with EventBridge, it was not tried on AWS. Without it, the alarms would still work, because they do
 * not depend on the delivery.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
 *
 * @example
 * ```ts
 * new ServiceEventAlarms(this, 'Events', { clusters: [ecsCluster] });
 * ```
 */
export class ServiceEventAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Log group of the events. */
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, { clusters }: ServiceEventAlarmsProps) {
    super(scope, id);
    if (clusters.length === 0)
      throw new Error('clusters: must name at least one cluster, got none. Give an ECS cluster');
    const stack = Stack.of(this);
    this.logGroup = eventLog(this);

    this.alarms = [
      this.alarm(
        'DeploymentFailed',
        {
          detailType: ['ECS Deployment State Change'],
          resources: clusters.flatMap(({ clusterName }) =>
            events.Match.prefix(
              stack.formatArn({ service: 'ecs', resource: 'service', resourceName: `${clusterName}/` }),
            ),
          ),
          detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
        },
        'A deployment of an ECS service failed, and ECS returned to the tasks before it where it could. ' +
          'First look: the reason in the event, in the log group of the events, then the reasons of the stopped tasks.',
      ),
      this.alarm(
        'TaskOutOfMemory',
        {
          detailType: ['ECS Task State Change'],
          detail: {
            clusterArn: clusters.map(({ clusterArn }) => clusterArn),
            lastStatus: ['STOPPED'],
            containers: { reason: events.Match.prefix('OutOfMemoryError') },
          },
        },
        'A task stopped because a container exceeded its memory. ' +
          'First look: the event, in the log group of the events, for the task and its requests; then memoryMiB of the service.',
      ),
    ];
  }

  private alarm(id: string, pattern: events.EventPattern, alarmDescription: string): cloudwatch.Alarm {
    const rule = new events.Rule(this, `${id}Rule`, { eventPattern: { source: ['aws.ecs'], ...pattern } });
    rule.addTarget({ bind: () => ({ arn: arnOf(this, this.logGroup.logGroupName) }) });
    return new cloudwatch.Alarm(this, id, {
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Events',
        metricName: 'TriggeredRules',
        dimensionsMap: { RuleName: rule.ruleName },
        statistic: cloudwatch.Stats.SUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
  }
}

/** ARN of a log group as EventBridge expects it, without `:*`. */
function arnOf(scope: Construct, logGroupName: string): string {
  return Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/**
 * The log group, with its policy. The policy names the log group, so the name has to be known before the log group exists. The
 * name differs each time the stack is created, because a log group that is retained keeps its name. EventBridge's own pages use
 * names below `/aws/events/`.
 */
function eventLog(scope: Construct): logs.LogGroup {
  const creation = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
  const name = Fn.join('-', [
    `/aws/events/${Names.uniqueResourceName(scope, { maxLength: 240, separator: '-' })}`,
    creation,
  ]);
  const logGroup = new logs.LogGroup(scope, 'Log', { logGroupName: name });
  const resource = logGroup.node.defaultChild;
  if (resource instanceof logs.CfnLogGroup) {
    resource.resourcePolicyDocument = new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          // Both principals, as in https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html.
          principals: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'].map(
            (service) => new iam.ServicePrincipal(service),
          ),
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [`${arnOf(scope, name)}:*`],
        }),
      ],
    });
  }
  return logGroup;
}
