import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LANGUAGES } from '../../kit/language';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-packages-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command, as the scripts of package.json do, that imports a file of an environment. */
function run(environment: string, { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {}) {
  const command = join(folder, 'command.ts');
  writeFileSync(join(folder, 'environment.ts'), environment);
  writeFileSync(command, "import { main } from './environment';\nmain();\n");
  const flags = ['--no-warnings', '--require', './ops/kit/packages.cjs', '--import', 'tsx'];
  const { status, stderr } = spawnSync(process.execPath, [...flags, command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: '', LC_MESSAGES: '', LANG: '', DEBUG: '', ...env },
  });
  return { status, lines: stderr.replaceAll(join(folder, '/'), '').trim().split('\n') };
}

const WHAT_TO_DO = {
  en: /^The command could not be loaded\. Correct the place above, .*npx tsc --noEmit -p \. lists/,
  ja: /^コマンドを読み込めませんでした。上の箇所を修正してください.*npx tsc --noEmit -p \. /,
};

test.each(LANGUAGES)('a syntax error is a line with its place, and one with what to do (%s)', (language) => {
  const { status, lines } = run('export const a = 1;\nexpor const b = 2;\n', { args: ['--lang', language] });
  expect(status).toBe(1);
  expect(lines).toEqual([
    'environment.ts:2:6: ERROR: Expected ";" but found "const"',
    expect.stringMatching(WHAT_TO_DO[language]),
  ]);
});

test('an error of a value that a file reads while it loads has its place, too', () => {
  const { status, lines } = run(
    'const services = JSON.parse("null");\nexport const names = services.map(String);\nexport function main() {}\n',
    { env: { LANG: 'ja_JP.UTF-8' } },
  );
  expect(status).toBe(1);
  expect(lines).toEqual([
    "environment.ts:2: Cannot read properties of null (reading 'map')",
    expect.stringMatching(WHAT_TO_DO.ja),
  ]);
});

test('DEBUG=1 prints the stack', () => {
  const { status, lines } = run('expor const b = 2;\n', { env: { DEBUG: '1' } });
  expect(status).toBe(1);
  expect(lines.filter((line) => /^ +at /.test(line)).length).toBeGreaterThan(3);
});

test('an error after the files are loaded keeps its stack, because it is one of the program', () => {
  const { status, lines } = run('export const main = () => setTimeout(() => { throw new Error("later"); }, 5);\n');
  expect(status).toBe(1);
  expect(lines[0]).toBe('Error: later');
  expect(lines[1]).toMatch(/^ +at .*environment\.ts/);
});
