import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** Third-party construct libraries that a construct may be made of, one each. */
const CONSTRUCT_LIBRARIES: Record<string, string> = { 'service-image': 'deploy-time-build' };

const names = readdirSync('lib/constructs').map((file) => basename(file, '.ts'));

let app: string;
beforeAll(() => {
  app = mkdtempSync(join(realpathSync(tmpdir()), 'kumiki-pairs-'));
  symlinkSync(resolve('node_modules'), join(app, 'node_modules'));
  writeFileSync(join(app, 'package.json'), '{}');
  cpSync('tsconfig.json', join(app, 'tsconfig.json'));
  writeFileSync(
    join(app, 'jest.config.cjs'),
    `module.exports = { transform: { '^.+\\\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] } };`,
  );
  // Each pair in a folder of its own: nothing but packages is within reach.
  for (const name of names) {
    cpSync(`lib/constructs/${name}.ts`, join(app, 'lib', name, 'lib/constructs', `${name}.ts`));
    cpSync(`test/constructs/${name}.test.ts`, join(app, 'lib', name, 'test/constructs', `${name}.test.ts`));
  }
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

test.each(names)('%s comes with its test and imports packages only', (name) => {
  expect(existsSync(`test/constructs/${name}.test.ts`)).toBe(true);
  const source = readFileSync(`lib/constructs/${name}.ts`, 'utf8');
  const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, module]) => module as string);
  const allowed = ['constructs', CONSTRUCT_LIBRARIES[name]];
  expect(imported.filter((module) => !allowed.includes(module) && !/^aws-cdk-lib(\/|$)/.test(module))).toEqual([]);
  expect(source.match(/^export (abstract )?class /gm)).toHaveLength(1);
});

test('each pair compiles in an empty app', () => {
  execFileSync(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '--project', app], { encoding: 'utf8' });
});

test('each pair passes in an empty app', () => {
  const jest = [
    resolve('node_modules/jest/bin/jest.js'),
    '--ci',
    '--json',
    '--silent',
    '--maxWorkers=2',
    '--rootDir',
    app,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, jest, { encoding: 'utf8', cwd: app, maxBuffer: 64 << 20 });
  const result = JSON.parse(stdout === '' ? '{}' : stdout);
  if (!result.success) throw new Error(stderr);
  expect(result.numPassedTestSuites).toBe(names.length);
}, 60_000);
