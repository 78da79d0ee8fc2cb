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

function isFresh() {
  if (!fs.existsSync(outfile) || !fs.existsSync(stampFile)) return false;
  return Object.entries(JSON.parse(fs.readFileSync(stampFile, 'utf8'))).every(
    ([file, stamp]) => stampOf(file) === stamp,
  );
}

if (!isFresh()) {
  const { metafile } = require('esbuild').buildSync({
    absWorkingDir: root,
    entryPoints: ['bin/app.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    metafile: true,
    logLevel: 'error',
  });
  const inputs = [...Object.keys(metafile.inputs), 'bin/run.cjs', 'package-lock.json'];
  fs.writeFileSync(stampFile, JSON.stringify(Object.fromEntries(inputs.map((file) => [file, stampOf(file)]))));
}
process.chdir(root);
require(outfile);
