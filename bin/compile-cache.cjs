// Keeps compiled code between runs, for every module that is loaded after this one. Node has such a cache from 22.8 on,
// but in a file for each module, which costs a tenth of a second of the half that a synth takes.
const crypto = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

const folder = path.join(__dirname, '..', 'node_modules', '.cache', 'kumiki', 'compiled');
/** What other versions of Node have kept is theirs for so long (ms). */
const WEEK = 7 * 24 * 3_600_000;
/** Of nothing, for its length. */
const DIGEST = digestOf('');
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';

// V8 takes back only what the same version has made with the same flags; it does not look whether it was damaged since.
const cache = path.join(folder, String(v8.cachedDataVersionTag()));
const kept = read();
/** What this run has compiled itself, by file. */
const made = new Map();

const compile = Module.prototype._compile;
Module.prototype._compile = function (code, filename, ...rest) {
  // The time when the file was written here, which no package manager sets to another; V8 compares the length.
  const { ctimeMs } = fs.statSync(filename, { throwIfNoEntry: false }) ?? {};
  if (ctimeMs === undefined) return compile.call(this, code, filename, ...rest);
  const entry = kept.get(filename);
  const cachedData = entry?.ctimeMs === ctimeMs ? entry.data : undefined;
  let script;
  try {
    script = new vm.Script(`${HEAD}${code}\n})`, { filename, columnOffset: -HEAD.length, cachedData });
  } catch {
    // Not the body of a function: an ES module, or a mistake, which Node explains better.
  }
  // A script would need a loader for what it imports later.
  if (script === undefined || code.includes('import(')) return compile.call(this, code, filename, ...rest);
  if (cachedData === undefined || script.cachedDataRejected) made.set(filename, { ctimeMs, script });
  const require = Module.createRequire(filename);
  return script.runInThisContext().call(this.exports, this.exports, require, this, filename, path.dirname(filename));
};

// By then the functions that were called have been compiled as well.
process.once('exit', () => {
  if (made.size === 0) return;
  for (const [filename, { ctimeMs, script }] of made) kept.set(filename, { ctimeMs, data: script.createCachedData() });
  write();
});

/** A digest of the rest, a line of JSON that says whose compiled code follows and how long it is, and the code in turn. */
function read() {
  const entries = new Map();
  try {
    const all = fs.readFileSync(cache);
    const rest = all.subarray(DIGEST.length);
    if (all.toString('latin1', 0, DIGEST.length) !== digestOf(rest)) return entries;
    let from = rest.indexOf('\n') + 1;
    for (const [filename, ctimeMs, length] of JSON.parse(rest.subarray(0, from))) {
      entries.set(filename, { ctimeMs, data: rest.subarray(from, from + length) });
      from += length;
    }
  } catch {
    // None yet, or not what was written: everything is compiled, as without a cache.
  }
  return entries;
}

/** As one step: another process may be reading it. What is there of other versions or of runs that were killed goes. */
function write() {
  const there = [...kept].filter(([filename]) => fs.existsSync(filename));
  const head = there.map(([filename, { ctimeMs, data }]) => [filename, ctimeMs, data.length]);
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...there.map(([, { data }]) => data)]);
  const draft = `${cache}.${process.pid}`;
  try {
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(folder)) {
      const file = path.join(folder, name);
      if (file !== cache && Date.now() - fs.statSync(file).mtimeMs > WEEK) fs.rmSync(file);
    }
    fs.writeFileSync(draft, Buffer.concat([Buffer.from(digestOf(rest)), rest]));
    fs.renameSync(draft, cache);
  } catch {
    // A folder that cannot be written to costs the next run time, and this one nothing.
  }
}

function digestOf(data) {
  return crypto.createHash('sha1').update(data).digest('hex');
}
