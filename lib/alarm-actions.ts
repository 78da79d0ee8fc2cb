import { IAspect } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';

/**
 * Sends a message to an SNS topic when an alarm in a scope goes off, and another message when the alarm is over. The alarm
 * keeps its other actions. Alarms that trigger step scaling would send messages, too: in a scope with such alarms, add the
 * actions to single alarms instead.
 *
 * @example
 * Aspects.of(this).add(new AlarmActions('arn:aws:sns:us-east-1:123456789012:alarms', 'us-east-1'));
 */
export class AlarmActions implements IAspect {
  /** @throws unless the ARN names a standard SNS topic of the region, because CloudWatch sends to no other topic */
  constructor(
    private readonly topicArn: string,
    region: string,
  ) {
    if (new RegExp(`^arn:aws[\\w-]*:sns:${region}:\\d{12}:[\\w-]+$`).test(topicArn)) return;
    throw new Error(
      `alarmTopicArn: must be the ARN of a standard SNS topic of ${region}, got "${topicArn}". ` +
        `Give an ARN such as arn:aws:sns:${region}:123456789012:alarms, or leave alarmTopicArn out.`,
    );
  }

  visit(node: IConstruct): void {
    if (node instanceof cloudwatch.AlarmBase) {
      const action = { bind: () => ({ alarmActionArn: this.topicArn }) };
      node.addAlarmAction(action);
      node.addOkAction(action);
    } else if (isPlainResource(node)) {
      node.alarmActions = [...(node.alarmActions ?? []), this.topicArn];
      node.okActions = [...(node.okActions ?? []), this.topicArn];
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
