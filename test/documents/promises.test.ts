import { readdirSync } from 'node:fs';
import { matches, READMES, read, twins } from '../support/documents';

/** The text in one line, without marks of emphasis. */
const flat = (file: string) => read(file).replaceAll('**', '').replaceAll(/\s+/g, ' ');

test.each([
  ['README.md', 'The authors have not deployed Kumiki to AWS.'],
  ['README.ja.md', '作者は Kumiki を AWS にデプロイしたことがありません。'],
  ['llms.txt', 'Its authors have not deployed Kumiki to AWS.'],
  ['README.ja.md', '0 円、AWS アカウント不要、Docker 不要'],
])('%s says: %s', (file, sentence) => {
  expect(flat(file)).toContain(sentence);
});

test.each(READMES)('%s gives the command whose output belongs to a report of a deployment', (file) => {
  expect(read(file)).toContain('`npm run -s verify -- --environment sandbox --json > verify.json`');
});

test.each(READMES)('%s signs its request with the options that npm start prints', (file) => {
  // This test may not import the lab, so it reads the text.
  const [printed = ''] = matches(read('lab/local/start.ts'), /(--aws-sigv4 .* --user )test:test/g);
  expect(printed).toContain('execute-api');
  const [request = ''] = matches(read(file), /^\$ curl .*?(--aws-sigv4 .*?--user )/gms);
  expect(request.replaceAll(/\\\n\s*/g, '').replace(/[a-z]+-[a-z]+-\d/, '$' + '{region}')).toBe(printed);
});

test.each(READMES)('%s names every package that a construct imports', (file) => {
  const sources = readdirSync('lib/constructs').map((name) => read(`lib/constructs/${name}`));
  const packages = new Set(matches(sources.join('\n'), /from '(@[\w-]+\/[\w-]+|[\w-]+)/g));
  expect(packages.size).toBeGreaterThan(3);
  expect([...packages].filter((name) => !name.startsWith('node') && !read(file).includes(`\`${name}\``))).toEqual([]);
});

const PAGES = ['README', 'CONTRIBUTING', 'docs/deploy'].flatMap((page) => [`${page}.md`, `${page}.ja.md`]);

describe('the versions of Node.js', () => {
  const tested = matches(read('.github/workflows/ci.yml'), /- \{ os: [\w-]+, node: (\d+) \}/g).map(Number);
  const [oldest, ...supported] = [...new Set(tested)].toSorted((a, b) => a - b);

  test.each([...PAGES, 'AGENTS.md'])('in %s are those that CI tests', (file) => {
    const text = flat(file);
    const named = [...text.matchAll(/Node\.js (\d+) (?:or|または) (\d+)/g)].map(([, ...both]) => both.map(Number));
    expect(named).toEqual([supported]);
    const running = matches(text, /(\d+) ?(?:works|still runs|でも動作)/g).map(Number);
    expect(running).toEqual(file.startsWith('docs/deploy') ? [] : [oldest]);
  });

  test('are those of package.json and .nvmrc', () => {
    expect(JSON.parse(read('package.json')).engines.node).toMatch(new RegExp(`^>=${oldest}\\b`));
    expect(Number(read('.nvmrc'))).toBe(supported.at(-1));
  });
});

test.each(
  ['README', 'docs/troubleshooting', 'docs/upgrading']
    .flatMap((page) => [`${page}.md`, `${page}.ja.md`])
    .concat('AGENTS.md'),
)('%s names the oldest Python that the emulator runs on', (file) => {
  const [oldest = ''] = matches(read('lab/local/python.ts'), /OLDEST = \[(\d+, \d+)\]/g);
  expect(new Set(matches(flat(file), /Python (?:は )?(\d+\.\d+)/g))).toEqual(new Set([oldest.replace(', ', '.')]));
});

test.each(twins('docs/compare.md'))(
  '%s says that nothing is published, and that a person starts a deployment',
  (file) => {
    expect(flat(file)).toMatch(
      file.endsWith('.ja.md')
        ? /手動で起動する\[.*タグやリリースはありません.*Kumiki はレジストリに公開していない/
        : /that deploys when a person starts it.* but no tags and no releases.*it is in no registry/,
    );
    const workflows = readdirSync('.github/workflows').map((name) => read(`.github/workflows/${name}`));
    expect(workflows.join('').match(/publish|gh release|git (?:tag|push)|release-please|contents: write/g)).toBeNull();
    expect(
      matches(read('.github/workflows/deploy.yml'), /^on:\n((?: {2}.*\n)+)/gm)
        .join()
        .match(/^ {2}\w+:/gm),
    ).toEqual(['  workflow_dispatch:']);
    expect(JSON.parse(read('package.json')).private).toBe(true);
  },
);
