// Runs before `npm start` and `npm test`: checks the version of Node.js and installs the packages of package-lock.json. It
// uses no package. The version comes first, in a syntax that an old Node.js understands. npm passes --lang only to the command
// itself, so that the language is that of the environment (as in ops/kit/language.ts).
const japanese = /^ja(?![a-z])/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '');
const say = (en, ja) => (japanese ? ja : en);
const [major, minor] = process.versions.node.split('.').map(Number);
// Node.js 20.6 is the first version with `--import`, by which tsx runs TypeScript.
if (major < 20 || (major === 20 && minor < 6)) {
  fail(
    say(
      `Kumiki needs Node.js 20.6 or newer, this is ${process.version}. Install Node.js 24: https://nodejs.org`,
      `Kumiki には Node.js 20.6 以降が必要です（現在は ${process.version}）。Node.js 24 をインストールしてください：https://nodejs.org`,
    ),
  );
}
if (major === 20) {
  console.log(
    say(
      'Support of Node.js 20 ended on 2026-04-30. Node.js 22 and 24 are recommended.',
      'Node.js 20 のサポートは 2026-04-30 に終了しました。Node.js 22 または 24 を推奨します。',
    ),
  );
}

const { spawnSync } = require('node:child_process');
const { mkdirSync, readFileSync, rmSync } = require('node:fs');

process.chdir(`${__dirname}/../..`);
if (!isInstalled()) install();

/** Compares package-lock.json with the list that npm writes last. After an interruption there is no such list. */
function isInstalled() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map((file) => {
    const text = read(file);
    return text === '' ? {} : JSON.parse(text).packages;
  });
  return Object.entries(wanted).every(([path, { integrity, optional }]) =>
    installed[path] ? installed[path].integrity === integrity : optional || path === '',
  );
}

function install() {
  // Not in node_modules, because `npm ci` removes that folder.
  const lock = '.kumiki/install.pid';
  mkdirSync('.kumiki', { recursive: true });
  console.log(
    say(
      'The packages are missing, or not those of package-lock.json: npm ci',
      'パッケージがないか、package-lock.json と一致しません：npm ci を実行します',
    ),
  );
  // The lock has the id of npm, which may go on after `kill -9` of this process. `set -C` lets only one shell create it.
  const npm = 'npm ci --include=dev --prefer-offline --loglevel=error';
  const command = `kill -0 "$(cat ${lock})" || rm -f ${lock}; set -C; echo $$ >${lock} || exit 75; exec 2>&1 ${npm}`;
  const { status } = spawnSync('sh', ['-c', command], { stdio: ['inherit', 'inherit', 'ignore'] });
  if (status === 75) {
    const pid = read(lock);
    fail(
      say(
        `Process ${pid} installs the packages (${lock}). Run this again when it has ended.`,
        `プロセス ${pid} がパッケージをインストール中です（${lock}）。終了してから再実行してください。`,
      ),
    );
  }
  rmSync(lock, { force: true });
  if (status !== 0) {
    fail(
      say(
        'npm ci failed (see above). Run this again with a network and free disk space.',
        'npm ci に失敗しました（上の出力を参照）。ネットワークとディスクの空き容量を確認して再実行してください。',
      ),
    );
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function fail(line) {
  console.error(line);
  process.exit(1);
}
