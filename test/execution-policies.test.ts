import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { accountOf } from '../lib/account';
import { executionActions, hasPermissions, PASSED_TO, POLICY_CHARACTERS } from '../lib/execution-policies';
import permissions from '../lib/resource-permissions.json';
import { AccountStack, BOUNDARY_NAME } from '../lib/stacks/account-stack';
import schemas from './fixtures/schema-permissions.json';
import { fixtureOf, fixtures } from './support/fixture';
import { resourcesOf, synthesized } from './support/stage';
import { variants } from './support/variants';

interface Statement {
  readonly Sid?: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

function templateOf(context: Record<string, string> = {}): Template {
  const account = accountOf(context, fixtures);
  return Template.fromStack(new AccountStack(new App(), 'Account', { ...account, stackName: 'KumikiAccount' }));
}

const template = templateOf({ repository: 'octo-org/quotes', environments: 'trial' });
const policies = Object.entries(template.findResources('AWS::IAM::ManagedPolicy'));
const execution = policies.filter(([id]) => id.startsWith('Execution')).map(([, { Properties }]) => Properties);
const statements: Statement[] = execution.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
const actionsOf = ({ Action }: Statement) => [Action].flat();

/** Tells whether a pattern, in which `*` stands for any characters, matches an action. */
function matchesPattern(pattern: string, action: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(action);
}

const types = new Set(
  Object.values(variants()).flatMap((config) => resourcesOf(synthesized(config)).map(([, , { Type }]) => Type)),
);

test.each([...types])('the table of permissions has a row for %s', (type) => {
  expect(hasPermissions(type)).toBe(true);
});

test('the table of permissions has no row for a type that no template has', () => {
  const rows = [...Object.keys(permissions.types), ...Object.keys(permissions.others)];
  // The tests synthesize without the metadata of the CDK.
  const others = ['Custom::*', 'AWS::CDK::Metadata'];
  expect(rows.filter((type) => !others.includes(type) && !types.has(type))).toEqual([]);
});

test('a type without permissions is noticed', () => {
  expect(hasPermissions('AWS::SageMaker::NotebookInstance')).toBe(false);
});

const leftOut = permissions.leftOut.flatMap(({ actions }) => actions);
const isLeftOut = (action: string) => leftOut.some((pattern) => matchesPattern(pattern, action));
/** The actions that a schema names, by type, without those that the table leaves out for a reason. */
const named = new Map(
  Object.entries(schemas.types).map(([type, actions]) => [type, actions.filter((action) => !isLeftOut(action))]),
);

test.each(Object.entries(permissions.types))('%s has the actions that its schema names', (type, actions) => {
  expect(actions).toEqual(named.get(type));
});

test('a type is in the table by its schema, or by another source if its schema names no action', () => {
  const recorded = Object.entries(schemas.types);
  const typesWith = (some: boolean) => recorded.filter(([, { length }]) => length > 0 === some).map(([type]) => type);
  expect(typesWith(true).toSorted()).toEqual(Object.keys(permissions.types).toSorted());
  const others = Object.keys(permissions.others).filter((type) => type.startsWith('AWS::'));
  expect(typesWith(false).toSorted()).toEqual(others.filter((type) => !(type in permissions.types)).toSorted());
});

test('a schema names every action that the table leaves out', () => {
  const all = Object.values(schemas.types).flat();
  expect(leftOut.filter((pattern) => !all.some((action) => matchesPattern(pattern, action)))).toEqual([]);
});

test('the rows of other sources have the actions that the sources name', () => {
  expect(Object.fromEntries(Object.entries(permissions.others).map(([type, { actions }]) => [type, actions]))).toEqual({
    'AWS::CDK::Metadata': [],
    'AWS::CodeBuild::Project': [
      ...['BatchGetProjects', 'CreateProject', 'DeleteProject', 'UpdateProject'].map((call) => `codebuild:${call}`),
      'iam:PassRole',
    ],
    'Custom::*': ['lambda:InvokeFunction'],
    // The page says ReEncrypt* and GenerateDataKey*, and which calls these are. The schema has the others.
    'AWS::DynamoDB::Table': ['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'].map(
      (call) => `kms:${call}`,
    ),
    // The page has these for all resources. It has more, for people who read the logs.
    'AWS::ApiGatewayV2::Stage': [
      ...['CreateLogDelivery', 'CreateLogGroup', 'DeleteLogDelivery', 'DescribeResourcePolicies', 'GetLogDelivery'],
      ...['ListLogDeliveries', 'PutResourcePolicy', 'UpdateLogDelivery'],
    ].map((call) => `logs:${call}`),
  });
});

test('every action is the name of a service and of a call, with a wildcard at most where the schema has one', () => {
  for (const action of executionActions()) expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z]+(\*)?$/);
  expect(executionActions().filter((action) => action.endsWith('*'))).toEqual([
    'autoscaling:Describe*',
    'ec2:Describe*',
    'ec2:Get*',
    'elasticloadbalancing:Describe*',
  ]);
});

test('the policies have every action of the table', () => {
  const granted = new Set(statements.flatMap(actionsOf));
  expect(executionActions().filter((action) => !granted.has(action))).toEqual([]);
});

test('the policies fit into the quotas of IAM: characters of a policy, policies of a role', () => {
  for (const { PolicyDocument } of execution) {
    // A reference is replaced by at most the 12 digits of an account or the name of a region or partition.
    const text = JSON.stringify(PolicyDocument).replaceAll(/\{"Fn::Join":\["",\[(.*?)\]\]\}/g, '"$1"');
    expect(text.replaceAll(/\{"Ref":"AWS::\w+"\}/g, '012345678901').replaceAll('","', '').length).toBeLessThan(
      POLICY_CHARACTERS,
    );
  }
  expect(execution.length).toBeLessThanOrEqual(10);
});

test('CloudFormation creates a role and changes its policies only if the role has the boundary', () => {
  const boundary = { 'Fn::Join': ['', expect.arrayContaining([`:policy/${BOUNDARY_NAME}`])] };
  const changing = /^iam:(Attach|Create|Delete|Detach|Put)Role(PermissionsBoundary|Policy)?$/;
  for (const statement of statements) {
    const bounded = actionsOf(statement).filter((action) => changing.test(action) && action !== 'iam:DeleteRole');
    if (bounded.length === 0) continue;
    expect(statement.Condition).toEqual({ StringEquals: { 'iam:PermissionsBoundary': boundary } });
  }
  expect(statements.flatMap(actionsOf)).toContain('iam:CreateRole');
  expect(statements.flatMap(actionsOf)).not.toContain('iam:DeleteRolePermissionsBoundary');
});

test('CloudFormation touches the roles of the stacks and those that AWS defines, and no user, group or managed policy', () => {
  const iam = statements.filter((statement) => actionsOf(statement).some((action) => action.startsWith('iam:')));
  for (const { Resource } of iam) {
    const names = [...JSON.stringify(Resource).matchAll(/:((?:role|instance-profile)\/[^"]*)"/g)].map(
      ([, name]) => name,
    );
    expect(names.length).toBe([Resource].flat().length);
    for (const name of names) {
      expect([
        'role/Kumiki-*',
        'role/aws-service-role/*',
        'role/aws-service-role/*.application-autoscaling.amazonaws.com/*',
        'instance-profile/Kumiki-*',
        'instance-profile/eks-*',
      ]).toContain(name);
    }
  }
  expect(iam.flatMap(actionsOf).filter((action) => /User|Group|Policy(Version)?$/.test(action))).toEqual(
    expect.not.arrayContaining([expect.stringMatching(/iam:(Create|Delete)Policy/)]),
  );
});

test('roles are passed to the services that assume them in the templates, and to no other', () => {
  const principals = new Set(
    Object.values(variants())
      .flatMap((config) => resourcesOf(synthesized(config)))
      .filter(([, , { Type }]) => Type === 'AWS::IAM::Role')
      .flatMap(([, , { Properties }]) => [...JSON.stringify(Properties).matchAll(/"([a-z.-]+\.amazonaws\.com)"/g)])
      .map(([, service]) => service),
  );
  // Those of the service-linked roles, ECS, which passes the roles of tasks, and EC2, whose name is an expression.
  const linked = ['application-autoscaling.amazonaws.com', 'ecs.amazonaws.com', 'ec2.amazonaws.com'];
  expect([...new Set([...principals, ...linked])].toSorted()).toEqual([...PASSED_TO].toSorted());
});

test('a statement for all resources is limited to the regions of the environments, or to new keys with the tag', () => {
  const global = (statement: Statement) => actionsOf(statement).every((action) => /^(budgets|chatbot):/.test(action));
  const newKeys = statements.find(({ Sid }) => Sid === 'newkeys');
  expect(newKeys).toMatchObject({ Condition: { StringLike: { 'aws:RequestTag/kumiki:environment': '*' } } });
  const limited = statements.filter((statement) => statement !== newKeys && !global(statement));
  for (const { Resource, Condition } of limited.filter(({ Resource: resource }) => resource === '*')) {
    expect({ Resource, Condition }).toEqual({
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': ['us-east-1'] } },
    });
  }
});

// AWS says that CreateCluster does not support kms:GrantIsForAWSResource, and that a tag may work only minutes later.
test('the grant that EKS creates for a new key of its secrets has no condition but the region', () => {
  const grants = statements.filter((statement) => actionsOf(statement).includes('kms:CreateGrant'));
  expect(grants.map(({ Resource, Condition }) => ({ Resource, Condition }))).toEqual([
    { Resource: '*', Condition: { StringEquals: { 'aws:RequestedRegion': ['us-east-1'] } } },
  ]);
});

test('no role that lets a deployment in has a name that a deployment may change', () => {
  const roles = Object.values(template.findResources('AWS::IAM::Role'));
  expect(roles.length).toBe(1);
  for (const { Properties } of roles) expect(Properties).not.toHaveProperty('RoleName');
  expect('KumikiAccount'.startsWith('Kumiki-')).toBe(false);
});

test('the boundary lets no role change identities or assume another role', () => {
  const boundary = policies.find(([id]) => id.startsWith('Boundary'))?.[1]['Properties'];
  expect(boundary.PolicyDocument.Statement).toEqual([
    {
      Sid: 'Services',
      Effect: 'Allow',
      NotAction: ['account:*', 'cloudformation:*', 'iam:*', 'organizations:*', 'sts:*'],
      Resource: '*',
    },
    {
      Sid: 'Identity',
      Effect: 'Allow',
      Action: ['sts:GetCallerIdentity', 'sts:GetServiceBearerToken', 'iam:GetRole', 'iam:ListAttachedRolePolicies'],
      Resource: '*',
    },
    expect.objectContaining({ Action: 'iam:CreateServiceLinkedRole' }),
  ]);
});

test('every role of an environment with a boundary has it', () => {
  const config = {
    ...fixtureOf('trial', { capacity: 'both', kubernetes: 'true' }),
    permissionsBoundary: BOUNDARY_NAME,
  };
  const roles = resourcesOf(synthesized(config)).filter(([, , { Type }]) => Type === 'AWS::IAM::Role');
  expect(roles.length).toBeGreaterThan(10);
  for (const [, id, { Properties }] of roles) {
    expect({ id, boundary: JSON.stringify(Properties?.['PermissionsBoundary']) }).toEqual({
      id,
      boundary: expect.stringContaining(`:policy/${BOUNDARY_NAME}`),
    });
  }
});

test('no resource has a physical name outside the patterns of the policies', () => {
  const named: Readonly<Record<string, string>> = {
    'AWS::IAM::Role': 'RoleName',
    'AWS::IAM::InstanceProfile': 'InstanceProfileName',
    'AWS::Lambda::Function': 'FunctionName',
    'AWS::DynamoDB::Table': 'TableName',
    'AWS::ECR::Repository': 'RepositoryName',
    'AWS::S3::Bucket': 'BucketName',
  };
  for (const config of Object.values(variants())) {
    for (const [, id, { Type, Properties }] of resourcesOf(synthesized(config))) {
      const property = named[Type];
      if (property !== undefined) expect({ id, name: Properties?.[property] }).toEqual({ id, name: undefined });
    }
  }
});

test('without a repository, the account has no role for GitHub', () => {
  templateOf().resourceCountIs('AWS::IAM::OIDCProvider', 0);
  templateOf().resourceCountIs('AWS::IAM::Role', 0);
});

test('an account that has the provider of GitHub gets only the roles', () => {
  const other = templateOf({ repository: 'octo-org/quotes', provider: 'exists', environments: 'trial' });
  other.resourceCountIs('AWS::IAM::OIDCProvider', 0);
  other.resourceCountIs('AWS::IAM::Role', 1);
});

test.each([
  [
    { environment: 'trial' },
    'context: "environment" is not known. Give -c with one of environments, repository, provider, region.',
  ],
  [
    { environments: 'staging' },
    'environments: "staging" is not known. Give some of trial,lasting: -c environments=trial',
  ],
  [
    { environments: 'trial,trial' },
    'environments: must name each environment once, got "trial" twice. Remove one of the two.',
  ],
  [
    { region: 'us-eastt-1' },
    'region: must be a region of the partition aws that aws-cdk-lib knows, got "us-eastt-1". Give a region such as -c region=us-east-1.',
  ],
  [{ region: 'cn-north-1' }, 'region: must be a region of the partition aws that aws-cdk-lib knows, got "cn-north-1".'],
  [{ provider: 'yes' }, 'provider: must be exists, got "yes". Leave it out'],
  [
    { repository: 'octo-org/quotes' },
    'environments: must be one with repository, got trial,lasting. The deploy role of the bootstrap changes all stacks of its ' +
      'account, so the rules of one environment on GitHub would not protect another one: -c environments=trial',
  ],
])('refuses %p', (context, message) => {
  expect(() => accountOf(context, fixtures)).toThrow(message);
});
