const { default: Runtime } = require('jest-runtime');

const SHARED = /^(aws-cdk-lib|constructs|cdk-nag|@cdklabs\/deploy-time-build|fast-check)(\/|$)/;

/**
 * Loads the construct libraries once a worker instead of once a test file, which takes a third of the time off the
 * suite. They keep no state that one test could leave to another. The project's own modules are each test file's own.
 *
 * Jest has no option for it. jest-light-runner 0.8.2 shares all modules, but needs Node.js 22 and applies no transform, so
 * TypeScript would have to be loaded in another way for the tests than for the app.
 */
module.exports = class SharedLibraries extends Runtime {
  requireModuleOrMock(from, name) {
    if (!SHARED.test(name)) return super.requireModuleOrMock(from, name);
    // Each CDK object remembers where it was made, and Jest has raised the limit to 100 frames.
    Error.stackTraceLimit = 5;
    return require(name);
  }
};
