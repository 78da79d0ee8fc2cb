const vm = require('node:vm');
const { default: Runtime } = require('jest-runtime');

const SHARED = /^(aws-cdk-lib|constructs|cdk-nag|deploy-time-build|fast-check)(\/|$)/;

/** Files of packages, compiled, by their paths. */
const compiled = new Map();

/** A file of a package as the function that Jest's executor calls with the `parameters`, on one line with the code. */
function compile(code, filename, parameters) {
  const head = `(function(${parameters}){`;
  const script = new vm.Script(`${head}${code}\n})`, { filename, columnOffset: -head.length });
  compiled.set(filename, script);
  return script;
}

/**
 * Loads the construct libraries once a worker instead of once a test file, which takes a third of the time off the
 * suite. They keep no state that one test could leave to another; the project's own modules are each test file's own.
 *
 * Other packages, Jest's own first of all, are each test file's own as well, but compiled once a worker: another second.
 */
module.exports = class SharedLibraries extends Runtime {
  constructor(...args) {
    super(...args);
    const { executor, _environment: environment } = this;
    const compileAnew = executor.compile;
    executor.compile = (code, filename) => {
      const context = environment.getVmContext();
      if (!context || !filename.includes('node_modules')) return compileAnew.call(executor, code, filename);
      const script = compiled.get(filename) ?? compile(code, filename, executor.injectedModuleParameters);
      return script.runInContext(context);
    };
  }

  requireModuleOrMock(from, name) {
    if (!SHARED.test(name)) return super.requireModuleOrMock(from, name);
    // Each CDK object remembers where it was made, and Jest has raised the limit to 100 frames.
    Error.stackTraceLimit = 5;
    return require(name);
  }
};
