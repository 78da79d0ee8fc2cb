// Runs before what `npm` runs by its scripts: packages are there and as the lock file says, whatever was there before.
// It needs no package. The version comes first, in a syntax that an old Node understands.

/** Node 20.6 is the first with `--import`, by which tsx runs TypeScript. */
const OLDEST = [20, 6];
const version = process.versions.node.split('.').map(Number);
if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1])) {
  console.error(`Kumiki needs Node.js ${OLDEST.join('.')} or newer, this is ${process.version}: https://nodejs.org`);
  process.exit(1);
}

const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const lock = path.join(root, 'package-lock.json');
/** npm writes this one last, so a half-made node_modules has none. */
const installed = path.join(root, 'node_modules', '.package-lock.json');
const marker = path.join(root, 'node_modules', '.cache', 'kumiki', 'package-lock.sha256');

if (!isFresh()) install();

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

function install() {
  const missing = !fs.existsSync(installed) || !areThere();
  console.log(missing ? 'Packages are missing: npm ci' : 'package-lock.json has changed: npm ci');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    console.error('Packages could not be installed (npm ci, see above). With a network and disk space, run it again.');
    process.exit(1);
  }
  fs.mkdirSync(path.dirname(marker), { recursive: true });
  fs.writeFileSync(marker, digest());
}
