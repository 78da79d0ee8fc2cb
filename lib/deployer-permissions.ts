import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/**
 * What the role for GitHub reads itself: `npm run preflight` before a deployment, and `cdk diagnose` after a deployment that
 * failed. The deployment works with the roles of the bootstrap.
 */

/** Actions of `npm run preflight` for which IAM knows no resources, or whose resource can have any name. */
export const PREFLIGHT_ACTIONS: readonly string[] = [
  'cloudformation:ListStacks',
  'ec2:DescribeAddresses',
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeNatGateways',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'eks:ListClusters',
  'elasticloadbalancing:DescribeLoadBalancers',
  'iam:GetRole',
  'lambda:GetAccountSettings',
  'lambda:GetFunctionConcurrency',
  'lambda:ListFunctions',
  'lambda:ListProvisionedConcurrencyConfigs',
  'logs:DescribeLogGroups',
  'servicequotas:GetAWSDefaultServiceQuota',
  'servicequotas:GetServiceQuota',
  'sts:GetCallerIdentity',
  'tag:GetResources',
];

/**
 * The actions that would read secrets or other projects if they were allowed on all resources: all parameters of Systems Manager
 * and all API keys, for example.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html (VPC links of both kinds of API)
 */
export function readStatements(environment: string, region: string): iam.PolicyStatement[] {
  const arn = (service: string, resource: string) =>
    `arn:${Aws.PARTITION}:${service}:${region}:${Aws.ACCOUNT_ID}:${resource}`;
  return [
    new iam.PolicyStatement({
      actions: ['ssm:GetParameter'],
      resources: [arn('ssm', 'parameter/cdk-bootstrap/*')],
    }),
    new iam.PolicyStatement({
      actions: ['apigateway:GET'],
      resources: ['account', 'vpclinks'].map((path) => `arn:${Aws.PARTITION}:apigateway:${region}::/${path}`),
    }),
    new iam.PolicyStatement({
      actions: ['ecr:DescribeImages', 'ecr:DescribeImageScanFindings'],
      resources: [arn('ecr', `repository/kumiki-${environment.toLowerCase()}-*`)],
    }),
    new iam.PolicyStatement({
      actions: [
        'cloudformation:ListStackResources',
        // `cdk diagnose` reads with these credentials, because the role may not assume the bootstrap's role for lookups.
        'cloudformation:DescribeEvents',
        'cloudformation:DescribeStackEvents',
        'cloudformation:DescribeStacks',
        'cloudformation:ListChangeSets',
      ],
      resources: [arn('cloudformation', `stack/Kumiki-${environment}-*`)],
    }),
  ];
}
