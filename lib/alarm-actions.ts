import { IAspect } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';

/**
 * Sends a message to an SNS topic when an alarm of a scope goes off, and another when the alarm is over, next to the actions
 * that the alarm has already. Alarms of step scaling are no exception, so a scope that has some needs another way.
 *
 * @example
 * Aspects.of(this).add(new AlarmActions('arn:aws:sns:us-east-1:123456789012:alarms', 'us-east-1'));
 */
export class AlarmActions implements IAspect {
  /** @throws unless the ARN is that of a standard SNS topic of the region, because CloudWatch sends to no other */
  constructor(
    private readonly topicArn: string,
    region: string,
  ) {
    if (new RegExp(`^arn:aws[\\w-]*:sns:${region}:\\d{12}:[\\w-]+$`).test(topicArn)) return;
    throw new Error(
      `alarmTopicArn: must be the ARN of a standard SNS topic of ${region}, got "${topicArn}". ` +
        `Give one as in arn:aws:sns:${region}:123456789012:alarms, or leave it out.`,
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

/** The resource of an L2 alarm gets its actions from the L2, by a token that nothing can be appended to. */
function isPlainResource(node: IConstruct): node is cloudwatch.CfnAlarm | cloudwatch.CfnCompositeAlarm {
  const { CfnAlarm, CfnCompositeAlarm, AlarmBase } = cloudwatch;
  return (
    (CfnAlarm.isCfnAlarm(node) || CfnCompositeAlarm.isCfnCompositeAlarm(node)) &&
    !(node.node.scope instanceof AlarmBase)
  );
}
