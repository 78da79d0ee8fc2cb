const { default: Runtime } = require('jest-runtime');

const SHARED = /^(aws-cdk-lib|constructs|cdk-nag|@cdklabs\/deploy-time-build|fast-check)(\/|$)/;

/**
 * Loads the construct libraries once for each worker instead of once for each test file, which shortens the suite by a
 * third. The libraries keep no state that one test could leave to another. Each test file still loads the modules of this
 * project for itself.
 *
 * Jest has no option to share libraries. jest-light-runner 0.8.2 shares all modules, but needs Node.js 22 and applies no
 * transform, so the tests would have to load TypeScript in another way than the app.
 */
module.exports = class SharedLibraries extends Runtime {
  requireModuleOrMock(from, name) {
    if (!SHARED.test(name)) return super.requireModuleOrMock(from, name);
    // Each CDK object records its stack trace, and Jest has raised the limit to 100 frames.
    Error.stackTraceLimit = 5;
    return require(name);
  }
};
