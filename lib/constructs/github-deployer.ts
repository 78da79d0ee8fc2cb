// Kumiki 0.2.0, github-deployer.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Aws, Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface GitHubDeployerProps {
  /**
   * Repository on GitHub whose workflows may deploy, as its tokens name it: `owner/name`, or `owner@123456/name@456789` with the
   * ids of both. GitHub adds the ids for repositories that were created or renamed since 2026-07-15, and for others on request.
   *
   * @throws unless it has one of these forms
   */
  readonly repository: string;

  /**
   * Environment of the repository (Settings, Environments) in which a workflow has to run. The rules of the environment, such
   * as a required reviewer, decide who may deploy.
   *
   * @throws unless it has 1 to 255 letters, digits, hyphens, dots or underscores
   */
  readonly environment: string;

  /** Regions of the bootstrap (`cdk bootstrap`) through which the role deploys. @throws if it is empty */
  readonly regions: readonly string[];

  /** Provider of GitHub's tokens. An account has one. @default `fromAccount` */
  readonly provider?: iam.IOIDCProviderRef;

  /** Qualifier of the bootstrap. @default hnb659fds, that of the CDK */
  readonly qualifier?: string;

  /** Actions that the role may call itself on all resources, for checks before a deployment. Give actions that only read. @default none */
  readonly readActions?: readonly string[];
}

/**
 * A role that workflows of one GitHub repository assume with a token of GitHub (OpenID Connect), so that no access key is
 * stored there. The role may only assume the roles of `cdk bootstrap` that upload assets and start deployments. What a
 * deployment may create is up to the policies that the bootstrap was given.
 *
 * The trust policy compares the audience and the whole subject of the token, without wildcards: another repository, branch or
 * pull request does not get in, only a job in the environment.
 *
 * @see https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/ (ids)
 * @see https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 * @see https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
 *
 * @example
 * ```ts
 * const provider = GitHubDeployer.provider(this, 'GitHub');
 * const deployer = new GitHubDeployer(this, 'Deployer', {
 *   repository: 'octo-org/quotes',
 *   environment: 'sandbox',
 *   regions: ['us-east-1'],
 *   provider,
 * });
 * ```
 */
export class GitHubDeployer extends Construct {
  /** Creates the provider of GitHub's tokens. Its creation fails if the account has the provider already. */
  static provider(scope: Construct, id: string): iam.OidcProviderNative {
    return new iam.OidcProviderNative(scope, id, { url: `https://${ISSUER}`, clientIds: [AUDIENCE] });
  }

  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: GitHubDeployerProps) {
    super(scope, id);
    const { repository, environment, regions, qualifier = 'hnb659fds' } = props;
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*(?:\/[A-Za-z0-9._-]+|@\d+\/[A-Za-z0-9._-]+@\d+)$/.test(repository)) {
      throw new Error(
        `repository: must be owner/name or owner@id/name@id, got "${repository}". Give the repository as its tokens name it.`,
      );
    }
    // A colon would end the part of the subject that names the environment.
    if (!/^[\w.-]{1,255}$/.test(environment)) {
      throw new Error(
        `environment: must be 1 to 255 letters, digits, hyphens, dots or underscores, got "${environment}". Give the name of an ` +
          'environment of the repository.',
      );
    }
    if (regions.length === 0) {
      throw new Error('regions: must have at least one region, got none. Give the regions of the bootstrap.');
    }
    const { oidcProviderArn } = props.provider?.oidcProviderRef ?? {
      oidcProviderArn: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:oidc-provider/${ISSUER}`,
    };
    this.role = new iam.Role(this, 'Role', {
      description: `Deploys to ${environment} from GitHub: ${repository}`,
      maxSessionDuration: Duration.hours(2),
      assumedBy: new iam.WebIdentityPrincipal(oidcProviderArn, {
        StringEquals: {
          [`${ISSUER}:aud`]: AUDIENCE,
          [`${ISSUER}:sub`]: `repo:${repository}:environment:${environment}`,
        },
      }),
    });
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: regions.flatMap((region) =>
          ['deploy', 'file-publishing'].map(
            (name) =>
              `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/cdk-${qualifier}-${name}-role-${Aws.ACCOUNT_ID}-${region}`,
          ),
        ),
      }),
    );
    if (props.readActions && props.readActions.length > 0) {
      this.role.addToPolicy(new iam.PolicyStatement({ actions: [...props.readActions], resources: ['*'] }));
    }
  }
}

const ISSUER = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';
