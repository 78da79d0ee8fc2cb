// The npm scripts load this file first. Without it, Node.js only reports that it cannot find a package.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!existsSync(join(__dirname, '..', '..', 'node_modules', 'tsx'))) {
  // As in ops/kit/language.ts, which tsx would have to load.
  const japanese = /^ja(?![a-z])/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '');
  console.error(
    japanese
      ? 'パッケージがインストールされていません。npm ci を実行してください'
      : 'The packages are not installed. Run: npm ci',
  );
  process.exit(1);
}
