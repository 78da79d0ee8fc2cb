import type { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf, fixtures } from '../../../test/support/fixture';
import { type Cdk, cdkCli } from '../../deploy/cdk';
import { main } from '../../deploy/deploy';
import { contextOf } from '../../deploy/main';
import { type DeployOptions, deploy } from '../../deploy/run';
import { type Person, recordedTerminal } from '../kit/recorded-terminal';
import { type Parts, recordedCli } from './app';
import { queryError, RecordedAccount } from './aws';

const account = new RecordedAccount();
beforeAll(() => account.start());
beforeEach(() => account.reset());
afterAll(() => account.stop());

const trial = fixtureOf('trial');
const lasting = fixtureOf('lasting', { imageDigest: `sha256:${'a'.repeat(64)}` });
const PARTS: Parts = { Registry: 'on', Network: 'on', RestApi: 'on', HttpApi: 'off' };

interface Run extends Person {
  readonly config?: EnvironmentConfig;
  readonly options?: Partial<DeployOptions>;
  readonly cdk: Cdk;
  /** Checks of preflight that failed, and that could not be made. */
  readonly problems?: number;
  readonly unchecked?: number;
  readonly advisory?: number;
}

/** Runs the command. @returns its exit code, its lines and what it asked */
async function run({ config = trial, options = {}, cdk, problems = 0, unchecked = 0, advisory = 0, ...person }: Run) {
  const { terminal, lines, asked } = recordedTerminal(person);
  const code = await deploy(
    config,
    { context: { environment: config.id }, yes: false, skipPreflight: false, ...options },
    {
      ...terminal,
      cdk,
      command: `npm run deploy -- --environment ${config.id}`,
      preflight: async () => {
        lines.push('preflight');
        return { blocked: problems + unchecked > 0, problems, unchecked, advisory };
      },
    },
  );
  return { code, lines, asked };
}

describe('before anything is changed', () => {
  test('checks the account, asks once, and deploys every stack with the given context', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    const context = { environment: 'trial', region: 'us-east-1', kubernetes: 'true' };
    const { code, lines, asked } = await run({ cdk, answer: 'y', options: { context } });
    expect(code).toBe(0);
    expect(lines.slice(0, 2)).toEqual(['Environment trial, account 111122223333, us-east-1.', 'preflight']);
    expect(asked).toEqual(['Deploy 3 stacks? They cost money until npm run destroy has ended. [y/N] ']);
    expect(calls).toEqual([
      'synth --quiet -c environment=trial -c region=us-east-1 -c kubernetes=true --output FOLDER',
      'deploy --all --app FOLDER --require-approval never --progress events --concurrency 4',
    ]);
    expect(lines.at(-1)).toMatch(
      /^Deployed after \d+ s\. Check it: npm run verify -- --environment trial --region us-east-1$/,
    );
  });

  test.each(['', 'n', 'no', 'trial'])('changes nothing after the answer "%s"', async (answer) => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    await expect(run({ cdk, answer })).rejects.toThrow('Not confirmed. Nothing was changed.');
    expect(calls).toHaveLength(1);
  });

  test('asks nobody with --yes, and refuses without a terminal and without --yes', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    expect((await run({ cdk, options: { yes: true } })).code).toBe(0);
    await expect(run({ cdk })).rejects.toThrow('There is no terminal to ask on. Nothing was changed. Give --yes.');
    expect(calls.filter((call) => call.startsWith('deploy'))).toHaveLength(1);
  });

  test('wants the name of an environment that is not disposable; --yes is not enough', async () => {
    const { cdk, calls } = recordedCli('lasting', PARTS);
    const config = lasting;
    await expect(run({ config, cdk, options: { yes: true } })).rejects.toThrow(
      'lasting is not disposable, so --yes is not enough. Nothing was changed. Give --confirm lasting.',
    );
    await expect(run({ config, cdk, answer: 'y' })).rejects.toThrow('Not confirmed');
    await expect(run({ config, cdk, options: { confirm: 'trial' } })).rejects.toThrow('--confirm: must be the name');
    expect(calls.filter((call) => call.startsWith('deploy'))).toEqual([]);
    expect((await run({ config, cdk, answer: 'lasting' })).code).toBe(0);
    expect((await run({ config, cdk, options: { confirm: 'lasting' } })).code).toBe(0);
  });

  test.each([
    [lasting, { yes: true }, 'lasting is not disposable, so --yes is not enough.'],
    [lasting, { yes: true, confirm: 'trial' }, '--confirm: must be the name of the environment, lasting, got "trial".'],
    [trial, { yes: true, confirm: 'lasting' }, '--confirm: must be the name of the environment, trial, got "lasting".'],
  ])('refuses flags that cannot lead to consent before it asks AWS', async (config, options, message) => {
    const { cdk, calls } = recordedCli(config.id, PARTS);
    await expect(run({ config, cdk, answer: config.id, options })).rejects.toThrow(message);
    expect(account.asked).toEqual([]);
    expect(calls).toEqual([]);
  });

  test('asks about one stack in the singular', async () => {
    const { cdk } = recordedCli('trial', { Network: 'on', HttpApi: 'off' });
    const { asked } = await run({ cdk, answer: 'y' });
    expect(asked).toEqual(['Deploy 1 stack? It costs money until npm run destroy has ended. [y/N] ']);
  });

  test('ends where preflight blocks, unless preflight is skipped, which it says', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    await expect(run({ cdk, answer: 'y', problems: 1 })).rejects.toThrow('Nothing was changed. Fix the lines above');
    expect(calls).toEqual([]);
    const { code, lines } = await run({ cdk, answer: 'y', problems: 1, options: { skipPreflight: true } });
    expect(code).toBe(0);
    expect(lines[1]).toMatch(/^Preflight was skipped/);
  });

  test('says that checks are missing where nothing failed', async () => {
    const { cdk } = recordedCli('trial', PARTS);
    await expect(run({ cdk, answer: 'y', unchecked: 2 })).rejects.toThrow(
      'Preflight found no problem, but 2 checks that must pass could not be made, and each such check blocks, too. Nothing was changed.',
    );
    await expect(run({ cdk, answer: 'y', problems: 1, unchecked: 1, advisory: 8 })).rejects.toThrow(
      'Preflight found what would make the deployment fail, and 1 check that must pass could not be made (of those that only warn, 8 could not, either). Nothing was changed. Fix',
    );
  });

  test('refuses the credentials of another account before it synthesizes', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    await expect(run({ cdk, config: { ...trial, account: '444455556666' } })).rejects.toThrow(
      'account: environment trial deploys to 444455556666, but the credentials belong to 111122223333',
    );
    expect(calls).toEqual([]);
  });

  test('gives the error of the app in one line', async () => {
    const cdk: Cdk = async () => ({
      code: 1,
      lines: [
        'Bundling asset trial/Function...',
        'zones: "x" is not an availability zone',
        'Subprocess exited with error 1',
      ],
    });
    await expect(run({ cdk, answer: 'y' })).rejects.toThrow(
      'The app could not be synthesized, and nothing was changed: zones: "x" is not an availability zone',
    );
  });

  test('names what it deletes, and what stays and costs money', async () => {
    for (const part of ['HttpApi', 'Containers2'])
      account.stacks.set(`Kumiki-trial-${part}`, { status: 'CREATE_COMPLETE' });
    const { cdk } = recordedCli('trial', PARTS);
    const { lines } = await run({ cdk, answer: 'y' });
    expect(lines).toContain('Kumiki-trial-HttpApi is deployed and now switched off, so this deployment deletes it.');
    expect(lines.join()).toMatch(/Kumiki-trial-Containers2 exists, but this configuration no longer has it/);
  });

  test('leaves out the stacks of an environment with a longer name, and of somebody else', async () => {
    account.stacks.set('Kumiki-trial-b-Other', { status: 'DELETE_FAILED' });
    account.stacks.set('Kumiki-trial-Network', { status: 'DELETE_FAILED', tag: 'other' });
    account.stacks.set('Kumiki-trial-Bastion', { status: 'DELETE_FAILED' });
    const { code, lines } = await run({ cdk: recordedCli('trial', PARTS).cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines.join('\n')).not.toMatch(/trial-b|Bastion/);
  });

  test.each([
    ['ROLLBACK_COMPLETE', /The CDK CLI deletes the stack and creates it again/],
    ['UPDATE_IN_PROGRESS', /AWS is still busy with Kumiki-trial-Network \(UPDATE_IN_PROGRESS\)/],
  ])('says what happens to a stack in %s', async (status, line) => {
    account.stacks.set('Kumiki-trial-Network', { status });
    const { code, lines } = await run({ cdk: recordedCli('trial', PARTS).cdk, answer: 'y' });
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(line);
  });

  test.each([
    ['UPDATE_ROLLBACK_FAILED', 'First run: npx cdk rollback trial/Network -c environment=trial'],
    ['DELETE_FAILED', 'First run: npm run destroy -- --environment trial'],
  ])('refuses a stack in %s with the way out', async (status, wayOut) => {
    account.stacks.set('Kumiki-trial-Network', { status });
    const { cdk, calls } = recordedCli('trial', PARTS);
    await expect(run({ cdk, answer: 'y' })).rejects.toThrow(wayOut);
    expect(calls).toHaveLength(1);
  });

  test('asks again where AWS throttles', async () => {
    const throttled = queryError(400, 'Throttling', 'Rate exceeded');
    for (let time = 0; time < 2; time++)
      account.next.push({ question: 'cloudformation DescribeStacks', answer: throttled });
    expect((await run({ cdk: recordedCli('trial', PARTS).cdk, answer: 'y' })).code).toBe(0);
    expect(account.asked.filter((question) => question.startsWith('cloudformation DescribeStacks'))).toHaveLength(3);
  });
});

test('the context of deploy and destroy is that of the flags, which -c must not contradict', () => {
  expect(contextOf({ environment: 'sandbox', context: ['kubernetes=true'] }).given).toEqual({
    environment: 'sandbox',
    kubernetes: 'true',
  });
  expect(() => contextOf({ environment: 'sandbox', context: ['environment=production'] })).toThrow('contradict each');
});

describe('express mode', () => {
  test('is used with rollback where nothing is replaced', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    expect((await run({ cdk, answer: 'y', options: { express: true } })).code).toBe(0);
    expect(calls[1]).toBe('diff --app FOLDER --method template --fail-on destructive');
    expect(calls[2]).toMatch(/--express --rollback$/);
  });

  test('is refused where something is replaced, and where the environment is not disposable', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS, (args, onLine) => {
      onLine('[~] AWS::DynamoDB::Table Sessions Table replace');
      return args[0] === 'diff' ? 1 : 0;
    });
    const options = { express: true };
    await expect(run({ cdk, answer: 'y', options })).rejects.toThrow(/replaces or deletes a resource.*Sessions/);
    await expect(run({ cdk, config: lasting, options: { ...options, confirm: 'lasting' } })).rejects.toThrow(
      '--express: needs an environment with disposable: true, but lasting has false',
    );
    expect(calls.filter((call) => call.startsWith('deploy'))).toEqual([]);
  });
});

test('lets the CDK CLI ask on the terminal with --require-approval', async () => {
  let onTerminal: boolean | undefined;
  const { cdk, calls } = recordedCli('trial', PARTS);
  const watched: Cdk = (args, options) => {
    ({ onTerminal } = options ?? {});
    return cdk(args, options);
  };
  await run({ cdk: watched, answer: 'y', options: { requireApproval: 'broadening' } });
  expect(calls[1]).toBe('deploy --all --app FOLDER --require-approval broadening');
  expect(onTerminal).toBe(true);
});

test('prints a line where a part begins and ends, with the time that AWS documents', async () => {
  const { cdk } = recordedCli('trial', PARTS, (_, onLine) => {
    // The CLI counts HttpApi, too, which is off.
    onLine('trial/Registry (Kumiki-trial-Registry): deploying... [1/4]');
    onLine(' ✅  trial/Registry (Kumiki-trial-Registry) (no changes)');
    onLine('trial/Network (Kumiki-trial-Network): deploying... [3/4]');
    onLine('Kumiki-trial-Network | 0/12 | 10:12:13 PM | REVIEW_IN_PROGRESS | AWS::CloudFormation::Stack | x');
    onLine(' ✅  trial/Network (Kumiki-trial-Network)');
    onLine('trial/RestApi (Kumiki-trial-RestApi): deploying... [4/4]');
    onLine('Kumiki-trial-RestApi |  3/12 | 10:12:13 PM | CREATE_COMPLETE | AWS::ApiGateway::RestApi | x');
    onLine(' ✅  trial/RestApi (Kumiki-trial-RestApi)');
    onLine('trial/HttpApi: stack has no resources, deleting existing stack.');
    return 0;
  });
  const { lines } = await run({ cdk, answer: 'y' });
  expect(lines.slice(2, -1)).toEqual([
    '  Registry: no changes',
    '  Network: 2 of 3, AWS documents no time',
    '  Network: done after 0 s',
    '  RestApi: 3 of 3, AWS documents up to 4 min for the stage cache and a few for the VPC link',
    '  RestApi: done after 0 s',
    '  HttpApi: is off, and is being deleted',
  ]);
});

test('names what an update could not delete, because CloudFormation gives it up and goes on', async () => {
  const event = (verdict: string, resource: string, type = 'AWS::CloudWatch::Alarm') =>
    `Kumiki-trial-Containers |  3/12 | 10:12:13 PM | ${verdict}        | ${type} | ${resource}`;
  const { cdk } = recordedCli('trial', PARTS, (_, onLine) => {
    for (let attempt = 0; attempt < 3; attempt++)
      onLine(event('DELETE_FAILED (skipped)', 'AlarmsSilent1 (this will take a few minutes to recover)'));
    onLine(
      event('DELETE_FAILED (skipped)', 'Group1 (this will take a few minutes to recover)', 'AWS::EC2::SecurityGroup'),
    );
    onLine(event('DELETE_COMPLETE', 'Group1', 'AWS::EC2::SecurityGroup'));
    return 0;
  });
  const { lines } = await run({ cdk, answer: 'y' });
  expect(lines.filter((line) => line.startsWith('CloudFormation could not delete'))).toEqual([
    expect.stringMatching(
      /^CloudFormation could not delete AlarmsSilent1 \(AWS::CloudWatch::Alarm\).* npm run sweep -- --environment trial /,
    ),
  ]);
});

describe('a failure', () => {
  const failing = (name: string) =>
    recordedCli('trial', PARTS, (_, onLine) => {
      onLine(
        ` ❌  trial/${name} (Kumiki-trial-${name}) failed: _ToolkitError: The stack named Kumiki-trial-${name} failed`,
      );
      return 1;
    });

  test('is one line with the resource that failed first, and one with the way out', async () => {
    account.stacks.set('Kumiki-trial-RestApi', {
      status: 'CREATE_COMPLETE',
      events: [
        ['Old', 'AWS::SNS::Topic', 'CREATE_FAILED', 'an earlier operation'],
        ['Kumiki-trial-RestApi', 'AWS::CloudFormation::Stack', 'UPDATE_IN_PROGRESS', 'User Initiated'],
        ['Other', 'AWS::IAM::Role', 'CREATE_FAILED', 'Resource creation cancelled'],
        ['Stage', 'AWS::ApiGateway::Stage', 'CREATE_FAILED', 'CloudWatch Logs role ARN\n must be set'],
        ['Late', 'AWS::IAM::Role', 'UPDATE_FAILED', 'Resource update cancelled'],
        ['Kumiki-trial-RestApi', 'AWS::CloudFormation::Stack', 'UPDATE_ROLLBACK_IN_PROGRESS', 'failed: [Stage]'],
      ],
    });
    const { code, lines } = await run({ cdk: failing('RestApi').cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.at(-3)).toBe(
      'Kumiki-trial-RestApi failed: Stage (AWS::ApiGateway::Stage), CREATE_FAILED: CloudWatch Logs role ARN must be set',
    );
    expect(lines.slice(-2)).toEqual([
      'Way out: fix the cause and run the same command again. Finished parts stay as they are.',
      'Details: npx cdk diagnose trial/RestApi --unstable=diagnose -c environment=trial',
    ]);
  });

  test('before any resource, such as that of a change set, has the words of the CLI', async () => {
    const { code, lines } = await run({ cdk: failing('Network').cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.at(-3)).toMatch(
      /^The CDK CLI failed at Kumiki-trial-Network: trial\/Network \(Kumiki-trial-Network\) failed: /,
    );
  });

  test('of the session says to sign in again, and that AWS goes on', async () => {
    account.always.set('cloudformation DescribeStackEvents', queryError(403, 'ExpiredToken', 'The token has expired'));
    const { code, lines } = await run({ cdk: failing('RestApi').cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.slice(-3)).toEqual([
      'The AWS credentials have expired. Sign in again.',
      'AWS finishes what it has begun. Then run the same command again to continue.',
      'Details: npx cdk diagnose trial/RestApi --unstable=diagnose -c environment=trial',
    ]);
  });

  // The output of aws-cdk 2.1148.1 against an account without a bootstrap stack, or without its bucket.
  const ROLE =
    "current credentials could not be used to assume 'arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-us-east-1', but are for the right account. Proceeding anyway.";
  const NETWORK = 'trial/Network (Kumiki-trial-Network): deploying... [2/4]';
  const printing = (...output: string[]) =>
    recordedCli('trial', PARTS, (_, onLine) => {
      for (const line of output) onLine(line);
      return 1;
    });

  test.each([
    [
      "No bucket named 'cdk-hnb659fds-assets-111122223333-us-east-1'. Is account 111122223333 bootstrapped?",
      [
        ROLE,
        "Kumiki-trial-Network: fail: No bucket named 'cdk-hnb659fds-assets-111122223333-us-east-1'. Is account 111122223333 bootstrapped?",
        'Kumiki-trial-Registry: start: Building Kumiki-trial-Registry Template',
        'Failed to publish asset Kumiki-trial-Network Template (current_account-us-east-1-ba66b29a)',
        '‣ AggregateError: ',
      ],
    ],
    [
      'Parameter /cdk-bootstrap/hnb659fds/version not found.',
      [
        ROLE,
        "Kumiki-trial-Network: SSM parameter /cdk-bootstrap/hnb659fds/version not found in aws://111122223333/us-east-1. Has the environment been bootstrapped? Please run 'cdk bootstrap' (see https://docs.aws.amazon.com/cdk/latest/guide/bootstrapping.html)",
        'Parameter /cdk-bootstrap/hnb659fds/version not found.',
        '‣ SsmParameterNotFound: SSM parameter /cdk-bootstrap/hnb659fds/version not found in aws://111122223333/us-east-1.',
        '‣ ParameterNotFound: Parameter /cdk-bootstrap/hnb659fds/version not found.',
      ],
    ],
  ])('for want of a bootstrap stack is told with its cause and the command: %s', async (reason, output) => {
    const { code, lines } = await run({ cdk: printing(...output).cdk, answer: 'y' });
    expect(code).toBe(1);
    expect(lines.at(-1)).toContain(reason);
    expect(lines.at(-1)).toContain('npx cdk bootstrap aws://111122223333/us-east-1');
  });

  test.each([
    [
      'Template format error: Unresolved resource dependencies [X] in the Resources block of the template',
      'Template format error: Unresolved resource dependencies [X] in the Resources block of the template',
      /^Way out: fix the cause/,
    ],
    ['Rate exceeded', /^Too many requests: AWS in us-east-1|^Too many requests: http/, /^AWS finishes/],
    [
      'The security token included in the request is expired',
      'The AWS credentials have expired. Sign in again.',
      /^AWS finishes/,
    ],
    [
      'User: arn:aws:iam::111122223333:user/a is not authorized to perform: cloudformation:CreateChangeSet on resource: x',
      /^These credentials do not allow that: User: .*CreateChangeSet on resource: x$/,
      /^AWS finishes/,
    ],
  ])('of which the CLI prints only "%s" names the stack, the way out and the details', async (words, text, wayOut) => {
    const { cdk } = printing(
      'trial/Registry (Kumiki-trial-Registry): deploying... [1/4]',
      ' ✅  trial/Registry (Kumiki-trial-Registry)',
      NETWORK,
      'Kumiki-trial-Network: creating CloudFormation changeset...',
      words,
    );
    const { lines } = await run({ cdk, answer: 'y' });
    const [line = '', next, details] = lines.slice(-3);
    const [, told] = /^The CDK CLI failed at Kumiki-trial-Network: (.*)$/.exec(line) ?? [];
    expect(told).toMatch(text);
    expect(next).toMatch(wayOut);
    expect(details).toBe('Details: npx cdk diagnose trial/Network --unstable=diagnose -c environment=trial');
  });

  test('is told for all stacks that were under way where the CLI does not say which of them failed', async () => {
    const { cdk } = printing('trial/Registry (Kumiki-trial-Registry): deploying... [1/4]', NETWORK, 'Rate exceeded');
    const { lines } = await run({ cdk, answer: 'y' });
    expect(lines.at(-3)).toMatch(/^The CDK CLI failed at one of Kumiki-trial-Registry, Kumiki-trial-Network: Too many/);
    expect(lines.at(-1)).toMatch(/^Details: npx cdk diagnose trial\/Registry trial\/Network /);
  });
});

describe('Ctrl-C', () => {
  test.each(['preflight', 'synth', 'question'])('during %s changes nothing', async (step) => {
    const interruption = new AbortController();
    const { cdk, calls } = recordedCli('trial', PARTS);
    const { terminal, lines } = recordedTerminal({ interruption });
    const at = (here: string) => {
      if (here === step) interruption.abort();
    };
    const code = await deploy(
      trial,
      { context: {}, yes: false, skipPreflight: false },
      {
        ...terminal,
        ask: async () => {
          at('question');
          return 'y';
        },
        cdk: async (args, options) => {
          at('synth');
          return cdk(args, options);
        },
        command: 'npm run deploy',
        preflight: async () => {
          at('preflight');
          return { blocked: false, problems: 0, unchecked: 0, advisory: 0 };
        },
      },
    );
    expect(code).toBe(130);
    expect(lines.at(-1)).toBe('Interrupted. Nothing was changed.');
    expect(calls.filter((call) => call.startsWith('deploy'))).toEqual([]);
  });

  test('during the deployment ends the CLI, and says what goes on in AWS', async () => {
    const interruption = new AbortController();
    const { cdk } = recordedCli('trial', PARTS);
    // A process as the CLI is: it prints, and would run for minutes.
    const script =
      "console.log('trial/RestApi (Kumiki-trial-RestApi): deploying... [1/3]'); setInterval(() => {}, 1000)";
    const real = cdkCli(interruption.signal, [process.execPath, '-e', script, '--']);
    account.stacks.set('Kumiki-trial-RestApi', { status: 'UPDATE_IN_PROGRESS' });
    const { code, lines } = await run({
      interruption,
      answer: 'y',
      cdk: (args, options) =>
        args[0] === 'synth'
          ? cdk(args, options)
          : real(args, {
              onLine: (line) => {
                options?.onLine?.(line);
                interruption.abort();
              },
            }),
    });
    expect(code).toBe(130);
    expect(lines.at(-1)).toBe(
      'Interrupted. AWS goes on with Kumiki-trial-RestApi (UPDATE_IN_PROGRESS). Run the same command again to continue: ' +
        'npm run deploy -- --environment trial',
    );
  });
});

describe('Ctrl-C after the consent', () => {
  const PREPARES = 'Kumiki-trial-RestApi: creating CloudFormation changeset...';
  const BEGINS = 'trial/RestApi (Kumiki-trial-RestApi): deploying... [1/3]';
  const ENDS = ' ✅  trial/RestApi (Kumiki-trial-RestApi)';

  test.each<[string, readonly string[], string | undefined, string]>([
    ['before the first part', [], undefined, 'No part had begun, and no resource was changed.'],
    [
      'while the request for the first change set is under way',
      [PREPARES],
      undefined,
      'No part had begun, and no resource was changed. ' +
        'A change set of RestApi may still be created, which changes no resource.',
    ],
    [
      'between two parts',
      [BEGINS, ENDS],
      'CREATE_COMPLETE',
      'That was between two parts: AWS is busy with none of them.',
    ],
    [
      'while a new part has only a change set',
      [PREPARES],
      'REVIEW_IN_PROGRESS',
      'No part had begun, and no resource was changed. AWS showed only a change set of Kumiki-trial-RestApi (REVIEW_IN_PROGRESS), and no resource yet.',
    ],
    [
      'while the request to execute a change set is under way',
      [PREPARES, BEGINS],
      'REVIEW_IN_PROGRESS',
      'RestApi may still be deployed: AWS showed no change yet.',
    ],
    [
      'while a request about a stack is under way',
      [BEGINS],
      'UPDATE_COMPLETE',
      'RestApi may still be deployed: AWS showed no change yet.',
    ],
    [
      'while a request about a stack that does not exist yet is under way',
      [BEGINS],
      undefined,
      'RestApi may still be deployed: AWS showed no change yet.',
    ],
  ])('%s says what AWS may still do', async (_, printed, status, state) => {
    const interruption = new AbortController();
    const { cdk } = recordedCli('trial', PARTS, (_args, onLine) => {
      for (const line of printed) onLine(line);
      interruption.abort();
      return 1;
    });
    if (status !== undefined) account.stacks.set('Kumiki-trial-RestApi', { status });
    const { code, lines } = await run({ interruption, answer: 'y', cdk });
    expect(code).toBe(130);
    expect(lines.at(-1)).toBe(
      `Interrupted. ${state} Run the same command again to continue: npm run deploy -- --environment trial`,
    );
  });

  test('claims nothing about parts where the CLI writes to the terminal itself', async () => {
    const interruption = new AbortController();
    const { cdk } = recordedCli('trial', PARTS, () => {
      interruption.abort();
      return 1;
    });
    const options = { requireApproval: 'broadening' };
    const { lines } = await run({ interruption, answer: 'y', cdk, options });
    expect(lines.at(-1)).toMatch(/^Interrupted\. AWS showed no stack in progress, but a request may/);
  });
});

describe('npm run deploy', () => {
  async function command(
    args: readonly string[],
    cdk: Cdk,
    { blocked = false, ...person }: Person & { blocked?: boolean } = {},
  ) {
    const { terminal, lines } = recordedTerminal(person);
    const preflight = async () => ({ blocked, problems: blocked ? 1 : 0, unchecked: 0, advisory: 0 });
    return { code: await main(args, { ...terminal, cdk, command: 'npm run deploy', preflight }, fixtures), lines };
  }
  const TRIAL = ['--environment', 'trial'];

  test('ends with 0 after a deployment with the context of its flags', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    const { code } = await command([...TRIAL, '--yes', '-c', 'kubernetes=true', '--region', 'eu-west-1'], cdk);
    expect(code).toBe(0);
    expect(calls[0]).toBe('synth --quiet -c kubernetes=true -c environment=trial -c region=eu-west-1 --output FOLDER');
  });

  test('ends with 1 where the CDK CLI failed', async () => {
    const { cdk } = recordedCli('trial', PARTS, () => 1);
    expect((await command([...TRIAL, '--yes'], cdk)).code).toBe(1);
  });

  test('ends with 130 after Ctrl-C', async () => {
    const interruption = new AbortController();
    const { cdk } = recordedCli('trial', PARTS, () => {
      interruption.abort();
      return 1;
    });
    const { code, lines } = await command([...TRIAL, '--yes'], cdk, { interruption });
    expect(code).toBe(130);
    expect(lines.at(-1)).toMatch(/^Interrupted/);
  });

  test.each<[string, readonly string[], boolean, string]>([
    [
      'an unknown value of --require-approval',
      [...TRIAL, '--require-approval', 'often'],
      false,
      '--require-approval: must',
    ],
    ['contradicting values', [...TRIAL, '-c', 'environment=lasting'], false, 'contradict each other'],
    [
      '--express in an environment that keeps its data',
      ['--environment', 'lasting', '--express'],
      false,
      '--express: needs',
    ],
    [
      '--yes in an environment that is not disposable',
      ['--environment', 'lasting', '--yes'],
      false,
      '--yes is not enough',
    ],
    ['what preflight blocks', [...TRIAL, '--yes'], true, 'Preflight found what would make the deployment fail'],
  ])('refuses %s, and deploys nothing', async (_, args, blocked, message) => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    await expect(command(args, cdk, { blocked })).rejects.toThrow(message);
    expect(calls).toEqual([]);
  });

  test('leaves preflight out where that is asked for', async () => {
    const { cdk, calls } = recordedCli('trial', PARTS);
    expect((await command([...TRIAL, '--yes', '--skip-preflight'], cdk, { blocked: true })).code).toBe(0);
    expect(calls).toHaveLength(2);
  });

  test('says in one line what to do about an error of AWS', async () => {
    account.always.set('sts', queryError(403, 'ExpiredToken', 'The token has expired'));
    await expect(command([...TRIAL, '--yes'], recordedCli('trial', PARTS).cdk)).rejects.toMatchObject({
      text: { en: 'The AWS credentials have expired. Sign in again.', ja: expect.stringMatching(/^AWS の認証情報/) },
    });
  });
});
