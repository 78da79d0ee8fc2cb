import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS, matches, read } from '../support/documents';

interface Options {
  readonly [name: string]: { readonly alias?: string | readonly string[] };
}

/** The commands and options of the pinned CDK CLI, from the file from which the CLI itself makes its parser. */
const cli: {
  readonly globalOptions: Options;
  readonly commands: Readonly<Record<string, { readonly options?: Options }>>;
} = JSON.parse(read('node_modules/aws-cdk/lib/cli/cli-type-registry.json'));

/** Options of a command as they are written, such as `--app` and `-a`. */
function optionsOf(command: string): string[] {
  const options = { ...cli.globalOptions, ...cli.commands[command]?.options };
  return Object.entries(options).flatMap(([name, { alias = [] }]) =>
    [name, ...[alias].flat()].map((each) => (each.length === 1 ? `-${each}` : `--${each}`)),
  );
}

/** Workflows and scripts of GitHub, which nobody runs here. */
const WORKFLOWS = readdirSync('.github', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(sh|yml)$/.test(file))
  .map((file) => join('.github', file));

/** Every option that a file gives to a command of the CDK. A comment, a pipe or another command ends the options. */
function uses(file: string): { command: string; option: string }[] {
  const lines = read(file).replaceAll(/\\\n\s*|'[^'\n]*'/g, '');
  return Array.from(lines.matchAll(/\bcdk ([a-z]+)((?: [^`|#;&\n]*)?)/g)).flatMap(([, command = '', rest = '']) =>
    Object.hasOwn(cli.commands, command)
      ? matches(rest, /(?<= )(--?[a-zA-Z][\w-]*)/g).map((option) => ({ command, option }))
      : [],
  );
}

test.each([...DOCUMENTS, ...WORKFLOWS])('%s gives only options that the command of the CDK has', (file) => {
  expect(uses(file).filter(({ command, option }) => !optionsOf(command).includes(option))).toEqual([]);
});

test('the documents and workflows use options of the CDK, so that the test above sees them', () => {
  const usedIn = (files: readonly string[]) => files.flatMap(uses).map(({ command, option }) => `${command} ${option}`);
  expect(usedIn(DOCUMENTS)).toEqual(
    expect.arrayContaining(['deploy --all', 'synth -q', 'diff --fail-on', 'rollback --orphan']),
  );
  expect(usedIn(WORKFLOWS)).toEqual(
    expect.arrayContaining(['deploy --progress', 'diagnose --unstable', 'diagnose -c', 'synth -o', 'diff --no-color']),
  );
});

test('no document deploys an environment with a digest in the context, which is refused after a promotion', () => {
  const withDigest = DOCUMENTS.filter((file) => /cdk deploy --all[^`\n]*imageDigest/.test(read(file)));
  expect(withDigest).toEqual([]);
});
