import { LOG_QUERIES } from '../../lib/log-queries';
import { matches, read } from '../support/documents';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

test.each(['docs/tracing.md', 'docs/tracing.ja.md'])('%s has a row for each saved query, in their order', (file) => {
  const [table = ''] = matches(read(file), /^(?:\| (?:query|クエリ) \|.*\n)((?:\|.*\n)+)/gm);
  expect(matches(table, /^\| `([\w-]+)` \|/gm)).toEqual(Object.keys(LOG_QUERIES));
});

test.each(['docs/tracing.md', 'docs/tracing.ja.md'])('%s has the CPU units and the memory of the agent', (file) => {
  const { 'with spans of the container services': traced } = variants();
  const agents = (traced ? resourcesOf(synthesized(traced)) : [])
    .flatMap(([, , { Properties }]) => Object(Properties?.['ContainerDefinitions']))
    .filter(({ Name }) => Name === 'Traces')
    .map(({ Cpu, Memory }) => [Cpu, Memory]);
  const [printed = ''] = read(file).match(/(?:The agent has|エージェントが使うのは、)[^.。]*/) ?? [];
  expect(agents).toEqual([matches(printed, /(\d+)/g).map(Number)]);
});
