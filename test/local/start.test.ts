import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Several processes that each load the AWS CDK: on a busy machine that takes a while.
jest.setTimeout(30_000);

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `npm start` with an endpoint and a state folder of its own. */
function start(name: string, endpoint: string, ...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', 'local/start.ts', ...args], {
    env: { PATH: process.env.PATH, HOME: folder, AWS_ENDPOINT_URL: endpoint, KUMIKI_STATE: join(folder, name) },
  });
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended };
}

/** An endpoint of the account, which never answers anything but who one is. */
async function endpoint(account: string, onOther = () => {}): Promise<Server & { url: string }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      if (body.includes('GetCallerIdentity')) response.end(`<Account>${account}</Account>`);
      else onOther();
    });
  });
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
  let reached = () => {};
  const deployment = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const server = await endpoint('000000000000', () => reached());
  const run = start(name, server.url);
  await deployment;
  return { ...run, server };
}

test.concurrent('ends with everything that it started on Ctrl-C', async () => {
  const { child, ended, server } = await deploying('signal');
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
