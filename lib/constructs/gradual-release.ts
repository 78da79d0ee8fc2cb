// Kumiki 0.2.0, gradual-release.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * How the requests move to a new version, as CodeDeploy predefines it:
 *
 * - `canary`: 10 % at once, and the other 90 % after `minutes`: 5, 10, 15 or 30
 * - `linear`: 10 % at once, and 10 % more every `minutes`: 1, 2, 3 or 10. The last 10 % follow after nine times as many minutes.
 *
 * @see https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
 */
export type ReleaseSteps =
  | { readonly kind: 'canary'; readonly minutes: 5 | 10 | 15 | 30 }
  | { readonly kind: 'linear'; readonly minutes: 1 | 2 | 3 | 10 };

export interface GradualReleaseProps {
  /** Alias that callers invoke, in the same stack. The alias gets an update policy, and with it CodeDeploy moves the alias. */
  readonly alias: lambda.Alias;
  /** Steps in which the requests move to a new version. @throws if CodeDeploy has no such steps */
  readonly steps: ReleaseSteps;
  /**
   * More alarms that end a release, such as an alarm on the slowest requests of the alias. While one of them is in the state
   * ALARM, CodeDeploy may stop every release, even that of the correction: give alarms that only new code sets off.
   *
   * @default none
   */
  readonly alarms?: readonly cloudwatch.IAlarm[];
}

/**
 * Moves the requests of an alias to a new version in steps, and moves them back if an alarm goes off meanwhile.
 *
 * - A deployment with a new version starts a deployment of CodeDeploy, and CloudFormation waits until the deployment ends.
 *   CodeDeploy moves all requests back to the old version if an alarm goes off, if the deployment fails or if somebody stops
 *   it. Then the stack rolls back, too.
 * - The alarm `NewVersionErrors` watches the new version alone, by the dimension `ExecutedVersion`: while the new version has
 *   10 % of the requests, an alarm on the alias at 5 % would need half of them to fail. An alarm on a high percentile of the
 *   duration of the alias is not diluted like that: give it in `alarms`.
 * - Nothing watches the release after the last step, because CodeDeploy ends there.
 * - Lambda does not let anybody change the provisioned concurrency of an alias while the alias has two versions. So target
 *   tracking and schedules wait for the end of the release: have enough capacity before a release.
 *   https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 * - The alias of a first deployment starts with its version, without steps. The alias is updated after the deployment group, so
 *   that a deployment may bring this construct and a new version together.
 * - The old version has to exist until the release has ended. CloudFormation deletes a version that has left the template only
 *   after the alias was updated. Retain versions to be able to go back later.
 *
 * None of this was tried on AWS.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html (CodeDeployLambdaAliasUpdate)
 * @see https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html (ExecutedVersion)
 *
 * @example
 * ```ts
 * const alias = new lambda.Alias(this, 'Stable', { aliasName: 'stable', version: live.version });
 * new GradualRelease(this, 'Release', { alias, steps: { kind: 'canary', minutes: 10 } });
 * ```
 */
export class GradualRelease extends Construct {
  /** Every alarm that this construct made, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Alarm on the share of failed invocations of the version that the last deployment brought. */
  readonly newVersionErrors: cloudwatch.Alarm;
  readonly deploymentGroup: codedeploy.LambdaDeploymentGroup;
  /** Command for a shell that ends a release that is under way, and moves all requests back to the old version. */
  readonly stopCommand: string;

  constructor(scope: Construct, id: string, props: GradualReleaseProps) {
    super(scope, id);
    const { alias, steps, alarms = [] } = props;
    const deploymentConfig = predefined(steps);
    // Two minutes, because a single failed request of a few would end a release. A canary of 5 minutes leaves room for both
    // minutes and for the delay of the metrics.
    this.newVersionErrors = new cloudwatch.Alarm(this, 'NewVersionErrors', {
      metric: errorRate(alias),
      threshold: ERROR_PERCENT,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: 2,
      // A version that is not invoked reports nothing. Before a release, no data is healthy.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `More than ${ERROR_PERCENT} % of the invocations of the version that was deployed last failed in 2 of 5 minutes. A release ` +
        'that is under way goes back to the old version. First look: level ERROR of this version in the log group of the function.',
    });
    this.alarms = [this.newVersionErrors];
    this.deploymentGroup = new codedeploy.LambdaDeploymentGroup(this, 'Group', {
      alias,
      deploymentConfig,
      alarms: [this.newVersionErrors, ...alarms],
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    const { application, deploymentGroupName } = this.deploymentGroup;
    const running =
      `aws deploy list-deployments --application-name ${application.applicationName} ` +
      `--deployment-group-name ${deploymentGroupName} --include-only-statuses InProgress --query 'deployments[0]' --output text`;
    this.stopCommand = `aws deploy stop-deployment --auto-rollback-enabled --deployment-id "$(${running})"`;
    // The update policy refers to the deployment group. AWS does not document that such a reference orders the updates.
    alias.node.defaultChild?.node.addDependency(this.deploymentGroup);
  }
}

const ERROR_PERCENT = 5;

/** Errors per 100 invocations of the version of the alias in a minute; 0 without invocations, so that it never divides by zero. */
function errorRate(alias: lambda.Alias): cloudwatch.MathExpression {
  const { functionName } = alias.version.lambda;
  const dimensionsMap = {
    FunctionName: functionName,
    Resource: `${functionName}:${alias.aliasName}`,
    ExecutedVersion: alias.version.version,
  };
  const statistic = cloudwatch.Stats.SUM;
  return new cloudwatch.MathExpression({
    expression: 'IF(invocations > 0, 100 * errors / invocations, 0)',
    usingMetrics: {
      errors: alias.metricErrors({ dimensionsMap, statistic }),
      invocations: alias.metricInvocations({ dimensionsMap, statistic }),
    },
    period: Duration.minutes(1),
    label: 'Errors of the new version in percent',
  });
}

/** The predefined configurations, by kind and minutes. A configuration of one's own would be one more resource to replace. */
const PREDEFINED: Readonly<
  Record<ReleaseSteps['kind'], Readonly<Record<number, () => codedeploy.ILambdaDeploymentConfig>>>
> = {
  canary: {
    5: () => codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
    10: () => codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_10MINUTES,
    15: () => codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
    30: () => codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_30MINUTES,
  },
  linear: {
    1: () => codedeploy.LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
    2: () => codedeploy.LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_2MINUTES,
    3: () => codedeploy.LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_3MINUTES,
    10: () => codedeploy.LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_10MINUTES,
  },
};

function predefined({ kind, minutes }: ReleaseSteps): codedeploy.ILambdaDeploymentConfig {
  const config = PREDEFINED[kind]?.[minutes];
  if (config) return config();
  const known = Object.entries(PREDEFINED).map(
    ([name, byMinutes]) => `${name} with ${Object.keys(byMinutes).join(', ')}`,
  );
  throw new Error(
    `steps: must be ${known.join(' or ')} minutes, got ${kind} with ${minutes}. Give the steps of one of CodeDeploy's configurations.`,
  );
}
