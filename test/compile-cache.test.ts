import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-compiled-'));
afterAll(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'bin'));
cpSync('bin/compile-cache.cjs', join(folder, 'bin', 'compile-cache.cjs'));
writeFileSync(join(folder, 'package.json'), '{}');

/** What a program prints that loads `part.js` behind the cache, and the compiled code that is kept after it. */
function run(program: string) {
  const file = join(folder, 'program.js');
  if (!existsSync(file) || readFileSync(file, 'utf8') !== program) writeFileSync(file, program);
  const args = ['-r', './bin/compile-cache.cjs', file];
  const { PATH } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env: { PATH }, encoding: 'utf8' });
  const caches = join(folder, 'node_modules', '.cache', 'kumiki', 'compiled');
  const files = readdirSync(caches).map((name) => join(caches, name));
  return { stdout, stderr, kept: Buffer.concat(files.map((file) => readFileSync(file))).toString('latin1') };
}

test('runs what it has compiled before, and compiles a file of the same length anew when it has changed', () => {
  const program = "console.log(require('./part').name(), require.main === module, __filename.length > 0)";
  writeFileSync(join(folder, 'part.js'), "exports.name = () => 'first';");
  const first = run(program);
  expect(first).toMatchObject({ stdout: 'first true true\n', stderr: '' });
  expect(first.kept).toContain(join(folder, 'part.js'));
  expect(run(program)).toEqual(first);
  writeFileSync(join(folder, 'part.js'), "exports.name = () => 'other';");
  expect(run(program).stdout).toBe('other true true\n');
});

test('runs without what it cannot read or write', () => {
  const caches = join(folder, 'node_modules', '.cache', 'kumiki', 'compiled');
  writeFileSync(join(folder, 'part.js'), "exports.name = () => 'as ever';");
  const program = "console.log(require('./part').name());";
  for (const name of readdirSync(caches)) writeFileSync(join(caches, name), 'not what was written');
  expect(run(program)).toMatchObject({ stdout: 'as ever\n', stderr: '' });
  // V8 would run it, and crash.
  for (const name of readdirSync(caches)) {
    const damaged = readFileSync(join(caches, name));
    damaged.fill(0, damaged.length - 200);
    writeFileSync(join(caches, name), damaged);
  }
  expect(run(program)).toMatchObject({ stdout: 'as ever\n', stderr: '' });
  rmSync(caches, { recursive: true });
  writeFileSync(caches, 'a file where the folder should be');
  const args = ['-r', './bin/compile-cache.cjs', 'program.js'];
  expect(spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stdout: 'as ever\n',
  });
  rmSync(caches);
  mkdirSync(caches);
});

test('leaves to Node what is no script: ES modules, dynamic imports and mistakes', () => {
  writeFileSync(join(folder, 'part.js'), "import('./late.mjs').then(({ name }) => console.log(name));");
  writeFileSync(join(folder, 'late.mjs'), "export const name = 'imported';");
  expect(run("require('./part');").stdout).toBe('imported\n');
  writeFileSync(join(folder, 'part.js'), 'const = 1;');
  expect(run("require('./part');").stderr).toMatch(/part\.js:1\nconst = 1;\n.*\n+SyntaxError: Unexpected token '='/);
});
