// Runs bin/app.ts for the CDK CLI. esbuild strips the types of the whole app in one pass (about 50 ms) and the
// packages stay outside, so a synth costs what plain JavaScript costs; `npm test` checks the types.
const { buildSync } = require('esbuild');
const path = require('node:path');

const root = path.join(__dirname, '..');
const outfile = path.join(root, 'node_modules', '.cache', 'kumiki', 'app.cjs');
buildSync({
  entryPoints: [path.join(__dirname, 'app.ts')],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'error',
});
process.chdir(root);
require(outfile);
