import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environments } from '../lib/environments';

/** Runs the app like the CDK CLI, with the given context and environment variables. */
function run(context: Record<string, string>, variables: Record<string, string> = {}) {
  const outdir = mkdtempSync(join(tmpdir(), 'kumiki-app-'));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context), ...variables };
  const result = spawnSync(process.execPath, ['bin/run.cjs'], { encoding: 'utf8', env });
  const hasAssembly = existsSync(join(outdir, 'manifest.json'));
  rmSync(outdir, { recursive: true });
  return { status: result.status, stderr: result.stderr.replace(/^Bundling asset .*\n/gm, '').trim(), hasAssembly };
}

test('synthesizes the first environment without an account, a network and Docker [P9]', () => {
  expect(run({}, { CDK_DOCKER: '/nonexistent', http_proxy: 'http://127.0.0.1:1' })).toEqual({
    status: 0,
    stderr: '',
    hasAssembly: true,
  });
});

test('fails with one line for an error inside a stack, and writes no assembly of the stacks before it', () => {
  const { status, stderr, hasAssembly } = run({ kubernetes: 'true', kubernetesCidrs: '203.0.113.7' });
  expect(stderr).toMatch(/^kubernetes\.publicCidrs: [^\n]+ got "203\.0\.113\.7"\. Give [^\n]+$/);
  expect({ status, hasAssembly }).toEqual({ status: 1, hasAssembly: false });
});

test.each(['staging', 'local'])('fails with one line for the unknown environment %s', (name) => {
  const names = Object.keys(environments);
  const { status, stderr } = run({ environment: name });
  expect(status).toBe(1);
  expect(stderr).toBe(
    `environment: "${name}" is not known. Give one of ${names.join(', ')}: -c environment=${names[0]}. ` +
      'To deploy to this machine, without an account, use npm start.',
  );
});

test('leaves no file when a signal ends the synthesis', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'kumiki-app-'));
  const { PATH, HOME } = process.env;
  const app = spawn(process.execPath, ['bin/run.cjs'], { env: { PATH, HOME, CDK_OUTDIR: outdir } });
  await once(app.stderr, 'data'); // Bundling asset …
  app.kill('SIGINT');
  await once(app, 'exit');
  rmSync(outdir, { recursive: true });
  expect(app.signalCode).toBe('SIGINT');
  expect(existsSync(`node_modules/.cache/kumiki/app-${app.pid}.cjs`)).toBe(false);
});
