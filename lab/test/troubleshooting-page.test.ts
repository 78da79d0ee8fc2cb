import { readFileSync } from 'node:fs';

const read = (file: string) => readFileSync(file, 'utf8');

/** The messages of the local commands, without the names in braces of their values. */
const MESSAGES = ['lab/local/messages.ts', 'lab/kit/messages.ts'].map(read).join('\n');

/** The parts of the messages that the page quotes in the first column of its tables about this machine. */
function quotedIn(page: string): string[] {
  const sections = read(page)
    .split(/^## /m)
    .filter((section) => /^(?:npm start |The emulator |エミュレーター)/.test(section));
  const cells = sections.flatMap((section) =>
    Array.from(section.matchAll(/^\| `([^`]+)` \|/gm), ([, cell = '']) => cell),
  );
  return cells
    .flatMap((cell) => cell.split(/…|(?<=did not start: )|(?<=起動できませんでした：)/))
    .map((part) => part.trim());
}

test.each(['docs/troubleshooting.md', 'docs/troubleshooting.ja.md'])(
  '%s quotes the messages of the local commands as they are',
  (page) => {
    const quoted = quotedIn(page).filter((part) => part !== '');
    expect(quoted.length).toBeGreaterThan(9);
    expect(quoted.filter((part) => !MESSAGES.includes(part))).toEqual([]);
  },
);
