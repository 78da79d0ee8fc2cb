import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** The third-party construct library that a construct may import, by name of the construct. */
const CONSTRUCT_LIBRARIES: Record<string, string> = {
  'service-image': '@cdklabs/deploy-time-build',
  'kubernetes-workload': 'cdk8s-plus-34',
};

/** The module of Lambda's runtime that inline code of a construct loads, by name of the construct. No package of the app. */
const RUNTIME_MODULES: Record<string, string> = {
  'kept-weights': '@aws-sdk/client-elastic-load-balancing-v2',
};

const names = readdirSync('lib/constructs').map((file) => basename(file, '.ts'));

/** The modules that a file imports, for every form of import. */
function importsOf(file: string): string[] {
  const forms = /\b(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...readFileSync(file, 'utf8').matchAll(forms)].map(([, module]) => module as string);
}

// Because of these rules, the type check of the repository is also valid for each pair of files alone.
test.each(names)('%s and its test import packages only', (name) => {
  const source = `lib/constructs/${name}.ts`;
  const allowed = ['constructs', 'aws-cdk-lib', CONSTRUCT_LIBRARIES[name]];
  const isPackage = (module: string) => allowed.some((name) => module === name || module.startsWith(`${name}/`));
  const foreign = importsOf(source).filter((module) => !isPackage(module) && module !== RUNTIME_MODULES[name]);
  expect(foreign).toEqual([]);
  expect(readFileSync(source, 'utf8').match(/^export (abstract )?class /gm)).toHaveLength(1);

  const own = [`../../lib/constructs/${name}`, 'fast-check'];
  const isTestPackage = (module: string) => isPackage(module) || own.includes(module) || module.startsWith('node:');
  expect(importsOf(`test/constructs/${name}.test.ts`).filter((module) => !isTestPackage(module))).toEqual([]);
});

test.each(names)('%s names the product in its first line only', (name) => {
  const [, ...code] = readFileSync(`lib/constructs/${name}.ts`, 'utf8').split('\n');
  expect(code.join('\n')).not.toMatch(/kumiki/i);
});
