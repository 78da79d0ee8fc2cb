import { RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IDependable } from 'constructs';

export interface ApiAccountProps {
  /**
   * What becomes of the role when the stack goes. The setting belongs to the account and region, not to one API:
   * in an account that others share, keep it, or their logs stop with this stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The role through which API Gateway writes execution and access logs: one for an account and region.
 *
 * Create it once, in one stack; without it a stage with logging fails with "CloudWatch Logs role ARN must be set".
 * A `RestApi` that would make its own (`cloudWatchRole: true`) overwrites it and takes it along when it is deleted.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export class ApiAccount extends Construct {
  /** Depend on this before creating a stage that logs. */
  readonly ready: IDependable;

  constructor(scope: Construct, id: string, props: ApiAccountProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;

    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    });
    role.applyRemovalPolicy(removalPolicy);

    const account = new apigateway.CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(removalPolicy);
    this.ready = account;
  }
}
