import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { MonthlyBudget } from '../constructs/monthly-budget';
import { UsersAffected } from '../constructs/users-affected';
import { EnvironmentStackProps } from '../environment-config';
import { inProperty } from '../in-property';
import { topicArnOf } from '../notifications';

/** A stack with alarms that mean that users are affected. */
export interface IAffecting {
  readonly affecting: readonly cloudwatch.IAlarm[];
}

export function isAffecting(stack: Stack): stack is Stack & IAffecting {
  return 'affecting' in stack;
}

export interface OperationsStackProps extends EnvironmentStackProps {
  /** Alarms of other stacks that mean that users are affected; empty in an environment without alarms. */
  readonly affecting: readonly cloudwatch.IAlarm[];
  /**
   * One of `affecting`, to test the way to people: an alarm on a metric, because a composite alarm may keep the state that the
   * command sets, and not an alarm that a deployment watches, because the deployment would be stopped. @default no command
   */
  readonly tested?: cloudwatch.Alarm;
}

/** What concerns the environment as a whole: the alarm that wakes a person, and the budget. */
export class OperationsStack extends Stack {
  /** The composite alarm that wakes a person; undefined in an environment without alarms. */
  readonly usersAffected?: cloudwatch.CompositeAlarm;

  constructor(scope: Construct, id: string, props: OperationsStackProps) {
    super(scope, id, props);
    const { config, affecting, tested } = props;
    const { budget } = config;
    if (affecting.length > 0) {
      this.usersAffected = new UsersAffected(this, 'Users', {
        alarms: affecting,
        alarmName: `Kumiki-${config.id}-UsersAffected`,
      }).alarm;
      new CfnOutput(this, 'UsersAffectedAlarm', {
        value: this.usersAffected.alarmName,
        description: 'Alarm that users are affected',
      });
    }
    if (tested) {
      new CfnOutput(this, 'TestCommand', {
        value: `aws cloudwatch set-alarm-state --alarm-name ${tested.alarmName} --state-value ALARM --state-reason 'Test of the way to people'`,
        description:
          'Sets off the alarm that users are affected, to test the way to people; an evaluation sets it back',
      });
    }
    if (budget) {
      const tag = { key: 'kumiki:environment', value: config.id };
      const budgetProps = { ...budget, tag, topicArn: topicArnOf(config, 'notice') };
      inProperty('budget', () => new MonthlyBudget(this, 'Budget', budgetProps));
    }
  }
}
