import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DOCUMENTS, matches, read } from '../../test/support/documents';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Flags of a script of package.json, as its help names them: all flags in the texts of its file and of its folder. */
function flagsOf(script: string): string[] {
  const file = matches(scripts[script] ?? '', /((?:lab|ops)\/\S+\.ts)$/g)[0] ?? '';
  const command = readdirSync(dirname(file)).filter((name) => /^(command|commands|options)\.ts$/.test(name));
  const sources = [file, ...command.map((name) => join(dirname(file), name))];
  return [...sources.flatMap((source) => matches(readFileSync(source, 'utf8'), /--([a-z]+)/g)), 'help', 'lang'];
}

/** Every use of a flag of our commands in a document, as the script and the flag. */
function uses(file: string): { script: string; flag: string }[] {
  return Array.from(read(file).matchAll(/npm (?:run (?:-s )?)?([a-z][a-z:]*) -- ([^`\n|#]*)/g)).flatMap(
    ([, script = '', rest = '']) => matches(rest, /--([a-z]+)/g).map((flag) => ({ script, flag })),
  );
}

test.each(DOCUMENTS)('%s gives only flags that its commands have', (file) => {
  const ours = uses(file).filter(({ script }) => script !== 'test');
  expect(ours.filter(({ script, flag }) => !flagsOf(script).includes(flag))).toEqual([]);
});

test('the documents use flags of these commands, so that the test above sees them', () => {
  const used = new Set(DOCUMENTS.flatMap(uses).map(({ script }) => script));
  expect([...used]).toEqual(expect.arrayContaining(['start', 'verify', 'preflight', 'kubernetes:load']));
});
