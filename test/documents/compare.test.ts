import { matches, read } from '../support/documents';

/** The six numbers of other files that decision 0001 gives, in their order. */
const DECISION = 'docs/decisions/0001-a-construct-leaves-as-two-files';

test.each([
  ['docs/compare.md', `${DECISION}.md`],
  ['docs/compare.ja.md', `${DECISION}.ja.md`],
])('%s has the numbers of other files that %s gives', (page, decision) => {
  const [kumiki, ...others] = matches(read(page), /^\| [^|]+ \| (\d+) \|$/gm).map(Number);
  const [given = ''] = matches(read(decision), /(0[,、]\s?0[,、][^.）]*216)/g);
  expect(given.match(/\d+/g)?.map(Number)).toEqual(others);
  expect(kumiki).toBe(0);
});

test('both languages give the same figures of what was measured', () => {
  const rows = (page: string) =>
    (
      read(page).match(/^(\| (Kumiki|BLEA|aws-cdk|EKS).*\||(¹ |Lines of snapshots:|スナップショットの行数：).*)$/gm) ??
      []
    ).map((row) => row.match(/\d+(\.\d+)?/g)?.toSorted());
  expect(rows('docs/compare.md').length).toBe(10);
  expect(rows('docs/compare.ja.md')).toEqual(rows('docs/compare.md'));
});
