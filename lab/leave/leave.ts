import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { terminal } from '../kit/terminal';

const USAGE = `npm run leave

Copies each construct with its test out of this repository into new apps of "cdk init app --language typescript", installs
the packages that the two files import, and runs the type check and the tests in each app. The command needs the npm registry
and a few minutes. If a pair fails, the exit code is 1, and the app is not deleted.`;

const root = join(__dirname, '..', '..');
const CONSTRUCTS = join(root, 'lib', 'constructs');
const {
  dependencies,
  devDependencies,
}: Record<string, Record<string, string>> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

interface App {
  readonly name: string;
  /** Version of the CDK CLI, whose template the app is created from. */
  readonly cli: string;
  readonly environment: Readonly<Record<string, string>>;
}

const APPS: readonly App[] = [
  { name: 'current', cli: pinned('aws-cdk'), environment: {} },
  // The template of 2025 has TypeScript 5.9 and ts-jest, like many existing apps, because ts-jest does not run on TypeScript 7.
  // Only the current app validates templates, because the validation takes most of the time.
  { name: 'of 2025', cli: '2.1033.0', environment: { CDK_VALIDATION: 'false' } },
];

/** Returns the version of a package in package.json. @throws if package.json does not pin the package */
function pinned(name: string): string {
  const version = dependencies?.[name] ?? devDependencies?.[name];
  if (version === undefined)
    throw new Error(`${name}: package.json has no version of this package. Add the package with a version.`);
  return version;
}

/** Returns the packages that a file imports, without the modules of Node. */
function packagesOf(file: string): string[] {
  const imports = readFileSync(file, 'utf8').matchAll(/\bfrom '((?:@[^/']+\/)?[^./'][^/']*)(?:\/[^']*)?'/g);
  return Array.from(imports, ([, name = '']) => name).filter((name) => !name.startsWith('node:'));
}

/** Runs a program and returns its output. @throws with the output, if the exit code is not 0 */
function run(cwd: string, environment: App['environment'], program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${code} in ${cwd}.\n\n${output.trimEnd()}`));
    });
  });
}

/** Copies all pairs into a new app and checks them. @throws with the output of the failed step, if a pair fails */
async function take({ name, cli, environment }: App, cwd: string): Promise<void> {
  const out = terminal();
  const step = async (name: string, result: (output: string) => string, program: string, ...args: string[]) => {
    const start = performance.now();
    out.status(`${name}: ${args.join(' ')}`);
    out.step(name, result(await run(cwd, environment, program, ...args)), start);
  };
  const names = readdirSync(CONSTRUCTS).map((file) => basename(file, '.ts'));
  const packages = new Set<string>(['aws-cdk-lib']);
  mkdirSync(cwd);
  out.line(`App ${name} (CDK CLI ${cli})`);
  await step('cdk init', () => 'app', 'npx', '--yes', `aws-cdk@${cli}`, 'init', 'app', '--language', 'typescript');

  for (const name of names) {
    // Each pair has a separate folder, so a relative import of another file does not resolve.
    const pair = join(cwd, 'taken', name);
    const files = [
      [join(CONSTRUCTS, `${name}.ts`), join(pair, 'lib', 'constructs', `${name}.ts`)],
      [join(root, 'test', 'constructs', `${name}.test.ts`), join(pair, 'test', 'constructs', `${name}.test.ts`)],
    ] as const;
    for (const [from, to] of files) {
      cpSync(from, to);
      for (const imported of packagesOf(from)) packages.add(imported);
    }
  }
  // The template of the app contains "constructs" already, in the version that aws-cdk-lib needs.
  packages.delete('constructs');
  const installed = Array.from(packages, (imported) => `${imported}@${pinned(imported)}`);
  await step('npm install', () => installed.join(' '), 'npm', 'install', ...installed);

  const compiler = `TypeScript ${JSON.parse(readFileSync(join(cwd, 'node_modules/typescript/package.json'), 'utf8')).version}`;
  await step('type check', () => `${names.length} pairs, ${compiler}`, 'npx', 'tsc', '--noEmit');

  const report = join(cwd, 'jest.json');
  const tests = () => {
    const { numPassedTests, numPassedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    if (numPassedTestSuites !== names.length)
      throw new Error(`${numPassedTestSuites} test files of ${names.length} pairs ran in ${cwd}.`);
    return `${numPassedTests} tests of ${numPassedTestSuites} pairs passed`;
  };
  await step('tests', tests, 'npx', 'jest', '--silent', '--roots', 'taken', '--json', '--outputFile', report);
}

async function main(): Promise<void> {
  if (process.argv.length > 2) {
    console.log(USAGE);
    process.exitCode = process.argv[2] === '--help' ? 0 : 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-leave-'));
  let keep = false;
  process.once('exit', () => keep || rmSync(folder, { recursive: true, force: true }));
  process.once('SIGINT', () => process.exit(130));
  try {
    for (const app of APPS) await take(app, join(folder, `app-${app.cli.replaceAll('.', '-')}`));
  } catch (error) {
    keep = true;
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

main();
