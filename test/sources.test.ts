import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { containerContext, functionCode } from '../lib/sources';

const root = path.join(__dirname, '..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kumiki-sources-'));

afterAll(() => fs.rmSync(scratch, { recursive: true }));

/** An entry with this source, as a path from the root of the repository. */
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
    code: functionCode(entryPoint),
  });
  const [asset] = fs.readdirSync(app.synth().directory).filter((name) => name.startsWith('asset.'));
  return { template: Template.fromStack(stack).toJSON(), directory: path.join(app.outdir, asset ?? '') };
}

/** Where a bundle of the repository is kept between two runs. */
function kept(entryPoint: string): string {
  const name = entryPoint.replaceAll(/[^\w.]+/g, '-');
  return path.join(root, 'node_modules', '.cache', 'kumiki', 'bundles', `${name}.json`);
}

/** What node prints for a module that imports the bundle as `handler`'s. */
function run(directory: string, statement: string): string {
  const module = `import { handler } from ${JSON.stringify(path.join(directory, 'index.mjs'))}; ${statement}`;
  return execFileSync(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', module], {
    encoding: 'utf8',
  });
}

test('bundles a function into one ES module, without Docker, npx or NodejsFunction [P9]', () => {
  fs.rmSync(kept('lambda/quotes/index.ts'), { force: true });
  const path_ = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  process.env['CDK_DOCKER'] = '/nonexistent';
  try {
    const { directory } = synthesize('lambda/quotes/index.ts');
    expect(fs.readdirSync(directory).sort()).toEqual(['index.mjs', 'index.mjs.map']);
    expect(fs.statSync(path.join(directory, 'index.mjs')).size).toBeLessThanOrEqual(20_000);
    const { sources } = JSON.parse(fs.readFileSync(path.join(directory, 'index.mjs.map'), 'utf8'));
    expect(sources).toContain('lambda/quotes/index.ts');
    expect(sources.filter((source: string) => !/^(lambda|domain)\//.test(source))).toEqual([]);
  } finally {
    process.env['PATH'] = path_;
    delete process.env['CDK_DOCKER'];
  }
});

test('takes packages of the CommonJS format in, and traces errors back to the sources', () => {
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

test('takes a bundle that it has made before, and makes it anew when a file that went in has changed', () => {
  const folder = fs.mkdtempSync(path.join(root, '.kumiki', 'sources-'));
  const entryPoint = path.relative(root, path.join(folder, 'index.ts'));
  const bundled = () => fs.readFileSync(path.join(synthesize(entryPoint).directory, 'index.mjs'), 'utf8');
  try {
    fs.writeFileSync(path.join(folder, 'index.ts'), "export { handler } from './part';");
    fs.writeFileSync(path.join(folder, 'part.ts'), 'export const handler = () => "first";');
    expect([bundled(), bundled()]).toEqual([expect.stringContaining('"first"'), expect.stringContaining('"first"')]);
    fs.writeFileSync(path.join(folder, 'part.ts'), 'export const handler = () => "the second";');
    expect(bundled()).toContain('"the second"');
  } finally {
    fs.rmSync(folder, { recursive: true });
    fs.rmSync(kept(entryPoint));
  }
});

test.each([
  ['half of it', (text: string) => text.slice(0, text.length / 2)],
  ['nothing', () => ''],
  ['something else', () => 'null'],
])('bundles again where %s was kept', (_, damaged) => {
  const folder = fs.mkdtempSync(path.join(root, '.kumiki', 'sources-'));
  const entryPoint = path.relative(root, path.join(folder, 'index.ts'));
  const bundled = () => fs.readFileSync(path.join(synthesize(entryPoint).directory, 'index.mjs'), 'utf8');
  try {
    fs.writeFileSync(path.join(folder, 'index.ts'), 'export const handler = () => "first";');
    bundled();
    const whole = fs.readFileSync(kept(entryPoint), 'utf8');
    fs.writeFileSync(kept(entryPoint), damaged(whole));
    expect(bundled()).toContain('"first"');
    expect(fs.readFileSync(kept(entryPoint), 'utf8')).toBe(whole);
    // Where nothing can be kept, every run bundles.
    fs.rmSync(kept(entryPoint));
    fs.mkdirSync(path.join(kept(entryPoint), 'in the way'), { recursive: true });
    expect(bundled()).toContain('"first"');
  } finally {
    fs.rmSync(folder, { recursive: true });
    fs.rmSync(kept(entryPoint), { recursive: true });
  }
});

test('gives a function the same hash while bundling is off, whatever its code is [P5]', () => {
  const source = entry('stable', 'export const handler = () => 1;');
  const context = { 'aws:cdk:bundling-stacks': [] };
  const before = synthesize(source, context).template;
  fs.writeFileSync(path.join(root, source), 'export const handler = () => 2;');
  expect(synthesize(source, context).template).toEqual(before);
  expect(synthesize(source).template).not.toEqual(before);
});

test('fails with one line that names the file, the line and the reason when a function does not bundle', () => {
  const broken = entry('broken', "import './missing';\nexport const handler = () => 1;\n");
  expect(() => synthesize(broken)).toThrow(
    /broken\/index\.ts does not bundle: .*:1:7: ERROR: Could not resolve "\.\/missing"/,
  );
  expect(() => synthesize(broken)).not.toThrow(/\n.*\S/);
});

test('writes a build context of three files, the same bytes each time and from every folder', () => {
  const read = () => {
    const directory = containerContext();
    return fs.readdirSync(directory).map((name) => [name, fs.readFileSync(path.join(directory, name), 'utf8')]);
  };
  const first = read();
  expect(first.map(([name]) => name)).toEqual(['Dockerfile', 'load.cjs', 'server.cjs']);
  fs.writeFileSync(path.join(containerContext(), 'left-over.txt'), '');
  const here = process.cwd();
  process.chdir(os.tmpdir());
  try {
    expect(read()).toEqual(first);
  } finally {
    process.chdir(here);
  }
  expect(JSON.stringify(first)).not.toContain(root);
});
