import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { isAffecting } from '../../lib/stacks/operations-stack';
import { ALARM_SERIES } from '../support/alarm-series';
import { read } from '../support/documents';
import { stacksOf, stageOf } from '../support/stage';
import { variants } from '../support/variants';

const PAGES = ['docs/alarms.md', 'docs/alarms.ja.md'];
const words = (id: string) =>
  id.replaceAll(/(?<!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace('Cpu', 'CPU');

interface Row {
  readonly key: string;
  readonly silence: string;
  readonly pages: boolean;
}

/** Rows of the table of alarms, by stack and words of the id. */
function rowsOf(page: string): Row[] {
  return read(page)
    .split('\n')
    .flatMap((line) => {
      const [, stack, alarm, silence, pages] =
        /^\| (\w+) \| \[([^\]]+)\]\(runbooks\/[^)]+\) \| .* \| ([^|]+) \|( | [^|]+ )\|$/.exec(line) ?? [];
      return stack === undefined
        ? []
        : [{ key: `${stack} ${alarm}`, silence: silence ?? '', pages: pages?.trim() !== '' }];
    });
}

const expected = Object.entries(ALARM_SERIES).map(([key, { silence }]) => {
  const [stack, alarm] = [key.split(' ')[0], words(key.split('/')[1] ?? '')];
  if (silence === 'rings') return { key: `${stack} ${alarm}`, silence: 'ALARM' };
  if ('partner' in silence) return { key: `${stack} ${alarm}`, silence: words(silence.partner.split('/')[1] ?? '') };
  return { key: `${stack} ${alarm}`, silence: expect.stringMatching(/^OK [¹²]$/) };
});

/** Alarms that page, by stack and words of the id: the children of the composite alarm, without the composites among them. */
const paging = new Set(
  Object.values(variants()).flatMap((config) =>
    Object.values(stacksOf(stageOf(config)))
      .filter(isAffecting)
      .flatMap((stack) =>
        stack.affecting.flatMap((alarm) => {
          const { scope } = alarm.node;
          const single = alarm instanceof cloudwatch.Alarm;
          // A composite alarm of a load balancer joins the alarms on targets without a healthy one.
          const id = single ? alarm.node.id : 'NoHealthyTarget';
          return scope === undefined ? [] : [`${Stack.of(alarm).constructor.name.replace(/Stack$/, '')} ${words(id)}`];
        }),
      ),
  ),
);

test.each(PAGES)('%s has every alarm, and says what happens without data', (page) => {
  const rows = rowsOf(page).map(({ key, silence }) => ({ key, silence }));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(rows.toSorted(byKey)).toEqual(expected.toSorted(byKey));
});

test.each(PAGES)('%s marks the alarms that page a person, and no other', (page) => {
  const marked = rowsOf(page).flatMap(({ key, pages }) => (pages ? [key] : []));
  expect(marked.length).toBeGreaterThan(5);
  expect(new Set(marked)).toEqual(paging);
});
