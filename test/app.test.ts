import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
