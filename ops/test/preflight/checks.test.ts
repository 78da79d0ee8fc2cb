import stringWidth from 'string-width';
import { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf, service, withEgress, withFurther } from '../../../test/support/fixture';
import { inEnglish } from '../../kit/language';
import { bootstrapped } from '../../preflight/bootstrap';
import * as rules from '../../preflight/checks';
import { identity } from '../../preflight/identity';
import { linesOf, summaryOf } from '../../preflight/lines';
import { messages } from '../../preflight/messages';
import { blocks, type Outcome } from '../../preflight/outcome';
import { leftOver, leftOvers, stackStates } from '../../preflight/stacks';

/** An outcome in English: what is there, and then what to do. */
const inOne = ({ verdict, there, todo }: Outcome) => ({
  verdict,
  says: todo === undefined ? there.en : `${there.en}. ${todo.en}`,
});
const english =
  <A extends unknown[]>(rule: (...args: A) => Outcome) =>
  (...args: A) =>
    inOne(rule(...args));
const checks = {
  ...rules,
  concurrency: english(rules.concurrency),
  logRole: english(rules.logRole),
  zones: english(rules.zones),
  existingSubnets: english(rules.existingSubnets),
  imageBuild: english(rules.imageBuild),
  leftOver: english(leftOver),
  vcpuRoom: (...args: Parameters<typeof rules.vcpuRoom>) => {
    const outcome = rules.vcpuRoom(...args);
    return outcome && { needed: plain(outcome.needed), ...inOne(outcome) };
  },
};
const plain = (value: unknown) => JSON.parse(JSON.stringify(value, inEnglish));

const trial = fixtureOf('trial');
const lasting = fixtureOf('lasting');
const withCluster = fixtureOf('trial', { kubernetes: 'true' });
const DISPOSABLE = ['trial', 'local'];

test('a problem and a check that was not made block a deployment; a warning does not, nor a check that only warns', () => {
  const verdicts = ['pass', 'warning', 'problem', 'not checked'] as const;
  expect(verdicts.map((verdict) => blocks({ verdict }))).toEqual([false, false, true, true]);
  expect(verdicts.map((verdict) => blocks({ verdict, advisory: true }))).toEqual([false, false, true, false]);
});

describe('provisioned concurrency', () => {
  const provisioning = (max: number): EnvironmentConfig => ({
    ...trial,
    function: { ...trial.function, provisionedConcurrency: max === 0 ? undefined : { min: 1, max } },
  });

  test.each([
    [0, 10],
    [4, 104],
    [20, 1000],
  ])('%d provisioned executions fit into a limit of %d', (provisioned, unreserved) => {
    expect(checks.concurrency(provisioning(provisioned), unreserved).verdict).toBe('pass');
  });

  test('says what a new account has to request [L3]', () => {
    const { verdict, says } = checks.concurrency(provisioning(4), 10);
    expect(verdict).toBe('problem');
    expect(says).toMatch(/^10 not reserved, 0 of them provisioned by other functions\. Request more/);
    expect(checks.concurrency(provisioning(5), 104).verdict).toBe('problem');
  });

  test('of other functions counts, because the limit of the account still contains it', () => {
    expect(checks.concurrency(provisioning(4), 110, 6).verdict).toBe('pass');
    expect(checks.concurrency(provisioning(4), 110, 7).verdict).toBe('problem');
  });

  test('counts the largest schedule', () => {
    const provisionedConcurrency = {
      min: 1,
      max: 4,
      schedules: [{ id: 'Open', cron: 'cron(0 9 * * ? *)', min: 5, max: 9 }],
    };
    const config = { ...trial, function: { ...trial.function, provisionedConcurrency } };
    expect(checks.concurrency(config, 108).verdict).toBe('problem');
    expect(checks.concurrency(config, 109).verdict).toBe('pass');
  });
});

describe('the role for API Gateway logs [A4]', () => {
  const roleOf = (name: string) => ({ arn: `arn:aws:iam::111122223333:role/${name}`, exists: true });
  const own = roleOf('Kumiki-trial-RestApi-ApiAccountRole1234-abc');
  const foreign = roleOf('apigateway-logs');

  test('is created where there is none, and stays where this environment owns it', () => {
    expect(checks.logRole(trial, undefined, DISPOSABLE).verdict).toBe('pass');
    expect(checks.logRole(trial, own, DISPOSABLE).verdict).toBe('pass');
    expect(checks.logRole(trial, { ...foreign, exists: false }, DISPOSABLE).verdict).toBe('pass');
  });

  test('is not replaced while others log through it', () => {
    for (const role of [foreign, roleOf('Kumiki-lasting-RestApi-ApiAccountRole1234-abc')]) {
      const { verdict, says } = checks.logRole(trial, role, DISPOSABLE);
      expect(verdict).toBe('problem');
      expect(says).toMatch(/has a role, .*, which this deployment would replace.*ownsApiAccount to false/);
    }
  });

  test('has to exist where the environment does not create it', () => {
    expect(checks.logRole(lasting, foreign, DISPOSABLE)).toEqual({ verdict: 'pass', says: foreign.arn });
    expect(checks.logRole(lasting, undefined, DISPOSABLE)).toMatchObject({
      verdict: 'problem',
      says: expect.stringMatching(
        /^the account has no role for API Gateway logs, and this environment does not create one\. Set/,
      ),
    });
  });

  test('does not exist where only the setting of the account names it', () => {
    const { verdict, says } = checks.logRole(lasting, { ...foreign, exists: false }, DISPOSABLE);
    expect(verdict).toBe('problem');
    expect(says).toContain(`the account names the role ${foreign.arn}, which no longer exists`);
  });

  test('must not belong to a disposable environment', () => {
    const { verdict, says } = checks.logRole(lasting, own, DISPOSABLE);
    expect(verdict).toBe('problem');
    expect(says).toMatch(
      /belongs to the disposable environment trial\. .*ownsApiAccount to true here and to false in trial/,
    );
    expect(checks.logRole(lasting, own, []).verdict).toBe('pass');
  });

  test('moves to lasting by this advice, and the trial then leaves it alone', () => {
    const owning = { ...lasting, restApi: { ...lasting.restApi, ownsApiAccount: true } };
    expect(checks.logRole(owning, own, DISPOSABLE).verdict).toBe('pass');
    const lodging = { ...trial, restApi: { ...trial.restApi, ownsApiAccount: false } };
    expect(checks.logRole(lodging, roleOf('Kumiki-lasting-RestApi-ApiAccountRole1-a'), DISPOSABLE).verdict).toBe(
      'pass',
    );
  });

  test('is not checked where the credentials do not allow iam:GetRole', () => {
    const { verdict, says } = checks.logRole(lasting, { arn: foreign.arn }, DISPOSABLE);
    expect(verdict).toBe('not checked');
    expect(says).toContain('iam:GetRole');
  });
});

describe('zones', () => {
  // An account from before November 2025.
  const old = ['use1-az3', 'use1-az6', 'use1-az1', 'use1-az2', 'use1-az4', 'use1-az5'].map((id, index) => ({
    name: `us-east-1${'abcdef'[index]}`,
    id,
  }));

  test('pass with their ids where they have VPC links', () => {
    const config = fixtureOf('trial', { zones: 'us-east-1b,us-east-1d' });
    expect(checks.zones(config, old)).toEqual({
      verdict: 'pass',
      says: 'us-east-1b is use1-az6, us-east-1d is use1-az2: VPC links V2 are available',
    });
  });

  test('without VPC links are replaced, and no other zone is', () => {
    expect(checks.zones(trial, old)).toEqual({
      verdict: 'problem',
      says:
        'us-east-1a is use1-az3, which has no VPC links V2. ' +
        'Add to each cdk command: -c region=us-east-1 -c zones=us-east-1b,us-east-1c',
    });
  });

  test('that the account does not have are replaced', () => {
    const config = fixtureOf('trial', { zones: 'us-east-1c,us-east-1x' });
    expect(checks.zones(config, old).says).toMatch(
      /^the account has no zone us-east-1x \(us-east-1a, .*\)\. Add .* -c zones=us-east-1b,us-east-1c$/,
    );
  });

  test('that are proposed pass', () => {
    const proposed = /-c zones=(\S+)$/.exec(checks.zones(trial, old).says)?.[1];
    expect(checks.zones(fixtureOf('trial', { zones: proposed }), old).verdict).toBe('pass');
  });

  test('that are too few lead to another region', () => {
    const { verdict, says } = checks.zones(trial, old.slice(0, 2));
    expect(verdict).toBe('problem');
    expect(says).toMatch(/Only 1 of the 2 zones that are needed have them: choose another region$/);
  });

  test('of a region that lib/zones.ts lacks are printed for the cdk commands', () => {
    const config = fixtureOf('trial', { region: 'eu-west-2', zones: 'eu-west-2a,eu-west-2b' });
    const account = ['a', 'b', 'c'].map((letter, index) => ({ name: `eu-west-2${letter}`, id: `euw2-az${index + 1}` }));
    const { verdict, says } = checks.zones(config, account);
    expect(verdict).toBe('pass');
    expect(says).toMatch(/-c region=eu-west-2 -c zones=eu-west-2a,eu-west-2b$/);
  });

  test('of a region without VPC links are not checked', () => {
    const config = fixtureOf('trial', { region: 'ap-northeast-3', zones: 'ap-northeast-3a,ap-northeast-3b' });
    expect(checks.zones(config, [{ name: 'ap-northeast-3a', id: 'apne3-az1' }])).toMatchObject({
      verdict: 'not checked',
      says: expect.stringContaining('AWS listed no VPC links V2 in ap-northeast-3'),
    });
  });

  test('of an existing VPC are those of its subnets', () => {
    const subnets = [
      { subnetId: 'subnet-1', name: 'us-east-1a', id: 'use1-az3' },
      { subnetId: 'subnet-2', name: 'us-east-1b', id: 'use1-az6' },
    ];
    expect(checks.existingSubnets(withCluster, subnets)).toEqual({
      verdict: 'problem',
      says: 'subnet-1 is in use1-az3, which has no VPC links V2 and no control planes of EKS. Name other subnets in network.existing',
    });
    expect(checks.existingSubnets(withCluster, subnets.slice(1))).toEqual({
      verdict: 'pass',
      says: 'the subnets are in use1-az6: VPC links V2 and control planes of EKS are available',
    });
  });
});

describe('the build of the image', () => {
  test('is on ARM, which AWS documents for some regions only', () => {
    expect(checks.imageBuild(trial).verdict).toBe('pass');
    const stockholm = fixtureOf('trial', { region: 'eu-north-1', zones: 'eu-north-1a,eu-north-1b' });
    expect(checks.imageBuild(stockholm)).toMatchObject({
      verdict: 'warning',
      says: expect.stringMatching(/does not document ARM builds of CodeBuild in eu-north-1.*by digest/),
    });
  });

  test('needs no check where every image is promoted', () => {
    const { services } = lasting;
    expect(checks.imageBuild({ ...trial, services, region: 'eu-north-1' }).verdict).toBe('pass');
  });
});

describe('vCPUs of EC2', () => {
  const [onDemand, spot] = checks.VCPU_QUOTAS;
  if (onDemand === undefined || spot === undefined) throw new Error('two quotas');
  const VCPUS = { 't4g.medium': 2, 't4g.small': 2, 't4g.nano': 2, 'm7g.large': 2, 'c7g.large': 2 };
  const demand = (config: EnvironmentConfig) => checks.vcpuDemand(config, VCPUS);

  test('need no check where there are no instances', () => {
    expect(checks.instanceTypes(trial)).toEqual([]);
    expect(demand(trial)).toEqual([]);
    expect(checks.vcpuRoom(onDemand, [], 0, 'us-east-1')).toBeUndefined();
  });

  test('include those of nodes, and of more nodes during an update', () => {
    expect(checks.instanceTypes(withCluster)).toEqual(['t4g.medium']);
    expect(plain(demand(withCluster))).toEqual([
      { what: '4 nodes, and 4 more during an update', spot: false, start: 4, most: 16 },
    ]);
  });

  test('include those of container instances and of a NAT instance', () => {
    const config = fixtureOf('trial', { capacity: 'ec2', kubernetes: 'true' });
    const network = withEgress({ mode: 'nat-instance' });
    expect(checks.instanceTypes({ ...config, network })).toEqual(['t4g.medium', 't4g.small', 't4g.nano']);
    expect(demand({ ...config, network }).map(({ start, most }) => [start, most])).toEqual([
      [2, 2],
      [4, 16],
      [2, 12],
    ]);
  });

  test('on Spot count toward another quota', () => {
    const spotNodes = withCluster.kubernetes && { ...withCluster.kubernetes.nodes, spot: true };
    const config = {
      ...withCluster,
      kubernetes: withCluster.kubernetes && {
        ...withCluster.kubernetes,
        nodes: spotNodes ?? withCluster.kubernetes.nodes,
      },
    };
    expect(checks.vcpuRoom(onDemand, demand(config), 0, 'us-east-1')).toBeUndefined();
    expect(checks.vcpuRoom(spot, demand(config), 5, 'us-east-1')).toMatchObject({ verdict: 'warning' });
    const ec2 = { instanceTypes: ['t4g.small'], maxInstances: 11, spot: { onDemandBase: 1, onDemandPercent: 25 } };
    const mixed = { ...trial, capacity: { ec2 } };
    expect(plain(demand(mixed).map(({ what, spot: isSpot, most }) => [what, isSpot, most]))).toEqual([
      ['4 container instances', false, 8],
      ['7 container instances', true, 14],
    ]);
    const behindTwo = withFurther(mixed, [service('archive', 1_000)]);
    expect(plain(demand(behindTwo).map(({ what, most }) => [what, most]))).toEqual([
      ['8 container instances', 16],
      ['14 container instances', 28],
    ]);
  });

  test('that exceed the quota are a warning that says what to request', () => {
    const room = (quota: number) => checks.vcpuRoom(onDemand, demand(withCluster), quota, 'us-east-1');
    expect(room(16)).toMatchObject({ verdict: 'pass' });
    expect(room(15)).toEqual({
      verdict: 'warning',
      needed: 'at most 16 (4 nodes, and 4 more during an update)',
      says:
        'Running On-Demand Standard instances: the quota is 15 vCPUs. Request more, unless AWS did raise the quota, which Service Quotas does not ' +
        'always show: aws service-quotas request-service-quota-increase --region us-east-1 ' +
        '--service-code ec2 --quota-code L-1216C47A --desired-value 16',
    });
    expect(room(3)?.says).toContain('the first deployment already takes 4');
  });

  test('that EC2 does not return are an error, not zero', () => {
    expect(() => checks.vcpuDemand(withCluster, {})).toThrow('EC2 returned no vCPUs for t4g.medium in us-east-1.');
  });
});

test('a part that is deployed and off will be deleted', () => {
  expect(checks.leftOver('Kumiki-trial-Kubernetes', 'kubernetes')).toEqual({
    verdict: 'warning',
    says:
      'Kumiki-trial-Kubernetes is deployed, and cdk deploy deletes the stack. To keep it, ' +
      'add -c kubernetes=true to each command, or write "kubernetes": true into the context of cdk.json',
  });
  expect(checks.leftOver('Kumiki-trial-HttpApi', 'httpApi').says).toMatch(/set httpApi in lib\/environments\.ts$/);
});

test('only parts of this environment are left over', () => {
  const names = ['Kumiki-trial-Kubernetes', 'Kumiki-trial-HttpApi', 'Kumiki-other-Kubernetes'];
  const stacks = names.map((name) => ({ name, status: 'CREATE_COMPLETE' }));
  expect(leftOvers(trial, { stacks }).map(({ there }) => there.en)).toEqual([
    'Kumiki-trial-Kubernetes is deployed, and cdk deploy deletes the stack',
  ]);
});

describe('credentials', () => {
  const who = { account: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/Admin/me' };

  test('of any account pass, unless the environment names its account', () => {
    expect(identity(trial, who)).toMatchObject({ verdict: 'pass', there: { en: `you are ${who.arn}` } });
    expect(identity({ ...trial, account: who.account }, who).verdict).toBe('pass');
    const other = identity({ ...trial, account: '444455556666' }, who);
    expect(other).toMatchObject({ verdict: 'problem', needed: '444455556666' });
    expect(other.todo?.en).toMatch(/another account than 111122223333/);
  });

  test('of an emulator are of no account of AWS', () => {
    expect(identity(trial, { ...who, account: '000000000000' }).verdict).toBe('problem');
  });
});

describe('the bootstrap stack', () => {
  const bootstrap = { version: 6, parameter: '/cdk-bootstrap/hnb659fds/version' };
  const check = (version?: string) => bootstrapped(trial, '111122223333', bootstrap, version);

  test('is there, in a version that the templates can use', () => {
    expect(['6', '30', '5', undefined].map((version) => check(version).verdict)).toEqual([
      'pass',
      'pass',
      'problem',
      'problem',
    ]);
  });

  test('is made by a command that names account and region', () => {
    for (const outcome of [check('5'), check()]) {
      expect(outcome.todo?.en).toBe('Run once: npx cdk bootstrap aws://111122223333/us-east-1');
    }
  });
});

describe('stacks of an earlier try', () => {
  const stateOf = (status: string, config = trial) =>
    stackStates(config, { stacks: [{ name: `Kumiki-${config.id}-Network`, status }] }).map((outcome) => ({
      verdict: outcome.verdict,
      todo: outcome.todo?.en,
    }))[0];

  test('pass where they are complete, and where there are none', () => {
    for (const status of ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS']) {
      expect([status, stateOf(status)?.verdict]).toEqual([status, 'pass']);
    }
    expect(stackStates(trial, { stacks: [] })).toMatchObject([{ verdict: 'pass', there: { en: 'no stack yet' } }]);
  });

  test('whose creation failed are deleted by cdk deploy, unless they are protected', () => {
    expect(stateOf('ROLLBACK_COMPLETE')).toMatchObject({
      verdict: 'warning',
      todo: expect.stringContaining('npx cdk destroy trial/Network -c environment=trial -c region=us-east-1'),
    });
    expect(stateOf('ROLLBACK_COMPLETE', lasting)).toMatchObject({
      verdict: 'problem',
      todo: expect.stringContaining('--stack-name Kumiki-lasting-Network --no-enable-termination-protection'),
    });
  });

  test('are named with the zones, where lib/zones.ts does not have those of the region', () => {
    const config = fixtureOf('trial', { region: 'eu-west-2', zones: 'eu-west-2a,eu-west-2b' });
    expect(stateOf('DELETE_FAILED', config)?.todo).toMatch(/-c region=eu-west-2 -c zones=eu-west-2a,eu-west-2b$/);
  });

  test.each([
    ['UPDATE_ROLLBACK_FAILED', /aws cloudformation continue-update-rollback .*--stack-name Kumiki-trial-Network$/],
    ['UPDATE_FAILED', /npx cdk rollback trial\/Network /],
    ['DELETE_FAILED', /npx cdk destroy trial\/Network /],
    ['CREATE_FAILED', /npx cdk destroy trial\/Network /],
    ['UPDATE_IN_PROGRESS', /Wait until Kumiki-trial-Network is complete/],
    ['DELETE_IN_PROGRESS', /Wait until/],
  ])('%s blocks, and has a way out', (status, way) => {
    expect(stateOf(status)).toEqual({ verdict: 'problem', todo: expect.stringMatching(way) });
  });
});

describe('the lines of preflight', () => {
  const zonesOfAccount = [{ name: 'us-east-1a', id: 'use1-az3' }];
  const vcpus = rules.vcpuDemand(withCluster, { 't4g.medium': 2 });
  const quota = (value: number) =>
    rules.VCPU_QUOTAS.flatMap((each) => rules.vcpuRoom(each, vcpus, value, 'us-east-1') ?? []);
  const checked = [
    rules.zones(withCluster, zonesOfAccount),
    rules.concurrency(trial, 10),
    rules.logRole(lasting, undefined, DISPOSABLE),
    rules.logRole(lasting, { arn: 'arn' }, DISPOSABLE),
    rules.imageBuild(trial),
    ...quota(1),
    ...quota(100),
    leftOver('Kumiki-trial-Kubernetes', 'kubernetes'),
    ...stackStates(trial, { stacks: [{ name: 'Kumiki-trial-Network', status: 'ROLLBACK_COMPLETE' }] }),
    bootstrapped(trial, '111122223333', { version: 6, parameter: '' }, undefined),
    identity(trial, { account: '000000000000', arn: 'arn:aws:iam::000000000000:root' }),
  ].map((outcome) => ({ check: messages.zones, ...outcome }));

  test('begin with the verdict, in columns, and have what to do below in full', () => {
    expect(linesOf(checked.slice(0, 1), 'en')).toEqual([
      'verdict  what   needed                  there → what to do',
      '-------  -----  ----------------------  ---------------------------------------------------------',
      'problem  Zones  us-east-1a, us-east-1b  us-east-1a is use1-az3, which has no VPC links V2 and no',
      '                                        control planes of EKS; the account has no zone us-east-1b',
      '                                        (us-east-1a)',
      '         → Only 0 of the 2 zones that are needed have them: choose another region',
    ]);
  });

  test.each(['en', 'ja'] as const)('are at most as wide as a page, but for what to do (%s)', (language) => {
    const lines = linesOf(checked, language).filter((line) => !line.includes('→ ') && !/arn:|Kumiki-/.test(line));
    expect(lines.filter((line) => stringWidth(line) > 98)).toEqual([]);
  });

  test('break Japanese between words, and never before a comma or inside a name', () => {
    const there = {
      en: '',
      ja: 'アカウントには、すでにロール（arn:aws:iam::111122223333:role/logs）があり、置き換えます。',
    };
    const lines = linesOf([{ check: messages.logs, verdict: 'problem', there }], 'ja', 70).slice(2);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line.trimStart()).not.toMatch(/^[、。）]/);
    expect(lines.join('\n')).toContain('arn:aws:iam::111122223333:role/logs');
  });

  test('end with the counts', () => {
    expect(summaryOf(checked).en).toMatch(
      /^Do not deploy yet: passed \d+, warnings \d+, problems \d+, not checked 1\.$/,
    );
    expect(summaryOf([]).en).toMatch(/^Nothing blocks the deployment/);
  });

  test('have no English sentence in Japanese', () => {
    const english = /\b(the|an?|is|are|has|not|no|of|to|with|and|from|this|that|it|which)\b|problem|warning|pass\b/;
    const lines = linesOf(checked, 'ja').filter((line) => english.test(line.replace(/--[\w-]+/g, '')));
    expect(lines).toEqual([]);
  });
});
