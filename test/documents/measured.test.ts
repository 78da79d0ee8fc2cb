import measured from '../../docs/measured.json';
import { matches, READMES, read, twins } from '../support/documents';

// A new measurement changes docs/measured.json. These tests then name the pages that still have the old figures.

const numbersIn = (text: string) => (text.match(/\d+(\.\d+)?/g) ?? []).map(Number);
/** The cells of the rows that have so many cells and end with a figure. */
const rowsOf = (file: string, columns: number) =>
  matches(read(file), /^\| (.+) \|$/gm)
    .map((row) => row.split(' | '))
    .filter((cells) => cells.length === columns && /\d/.test(cells.at(-1) ?? ''));

test.each(READMES)('%s gives the recorded times, rounded up to five seconds', (file) => {
  const [proofs = ''] = read(file).split('```');
  const rounded = [measured.start, measured.test].map(({ seconds }) => 5 * Math.ceil(seconds / 5));
  expect(matches(proofs, /(\d+)(?:\*\*)? (?:seconds|秒)/g).map(Number)).toEqual(rounded);
});

test.each(READMES)('%s gives the recorded number of tests, rounded down to thousands', (file) => {
  const [kumiki] = measured.compared.rows;
  const [claimed = ''] = matches(read(file), /([\d,]+) (?:tests\*\*|件を超えるテスト)/g);
  expect(Number(claimed.replace(',', ''))).toBe(1000 * Math.floor((kumiki?.tests[0] ?? 0) / 1000));
});

test.each(twins('docs/compare.md'))('%s has the recorded measurements of Kumiki and of the others', (file) => {
  const expected = measured.compared.rows.map((row) => [
    row.synthSeconds,
    row.resources,
    row.tests,
    row.testSeconds,
    row.cdkNag,
  ]);
  const rows = rowsOf(file, 6);
  expect(rows.map(([, ...cells]) => cells.map(numbersIn))).toEqual(expected);
  for (const [index, { project, commit }] of measured.compared.rows.entries()) {
    const [name = ''] = rows[index] ?? [];
    expect(name).toMatch(new RegExp(`^${project.split(',')[0]}\\b`));
    expect(project === 'Kumiki' ? read(file) : name).toContain(commit);
  }
});

test.each(twins('docs/compare.md'))('%s has the recorded figures below the table, too', (file) => {
  const { rows, cdkNagAcknowledgedByKumiki, blueprintsSynthSecondsWithoutTypeCheck } = measured.compared;
  const [note = ''] = matches(read(file), /^¹ (.*)$/gm);
  expect(numbersIn(note)).toEqual(cdkNagAcknowledgedByKumiki);
  const [lines = ''] = matches(read(file), /^(?:Lines of snapshots:|スナップショットの行数：)(.*)$/gm);
  expect(numbersIn(lines)).toEqual(rows.flatMap(({ snapshotLines }) => snapshotLines));
  const [resources] = matches(read(file), /(\d+) (?:resources contain|のリソース)/g);
  expect(Number(resources)).toBe(rows[0]?.resources[0]);
  const [seconds] = matches(read(file), /EKS Blueprints[^.。\d]*(\d\.\d) (?:s|秒)/g);
  expect(Number(seconds)).toBe(blueprintsSynthSecondsWithoutTypeCheck);
});

test.each(twins('docs/compare.md'))('%s says when and with which CLI was measured', (file) => {
  const { date, dateOfOthers, cdkOfOthers } = measured.compared;
  const introduction = read(file).split('```')[0] ?? '';
  expect([...new Set(introduction.match(/\d{4}-\d\d-\d\d/g))].toSorted()).toEqual([dateOfOthers, date].toSorted());
  expect(introduction).toContain(cdkOfOthers);
});

test.each(twins('docs/compare.md'))('%s has the recorded numbers of files that a copied construct needs', (file) => {
  const rows = rowsOf(file, 2).map(([, number]) => Number(number));
  expect(rows).toEqual(measured.copiedFiles.map(({ otherFiles }) => otherFiles));
});

test.each(twins('docs/decisions/0001-a-construct-leaves-as-two-files.md'))(
  '%s has these numbers of the other projects',
  (file) => {
    const others = measured.copiedFiles.slice(1).map(({ otherFiles }) => otherFiles);
    const [given = ''] = matches(read(file), /(0[,、]\s?0[,、][^.）]*216)/g);
    expect(numbersIn(given)).toEqual(others);
  },
);

test.each(twins('docs/function.md'))('%s has the recorded size and import time of the bundle', (file) => {
  const { bundleKilobytes, importMilliseconds, date, command } = measured.handler;
  const sentence = read(file)
    .split(/[.。] |\n\n/)
    .find((each) => /\d kB/.test(each) && each.includes(command));
  expect(matches(sentence ?? '', /(\d+ (?:kB|ms))\b/g).slice(0, 2)).toEqual([
    `${bundleKilobytes} kB`,
    `${importMilliseconds} ms`,
  ]);
  expect(sentence).toContain(date);
});

test.each(twins('docs/kubernetes.md'))('%s has the recorded CPU time of a history, exact and rounded up', (file) => {
  const { cpuMilliseconds } = measured.history;
  expect(matches(read(file), /(\d+(?:\.\d+)? ms)/g).slice(0, 2)).toEqual([
    `${Math.ceil(cpuMilliseconds)} ms`,
    `${cpuMilliseconds} ms`,
  ]);
});
