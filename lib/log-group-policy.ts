import { IAspect, RemovalPolicy } from 'aws-cdk-lib';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';

/**
 * Gives every log group of a stage the same retention and removal policy, those included that the CDK makes for its
 * own custom resources: by default they keep two years of events and outlive their stack.
 */
export class LogGroupPolicy implements IAspect {
  constructor(
    private readonly retentionDays: number,
    private readonly removalPolicy: RemovalPolicy,
  ) {}

  visit(node: IConstruct): void {
    if (!CfnLogGroup.isCfnLogGroup(node)) return;
    node.retentionInDays = this.retentionDays;
    node.applyRemovalPolicy(this.removalPolicy);
  }
}
