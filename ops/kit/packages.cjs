// The npm scripts load this file first. Without it, Node.js only reports that it cannot find a package.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!existsSync(join(__dirname, '..', '..', 'node_modules', 'tsx'))) {
  console.error('The packages are not installed. Run: npm ci');
  process.exit(1);
}
