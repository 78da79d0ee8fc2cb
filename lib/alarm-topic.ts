import { Stack } from 'aws-cdk-lib';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EnvironmentConfig } from './environments';

/**
 * The topic that is told of the alarms of a stack; undefined where the environment names none.
 *
 * @throws if it is not a topic of the region: CloudWatch sends to no other
 */
export function alarmTopic(stack: Stack, { alarmTopicArn, region }: EnvironmentConfig): sns.ITopic | undefined {
  if (alarmTopicArn === undefined) return undefined;
  if (!new RegExp(`^arn:aws[\\w-]*:sns:${region}:\\d{12}:[\\w-]+$`).test(alarmTopicArn)) {
    throw new Error(
      `alarmTopicArn: must be the ARN of a standard SNS topic of ${region}, got "${alarmTopicArn}". ` +
        `Give one as in arn:aws:sns:${region}:123456789012:alarms, or leave it out.`,
    );
  }
  return sns.Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn);
}
