// Preloaded by the npm scripts, because Node.js would only say that it cannot find a package.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!existsSync(join(__dirname, '..', '..', 'node_modules', 'tsx'))) {
  console.error('The packages are not installed. Run: npm ci');
  process.exit(1);
}
