import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

let root: string;
const lock = () => join(root, '.kumiki', 'install.pid');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kumiki-'));
  for (const folder of ['lab/kit', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync('lab/kit/prepare.cjs', join(root, 'lab/kit/prepare.cjs'));
  copyFileSync('lab/test/kit/fixtures/npm.cjs', join(root, 'bin/npm'));
  chmodSync(join(root, 'bin/npm'), 0o755);
  wants({ 'node_modules/a': { integrity: 'sha512-1' }, 'node_modules/b': { integrity: 'sha512-1', optional: true } });
});
afterEach(() => rmSync(root, { recursive: true }));

function wants(packages: object): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': { name: 'kumiki' }, ...packages } }));
}

/** Holds the substitute for npm before its end, until the returned function is called. */
function hold(): () => void {
  writeFileSync(join(root, 'npm.hold'), '');
  return () => rmSync(join(root, 'npm.hold'));
}

/** Prepares the folder as `npm start` does first, in English unless a language is given. */
function prepare(language = 'C') {
  const child = spawn(process.execPath, ['lab/kit/prepare.cjs'], {
    cwd: root,
    env: { LANG: language, PATH: [join(root, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter) },
  });
  let output = '';
  const add = (data: Buffer) => {
    output += data;
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  // Without the line on the end of support, which is printed on Node.js 20 only.
  const ended = once(child, 'close').then(([code]) => ({
    code,
    output: output.replace(/^(Support of|Node\.js 20 の).*\n/, ''),
  }));
  return { child, ended };
}

function log(): string {
  return existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8') : '';
}

async function begun(): Promise<void> {
  while (!log().includes('begun')) await sleep(10);
}

const INSTALLS = 'The packages are missing, or not those of package-lock.json: npm ci\n';

test('installs missing packages once, and again after package-lock.json has changed', async () => {
  expect(await prepare().ended).toEqual({ code: 0, output: INSTALLS });
  expect(existsSync(lock())).toBe(false);
  expect(await prepare().ended).toEqual({ code: 0, output: '' });
  wants({ 'node_modules/a': { integrity: 'sha512-2' } });
  expect(await prepare().ended).toEqual({ code: 0, output: INSTALLS });
  expect(log()).toBe('begun\nended\nbegun\nended\n');
});

test('fails with the process that installs packages already', async () => {
  const release = hold();
  const first = prepare();
  await begun();
  const pid = readFileSync(lock(), 'utf8').trim();
  expect(await prepare().ended).toEqual({
    code: 1,
    output: `${INSTALLS}Process ${pid} installs the packages (.kumiki/install.pid). Run this again when it has ended.\n`,
  });
  release();
  expect(await first.ended).toEqual({ code: 0, output: INSTALLS });
  expect(log()).toBe('begun\nended\n');
});

test('does not install beside the npm of a command that was killed with kill -9', async () => {
  const release = hold();
  const { child } = prepare();
  await begun();
  child.kill('SIGKILL');
  expect((await prepare().ended).code).toBe(1);
  release();
  while (!existsSync(join(root, 'node_modules', '.package-lock.json'))) await sleep(10);
  expect((await prepare().ended).code).toBe(0);
  expect(log()).toBe('begun\nended\n');
});

test('takes over from an npm that has ended without removing its lock', async () => {
  mkdirSync(join(root, '.kumiki'));
  writeFileSync(lock(), `${2 ** 22 + 1}\n`);
  expect(await prepare().ended).toEqual({ code: 0, output: INSTALLS });
});

test('says what to do when npm fails', async () => {
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\necho "no network" >&2\nexit 1\n');
  expect(await prepare().ended).toEqual({
    code: 1,
    output: `${INSTALLS}no network\nnpm ci failed (see above). Run this again with a network and free disk space.\n`,
  });
});

test('speaks Japanese in a Japanese environment', async () => {
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\nexit 1\n');
  expect((await prepare('ja_JP.UTF-8').ended).output).toMatch(/^パッケージがないか、.*\nnpm ci に失敗しました/);
});
