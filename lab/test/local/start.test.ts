import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, IncomingHttpHeaders, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planted } from './fixtures/planted';

// Several processes that each load the AWS CDK: on a busy machine that takes a while.
jest.setTimeout(30_000);

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
/** Of somebody with an AWS configuration and a proxy, which no run may use. */
const user = planted(folder);
/** What a test that fails leaves behind, for which Jest would wait. */
const left: (() => void)[] = [];
afterAll(() => {
  for (const end of left) end();
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
  left.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended };
}

/** An endpoint of the account, which never answers anything but who one is. */
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
  left.push(() => server.close().closeAllConnections());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

test.concurrent('says in one line what is wrong with a flag or an endpoint', async () => {
  const real = await endpoint('123456789012');
  const [flag, account] = await Promise.all([
    start('flag', real.url, '--twice').ended,
    start('account', real.url).ended,
  ]);
  real.close();
  for (const { code } of [flag, account]) expect(code).toBe(1);
  expect(flag.output).toBe(
    "Unknown option '--twice'\nUsage: npm start [-- --once] [--connections 100] [-c capacity=ec2]\n",
  );
  expect(account.output).toContain('its account is 123456789012, expected 000000000000');
  expect(account.output).not.toMatch(/\n\s+at /);
});

/** Runs it until it has begun to deploy, which this endpoint keeps it waiting for. */
async function deploying(name: string) {
  let reached = (_headers: IncomingHttpHeaders) => {};
  const deployment = new Promise<IncomingHttpHeaders>((resolve) => {
    reached = resolve;
  });
  const server = await endpoint('000000000000', (headers) => reached(headers));
  const run = start(name, server.url);
  return { ...run, server, headers: await deployment };
}

test.concurrent('asks with dummy keys, and ends with everything that it started on Ctrl-C', async () => {
  const { child, ended, server, headers } = await deploying('signal');
  expect(headers.authorization).toMatch(/ Credential=test\/\d{8}\/us-east-1\/cloudformation\//);
  expect(headers).not.toHaveProperty('x-amz-security-token');
  expect(existsSync(user.mark)).toBe(false);
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect(code).toBe(130);
  expect(output).toMatch(
    /Everything that was started here has ended\. Interrupted while asking the endpoint what is there\.\n$/,
  );
  expect(existsSync(join(folder, 'signal', 'run.json'))).toBe(false);
  server.closeAllConnections();
  server.close();
});

test.concurrent('ends without a word when nobody reads what it prints any more', async () => {
  const server = await endpoint('000000000000');
  const { child, ended } = start('pipe', server.url);
  child.stdout?.destroy();
  expect(await ended).toEqual({ code: 1, output: '' });
  expect(existsSync(join(folder, 'pipe', 'run.json'))).toBe(false);
});

test.concurrent('says that the endpoint has died while it deployed', async () => {
  const { ended, server } = await deploying('death');
  server.closeAllConnections();
  server.close();
  const { code, output } = await ended;
  expect(code).toBe(1);
  expect(output).toMatch(
    /The endpoint http:\S+ does not answer any more, while asking the endpoint what is there\.\n$/,
  );
});
