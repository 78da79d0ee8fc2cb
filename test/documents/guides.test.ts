import { existsSync } from 'node:fs';
import { matches, read } from '../support/documents';
import { fixtureOf } from '../support/fixture';
import { synthesized } from '../support/stage';

const GUIDES = ['function', 'cache', 'private-integration', 'images'];
const LANGUAGES = ['md', 'ja.md'];
const pagesOf = (names: readonly string[]) =>
  names.flatMap((name) => LANGUAGES.map((language) => `docs/${name}.${language}`));
const PAGES = pagesOf([...GUIDES, 'learning']);

const templates = synthesized(fixtureOf('trial'));

/** The resources of a type in a stack of the sandbox. */
function propertiesIn(stack: string, type: string) {
  const resources = templates[stack]?.findResources(type) ?? {};
  return Object.values(resources).map(({ Properties }) => Properties);
}

/** The row of a table that starts with a cell. */
function rowOf(file: string, cell: string): string {
  return (
    read(file)
      .split('\n')
      .find((line) => line.startsWith(`| ${cell} |`)) ?? ''
  );
}

test.each(PAGES)('%s reads only outputs that the stacks of the sandbox have', (file) => {
  const named = Array.from(read(file).matchAll(/\boutput ([A-Z]\w+) ([A-Z]\w+)/g), ([, stack = '', output = '']) => ({
    stack,
    output,
  }));
  expect(named.length).toBeGreaterThan(0);
  const missing = named.filter(({ stack, output }) => !Object.hasOwn(templates[stack]?.findOutputs('*') ?? {}, output));
  expect(missing).toEqual([]);
});

test.each(pagesOf(GUIDES))('%s has no price that the page of costs has not', (file) => {
  const costs = read('docs/costs.md');
  expect(matches(read(file), /(\d+\.\d{2}\b)/g).filter((figure) => !costs.includes(figure))).toEqual([]);
});

test.each(['docs/function.md', 'docs/private-integration.md'])(
  '%s names a line of code that its experiment can switch off',
  (file) => {
    const [, code = '', path = ''] = /`\/\/` before `([^`]+)` in `([^`]+)`/.exec(read(file)) ?? [];
    const lines = read(path).split('\n');
    expect(lines.filter((line) => line.trim().startsWith(`${code}(`))).toHaveLength(1);
  },
);

test.each(LANGUAGES)('function.%s describes the alarms of provisioned concurrency as they are', (language) => {
  const alarms = propertiesIn('Function', 'AWS::CloudWatch::Alarm');
  const of = (metric: string) => alarms.find(({ MetricName }) => MetricName === `ProvisionedConcurrency${metric}`);
  const spillover = of('SpilloverInvocations');
  const utilization = of('Utilization');
  const numbers = (cell: string) => matches(rowOf(`docs/function.${language}`, cell), /(\d+)/g).map(Number);
  expect(numbers('Spillover').toSorted((a, b) => a - b)).toEqual([
    spillover?.DatapointsToAlarm,
    spillover?.EvaluationPeriods,
  ]);
  expect(numbers('Utilization')).toEqual([100 * utilization?.Threshold, utilization?.EvaluationPeriods]);
});

test.each([
  ['docs/cache.md', 5, 60],
  ['docs/cache.ja.md', 5, 60],
])('%s begins with the times to live of the sandbox', (file, quote, history) => {
  expect(fixtureOf('trial').restApi.cache).toEqual({ quoteTtlSeconds: quote, historyTtlSeconds: history });
  const [introduction = ''] = read(file).split('\n| ');
  expect(matches(introduction, /(\d+)/g).map(Number)).toEqual([quote, history]);
});

test.each([
  ['docs/images.md', /untagged ones after (\d+) days, and all but the newest (\d+)/],
  ['docs/images.ja.md', /タグのないものは (\d+) 日後、それ以外も新しいほうから (\d+) 個/],
])('%s has the lifecycle rules of the repository', (file, sentence) => {
  const [repository] = propertiesIn('Registry', 'AWS::ECR::Repository');
  const { rules } = JSON.parse(repository?.LifecyclePolicy.LifecyclePolicyText);
  const [, ...printed] = sentence.exec(read(file)) ?? [];
  expect(printed.map(Number)).toEqual(
    rules.map(({ selection }: { selection: { countNumber: number } }) => selection.countNumber),
  );
});

test.each(LANGUAGES)('learning.%s numbers its concepts and leads to every guide', (language) => {
  const file = `docs/learning.${language}`;
  const numbers = matches(read(file), /^\| (\d+)\. /gm).map(Number);
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(GUIDES.filter((guide) => !read(file).includes(`](${guide}.${language})`))).toEqual([]);
});

test.each(PAGES)('%s runs only test files that exist', (file) => {
  const missing = matches(read(file), /npx jest (test\/[\w/.-]+)/g).filter((path) => !existsSync(path));
  expect(missing).toEqual([]);
});
