import { Aws, BootstraplessSynthesizer, CfnOutput, Fn, Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { GitHubDeployer } from '../constructs/github-deployer';
import { PREFLIGHT_ACTIONS, readStatements } from '../deployer-permissions';
import { executionPolicies } from '../execution-policies';

export interface AccountStackProps extends StackProps {
  /** Environments that this account receives, with their regions. The first region is that of the stack. */
  readonly environments: readonly { readonly id: string; readonly region: string }[];
  /** Repository on GitHub that deploys, as `owner/name`. @default none: people deploy, and the stack has no role for GitHub */
  readonly repository?: string;
  /** The account has the provider of GitHub's tokens already. @default false */
  readonly providerExists?: boolean;
}

/** Name of the permissions boundary, for `permissionsBoundary` of an environment. */
export const BOUNDARY_NAME = 'KumikiBoundary';

/**
 * What an account needs once, before `cdk bootstrap`: the policies of CloudFormation's role instead of AdministratorAccess, the
 * permissions boundary of all roles, and roles for GitHub. An administrator deploys the stack. It needs no bootstrap.
 */
export class AccountStack extends Stack {
  constructor(scope: Construct, id: string, props: AccountStackProps) {
    const { environments, repository, ...stackProps } = props;
    super(scope, id, { ...stackProps, synthesizer: new BootstraplessSynthesizer(), analyticsReporting: false });
    const regions = [...new Set(environments.map(({ region }) => region))];

    const boundary = new iam.ManagedPolicy(this, 'Boundary', {
      managedPolicyName: BOUNDARY_NAME,
      description: 'Upper bound of all roles that a deployment of Kumiki creates',
      statements: boundaryStatements(),
    });
    const policies = executionPolicies({
      regions,
      boundaryArn: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:policy/${BOUNDARY_NAME}`,
    }).map(
      (statements, index) =>
        new iam.ManagedPolicy(this, `Execution${index + 1}`, {
          managedPolicyName: `KumikiExecution${index + 1}`,
          description: `What CloudFormation may do to deploy Kumiki, part ${index + 1}`,
          statements,
        }),
    );
    const arns = Fn.join(
      ',',
      policies.map(({ managedPolicyArn }) => managedPolicyArn),
    );
    for (const region of regions) {
      new CfnOutput(this, `Bootstrap${region.replaceAll('-', '')}`, {
        value: `npx cdk bootstrap aws://${Aws.ACCOUNT_ID}/${region} --cloudformation-execution-policies "${arns}"`,
        description: `Gives the policies to CloudFormation in ${region}`,
      });
    }
    new CfnOutput(this, 'BoundaryName', {
      value: boundary.managedPolicyName,
      description: 'For permissionsBoundary of the environments of this account',
    });

    if (repository === undefined) return;
    const provider = props.providerExists ? undefined : GitHubDeployer.provider(this, 'GitHub');
    for (const environment of environments) {
      const { role } = new GitHubDeployer(this, `Deployer${environment.id}`, {
        repository,
        environment: environment.id,
        regions: [environment.region],
        provider,
        readActions: PREFLIGHT_ACTIONS,
      });
      for (const statement of readStatements(environment.id, environment.region)) role.addToPolicy(statement);
      new CfnOutput(this, `RoleArn${environment.id}`, {
        value: role.roleArn,
        description: `For the variable AWS_ROLE_ARN of the environment ${environment.id} on GitHub`,
      });
    }
  }
}

/**
 * A role may use services, but change no identities and no stacks: CloudFormation acts with the role that a stack was created
 * with, which may be an administrator.
 */
function boundaryStatements(): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      sid: 'Services',
      notActions: ['account:*', 'cloudformation:*', 'iam:*', 'organizations:*', 'sts:*'],
      resources: ['*'],
    }),
    new iam.PolicyStatement({
      sid: 'Identity',
      // The build of the image signs in to the public gallery of ECR with a token of STS.
      actions: ['sts:GetCallerIdentity', 'sts:GetServiceBearerToken', 'iam:GetRole', 'iam:ListAttachedRolePolicies'],
      resources: ['*'],
    }),
    // EKS and Elastic Load Balancing create their service-linked roles at first use. AWS defines what these may do.
    new iam.PolicyStatement({
      sid: 'LinkedRoles',
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [`arn:${Aws.PARTITION}:iam::*:role/aws-service-role/*`],
    }),
  ];
}
