import type { Environments } from '../../../lib/context';
import { environments } from '../../../lib/environments';
import { fixtures } from '../../../test/support/fixture';
import { askLeftOvers, type Swept } from '../../sweep/account';
import type { LeftOver } from '../../sweep/left-overs';
import { doneOf, linesOf, summaryOf } from '../../sweep/lines';
import { lists } from '../../sweep/lists';
import { main } from '../../sweep/sweep';
import {
  type Answers,
  ec2Error,
  ec2Xml,
  json,
  jsonError,
  queryError,
  RecordedAccount,
  xml,
} from '../kit/recorded-account';
import { type Person, recordedTerminal } from '../kit/recorded-terminal';

// Between two attempts, the command waits for nothing here.
jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const ACCOUNT = '111122223333';
const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${rest}`;
const stackId = (name: string, unique: string) => arn('cloudformation', `stack/${name}/${unique}`);
const stack = (name: string, status: string, unique = '1') =>
  `<member><StackId>${stackId(name, unique)}</StackId><StackName>${name}</StackName>` +
  `<StackStatus>${status}</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime></member>`;
const stacks = (...all: string[]) => xml('ListStacks', `<StackSummaries>${all.join('')}</StackSummaries>`);
const had = (...all: (readonly [type: string, id: string, status?: string])[]) =>
  xml(
    'ListStackResources',
    `<StackResourceSummaries>${all
      .map(
        ([type, id, status = 'DELETE_COMPLETE']) =>
          `<member><LogicalResourceId>L</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId>` +
          `<ResourceType>${type}</ResourceType><ResourceStatus>${status}</ResourceStatus></member>`,
      )
      .join('')}</StackResourceSummaries>`,
  );
const logGroup = (name: string, storedBytes = 0) => ({
  logGroupName: name,
  storedBytes,
  arn: `${arn('logs', `log-group:${name}`)}:*`,
  logGroupArn: arn('logs', `log-group:${name}`),
});
const tagged = (own: string, tags: Record<string, string>) => ({
  ResourceARN: own,
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});
const ec2Tags = (tags: Record<string, string>) =>
  `<tagSet>${Object.entries(tags)
    .map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`)
    .join('')}</tagSet>`;
const OURS = { 'kumiki:environment': 'sandbox' };

/** An account in which nothing is left. */
const CLEAN: Answers = {
  'cloudformation ListStacks': stacks(stack('CDKToolkit', 'CREATE_COMPLETE')),
  'cloudformation ListStackResources': had(),
  'tagging GetResources': json({ PaginationToken: '', ResourceTagMappingList: [] }),
  'apigateway GET /restapis': json({ item: [] }),
  'apigateway GET /v2/apis': json({ items: [] }),
  'apigateway GET /v2/vpclinks': json({ items: [] }),
  'monitoring ListDashboards': json({ DashboardEntries: [] }),
  'eks GET /clusters': json({ clusters: [] }),
  'lambda GET /2015-03-31/functions': json({ Functions: [] }),
  'monitoring DescribeAlarms': json({ MetricAlarms: [], CompositeAlarms: [] }),
  'elasticloadbalancing DescribeLoadBalancers': xml('DescribeLoadBalancers', '<LoadBalancers/>'),
  'elasticloadbalancing DescribeTargetGroups': xml('DescribeTargetGroups', '<TargetGroups/>'),
  'autoscaling DescribeAutoScalingGroups': xml('DescribeAutoScalingGroups', '<AutoScalingGroups/>'),
  'ec2 DescribeInstances': ec2Xml('DescribeInstances', '<reservationSet/>'),
  'ec2 DescribeNatGateways': ec2Xml('DescribeNatGateways', '<natGatewaySet/>'),
  'ec2 DescribeVpcEndpoints': ec2Xml('DescribeVpcEndpoints', '<vpcEndpointSet/>'),
  'ec2 DescribeNetworkInterfaces': ec2Xml('DescribeNetworkInterfaces', '<networkInterfaceSet/>'),
  'ec2 DescribeAddresses': ec2Xml('DescribeAddresses', '<addressesSet/>'),
  'ec2 DescribeVolumes': ec2Xml('DescribeVolumes', '<volumeSet/>'),
  'ec2 DescribeLaunchTemplates': ec2Xml('DescribeLaunchTemplates', '<launchTemplates/>'),
  'ec2 DescribeSecurityGroups': ec2Xml('DescribeSecurityGroups', '<securityGroupInfo/>'),
  'ec2 DescribeSubnets': ec2Xml('DescribeSubnets', '<subnetSet/>'),
  'ec2 DescribeRouteTables': ec2Xml('DescribeRouteTables', '<routeTableSet/>'),
  'ec2 DescribeInternetGateways': ec2Xml('DescribeInternetGateways', '<internetGatewaySet/>'),
  'ec2 DescribeVpcs': ec2Xml('DescribeVpcs', '<vpcSet/>'),
  'ecs ListClusters': json({ clusterArns: [] }),
  'dynamodb ListTables': json({ TableNames: [] }),
  's3 GET /': [200, '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'],
  'ecr DescribeRepositories': json({ repositories: [] }),
  'apigateway GET /account': json({ throttleSettings: { burstLimit: 5_000, rateLimit: 10_000 } }),
  'iam ListRoles': xml('ListRoles', '<Roles/><IsTruncated>false</IsTruncated>'),
  'logs DescribeLogGroups': json({ logGroups: [] }),
};

const account = new RecordedAccount();
beforeAll(() => account.open());
afterAll(() => account.close());

async function sweep(other: Answers = {}, id = 'sandbox', region = 'us-east-1'): Promise<Swept> {
  account.answers = { ...CLEAN, ...other };
  account.asked.length = 0;
  return askLeftOvers(
    { id, region },
    Object.keys(environments).filter((each) => each !== id),
  );
}
const found = ({ leftOvers }: Swept) => leftOvers.map(({ kind, id }: LeftOver) => `${kind} ${id}`);

test('finds nothing in an account with nothing of the environment, and reads every list', async () => {
  const swept = await sweep({
    'logs DescribeLogGroups': json({
      logGroups: ['/aws/lambda/other', '/aws/eks/kumiki-sandbox2/cluster', '/aws/apigateway/welcome'].map((name) =>
        logGroup(name),
      ),
    }),
    'dynamodb ListTables': json({
      TableNames: ['Kumiki-production-WebSocketApi-Sessions-abc', 'Kumiki-sandbox2-WebSocketApi-S-a'],
    }),
  });
  expect(swept).toEqual({ existing: [], leftOvers: [], notChecked: [] });
  const asked = new Set(account.names());
  expect(asked.size).toBeGreaterThanOrEqual(lists.length + 2);
});

test('finds a log group that a service created again, by the names that the project makes', async () => {
  const names = [
    '/aws/lambda/Kumiki-sandbox-Function-QuotesFunction6DE348FE-a1b2',
    '/aws/ecs/containerinsights/KumikisandboxContainers-History-709C6D6F-0a1b2c3d/performance',
    '/aws/eks/kumiki-sandbox/cluster',
  ];
  const swept = await sweep({
    'logs DescribeLogGroups': json({ logGroups: names.map((name) => logGroup(name, 2_048)) }),
  });
  expect(found(swept)).toEqual(names.map((name) => `logGroup ${name}`));
  expect(swept.leftOvers.map(({ cost, proof }) => [cost, proof])).toEqual(names.map(() => ['use', 'name']));
});

test('finds what only the id of a deleted stack proves: the logs of an API and of a build', async () => {
  const groups = [
    'API-Gateway-Execution-Logs_a1b2c3d4e5/v1',
    '/aws/codebuild/ContainerImageBuildArm64e83729-x',
    'API-Gateway-Execution-Logs_zzzzzzzzzz/v1',
  ];
  const swept = await sweep({
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-RestApi', 'DELETE_COMPLETE')),
    'cloudformation ListStackResources': had(
      ['AWS::ApiGateway::RestApi', 'a1b2c3d4e5'],
      ['AWS::ApiGateway::Stage', 'v1'],
      ['AWS::CodeBuild::Project', 'ContainerImageBuildArm64e83729-x'],
    ),
    'logs DescribeLogGroups': json({ logGroups: groups.map((name) => logGroup(name)) }),
    // The name of a stage proves nothing about a table of this name.
    'dynamodb ListTables': json({ TableNames: ['v1'] }),
  });
  expect(found(swept)).toEqual(groups.slice(0, 2).map((name) => `logGroup ${name}`));
});

test('a deployed stack is named, and its resources are no left-overs', async () => {
  const fn = 'Kumiki-sandbox-Function-QuotesFunction6DE348FE-a1b2';
  const swept = await sweep({
    'cloudformation ListStacks': stacks(
      stack('Kumiki-sandbox-Function', 'UPDATE_COMPLETE'),
      stack('Kumiki-sandbox2-Function', 'CREATE_COMPLETE'),
    ),
    'cloudformation ListStackResources': had(['AWS::Lambda::Function', fn, 'CREATE_COMPLETE']),
    'tagging GetResources': json({ ResourceTagMappingList: [tagged(arn('lambda', `function:${fn}`), OURS)] }),
    'lambda GET /2015-03-31/functions': json({
      Functions: [{ FunctionName: fn, FunctionArn: arn('lambda', `function:${fn}`) }],
    }),
    'logs DescribeLogGroups': json({
      logGroups: [logGroup(`/aws/lambda/${fn}`), logGroup('/aws/lambda/Kumiki-sandbox-HttpApi-Authorizer-abc')],
    }),
  });
  expect(swept.existing.map(({ name }) => name)).toEqual(['Kumiki-sandbox-Function']);
  // The stack HttpApi is gone, so what it left is an orphan for sure.
  expect(found(swept)).toEqual(['logGroup /aws/lambda/Kumiki-sandbox-HttpApi-Authorizer-abc']);
  expect(linesOf(swept, 'en')[0]).toContain('stack Kumiki-sandbox-Function is deployed (UPDATE_COMPLETE)');
});

test('what a deleted stack left is found, although a stack of the same name was created again', async () => {
  const [old, now] = ['Kumiki-sandbox-WebSocketApi-Sessions-old', 'Kumiki-sandbox-WebSocketApi-Sessions-now'];
  const swept = await sweep({
    'cloudformation ListStacks': stacks(
      stack('Kumiki-sandbox-WebSocketApi', 'CREATE_COMPLETE', 'now'),
      stack('Kumiki-sandbox-WebSocketApi', 'DELETE_COMPLETE', 'old'),
    ),
    'cloudformation ListStackResources': ({ body }) => {
      const isOld = String(body['StackName']).endsWith('/old');
      return had(['AWS::DynamoDB::Table', isOld ? old : now, isOld ? 'DELETE_SKIPPED' : 'CREATE_COMPLETE']);
    },
    'dynamodb ListTables': json({ TableNames: [old, now] }),
  });
  expect(found(swept)).toEqual([`table ${old}`]);
});

test('asks the service, because the index of tags still has what was deleted', async () => {
  const nat = (id: string, state: string) =>
    `<item><natGatewayId>${id}</natGatewayId><state>${state}</state>${ec2Tags(OURS)}</item>`;
  const swept = await sweep({
    'tagging GetResources': json({
      ResourceTagMappingList: [
        tagged(arn('ec2', 'natgateway/nat-gone'), OURS),
        tagged(arn('dynamodb', 'table/gone'), OURS),
        tagged(arn('events', 'rule/a'), OURS),
      ],
    }),
    'ec2 DescribeNatGateways': ec2Xml(
      'DescribeNatGateways',
      `<natGatewaySet>${nat('nat-1', 'available')}${nat('nat-2', 'deleted')}</natGatewaySet>`,
    ),
  });
  expect(found(swept)).toEqual(['natGateway nat-1', `other ${arn('events', 'rule/a')}`]);
  expect(linesOf(swept, 'en').join('\n')).toMatch(
    /left +NAT gateway nat-1: 32.85 USD a month\n +stays +tagged resource .*console/,
  );
  expect(summaryOf(swept, 'en')).toBe('1 left, 32.85 USD a month and what AWS bills by use.');
});

test('takes prices from docs/costs.md, for the regions that it has', async () => {
  const answers = {
    'ec2 DescribeNatGateways': ec2Xml(
      'DescribeNatGateways',
      `<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><state>available</state>${ec2Tags(OURS)}</item></natGatewaySet>`,
    ),
  };
  expect((await sweep(answers, 'sandbox', 'ap-northeast-1')).leftOvers[0]?.cost).toBeCloseTo(45.26, 2);
  expect((await sweep(answers, 'sandbox', 'eu-west-1')).leftOvers[0]?.cost).toBe('unknown');
});

test('never takes what has the tag of another environment, whatever its name', async () => {
  const name = 'Kumiki-sandbox-Function-Quotes-abc';
  const swept = await sweep({
    'tagging GetResources': json({
      ResourceTagMappingList: [tagged(arn('lambda', `function:${name}`), { 'kumiki:environment': 'sandbox2' })],
    }),
    'lambda GET /2015-03-31/functions': json({
      Functions: [{ FunctionName: name, FunctionArn: arn('lambda', `function:${name}`) }],
    }),
  });
  expect(found(swept)).toEqual([]);
});

test('finds APIs and VPC links by their tags, and a dashboard by its name, on every page', async () => {
  const swept = await sweep({
    'apigateway GET /restapis': json({
      item: [
        { id: 'r1', name: 'quotes', tags: OURS },
        { id: 'r2', name: 'quotes' },
      ],
    }),
    'apigateway GET /v2/apis': ({ text }) =>
      text.includes('nextToken=more')
        ? json({ items: [{ apiId: 'h2', name: 'sessions', tags: OURS }] })
        : json({ items: [{ apiId: 'h1', name: 'other', tags: {} }], nextToken: 'more' }),
    'apigateway GET /v2/vpclinks': json({ items: [{ vpcLinkId: 'v1', name: 'link', tags: OURS }] }),
    'monitoring ListDashboards': json({
      DashboardEntries: [{ DashboardName: 'Kumiki-sandbox' }, { DashboardName: 'Kumiki-sandbox2' }],
    }),
  });
  expect(found(swept)).toEqual(['restApi r1', 'api h2', 'vpcLink v1', 'dashboard Kumiki-sandbox']);
});

test('finds instances, their Auto Scaling group, and volumes that nodes of the cluster left, with their prices', async () => {
  const owned = { 'kubernetes.io/cluster/kumiki-sandbox': 'owned' };
  const group =
    '<member><AutoScalingGroupName>eks-nodes</AutoScalingGroupName><Tags><member><Key>kubernetes.io/cluster/kumiki-sandbox</Key>' +
    '<Value>owned</Value></member></Tags></member>';
  const swept = await sweep({
    'autoscaling DescribeAutoScalingGroups': xml(
      'DescribeAutoScalingGroups',
      `<AutoScalingGroups>${group}</AutoScalingGroups>`,
    ),
    'ec2 DescribeInstances': ec2Xml(
      'DescribeInstances',
      `<reservationSet><item><instancesSet>${['running', 'terminated']
        .map(
          (state) =>
            `<item><instanceId>i-${state}</instanceId><instanceType>t4g.medium</instanceType><instanceState><name>${state}</name></instanceState>${ec2Tags(owned)}</item>`,
        )
        .join('')}</instancesSet></item></reservationSet>`,
    ),
    'ec2 DescribeVolumes': ec2Xml(
      'DescribeVolumes',
      `<volumeSet><item><volumeId>vol-1</volumeId><size>20</size><volumeType>gp3</volumeType><status>available</status>${ec2Tags(owned)}</item></volumeSet>`,
    ),
  });
  expect(swept.leftOvers.map(({ kind, id, cost }) => [kind, id, cost])).toEqual([
    ['autoScalingGroup', 'eks-nodes', 0],
    ['instance', 'i-running', expect.closeTo(24.53, 2)],
    ['volume', 'vol-1', expect.closeTo(1.6, 2)],
  ]);
});

test('what has only the tag of the environment is no left-over while a stack of it is deployed', async () => {
  const vpc = ec2Xml('DescribeVpcs', `<vpcSet><item><vpcId>vpc-1</vpcId>${ec2Tags(OURS)}</item></vpcSet>`);
  expect(found(await sweep({ 'ec2 DescribeVpcs': vpc }))).toEqual(['vpc vpc-1']);
  const answers = {
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-Network', 'DELETE_FAILED')),
    'ec2 DescribeVpcs': vpc,
  };
  expect(found(await sweep(answers))).toEqual([]);
});

test('a name that proves that its stack is gone counts more than the tag while another stack is deployed', async () => {
  const table = arn('dynamodb', 'table/Kumiki-sandbox-WebSocketApi-Sessions-abc');
  const kept = arn('dynamodb', 'table/Kumiki-sandbox-Network-Sessions-abc');
  const swept = await sweep({
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-Network', 'CREATE_COMPLETE')),
    'tagging GetResources': json({ ResourceTagMappingList: [tagged(table, OURS), tagged(kept, OURS)] }),
    'dynamodb ListTables': json({ TableNames: [table, kept].map((each) => each.split('/').at(-1)) }),
  });
  expect(found(swept)).toEqual(['table Kumiki-sandbox-WebSocketApi-Sessions-abc']);
});

test('a stack with nothing but a change set is not deployed, and hides nothing', async () => {
  const swept = await sweep({
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-Network', 'REVIEW_IN_PROGRESS')),
    'ec2 DescribeVpcs': ec2Xml('DescribeVpcs', `<vpcSet><item><vpcId>vpc-1</vpcId>${ec2Tags(OURS)}</item></vpcSet>`),
    'logs DescribeLogGroups': json({ logGroups: [logGroup('Kumiki-sandbox-Network-FlowLogs-abc')] }),
  });
  expect(found(swept)).toEqual(['vpc vpc-1', 'logGroup Kumiki-sandbox-Network-FlowLogs-abc']);
  expect(linesOf(swept, 'en')[0]).toContain(
    'stack Kumiki-sandbox-Network has only a change set that nobody executed (REVIEW_IN_PROGRESS)',
  );
});

test('does not say that nothing is left where lists could not be read', async () => {
  const volumes = { 'ec2 DescribeVolumes': ec2Error('UnauthorizedOperation', 403) };
  const one = await sweep(volumes);
  expect(summaryOf(one, 'en')).toBe('Nothing found; 1 list could not be read, so something may be left.');
  const two = await sweep({ ...volumes, 'tagging GetResources': jsonError('AccessDeniedException', 'not authorized') });
  expect(summaryOf(two, 'en')).toBe('Nothing found; 2 lists could not be read, so something may be left.');
  expect(summaryOf(two, 'ja')).toBe(
    '見つかったものはありませんが、確認できない一覧が 2 件あります。残っているリソースがある可能性があります。',
  );
  const more = await sweep({
    ...volumes,
    'logs DescribeLogGroups': json({ logGroups: [logGroup('/aws/eks/kumiki-sandbox/cluster')] }),
  });
  expect(summaryOf(more, 'en')).toMatch(/^1 left.* Besides, 1 list could not be read, so more may be left\.$/);
  expect(doneOf({ number: 1, rest: 0, later: 0 }, 1).en).toBe(
    '1 deleted, 0 left. Besides, 1 list could not be read, so more may be left.',
  );
  expect(doneOf({ number: 1, rest: 0, later: 0 }, 0).en).toBe('1 deleted, 0 left.');
});

test('says after a deletion how to go on where something was still in use', () => {
  const done = doneOf({ number: 4, rest: 3, later: 2 }, 0);
  expect(done.en).toBe('4 deleted, 3 left, of which 2 still in use. Run the same command again to go on.');
  expect(done.ja).toBe(
    '4 件を削除しました。残りは 3 件で、うち 2 件はまだ使用中です。続けるには同じコマンドを再実行してください。',
  );
  expect(doneOf({ number: 4, rest: 3, later: 0 }, 0).en).toBe('4 deleted, 3 left.');
});

test('never takes a resource of the stack of another app, although it has the tag of the environment', async () => {
  const vpc = (id: string, stackName: string) =>
    `<item><vpcId>${id}</vpcId>${ec2Tags({ ...OURS, 'aws:cloudformation:stack-name': stackName })}</item>`;
  const swept = await sweep({
    'ec2 DescribeVpcs': ec2Xml(
      'DescribeVpcs',
      `<vpcSet>${vpc('vpc-1', 'Kumiki-sandbox-Network')}${vpc('vpc-2', 'MyExtras')}</vpcSet>`,
    ),
  });
  expect(found(swept)).toEqual(['vpc vpc-1']);
});

test('an address that a deleted stack had may belong to somebody else now', async () => {
  const swept = await sweep({
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-Network', 'DELETE_COMPLETE')),
    'cloudformation ListStackResources': had(['AWS::EC2::EIP', '192.0.2.7']),
    'ec2 DescribeAddresses': ec2Xml(
      'DescribeAddresses',
      '<addressesSet><item><allocationId>eipalloc-1</allocationId><publicIp>192.0.2.7</publicIp></item></addressesSet>',
    ),
  });
  expect(found(swept)).toEqual([]);
});

test('finds the alarms that Application Auto Scaling left, but not those of other environments', async () => {
  const names = [
    'TargetTracking-service/KumikisandboxContainers-History-709C6D6F-0a1b2c3d/Kumiki-sandbox-Containers-History-abc-AlarmHigh-1',
    'TargetTracking-function:Kumiki-sandbox-Function-Quotes-abc:live-AlarmLow-1',
    'TargetTracking-service/Kumikisandbox2Containers-History-709C6D6F-0a1b2c3d/S-AlarmHigh-1',
  ];
  const alarm = (name: string) => ({ AlarmName: name, AlarmArn: arn('cloudwatch', `alarm:${name}`) });
  const swept = await sweep({
    'monitoring DescribeAlarms': ({ body }) =>
      json({
        MetricAlarms: body['AlarmNamePrefix'] === 'TargetTracking-' ? names.map(alarm) : [],
        CompositeAlarms: [],
      }),
  });
  expect(swept.leftOvers.map(({ id, cost }) => [id, cost])).toEqual(names.slice(0, 2).map((name) => [name, 0.1]));
});

const gaveUp = 'Kumiki-sandbox-Containers-HistoryFargateAlarmsNoHealthyTarget0A1B2C3D-a1b2c3d4e5f6';
const kept = 'Kumiki-sandbox-Containers-LoadBalancerAlarmsServerErrors4E5F6A7B-a1b2c3d4e5f6';
const containers = 'Kumiki-sandbox-Containers';
/** An account whose stack Containers has one of two alarms. */
const withAlarms = (status: string, tags: Record<string, string>, ...others: Parameters<typeof had>): Answers => ({
  'cloudformation ListStacks': stacks(stack(containers, status)),
  'cloudformation ListStackResources': had(['AWS::CloudWatch::Alarm', kept, 'CREATE_COMPLETE'], ...others),
  'tagging GetResources': json({
    ResourceTagMappingList: [gaveUp, kept].map((name) => tagged(arn('cloudwatch', `alarm:${name}`), tags)),
  }),
  'monitoring DescribeAlarms': ({ body }) =>
    json({
      MetricAlarms:
        body['AlarmNamePrefix'] === 'Kumiki-sandbox-'
          ? [gaveUp, kept].map((name) => ({ AlarmName: name, AlarmArn: arn('cloudwatch', `alarm:${name}`) }))
          : [],
      CompositeAlarms: [],
    }),
});
const FROM_STACK = {
  'aws:cloudformation:stack-name': containers,
  'aws:cloudformation:stack-id': stackId(containers, '1'),
};

test.each([
  ['with the tags of the stack', { ...OURS, ...FROM_STACK }],
  ['with the tag of the environment only', OURS],
])('finds an alarm that CloudFormation gave up, because a composite alarm named the alarm: %s', async (_, tags) => {
  expect(found(await sweep(withAlarms('UPDATE_COMPLETE', tags)))).toEqual([`alarm ${gaveUp}`]);
  // AWS does not say how long the list of a stack has a resource that CloudFormation gave up.
  const failed = ['AWS::CloudWatch::Alarm', gaveUp, 'DELETE_FAILED'] as const;
  expect(found(await sweep(withAlarms('UPDATE_COMPLETE', tags, failed)))).toEqual([`alarm ${gaveUp}`]);
});

test.each([
  ['while its stack is updated', 'UPDATE_IN_PROGRESS', OURS],
  ['while its stack cannot be deleted', 'DELETE_FAILED', OURS],
  ['without the tag of the environment', 'UPDATE_COMPLETE', {}],
])('an alarm that its stack does not list is no left-over %s', async (_, status, tags) => {
  expect(found(await sweep(withAlarms(status, tags)))).toEqual([]);
});

test('finds that alarm also after npm run destroy', async () => {
  const answers = withAlarms('DELETE_COMPLETE', { ...OURS, ...FROM_STACK });
  expect(found(await sweep(answers))).toEqual([`alarm ${gaveUp}`, `alarm ${kept}`]);
});

test('network interfaces that Lambda and the VPC CNI left: deletable only when they are free', async () => {
  const item = (id: string, description: string, status: string, tags: Record<string, string> = {}) =>
    `<item><networkInterfaceId>${id}</networkInterfaceId><description>${description}</description><status>${status}</status><groupSet/>${ec2Tags(tags)}</item>`;
  const uuid = '0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f';
  const swept = await sweep({
    'ec2 DescribeNetworkInterfaces': ec2Xml(
      'DescribeNetworkInterfaces',
      `<networkInterfaceSet>${item('eni-1', `AWS Lambda VPC ENI-Kumiki-sandbox-Function-Quotes-abc-${uuid}`, 'in-use')}${item(
        'eni-2',
        'aws-K8S-i-0a1b2c3d4e5f',
        'available',
        { 'cluster.k8s.amazonaws.com/name': 'kumiki-sandbox' },
      )}</networkInterfaceSet>`,
    ),
  });
  expect(swept.leftOvers.map(({ id, stays }) => [id, stays === undefined])).toEqual([
    ['eni-1', false],
    ['eni-2', true],
  ]);
});

test('the role of API Gateway and a key that KMS deletes stay, and a role of the same name in another region, too', async () => {
  const role = (name: string) =>
    `<member><Path>/</Path><RoleName>${name}</RoleName><RoleId>A</RoleId><Arn>arn:aws:iam::${ACCOUNT}:role/${name}</Arn><CreateDate>2026-05-08T23:34:01Z</CreateDate></member>`;
  const key = arn('kms', 'key/1234');
  const names = ['named', 'older', 'elsewhere'].map((each) => `Kumiki-sandbox-RestApi-ApiAccountRole-${each}`);
  const swept = await sweep({
    'cloudformation ListStacks': stacks(stack('Kumiki-sandbox-RestApi', 'DELETE_COMPLETE')),
    'cloudformation ListStackResources': had(
      ['AWS::IAM::Role', names[0] ?? '', 'DELETE_SKIPPED'],
      ['AWS::IAM::Role', names[1] ?? '', 'DELETE_SKIPPED'],
    ),
    'apigateway GET /account': json({ cloudwatchRoleArn: `arn:aws:iam::${ACCOUNT}:role/${names[0]}` }),
    'iam ListRoles': xml('ListRoles', `<Roles>${names.map(role).join('')}</Roles><IsTruncated>false</IsTruncated>`),
    'tagging GetResources': json({ ResourceTagMappingList: [tagged(key, OURS)] }),
    'kms DescribeKey': json({
      KeyMetadata: { KeyId: '1234', KeyState: 'PendingDeletion', DeletionDate: 1_798_761_600 },
    }),
  });
  expect(swept.leftOvers.filter(({ stays }) => stays === undefined).map(({ id }) => id)).toEqual([names[1]]);
  expect(linesOf(swept, 'en').join('\n')).toContain('KMS deletes it on 2027-01-01');
  expect(linesOf(swept, 'en').join('\n')).toContain('another region');
});

test('reads every page', async () => {
  const swept = await sweep({
    'logs DescribeLogGroups': ({ body: { nextToken } }) =>
      nextToken === undefined
        ? json({ logGroups: [logGroup('/aws/lambda/other')], nextToken: 'more' })
        : json({ logGroups: [logGroup('/aws/eks/kumiki-sandbox/cluster')] }),
  });
  expect(found(swept)).toEqual(['logGroup /aws/eks/kumiki-sandbox/cluster']);
});

test('a list that the credentials do not allow is named with its action, and does not hide the others', async () => {
  const swept = await sweep({
    'ec2 DescribeVolumes': ec2Error('UnauthorizedOperation', 403),
    'tagging GetResources': jsonError('AccessDeniedException', 'not authorized'),
    'logs DescribeLogGroups': json({ logGroups: [logGroup('/aws/eks/kumiki-sandbox/cluster')] }),
  });
  expect(swept.notChecked.map(({ action }) => action).toSorted()).toEqual(['ec2:DescribeVolumes', 'tag:GetResources']);
  expect(found(swept)).toEqual(['logGroup /aws/eks/kumiki-sandbox/cluster']);
});

test('a throttled request is sent again', async () => {
  process.env['AWS_MAX_ATTEMPTS'] = '3';
  let throttled = 0;
  const swept = await sweep({
    'ecr DescribeRepositories': () =>
      throttled++ === 0 ? jsonError('ThrottlingException', 'Rate exceeded') : json({ repositories: [] }),
  });
  process.env['AWS_MAX_ATTEMPTS'] = '1';
  expect(throttled).toBe(2);
  expect(swept.notChecked).toEqual([]);
});

test('fails where CloudFormation does not name the stacks, because then nothing says what is in use', async () => {
  await expect(
    sweep({ 'cloudformation ListStacks': queryError(403, 'AccessDenied', 'not authorized') }),
  ).rejects.toThrow('not authorized');
});

test('fails at once when the session expires in the middle', async () => {
  await expect(sweep({ 'ecs ListClusters': jsonError('ExpiredTokenException', 'expired') })).rejects.toThrow('expired');
});

describe('npm run sweep', () => {
  const [CLUSTER, FUNCTION] = ['/aws/eks/kumiki-trial/cluster', '/aws/lambda/Kumiki-trial-Function-Quotes-abc'];
  const left = (...names: string[]): Answers => ({
    'logs DescribeLogGroups': json({ logGroups: names.map((name) => logGroup(name)) }),
    'logs DeleteLogGroup': json({}),
  });
  const UNREAD: Answers = { 'ecs ListClusters': jsonError('AccessDeniedException', 'not authorized') };
  const HOW_TO_DELETE = 'Delete them: npm run sweep -- --environment trial --region us-east-1 --delete';

  interface Run extends Person {
    readonly answers?: Answers;
    readonly environment?: string;
    readonly known?: Environments;
  }

  async function run(flags: readonly string[], { answers = {}, environment = 'trial', known, ...person }: Run = {}) {
    const sts = { 'sts GetCallerIdentity': xml('GetCallerIdentity', `<Account>${ACCOUNT}</Account>`) };
    account.answers = { ...CLEAN, ...sts, ...answers };
    account.asked.length = 0;
    const { terminal, lines, asked } = recordedTerminal(person);
    const code = await main(['--environment', environment, ...flags], terminal, known ?? fixtures);
    return { code, lines, asked };
  }
  const deletions = () => account.asked.filter(({ name }) => / Delete/.test(name)).map(({ body }) => body);

  test('ends with 0 where nothing is left', async () => {
    const { code, lines } = await run([]);
    expect(code).toBe(0);
    expect(lines).toContain('Nothing is left of the stacks that are gone.');
    expect(lines).not.toContain(HOW_TO_DELETE);
  });

  test('ends with 1 where something is left, says how to delete, and deletes nothing', async () => {
    const { code, lines } = await run([], { answers: left(CLUSTER) });
    expect(code).toBe(1);
    expect(lines).toContain('1 left, 0.00 USD a month and what AWS bills by use.');
    expect(lines.at(-1)).toBe(HOW_TO_DELETE);
    expect(deletions()).toEqual([]);
    // What an environment keeps on purpose is listed, too.
    const lasting = await run([], { answers: left('/aws/eks/kumiki-lasting/cluster'), environment: 'lasting' });
    expect(lasting.code).toBe(1);
    expect(lasting.lines.join()).not.toContain('Delete them');
  });

  test('ends with 1 where a list could not be read', async () => {
    const { code, lines } = await run([], { answers: UNREAD });
    expect(code).toBe(1);
    expect(lines).toContain('Nothing found; 1 list could not be read, so something may be left.');
  });

  test.each([
    [['--delete'], 'y'],
    [['--delete', '--yes'], undefined],
  ])('%p is refused for an environment that is not disposable, before AWS is asked', async (flags, answer) => {
    await expect(run(flags, { answer, environment: 'lasting' })).rejects.toThrow(
      '--delete: environment lasting is not disposable',
    );
    expect(account.asked).toEqual([]);
  });

  test.each([
    [['--yes'], '--yes: has an effect only with --delete. To delete without the question, add --delete; to list only,'],
    [['--delete'], '--delete: there is no terminal to ask in.'],
  ])('%p is refused without a terminal, before AWS is asked', async (flags, message) => {
    await expect(run(flags)).rejects.toThrow(message);
    expect(account.asked).toEqual([]);
  });

  test('reads and deletes nothing in another account', async () => {
    const known = { ...fixtures, trial: { ...fixtures.trial, account: '444455556666' } };
    await expect(run(['--delete', '--yes'], { answers: left(CLUSTER), known })).rejects.toThrow(
      'account: environment trial deploys to 444455556666, but the credentials belong to 111122223333',
    );
    expect(account.names()).toEqual(['sts GetCallerIdentity']);
  });

  test('says to sign in again where the session has expired', async () => {
    const answers = { 'ecs ListClusters': jsonError('ExpiredTokenException', 'expired') };
    await expect(run([], { answers })).rejects.toThrow('The AWS credentials have expired. Sign in again.');
  });

  test('deletes after one question, and ends with 0', async () => {
    const { code, lines, asked } = await run(['--delete'], { answers: left(CLUSTER, FUNCTION), answer: 'y' });
    expect(code).toBe(0);
    expect(asked).toEqual(['Delete these 2 with all their data, in account 111122223333? [y/N] ']);
    expect(deletions()).toEqual([{ logGroupName: CLUSTER }, { logGroupName: FUNCTION }]);
    expect(lines.at(-1)).toBe('2 deleted, 0 left.');
    const unasked = await run(['--delete', '--yes'], { answers: left(CLUSTER), answer: 'n' });
    expect([unasked.code, unasked.asked]).toEqual([0, []]);
  });

  test('says before the question that the services and the node groups go with their clusters, which go first', async () => {
    const ecs = 'Kumiki-trial-Containers-History-abc';
    const { lines } = await run([], {
      answers: {
        'ecs ListClusters': json({ clusterArns: [arn('ecs', `cluster/${ecs}`)] }),
        'eks GET /clusters': json({ clusters: ['kumiki-trial'] }),
        'ec2 DescribeVpcs': ec2Xml(
          'DescribeVpcs',
          `<vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/16</cidrBlock>${ec2Tags({ 'kumiki:environment': 'trial' })}</item></vpcSet>`,
        ),
      },
    });
    expect(lines.filter((line) => line.startsWith('  left'))).toEqual([
      '  left         EKS cluster with its node groups kumiki-trial: 73.00 USD a month',
      `  left         ECS cluster with its services ${ecs}: billed by use`,
      '  left         VPC vpc-1 (10.0.0.0/16): costs nothing',
    ]);
  });

  test('says what it waits for while AWS deletes a cluster', async () => {
    let status = json({ cluster: { status: 'DELETING' } });
    const { lines } = await run(['--delete', '--yes'], {
      answers: {
        'eks GET /clusters': json({ clusters: ['kumiki-trial'] }),
        'eks GET /clusters/kumiki-trial': () => {
          const now = status;
          status = jsonError('ResourceNotFoundException');
          return now;
        },
      },
    });
    expect(lines.slice(-3)).toEqual([
      'waits for EKS cluster with its node groups kumiki-trial: 0 of at most 30 minutes',
      'deleted EKS cluster with its node groups kumiki-trial',
      '1 deleted, 0 left.',
    ]);
  });

  test('deletes nothing after another answer, and ends with 1', async () => {
    const { code, lines } = await run(['--delete'], { answers: left(CLUSTER), answer: '' });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('Nothing was deleted.');
    expect(deletions()).toEqual([]);
  });

  test.each<[string, Answers, string]>([
    ['could not be deleted', { 'logs DeleteLogGroup': jsonError('AccessDeniedException', 'no') }, '0 deleted, 1 left.'],
    [
      'was still in use',
      { 'logs DeleteLogGroup': jsonError('OperationAbortedException') },
      '0 deleted, 1 left, of which 1 still in use. Run the same command again to go on.',
    ],
    ['may be in a list that could not be read', UNREAD, '1 deleted, 0 left. Besides, 1 list could not be read'],
  ])('ends with 1 after a deletion where something %s', async (_, other, line) => {
    const { code, lines } = await run(['--delete', '--yes'], { answers: { ...left(CLUSTER), ...other } });
    expect(code).toBe(1);
    expect(lines.at(-1)).toContain(line);
  });

  describe('Ctrl-C', () => {
    /** Answers in which a question interrupts the command. */
    const interrupting = (answers: Answers, name: string, interruption: AbortController): Answers => ({
      ...answers,
      [name]: (question) => {
        interruption.abort();
        const answer = answers[name] ?? CLEAN[name] ?? [501, name];
        return typeof answer === 'function' ? answer(question) : answer;
      },
    });

    test.each(['sts GetCallerIdentity', 'cloudformation ListStacks', 'logs DescribeLogGroups'])(
      'during %s deletes nothing',
      async (name) => {
        const interruption = new AbortController();
        const answers = interrupting(left(CLUSTER), name, interruption);
        const { code, lines } = await run(['--delete', '--yes'], { answers, interruption });
        expect(code).toBe(130);
        expect(lines.at(-1)).toBe('Nothing was deleted.');
        expect(deletions()).toEqual([]);
      },
    );

    test('at the question deletes nothing', async () => {
      const interruption = new AbortController();
      const { terminal, lines } = recordedTerminal({ interruption });
      const ask = async () => {
        interruption.abort();
        return 'y';
      };
      account.answers = { ...account.answers, ...left(CLUSTER) };
      account.asked.length = 0;
      expect(await main(['--environment', 'trial', '--delete'], { ...terminal, ask }, fixtures)).toBe(130);
      expect(lines.at(-1)).toBe('Nothing was deleted.');
      expect(deletions()).toEqual([]);
    });

    test('during a deletion ends after that one, and says what is left', async () => {
      const interruption = new AbortController();
      const answers = interrupting(left(CLUSTER, FUNCTION), 'logs DeleteLogGroup', interruption);
      const { code, lines } = await run(['--delete', '--yes'], { answers, interruption });
      expect(code).toBe(130);
      expect(deletions()).toEqual([{ logGroupName: CLUSTER }]);
      expect(lines.at(-1)).toBe('Interrupted: 1 deleted, 1 left. Run the same command again to go on.');
    });

    test('during the last deletion comes too late', async () => {
      const interruption = new AbortController();
      const answers = interrupting(left(CLUSTER), 'logs DeleteLogGroup', interruption);
      const { code, lines } = await run(['--delete', '--yes'], { answers, interruption });
      expect([code, lines.at(-1)]).toEqual([0, '1 deleted, 0 left.']);
    });
  });
});
