// npm test: type check, lint and tests, side by side because each leaves a core idle for part of its time.
// Arguments go to Jest: npm test -- --watch, npm test -- network
const { spawn } = require('node:child_process');
const path = require('node:path');

const bin = (...parts) => path.join(__dirname, '..', 'node_modules', ...parts);

/** Runs a script of a package; what it prints is kept until it ends, unless it may print as it goes. */
function run(name, stdio, ...args) {
  // The type check is a program in Go; collecting its garbage less often takes a quarter off its time.
  const env = { GOGC: '400', ...process.env };
  const child = spawn(process.execPath, args, { env, stdio: ['inherit', stdio, stdio] });
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ name, output, failed: code !== 0 })));
}

async function main() {
  const checks = [
    // With --build it ends at once when no file, of packages neither, is newer than its last check.
    run('type check', 'pipe', bin('typescript', 'bin', 'tsc'), '--build'),
    run('lint', 'pipe', bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--colors=off'),
  ];
  // The collector in the thread of the tests and rarely, as the suite makes much that is soon garbage; and WebAssembly, the
  // rules of the template validation, not optimised, as it runs once.
  const memory = ['--min-semi-space-size=64', '--max-semi-space-size=64', '--initial-heap-size=1000'];
  const engine = [...memory, '--single-threaded-gc', '--liftoff-only'];
  // Node 20 also optimises JavaScript that is not called for long enough to be worth it; later ones wait by themselves.
  if (process.versions.node.startsWith('20.')) engine.push('--interrupt-budget=1000000');
  const tests = await run('tests', 'inherit', ...engine, bin('jest', 'bin', 'jest.js'), ...process.argv.slice(2));
  const results = [...(await Promise.all(checks)), tests];
  for (const { output, failed } of results) if (failed) process.stdout.write(output);
  console.log(results.map(({ name, failed }) => `${name}: ${failed ? 'FAILED' : 'passed'}`).join(', '));
  if (results.some(({ failed }) => failed)) process.exitCode = 1;
}

main();
