import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const npm = join(__dirname, 'fixtures', 'npm.cjs');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kumiki-'));
  mkdirSync(join(root, 'lab', 'kit'), { recursive: true });
  cpSync('lab/kit/prepare.cjs', join(root, 'lab', 'kit', 'prepare.cjs'));
  for (const file of ['package.json', 'package-lock.json']) writeFileSync(join(root, file), '{}');
});
afterEach(() => rmSync(root, { recursive: true }));

/** Prepares the folder as `npm start` does first, with an npm that takes 0.4 s. */
function prepare() {
  const child = spawn(process.execPath, ['lab/kit/prepare.cjs'], {
    cwd: root,
    env: { PATH: process.env.PATH, npm_execpath: npm },
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

function log(): string {
  return existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8') : '';
}

async function begun(): Promise<void> {
  while (!log().includes('begun')) await sleep(10);
}

test('installs once where two commands find packages missing, and the other one waits', async () => {
  const first = prepare();
  await begun();
  const second = await prepare().ended;
  expect(await first.ended).toEqual({ code: 0, output: 'Packages are missing: npm ci\n' });
  expect(second).toEqual({
    code: 0,
    output: `Packages are being installed by another command (process ${first.child.pid}): waiting for it.\n`,
  });
  expect(log()).toBe('begun\nended\n');
  expect(existsSync(join(root, '.kumiki', 'install.pid'))).toBe(false);
});

test('waits for npm after Ctrl-C, so that the next command finds nobody at work', async () => {
  const { child, ended } = prepare();
  await begun();
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect({ code, npm: log() }).toEqual({ code: 130, npm: 'begun\nended\n' });
  expect(output).toMatch(/Interrupted while packages were installed\. The next command installs them again\.\n$/);
  expect((await prepare().ended).code).toBe(0);
});

test('waits for the npm of a command that was killed with kill -9', async () => {
  const { child } = prepare();
  await begun();
  while (!/ \d/.test(readFileSync(join(root, '.kumiki', 'install.pid'), 'utf8'))) await sleep(10);
  child.kill('SIGKILL');
  const { code, output } = await prepare().ended;
  expect({ code, npm: log() }).toEqual({ code: 0, npm: 'begun\nended\n' });
  expect(output).toMatch(/by another command \(process \d+\): waiting for it/);
});

test('takes over from an installation that has ended without a word', async () => {
  mkdirSync(join(root, '.kumiki'));
  writeFileSync(join(root, '.kumiki', 'install.pid'), `${2 ** 22 + 1} ${2 ** 22 + 2}`);
  expect(await prepare().ended).toEqual({ code: 0, output: 'Packages are missing: npm ci\n' });
});
