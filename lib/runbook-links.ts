import { IAspect, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';
import { AlarmTopic } from './constructs/alarm-topic';
import { ApiAlarms } from './constructs/api-alarms';
import { BuildAlarms } from './constructs/build-alarms';
import { CapacityAlarms } from './constructs/capacity-alarms';
import { ClusterAlarms } from './constructs/cluster-alarms';
import { FunctionAlarms } from './constructs/function-alarms';
import { GradualRelease } from './constructs/gradual-release';
import { LoadBalancerAlarms } from './constructs/load-balancer-alarms';
import { NatAlarms } from './constructs/nat-alarms';
import { ServiceAlarms } from './constructs/service-alarms';
import { ServiceEventAlarms } from './constructs/service-event-alarms';
import { Sleep } from './constructs/sleep';
import { TableAlarms } from './constructs/table-alarms';
import { TargetGroupAlarms } from './constructs/target-group-alarms';
import { TickerAlarms } from './constructs/ticker-alarms';
import { UsersAffected } from './constructs/users-affected';
import { WebSocketAlarms } from './constructs/websocket-alarms';

/** The runbook of each class of constructs with alarms: the name of its page, without a suffix. */
const PAGES = [
  [ApiAlarms, 'api'],
  [AlarmTopic, 'notifications'],
  [BuildAlarms, 'build'],
  [CapacityAlarms, 'capacity'],
  [ClusterAlarms, 'cluster'],
  [FunctionAlarms, 'function'],
  [GradualRelease, 'function'],
  [LoadBalancerAlarms, 'load-balancer'],
  [NatAlarms, 'nat'],
  [ServiceAlarms, 'service'],
  [ServiceEventAlarms, 'service-event'],
  [Sleep, 'sleep'],
  [TableAlarms, 'table'],
  [TargetGroupAlarms, 'target-group'],
  [TickerAlarms, 'ticker'],
  [UsersAffected, 'users-affected'],
  [WebSocketAlarms, 'websocket'],
] as const;

/** Folder of the runbooks in the repository. */
export const DEFAULT_RUNBOOKS = 'docs/runbooks';

/** Characters of the description of an alarm. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const MAX_DESCRIPTION = 1_024;

/** Part of a runbook about one alarm. */
export interface RunbookSection {
  /** Name of the page, such as `function`. */
  readonly page: string;
  /** Heading of the alarm as in a URL, such as `no-healthy-target`. */
  readonly anchor: string;
}

/**
 * Appends the runbook of each alarm in a scope to the description of the alarm:
 * ` Runbook: docs/runbooks/function.md#errors`. The page follows from the class of the construct that made the alarm, and the
 * heading from the id of the alarm. An alarm of another class keeps its description, and test/stage/runbook-links.test.ts
 * fails for it.
 *
 * @example
 * Aspects.of(this).add(new RunbookLinks('https://wiki.example.com/kumiki'));
 */
export class RunbookLinks implements IAspect {
  /** @param base folder or URL of the runbooks, without the names of the pages */
  constructor(private readonly base: string = DEFAULT_RUNBOOKS) {}

  visit(node: IConstruct): void {
    const { CfnAlarm, CfnCompositeAlarm } = cloudwatch;
    if (!CfnAlarm.isCfnAlarm(node) && !CfnCompositeAlarm.isCfnCompositeAlarm(node)) return;
    const section = sectionOf(node);
    if (section === undefined) return;
    const link = `Runbook: ${this.base.replace(/\/+$/, '')}/${section.page}.md#${section.anchor}`;
    const description = [node.alarmDescription, link].filter((part) => part !== undefined).join(' ');
    if (!Token.isUnresolved(description) && description.length > MAX_DESCRIPTION) {
      throw new Error(
        `runbookUrl: must be short enough for a description of ${MAX_DESCRIPTION} characters, got ${description.length} at ` +
          `${node.node.path}. Give a shorter URL, or shorten the description of the alarm.`,
      );
    }
    node.alarmDescription = description;
  }
}

/** The part of a runbook about an alarm; undefined where no runbook has the class of the construct that made the alarm. */
export function sectionOf(alarm: IConstruct): RunbookSection | undefined {
  const { scope } = alarm.node;
  const { id } = scope instanceof cloudwatch.AlarmBase ? scope.node : alarm.node;
  const page = alarm.node.scopes
    .flatMap((maker) => PAGES.filter(([alarms]) => maker instanceof alarms).map(([, name]) => name))
    .at(-1);
  return page === undefined ? undefined : { page, anchor: kebabCase(id) };
}

function kebabCase(id: string): string {
  return id.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}
