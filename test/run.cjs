// Runs `npm test`: type check, lint and tests. They run at the same time, because each leaves a core idle for part of the
// time. Arguments go to Jest: `npm test -- --watch`, `npm test -- network`, `npm test -- test/` (the tests of the product
// only).
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const bin = (...parts) => path.join(root, 'node_modules', ...parts);

/** Runs a script of a package. With the `stdio` value `pipe`, the output is returned instead of printed. */
function run(name, stdio, ...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['inherit', stdio, stdio] });
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ name, output, failed: code !== 0 })));
}

async function main() {
  // Jest reads a path as a pattern, and "test/" would match lab/test/, too. An absolute path matches one folder only.
  const jestArguments = process.argv.slice(2).map((arg) => (fs.existsSync(arg) ? path.resolve(arg) : arg));
  const results = await Promise.all([
    // With --build the check ends at once if no file is newer than the previous check.
    run('type check', 'pipe', bin('typescript', 'bin', 'tsc'), '--build'),
    run('lint', 'pipe', bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--colors=off'),
    run('tests', 'inherit', bin('jest', 'bin', 'jest.js'), ...jestArguments),
  ]);
  for (const { output, failed } of results) if (failed) process.stdout.write(output);
  console.log(results.map(({ name, failed }) => `${name}: ${failed ? 'FAILED' : 'passed'}`).join(', '));
  if (results.some(({ failed }) => failed)) process.exitCode = 1;
}

main();
