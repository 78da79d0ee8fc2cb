// Runs before what `npm` runs by its scripts: packages are there and as the lock file says, whatever was there before.
// It needs no package. The version comes first, in a syntax that an old Node understands.

/** Node 20.6 is the first with `--import`, by which tsx runs TypeScript. */
const OLDEST = [20, 6];
const version = process.versions.node.split('.').map(Number);
if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1])) {
  console.error(`Kumiki needs Node.js ${OLDEST.join('.')} or newer, this is ${process.version}: https://nodejs.org`);
  process.exit(1);
}

const { spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const root = path.join(__dirname, '..', '..');
const lock = path.join(root, 'package-lock.json');
/** npm writes this one last, so a half-made node_modules has none. */
const installed = path.join(root, 'node_modules', '.package-lock.json');
const marker = path.join(root, 'node_modules', '.cache', 'kumiki', 'package-lock.sha256');
/** Ids of the processes that install packages here. Not in node_modules, which `npm ci` removes. */
const turn = path.join(root, '.kumiki', 'install.pid');
/** Milliseconds between two looks whether they have ended. */
const LOOK_INTERVAL = 200;

main();

async function main() {
  if (isFresh()) return;
  await takeTurn();
  let code;
  try {
    // Somebody else may have installed them while this one waited.
    code = isFresh() ? 0 : await install();
  } finally {
    fs.rmSync(turn, { force: true });
  }
  process.exitCode = code;
}

function isFresh() {
  if (!fs.existsSync(installed) || !areThere()) return false;
  if (fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) return true;
  // A checkout touches the lock file without changing it.
  return fs.existsSync(marker) && fs.readFileSync(marker, 'utf8') === digest();
}

/** Whether no package that is asked for by name has been deleted since. */
function areThere() {
  const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) =>
    fs.existsSync(path.join(root, 'node_modules', name, 'package.json')),
  );
}

function digest() {
  return crypto.createHash('sha256').update(fs.readFileSync(lock)).digest('hex');
}

/** Waits until nobody else installs packages here: two at once remove each other's. */
async function takeTurn() {
  fs.mkdirSync(path.dirname(turn), { recursive: true });
  // A link appears with its content or not at all.
  const draft = `${turn}.${process.pid}`;
  fs.writeFileSync(draft, String(process.pid));
  try {
    for (let told = false; ; ) {
      try {
        fs.linkSync(draft, turn);
        return;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const other = installer();
      if (other === undefined) {
        fs.rmSync(turn, { force: true });
        continue;
      }
      if (!told) console.log(`Packages are being installed by another command (process ${other}): waiting for it.`);
      told = true;
      await sleep(LOOK_INTERVAL);
    }
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** The process that installs packages here, if one does: this program, or the npm that it has left behind. */
function installer() {
  try {
    return fs.readFileSync(turn, 'utf8').split(' ').map(Number).find(isInstalling);
  } catch {
    return undefined;
  }
}

/** Whether a process is there and one of ours: a number is given to other processes again. */
function isInstalling(pid) {
  const file = `/proc/${pid}/cmdline`;
  const command = fs.existsSync(file)
    ? fs.readFileSync(file, 'utf8')
    : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  return /prepare\.cjs|\bnpm\b/.test(command);
}

/** Exit code of `npm ci`, or of a signal that came first: this process waits until npm has ended, and so does its caller. */
async function install() {
  const missing = !fs.existsSync(installed) || !areThere();
  console.log(missing ? 'Packages are missing: npm ci' : 'package-lock.json has changed: npm ci');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawn('npm', args, { cwd: root, stdio: 'inherit' });
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interrupted = true;
      child.kill(signal);
    });
  }
  if (child.pid !== undefined) fs.writeFileSync(turn, `${process.pid} ${child.pid}`);
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', resolve);
  });
  if (interrupted) {
    console.error('Interrupted while packages were installed. The next command installs them again.');
    return 130;
  }
  if (code !== 0) {
    console.error('Packages could not be installed (npm ci, see above). With a network and disk space, run it again.');
    return 1;
  }
  fs.mkdirSync(path.dirname(marker), { recursive: true });
  fs.writeFileSync(marker, digest());
  return 0;
}
