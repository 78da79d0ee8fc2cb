import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { containerContext, FunctionBundles } from '../lib/sources';

const root = path.join(__dirname, '..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kumiki-sources-'));

afterAll(() => fs.rmSync(scratch, { recursive: true }));

/** Writes an entry point. Returns its path from the root of the repository. */
function entry(name: string, source: string): string {
  const file = path.join(scratch, name, 'index.ts');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, source);
  return path.relative(root, file);
}

function synthesize(entryPoint: string, context: Record<string, unknown> = {}) {
  const app = new App({ context, outdir: fs.mkdtempSync(path.join(scratch, 'cdk.out-')) });
  const stack = new Stack(app, 'Test');
  new lambda.Function(stack, 'Function', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: new FunctionBundles().code(entryPoint),
  });
  const [asset] = fs.readdirSync(app.synth().directory).filter((name) => name.startsWith('asset.'));
  return { template: Template.fromStack(stack).toJSON(), directory: path.join(app.outdir, asset ?? '') };
}

/** Runs a module that imports `handler` from the bundle. Returns the output. */
function run(directory: string, statement: string): string {
  const module = `import { handler } from ${JSON.stringify(path.join(directory, 'index.mjs'))}; ${statement}`;
  return execFileSync(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', module], {
    encoding: 'utf8',
  });
}

test('bundles a function into one ES module without Docker, npx and NodejsFunction [P9]', () => {
  const searchPath = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  process.env['CDK_DOCKER'] = '/nonexistent';
  try {
    const { directory } = synthesize('lambda/quotes/index.ts');
    expect(fs.readdirSync(directory).sort()).toEqual(['index.mjs', 'index.mjs.map']);
    expect(fs.statSync(path.join(directory, 'index.mjs')).size).toBeLessThanOrEqual(80_000);
    const { sources } = JSON.parse(fs.readFileSync(path.join(directory, 'index.mjs.map'), 'utf8'));
    expect(sources).toContain('../lambda/quotes/index.ts');
    expect(sources.filter((source: string) => !/^\.\.\/(lambda|domain|node_modules)\//.test(source))).toEqual([]);
  } finally {
    process.env['PATH'] = searchPath;
    delete process.env['CDK_DOCKER'];
  }
});

test('bundles CommonJS packages, and stack traces name the lines of the sources', () => {
  fs.writeFileSync(path.join(scratch, 'old.js'), "module.exports = require('os').EOL;");
  const handler = entry(
    'traced',
    "import end from '../old.js';\n\nexport const handler = () => {\n  throw new Error('thrown' + end);\n};\n",
  );
  const { directory } = synthesize(handler);
  const stack = run(directory, 'try { handler(); } catch (error) { console.log(error.stack); }');
  expect(stack).toContain('Error: thrown\n');
  expect(stack).toContain('traced/index.ts:4:9');
});

test('bundles all functions in one pass, each into its own asset', () => {
  const bundles = new FunctionBundles();
  const handlers = ['first', 'second'].map((name) => entry(name, `export const handler = () => '${name}';`));
  const codes = handlers.map((handler) => bundles.code(handler));
  const app = new App({ outdir: fs.mkdtempSync(path.join(scratch, 'cdk.out-')) });
  const stack = new Stack(app, 'Test');
  for (const [index, code] of codes.entries()) {
    const runtime = lambda.Runtime.NODEJS_24_X;
    new lambda.Function(stack, `Function${index}`, { runtime, handler: 'index.handler', code });
  }
  const assets = fs.readdirSync(app.synth().directory).filter((name) => name.startsWith('asset.'));
  const answers = assets.map((asset) => run(path.join(app.outdir, asset), 'console.log(handler())').trim());
  expect(answers.sort()).toEqual(['first', 'second']);
});

test('gives a function the same hash for any code while bundling is off [P5]', () => {
  const source = entry('stable', 'export const handler = () => 1;');
  const context = { 'aws:cdk:bundling-stacks': [] };
  const before = synthesize(source, context).template;
  fs.writeFileSync(path.join(root, source), 'export const handler = () => 2;');
  expect(synthesize(source, context).template).toEqual(before);
  expect(synthesize(source).template).not.toEqual(before);
});

test('fails with one line that names file, line and reason if a function cannot be bundled', () => {
  const broken = entry('broken', "import './missing';\nexport const handler = () => 1;\n");
  expect(() => synthesize(broken)).toThrow(
    /broken\/index\.ts: does not bundle\. .*:1:7: ERROR: Could not resolve "\.\/missing"/,
  );
  expect(() => synthesize(broken)).not.toThrow(/\n.*\S/);
});

test('writes a build context of three files with the same bytes each time and from every working directory', () => {
  const readContext = () => {
    const directory = containerContext();
    return fs.readdirSync(directory).map((name) => [name, fs.readFileSync(path.join(directory, name), 'utf8')]);
  };
  const first = readContext();
  expect(first.map(([name]) => name)).toEqual(['Dockerfile', 'load.cjs', 'server.cjs']);
  fs.writeFileSync(path.join(containerContext(), 'left-over.txt'), '');
  const workingDirectory = process.cwd();
  process.chdir(os.tmpdir());
  try {
    expect(readContext()).toEqual(first);
  } finally {
    process.chdir(workingDirectory);
  }
  expect(JSON.stringify(first)).not.toContain(root);
});

test('uses the folder of a service as build context from every working directory, and refuses a folder without a Dockerfile', () => {
  expect(containerContext('container')).toBe(path.join(root, 'container'));
  expect(() => containerContext('docs')).toThrow(
    'image.directory: must be a folder of the repository with a Dockerfile, got "docs". Give a path such as services/reports',
  );
});
