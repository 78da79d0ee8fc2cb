import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { EnvironmentDashboard, EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { SavedQueries } from '../constructs/saved-queries';
import { EnvironmentConfig, EnvironmentStackProps } from '../environment-config';
import { LogGroups, savedQueries } from '../log-queries';
import { DEFAULT_RUNBOOKS } from '../runbook-links';

/** A stack whose parts are on the dashboard. */
export interface IOnDashboard {
  readonly onDashboard: EnvironmentDashboardProps;
}

export interface DashboardContent extends Pick<EnvironmentStackProps, 'config'> {
  /** Parts of the other stacks. */
  readonly parts: readonly EnvironmentDashboardProps[];
  /** Alarms of other stacks that mean that users are affected. */
  readonly affecting: readonly cloudwatch.IAlarm[];
  /** Log groups of other stacks that saved queries read. */
  readonly logGroups: LogGroups;
  /** All alarms of other stacks. */
  readonly alarms: readonly cloudwatch.IAlarm[];
}

export interface DashboardStackProps extends EnvironmentStackProps, DashboardContent {}

/**
 * The dashboard of the environment, and the saved queries on its logs. The stack reads all others, so it is deployed after
 * them, while the composite alarm of the stack Operations is deleted before the alarms of the others where alarms are switched off.
 */
export class DashboardStack extends Stack {
  /** Texts with all values of other stacks that the stack reads, for the stack of a dashboard that is off. */
  static readsOf(scope: Construct, props: DashboardContent): string[] {
    const rows = EnvironmentDashboard.widgets(contentOf(scope, props)).map((row) => new cloudwatch.Row(...row));
    const body = Stack.of(scope).toJsonString(new cloudwatch.Column(...rows).toJson());
    const logGroups = Object.values(props.logGroups).flat();
    return [body, ...logGroups.map(({ logGroupName }) => logGroupName)];
  }

  constructor(scope: Construct, id: string, props: DashboardStackProps) {
    super(scope, id, props);
    const dashboardName = `Kumiki-${props.config.id}`;
    new EnvironmentDashboard(this, 'Environment', { ...contentOf(this, props), dashboardName });
    // In the console, a slash makes a folder.
    new SavedQueries(this, 'Queries', {
      folder: `Kumiki/${props.config.id}`,
      queries: savedQueries(props.logGroups),
    });
    new CfnOutput(this, 'DashboardUrl', {
      value: `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${dashboardName}`,
      description: 'Dashboard of the environment',
    });
  }
}

function contentOf(scope: Construct, { config, parts, ...props }: DashboardContent): EnvironmentDashboardProps {
  // By their names, because the composite alarm reads the names already, and the ARNs would need an output each.
  const named = (alarms: readonly cloudwatch.IAlarm[], id: string) =>
    alarms.map(({ alarmName }, index) => cloudwatch.Alarm.fromAlarmName(scope, `${id}${index}`, alarmName));
  const merge = <Part>(of: (part: EnvironmentDashboardProps) => readonly Part[] | undefined) =>
    parts.flatMap((part) => of(part) ?? []);
  const one = <Part>(of: (part: EnvironmentDashboardProps) => Part | undefined) =>
    parts.map(of).find((part) => part !== undefined);
  return {
    introduction: introductionOf(config),
    affecting: named(props.affecting, 'Affecting'),
    alarms: props.alarms.length > EnvironmentDashboard.MAX_ALARMS ? [] : named(props.alarms, 'Alarm'),
    apis: merge(({ apis }) => apis),
    function: one((part) => part.function),
    loadBalancers: merge(({ loadBalancers }) => loadBalancers),
    services: merge(({ services }) => services),
    instances: merge(({ instances }) => instances),
    pods: one(({ pods }) => pods),
    sessions: one(({ sessions }) => sessions),
    natGatewayIds: merge(({ natGatewayIds }) => natGatewayIds),
    // CloudFormation names a log group after its stack, EKS names one after the cluster, and the CDK leaves out the hyphens in
    // the name of the cluster of Container Insights.
    logGroups: [`Kumiki-${config.id}`, `kumiki-${config.id}`, `Kumiki${config.id.replaceAll('-', '')}`]
      .map((term) => `LogGroupName=${term}`)
      .join(' OR '),
  };
}

function introductionOf({ id, runbookUrl = DEFAULT_RUNBOOKS }: EnvironmentConfig): string {
  const runbooks = /^https?:/.test(runbookUrl) ? `[runbooks](${runbookUrl})` : `${runbookUrl} of the repository`;
  return [
    `# Kumiki ${id}`,
    '**Read from the top:** alarms; requests and sessions, from left to right as they flow; then capacity against its bounds, ' +
      'which are red. A fault shows in its own column and in the columns to its left, so look for the rightmost column that is not as usual.',
    `What to do: the description of each alarm leads to its runbook (${runbooks}). More: docs/dashboard.md of the repository.`,
  ].join('\n\n');
}
