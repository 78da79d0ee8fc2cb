// Kumiki 0.2.0, users-affected.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface UsersAffectedProps {
  /**
   * Alarms of which each means that users are affected, of the same account and region.
   *
   * @throws unless there is at least one, and at most 1444
   */
  readonly alarms: readonly cloudwatch.IAlarm[];

  /** Name of the composite alarm: the subject of the message. @default a generated name */
  readonly alarmName?: string;

  /** What the person who is woken should know, with the first thing to look at. @default a text for any application */
  readonly alarmDescription?: string;
}

/**
 * A composite alarm that is in ALARM while at least one of its alarms is, so that many alarms of one outage wake a person
 * once. Composite alarms have no missing data: an alarm in INSUFFICIENT_DATA counts as not in ALARM.
 *
 * CloudWatch refuses to create the composite alarm before its alarms, and refuses to delete an alarm that a composite alarm
 * refers to ("as there are composite alarm(s) depending on it"). Deploy the composite alarm after its alarms, and delete it
 * before them. To remove one alarm, update the composite alarm first.
 *
 * A rule has at most 10,240 characters and 100 alarms. Beyond 38 alarms, whose names are certain to fit, this construct makes
 * composite alarms of up to 38 alarms each, and the composite alarm of those. Each composite alarm is billed.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html (rule, limits)
 * @see https://github.com/ekristen/aws-nuke/issues/462 (the order of deletion)
 *
 * @example
 * ```ts
 * const errors = live.metricErrors().createAlarm(this, 'Errors', { threshold: 1, evaluationPeriods: 1 });
 * new UsersAffected(this, 'Shop', { alarms: [errors], alarmName: 'Shop-UsersAffected' });
 * ```
 */
export class UsersAffected extends Construct {
  /** The composite alarm, for its actions. */
  readonly alarm: cloudwatch.CompositeAlarm;

  constructor(scope: Construct, id: string, props: UsersAffectedProps) {
    super(scope, id);
    const { alarms, alarmName } = props;
    if (alarms.length === 0 || alarms.length > PER_RULE * PER_RULE) {
      throw new Error(
        `alarms: must be 1 to ${PER_RULE * PER_RULE} alarms, got ${alarms.length}. Give the alarms that mean that users are affected.`,
      );
    }
    const groups = Array.from({ length: Math.ceil(alarms.length / PER_RULE) }, (_, index) =>
      alarms.slice(PER_RULE * index, PER_RULE * (index + 1)),
    );
    const children =
      groups.length === 1
        ? alarms
        : groups.map(
            (group, index) =>
              new cloudwatch.CompositeAlarm(new Construct(this, `Group${index + 1}`), 'UsersAffected', {
                alarmRule: anyOf(group),
                compositeAlarmName: alarmName && `${alarmName}-Group${index + 1}`,
                alarmDescription: `One of ${group.length} alarms that mean that users are affected. First look: its child alarms.`,
              }),
          );
    this.alarm = new cloudwatch.CompositeAlarm(this, 'UsersAffected', {
      alarmRule: anyOf(children),
      compositeAlarmName: alarmName,
      alarmDescription: props.alarmDescription ?? DESCRIPTION,
    });
  }
}

/** Alarms of one rule of 10,240 characters. A name has at most 255 characters, and `ALARM("") OR ` has 13. */
const PER_RULE = 38;

const DESCRIPTION =
  'Users are affected now: at least one child alarm of this alarm says that users get errors or are not served. This alarm ' +
  'returns to OK when no child alarm is in ALARM. First look: which child alarms are in ALARM, and their runbooks.';

/** Names and not ARNs, which are longer. CloudWatch accepts both. */
function anyOf(alarms: readonly cloudwatch.IAlarm[]): cloudwatch.IAlarmRule {
  return cloudwatch.AlarmRule.anyOf(
    ...alarms.map(({ alarmName }) => cloudwatch.AlarmRule.fromString(`ALARM("${alarmName}")`)),
  );
}
