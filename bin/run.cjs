// Runs bin/app.ts for the CDK CLI. esbuild strips the types in one pass, where tsx takes twice as long; `npm test` checks
// them.
const path = require('node:path');
const { buildSync } = require('esbuild');

// Node.js keeps compiled code from 22.8 on.
require('node:module').enableCompileCache?.();
const root = path.join(__dirname, '..');
const outfile = path.join(root, 'node_modules', '.cache', 'kumiki', `app-${process.pid}.cjs`);
buildSync({
  absWorkingDir: root,
  entryPoints: ['bin/app.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  logLevel: 'error',
});
try {
  require(outfile);
} finally {
  require('node:fs').rmSync(outfile);
}
