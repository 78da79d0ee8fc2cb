import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, IncomingHttpHeaders, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planted } from './fixtures/planted';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
/** A user with an AWS configuration and a proxy, which no run may use. */
const user = planted(folder);
/** Ends processes and servers of a failed test, for which Jest would wait. */
const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `npm start` with an endpoint and a state folder of its own. */
function start(name: string, endpoint: string, ...args: string[]) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--no-warnings', '--import', 'tsx', 'lab/local/start.ts', ...args],
    {
      env: { ...user.variables, AWS_ENDPOINT_URL: endpoint, KUMIKI_STATE: join(folder, name) },
    },
  );
  ends.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended };
}

/** Starts an endpoint of the account. It answers GetCallerIdentity, and no other request. */
async function endpoint(
  account: string,
  onOther = (_headers: IncomingHttpHeaders) => {},
): Promise<Server & { url: string }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      if (body.includes('GetCallerIdentity')) response.end(`<Account>${account}</Account>`);
      else onOther(request.headers);
    });
  });
  ends.push(() => server.close().closeAllConnections());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

test.concurrent('reports a wrong flag or endpoint in one line', async () => {
  const real = await endpoint('123456789012');
  const [flag, account] = await Promise.all([
    start('flag', real.url, '--twice').ended,
    start('account', real.url).ended,
  ]);
  real.close();
  for (const { code } of [flag, account]) expect(code).toBe(1);
  expect(flag.output).toBe('--twice is not a known flag. See the flags: npm start -- --help\n');
  expect(account.output).toContain('its account is 123456789012, expected 000000000000');
  expect(account.output).not.toMatch(/\n\s+at /);
});

/** Runs `npm start` until it asks CloudFormation, which this endpoint never answers. */
async function deploying(name: string) {
  let reached = (_headers: IncomingHttpHeaders) => {};
  const deployment = new Promise<IncomingHttpHeaders>((resolve) => {
    reached = resolve;
  });
  const server = await endpoint('000000000000', (headers) => reached(headers));
  const run = start(name, server.url);
  return { ...run, server, headers: await deployment };
}

test.concurrent('signs with dummy keys, and ends with all its processes on Ctrl-C', async () => {
  const { child, ended, server, headers } = await deploying('signal');
  expect(headers.authorization).toMatch(/ Credential=test\/\d{8}\/us-east-1\/cloudformation\//);
  expect(headers).not.toHaveProperty('x-amz-security-token');
  expect(existsSync(user.mark)).toBe(false);
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect(code).toBe(130);
  expect(output).toMatch(
    /All processes of this command have ended\. Interrupted while asking the endpoint for its stacks\. To begin again: npm start\n$/,
  );
  expect(existsSync(join(folder, 'signal', 'run.json'))).toBe(false);
  expect(existsSync(join(folder, 'signal', 'tmp'))).toBe(false);
  server.closeAllConnections();
  server.close();
});

test.concurrent('ends without output when its reader has gone', async () => {
  const server = await endpoint('000000000000');
  const { child, ended } = start('pipe', server.url);
  child.stdout?.destroy();
  expect(await ended).toEqual({ code: 1, output: '' });
  expect(existsSync(join(folder, 'pipe', 'run.json'))).toBe(false);
});

test.concurrent('reports that the endpoint ended during the deployment', async () => {
  const { ended, server } = await deploying('death');
  server.closeAllConnections();
  server.close();
  const { code, output } = await ended;
  expect(code).toBe(1);
  expect(output).toMatch(/The endpoint http:\S+ no longer answers, while asking the endpoint for its stacks\.\n$/);
});
