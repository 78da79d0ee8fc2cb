// Kumiki 0.1.0, api-account.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IDependable } from 'constructs';

export interface ApiAccountProps {
  /**
   * Role that API Gateway can assume (`apigateway.amazonaws.com`) and that may write logs. Nothing is added to the role, and
   * its owner has to keep it for as long as an API of the account and region logs.
   *
   * @default a new role with the managed policy AmazonAPIGatewayPushToCloudWatchLogs, which is retained
   */
  readonly role?: iam.IRole;
}

/**
 * The role through which API Gateway writes execution and access logs. An account has one such setting in each region.
 *
 * Create this construct once, in one stack, because a stage with logging fails without the setting: "CloudWatch Logs role
 * ARN must be set". A `RestApi` that creates a role of its own (`cloudWatchRole: true`) overwrites the setting.
 *
 * The new role is retained when its stack is deleted and when the first deployment fails, because the setting still names
 * the role, and every other API of the account and region writes its logs through it. CloudFormation generates the name of
 * the role, so a retained role never collides with the next one.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html ("When
 * you delete a stack containing this resource, API Gateway can still assume the provided IAM role")
 *
 * @example
 * ```ts
 * const account = new ApiAccount(this, 'ApiAccount');
 * const api = new apigateway.RestApi(this, 'Api', { cloudWatchRole: false });
 * api.root.addMethod('GET');
 * api.deploymentStage.node.addDependency(account.ready);
 * ```
 */
export class ApiAccount extends Construct {
  /** A stage that logs depends on this. */
  readonly ready: IDependable;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: ApiAccountProps = {}) {
    super(scope, id);
    this.role = props.role ?? newRole(this);
    const account = new apigateway.CfnAccount(this, 'Account', { cloudWatchRoleArn: this.role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.ready = account;
  }
}

function newRole(scope: Construct): iam.Role {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
  });
  role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return role;
}
