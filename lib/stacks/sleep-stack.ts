import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { Sleep, SleepProps } from '../constructs/sleep';
import { alarmsOf, EnvironmentStackProps, observesFully } from '../environment-config';
import { inProperty } from '../in-property';

export interface SleepStackProps
  extends EnvironmentStackProps,
    Pick<SleepProps, 'listeners' | 'services' | 'nodeGroup' | 'provisionedConcurrency' | 'alarms'> {
  readonly sleep: NonNullable<EnvironmentStackProps['config']['sleep']>;
}

/** Takes the capacity of the other stacks to zero and back. */
export class SleepStack extends Stack {
  /** A run failed, so alarms may send nothing; undefined in an environment without alarms. */
  readonly failed?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: SleepStackProps) {
    super(scope, id, props);
    const { listeners, services, nodeGroup, provisionedConcurrency, alarms } = props;
    const sleepProps = {
      ...props.sleep,
      listeners,
      services,
      nodeGroup,
      provisionedConcurrency,
      alarms,
      alarmNamePrefix: `Kumiki-${props.config.id}-`,
      watched: alarmsOf(props.config) !== undefined,
      tracing: observesFully(props.config),
    };
    const sleep = inProperty('sleep', () => new Sleep(this, 'Sleep', sleepProps));
    this.failed = sleep.failed;
    for (const [name, value, description] of [
      ['SleepCommand', sleep.sleepCommand, 'Takes the capacity to zero now'],
      ['WakeCommand', sleep.wakeCommand, 'Wakes the capacity now'],
    ] as const) {
      new CfnOutput(this, name, { value, description });
    }
  }
}
