import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonEnvironment } from '../../local/python';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'requirements.txt'), 'ministack==1\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Replaces a command by a shell script. The search path contains no other programs. */
function command(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A uv that creates an environment with a python that runs, and logs its calls. */
const UV = `echo "$@" >> "$0.calls"
case "$1" in venv) for last; do :; done; /bin/mkdir -p "$last/bin"; printf '#!/bin/sh\\n' > "$last/bin/python"; /bin/chmod +x "$last/bin/python";; esac`;

async function prepare(): Promise<boolean> {
  let installed = false;
  await pythonEnvironment({
    directory: join(folder, 'python'),
    requirements: join(folder, 'requirements.txt'),
    log: join(folder, 'log'),
    onInstall: () => {
      installed = true;
    },
    path: join(folder, 'bin'),
  });
  return installed;
}

test('installs by hash, and again only when the requirements change', async () => {
  command('uv', UV);
  expect(await prepare()).toBe(true);
  expect(readFileSync(join(folder, 'bin', 'uv.calls'), 'utf8')).toMatch(
    /pip install .*--require-hashes -r .*requirements\.txt/,
  );
  expect(await prepare()).toBe(false);
  writeFileSync(join(folder, 'requirements.txt'), 'ministack==2\n');
  expect(await prepare()).toBe(true);
});

test('creates an environment again after an interruption', async () => {
  command('uv', UV);
  await prepare();
  rmSync(join(folder, 'python', 'requirements.sha256'));
  writeFileSync(join(folder, 'python', 'half'), '');
  expect(await prepare()).toBe(true);
  expect(existsSync(join(folder, 'python', 'half'))).toBe(false);
});

test('says what to install when there is no Python', async () => {
  await expect(prepare()).rejects.toThrow(
    /^Python: neither uv nor a python3 of 3\.10 or newer was found\. Install one \(.*apt install python3 python3-venv/,
  );
});

test('names the package when Python has no venv module', async () => {
  command('python3', 'case "$2" in *ensurepip*) exit 1;; esac');
  await expect(prepare()).rejects.toThrow(
    /^Python: python3 has no venv module\. Install it \(apt install python3-venv\)/,
  );
});

test('points to the network, which pip and uv do not mention', async () => {
  command(
    'uv',
    `${UV}\ncase "$1" in pip) echo 'ERROR: No matching distribution found for ministack==1' >&2; exit 1;; esac`,
  );
  await expect(prepare()).rejects.toThrow(
    /^Python: the emulator could not be installed: ERROR: No matching .* Check the network, .* start again\.$/,
  );
});

test.each(['uv', 'python3'])('runs %s without a PYTHONHOME and PYTHONPATH of another Python', async (name) => {
  command(name, 'echo "home=$PYTHONHOME path=$PYTHONPATH" > "$0.variables"; exit 1');
  Object.assign(process.env, { PYTHONHOME: '/user', PYTHONPATH: '/user' });
  await expect(
    prepare().finally(() => {
      delete process.env.PYTHONHOME;
      delete process.env.PYTHONPATH;
    }),
  ).rejects.toThrow();
  expect(readFileSync(join(folder, 'bin', `${name}.variables`), 'utf8')).toBe('home= path=\n');
});

test('reports a full disk in one line, and leaves nothing behind', async () => {
  command('uv', `${UV}\ncase "$1" in pip) echo 'OSError: [Errno 28] No space left on device' >&2; exit 1;; esac`);
  await expect(prepare()).rejects.toThrow('Python: no space is left for the emulator');
  expect(existsSync(join(folder, 'python'))).toBe(false);
});
