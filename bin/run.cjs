// Runs an app of this folder for the CDK CLI: bin/app.ts, or the one that the argument names. esbuild strips the types in one
// pass, in half the time that tsx takes. `npm test` checks the types.
const path = require('node:path');
const { buildSync } = require('esbuild');

// From version 22.8 on, Node.js can store compiled code for the next run.
require('node:module').enableCompileCache?.();
const root = path.join(__dirname, '..');
const app = process.argv[2] === 'account' ? 'account' : 'app';
const outfile = path.join(root, 'node_modules', '.cache', 'kumiki', `${app}-${process.pid}.cjs`);
try {
  buildSync({
    absWorkingDir: root,
    entryPoints: [`bin/${app}.ts`],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    sourcemap: 'inline',
    // The first thing that the file does is to remove itself: a signal during the synthesis runs no code here.
    banner: { js: "'use strict'; require('node:fs').rmSync(__filename);" },
    logLevel: 'error',
  });
} catch (error) {
  // esbuild has printed the places of errors in the code.
  if (process.env.DEBUG || !error.errors?.length) console.error(error);
  process.exit(1);
}
// An error shows its place in the code, not in the bundle.
process.setSourceMapsEnabled(true);
require(outfile);
