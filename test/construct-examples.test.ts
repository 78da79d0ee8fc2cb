import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { ExamplePreamble } from './support/example-preamble';

/** Modules of aws-cdk-lib under the names that the examples use. */
const MODULES: Readonly<Record<string, string>> = {
  acm: 'aws-certificatemanager',
  apigateway: 'aws-apigateway',
  apigatewayv2: 'aws-apigatewayv2',
  codebuild: 'aws-codebuild',
  dynamodb: 'aws-dynamodb',
  ec2: 'aws-ec2',
  ecr: 'aws-ecr',
  ecs: 'aws-ecs',
  eks: 'aws-eks-v2',
  elbv2: 'aws-elasticloadbalancingv2',
  iam: 'aws-iam',
  integrations: 'aws-apigatewayv2-integrations',
  kms: 'aws-kms',
  lambda: 'aws-lambda',
  logs: 'aws-logs',
  s3: 'aws-s3',
};

/** A folder of the repository, so that imports find the packages. Git and the linter ignore the folder. */
const FOLDER = resolve('.kumiki/construct-examples');
const FILE = join(FOLDER, 'examples.ts');

const names = readdirSync('lib/constructs').map((file) => basename(file, '.ts'));
const examples = names.map((name) => ({ name, lines: exampleOf(name) })).filter(({ lines }) => lines.length > 0);

/** The lines of the `@example` in the docstring of the class. Empty if the class has no example. */
function exampleOf(name: string): string[] {
  const source = readFileSync(`lib/constructs/${name}.ts`, 'utf8');
  const docstring = source.slice(0, source.search(/^export class /m)).match(/\/\*\*(?:(?!\*\/).)*\*\/\s*$/s)?.[0] ?? '';
  const block = docstring.match(/^ \* @example\n \* ```ts\n(.*?)^ \* ```$/ms)?.[1] ?? '';
  return block
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^ \*( |$)/, ''));
}

/** One TypeScript file with all examples. Each is a function whose parameters are the names of the preamble. */
function fileOf(): string {
  const text = examples.map(({ lines }) => lines.join('\n')).join('\n');
  const isUsed = (name: string) => new RegExp(`(?<![.\\w'])${name}\\b`).test(text);
  const preambleNames = Object.keys(Object.getOwnPropertyDescriptors(ExamplePreamble.prototype)).filter(
    (name) => name !== 'constructor',
  );
  const classes = names.map((name) => {
    const className = readFileSync(`lib/constructs/${name}.ts`, 'utf8').match(/^export class (\w+)/m)?.[1];
    return `import { ${className} } from '../../lib/constructs/${name}';`;
  });
  // The inner block lets an example declare a name that the preamble has, too.
  const bodies = examples.map(({ name, lines }) => {
    const used = preambleNames.filter((each) => new RegExp(`(?<![.\\w'])${each}\\b(?!:)`).test(lines.join('\n')));
    return `  '${name}'(this: Stack, { ${used.join(', ')} }: ExamplePreamble): void {{\n${lines.join('\n')}\n  }},`;
  });
  return [
    "import { Aspects, CfnOutput, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';",
    ...Object.entries(MODULES)
      .filter(([name]) => isUsed(`${name}\\.`))
      .map(([name, module]) => `import * as ${name} from 'aws-cdk-lib/${module}';`),
    "import type { ExamplePreamble } from '../../test/support/example-preamble';",
    ...classes,
    'export const examples: Readonly<Record<string, (this: Stack, preamble: ExamplePreamble) => void>> = {',
    ...bodies,
    '};\n',
  ].join('\n');
}

/** The errors of the compiler. Empty without an error. */
let typeCheck: Promise<string>;

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILE, fileOf());
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    incremental: false,
    types: ['node', 'jest'],
    // As in a new app of `cdk init`, to which the constructs and their tests are copied. The examples import every construct.
    lib: ['es2022'],
  };
  const options = {
    extends: '../../tsconfig.json',
    compilerOptions,
    include: ['examples.ts', '../../test/constructs'],
  };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(options));
  // The examples are synthesized while the compiler runs.
  typeCheck = new Promise((done) => {
    const args = [resolve('node_modules/typescript/bin/tsc'), '-p', FOLDER, '--pretty', 'false'];
    execFile(process.execPath, args, (error, stdout, stderr) => done(error ? stdout + stderr : ''));
  });
});

test.each(examples)('the example of $name has 1 to 12 lines and synthesizes', ({ name, lines }) => {
  expect(lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.length).toBeLessThanOrEqual(12);
  const app = new App();
  const stack = new Stack(app, 'Example', { env: { region: 'us-east-1' } });
  require(FILE).examples[name].call(stack, new ExamplePreamble(stack));
  const resources = app.synth().getStackArtifact(stack.artifactId).template.Resources;
  expect(Object.keys(resources).length).toBeGreaterThanOrEqual(1);
});

test('all constructs, their examples and their tests compile with the lib es2022 of a new app', async () => {
  expect(await typeCheck).toBe('');
}, 60_000);
