// npm test: type check, lint and tests, side by side because each leaves a core idle for part of its time.
// Arguments go to Jest: npm test -- --watch, npm test -- network, npm test -- test/ (the product's tests only).
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const bin = (...parts) => path.join(root, 'node_modules', ...parts);

/** Runs a script of a package. Where `stdio` is `pipe`, its output is collected and not printed. */
function run(name, stdio, ...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['inherit', stdio, stdio] });
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ name, output, failed: code !== 0 })));
}

async function main() {
  // Jest takes a path for a pattern: "test/" would match lab/test/, too. An absolute path matches one folder.
  const given = process.argv.slice(2).map((arg) => (fs.existsSync(arg) ? path.resolve(arg) : arg));
  const results = await Promise.all([
    // With --build the check ends at once when no file is newer than the last check.
    run('type check', 'pipe', bin('typescript', 'bin', 'tsc'), '--build'),
    run('lint', 'pipe', bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--colors=off'),
    run('tests', 'inherit', bin('jest', 'bin', 'jest.js'), ...given),
  ]);
  for (const { output, failed } of results) if (failed) process.stdout.write(output);
  console.log(results.map(({ name, failed }) => `${name}: ${failed ? 'FAILED' : 'passed'}`).join(', '));
  if (results.some(({ failed }) => failed)) process.exitCode = 1;
}

main();
