import stringWidth from 'string-width';
import { SwitchedOffStack } from '../../../lib/stacks/switched-off-stack';
import { fixtureOf } from '../../../test/support/fixture';
import { stacksOf, stageOf } from '../../../test/support/stage';
import { messages as local } from '../../local/messages';
import { english, recordedRows } from '../../pictures/recording';
import recording from '../../pictures/recording.json';
import { startLines } from '../../pictures/start';
import { claims } from '../../tour/experiments';
import { table } from '../../tour/table';

const RECORD_AGAIN = 'npm start -- --once | tee run.txt; npm run pictures -- --record run.txt; npm run pictures';

test(`each recorded row has a claim of an experiment, else: ${RECORD_AGAIN}`, () => {
  // The last row is not an experiment: npm start checks its emulator. A new experiment needs no new record.
  const known = [...claims.map(({ proves }) => english(proves)), local.standInsNeeded.en];
  expect(recording.rows.map(({ proves }) => proves).filter((proves) => !known.includes(proves))).toEqual([]);
});

test('every row of the picture in Japanese has its Japanese text', () => {
  const lines = startLines('ja');
  const rows = lines.slice(
    lines.findIndex((line) => line.startsWith('--')) + 1,
    lines.findIndex((line) => line.startsWith('…')),
  );
  expect(rows.length).toBeGreaterThan(10);
  // The verdict, then the claim.
  expect(rows.filter((row) => !/^[^\x20-\x7e]+ .*[\u3040-\u9fff]/.test(row))).toEqual([]);
});

test('the recorded run deployed every stack and had no failure', () => {
  const names = recording.steps.map(({ name }) => name);
  // cdk deploy skips the stack of a part that is off.
  const stacks = Object.entries(stacksOf(stageOf(fixtureOf('trial', { kubernetes: 'true' })))).flatMap(
    ([name, stack]) => (stack instanceof SwitchedOffStack ? [] : [name]),
  );
  expect(names.toSorted()).toEqual(
    [...stacks, 'emulator', 'bootstrap', 'synthesis', 'container', 'deployed'].toSorted(),
  );
  expect(table.count(recordedRows()).failed).toBe(0);
});

test.each(['en', 'ja'] as const)('the picture in %s has no line wider than a block of code on GitHub', (language) => {
  expect(startLines(language).filter((line) => stringWidth(line) > 98)).toEqual([]);
});

test.each(['en', 'ja'] as const)(
  'the picture in %s counts all rows, those that it shows and those that it does not',
  (language) => {
    const lines = startLines(language);
    const shown = lines.slice(lines.findIndex((line) => line.startsWith('--')) + 1);
    const more = shown.findIndex((line) => line.startsWith('…'));
    expect(Number(/\d+/.exec(shown[more] ?? '')?.[0])).toBe(recording.rows.length - more);
    expect(lines.at(-1)).toBe(table.render(recordedRows(), language).split('\n').at(-1));
  },
);
