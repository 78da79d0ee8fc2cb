import type { LeftOver } from '../../sweep/left-overs';
import { type Removal, remove } from '../../sweep/remove';
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

const account = new RecordedAccount();
beforeAll(() => account.open());
afterAll(() => account.close());

const leftOver = (kind: LeftOver['kind'], id: string, other: Partial<LeftOver> = {}): LeftOver => ({
  kind,
  id,
  cost: 0,
  proof: 'tag',
  ...other,
});

async function run(leftOvers: LeftOver[], answers: Answers, other: Partial<Removal> = {}) {
  account.answers = answers;
  account.asked.length = 0;
  const said: string[] = [];
  const { failed, later } = await remove(leftOvers, 'us-east-1', {
    wait: async () => undefined,
    interrupted: () => false,
    onDeleted: ({ id }) => said.push(`deleted ${id}`),
    onFailed: ({ id }, error) => said.push(`failed ${id}: ${error instanceof Error ? error.name : error}`),
    onWait: (number) => said.push(`waits for ${number}`),
    onSlow: ({ id }, minutes, most) => said.push(`waits for ${id}: ${minutes} of ${most}`),
    ...other,
  });
  const ids = (all: readonly LeftOver[]) => all.map(({ id }) => id);
  return { said, rest: ids([...failed, ...later]), later: ids(later) };
}
const times = (answer: Answers[string], first: number, then: Answers[string]): Answers[string] => {
  let count = 0;
  return (question) => {
    const now = count++ < first ? answer : then;
    return typeof now === 'function' ? now(question) : now;
  };
};
const DELETED = ec2Xml('Delete', '<return>true</return>');

test('deletes each kind by its own call, and names what it has deleted', async () => {
  const { said, rest } = await run(
    [leftOver('table', 'T'), leftOver('repository', 'r'), leftOver('logGroup', '/aws/eks/kumiki-sandbox/cluster')],
    { 'dynamodb DeleteTable': json({}), 'ecr DeleteRepository': json({}), 'logs DeleteLogGroup': json({}) },
  );
  expect(said).toEqual(['deleted T', 'deleted r', 'deleted /aws/eks/kumiki-sandbox/cluster']);
  expect(rest).toEqual([]);
  expect(account.asked.map(({ name, body }) => [name, body])).toEqual([
    ['dynamodb DeleteTable', { TableName: 'T' }],
    ['ecr DeleteRepository', { repositoryName: 'r', force: true }],
    ['logs DeleteLogGroup', { logGroupName: '/aws/eks/kumiki-sandbox/cluster' }],
  ]);
});

test('tries again while something else uses a resource', async () => {
  const { said, rest } = await run(
    [leftOver('natGateway', 'nat-1'), leftOver('subnet', 'subnet-1'), leftOver('vpc', 'vpc-1')],
    {
      'ec2 DeleteNatGateway': DELETED,
      'ec2 DeleteSubnet': times(ec2Error('DependencyViolation'), 2, DELETED),
      'ec2 DeleteVpc': times(ec2Error('DependencyViolation'), 2, DELETED),
    },
  );
  expect(said).toEqual(['deleted nat-1', 'waits for 2', 'waits for 2', 'deleted subnet-1', 'deleted vpc-1']);
  expect(rest).toEqual([]);
});

test('gives up when nothing changes, and says what is still there and why', async () => {
  const { said, rest } = await run([leftOver('securityGroup', 'sg-1')], {
    'ec2 DeleteSecurityGroup': ec2Error('DependencyViolation'),
  });
  expect(said.filter((line) => line.startsWith('waits')).length).toBe(7);
  expect(said.at(-1)).toBe('failed sg-1: DependencyViolation');
  expect(rest).toEqual(['sg-1']);
});

test('goes on after an error of one resource', async () => {
  const { said, rest } = await run([leftOver('table', 'T'), leftOver('logGroup', 'L')], {
    'dynamodb DeleteTable': jsonError('AccessDeniedException', 'not authorized'),
    'logs DeleteLogGroup': json({}),
  });
  expect(said).toEqual(['failed T: AccessDeniedException', 'deleted L']);
  expect(rest).toEqual(['T']);
});

test('what is gone already counts as deleted, so that a second run goes on where the first one ended', async () => {
  const { rest } = await run([leftOver('table', 'T'), leftOver('networkInterface', 'eni-1'), leftOver('role', 'R')], {
    'dynamodb DeleteTable': jsonError('ResourceNotFoundException'),
    'ec2 DeleteNetworkInterface': ec2Error('InvalidNetworkInterfaceID.NotFound'),
    'iam ListAttachedRolePolicies': queryError(404, 'NoSuchEntity', 'no role'),
  });
  expect(rest).toEqual([]);
});

test('never deletes what stays', async () => {
  const text = { en: 'stays', ja: '残す' };
  const { said } = await run([leftOver('role', 'R', { stays: text }), leftOver('other', 'O', { stays: text })], {});
  expect(said).toEqual([]);
  expect(account.asked).toEqual([]);
});

test('ends after the current deletion when the user interrupts', async () => {
  let interrupted = false;
  const { said, rest } = await run(
    [leftOver('table', 'T'), leftOver('repository', 'r'), leftOver('logGroup', 'L')],
    { 'dynamodb DeleteTable': json({}) },
    {
      interrupted: () => interrupted,
      onDeleted: () => {
        interrupted = true;
      },
    },
  );
  expect(said).toEqual([]);
  expect(rest).toEqual(['r', 'L']);
  expect(account.names()).toEqual(['dynamodb DeleteTable']);
});

test('ends at once when the session expires', async () => {
  const answers = { 'dynamodb DeleteTable': jsonError('ExpiredTokenException', 'expired') };
  await expect(run([leftOver('table', 'T'), leftOver('logGroup', 'L')], answers)).rejects.toThrow('expired');
  expect(account.names()).toEqual(['dynamodb DeleteTable']);
});

test('releases an address only when nothing has it', async () => {
  const address = (association: string) =>
    ec2Xml(
      'DescribeAddresses',
      `<addressesSet><item><allocationId>e-1</allocationId>${association}</item></addressesSet>`,
    );
  const { said } = await run([leftOver('address', 'e-1')], {
    'ec2 DescribeAddresses': times(address('<associationId>a</associationId>'), 1, address('')),
    'ec2 ReleaseAddress': DELETED,
  });
  expect(said).toEqual(['waits for 1', 'deleted e-1']);
  expect(account.names().filter((name) => name === 'ec2 ReleaseAddress').length).toBe(1);
});

const EKS = 'eks GET /clusters/kumiki-sandbox';
/** Answers of EKS for a cluster whose node group and whose control plane take some attempts each to be deleted. */
const cluster = (groupAttempts: number, ownAttempts: number): Answers => {
  const status = (name: string) => json({ cluster: { status: name } });
  const own = times(status('DELETING'), ownAttempts, jsonError('ResourceNotFoundException'));
  return {
    [EKS]: times(status('ACTIVE'), groupAttempts + 1, own),
    [`${EKS}/node-groups`]: times(json({ nodegroups: ['nodes'] }), groupAttempts, json({ nodegroups: [] })),
    [`${EKS}/node-groups/nodes`]: times(
      json({ nodegroup: { status: 'ACTIVE' } }),
      1,
      json({ nodegroup: { status: 'DELETING' } }),
    ),
    'eks DELETE /clusters/kumiki-sandbox/node-groups/nodes': json({}),
    'eks DELETE /clusters/kumiki-sandbox': json({}),
  };
};
/** Seconds that a run waits, and what `run` says. */
async function timed(leftOvers: LeftOver[], answers: Answers) {
  let seconds = 0;
  const wait = async (more: number) => {
    seconds += more;
  };
  return { ...(await run(leftOvers, answers, { wait })), seconds: () => seconds };
}

test('deletes the node groups of a cluster, then the cluster, and names it when it is gone', async () => {
  const { said, rest } = await run([leftOver('cluster', 'kumiki-sandbox')], cluster(2, 2));
  expect(said).toEqual([
    'waits for kumiki-sandbox: 0 of 30',
    'waits for kumiki-sandbox: 1 of 30',
    'deleted kumiki-sandbox',
  ]);
  expect(rest).toEqual([]);
  expect(account.names().filter((name) => name.startsWith('eks DELETE'))).toEqual([
    'eks DELETE /clusters/kumiki-sandbox/node-groups/nodes',
    'eks DELETE /clusters/kumiki-sandbox',
  ]);
});

test('waits for a cluster that takes minutes, says so every minute, and then deletes what the cluster used', async () => {
  const all = [leftOver('cluster', 'kumiki-sandbox'), leftOver('subnet', 'subnet-1'), leftOver('vpc', 'vpc-1')];
  // A node group of 300 s, and a control plane of 300 s.
  const { said, rest, seconds } = await timed(all, {
    ...cluster(20, 19),
    'ec2 DeleteSubnet': times(ec2Error('DependencyViolation'), 41, DELETED),
    'ec2 DeleteVpc': times(ec2Error('DependencyViolation'), 41, DELETED),
  });
  expect(rest).toEqual([]);
  expect(seconds()).toBe(41 * 15);
  expect(said).toEqual([
    ...Array.from({ length: 10 }, (_, minute) => `waits for kumiki-sandbox: ${minute} of 30`),
    'deleted kumiki-sandbox',
    'waits for 2',
    'deleted subnet-1',
    'deleted vpc-1',
  ]);
});

test('gives up a cluster that is still there after half an hour, and leaves it for a later run', async () => {
  const all = [leftOver('cluster', 'kumiki-sandbox'), leftOver('table', 'T')];
  const { said, rest, later, seconds } = await timed(all, {
    ...cluster(1_000, 0),
    'dynamodb DeleteTable': jsonError('AccessDeniedException', 'not authorized'),
  });
  expect(seconds() / 60).toBeCloseTo(32, 0);
  expect(said.at(-1)).toBe('failed kumiki-sandbox: ResourceInUse');
  expect(rest).toEqual(['T', 'kumiki-sandbox']);
  expect(later).toEqual(['kumiki-sandbox']);
});

test('a node group that is gone in the meantime does not count as its cluster', async () => {
  const { said } = await run([leftOver('cluster', 'kumiki-sandbox')], {
    ...cluster(1, 0),
    [`${EKS}/node-groups/nodes`]: jsonError('ResourceNotFoundException'),
  });
  expect(said.at(-1)).toBe('deleted kumiki-sandbox');
  expect(account.names()).toContain('eks DELETE /clusters/kumiki-sandbox');
});

test('deletes all services of an ECS cluster, and the cluster once their tasks have stopped', async () => {
  const refused = jsonError('ClusterContainsTasksException');
  const page = (serviceArns: string[], nextToken?: string) => json({ serviceArns, nextToken });
  let deleted = 0;
  const { said, rest } = await run([leftOver('ecsCluster', 'c'), leftOver('subnet', 'subnet-1')], {
    // ECS does not list a service that was deleted, although it still drains.
    'ecs ListServices': ({ body }) => {
      if (deleted > 0) return page([]);
      return body['nextToken'] === undefined ? page(['arn:service/c/a'], 'more') : page(['arn:service/c/b']);
    },
    'ecs DeleteService': () => {
      deleted += 1;
      return deleted === 1 ? json({}) : jsonError('ServiceNotFoundException');
    },
    // For 10 attempts: longer than the command waits for another kind.
    'ecs DeleteCluster': times(refused, 10, json({})),
    'ec2 DeleteSubnet': times(ec2Error('DependencyViolation'), 11, DELETED),
  });
  expect(rest).toEqual([]);
  expect(said).toEqual([
    ...['waits for c: 0 of 10', 'waits for c: 1 of 10', 'waits for c: 2 of 10'],
    ...['deleted c', 'deleted subnet-1'],
  ]);
  expect(account.asked.filter(({ name }) => name === 'ecs DeleteService').map(({ body }) => body)).toEqual([
    { cluster: 'c', service: 'arn:service/c/a', force: true },
    { cluster: 'c', service: 'arn:service/c/b', force: true },
  ]);
  expect(account.names().slice(0, 5)).toEqual([
    ...['ecs ListServices', 'ecs ListServices', 'ecs DeleteService', 'ecs DeleteService'],
    'ec2 DeleteSubnet',
  ]);
});

test('believes EC2 only when it names no endpoint that it has not deleted', async () => {
  const refused = (code: string) =>
    ec2Xml(
      'DeleteVpcEndpoints',
      `<unsuccessful><item><resourceId>vpce-1</resourceId><error><code>${code}</code><message>why</message></error></item></unsuccessful>`,
    );
  const runOf = (answer: Answers[string], other: Partial<Removal> = {}) =>
    run([leftOver('endpoint', 'vpce-1')], { 'ec2 DeleteVpcEndpoints': answer }, other);
  const reasons: unknown[] = [];
  const denied = await runOf(refused('OperationNotPermitted'), { onFailed: (_, error) => reasons.push(error) });
  expect(denied.rest).toEqual(['vpce-1']);
  expect(reasons).toEqual([expect.objectContaining({ name: 'OperationNotPermitted', message: 'why' })]);
  const deleted = ec2Xml('DeleteVpcEndpoints', '<unsuccessful/>');
  const inUse = await runOf(times(refused('DependencyViolation'), 1, deleted));
  expect(inUse.said).toEqual(['waits for 1', 'deleted vpce-1']);
  expect((await runOf(refused('InvalidVpcEndpoint.NotFound'))).said).toEqual(['deleted vpce-1']);
});

test('empties a bucket with all versions, and detaches the policies of a role', async () => {
  const versions = (body: string, more = false): readonly [number, string] => [
    200,
    `<ListVersionsResult><IsTruncated>${more}</IsTruncated>${body}</ListVersionsResult>`,
  ];
  const { rest } = await run([leftOver('bucket', 'b'), leftOver('role', 'R')], {
    's3 GET /b?versions': times(
      versions(
        '<Version><Key>k</Key><VersionId>1</VersionId></Version><DeleteMarker><Key>m</Key><VersionId>2</VersionId></DeleteMarker>',
        true,
      ),
      1,
      versions(''),
    ),
    's3 POST /b': [200, '<DeleteResult/>'],
    's3 DELETE /b': [204, ''],
    'iam ListAttachedRolePolicies': xml(
      'ListAttachedRolePolicies',
      '<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/P</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>',
    ),
    'iam ListRolePolicies': xml(
      'ListRolePolicies',
      '<PolicyNames><member>Inline</member></PolicyNames><IsTruncated>false</IsTruncated>',
    ),
    'iam DetachRolePolicy': xml('DetachRolePolicy', ''),
    'iam DeleteRolePolicy': xml('DeleteRolePolicy', ''),
    'iam DeleteRole': xml('DeleteRole', ''),
  });
  expect(rest).toEqual([]);
  expect(account.names().filter((name) => !/ (GET|List)/.test(name))).toEqual([
    's3 POST /b',
    's3 DELETE /b',
    'iam DetachRolePolicy',
    'iam DeleteRolePolicy',
    'iam DeleteRole',
  ]);
});

test('waits for the composite alarm that names an alarm', async () => {
  const named = jsonError('ValidationError', 'Cannot delete A as there are composite alarm(s) depending on it.');
  const { said, rest } = await run([leftOver('alarm', 'A')], {
    'monitoring DeleteAlarms': times(named, 1, json({})),
  });
  expect(said).toEqual(['waits for 1', 'deleted A']);
  expect(rest).toEqual([]);
});
