// Kumiki 0.2.0, build-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import { Construct } from 'constructs';

export interface BuildAlarmsProps {
  /** Project that builds the images. */
  readonly project: codebuild.IProject;
}

/**
 * An alarm on a failed build of CodeBuild.
 *
 * A build that runs during a deployment fails the deployment as well. The alarm is for people who did not start the deployment,
 * and for the history. CodeBuild reports the metric only when a build ends, so the alarm is over some minutes after the last
 * failed build and cannot stay on. A first deployment that fails deletes the alarm with its stack.
 *
 * @see https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch-metrics-codebuild.html
 *
 * @example
 * ```ts
 * const buildSpec = codebuild.BuildSpec.fromObject({ version: '0.2', phases: { build: { commands: ['make'] } } });
 * const project = new codebuild.Project(this, 'Build', { buildSpec });
 * new BuildAlarms(this, 'Alarms', { project });
 * ```
 */
export class BuildAlarms extends Construct {
  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, { project }: BuildAlarmsProps) {
    super(scope, id);
    this.alarms = [
      new cloudwatch.Alarm(this, 'BuildFailed', {
        metric: project.metricFailedBuilds({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(5) }),
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription:
          'The build of an image failed, and the deployment that waited for the image failed with it. ' +
          "First look: the phase that failed in the build's log group.",
      }),
    ];
  }
}
