const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// What the caller of the tests has set up for AWS, or an endpoint, is no part of them, nor is a proxy.
for (const name of Object.keys(process.env)) if (/^(AWS|CDK)_|_proxy$/i.test(name)) delete process.env[name];
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
// The built-in template validation costs seconds a synth; test/stage/validation.test.ts runs it once over whole stages.
process.env.CDK_VALIDATION = 'false';
// Templates are tested, not what is uploaded beside them, nor where in the code a resource came from.
process.env.CDK_CONTEXT_JSON = JSON.stringify({
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-logicalId-metadata': true,
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-stack-trace': true,
});
// Each synthesis leaves a folder behind: all of them go with this one, in memory where Linux has room for a gigabyte.
process.env.TMPDIR = temporaryFolder(fs.realpathSync(hasRoom('/dev/shm') ? '/dev/shm' : os.tmpdir()));

const pairs = copyPairs();

const common = {
  testEnvironment: 'node',
  runtime: '<rootDir>/test/support/runtime.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
};

/** @type {import('jest').Config} */
module.exports = {
  // Jest takes one core fewer than there are; the suite's 15 s are for two.
  maxWorkers: '100%',
  watchman: false,
  globalSetup: '<rootDir>/test/support/setup.cjs',
  globalTeardown: '<rootDir>/test/support/teardown.cjs',
  projects: [
    { ...common, roots: ['<rootDir>/test'], testPathIgnorePatterns: ['<rootDir>/test/constructs/'] },
    { ...common, displayName: 'alone', roots: [pairs] },
  ],
};

/** A folder of this run in `parent`, where those of runs that were killed before they removed theirs are removed now. */
function temporaryFolder(parent) {
  for (const name of fs.readdirSync(parent)) {
    const [, pid] = /^kumiki-jest-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && hasEnded(Number(pid))) remove(path.join(parent, name));
  }
  return fs.mkdtempSync(path.join(parent, `kumiki-jest-${process.pid}-`));
}

function hasEnded(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error.code === 'ESRCH';
  }
}

function remove(folder) {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another run is at it, or it is somebody else's.
  }
}

function hasRoom(folder) {
  if (!fs.existsSync(folder)) return false;
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize > 2 ** 30;
}

/**
 * Copies each construct and its test into a folder where there is nothing else, which is where the tests run: a construct
 * that needs more than these two files cannot pass. Files that are the same stay as they are, for Jest's caches.
 */
function copyPairs() {
  const folder = path.join(__dirname, '.kumiki', 'pairs');
  const wanted = new Set();
  for (const file of fs.readdirSync(path.join(__dirname, 'lib', 'constructs'))) {
    const name = path.basename(file, '.ts');
    for (const part of [`lib/constructs/${file}`, `test/constructs/${name}.test.ts`]) {
      const source = path.join(__dirname, part);
      const copy = path.join(folder, name, part);
      if (!fs.existsSync(source)) continue;
      wanted.add(copy);
      const text = fs.readFileSync(source);
      if (fs.existsSync(copy) && fs.readFileSync(copy).equals(text)) continue;
      fs.mkdirSync(path.dirname(copy), { recursive: true });
      fs.writeFileSync(copy, text);
    }
  }
  for (const file of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const stale = path.join(file.parentPath ?? file.path, file.name);
    if (file.isFile() && !wanted.has(stale)) fs.rmSync(stale);
  }
  return folder;
}
