// Runs bin/app.ts for the CDK CLI. esbuild strips the types of the whole app in one pass and the packages stay outside,
// so a synth costs what plain JavaScript costs; `npm test` checks the types. The result is kept until a file changes.
const fs = require('node:fs');
const path = require('node:path');

// Compiling would be a quarter of the time of a synth.
require('./compile-cache.cjs');

const root = path.join(__dirname, '..');
const cache = path.join(root, 'node_modules', '.cache', 'kumiki');
const outfile = path.join(cache, 'app.cjs');
const stampFile = path.join(cache, 'app.json');

/** Size and time of modification of a file, by its path from the root. */
const stampOf = (file) => {
  const stat = fs.statSync(path.join(root, file), { throwIfNoEntry: false });
  return stat && `${stat.size} ${stat.mtimeMs}`;
};

/** Whether no file that went in has changed, nor the result, which a full disk may have cut off. */
function isFresh() {
  try {
    const stamps = Object.entries(JSON.parse(fs.readFileSync(stampFile, 'utf8')));
    return stamps.length > 0 && stamps.every(([file, stamp]) => stampOf(file) === stamp);
  } catch {
    return false;
  }
}

/** Puts a file in its place as one step: another process may be reading what is there. */
function replace(file, write) {
  const draft = `${file}.${process.pid}`;
  try {
    write(draft);
    fs.renameSync(draft, file);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function build() {
  let inputs = ['bin/run.cjs', 'package-lock.json'];
  replace(outfile, (draft) => {
    const { metafile } = require('esbuild').buildSync({
      absWorkingDir: root,
      entryPoints: ['bin/app.ts'],
      outfile: draft,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      metafile: true,
      logLevel: 'error',
    });
    inputs = [...Object.keys(metafile.inputs), ...inputs];
  });
  const files = [...inputs, path.relative(root, outfile)];
  const stamps = JSON.stringify(Object.fromEntries(files.map((file) => [file, stampOf(file)])));
  try {
    replace(stampFile, (draft) => fs.writeFileSync(draft, stamps));
  } catch {
    // The next run builds it again.
  }
}

if (!isFresh()) build();
process.chdir(root);
require(outfile);
