const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// Credentials, endpoints and proxies of the caller's environment must not reach the tests.
for (const name of Object.keys(process.env)) if (/^(AWS|CDK)_|_proxy$/i.test(name)) delete process.env[name];
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
// The built-in template validation costs seconds a synth; test/stage/validation.test.ts runs it once over whole stages.
process.env.CDK_VALIDATION = 'false';
// The tests look at templates, neither at the assets beside them nor at the source positions of resources.
process.env.CDK_CONTEXT_JSON = JSON.stringify({
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-logicalId-metadata': true,
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-stack-trace': true,
});
// Each synthesis leaves a folder behind. All of them are in this one, which test/support/teardown.cjs removes.
process.env.TMPDIR = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'kumiki-jest-'));

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/ops/test', '<rootDir>/lab/test'],
  // Jest takes one core fewer than there are.
  maxWorkers: '100%',
  watchman: false,
  runtime: '<rootDir>/test/support/runtime.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  globalSetup: '<rootDir>/test/support/setup.cjs',
  globalTeardown: '<rootDir>/test/support/teardown.cjs',
};
