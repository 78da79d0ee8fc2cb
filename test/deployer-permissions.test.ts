import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { accountOf } from '../lib/account';
import { AccountStack } from '../lib/stacks/account-stack';
import { matches, read } from './support/documents';
import { fixtures } from './support/fixture';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** What the role for GitHub of the environment `trial` may do: every action with its resource. */
function rightsOf(context: Record<string, string> = {}): [string, string | string[]][] {
  const account = accountOf({ repository: 'octo-org/quotes', environments: 'trial', ...context }, fixtures);
  const template = Template.fromStack(new AccountStack(new App(), 'Account', account));
  const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
  const text = JSON.stringify(policy?.['Properties'].PolicyDocument.Statement)
    .replaceAll(/\{"Fn::Join":\["",\[(.*?)\]\]\}/g, '$1')
    .replaceAll(/"arn:",\{"Ref":"AWS::Partition"\},"/g, '"arn:aws')
    .replaceAll(/",\{"Ref":"AWS::AccountId"\},"/g, '111122223333')
    .replaceAll(/","(?=-us|-eu)/g, '');
  const statements: Statement[] = JSON.parse(text);
  return statements.flatMap(({ Action, Resource }) =>
    [Action]
      .flat()
      .map((action): [string, string | string[]] => [action, Array.isArray(Resource) ? Resource : String(Resource)]),
  );
}

test('the role for GitHub has the permissions that preflight needs, those that cdk diagnose needs, and the roles of the bootstrap', () => {
  // test/documents/security.test.ts holds the list of the page against the calls in ops/preflight.
  const [, section = ''] = /^## Permissions for preflight\n(.*?)^## /ms.exec(read('docs/deploy.md')) ?? [];
  const preflight = matches(section, /`([a-z0-9-]+:\w+)`/g);
  const diagnose = ['DescribeEvents', 'DescribeStackEvents', 'DescribeStacks', 'ListChangeSets'].map(
    (action) => `cloudformation:${action}`,
  );
  expect(preflight.length).toBeGreaterThan(20);
  const actions = rightsOf().map(([action]) => action);
  expect(actions.toSorted()).toEqual([...preflight, ...diagnose, 'sts:AssumeRole'].toSorted());
});

test('the role for GitHub reads no parameters, API keys, images and stacks but those of the bootstrap and of its environment', () => {
  const stacks = 'arn:aws:cloudformation:us-east-1:111122223333:stack/Kumiki-trial-*';
  const images = 'arn:aws:ecr:us-east-1:111122223333:repository/kumiki-trial-*';
  const limited = rightsOf().filter(([, resource]) => resource !== '*');
  expect(Object.fromEntries(limited)).toEqual({
    'sts:AssumeRole': [
      'arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-us-east-1',
      'arn:aws:iam::111122223333:role/cdk-hnb659fds-file-publishing-role-111122223333-us-east-1',
    ],
    'ssm:GetParameter': 'arn:aws:ssm:us-east-1:111122223333:parameter/cdk-bootstrap/*',
    'apigateway:GET': ['arn:aws:apigateway:us-east-1::/account', 'arn:aws:apigateway:us-east-1::/vpclinks'],
    'ecr:DescribeImages': images,
    'ecr:DescribeImageScanFindings': images,
    'cloudformation:ListStackResources': stacks,
    'cloudformation:DescribeEvents': stacks,
    'cloudformation:DescribeStackEvents': stacks,
    'cloudformation:DescribeStacks': stacks,
    'cloudformation:ListChangeSets': stacks,
  });
});

test('the role for GitHub only reads, apart from the roles that it assumes', () => {
  const verbs = rightsOf().map(([action]) => action.split(':')[1]);
  expect(verbs.filter((verb) => !/^(Describe|Get|GET|List)/.test(verb ?? ''))).toEqual(['AssumeRole']);
});

test('the role for GitHub reads in the region in which the environment is deployed', () => {
  const rights = Object.fromEntries(rightsOf({ region: 'eu-west-1' }));
  expect(rights['ssm:GetParameter']).toBe('arn:aws:ssm:eu-west-1:111122223333:parameter/cdk-bootstrap/*');
});
