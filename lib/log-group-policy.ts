import { CfnDeletionPolicy, IAspect, RemovalPolicy } from 'aws-cdk-lib';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';

/**
 * Gives every log group of a stage the same retention and removal policy, those included that the CDK makes for its
 * own custom resources: by default they keep two years of events and outlive their stack.
 *
 * Nothing is kept longer because of this policy: a construct that keeps events for fewer days has a reason of its own, and
 * may delete its log group with the stack, too. (The CDK deletes some of its own, but without such a reason.)
 */
export class LogGroupPolicy implements IAspect {
  constructor(
    private readonly retentionDays: number,
    private readonly removalPolicy: RemovalPolicy,
  ) {}

  visit(node: IConstruct): void {
    if (!CfnLogGroup.isCfnLogGroup(node)) return;
    // Without a retention, events never expire.
    const isShort = node.retentionInDays !== undefined && node.retentionInDays < this.retentionDays;
    if (!isShort) node.retentionInDays = this.retentionDays;
    if (isShort && node.cfnOptions.deletionPolicy === CfnDeletionPolicy.DELETE) return;
    node.applyRemovalPolicy(this.removalPolicy);
  }
}
