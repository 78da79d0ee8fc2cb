import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { preflightCommand } from '../../ops/preflight/command';

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly 'continue-on-error'?: boolean;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const NAMES = readdirSync(FOLDER);

function workflow(name: string): Workflow {
  return parse(readFileSync(join(FOLDER, name), 'utf8'));
}

/** An expression of GitHub as it is written. */
const expression = (text: string) => `\${{ ${text} }}`;

function job(file: string, name: string): Job {
  const found = workflow(file).jobs[name];
  if (found === undefined) throw new Error(`${file} has no job ${name}`);
  return found;
}

/** What an expression of GitHub may read. */
interface Contexts {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: PullRequestEvent;
}

interface PullRequestEvent {
  readonly action?: string;
  /** The label that was added or removed. */
  readonly label?: { readonly name: string };
}

interface Run {
  readonly succeeded: boolean;
  /** Commands of npm and npx with their arguments. */
  readonly commands: readonly string[][];
  /** What GitHub shows as the summary of the run. */
  readonly summary: string;
}

/**
 * Runs the commands of a job as GitHub does, with an `npm`, an `npx` and a comparison of templates that only write down how they
 * were called.
 *
 * @param codes exit codes of the commands that begin with these words
 */
function run(
  { env = {}, steps }: Job,
  { inputs = {}, event = {} }: Contexts,
  codes: Readonly<Record<string, number>> = {},
): Run {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-workflow-'));
  const file = (name: string) => join(folder, name);
  const contents = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  try {
    for (const path of ['bin', '.github']) mkdirSync(file(path));
    const cases = Object.entries(codes).map(([words, code]) => `"${words}"*) exit ${code};;`);
    for (const path of ['bin/npm', 'bin/npx', '.github/template-diff.sh']) {
      const name = basename(path);
      const lines = [
        '#!/bin/sh',
        `printf '%s\\0' ${name} "$@" >>"${file('commands')}"; echo >>"${file('commands')}"`,
        `echo "output of ${name}"`,
        `case "${name} $*" in ${cases.join(' ')} esac`,
      ];
      writeFileSync(file(path), lines.join('\n'), { mode: 0o755 });
    }
    const skipped: { outcome: string; outputs: Record<string, string> } = { outcome: 'skipped', outputs: {} };
    const outcomes = Object.fromEntries(steps.map(({ id = '' }) => [id, skipped]));
    const inputIn = (value: string) => value.replace(/^\$\{\{ inputs\.(\w+) \}\}$/, (_, name) => inputs[name] ?? '');
    let succeeded = true;
    for (const { id = '', if: condition = 'success()', run: text, ...step } of steps) {
      if (text === undefined || !isTrue(condition, succeeded, outcomes, event)) continue;
      writeFileSync(file('output'), '');
      const { status } = spawnSync('bash', ['-e', '-c', text], {
        cwd: folder,
        env: {
          PATH: `${file('bin')}:${process.env.PATH}`,
          GITHUB_OUTPUT: file('output'),
          GITHUB_STEP_SUMMARY: file('summary'),
          ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, inputIn(value)])),
        },
      });
      const outputs = Object.fromEntries(new URLSearchParams(contents('output').trim().replaceAll('\n', '&')));
      outcomes[id] = { outcome: status === 0 ? 'success' : 'failure', outputs };
      if (status !== 0 && step['continue-on-error'] !== true) succeeded = false;
    }
    const commands = contents('commands').split('\n').slice(0, -1);
    return {
      succeeded,
      commands: commands.map((line) => line.split('\0').slice(0, -1)),
      summary: contents('summary'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Value of a condition: the expressions of these workflows are those of JavaScript, and a missing property is empty. */
function isTrue(condition: string, succeeded: boolean, steps: object, event: PullRequestEvent): boolean {
  const text = condition
    .replaceAll('github.event.label.name', 'github.event.label?.name')
    // Without one of these functions, GitHub adds success().
    .replace(/^(?!.*\b(?:success|failure|always)\(\))/, 'success() && ');
  const evaluate = new Function('steps', 'github', 'success', 'failure', `return ${text}`);
  return evaluate(
    steps,
    { event },
    () => succeeded,
    () => !succeeded,
  );
}

test('the jobs have the rights that they need, and no others', () => {
  const rights = Object.fromEntries(
    NAMES.map((name) => {
      const { permissions = 'those of the repository', jobs } = workflow(name);
      const own = Object.entries(jobs).flatMap(([id, each]) => (each.permissions ? [[id, each.permissions]] : []));
      return [name, [permissions, Object.fromEntries(own)]];
    }),
  );
  expect(rights).toEqual({
    'ci.yml': [{ contents: 'read' }, {}],
    'deploy.yml': [{}, { deploy: { contents: 'read', 'id-token': 'write' } }],
    'diff.yml': [{}, { diff: { contents: 'read' }, comment: { 'pull-requests': 'write' } }],
  });
});

test.each(NAMES)('no command of %s contains an expression, which could add commands', (name) => {
  const commands = Object.values(workflow(name).jobs).flatMap(({ steps }) => steps.flatMap((step) => step.run ?? []));
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((text) => text.includes('${{'))).toEqual([]);
});

describe('deploy.yml', () => {
  const deploy = job('deploy.yml', 'deploy');
  const DIGEST = `sha256:${'a'.repeat(64)}`;

  test('is started by hand only', () => {
    expect(Object.keys(workflow('deploy.yml').on)).toEqual(['workflow_dispatch']);
  });

  test('runs in the environment of GitHub that the role trusts, with the role of this environment and no key', () => {
    expect(deploy.environment).toBe(expression('inputs.environment'));
    const signIn = deploy.steps.find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'));
    expect(signIn?.with).toEqual({
      'role-to-assume': expression('vars.AWS_ROLE_ARN'),
      'aws-region': expression('inputs.region || vars.AWS_REGION'),
      'role-duration-seconds': 7200,
    });
    expect(readFileSync(join(FOLDER, 'deploy.yml'), 'utf8')).not.toContain('secrets.');
  });

  test('deploys an environment once at a time, and cancels no deployment', () => {
    expect(workflow('deploy.yml').concurrency).toEqual({
      group: `deploy-${expression('inputs.environment')}`,
      'cancel-in-progress': false,
    });
  });

  test('checks the account before it deploys, with the same environment, region and digest', () => {
    const inputs = { environment: 'production', region: 'ap-northeast-1', imageDigest: DIGEST };
    const context = ['-c', 'environment=production', '-c', 'region=ap-northeast-1', '-c', `imageDigest=${DIGEST}`];
    expect(Object.keys(preflightCommand.flags)).toEqual(expect.arrayContaining(['environment', 'region', 'context']));
    expect(run(deploy, { inputs })).toMatchObject({
      succeeded: true,
      commands: [
        ['npm', 'ci'],
        [
          ...['npm', 'run', 'preflight', '--', '--environment', 'production', '--region', 'ap-northeast-1'],
          ...['-c', `imageDigest=${DIGEST}`],
        ],
        ['npx', 'cdk', 'deploy', '--all', '--require-approval', 'never', '--progress', 'events', ...context],
      ],
    });
  });

  test('leaves region and digest to lib/environments.ts, if they are not given', () => {
    expect(run(deploy, { inputs: { environment: 'sandbox' } }).commands.slice(1)).toEqual([
      ['npm', 'run', 'preflight', '--', '--environment', 'sandbox'],
      [
        'npx',
        'cdk',
        'deploy',
        '--all',
        '--require-approval',
        'never',
        '--progress',
        'events',
        '-c',
        'environment=sandbox',
      ],
    ]);
  });

  test('takes an input for one word, whatever it contains', () => {
    const region = 'x -c kubernetes=true; npx cdk destroy $(id)';
    const { commands } = run(deploy, { inputs: { environment: 'sandbox', region } });
    expect(commands.map((words) => words.slice(0, 3).join(' '))).toEqual([
      'npm ci',
      'npm run preflight',
      'npx cdk deploy',
    ]);
    expect(commands[2]).toContain(`region=${region}`);
  });

  test('deploys nothing if preflight finds a problem, such as a digest that the repository does not hold', () => {
    const { succeeded, commands } = run(deploy, { inputs: { environment: 'production' } }, { 'npm run preflight': 1 });
    expect(succeeded).toBe(false);
    expect(commands.map((words) => words.slice(0, 3).join(' '))).toEqual(['npm ci', 'npm run preflight']);
  });

  test('prints the cause if the deployment fails', () => {
    const inputs = { environment: 'sandbox', region: 'eu-west-1' };
    const { succeeded, commands } = run(deploy, { inputs }, { 'npx cdk deploy': 1 });
    expect(succeeded).toBe(false);
    expect(commands.at(-1)).toEqual([
      ...['npx', 'cdk', 'diagnose', '--unstable=diagnose', '-c', 'environment=sandbox', '-c', 'region=eu-west-1'],
    ]);
  });
});

describe('diff.yml', () => {
  const diff = job('diff.yml', 'diff');

  const labeled = { action: 'labeled', label: { name: 'destructive' } };

  test.each<[number, PullRequestEvent, boolean]>([
    [0, { action: 'opened' }, true],
    [1, { action: 'opened' }, false],
    [1, labeled, true],
    // The label of an earlier commit is still there, and nobody has looked at this one.
    [1, { action: 'synchronize' }, false],
    [1, { action: 'labeled', label: { name: 'bug' } }, false],
    [1, { action: 'unlabeled', label: { name: 'destructive' } }, false],
    [2, labeled, false],
    [127, { action: 'reopened' }, false],
  ])('with exit code %i of the comparison after the event %j, the check succeeds: %s', (code, event, succeeds) => {
    const { succeeded, commands, summary } = run(diff, { event }, { 'template-diff.sh': code });
    expect(succeeded).toBe(succeeds);
    expect(commands.at(-1)).toEqual(['template-diff.sh', '.kumiki/base', '.']);
    expect(summary).toContain('output of template-diff.sh');
  });

  test('compares with the base of the pull request, and gives no token to its code', () => {
    const checkouts = diff.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with)).toEqual([
      { 'persist-credentials': false },
      { ref: expression('github.event.pull_request.base.sha'), path: '.kumiki/base', 'persist-credentials': false },
    ]);
  });

  test('the job that may write runs no code of the pull request', () => {
    const { steps } = job('diff.yml', 'comment');
    expect(steps.map(({ uses, run: text }) => uses ?? text)).toEqual([
      'actions/download-artifact@v4',
      'gh pr comment "$NUMBER" --body-file template-diff.md --edit-last --create-if-none',
    ]);
  });
});
