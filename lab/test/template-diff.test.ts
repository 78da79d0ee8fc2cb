import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Context, environmentOf } from '../../lib/context';
import { checkServices } from '../../lib/services';
import { DIGEST, fixtures, withServices } from '../../test/support/fixture';

/** Result of the comparison of templates that runs for each pull request. */
function compare(...args: readonly string[]): { code: number | null; text: string } {
  const env = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' };
  const { status, stdout } = spawnSync('bash', ['.github/template-diff.sh', ...args], { encoding: 'utf8', env });
  return { code: status, text: stdout };
}

test.each([[[]], [['.']], [['.', '.', '.']], [['/does-not-exist', '.']], [['.', '/does-not-exist']]])(
  'the comparison of templates fails for the arguments %j, instead of comparing a checkout with itself',
  (args) => {
    expect(compare(...args).code).toBe(2);
  },
);

/** Resources by stack. An image with the digest `DIGEST` gets the digest of the environment. */
type Stacks = Readonly<Record<string, object>>;

interface Checkout {
  /** Digest that lib/environments.ts has for production. @default none: production was not promoted yet */
  readonly digest?: string;
  readonly sandbox?: Stacks;
  readonly production?: Stacks;
  /** Commands of the CDK CLI that fail. */
  readonly fails?: string;
}

describe('two checkouts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-template-diff-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const bucket = { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' };
  const table = (name: string) => ({ Type: 'AWS::DynamoDB::Table', Properties: { TableName: name } });
  const task = {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: { ContainerDefinitions: [{ Name: 'Service', Image: 'repository/history@DIGEST' }] },
  };

  /** A checkout with its own `cdk`, so that a synthesis takes no time. */
  function checkout(name: string, props: Checkout): string {
    const path = join(folder, name);
    const bin = join(path, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(path, 'cdk.json'), JSON.stringify({ app: 'node bin/run.cjs' }));
    const given = { ...props, cli: resolve('node_modules/aws-cdk/bin/cdk'), errors: errorsOf(props.digest) };
    writeFileSync(join(bin, 'cdk'), `#!${process.execPath}\n(${cdk})(${JSON.stringify(given)});\n`);
    chmodSync(join(bin, 'cdk'), 0o755);
    return path;
  }

  test('with the same templates have no difference, whether production was promoted or not', () => {
    for (const digest of [undefined, DIGEST]) {
      const props = { digest, production: { Containers: { Task: task } } };
      expect(compare(checkout('base', props), checkout('head', props))).toEqual({
        code: 0,
        text: '## Difference of the templates\nNo template changes.\n',
      });
    }
  });

  test('show the first promotion, and accept that a release replaces the task definition', () => {
    const production = { Containers: { Task: task } };
    const { code, text } = compare(checkout('base', { production }), checkout('head', { production, digest: DIGEST }));
    expect(text).toContain('<details><summary>Kumiki-production-Containers</summary>');
    expect(text).toContain(`repository/history@${DIGEST}`);
    expect(text).toMatch(/AWS::ECS::TaskDefinition .* will be replaced/);
    expect(code).toBe(0);
  });

  test('fail if a resource is deleted or replaced, and say which', () => {
    const { code, text } = compare(
      checkout('base', { production: { Sessions: { Images: bucket, Table: table('a') } } }),
      checkout('head', { production: { Sessions: { Table: table('b') } } }),
    );
    expect(text).toContain('<details><summary>Kumiki-production-Sessions **deletes or replaces**</summary>');
    expect(text).toContain('AWS::S3::Bucket Images will be destroyed');
    expect(text).toContain('AWS::DynamoDB::Table Table will be replaced');
    expect(code).toBe(1);
  });

  test('fail if a stack is gone, in any environment, and do not fail for a new one', () => {
    const [none, one] = [checkout('none', {}), checkout('one', { sandbox: { Registry: {} } })];
    expect(compare(one, none)).toEqual({
      code: 1,
      text: expect.stringContaining('\n- **Kumiki-sandbox-Registry is deleted**\n'),
    });
    expect(compare(none, one)).toEqual({
      code: 0,
      text: expect.stringContaining('\n- Kumiki-sandbox-Registry is new\n'),
    });
  });

  test('that could not be compared fail with another code, and show the last words of the CDK', () => {
    const base = checkout('base', { production: { Registry: { Images: bucket } } });
    expect(compare(base, checkout('head', { fails: 'synth' }))).toEqual({
      code: 2,
      text: expect.stringMatching(/^The synthesis of sandbox failed in \S+:\n```\nsynth fails\n```\n/m),
    });
    expect(compare(base, checkout('head', { fails: 'diff', production: { Registry: {} } }))).toEqual({
      code: 2,
      text: expect.stringMatching(/^The comparison of Kumiki-production-Registry failed:\n```\ndiff fails\n```\n/m),
    });
  });
});

/** What the app says without a digest in file and context, and with another digest in the context than in the file. */
function errorsOf(digest: string | undefined): { missing: string; other: string } {
  const production = withServices(fixtures.lasting, { image: { from: 'digest', digest } });
  const errorOf = (context: Context) => {
    try {
      checkServices(environmentOf(context, { production }), []);
    } catch (error) {
      return String(error);
    }
    return '';
  };
  return { missing: errorOf({}), other: errorOf({ imageDigest: `sha256:${'1'.repeat(64)}` }) };
}

/**
 * The `cdk` of a checkout, in a process of its own: `synth` writes the templates or one of the errors of the app, and every
 * other command is that of the CDK CLI.
 */
function cdk(props: Checkout & { readonly cli: string; readonly errors: ReturnType<typeof errorsOf> }): void {
  const { cli, digest, errors, fails } = props;
  const [command, ...args] = process.argv.slice(2);
  const end = (error: string): never => {
    console.error(error);
    return process.exit(1);
  };
  if (command === fails) end(`${command} fails`);
  if (command !== 'synth') {
    const { status } = require('node:child_process').spawnSync(cli, [command, ...args], { stdio: 'inherit' });
    process.exit(status);
  }
  const context = new URLSearchParams(args.filter((arg) => arg.includes('=')).join('&'));
  const given = context.get('imageDigest');
  const isProduction = context.get('environment') === 'production';
  if (isProduction && digest === undefined && given === null) end(errors.missing);
  if (given !== null && (!isProduction || digest !== undefined)) end(errors.other);

  const { mkdirSync: makeFolder, writeFileSync: write } = require('node:fs');
  const out = args[args.indexOf('-o') + 1] ?? '';
  makeFolder(out, { recursive: true });
  const stacks = Object.entries((isProduction ? props.production : props.sandbox) ?? {});
  const artifacts = stacks.map(([name, resources]) => {
    const id = `${context.get('environment')}-${name}`;
    const templateFile = `${id}.template.json`;
    const text = JSON.stringify({ Resources: resources });
    write(`${out}/${templateFile}`, text.replaceAll('DIGEST', digest ?? given ?? ''));
    const properties = { templateFile, stackName: `Kumiki-${id}` };
    const environment = 'aws://unknown-account/us-east-1';
    return [id, { type: 'aws:cloudformation:stack', environment, properties, displayName: id.replace('-', '/') }];
  });
  write(`${out}/manifest.json`, JSON.stringify({ version: '55.0.0', artifacts: Object.fromEntries(artifacts) }));
}
