import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adopt, ownVariables } from '../../kit/endpoint';
import { freePort } from '../../kit/processes/free-port';
import { endAll } from '../../kit/processes/process-group';
import { startEmulator } from '../../local/emulator';
import { planted } from './fixtures/planted';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const common = {
  command: process.execPath,
  args: ['lab/test/local/fixtures/fake-emulator.cjs'],
  temporary: folder,
  log: join(folder, 'log'),
};
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true }));

test('answers on 127.0.0.1 after its start', async () => {
  const { url } = await startEmulator(common);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(url)).ok).toBe(true);
});

test('starts without any settings of the user, and so do its functions', async () => {
  const before = { ...process.env };
  const { variables } = planted(folder);
  Object.assign(process.env, variables);
  const { url } = await startEmulator(common).finally(() => adopt(before));
  const environment: Record<string, string> = JSON.parse(await (await fetch(`${url}/environment`)).text());
  expect(withoutAdded(environment)).toEqual({
    ...ownVariables(before),
    LANG: variables.LANG,
    LC_TIME: variables.LC_TIME,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: new URL(url).port,
    TMPDIR: folder,
  });
});

/** The python3 of the user, not a shim of pyenv. Only `npm start` installs the Python of the emulator. */
const recent = 'import sys; sys.exit(print(sys.executable) if sys.version_info >= (3, 10) else 1)';
const { status, stdout: python } = spawnSync('python3', ['-E', '-c', recent], { encoding: 'utf8' });

(status === 0 ? describe : describe.skip)('lab/local/emulator.py', () => {
  const { variables } = planted(folder);
  /** Runs the file with a substitute for ministack, which prints its environment and its requests. */
  function runWithFake(): { environment: Record<string, string>; asked: unknown } {
    const env = { ...variables, PYTHONHOME: undefined, PYTHONPATH: 'lab/test/local/fixtures/python', TMPDIR: folder };
    const run = spawnSync(python.trim(), ['-B', 'lab/local/emulator.py'], { env, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return JSON.parse(run.stdout);
  }

  test('removes the variables of the user before ministack sees them, whoever starts it', () => {
    expect(withoutAdded(runWithFake().environment)).toEqual({
      PATH: variables.PATH,
      LANG: variables.LANG,
      LC_TIME: variables.LC_TIME,
      TMPDIR: folder,
      HOME: folder,
      BIND_HOST: '127.0.0.1',
      IOT_MTLS_ENABLED: '0',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_PROXY: '*',
      no_proxy: '*',
    });
  });

  test('encodes the path of a request for a backend', () => {
    expect(runWithFake().asked).toEqual([{ symbol: 'K%C3%9CMI%3F%20%2F' }, '/history/K%C3%9CMI%3F%20']);
  });
});

test('takes another port when another process takes the first one', async () => {
  const other = createServer((socket) => socket.destroy());
  const taken = await new Promise<number>((resolve) => {
    freePort().then((port) => other.listen(port, '127.0.0.1', () => resolve(port)));
  });
  const ports = [taken, await freePort()];
  const { url } = await startEmulator({ ...common, port: async () => ports.shift() ?? freePort() });
  expect(url).not.toBe(`http://127.0.0.1:${taken}`);
  other.close();
});

test('reports that it was killed with kill -9', async () => {
  const { url, exited } = await startEmulator({ ...common, args: ['-e', KILLS_ITSELF] });
  await fetch(`${url}/kill`).catch(() => undefined);
  expect(await exited).toBe(137);
});

test('fails with the path of its log when it ends at once', async () => {
  const start = startEmulator({ ...common, args: ['-e', 'process.exit(5)'] });
  await expect(start).rejects.toThrow(/^The emulator did not start: it ended with exit code 5\. Log: .*log$/);
});

test('fails when it does not answer in time', async () => {
  const start = startEmulator({ ...common, command: 'sleep', args: ['60'], timeout: 100 });
  await expect(start).rejects.toThrow('it did not answer within 0.1 s');
});

const KILLS_ITSELF = `
  require('node:http').createServer((request, response) => {
    if (request.url === '/kill') process.kill(process.pid, 'SIGKILL');
    response.end('{}');
  }).listen(Number(process.env.GATEWAY_PORT), '127.0.0.1');`;

/** The variables without those that the shell, Python and macOS add. */
function withoutAdded(environment: Record<string, string>): Record<string, string> {
  const added = /^(PWD|OLDPWD|SHLVL|_|LC_CTYPE|__CF_USER_TEXT_ENCODING)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !added.test(name)));
}
