import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startEmulator } from '../../local/emulator';
import { endAll } from '../../local/process-group';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const common = {
  command: process.execPath,
  args: ['test/local/fixtures/fake-emulator.cjs'],
  temporary: folder,
  log: join(folder, 'log'),
};
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true }));

test('answers on 127.0.0.1 when it has started', async () => {
  const { url } = await startEmulator(common);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(url)).ok).toBe(true);
});

test('takes another port when the first is taken in between', async () => {
  const other = createServer((socket) => socket.destroy());
  const taken = await new Promise<number>((resolve) => {
    freePort().then((port) => other.listen(port, '127.0.0.1', () => resolve(port)));
  });
  const ports = [taken, await freePort()];
  const { url } = await startEmulator({ ...common, port: async () => ports.shift() ?? freePort() });
  expect(url).not.toBe(`http://127.0.0.1:${taken}`);
  other.close();
});

test('tells when it is killed with kill -9', async () => {
  const { url, exited } = await startEmulator({ ...common, args: ['-e', KILLS_ITSELF] });
  await fetch(`${url}/kill`).catch(() => undefined);
  expect(await exited).toBe(137);
});

test('fails with the place of its log when it ends at once', async () => {
  const start = startEmulator({ ...common, args: ['-e', 'process.exit(5)'] });
  await expect(start).rejects.toThrow(/^The emulator did not start: it ended with exit code 5\. Its log: .*log$/);
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
