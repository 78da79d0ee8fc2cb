import { readFileSync } from 'node:fs';

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const manifest = json('package.json');
const lock = json('package-lock.json');
const dependencies: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies };

test('pins the CDK CLI exactly, to a version of its own numbering [P1]', () => {
  expect(dependencies['aws-cdk']).toMatch(/^2\.1\d{3}\.\d+$/);
  expect(lock.packages['node_modules/aws-cdk'].version).toBe(dependencies['aws-cdk']);
});

test('pins every package to an exact version', () => {
  expect(Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('has no package that needs the compiler API, because TypeScript 7 has none [P2]', () => {
  expect(lock.packages['node_modules/typescript'].version).toMatch(/^7\./);
  expect(Object.keys(lock.packages).filter((name) => /\/(ts-node|ts-jest|typescript-eslint)$/.test(name))).toEqual([]);
});

test('the lock file names no host for downloads', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "https?:/);
});

test('cdk.json sets every recommended flag of the CDK to its recommended value [P3]', () => {
  const recommended = json('node_modules/aws-cdk-lib/recommended-feature-flags.json');
  expect(json('cdk.json').context).toMatchObject(recommended);
});

test('supports Node from 20.6 on, and so do its packages', () => {
  expect(manifest.engines.node).toBe('>=20.6');
  const tooNew = Object.entries<{ engines?: { node?: string } }>(lock.packages)
    .filter(([, { engines }]) => /^(>=|\^|~)?\s*2[1-9](\.\d+)*$/.test(engines?.node ?? ''))
    .map(([name]) => name);
  // kubernetes-models contains schemas that the tests bundle themselves. npm warns about the package on Node 20, but the
  // tests pass there.
  expect(tooNew.filter((name) => !/^node_modules\/@?kubernetes-models(\/|$)/.test(name))).toEqual([]);
});
