import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { GitHubDeployer, GitHubDeployerProps } from '../../lib/constructs/github-deployer';

const PROPS: GitHubDeployerProps = { repository: 'octo-org/quotes', environment: 'sandbox', regions: ['us-east-1'] };

function synthesize(props: Partial<GitHubDeployerProps> = {}, withProvider = false): Template {
  const stack = new Stack(new App(), 'Test');
  const provider = withProvider ? GitHubDeployer.provider(stack, 'GitHub') : undefined;
  new GitHubDeployer(stack, 'Deployer', { ...PROPS, provider, ...props });
  return Template.fromStack(stack);
}

test('only a job of the repository in the environment assumes the role, with a token for AWS', () => {
  synthesize().hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
              'token.actions.githubusercontent.com:sub': 'repo:octo-org/quotes:environment:sandbox',
            },
          },
          Principal: {
            Federated: {
              'Fn::Join': ['', Match.arrayWith([':oidc-provider/token.actions.githubusercontent.com'])],
            },
          },
        },
      ],
    },
  });
});

test('the role may assume the roles of the bootstrap for assets and deployments, and nothing else', () => {
  const policies = Object.values(synthesize({ regions: ['us-east-1', 'eu-west-1'] }).findResources('AWS::IAM::Policy'));
  const [statement, ...more] = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  expect(more).toEqual([]);
  expect(statement.Action).toBe('sts:AssumeRole');
  expect(JSON.stringify(statement.Resource).match(/cdk-hnb659fds-[a-z-]+-role-/g)).toEqual([
    'cdk-hnb659fds-deploy-role-',
    'cdk-hnb659fds-file-publishing-role-',
    'cdk-hnb659fds-deploy-role-',
    'cdk-hnb659fds-file-publishing-role-',
  ]);
});

test('the role reads what checks before a deployment need, if it is given the actions', () => {
  synthesize({ readActions: ['lambda:GetAccountSettings'] }).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        Match.objectLike({ Action: 'sts:AssumeRole' }),
        { Effect: 'Allow', Action: 'lambda:GetAccountSettings', Resource: '*' },
      ],
    },
  });
});

test('the repository may have the ids that GitHub adds to its tokens, of owner and name both', () => {
  const repository = 'octo-org@123456/quotes@456789';
  expect(JSON.stringify(synthesize({ repository }).toJSON())).toContain(`repo:${repository}:environment:sandbox`);
  expect(() => synthesize({ repository: 'octo-org@123456/quotes' })).toThrow('repository: must be owner/name or');
});

test('the bootstrap may have another qualifier', () => {
  expect(JSON.stringify(synthesize({ qualifier: 'quotes' }).toJSON())).toContain('cdk-quotes-deploy-role-');
});

test('creates the provider of the tokens of GitHub for the audience of AWS', () => {
  synthesize({}, true).hasResourceProperties('AWS::IAM::OIDCProvider', {
    Url: 'https://token.actions.githubusercontent.com',
    ClientIdList: ['sts.amazonaws.com'],
  });
});

test.each<[Partial<GitHubDeployerProps>, string]>([
  [
    { repository: 'quotes' },
    'repository: must be owner/name or owner@id/name@id, got "quotes". Give the repository as its tokens name it.',
  ],
  [{ repository: 'octo-org/*' }, 'repository: must be owner/name or owner@id/name@id, got "octo-org/*".'],
  [{ environment: '*' }, 'environment: must be 1 to 255 letters, digits, hyphens, dots or underscores, got "*".'],
  [{ environment: 'a:ref:b' }, 'environment: must be 1 to 255 letters'],
  [{ regions: [] }, 'regions: must have at least one region, got none. Give the regions of the bootstrap.'],
])('refuses %p', (props, message) => {
  expect(() => synthesize(props)).toThrow(message);
});
