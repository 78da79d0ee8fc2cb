import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** Third-party construct libraries that a construct may be made of, one each. */
const CONSTRUCT_LIBRARIES: Record<string, string> = { 'service-image': 'deploy-time-build' };

/** Where jest.config.cjs copies each pair to, and where its test runs. */
const PAIRS = '.kumiki/pairs';

const names = readdirSync('lib/constructs').map((file) => basename(file, '.ts'));

test.each(names)('%s comes with its test and imports packages only', (name) => {
  expect(existsSync(`test/constructs/${name}.test.ts`)).toBe(true);
  const source = readFileSync(`lib/constructs/${name}.ts`, 'utf8');
  const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, module]) => module as string);
  const allowed = ['constructs', CONSTRUCT_LIBRARIES[name]];
  expect(imported.filter((module) => !allowed.includes(module) && !/^aws-cdk-lib(\/|$)/.test(module))).toEqual([]);
  expect(source.match(/^export (abstract )?class /gm)).toHaveLength(1);
});

test('each pair stands alone in its folder, where Jest runs it', () => {
  const files = readdirSync(PAIRS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files.sort()).toEqual(
    names.flatMap((name) => [`${name}/lib/constructs/${name}.ts`, `${name}/test/constructs/${name}.test.ts`]).sort(),
  );
});

test('each pair compiles alone', () => {
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'));
  writeFileSync(join(PAIRS, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = [resolve('node_modules/typescript/bin/tsc'), '--project', PAIRS];
  expect(spawnSync(process.execPath, tsc, { encoding: 'utf8' })).toMatchObject({ stdout: '', status: 0 });
}, 30_000);
