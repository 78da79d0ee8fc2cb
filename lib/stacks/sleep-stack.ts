import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Sleep, SleepProps } from '../constructs/sleep';
import { alarmsOf, EnvironmentStackProps } from '../environment-config';

export interface SleepStackProps
  extends EnvironmentStackProps,
    Pick<SleepProps, 'listeners' | 'services' | 'nodeGroup' | 'provisionedConcurrency' | 'alarms'> {
  readonly sleep: NonNullable<EnvironmentStackProps['config']['sleep']>;
}

/** Takes the capacity of the other stacks to zero and back. */
export class SleepStack extends Stack {
  constructor(scope: Construct, id: string, props: SleepStackProps) {
    super(scope, id, props);
    const { listeners, services, nodeGroup, provisionedConcurrency, alarms } = props;
    const sleep = new Sleep(this, 'Sleep', {
      ...props.sleep,
      listeners,
      services,
      nodeGroup,
      provisionedConcurrency,
      alarms,
      alarmNamePrefix: `Kumiki-${props.config.id}-`,
      watched: alarmsOf(props.config) !== undefined,
    });
    for (const [name, value, description] of [
      ['SleepCommand', sleep.sleepCommand, 'Takes the capacity to zero now'],
      ['WakeCommand', sleep.wakeCommand, 'Wakes the capacity now'],
    ] as const) {
      new CfnOutput(this, name, { value, description });
    }
  }
}
