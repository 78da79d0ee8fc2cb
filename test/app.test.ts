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

test('fails with one line for production without an image', () => {
  const { status, stderr } = run({ environment: 'production' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/digest.*-c imageDigest=sha256:/);
  expect(stderr.split('\n')).toHaveLength(1);
});

test('refuses to deploy the sandbox to the account of a local endpoint', () => {
  const { status, stderr } = run({}, { CDK_DEFAULT_ACCOUNT: '000000000000' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/environment sandbox deploys to a real account, but the credentials are of 000000000000/);
});

test('refuses to deploy the local environment to a real account', () => {
  const variables = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', CDK_DEFAULT_ACCOUNT: '123456789012' };
  const { status, stderr } = run({ environment: 'local' }, variables);
  expect(status).toBe(1);
  expect(stderr).toMatch(/environment local deploys to 000000000000, but the credentials are of 123456789012/);
});
