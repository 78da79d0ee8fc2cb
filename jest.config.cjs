// The built-in template validation costs seconds a synth; test/stage/validation.test.ts runs it once over whole stages.
process.env.CDK_VALIDATION = 'false';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  // Jest takes one core fewer than there are; the suite's 15 s are for two.
  maxWorkers: '100%',
};
