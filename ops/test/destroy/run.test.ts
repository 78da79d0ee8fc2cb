import { readFileSync } from 'node:fs';
import type { EnvironmentConfig } from '../../../lib/environment-config';
import { OPTIONAL_PARTS } from '../../../lib/optional-parts';
import { fixtureOf, fixtures } from '../../../test/support/fixture';
import { type Cdk, cdkCli } from '../../deploy/cdk';
import { destroyCommand } from '../../destroy/command';
import { main } from '../../destroy/destroy';
import { type DestroyOptions, destroy } from '../../destroy/run';
import { LANGUAGES } from '../../kit/language';
import { helpOf } from '../../kit/options';
import { type Parts, recordedCli } from '../deploy/app';
import { ec2Error, queryError, RecordedAccount } from '../deploy/aws';
import { type Person, recordedTerminal } from '../kit/recorded-terminal';

const account = new RecordedAccount();
beforeAll(() => account.start());
beforeEach(() => {
  account.reset();
  deployAll();
});
afterAll(() => account.stop());

const trial = fixtureOf('trial');
const lasting = fixtureOf('lasting', { imageDigest: `sha256:${'a'.repeat(64)}` });
const PARTS: Parts = {
  Registry: 'on',
  Network: 'on',
  Containers: 'on',
  Function: 'on',
  RestApi: 'on',
  HttpApi: 'off',
  WebSocketApi: 'on',
};
const WITHOUT_HTTP: EnvironmentConfig = { ...trial, httpApi: undefined };

/** The stacks of the environment, one of which the app no longer has. */
function deployAll(id = 'trial'): void {
  for (const part of [...Object.keys(PARTS), 'Containers2']) {
    account.stacks.set(`Kumiki-${id}-${part}`, { status: 'CREATE_COMPLETE' });
  }
  account.stacks.set(`Kumiki-${id}-Function`, {
    status: 'CREATE_COMPLETE',
    resources: [
      ['Quotes', 'AWS::Lambda::Function', 'quotes-1'],
      ['Group', 'AWS::EC2::SecurityGroup', 'sg-function'],
      ['Logs', 'AWS::Logs::LogGroup', '/quotes'],
    ],
    retained: ['Logs'],
  });
  account.stacks.set(`Kumiki-${id}-WebSocketApi`, {
    status: 'CREATE_COMPLETE',
    resources: [
      ['Sessions', 'AWS::DynamoDB::Table', 'sessions-1'],
      ['Logs', 'AWS::Logs::LogGroup', '/sessions'],
    ],
  });
  account.stacks.set(`Kumiki-${id}-Registry`, {
    status: 'CREATE_COMPLETE',
    resources: [['Images', 'AWS::ECR::Repository', 'images-1']],
    retained: ['Images'],
  });
  account.inVpc.add('quotes-1');
}

/** A CLI whose `destroy` deletes the stacks that it names. */
function deleting(id = 'trial', before: (part: string) => number | Promise<number> = () => 0) {
  const cli = recordedCli(id, PARTS, async (args) => {
    for (const name of args.slice(1, args.indexOf('--exclusively'))) {
      const part = name.split('/').at(-1) ?? '';
      const code = await before(part);
      if (code !== 0) return code;
      account.stacks.delete(`Kumiki-${id}-${part}`);
    }
    return 0;
  });
  const destroyed = () =>
    cli.calls
      .filter((call) => call.startsWith('destroy'))
      .map((call) => call.replace(/^destroy (.*) --exclusively.*$/, '$1'));
  return { ...cli, destroyed };
}

interface Run extends Person {
  readonly config?: EnvironmentConfig;
  readonly options?: Partial<DestroyOptions>;
  readonly cdk: Cdk;
}

async function run({ config = trial, options = {}, cdk, ...person }: Run) {
  const { terminal, lines, asked } = recordedTerminal(person);
  const code = await destroy(
    config,
    { context: { environment: config.id }, yes: false, ...options },
    { ...terminal, cdk, command: `npm run destroy -- --environment ${config.id}`, pause: 5 },
  );
  return { code, lines, asked };
}

const changes = () =>
  account.asked.filter((question) => /DeleteStack|DeleteNetworkInterface|lambda PUT/.test(question));

describe('before anything is deleted', () => {
  test('says what is lost and what stays, and asks once', async () => {
    const { cdk } = deleting();
    const { code, lines, asked } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines[1]).toContain('Kumiki-trial-Containers2 (no longer in the configuration)');
    expect(lines.slice(2, 6)).toEqual([
      'Lost with its data: table sessions-1',
      'Lost with its data: log groups (1)',
      'Stays, and goes on costing money: repository images-1 with its images',
      'Stays, and is billed by the stored amount: log groups (1)',
    ]);
    expect(asked).toEqual(['Delete 8 stacks of trial? This cannot be undone. [y/N] ']);
  });

  test.each([
    [{ yes: true, confirm: 'lasting' }, '--confirm: must be the name of the environment, trial, got "lasting".'],
  ])('refuses a wrong --confirm before it asks AWS', async (options, message) => {
    account.asked.length = 0;
    await expect(run({ cdk: deleting().cdk, answer: 'y', options })).rejects.toThrow(message);
    expect(account.asked).toEqual([]);
  });

  test('asks about one stack in the singular', async () => {
    for (const name of [...account.stacks.keys()]) if (!name.endsWith('-Network')) account.stacks.delete(name);
    const { asked } = await run({ cdk: deleting().cdk, answer: 'y' });
    expect(asked).toEqual(['Delete 1 stack of trial? This cannot be undone. [y/N] ']);
  });

  test('deletes nothing without consent', async () => {
    const { cdk, destroyed } = deleting();
    await expect(run({ cdk, answer: 'n' })).rejects.toThrow('Not confirmed. Nothing was changed.');
    await expect(run({ cdk })).rejects.toThrow('Give --yes.');
    expect([destroyed(), changes()]).toEqual([[], []]);
  });

  test('wants the name of an environment that is not disposable; --yes is not enough', async () => {
    account.stacks.clear();
    deployAll('lasting');
    const { cdk, destroyed } = deleting('lasting');
    await expect(run({ config: lasting, cdk, options: { yes: true } })).rejects.toThrow('Give --confirm lasting.');
    expect([destroyed(), changes()]).toEqual([[], []]);
    expect((await run({ config: lasting, cdk, options: { confirm: 'lasting' } })).code).toBe(0);
    expect(account.stacks.size).toBe(0);
  });

  test('refuses stacks with termination protection, and says how to switch it off', async () => {
    account.stacks.set('Kumiki-trial-Network', { status: 'CREATE_COMPLETE', isProtected: true });
    const { cdk, calls } = deleting();
    await expect(run({ cdk, options: { yes: true } })).rejects.toThrow(
      'Kumiki-trial-Network: termination protection is on. Nothing was deleted. To switch it off for each of them: aws ' +
        'cloudformation update-termination-protection --no-enable-termination-protection --region us-east-1 --stack-name Kumiki-trial-Network',
    );
    expect([calls, changes()]).toEqual([[], []]);
  });

  test('refuses while somebody deploys', async () => {
    account.stacks.set('Kumiki-trial-RestApi', { status: 'UPDATE_IN_PROGRESS' });
    const { cdk, calls } = deleting();
    await expect(run({ cdk, options: { yes: true } })).rejects.toThrow('Kumiki-trial-RestApi is in UPDATE_IN_PROGRESS');
    expect([calls, changes()]).toEqual([[], []]);
  });

  test('says that there is nothing in this region', async () => {
    account.stacks.clear();
    const { cdk, calls } = deleting();
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatch(
      /^No stack Kumiki-trial-\* exists in us-east-1, account 111122223333\. .* give --region\.$/,
    );
    expect(calls).toEqual([]);
  });

  test('refuses the credentials of another account', async () => {
    const { cdk, calls } = deleting();
    await expect(run({ cdk, config: { ...trial, account: '444455556666' } })).rejects.toThrow(
      'account: environment trial',
    );
    expect(calls).toEqual([]);
  });

  test('asks again where AWS throttles', async () => {
    account.next.push({ question: 'sts', answer: queryError(400, 'Throttling', 'Rate exceeded') });
    account.next.push({
      question: 'ec2 DescribeNetworkInterfaces',
      answer: ec2Error(503, 'RequestLimitExceeded', 'Slow down'),
    });
    expect((await run({ cdk: deleting().cdk, answer: 'y' })).code).toBe(0);
  });
});

describe('deletes', () => {
  test('in the order of the dependencies, with the parts that are off and those that left the app', async () => {
    const order: string[] = [];
    account.onDeleteStack = (name) => {
      order.push(name);
      account.stacks.delete(name);
    };
    const { cdk, destroyed } = deleting('trial', (part) => {
      order.push(part);
      return 0;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(order).toEqual([
      'HttpApi',
      'WebSocketApi',
      'RestApi',
      'Function',
      'Kumiki-trial-Containers2',
      'Containers',
      'Registry',
      'Network',
    ]);
    expect(destroyed()[0]).toBe('trial/HttpApi trial/WebSocketApi');
    expect(account.stacks.size).toBe(0);
    expect(lines.at(-1)).toMatch(
      /^Deleted after \d+ s\. What may be left: npm run sweep -- --environment trial --region us-east-1$/,
    );
  });

  test('the rest of an environment that is half deleted, and a second time nothing', async () => {
    for (const part of ['RestApi', 'HttpApi', 'WebSocketApi']) account.stacks.delete(`Kumiki-trial-${part}`);
    const { cdk, destroyed } = deleting();
    expect((await run({ cdk, answer: 'y' })).code).toBe(0);
    expect(destroyed()).toEqual(['trial/Function', 'trial/Containers', 'trial/Registry', 'trial/Network']);
    expect((await run({ cdk, answer: 'y' })).lines.at(-1)).toMatch(/^No stack/);
  });

  test('after it has taken the function out of the VPC, and the interfaces when Lambda releases them', async () => {
    const order: string[] = [];
    account.interfaces.set('eni-1', {
      status: 'in-use',
      groups: ['sg-function'],
      description: 'AWS Lambda VPC ENI-quotes-1-x',
    });
    account.interfaces.set('eni-2', { status: 'in-use', groups: ['sg-other'], description: 'AWS Lambda VPC ENI-else' });
    const { cdk } = deleting('trial', async (part) => {
      order.push(`${part} ${account.inVpc.has('quotes-1') ? 'in' : 'out'}`);
      if (part !== 'Function') return 0;
      // CloudFormation waits for the interface, and Lambda releases it after a while.
      const [first] = account.interfaces.values();
      setTimeout(() => Object.assign(first ?? {}, { status: 'available' }), 30);
      while (account.interfaces.has('eni-1')) await new Promise((resolve) => setTimeout(resolve, 5));
      return 0;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(order.slice(2, 4)).toEqual(['RestApi in', 'Function out']);
    expect(lines).toContain(
      '  Function: takes quotes-1 out of the VPC, so that Lambda releases the network interfaces',
    );
    expect(lines).toContain('  eni-1: network interface deleted, which Lambda had released');
    expect(account.asked.find((question) => question.startsWith('lambda PUT'))).toContain(
      '"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[]}',
    );
    expect(account.asked.filter((question) => question.startsWith('ec2 Delete'))).toHaveLength(1);
    expect([...account.interfaces.keys()]).toEqual(['eni-2']);
    expect(account.asked.find((question) => question.startsWith('ec2 Describe'))).toMatch(
      /Filter\.1\.Name=description&Filter\.1\.Value\.1=AWS Lambda VPC ENI\*&Filter\.2\.Name=group-id&Filter\.2\.Value\.1=sg-function/,
    );
  });

  test('leaves an interface that Lambda uses again, and goes on where its deletion is denied', async () => {
    account.interfaces.set('eni-1', {
      status: 'available',
      groups: ['sg-function'],
      description: 'AWS Lambda VPC ENI-x',
    });
    account.next.push({
      question: 'ec2 DeleteNetworkInterface',
      answer: ec2Error(400, 'InvalidParameterValue', "Network interface 'eni-1' is currently in use."),
    });
    account.always.set('ec2 DeleteNetworkInterface', ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'));
    const { cdk } = deleting('trial', async (part) => {
      if (part === 'Function') await new Promise((resolve) => setTimeout(resolve, 100));
      return 0;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(
      /Network interfaces are left to Lambda, which can take 20 minutes and more: These credentials/,
    );
  });

  test('goes on where the function cannot leave the VPC', async () => {
    account.always.set('lambda PUT', [
      403,
      JSON.stringify({ __type: 'AccessDeniedException', Message: 'not allowed' }),
    ]);
    const { code, lines } = await run({ cdk: deleting().cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(
      /quotes-1 stays in the VPC until it is deleted \(These credentials do not allow that/,
    );
  });
});

describe('a stack that cannot be deleted', () => {
  const failed = (reason: string) => {
    account.stacks.set('Kumiki-trial-Network', {
      status: 'DELETE_FAILED',
      resources: [['Group', 'AWS::EC2::SecurityGroup', 'sg-1']],
      events: [
        ['Kumiki-trial-Network', 'AWS::CloudFormation::Stack', 'DELETE_IN_PROGRESS', 'User Initiated'],
        ['Group', 'AWS::EC2::SecurityGroup', 'DELETE_FAILED', reason],
      ],
    });
  };

  test('is named with what blocks it, and the second run tries it again', async () => {
    account.interfaces.set('eni-9', { status: 'in-use', groups: ['sg-1'], description: 'somebody else' });
    const { cdk } = deleting('trial', (part) => {
      if (part !== 'Network') return 0;
      failed('the security group sg-1 is used by another stack');
      return 1;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.slice(-3)).toEqual([
      'Kumiki-trial-Network failed: Group (AWS::EC2::SecurityGroup), DELETE_FAILED: the security group sg-1 is used by another stack',
      'Network interfaces that use it: eni-9 (in-use, somebody else)',
      expect.stringMatching(/^Way out: delete what blocks it, and run the same command again/),
    ]);
    const again = deleting();
    expect((await run({ cdk: again.cdk, answer: 'y' })).code).toBe(0);
    expect(again.destroyed()).toEqual(['trial/Network']);
  });

  test('because of an interface of Lambda is tried again when the interface is gone', async () => {
    let attempts = 0;
    account.interfaces.set('eni-1', { status: 'in-use', groups: ['sg-function'], description: 'AWS Lambda VPC ENI-x' });
    const { cdk } = deleting('trial', (part) => {
      if (part !== 'Network') return 0;
      attempts += 1;
      if (attempts > 1) return 0;
      failed('resource sg-1 has a dependent object');
      setTimeout(() => {
        for (const each of account.interfaces.values()) each.status = 'available';
      }, 30);
      return 1;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(attempts).toBe(2);
    expect(lines.join('\n')).toMatch(/Network: resource sg-1 has a dependent object\. Tries again/);
  });

  describe('because of an interface that Lambda does not release', () => {
    afterEach(() => jest.restoreAllMocks());
    /** Lets minutes pass while the command waits for the interface. @returns the exit code, the lines and the attempts */
    async function failing(minutes: number, then: () => void = () => undefined) {
      let attempts = 0;
      // The command waits if it asks for interfaces again after the cause of the failure.
      const waits = () => {
        const last = (name: string) => account.asked.findLastIndex((question) => question.startsWith(name));
        const cause = last('cloudformation DescribeStackEvents');
        return cause >= 0 && last('ec2 DescribeNetworkInterfaces') > cause;
      };
      let begun = false;
      const now = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => {
        if (!waits()) return now();
        if (!begun) setTimeout(then, 20);
        begun = true;
        return now() + minutes * 60_000;
      });
      account.asked.length = 0;
      account.interfaces.set('eni-1', {
        status: 'in-use',
        groups: ['sg-function', 'sg-1'],
        description: 'AWS Lambda VPC ENI-x',
      });
      const { cdk } = deleting('trial', (part) => {
        if (part !== 'Network') return 0;
        attempts += 1;
        if (attempts > 1) return 0;
        failed('resource sg-1 has a dependent object');
        return 1;
      });
      const { code, lines } = await run({ cdk, answer: 'y' });
      return { code, lines, attempts };
    }

    test('waits as long as AWS may need, which is 40 minutes', async () => {
      const release = () => {
        for (const each of account.interfaces.values()) each.status = 'available';
      };
      const { code, attempts } = await failing(39, release);
      expect([code, attempts]).toEqual([0, 2]);
    });

    test('gives up after that, and names the interface', async () => {
      const { code, lines, attempts } = await failing(41);
      expect([code, attempts]).toEqual([1, 1]);
      expect(lines.at(-2)).toBe('Network interfaces that use it: eni-1 (in-use, AWS Lambda VPC ENI-x)');
    });
  });

  test('that the app no longer has is waited for, and its cause is named', async () => {
    account.onDeleteStack = (name) => {
      const events = [
        [name, 'AWS::CloudFormation::Stack', 'DELETE_IN_PROGRESS', 'User Initiated'],
        ['Service', 'AWS::ECS::Service', 'DELETE_FAILED', 'not stable'],
      ] as const;
      const stack = { status: 'DELETE_IN_PROGRESS' };
      account.stacks.set(name, stack);
      setTimeout(() => Object.assign(stack, { status: 'DELETE_FAILED', events }), 20);
    };
    const { code, lines } = await run({ cdk: deleting().cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.at(-2)).toBe(
      'Kumiki-trial-Containers2 failed: Service (AWS::ECS::Service), DELETE_FAILED: not stable',
    );
  });

  test('says to sign in again where the session expires in the middle, and keeps what is deleted', async () => {
    const expired = queryError(403, 'ExpiredToken', 'The security token included in the request is expired');
    const { cdk } = deleting('trial', (part) => {
      if (part !== 'RestApi') return 0;
      account.always.set('cloudformation', expired);
      return 1;
    });
    const { code, lines } = await run({ cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.slice(-2)).toEqual([
      'The AWS credentials have expired. Sign in again.',
      'AWS finishes what it has begun. Then run the same command again to continue.',
    ]);
  });

  test.each([
    [
      'DeploymentError: The security token included in the request is expired',
      'The AWS credentials have expired. Sign in again.',
    ],
    ['Throttling: Rate exceeded', /^Too many requests: .*\(Rate exceeded\), also after several attempts\./],
    [
      'AccessDenied: User: a is not authorized to perform: cloudformation:DeleteStack on resource: x',
      'These credentials do not allow that: User: a is not authorized to perform: cloudformation:DeleteStack on resource: x',
    ],
  ])('has our words for what only the CDK CLI met: %s', async (words, text) => {
    const { cdk } = deleting();
    const failing: Cdk = async (args, options) =>
      args[0] === 'destroy'
        ? {
            code: 1,
            lines: [
              'trial/HttpApi (Kumiki-trial-HttpApi): destroying... [1/1]',
              ` ❌  trial/HttpApi (Kumiki-trial-HttpApi): destroy failed ${words}`,
            ],
          }
        : cdk(args, options);
    const { code, lines } = await run({ cdk: failing, answer: 'y' });
    expect(code).toBe(1);
    const [, told] =
      /^The CDK CLI failed at (?:one of )?Kumiki-trial-\w+(?:, Kumiki-trial-\w+)*: (.*)$/.exec(lines.at(-2) ?? '') ??
      [];
    expect(told).toMatch(text);
    expect(lines.at(-1)).toBe('AWS finishes what it has begun. Then run the same command again to continue.');
  });
});

describe('one part', () => {
  test('is deleted alone when it is off', async () => {
    const { cdk, destroyed } = deleting();
    const { code, lines } = await run({ config: WITHOUT_HTTP, cdk, answer: 'y', options: { part: 'httpApi' } });
    expect(code).toBe(0);
    expect(destroyed()).toEqual(['trial/HttpApi']);
    expect(lines.at(-1)).toMatch(/^Deleted after \d+ s: HttpApi\. The other parts were not touched\.$/);
    expect(account.inVpc.has('quotes-1')).toBe(true);
    expect(account.stacks.has('Kumiki-trial-Function')).toBe(true);
  });

  test.each([
    ['httpApi', /httpApi is still on in trial.*First switch httpApi off in lib\/environments\.ts/],
    [
      'function',
      /"function" is not an optional part\. Give one of notifications, alarms, dashboard, kubernetes, httpApi, webSocketApi, sleep, encryption\./,
    ],
  ])('%s is refused where it is on or not optional', async (part, error) => {
    const { cdk, calls } = deleting();
    await expect(run({ cdk, answer: 'y', options: { part } })).rejects.toThrow(error);
    expect([calls, account.asked]).toEqual([[], []]);
  });

  test('of the alarms is refused because of the budget, also where the alarms are off', async () => {
    const { cdk, calls } = deleting();
    const options = { part: 'alarms' };
    const budget = { monthlyUsd: 150, emails: ['owner@example.com'] };
    await expect(run({ config: { ...trial, budget }, cdk, options })).rejects.toThrow(
      '--part: alarms is still on in trial',
    );
    await expect(run({ config: { ...trial, alarms: false, budget }, cdk, options })).rejects.toThrow(
      '--part: alarms is off in trial, but the stack of this part, Operations, also has the budget. Nothing was deleted.',
    );
    expect([calls, account.asked]).toEqual([[], []]);
    const { lines } = await run({ config: { ...trial, alarms: false }, cdk, options });
    expect(lines.at(-1)).toMatch(/^No stack Kumiki-trial-Operations exists in us-east-1/);
  });

  test('that is not deployed is no error', async () => {
    const { code, lines } = await run({ cdk: deleting().cdk, answer: 'y', options: { part: 'kubernetes' } });
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatch(/^No stack Kumiki-trial-Kubernetes exists in us-east-1/);
  });
});

describe('Ctrl-C', () => {
  test('before the consent deletes nothing', async () => {
    const interruption = new AbortController();
    const { cdk, destroyed } = deleting();
    const aborting: Cdk = (args, options) => {
      interruption.abort();
      return cdk(args, options);
    };
    const { code, lines } = await run({ cdk: aborting, answer: 'y', interruption });
    expect(code).toBe(130);
    expect(lines.at(-1)).toBe('Interrupted. Nothing was changed.');
    expect([destroyed(), changes()]).toEqual([[], []]);
  });

  test('while a stack is deleted ends the CLI, says what goes on, and how to keep the environment', async () => {
    const interruption = new AbortController();
    const { cdk } = deleting();
    const real = cdkCli(interruption.signal, [process.execPath, '-e', 'setInterval(() => {}, 1000)', '--']);
    const { code, lines } = await run({
      interruption,
      answer: 'y',
      cdk: (args, options) => {
        if (!args.includes('trial/Function')) return cdk(args, options);
        account.stacks.set('Kumiki-trial-Function', { status: 'DELETE_IN_PROGRESS' });
        setTimeout(() => interruption.abort(), 200);
        return real(args, options);
      },
    });
    expect(code).toBe(130);
    expect(lines.at(-2)).toBe(
      'Interrupted. AWS goes on with Kumiki-trial-Function (DELETE_IN_PROGRESS). Run the same command again to continue: ' +
        'npm run destroy -- --environment trial',
    );
    expect(lines.at(-1)).toMatch(/npx cdk deploy --all --revert-drift -c environment=trial$/);
  });
});

test('Ctrl-C while a function leaves the VPC does not say that nothing is under way', async () => {
  const interruption = new AbortController();
  jest.spyOn(account.inVpc, 'delete').mockImplementation(() => {
    interruption.abort();
    return true;
  });
  const { code, lines } = await run({ interruption, answer: 'y', cdk: deleting().cdk });
  expect(code).toBe(130);
  expect(lines.find((line) => line.startsWith('Interrupted'))).toMatch(
    /^Interrupted\. AWS showed no stack in progress, but a request may have been under way\. Run the same command/,
  );
});

describe('Ctrl-C while the request to delete a stack is under way', () => {
  test.each([
    [[], 'HttpApi, WebSocketApi may still be deleted: AWS showed no change yet.'],
    [['HttpApi'], 'WebSocketApi may still be deleted: AWS showed no change yet.'],
    [['HttpApi', 'WebSocketApi'], 'That was between two parts: AWS is busy with none of them.'],
  ])('names the stacks that AWS still shows (without %j)', async (gone, state) => {
    const interruption = new AbortController();
    const { cdk } = deleting('trial', (part) => {
      if (part !== 'HttpApi') return 0;
      for (const each of gone) account.stacks.delete(`Kumiki-trial-${each}`);
      interruption.abort();
      return 1;
    });
    const { code, lines } = await run({ interruption, answer: 'y', cdk });
    expect(code).toBe(130);
    expect(lines.find((line) => line.startsWith('Interrupted'))).toContain(
      `Interrupted. ${state} Run the same command again to continue: npm run destroy -- --environment trial`,
    );
  });
});

describe('the list of parts', () => {
  const all = OPTIONAL_PARTS.map(([, property]) => property);

  test.each(LANGUAGES)('is in the help (%s)', (language) => {
    const [, parts] = /^(?:Parts: |部品：)(.*)$/m.exec(helpOf(destroyCommand)[language]) ?? [];
    expect(parts?.split(', ')).toEqual(all);
  });

  test.each(['docs/deploy.md', 'docs/deploy.ja.md'])('is in %s', (page) => {
    const [, parts = ''] =
      /^`npm run destroy -- --environment sandbox --part httpApi`[^`]*`lib\/environments\.ts`([^.。]*)[.。]/ms.exec(
        readFileSync(page, 'utf8'),
      ) ?? [];
    expect(Array.from(parts.matchAll(/`(\w+)`/g), ([, part]) => part)).toEqual(all);
  });
});

describe('npm run destroy', () => {
  async function command(args: readonly string[], cdk: Cdk, person: Person = {}) {
    const { terminal, lines } = recordedTerminal(person);
    return { code: await main(args, { ...terminal, cdk, command: 'npm run destroy', pause: 5 }, fixtures), lines };
  }
  const TRIAL = ['--environment', 'trial'];

  test('ends with 0 after all stacks are deleted', async () => {
    const { cdk, calls } = deleting();
    expect((await command([...TRIAL, '--yes'], cdk)).code).toBe(0);
    expect(calls[0]).toBe('synth --quiet -c environment=trial --output FOLDER');
    expect(account.stacks.size).toBe(0);
  });

  test('ends with 1 where a stack is left', async () => {
    const { cdk } = deleting('trial', () => 1);
    expect((await command([...TRIAL, '--yes'], cdk)).code).toBe(1);
    expect(account.stacks.has('Kumiki-trial-RestApi')).toBe(true);
  });

  test('ends with 130 after Ctrl-C', async () => {
    const interruption = new AbortController();
    const { cdk } = deleting('trial', () => {
      interruption.abort();
      return 1;
    });
    expect((await command([...TRIAL, '--yes'], cdk, { interruption })).code).toBe(130);
  });

  test.each([
    ['a part that is on', [...TRIAL, '--yes', '--part', 'httpApi'], '--part: httpApi is still on in trial'],
    ['--yes in an environment that is not disposable', ['--environment', 'lasting', '--yes'], '--yes is not enough'],
    ['the name of another environment', [...TRIAL, '--confirm', 'lasting'], '--confirm: must be the name'],
  ])('refuses %s, and deletes nothing', async (_, args, message) => {
    const { cdk, calls } = deleting();
    await expect(command(args, cdk)).rejects.toThrow(message);
    expect([calls, changes()]).toEqual([[], []]);
  });

  test('says in one line what to do about an error of AWS', async () => {
    account.always.set('sts', queryError(403, 'ExpiredToken', 'The token has expired'));
    await expect(command([...TRIAL, '--yes'], deleting().cdk)).rejects.toMatchObject({
      text: { en: 'The AWS credentials have expired. Sign in again.', ja: expect.stringMatching(/^AWS の認証情報/) },
    });
  });
});
