import type { Environments } from '../../../lib/context';
import { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf, fixtures } from '../../../test/support/fixture';
import { synthesized } from '../../../test/support/stage';
import { askAccount } from '../../preflight/account';
import { VCPU_QUOTAS } from '../../preflight/checks';
import { type Plan, planOf } from '../../preflight/plan';
import { main, runPreflight } from '../../preflight/preflight';
import { QUOTAS } from '../../preflight/quotas';
import {
  type Answer,
  type Answers,
  ec2Error,
  ec2Xml,
  type Question,
  queryError,
  RecordedAccount,
  xml,
} from '../kit/recorded-account';
import { type Person, recordedTerminal } from '../kit/recorded-terminal';

const ROLE = 'arn:aws:iam::111122223333:role/apigateway-logs';
const UNAUTHORIZED = ec2Error('UnauthorizedOperation', 403, 'You are not authorized to perform this operation.');
const zone = (name: string, id: string) =>
  `<item><optInStatus>opt-in-not-required</optInStatus><zoneName>${name}</zoneName><zoneId>${id}</zoneId>` +
  '<zoneType>availability-zone</zoneType><zoneState>available</zoneState><regionName>us-east-1</regionName></item>';
const quota = (code: string, value: number): Answer => [
  200,
  JSON.stringify({
    Quota: { ServiceCode: 'ec2', QuotaCode: code, QuotaName: 'Running On-Demand Standard', Value: value },
  }),
];

/**
 * Quotas with the names that ListServiceQuotas gives them, without those that the command does not ask for.
 *
 * @see https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
 */
const QUOTA_NAMES: Readonly<Record<string, string>> = {
  'ec2 L-0263D0A3': 'EC2-VPC Elastic IPs',
  'ec2 L-1216C47A': 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
  'ec2 L-34B43A08': 'All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests',
  'vpc L-FE5A380F': 'NAT gateways per Availability Zone',
  'vpc L-F678F1CE': 'VPCs per Region',
  'elasticloadbalancing L-53DA6B97': 'Application Load Balancers per Region',
  'apigateway L-608BDCD4': 'VPC links(V2)',
  'eks L-1194D53C': 'Clusters',
  'fargate L-3032A538': 'Fargate On-Demand vCPU resource count',
  'fargate L-36FBB829': 'Fargate Spot vCPU resource count',
  'codebuild L-5ED1D25B': 'Concurrently running builds for ARM/Small environment',
};
const NO_QUOTA: Answer = [400, JSON.stringify({ __type: 'NoSuchResourceException', Message: 'no such quota' })];
/** Service Quotas of a region in which every quota that AWS has is 16. */
function known({ body }: Question): Answer {
  const code = String(body['QuotaCode']);
  return `${body['ServiceCode']} ${code}` in QUOTA_NAMES ? quota(code, 16) : NO_QUOTA;
}

function stacks(...summaries: readonly (readonly [name: string, status: string])[]): Answer {
  const members = summaries.map(
    ([name, status]) =>
      `<member><StackName>${name}</StackName><CreationTime>2026-05-08T23:34:01Z</CreationTime><StackStatus>${status}</StackStatus></member>`,
  );
  const result = `<StackSummaries>${members.join('')}</StackSummaries>`;
  return xml('ListStacks', result);
}

const functions = (...names: readonly string[]): Answer => [
  200,
  JSON.stringify({
    Functions: names.map((FunctionName) => ({ FunctionName, Runtime: 'nodejs24.x' })),
    NextMarker: null,
  }),
];
const provisioned = (...counts: readonly number[]): Answer => [
  200,
  JSON.stringify({
    ProvisionedConcurrencyConfigs: counts.map((count) => ({
      FunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:other:live',
      RequestedProvisionedConcurrentExecutions: count,
      AllocatedProvisionedConcurrentExecutions: count,
      Status: 'READY',
    })),
  }),
];
const resources = (...summaries: readonly (readonly [id: string, physicalId: string, type: string])[]): Answer => {
  const members = summaries.map(
    ([id, physicalId, type]) =>
      `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${physicalId}</PhysicalResourceId>` +
      `<ResourceType>${type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>` +
      '<LastUpdatedTimestamp>2026-05-08T23:34:01Z</LastUpdatedTimestamp></member>',
  );
  const result = `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`;
  return xml('ListStackResources', result);
};
const addresses = (...ips: readonly string[]): Answer =>
  ec2Xml(
    'DescribeAddresses',
    `<requestId>r</requestId><addressesSet>${ips
      .map(
        (ip) =>
          `<item><publicIp>${ip}</publicIp><allocationId>eipalloc-${ip}</allocationId><domain>vpc</domain></item>`,
      )
      .join('')}</addressesSet>`,
  );

/** An account in which the trial can be deployed. */
const ACCOUNT: Answers = {
  'ec2 DescribeAvailabilityZones': ec2Xml(
    'DescribeAvailabilityZones',
    `<requestId>r</requestId><availabilityZoneInfo>${zone('us-east-1a', 'use1-az1')}${zone('us-east-1b', 'use1-az2')}</availabilityZoneInfo>`,
  ),
  'ec2 DescribeInstanceTypes': ec2Xml(
    'DescribeInstanceTypes',
    '<requestId>r</requestId><instanceTypeSet><item><instanceType>t4g.medium</instanceType>' +
      '<vCpuInfo><defaultVCpus>2</defaultVCpus><defaultCores>2</defaultCores></vCpuInfo></item></instanceTypeSet>',
  ),
  'ec2 DescribeSubnets': ec2Xml(
    'DescribeSubnets',
    '<requestId>r</requestId><subnetSet><item><subnetId>subnet-1</subnetId><availabilityZone>us-east-1a</availabilityZone>' +
      '<availabilityZoneId>use1-az3</availabilityZoneId></item></subnetSet>',
  ),
  'lambda GET /2016-08-19/account-settings': [
    200,
    JSON.stringify({
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: 1_000,
        UnreservedConcurrentExecutions: 900,
      },
      AccountUsage: { TotalCodeSize: 0, FunctionCount: 0 },
    }),
  ],
  'apigateway GET /account': [
    200,
    JSON.stringify({
      apiKeyVersion: '4',
      cloudwatchRoleArn: ROLE,
      features: ['UsagePlans'],
      throttleSettings: { burstLimit: 5_000, rateLimit: 10_000 },
    }),
  ],
  'iam GetRole': xml(
    'GetRole',
    `<Role><Path>/</Path><Arn>${ROLE}</Arn><RoleName>apigateway-logs</RoleName>` +
      '<CreateDate>2026-05-08T23:34:01Z</CreateDate><RoleId>AROADBQP57FF2AEXAMPLE</RoleId></Role>',
  ),
  'servicequotas GetServiceQuota': known,
  'servicequotas GetAWSDefaultServiceQuota': known,
  'sts GetCallerIdentity': xml(
    'GetCallerIdentity',
    '<Arn>arn:aws:iam::111122223333:user/me</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>' +
      '<Account>111122223333</Account>',
  ),
  'ssm GetParameter': [
    200,
    JSON.stringify({
      Parameter: { Name: '/cdk-bootstrap/hnb659fds/version', Type: 'String', Value: '30', Version: 1 },
    }),
  ],
  'cloudformation ListStacks': stacks(),
  'cloudformation ListStackResources': resources(),
  'lambda GET /2015-03-31/functions': functions(),
  'ec2 DescribeAddresses': addresses('203.0.113.1'),
  'ec2 DescribeNatGateways': ec2Xml(
    'DescribeNatGateways',
    '<requestId>r</requestId><natGatewaySet><item><natGatewayId>nat-1</natGatewayId><subnetId>subnet-1</subnetId>' +
      '<state>available</state></item></natGatewaySet>',
  ),
  'ec2 DescribeVpcs': ec2Xml(
    'DescribeVpcs',
    '<requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId><isDefault>true</isDefault></item></vpcSet>',
  ),
  'elasticloadbalancing DescribeLoadBalancers': xml(
    'DescribeLoadBalancers',
    '<LoadBalancers><member><Type>application</Type><LoadBalancerArn>arn:1</LoadBalancerArn>' +
      '</member><member><Type>network</Type><LoadBalancerArn>arn:2</LoadBalancerArn></member></LoadBalancers>',
  ),
  'apigateway GET /v2/vpclinks': [200, JSON.stringify({ items: [{ vpcLinkId: 'a1', name: 'other' }] })],
  'eks GET /clusters': [200, JSON.stringify({ clusters: ['other'] })],
  'logs DescribeLogGroups': [200, JSON.stringify({ logGroups: [] })],
  'tagging GetResources': [200, JSON.stringify({ ResourceTagMappingList: [], PaginationToken: '' })],
};

const account = new RecordedAccount();
beforeAll(() => account.open());
afterAll(() => account.close());
const asked = () => account.asked.map(({ text }) => text);

/** The templates of the tests, which only the first test synthesizes. */
function planned(config: EnvironmentConfig): Plan {
  const templates = Object.entries(synthesized(config)).map(([stack, template]) => [
    `Kumiki-${config.id}-${stack}`,
    template.toJSON(),
  ]);
  return {
    templates: Object.fromEntries(templates),
    bootstrap: { version: 6, parameter: '/cdk-bootstrap/hnb659fds/version' },
  };
}

async function ask(config: EnvironmentConfig, other: Answers = {}): Promise<Record<string, string>> {
  account.answers = { ...ACCOUNT, ...other };
  account.asked.length = 0;
  const checked = await askAccount(config, ['trial', 'local'], planned);
  return Object.fromEntries(
    checked.map(({ check, verdict, there, todo }) => [
      check.en,
      `${verdict}: ${there.en}${todo === undefined ? '' : `. ${todo.en}`}`,
    ]),
  );
}

const withoutOwnRole = (config: EnvironmentConfig): EnvironmentConfig => ({
  ...config,
  restApi: { ...config.restApi, ownsApiAccount: false },
});
const trial = withoutOwnRole(fixtureOf('trial'));
const withCluster = withoutOwnRole(fixtureOf('trial', { kubernetes: 'true' }));

// A busy machine takes seconds for a synthesis, for which no test should have to wait.
beforeAll(() => {
  for (const config of [trial, withCluster, withoutOwnRole(fixtureOf('lasting'))]) planned(config);
}, 60_000);

test('passes an account that meets all checks', async () => {
  const checked = await ask(withCluster);
  expect(checked).toEqual({
    Account: 'pass: you are arn:aws:iam::111122223333:user/me',
    Templates: 'pass: stacks that synthesize: 13',
    Bootstrap: 'pass: version 30',
    Stacks: 'pass: no stack yet',
    Names: 'pass: not in use: /aws/eks/kumiki-trial/cluster, kumiki-trial',
    'Left-overs': 'pass: nothing of an earlier deployment',
    Price: expect.stringMatching(/^pass: \d+\.\d\d USD a month while idle, plus use/),
    'Elastic IP addresses': 'pass: 16, of which others use 1',
    'NAT gateways of a zone': 'pass: 16, of which others use 1',
    VPCs: 'pass: 16, of which others use 1',
    'Load balancers': 'pass: 16, of which others use 1',
    'VPC links V2': 'pass: 16, of which others use 1',
    'EKS clusters': 'pass: 16, of which others use 1',
    'Fargate vCPUs': 'pass: 16, shared with others',
    'Fargate Spot vCPUs': 'pass: 16, shared with others',
    'CodeBuild, ARM/Small': 'pass: 16, shared with others',
    Zones: expect.stringMatching(/^pass: us-east-1a is use1-az1, us-east-1b is use1-az2/),
    Image: expect.stringMatching(/^pass/),
    'Lambda concurrency': expect.stringMatching(/^pass: 900 not reserved/),
    'API Gateway logs': `pass: ${ROLE}`,
    'EC2 vCPUs': expect.stringMatching(/^pass: Running On-Demand Standard instances: 16 vCPUs/),
  });
});

test('asks for zones of the region, not for Local Zones', async () => {
  await ask(trial);
  const zones = asked().find((question) => question.startsWith('ec2 DescribeAvailabilityZones'));
  expect(zones).toContain('Filter.1.Name=zone-type&Filter.1.Value.1=availability-zone');
});

test('asks for each quota by the code that Service Quotas has for it', () => {
  const all = [...QUOTAS, ...VCPU_QUOTAS.map(({ code, name }) => ({ service: 'ec2', code, what: { en: name } }))];
  expect(all.map(({ what, service, code }) => `${what.en}: ${QUOTA_NAMES[`${service} ${code}`]}`)).toEqual([
    'Elastic IP addresses: EC2-VPC Elastic IPs',
    'NAT gateways of a zone: NAT gateways per Availability Zone',
    'VPCs: VPCs per Region',
    'Load balancers: Application Load Balancers per Region',
    'VPC links V2: VPC links(V2)',
    'EKS clusters: Clusters',
    'Fargate vCPUs: Fargate On-Demand vCPU resource count',
    'Fargate Spot vCPUs: Fargate Spot vCPU resource count',
    'CodeBuild, ARM/Small: Concurrently running builds for ARM/Small environment',
    'Running On-Demand Standard instances: Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    'All Standard Spot Instance Requests: All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests',
  ]);
});

test('asks for no quota where there are no instances', async () => {
  expect(Object.keys(await ask(trial))).not.toContain('EC2 vCPUs');
  expect(asked().filter((question) => question.includes('DescribeInstanceTypes'))).toEqual([]);
});

test('finds zones without VPC links, a small quota, and a part that is switched off', async () => {
  const zones = `${zone('us-east-1a', 'use1-az3')}${zone('us-east-1b', 'use1-az2')}${zone('us-east-1c', 'use1-az4')}`;
  const checked = await ask(withCluster, {
    'ec2 DescribeAvailabilityZones': ec2Xml(
      'DescribeAvailabilityZones',
      `<availabilityZoneInfo>${zones}</availabilityZoneInfo>`,
    ),
    'servicequotas GetServiceQuota': quota('L-1216C47A', 5),
  });
  expect(checked['Zones']).toMatch(/^problem: us-east-1a is use1-az3.* -c zones=us-east-1b,us-east-1c$/);
  expect(checked['EC2 vCPUs']).toMatch(/^warning: .* the quota is 5 vCPUs/);
  const switched = await ask(trial, {
    'cloudformation ListStacks': stacks(
      ['Kumiki-trial-Kubernetes', 'CREATE_COMPLETE'],
      ['Kumiki-trial-b-Network', 'ROLLBACK_COMPLETE'],
    ),
  });
  expect(switched['Stacks']).toBe('pass: stacks: 1, none failed');
  expect(switched['Switched off']).toMatch(/^warning: Kumiki-trial-Kubernetes is deployed, and cdk deploy deletes/);
});

test('compares with the default quota of AWS where the account has no quota of its own', async () => {
  const checked = await ask(withCluster, {
    'servicequotas GetServiceQuota': NO_QUOTA,
    'servicequotas GetAWSDefaultServiceQuota': quota('L-1216C47A', 5),
  });
  expect(checked['EC2 vCPUs']).toMatch(/^warning: .* the quota is 5 vCPUs/);
});

test('finds the zones of the subnets of an existing VPC', async () => {
  const privateSubnets = [{ subnetId: 'subnet-1', cidr: '10.20.0.0/20', routeTableId: 'rtb-1' }];
  const existing = { vpcId: 'vpc-1', cidr: '10.20.0.0/16', privateSubnets };
  const checked = await ask({ ...trial, network: { existing } });
  expect(checked['Zones']).toMatch(/^problem: subnet-1 is in use1-az3/);
  expect(asked().find((question) => question.startsWith('ec2 DescribeSubnets'))).toContain('SubnetId.1=subnet-1');
});

test('finds that the account names a role that no longer exists', async () => {
  const checked = await ask(trial, {
    'iam GetRole': queryError(404, 'NoSuchEntity', 'The role with name apigateway-logs cannot be found.'),
  });
  expect(checked['API Gateway logs']).toMatch(/^problem: the account names the role .* which no longer exists/);
  expect(asked().find((question) => question.startsWith('iam GetRole'))).toContain('RoleName=apigateway-logs');
});

test('finds an account that has no role yet', async () => {
  const none: Answer = [200, JSON.stringify({ throttleSettings: { burstLimit: 5_000, rateLimit: 10_000 } })];
  expect((await ask(trial, { 'apigateway GET /account': none }))['API Gateway logs']).toMatch(
    /^problem: the account has no role for API Gateway logs, and/,
  );
});

test('makes the other checks where credentials deny one, and passes none that it could not make', async () => {
  const denied: Answer = [400, JSON.stringify({ __type: 'AccessDeniedException', Message: 'not authorized' })];
  const checked = await ask(withCluster, {
    'ec2 DescribeAvailabilityZones': UNAUTHORIZED,
    'servicequotas GetServiceQuota': denied,
    'iam GetRole': queryError(403, 'AccessDenied', 'User is not authorized to perform: iam:GetRole'),
  });
  for (const check of ['Zones', 'EC2 vCPUs', 'API Gateway logs']) expect(checked[check]).toMatch(/^not checked: /);
  expect(checked['Zones']).toContain('These credentials do not allow that: You are not authorized');
  expect(checked['Lambda concurrency']).toMatch(/^pass/);
});

test('gives up where AWS rejects the credentials', async () => {
  const answer = queryError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  await expect(ask(trial, { 'iam GetRole': answer })).rejects.toThrow(/security token/);
});

test('names the action that is missing', async () => {
  const message = 'User: arn:aws:iam::111122223333:user/me is not authorized to perform: cloudformation:ListStacks';
  const checked = await ask(trial, {
    'cloudformation ListStacks': queryError(403, 'AccessDenied', message),
    'ec2 DescribeAvailabilityZones': UNAUTHORIZED,
  });
  expect(checked['Stacks']).toMatch(/^not checked: .*Allow cloudformation:ListStacks,/);
  expect(checked['Zones']).toMatch(/Allow ec2:DescribeAvailabilityZones, ec2:DescribeSubnets,/);
});

test('finds an account without bootstrap, and reads the parameter that the templates name', async () => {
  const missing: Answer = [400, JSON.stringify({ __type: 'ParameterNotFound' })];
  expect((await ask(trial, { 'ssm GetParameter': missing }))['Bootstrap']).toMatch(
    /^problem: 111122223333 is not bootstrapped in us-east-1\. .*npx cdk bootstrap aws:\/\/111122223333\/us-east-1$/,
  );
  const plan = planOf(trial);
  expect(plan.bootstrap).toEqual({ version: 6, parameter: '/cdk-bootstrap/hnb659fds/version' });
  expect(Object.keys(plan.templates).toSorted()).toEqual(Object.keys(planned(trial).templates).toSorted());
}, 60_000);

test('says why the templates do not synthesize, and makes the checks that need none', async () => {
  const services = trial.services.map((each) => ({ ...each, image: { from: 'digest' as const } }));
  account.answers = ACCOUNT;
  const checked = await askAccount({ ...trial, services }, []);
  const verdicts = Object.fromEntries(checked.map(({ check, verdict, todo }) => [check.en, [verdict, todo?.en]]));
  expect(verdicts['Templates']).toEqual([
    'problem',
    expect.stringMatching(/^services\.history\.image\.digest: must be/),
  ]);
  expect(verdicts['Zones']?.[0]).toBe('pass');
  expect(Object.keys(verdicts)).not.toContain('Bootstrap');
});

test('tries again where AWS throttles', async () => {
  process.env.AWS_MAX_ATTEMPTS = '3';
  let refusals = 2;
  const throttled = queryError(400, 'Throttling', 'Rate exceeded');
  const found = await ask(trial, {
    'cloudformation ListStacks': () => {
      refusals -= 1;
      return refusals >= 0 ? throttled : stacks();
    },
  });
  process.env.AWS_MAX_ATTEMPTS = '1';
  expect(found['Stacks']).toBe('pass: no stack yet');
  expect(asked().filter((question) => question.startsWith('cloudformation ListStacks'))).toHaveLength(3);
});

test('counts the provisioned concurrency of other functions, but not their reserved concurrency, nor its own', async () => {
  const checked = await ask(trial, {
    'lambda GET /2015-03-31/functions': functions('reserved', 'other', 'Kumiki-trial-Function-Quotes'),
    'lambda GET /2019-09-30/functions/other/provisioned-concurrency': provisioned(700, 90),
    'lambda GET /2019-09-30/functions/other/concurrency': [200, '{}'],
    'lambda GET /2019-09-30/functions/reserved/provisioned-concurrency': provisioned(50),
    'lambda GET /2019-09-30/functions/reserved/concurrency': [
      200,
      JSON.stringify({ ReservedConcurrentExecutions: 60 }),
    ],
    'cloudformation ListStacks': stacks(['Kumiki-trial-Function', 'CREATE_COMPLETE']),
    'cloudformation ListStackResources': resources(['Quotes', 'Kumiki-trial-Function-Quotes', 'AWS::Lambda::Function']),
  });
  expect(checked['Lambda concurrency']).toBe('pass: 900 not reserved, 790 of them provisioned by other functions');
  expect(asked().filter((question) => question.includes('Kumiki-trial-Function-Quotes/'))).toEqual([]);
});

test('asks for every page of functions', async () => {
  let pages = 0;
  const checked = await ask(trial, {
    'lambda GET /2015-03-31/functions': () => {
      pages += 1;
      const Functions = [{ FunctionName: `other${pages}` }];
      return [200, JSON.stringify({ Functions, NextMarker: pages < 3 ? `page ${pages}` : null })];
    },
    'lambda GET /2019-09-30/functions/other1/provisioned-concurrency': provisioned(),
    'lambda GET /2019-09-30/functions/other2/provisioned-concurrency': provisioned(300),
    'lambda GET /2019-09-30/functions/other2/concurrency': [200, '{}'],
    'lambda GET /2019-09-30/functions/other3/provisioned-concurrency': provisioned(500),
    'lambda GET /2019-09-30/functions/other3/concurrency': [200, '{}'],
  });
  expect(checked['Lambda concurrency']).toMatch(/^problem: 900 not reserved, 800 of them/);
});

test('does not count what the environment has already', async () => {
  const checked = await ask(trial, {
    'ec2 DescribeAddresses': addresses('203.0.113.1', '203.0.113.2'),
    'servicequotas GetServiceQuota': quota('L-0263D0A3', 2),
    'cloudformation ListStacks': stacks(['Kumiki-trial-Network', 'CREATE_COMPLETE']),
    'cloudformation ListStackResources': resources(
      ['Address', '203.0.113.1', 'AWS::EC2::EIP'],
      ['Gateway', 'nat-1', 'AWS::EC2::NatGateway'],
      ['Vpc', 'vpc-1', 'AWS::EC2::VPC'],
    ),
  });
  expect(checked['Elastic IP addresses']).toBe('pass: 2, of which others use 1');
  expect(checked['NAT gateways of a zone']).toBe('pass: 2, of which others use 0');
  expect(checked['VPCs']).toBe('pass: 2, of which others use 0');
  expect(checked['VPC links V2']).toMatch(/^warning: 2, of which others use 1/);
  expect(checked).not.toHaveProperty('Left-overs');
});

test('finds names that are in use, unless the environment has them', async () => {
  const taken: Answers = {
    'eks GET /clusters': [200, JSON.stringify({ clusters: ['other', 'kumiki-trial'] })],
    'logs DescribeLogGroups': [
      200,
      JSON.stringify({
        logGroups: ['/aws/eks/kumiki-trial/cluster-2', '/aws/eks/kumiki-trial/cluster'].map((logGroupName) => ({
          logGroupName,
        })),
      }),
    ],
  };
  expect((await ask(withCluster, taken))['Names']).toMatch(/^problem: /);
  const checked = await ask(withCluster, {
    ...taken,
    'cloudformation ListStacks': stacks(['Kumiki-trial-Kubernetes', 'CREATE_COMPLETE']),
    'cloudformation ListStackResources': resources(
      ['Cluster', 'kumiki-trial', 'AWS::EKS::Cluster'],
      ['Logs', '/aws/eks/kumiki-trial/cluster', 'AWS::Logs::LogGroup'],
    ),
  });
  expect(checked['Names']).toMatch(/^pass: /);
});

test('finds what an earlier deployment retained', async () => {
  const ResourceTagMappingList = [{ ResourceARN: 'arn:aws:ecr:us-east-1:111122223333:repository/a', Tags: [] }];
  const checked = await ask(trial, {
    'tagging GetResources': [200, JSON.stringify({ ResourceTagMappingList, PaginationToken: '' })],
  });
  expect(checked['Left-overs']).toMatch(
    /^warning: no stack, but resources with the tag of this environment: 1 \(ecr\)/,
  );
  expect(asked().some((question) => question.startsWith('tagging GetResources'))).toBe(true);
});

test('looks for the image that the environment names by its digest, and for the findings of its scan', async () => {
  const lasting = withoutOwnRole(fixtureOf('lasting'));
  const [logicalId = ''] = Object.entries(
    planned(lasting).templates['Kumiki-lasting-Registry']?.Resources ?? {},
  ).flatMap(([id, { Type }]) => (Type === 'AWS::ECR::Repository' ? [id] : []));
  const there: Answers = {
    'cloudformation ListStacks': stacks(['Kumiki-lasting-Registry', 'CREATE_COMPLETE']),
    'cloudformation ListStackResources': resources([logicalId, 'images', 'AWS::ECR::Repository']),
    'ecr DescribeImages': [200, JSON.stringify({ imageDetails: [{ repositoryName: 'images' }] })],
    'ecr DescribeImageScanFindings': [
      200,
      JSON.stringify({
        repositoryName: 'images',
        imageScanStatus: { status: 'COMPLETE', description: 'The scan was completed successfully.' },
        imageScanFindings: { findingSeverityCounts: { CRITICAL: 2 }, findings: [] },
      }),
    ],
  };
  const gone = (name: string): Answer => [400, JSON.stringify({ __type: name, message: 'not found' })];
  const found = async (other: Answers) => (await ask(lasting, { ...there, ...other }))['Image by digest'];
  expect(await found({})).toMatch(/^warning: images has it, findings: CRITICAL 2/);
  expect(await found({ 'ecr DescribeImages': gone('ImageNotFoundException') })).toMatch(
    /^problem: images does not have it/,
  );
  expect(await found({ 'ecr DescribeImageScanFindings': gone('ScanNotFoundException') })).toMatch(
    /^warning: .*scan: none/,
  );
  expect(await found({ 'cloudformation ListStacks': stacks() })).toMatch(
    /^problem: the stack .* has no repository yet/,
  );
});

test('gives up where the session expires in the middle', async () => {
  const expired: Answer = [
    400,
    JSON.stringify({ __type: 'ExpiredTokenException', message: 'The security token is expired' }),
  ];
  await expect(ask(trial, { 'servicequotas GetServiceQuota': expired })).rejects.toThrow(/expired/);
  await expect(ask(trial, { 'ec2 DescribeVpcs': ec2Error('RequestExpired', 403) })).rejects.toThrow();
});

test('asks nothing more in the wrong account', async () => {
  expect(await ask({ ...trial, account: '444455556666' })).toEqual({
    Account: expect.stringMatching(/^problem: you are arn:aws:iam::111122223333:user\/me/),
  });
  expect(asked().map((question) => question.split(' ', 2).join(' '))).toEqual(['sts GetCallerIdentity']);
});

test('takes the default that AWS documents where Service Quotas knows no quota in the region', async () => {
  const checked = await ask(trial, {
    'servicequotas GetServiceQuota': NO_QUOTA,
    'servicequotas GetAWSDefaultServiceQuota': NO_QUOTA,
  });
  expect(checked['VPC links V2']).toBe('pass: 10, of which others use 1');
  expect(checked['CodeBuild, ARM/Small']).toBe('pass: 1, shared with others');
});

test('prints the table, and tells the caller whether something blocks', async () => {
  const [english, japanese] = [recordedTerminal(), recordedTerminal({ language: 'ja' })];
  account.answers = ACCOUNT;
  const passing = await runPreflight(trial, { ...english.terminal, planned });
  account.answers = { ...ACCOUNT, 'ssm GetParameter': [400, JSON.stringify({ __type: 'ParameterNotFound' })] };
  const failing = await runPreflight(trial, { ...japanese.terminal, planned });
  expect([passing, failing]).toEqual([
    { blocked: false, problems: 0, unchecked: 0, advisory: 0 },
    { blocked: true, problems: 1, unchecked: 0, advisory: 0 },
  ]);
  expect(english.lines.slice(0, 2)).toEqual(['Environment trial in us-east-1', '']);
  expect(english.lines.at(-1)).toMatch(/^Nothing blocks the deployment: /);
  expect(japanese.lines.at(-1)).toMatch(/^まだデプロイしないでください：/);
});

test('counts apart the checks that could not be made and only warn, and says that they could not be read', async () => {
  const { terminal, lines } = recordedTerminal();
  const failing: Answer = [400, JSON.stringify({ __type: 'ResourceNotFoundException', Message: 'No config found' })];
  account.answers = { ...ACCOUNT, 'ssm GetParameter': failing, 'servicequotas GetServiceQuota': failing };
  const { blocked, problems, unchecked, advisory } = await runPreflight(trial, { ...terminal, planned });
  expect([blocked, problems, unchecked]).toEqual([true, 0, 1]);
  expect(advisory).toBeGreaterThan(1);
  expect(lines.at(-1)).toMatch(new RegExp(`not checked ${advisory + 1}\\.$`));
  expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('could not be read: No config found');
});

describe('npm run preflight', () => {
  interface Run extends Person {
    readonly answers?: Answers;
    readonly known?: Environments;
  }

  const { trial: definition } = fixtures;
  /** The definition of the trial of the other tests. */
  const ofTrial = { ...definition, restApi: { ...definition.restApi, ownsApiAccount: false } };

  async function run(
    flags: readonly string[],
    { answers: other = {}, known = { trial: ofTrial }, ...person }: Run = {},
  ) {
    account.answers = { ...ACCOUNT, ...other };
    account.asked.length = 0;
    const { terminal, lines } = recordedTerminal(person);
    const code = await main(['--environment', 'trial', ...flags], { ...terminal, planned }, known);
    return { code, lines };
  }
  const notBootstrapped: Answers = { 'ssm GetParameter': [400, JSON.stringify({ __type: 'ParameterNotFound' })] };
  const denied: Answers = {
    'ssm GetParameter': [400, JSON.stringify({ __type: 'AccessDeniedException', Message: 'not authorized' })],
  };

  test('ends with 0 where nothing blocks in what the context switches on', async () => {
    const { code, lines } = await run(['-c', 'kubernetes=true']);
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/EKS clusters/);
  });

  test('a warning does not change that', async () => {
    const { code, lines } = await run([], { answers: { 'servicequotas GetServiceQuota': quota('L-608BDCD4', 1) } });
    expect([code, lines.at(-1)]).toEqual([0, expect.stringMatching(/warnings [1-9]\d*, problems 0, not checked 0\.$/)]);
  });

  test.each<[string, Answers, RegExp]>([
    ['a check finds a problem', notBootstrapped, /^Do not deploy yet: .* problems 1, not checked 0\.$/],
    ['a check could not be made', denied, /^Do not deploy yet: .* problems 0, not checked 1\.$/],
  ])('ends with 1 where %s', async (_, other, line) => {
    const { code, lines } = await run([], { answers: other });
    expect([code, lines.at(-1)]).toEqual([1, expect.stringMatching(line)]);
  });

  test('ends with 1 in another account, of which it asks nothing', async () => {
    const { code } = await run([], { known: { trial: { ...ofTrial, account: '444455556666' } } });
    expect(code).toBe(1);
    expect(asked().map((question) => question.split(' ')[0])).toEqual(['sts']);
  });

  test('says in one line what to do about credentials that have expired', async () => {
    const expired = queryError(403, 'ExpiredToken', 'The token has expired');
    await expect(run([], { answers: { 'sts GetCallerIdentity': expired } })).rejects.toMatchObject({
      text: { en: 'The AWS credentials have expired. Sign in again.', ja: expect.stringMatching(/^AWS の認証情報/) },
    });
  });

  test.each(['sts GetCallerIdentity', 'cloudformation ListStacks', 'ec2 DescribeVpcs'])(
    'Ctrl-C during %s ends at once, without a table',
    async (name) => {
      const interruption = new AbortController();
      let answerNow = () => {};
      const later = new Promise<void>((resolve) => {
        answerNow = resolve;
      });
      const interrupting: Answers = {
        [name]: async (question) => {
          interruption.abort();
          await later;
          const answer = ACCOUNT[name] ?? [501, name];
          return typeof answer === 'function' ? answer(question) : answer;
        },
      };
      const { code, lines } = await run([], { answers: interrupting, interruption });
      answerNow();
      // All requests are answered, so that a table would be printed now.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(code).toBe(130);
      expect(lines).toEqual(['Interrupted. Preflight only reads, so nothing was changed.']);
      expect(asked().filter((question) => !/^\S+ (Get|List|Describe|GET)/.test(question))).toEqual([]);
    },
  );
});
