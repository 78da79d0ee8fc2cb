import { readdirSync } from 'node:fs';
import { matches, read } from '../support/documents';

const CONSTRUCTS = readdirSync('lib/constructs');

interface Release {
  readonly version: string;
  readonly constructs: readonly string[];
}

/** The releases of a changelog, newest first, with the constructs that they changed. */
function releasesOf(file: string): Release[] {
  return read(file)
    .split(/^## /m)
    .flatMap((section) => {
      const [, version] = /^(\d+\.\d+\.\d+) - \d{4}-\d{2}-\d{2}\n/.exec(section) ?? [];
      const constructs = matches(section, /^\| \[[^\]]+\]\(lib\/constructs\/([\w-]+\.ts)\) \|/gm);
      return version === undefined ? [] : [{ version, constructs }];
    });
}

const RELEASES = releasesOf('CHANGELOG.md');

test('the changelog names every construct, and no other', () => {
  expect([...new Set(RELEASES.flatMap(({ constructs }) => constructs))].toSorted()).toEqual(CONSTRUCTS.toSorted());
});

test('the Japanese changelog has the releases and constructs of the English one', () => {
  expect(releasesOf('CHANGELOG.ja.md')).toEqual(RELEASES);
});

test('package.json and its lock have the newest version of the changelog', () => {
  const newest = RELEASES[0]?.version;
  expect(JSON.parse(read('package.json')).version).toBe(newest);
  expect(JSON.parse(read('package-lock.json')).version).toBe(newest);
});

test.each(CONSTRUCTS)('the first line of %s names the file and the release that changed it last', (file) => {
  const { version } = RELEASES.find(({ constructs }) => constructs.includes(file)) ?? {};
  const [line] = read(`lib/constructs/${file}`).split('\n');
  expect(line).toBe(`// Kumiki ${version}, ${file} (MIT-0). Its changes are in CHANGELOG.md of Kumiki.`);
});

test.each(['docs/upgrading.md', 'docs/upgrading.ja.md'])(
  '%s gives the lowest aws-cdk-lib of every construct: in a row, or in the number of all others',
  (file) => {
    const rows = matches(read(file), /^\| (?:\d+\.\d+\.\d+) \| (?:\d+\.\d+\.\d+ )?\| (.*) \|$/gm);
    const named = rows.flatMap((row) => matches(row, /`([\w-]+\.ts)`/g));
    const others = matches(rows.at(-1) ?? '', /^(?:the other|ほかの) (\d+)/g).map(Number);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name, index) => !CONSTRUCTS.includes(name) || named.indexOf(name) !== index)).toEqual([]);
    expect(others).toEqual([CONSTRUCTS.length - named.length]);
  },
);
