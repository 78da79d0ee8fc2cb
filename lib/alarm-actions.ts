import { IAspect } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';

export interface AlarmActionsProps {
  /** ARN of the topic that receives the messages of all alarms that `others` does not name. @default no messages */
  readonly topicArn?: string;
  /** Alarms with another topic, or with none (undefined). */
  readonly others: ReadonlyMap<IConstruct, string | undefined>;
}

/**
 * Sends a message to an SNS topic when an alarm in a scope goes off, and another message when the alarm is over. The alarm
 * keeps its other actions. Alarms that trigger step scaling would send messages, too: in a scope with such alarms, add the
 * actions to single alarms instead.
 *
 * @example
 * const others = new Map([[usersAffected, 'arn:aws:sns:us-east-1:123456789012:page']]);
 * Aspects.of(this).add(new AlarmActions({ topicArn: 'arn:aws:sns:us-east-1:123456789012:alarms', others }));
 */
export class AlarmActions implements IAspect {
  constructor(private readonly props: AlarmActionsProps) {}

  visit(node: IConstruct): void {
    const { others } = this.props;
    const topicArn = others.has(node) ? others.get(node) : this.props.topicArn;
    if (topicArn === undefined) return;
    if (node instanceof cloudwatch.AlarmBase) {
      const action = { bind: () => ({ alarmActionArn: topicArn }) };
      node.addAlarmAction(action);
      node.addOkAction(action);
    } else if (isPlainResource(node)) {
      node.alarmActions = [...(node.alarmActions ?? []), topicArn];
      node.okActions = [...(node.okActions ?? []), topicArn];
    }
  }
}

/**
 * Finds alarms without an L2 construct. The resource of an L2 alarm takes its actions from the L2 through a token, to which
 * nothing can be appended.
 */
function isPlainResource(node: IConstruct): node is cloudwatch.CfnAlarm | cloudwatch.CfnCompositeAlarm {
  const { CfnAlarm, CfnCompositeAlarm, AlarmBase } = cloudwatch;
  return (
    (CfnAlarm.isCfnAlarm(node) || CfnCompositeAlarm.isCfnCompositeAlarm(node)) &&
    !(node.node.scope instanceof AlarmBase)
  );
}
