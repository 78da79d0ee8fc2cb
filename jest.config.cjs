const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// The tests must not see credentials, endpoints and proxies from the environment of the caller.
for (const name of Object.keys(process.env)) if (/^(AWS|CDK)_|_proxy$/i.test(name)) delete process.env[name];
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
// `npm test` says once that Node.js 20 is not supported any more (lab/kit/prepare.cjs). The SDK would repeat it in each test file.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// The template validation of the CDK takes seconds for each synthesis. Only test/stage/validation.test.ts runs it, once,
// for whole stages.
process.env.CDK_VALIDATION = 'false';
// The tests read templates. They need neither the files of assets nor the source positions of resources.
process.env.CDK_CONTEXT_JSON = JSON.stringify({
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-logicalId-metadata': true,
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-stack-trace': true,
});
// Each synthesis leaves a temporary folder behind. This folder contains them all, and test/support/teardown.cjs removes it.
process.env.TMPDIR = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'kumiki-jest-'));

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/ops/test', '<rootDir>/lab/test'],
  // By default Jest uses one core fewer than the machine has.
  maxWorkers: '100%',
  watchman: false,
  // Starting a process and loading a library take long on a busy machine.
  testTimeout: 30_000,
  // The construct libraries, which the tests of a worker share, keep the tokens of every test file. A worker with this much
  // memory is replaced, which costs less time than to collect the garbage around them.
  workerIdleMemoryLimit: '800MB',
  runtime: '<rootDir>/test/support/runtime.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  globalSetup: '<rootDir>/test/support/setup.cjs',
  globalTeardown: '<rootDir>/test/support/teardown.cjs',
};
