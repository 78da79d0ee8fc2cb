import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import permissions from './resource-permissions.json';

/**
 * The policies of the role with which CloudFormation creates the stacks (`cdk bootstrap
 * --cloudformation-execution-policies`), instead of AdministratorAccess. They are derived from lib/resource-permissions.json,
 * which has the actions for each resource type of the templates, with their source.
 */

/** Characters of a managed policy without white space. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const POLICY_CHARACTERS = 6_144;

export interface ExecutionPoliciesProps {
  /** Regions of the stacks. Services with regions refuse calls to other regions. */
  readonly regions: readonly string[];
  /** ARN of the permissions boundary without which the role creates no role and changes no policy of a role. */
  readonly boundaryArn: string;
}

/**
 * Statements of the policies, divided so that each group fits into a managed policy.
 *
 * - Roles, functions, tables, repositories, buckets and topics: only those whose name begins with that of a stack of Kumiki,
 *   which is how CloudFormation names them.
 * - A role is created, and its policies are changed, only if it has the boundary. Otherwise the role of the deployment could
 *   create a role with more permissions than its own.
 * - Everything else: in the given regions.
 */
export function executionPolicies(props: ExecutionPoliciesProps): iam.PolicyStatement[][] {
  return packed([...iamStatements(props), ...fixedStatements(), ...serviceStatements(props)]);
}

/** All actions of the table, in alphabetical order. */
export function executionActions(): string[] {
  const { types, others } = permissions;
  const all = [...Object.values(types).flat(), ...Object.values(others).flatMap(({ actions }) => actions)];
  return [...new Set(all)].sort();
}

/** Tells whether the table has a row for a resource type. All custom resources share a row. */
export function hasPermissions(type: string): boolean {
  const { types, others } = permissions;
  return type in types || type in others || (type.startsWith('Custom::') && 'Custom::*' in others);
}

const arn = (service: string, resource: string, region: string = Aws.REGION) =>
  `arn:${Aws.PARTITION}:${service}:${region}:${Aws.ACCOUNT_ID}:${resource}`;
const roles = (name: string) => arn('iam', `role/${name}`, '');

/** Actions on a role for which IAM knows the condition `iam:PermissionsBoundary`. */
const BOUNDED = ['Attach', 'Create', 'Delete', 'Detach', 'Put'].flatMap((verb) =>
  verb === 'Create'
    ? ['iam:CreateRole']
    : verb === 'Put'
      ? ['iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy']
      : [`iam:${verb}RolePolicy`],
);

/** Services that take a role of the templates, and Application Auto Scaling. */
export const PASSED_TO: readonly string[] = [
  ...['apigateway', 'application-autoscaling', 'chatbot', 'codebuild', 'codedeploy', 'ec2', 'ecs', 'ecs-tasks', 'eks'],
  ...['lambda', 'pods.eks', 'scheduler', 'states', 'vpc-flow-logs'],
].map((service) => `${service}.amazonaws.com`);

function iamStatements({ boundaryArn }: ExecutionPoliciesProps): iam.PolicyStatement[] {
  const actions = executionActions().filter((action) => action.startsWith('iam:'));
  const linked = actions.filter((action) => action.includes('ServiceLinked'));
  const profiles = actions.filter((action) => action.endsWith('InstanceProfile'));
  const special = [...BOUNDED, ...linked, ...profiles, 'iam:PassRole'];
  return [
    new iam.PolicyStatement({
      sid: 'RolesWithBoundary',
      actions: BOUNDED.filter((action) => actions.includes(action)),
      resources: [roles('Kumiki-*')],
      conditions: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    }),
    new iam.PolicyStatement({
      sid: 'Roles',
      actions: actions.filter((action) => !special.includes(action)),
      resources: [roles('Kumiki-*'), roles('aws-service-role/*')],
    }),
    new iam.PolicyStatement({
      sid: 'PassRoles',
      actions: ['iam:PassRole'],
      // Application Auto Scaling takes its service-linked roles as a property, and nobody else can assume them.
      resources: [roles('Kumiki-*'), roles('aws-service-role/*.application-autoscaling.amazonaws.com/*')],
      // A service may leave the key out of its request, and a condition without IfExists would then deny.
      conditions: { StringEqualsIfExists: { 'iam:PassedToService': [...PASSED_TO] } },
    }),
    // AWS defines what a service-linked role may do.
    new iam.PolicyStatement({ sid: 'LinkedRoles', actions: linked, resources: [roles('aws-service-role/*')] }),
    new iam.PolicyStatement({
      sid: 'Profiles',
      actions: profiles,
      // EKS names the profile of a node group.
      resources: [arn('iam', 'instance-profile/Kumiki-*', ''), arn('iam', 'instance-profile/eks-*', '')],
    }),
  ];
}

/** What a deployment needs besides the resources: other stacks' outputs, the assets and the version of the bootstrap. */
function fixedStatements(): iam.PolicyStatement[] {
  const assets = `arn:${Aws.PARTITION}:s3:::cdk-*-assets-${Aws.ACCOUNT_ID}-*`;
  return [
    // Fn::GetStackOutput reads with the role of the stack.
    new iam.PolicyStatement({
      sid: 'Outputs',
      actions: ['cloudformation:DescribeStacks'],
      resources: [arn('cloudformation', 'stack/Kumiki-*', '*')],
    }),
    new iam.PolicyStatement({
      sid: 'Assets',
      actions: ['s3:GetBucketLocation', 's3:GetObject', 's3:GetObjectVersion', 's3:ListBucket'],
      resources: [assets, `${assets}/*`],
    }),
    new iam.PolicyStatement({
      sid: 'Parameters',
      actions: ['ssm:GetParameter', 'ssm:GetParameters'],
      // CloudFormation names the parameters of a stack CFN-….
      resources: [
        arn('ssm', 'parameter/cdk-bootstrap/*', '*'),
        arn('ssm', 'parameter/CFN-*', '*'),
        `arn:${Aws.PARTITION}:ssm:*::parameter/aws/service/*`,
      ],
    }),
  ];
}

/**
 * Services without a region of the caller: IAM's page on `aws:RequestedRegion` names AWS Budgets, and CloudFormation calls
 * Amazon Q Developer in chat applications in a region that has it (https://github.com/aws/aws-cdk/issues/24675).
 */
const WITHOUT_REGION = ['budgets', 'chatbot'];

/** Services whose resources CloudFormation names after the stack, with the resources that have such names. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  dynamodb: [arn('dynamodb', 'table/Kumiki-*', '*')],
  // Amazon ECR and Amazon S3 have names in lower case.
  ecr: [arn('ecr', 'repository/kumiki-*', '*')],
  s3: [`arn:${Aws.PARTITION}:s3:::kumiki-*`],
  sns: [arn('sns', 'Kumiki-*', '*')],
};

function serviceStatements({ regions }: ExecutionPoliciesProps): iam.PolicyStatement[] {
  const actions = executionActions().filter((action) => !action.startsWith('iam:'));
  const services = [...new Set(actions.map((action) => action.split(':')[0] ?? ''))];
  const inRegions = { StringEquals: { 'aws:RequestedRegion': [...regions] } };
  return services.flatMap((service) => {
    const own = actions.filter((action) => action.startsWith(`${service}:`));
    const sid = service.replaceAll(/[^a-z0-9]/g, '');
    if (service === 'lambda') {
      // The name of a layer is not that of its stack.
      const layers = own.filter((action) => action.includes('Layer'));
      const rest = own.filter((action) => !layers.includes(action));
      return [
        new iam.PolicyStatement({ sid, actions: rest, resources: [arn('lambda', 'function:Kumiki-*', '*')] }),
        new iam.PolicyStatement({ sid: 'layers', actions: layers, resources: ['*'], conditions: inRegions }),
      ];
    }
    if (service === 'kms') return keyStatements(own, inRegions);
    if (WITHOUT_REGION.includes(service)) return [new iam.PolicyStatement({ sid, actions: own, resources: ['*'] })];
    const named = NAMED[service];
    return named === undefined
      ? [new iam.PolicyStatement({ sid, actions: own, resources: ['*'], conditions: inRegions })]
      : [new iam.PolicyStatement({ sid, actions: own, resources: [...named] })];
  });
}

/**
 * Statements for keys. The stack tags reach every key that a stack creates, so a key without the tag belongs to somebody else.
 * KMS may take minutes until a condition sees a new tag: what a deployment does with a new key at once has no such condition.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
 */
function keyStatements(own: readonly string[], inRegions: Conditions): iam.PolicyStatement[] {
  const creating = ['kms:CreateKey', 'kms:TagResource'];
  const atOnce = [
    ...['kms:CreateAlias', 'kms:DeleteAlias', 'kms:ListAliases', 'kms:UpdateAlias', 'kms:DescribeKey'],
    ...['kms:EnableKeyRotation', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListResourceTags'],
    // EKS creates a grant for the key of its secrets right after the key. CreateCluster does not support the condition
    // kms:GrantIsForAWSResource: https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
    'kms:CreateGrant',
  ];
  const of = (actions: readonly string[]) => own.filter((action) => actions.includes(action));
  const tag = (key: string) => ({ StringLike: { [`aws:${key}/kumiki:environment`]: '*' } });
  return [
    new iam.PolicyStatement({ sid: 'newkeys', actions: of(creating), resources: ['*'], conditions: tag('RequestTag') }),
    new iam.PolicyStatement({ sid: 'keys', actions: of(atOnce), resources: ['*'], conditions: inRegions }),
    new iam.PolicyStatement({
      sid: 'taggedkeys',
      actions: own.filter((action) => ![...creating, ...atOnce].includes(action)),
      resources: [arn('kms', 'key/*', '*')],
      conditions: tag('ResourceTag'),
    }),
  ];
}

type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Fills one policy after the other. Tokens are shorter than the values that they stand for, so some room is left. */
function packed(statements: readonly iam.PolicyStatement[]): iam.PolicyStatement[][] {
  const policies: iam.PolicyStatement[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const statement of statements) {
    const length = JSON.stringify(statement.toJSON()).length;
    if (used + length > POLICY_CHARACTERS - 500) {
      policies.push([]);
      used = 0;
    }
    policies.at(-1)?.push(statement);
    used += length;
  }
  return policies;
}
