// The npm scripts load this file first: it explains what ends a command before its own code can.
const { existsSync } = require('node:fs');
const { join, sep } = require('node:path');

const root = join(__dirname, '..', '..');
// As in ops/kit/language.ts, which tsx would have to load.
const japanese =
  /(^| )--lang[ =]ja( |$)/.test(process.argv.join(' ')) ||
  (!/(^| )--lang[ =]en( |$)/.test(process.argv.join(' ')) &&
    /^ja(?![a-z])/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || ''));

// Without this, Node.js only reports that it cannot find a package.
if (!existsSync(join(root, 'node_modules', 'tsx'))) {
  console.error(
    japanese
      ? 'パッケージがインストールされていません。npm ci を実行してください'
      : 'The packages are not installed. Run: npm ci',
  );
  process.exit(1);
}

// What fails while the files load is an edit, of lib/environments.ts for example: the place says more than a stack. A later
// error that nobody handled is one of the program, and has its stack.
process.on('uncaughtException', (error) => {
  if (process.env.DEBUG || process.mainModule?.loaded) {
    console.error(error);
  } else {
    for (const line of placesOf(error)) console.error(line.replace(root + sep, ''));
    console.error(
      japanese
        ? 'コマンドを読み込めませんでした。上の箇所を修正してください（lib/environments.ts を編集した場合は、その変更を確認）。npx tsc --noEmit -p . で誤りの箇所を一覧できます。DEBUG=1 でスタックトレースを表示します。'
        : 'The command could not be loaded. Correct the place above, or the edit of lib/environments.ts that leads to it: npx tsc --noEmit -p . lists all such places. DEBUG=1 prints the stack.',
    );
  }
  process.exit(1);
});

/** `file:line: message`. esbuild has a line for each place, other errors have the place in their stack. */
function placesOf(error) {
  const [first = '', ...others] = String(error?.message ?? error).split('\n');
  if (error?.name === 'TransformError') return others.filter((line) => line.trim() !== '');
  const frames = String(error?.stack ?? '').split('\n');
  const frame = frames.find(
    (line) => /^\s+at .*[/\\][^/\\]+:\d+:\d+\)?$/.test(line) && !/node_modules|node:/.test(line),
  );
  const [, place] = /\(?((?:file:\/\/)?[/\\A-Z][^()]*:\d+):\d+\)?$/.exec(frame ?? '') ?? [];
  // A module that does not exist has no frame of the code that imports it.
  const from = place ?? error?.requireStack?.[0];
  return [from === undefined ? first : `${from.replace(/^file:\/\//, '')}: ${first}`];
}
