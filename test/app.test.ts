import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the app as the CDK CLI does, with context and environment variables of its own. */
function run(context: Record<string, string>, variables: Record<string, string> = {}) {
  const outdir = mkdtempSync(join(tmpdir(), 'kumiki-app-'));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context), ...variables };
  const result = spawnSync(process.execPath, ['bin/run.cjs'], { encoding: 'utf8', env });
  rmSync(outdir, { recursive: true });
  return { status: result.status, stderr: result.stderr.replace(/^Bundling asset .*\n/gm, '').trim() };
}

test('synthesizes the sandbox without account, network and Docker [P9]', () => {
  expect(run({}, { CDK_DOCKER: '/nonexistent', http_proxy: 'http://127.0.0.1:1' })).toEqual({ status: 0, stderr: '' });
});

test('fails with one line for an unknown environment', () => {
  const { status, stderr } = run({ environment: 'staging' });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'environment: "staging" is not known. Give one of sandbox, production, local: -c environment=sandbox',
  );
});

test('builds the app again where a file that was kept is cut off, or is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-app-'));
  const cache = join(folder, 'node_modules', '.cache', 'kumiki');
  cpSync('bin', join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', 'app.ts'), "const told: string = 'the app';\nconsole.log(told);");
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(process.cwd(), 'node_modules', 'esbuild'), join(folder, 'node_modules', 'esbuild'));
  const { PATH } = process.env;
  const told = () => {
    const result = spawnSync(process.execPath, [join(folder, 'bin', 'run.cjs')], { encoding: 'utf8', env: { PATH } });
    return `${result.stdout}${result.stderr}`;
  };
  try {
    expect(told()).toBe('the app\n');
    for (const file of ['app.json', 'app.cjs']) {
      const whole = readFileSync(join(cache, file), 'utf8');
      for (const damaged of [whole.slice(0, whole.length / 2), '']) {
        writeFileSync(join(cache, file), damaged);
        expect(told()).toBe('the app\n');
        expect(readFileSync(join(cache, file), 'utf8').length).toBe(whole.length);
      }
    }
    expect(readdirSync(cache).sort()).toEqual(['app.cjs', 'app.json', 'compiled']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
