import { RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IDependable } from 'constructs';

/**
 * The role through which API Gateway writes execution and access logs: one for an account and region.
 *
 * Create it once, in one stack; without it a stage with logging fails with "CloudWatch Logs role ARN must be set".
 * A `RestApi` that would make its own (`cloudWatchRole: true`) overwrites it.
 *
 * The role stays when its stack is deleted, and when its first deployment fails: the setting of the account goes on naming
 * it, and every other API of account and region writes its logs through it. CloudFormation gives it a new name each time,
 * so that one which stayed never stands in the way.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html ("When
 * you delete a stack containing this resource, API Gateway can still assume the provided IAM role")
 */
export class ApiAccount extends Construct {
  /** Depend on this before creating a stage that logs. */
  readonly ready: IDependable;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    });
    const account = new apigateway.CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    for (const resource of [role, account]) resource.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.ready = account;
  }
}
